//! What Kubernetes and AWS say now → one snapshot. Both are asked as anybody would ask them.

use std::collections::BTreeMap;

use aws_sdk_ecs::primitives::DateTime;
use aws_sdk_ecs::types::{Deployment, DesiredStatus, Service, Task};
use ecs_operator::api::condition::{ConditionType, find};
use ecs_operator::api::{EcsCluster, EcsService, EcsTaskDefinition, ServerGroup};
use ecs_operator::controllers::kind::{Kind, Namespaced};
use kube::ResourceExt as _;
use kube::api::{Api, ListParams};

use crate::error::DemoError;
use crate::groups::Group;
use crate::words::{count, tail};

/// An object of ours, as its printer columns show it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Object {
    /// Its name.
    pub name: String,
    /// READY, or nothing before the first pass.
    pub ready: String,
    /// REASON.
    pub reason: String,
    /// MESSAGE.
    pub message: String,
    /// The other columns.
    pub detail: String,
    /// Whether the conditions speak of the present spec.
    pub current: bool,
    /// Whether it was deleted.
    pub deleting: bool,
    /// Changes with every write.
    pub version: String,
    /// Name of the cluster it runs in (services and groups).
    pub cluster: String,
    /// Name of the server group that made it.
    pub group: String,
}

impl Object {
    /// Ready, and not only for an earlier spec.
    pub fn is_ready(&self) -> bool {
        self.ready == "True" && self.current && !self.deleting
    }
}

/// A service in ECS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EcsView {
    /// Tasks asked for.
    pub desired: i32,
    /// Tasks running.
    pub running: i32,
    /// `family:revision` of the service.
    pub task_definition: String,
    /// Newest first.
    pub deployments: Vec<DeploymentView>,
}

/// A deployment of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeploymentView {
    /// `ecs-svc/…`.
    pub id: String,
    /// PRIMARY, ACTIVE, …
    pub status: String,
    /// `IN_PROGRESS`, COMPLETED, FAILED.
    pub state: String,
    /// `family:revision`.
    pub task_definition: String,
    /// Tasks asked for.
    pub desired: i32,
    /// Tasks running.
    pub running: i32,
    /// Tasks that failed.
    pub failed: i32,
    /// Oldest first.
    pub tasks: Vec<TaskView>,
}

/// A task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskView {
    /// Its id.
    pub id: String,
    /// PROVISIONING to STOPPED.
    pub status: String,
    /// HEALTHY, UNHEALTHY, UNKNOWN.
    pub health: String,
    /// Images of its essential containers.
    pub image: String,
    /// Why it stopped, with the words of the container.
    pub reason: String,
    /// It stopped, and not because ECS wanted fewer.
    pub failed: bool,
    /// Seconds since the epoch.
    pub created: i64,
}

/// Everything that the tree shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// `EcsCluster` objects by name.
    pub clusters: Vec<Object>,
    /// `EcsTaskDefinition` objects by name.
    pub task_definitions: Vec<Object>,
    /// `EcsService` objects by name.
    pub services: Vec<Object>,
    /// `ServerGroup` objects by name.
    pub groups: Vec<Group>,
    /// Services in ECS, by name.
    pub ecs: BTreeMap<String, EcsView>,
}

impl Snapshot {
    /// All objects.
    pub fn objects(&self) -> impl Iterator<Item = &Object> {
        let groups = self.groups.iter().map(|group| &group.object);
        self.clusters.iter().chain(&self.task_definitions).chain(&self.services).chain(groups)
    }

    /// The server group of a name, or an empty one.
    pub fn group(&self, name: &str) -> Group {
        self.groups.iter().find(|group| group.object.name == name).cloned().unwrap_or_default()
    }

    /// The service object of a name, or an empty one.
    pub fn service(&self, name: &str) -> Object {
        self.services.iter().find(|service| service.name == name).cloned().unwrap_or_default()
    }

    /// Tasks of a service that run.
    pub fn running(&self, service: &str) -> Vec<&TaskView> {
        let deployments = self.ecs.get(service).into_iter().flat_map(|ecs| &ecs.deployments);
        deployments.flat_map(|deployment| &deployment.tasks).filter(|task| task.status == "RUNNING").collect()
    }

    /// The service is Ready, ECS runs `number` tasks of it, each with this image, and nothing is under way.
    pub fn runs(&self, service: &str, image: &str, number: usize) -> bool {
        let tasks = self.running(service);
        let quiet = self.ecs.get(service).is_some_and(|ecs| {
            usize::try_from(ecs.desired) == Ok(number)
                && matches!(ecs.deployments.as_slice(), [only] if only.state == "COMPLETED")
        });
        self.service(service).is_ready() && quiet && tasks.len() == number && tasks.iter().all(|t| t.image == image)
    }
}

/// Asks both.
pub async fn observe(kube: &kube::Client, namespace: &str, aws: &aws_sdk_ecs::Client) -> Result<Snapshot, DemoError> {
    let mut snapshot = Snapshot::default();
    for cluster in list::<EcsCluster>(kube, namespace).await? {
        let status = cluster.status.clone().unwrap_or_default();
        let services = usize::try_from(status.active_services_count.unwrap_or(0)).unwrap_or(0);
        let tasks = usize::try_from(status.running_tasks_count.unwrap_or(0)).unwrap_or(0);
        let detail = format!("{}, {}", count(services, "service"), count(tasks, "task"));
        snapshot.clusters.push(Object { detail, ..object(&cluster) });
    }
    for definition in list::<EcsTaskDefinition>(kube, namespace).await? {
        let status = definition.status.clone().unwrap_or_default();
        let family = status.family.as_deref().unwrap_or("");
        let detail = status.revision.map_or_else(String::new, |revision| format!("{family}:{revision}"));
        snapshot.task_definitions.push(Object { detail, ..object(&definition) });
    }
    for service in list::<EcsService>(kube, namespace).await? {
        snapshot.services.push(service_object(&service));
    }
    snapshot.groups = list::<ServerGroup>(kube, namespace).await?.iter().map(Group::of).collect();
    snapshot.ecs = ecs(aws).await?;
    Ok(snapshot)
}

fn service_object(service: &EcsService) -> Object {
    let status = service.status.clone().unwrap_or_default();
    let number = |count: Option<i32>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
    let rollout = status.rollout.as_ref().map_or("", |rollout| rollout.display.as_str());
    Object {
        detail: format!("{}/{} {rollout}", number(status.running_count), number(status.desired_count)),
        cluster: service.spec.cluster_ref.as_ref().map(|to| to.name.clone()).unwrap_or_default(),
        ..object(service)
    }
}

async fn list<K: Namespaced>(kube: &kube::Client, namespace: &str) -> Result<Vec<K>, DemoError> {
    let api: Api<K> = Api::namespaced(kube.clone(), namespace);
    Ok(api.list(&ListParams::default()).await?.items)
}

/// What every object of ours has.
pub(crate) fn object<K: Kind>(object: &K) -> Object {
    let common = object.status().map(ecs_operator::api::status::Status::common).unwrap_or_default();
    let ready = find(&common.conditions, ConditionType::Ready);
    let text = |get: fn(&k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition) -> &String| {
        ready.map(get).cloned().unwrap_or_default()
    };
    Object {
        name: object.name_any(),
        ready: text(|ready| &ready.status),
        reason: text(|ready| &ready.reason),
        message: text(|ready| &ready.message),
        current: common.observed_generation == object.meta().generation,
        deleting: object.meta().deletion_timestamp.is_some(),
        version: object.resource_version().unwrap_or_default(),
        group: object
            .owner_references()
            .iter()
            .find(|of| of.kind == "ServerGroup")
            .map(|of| of.name.clone())
            .unwrap_or_default(),
        ..Object::default()
    }
}

/// All services of all clusters, with their tasks.
async fn ecs(aws: &aws_sdk_ecs::Client) -> Result<BTreeMap<String, EcsView>, DemoError> {
    let mut all = BTreeMap::new();
    let clusters = aws.list_clusters().send().await.map_err(|error| DemoError::aws(&error))?;
    for cluster in clusters.cluster_arns() {
        let names = aws.list_services().cluster(cluster).send().await.map_err(|error| DemoError::aws(&error))?;
        if names.service_arns().is_empty() {
            continue;
        }
        let request = aws.describe_services().cluster(cluster).set_services(names.service_arns);
        let answer = request.send().await.map_err(|error| DemoError::aws(&error))?;
        let tasks = tasks(aws, cluster).await?;
        for service in answer.services() {
            all.insert(service.service_name().unwrap_or("").to_owned(), view(service, &tasks));
        }
    }
    Ok(all)
}

async fn tasks(aws: &aws_sdk_ecs::Client, cluster: &str) -> Result<Vec<Task>, DemoError> {
    let mut arns = Vec::new();
    for status in [DesiredStatus::Running, DesiredStatus::Stopped] {
        let mut pages = aws.list_tasks().cluster(cluster).desired_status(status).into_paginator().items().send();
        while let Some(arn) = pages.next().await {
            arns.push(arn.map_err(|error| DemoError::aws(&error))?);
        }
    }
    let mut tasks = Vec::new();
    for chunk in arns.chunks(100) {
        let request = aws.describe_tasks().cluster(cluster).set_tasks(Some(chunk.to_vec()));
        let answer = request.send().await.map_err(|error| DemoError::aws(&error))?;
        tasks.extend(answer.tasks.unwrap_or_default());
    }
    Ok(tasks)
}

fn view(service: &Service, tasks: &[Task]) -> EcsView {
    let deployments = service.deployments().iter().map(|deployment| deployment_view(deployment, tasks));
    EcsView {
        desired: service.desired_count(),
        running: service.running_count(),
        task_definition: tail(service.task_definition().unwrap_or("")).to_owned(),
        deployments: deployments.collect(),
    }
}

fn deployment_view(deployment: &Deployment, tasks: &[Task]) -> DeploymentView {
    let ours = tasks.iter().filter(|task| task.started_by().is_some() && task.started_by() == deployment.id());
    let mut tasks: Vec<TaskView> = ours.map(task_view).filter(|task| task.status != "STOPPED" || task.failed).collect();
    tasks.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
    DeploymentView {
        id: deployment.id().unwrap_or("").to_owned(),
        status: deployment.status().unwrap_or("").to_owned(),
        state: deployment.rollout_state().map_or_else(String::new, ToString::to_string),
        task_definition: tail(deployment.task_definition().unwrap_or("")).to_owned(),
        desired: deployment.desired_count(),
        running: deployment.running_count(),
        failed: deployment.failed_tasks(),
        tasks,
    }
}

fn task_view(task: &Task) -> TaskView {
    let containers = task.containers();
    let image = containers.first().and_then(|container| container.image()).unwrap_or("");
    let mut reason = task.stopped_reason().unwrap_or("").to_owned();
    for container in containers {
        if let Some(words) = container.reason().filter(|words| !reason.contains(words)) {
            reason = format!("{reason}: {words}");
        }
    }
    let code = task.stop_code().map_or("", |code| code.as_str());
    TaskView {
        id: tail(task.task_arn().unwrap_or("")).to_owned(),
        status: task.last_status().unwrap_or("").to_owned(),
        health: task.health_status().map_or_else(String::new, ToString::to_string),
        image: image.to_owned(),
        reason,
        failed: matches!(code, "TaskFailedToStart" | "EssentialContainerExited"),
        created: task.created_at().map_or(0, DateTime::secs),
    }
}
