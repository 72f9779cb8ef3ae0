//! Reads the service, and of its deployment only what cannot be told from the service itself.

use aws_sdk_ecs::types::{DeploymentRolloutState, Service, ServiceDeployment, ServiceRevision, Task, TaskDefinition};
use serde_json::Value;

use super::Desired;
use super::content::as_named;
use super::scaling::{self, ScalingObserved};
use crate::api::status::Origin;
use crate::api::{EcsService, EcsTaskDefinitionSpec};
use crate::aws::Op;
use crate::aws::pages::TaskFilter;
use crate::controllers::context::tag_map;
use crate::controllers::document::document;
use crate::controllers::ownership::Owner;
use crate::controllers::pass::Pass;
use crate::controllers::seen::Seen;
use crate::controllers::sweep::{Look, digest_of_service, digest_of_target};
use crate::diff::Change;
use crate::diff::effect::immutable_port_changes;

/// Stopped tasks looked at for their reasons: as many as one call describes, for the listing has no order.
const STOPPED: usize = 100;

/// What ECS says.
#[derive(Clone, Debug)]
pub struct Observed {
    /// The service.
    pub service: Seen<Service>,
    /// The service deployment that is followed.
    pub deployment: Option<ServiceDeployment>,
    /// The PRIMARY deployment's revision, where the spec declares what only it shows.
    pub revision: Option<ServiceRevision>,
    /// Tasks that stopped lately; `None` when nobody looked.
    pub stopped: Option<Vec<Task>>,
    /// What Application Auto Scaling has, where it is ours.
    pub scaling: ScalingObserved,
    /// Is this the second look in a row that found nothing?
    pub gone_for_sure: bool,
    /// Is it known where the service would be? Else nobody looked.
    pub placed: bool,
}

impl Observed {
    /// What the service's tags tell of where it came from.
    pub(super) fn origin(&self, owner: &Owner) -> Option<Origin> {
        let live = self.service.present().filter(|service| service.status.as_deref() != Some("INACTIVE"));
        live.and_then(|service| owner.origin(&tag_map(service.tags())))
    }

    /// How the sweep looks at the service, where that shows all that this pass read.
    pub(super) fn look(&self, desired: &Desired, pass: &Pass<'_, EcsService>) -> Option<Look> {
        let (cluster, name) = place(desired, pass)?;
        let complete = self.deployment.is_none() && self.stopped.is_none() && self.scaling.error.is_none();
        let service = self.service.present().filter(|_| complete)?;
        let target = match &self.scaling.target {
            None => None,
            Some(Seen::Unreadable(_)) => return None,
            Some(seen) => Some((self.scaling.resource.clone(), digest_of_target(seen.present()))),
        };
        Some(Look::Service { scope: pass.scope(), cluster, name, digest: digest_of_service(service), target })
    }
}

/// The cluster and the name by which the service is asked for; `None`: where it would be is not known.
fn place(desired: &Desired, pass: &Pass<'_, EcsService>) -> Option<(String, String)> {
    let status = pass.object.status.as_ref();
    // One that nobody has seen yet is made in the cluster as it is now, and deleted where it was made.
    let seen = status.filter(|status| status.arn.is_some() || pass.deleting());
    let known = seen.and_then(|status| status.cluster_arn.as_deref());
    let name = status.and_then(|status| status.service_name.as_deref()).unwrap_or(&desired.name);
    Some((known.or(desired.cluster.value())?.to_owned(), name.to_owned()))
}

/// Reads what the pass needs: one batched describe for a settled service.
pub(super) async fn observe(desired: &Desired, pass: &Pass<'_, EcsService>) -> Observed {
    let mut observed = Observed {
        service: Seen::Absent,
        deployment: None,
        revision: None,
        stopped: None,
        scaling: ScalingObserved::default(),
        gone_for_sure: false,
        placed: true,
    };
    let Some((cluster, name)) = place(desired, pass) else {
        (observed.placed, observed.gone_for_sure) = (false, true);
        return observed;
    };
    let (cluster, name) = (cluster.as_str(), name.as_str());
    let scope = pass.scope();
    let aws = &pass.cx.aws;
    observed.service =
        Seen::from_read(absent_with_its_cluster(aws.describe_service(&scope, cluster, name, pass.priority).await));
    observed.gone_for_sure = pass.gone_for_sure(&observed.service, Service::status);
    let found = observed.service.present().cloned();
    if let Some(service) = found.as_ref().filter(|_| !pass.deleting()) {
        observed.deployment = deployment(service, pass).await;
        observed.revision = revision(desired, service, pass).await;
        observed.stopped = stopped(service, pass).await;
    }
    observed.scaling = scaling::observe(desired, cluster, name, found.as_ref(), pass).await;
    observed
}

/// A cluster that is gone took its services with it.
fn absent_with_its_cluster(
    read: Result<Option<Service>, crate::aws::AwsError>,
) -> Result<Option<Service>, crate::aws::AwsError> {
    match read {
        Err(error) if error.code == "ClusterNotFoundException" => Ok(None),
        other => other,
    }
}

/// The service deployment that is followed: the service's current one, or the one that the status remembers,
/// until its end is known. A settled service costs no call.
async fn deployment(service: &Service, pass: &Pass<'_, EcsService>) -> Option<ServiceDeployment> {
    let followed = pass.object.status.as_ref().and_then(|status| status.rollout.clone());
    let primary = super::rollout::primary(service)?;
    let settled = primary.rollout_state == Some(DeploymentRolloutState::Completed)
        && followed
            .as_ref()
            .is_some_and(|rollout| primary.id.as_deref() == Some(rollout.id.as_str()) && rollout.state == "COMPLETED");
    let ended = followed.as_ref().is_some_and(|rollout| rollout.finished_at.is_some())
        && followed.as_ref().map(|rollout| rollout.id.as_str()) == primary.id.as_deref();
    if settled || ended {
        return None;
    }
    let unfinished = followed.filter(|rollout| rollout.finished_at.is_none());
    let arn = unfinished
        .and_then(|rollout| rollout.service_deployment_arn)
        .or_else(|| service.current_service_deployment.clone())?;
    // An answer that does not come leaves what the service itself tells.
    pass.cx.aws.describe_service_deployment(&pass.scope(), &arn, pass.priority).await.ok().flatten()
}

/// The PRIMARY revision, where the spec declares a member that no description of the service shows.
async fn revision(desired: &Desired, service: &Service, pass: &Pass<'_, EcsService>) -> Option<ServiceRevision> {
    if desired.spec.gateway_connectors.is_none() && desired.spec.monitoring.is_none() {
        return None;
    }
    let arn = service.current_service_revisions().last()?.arn.clone()?;
    pass.cx.aws.describe_service_revision(&pass.scope(), &arn, pass.priority).await.ok().flatten()
}

/// What the wanted task definition changes of the ports that Service Connect serves, and ECS lets nobody change.
/// Both revisions are read only where they differ; one that cannot be read leaves the judgement to ECS.
pub(super) async fn fixed_ports(desired: &Desired, observed: &Observed, pass: &Pass<'_, EcsService>) -> Vec<Change> {
    let connect = desired.spec.service_connect_configuration.as_ref();
    if pass.deleting() || connect.and_then(|connect| connect.services.as_ref()).is_none_or(Vec::is_empty) {
        return Vec::new();
    }
    let running = observed.service.present().and_then(|service| service.task_definition.as_deref());
    let (Some(running), Some(wanted)) = (running, desired.task_definition.value()) else { return Vec::new() };
    if as_named(running, wanted) == wanted {
        return Vec::new();
    }
    let (Some(running), Some(wanted)) = (definition(running, pass).await, definition(wanted, pass).await) else {
        return Vec::new();
    };
    immutable_port_changes(&desired.document, &running, &wanted)
}

/// A task definition as a document: from memory, or described.
async fn definition(name: &str, pass: &Pass<'_, EcsService>) -> Option<Value> {
    let shown = |definition: &TaskDefinition| document(&EcsTaskDefinitionSpec::observed(definition));
    if let Some(known) = pass.cx.revisions.get(name) {
        return Some(shown(&known.definition));
    }
    let scope = pass.scope();
    let call = || pass.cx.aws.ecs(&scope).describe_task_definition().task_definition(name).send();
    let answer = pass.cx.aws.call(&scope, Op::DescribeTaskDefinition, pass.priority, call).await.ok()?;
    answer.task_definition.as_ref().map(shown)
}

/// Stopped tasks, when the counts say that some must have stopped.
async fn stopped(service: &Service, pass: &Pass<'_, EcsService>) -> Option<Vec<Task>> {
    let failed = service.deployments().iter().map(|deployment| deployment.failed_tasks).max().unwrap_or(0);
    let known = pass.object.status.as_ref().and_then(|status| status.rollout.as_ref()?.failed_tasks).unwrap_or(0);
    let settled = service.deployments().len() == 1
        && super::rollout::primary(service)
            .is_some_and(|primary| primary.rollout_state == Some(DeploymentRolloutState::Completed));
    let missing = settled && service.running_count < service.desired_count;
    if failed <= known && !missing && !falling(service, pass) {
        return None;
    }
    let scope = pass.scope();
    let cluster = service.cluster_arn.as_deref()?;
    let filter = TaskFilter { service: service.service_name.clone(), stopped: true, ..TaskFilter::default() };
    let mut arns = pass.cx.aws.list_tasks(&scope, cluster, &filter, pass.priority).await.ok()?;
    arns.truncate(STOPPED);
    if arns.is_empty() {
        return Some(Vec::new());
    }
    let answers = pass.cx.aws.describe_tasks(&scope, cluster, &arns, pass.priority).await;
    Some(answers.into_values().filter_map(|answer| answer.ok().flatten()).collect())
}

/// Did the followed rollout fail since the last pass? Its counts may be gone already.
fn falling(service: &Service, pass: &Pass<'_, EcsService>) -> bool {
    let followed = pass.object.status.as_ref().and_then(|status| status.rollout.as_ref());
    let Some(open) = followed.filter(|rollout| rollout.finished_at.is_none()) else { return false };
    super::rollout::primary(service).is_some_and(|primary| {
        primary.id.as_deref() != Some(open.id.as_str()) || primary.rollout_state == Some(DeploymentRolloutState::Failed)
    })
}
