//! A service as `DescribeServices` shows it.

use serde_json::{Map, Value, json};

use super::state::{Service, ServiceStatus};
use crate::ecs::deployment::state::{Deployment, RolloutStatus};
use crate::ecs::scheduler::Fleet;
use crate::ecs::scheduler::json::{count, epoch, is_empty};
use crate::ecs::strategy::{Shift, Stage};
use crate::ecs::tags;
use crate::ecs::task::state::TaskStatus;

/// Members that only `deployments[]` and revisions show.
const ELSEWHERE: [&str; 3] = ["serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations"];

/// The role of ECS in every account.
const LINKED_ROLE: &str = "aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS";

/// Requested, running and pending tasks.
pub(crate) type Counts = (i64, i64, i64);

impl Fleet {
    /// Requested, running and pending tasks of one deployment. Nothing is requested of a PRIMARY before it begins.
    pub(crate) fn counts_of(&self, service: &Service, deployment: &Deployment) -> Counts {
        let tasks = service.tasks.iter().filter_map(|id| self.tasks.get(id));
        let mine: Vec<_> = tasks.filter(|t| t.is_live() && t.started_by.as_ref() == Some(&deployment.id)).collect();
        let running = count(mine.iter().filter(|t| t.status == TaskStatus::Running).count());
        let live = count(mine.len());
        let before = |s: &Shift| !s.undone && s.stage < Stage::ScaleUp;
        let waits = service
            .ongoing()
            .is_some_and(|r| r.status == RolloutStatus::Pending || r.shift.as_ref().is_some_and(before));
        let wanted = match (deployment.primary, waits) {
            (true, true) => 0,
            (true, false) => service.desired,
            (false, _) => live,
        };
        (wanted, running, live - running)
    }

    /// The service as the API shows it.
    pub(crate) fn service_view(&self, service: &Service, with_tags: bool) -> Value {
        let mut view = service.config.clone();
        for member in ELSEWHERE {
            view.remove(member);
        }
        let counts: Vec<Counts> = service.deployments.iter().map(|d| self.counts_of(service, d)).collect();
        let running: i64 = counts.iter().map(|c| c.1).sum();
        let pending: i64 = counts.iter().map(|c| c.2).sum();
        view.extend(object(json!({
            "serviceArn": service.arn,
            "serviceName": service.key.service,
            "clusterArn": service.cluster_arn,
            "status": service.status.as_str(),
            "desiredCount": service.desired,
            "runningCount": running,
            "pendingCount": pending,
            "createdAt": epoch(service.created_at),
            "createdBy": service.created_by,
            "resourceManagementType": "CUSTOMER",
            "events": service.events.iter().map(|e| {
                json!({ "id": e.id, "createdAt": epoch(e.at), "message": e.message })
            }).collect::<Vec<_>>(),
        })));
        let deployments: Vec<Value> = match service.controller() {
            "ECS" => service.deployments.iter().map(|d| self.deployment_view(service, d)).collect(),
            _ => Vec::new(),
        };
        view.insert("deployments".to_owned(), Value::from(deployments));
        if service.controller() == "ECS" && service.status != ServiceStatus::Inactive {
            if let Some(rollout) = service.rollouts.last().filter(|r| r.status != RolloutStatus::Pending) {
                view.insert("currentServiceDeployment".to_owned(), json!(rollout.arn));
            }
            let revision = |(d, c): (&Deployment, &Counts)| json!({ "arn": d.revision, "requestedTaskCount": c.0, "runningTaskCount": c.1, "pendingTaskCount": c.2 });
            let revisions: Vec<Value> = service.deployments.iter().zip(&counts).map(revision).collect();
            view.insert("currentServiceRevisions".to_owned(), Value::from(revisions));
        }
        if needs_linked_role(service) && !view.contains_key("roleArn") {
            view.insert("roleArn".to_owned(), json!(format!("arn:aws:iam::{}:role/{LINKED_ROLE}", self.account)));
        }
        if with_tags && !service.tags.is_empty() {
            view.insert("tags".to_owned(), tags::write(&service.tags));
        }
        Value::Object(view)
    }

    fn deployment_view(&self, service: &Service, deployment: &Deployment) -> Value {
        let mut view = Map::new();
        if let Some(revision) = service.revision(&deployment.revision) {
            for (name, value) in &revision.config {
                if !matches!(name.as_str(), "loadBalancers" | "serviceRegistries") {
                    view.insert(name.clone(), value.clone());
                }
            }
        }
        if view.contains_key("platformVersion") {
            resolve_platform(&mut view);
        }
        let (wanted, running, pending) = self.counts_of(service, deployment);
        view.extend(object(json!({
            "id": deployment.id,
            "status": if deployment.primary { "PRIMARY" } else { "ACTIVE" },
            "desiredCount": wanted,
            "runningCount": running,
            "pendingCount": pending,
            "failedTasks": deployment.failed,
            "createdAt": epoch(deployment.created_at),
            "updatedAt": epoch(deployment.updated_at),
            "rolloutState": deployment.state.as_str(),
            "rolloutStateReason": deployment.reason,
        })));
        Value::Object(view)
    }
}

/// Whether ECS acts for the service with its service-linked role: on network interfaces, load balancers, discovery.
fn needs_linked_role(service: &Service) -> bool {
    let filled = |member: &str| service.config.get(member).is_some_and(|value| !is_empty(value));
    service.controller() != "ECS"
        || ["networkConfiguration", "loadBalancers", "serviceRegistries"].into_iter().any(filled)
}

/// LATEST is a number where something runs.
pub(crate) fn resolve_platform(view: &mut Map<String, Value>) {
    if view.get("platformVersion") == Some(&json!("LATEST")) {
        view.insert("platformVersion".to_owned(), json!("1.4.0"));
    }
}

/// The members of an object.
pub(crate) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
    }
}
