//! What people ask for: short stories, each from a world in which something has come to rest already.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use ecs_operator::api::{EcsCluster, EcsService, EcsTaskDefinition, ServerGroup};
use ecs_sim::elbv2::control::{Balanced, BalancerSpec};
use serde_json::{Value, json};

use crate::snapshot::Snapshot;
use crate::support::manifests::{cluster, manifest, service, web};
use crate::support::paused::run;
use crate::support::scaled::made_by_hand;
use crate::support::world::World;

/// Something a person does.
#[derive(Clone, Debug)]
pub enum Act {
    /// Applies a manifest.
    Apply(Value),
    /// Deletes an object.
    Delete(&'static str, &'static str),
    /// Sets an annotation of ours; see [`annotate`].
    Annotate(&'static str, &'static str, &'static str, &'static str),
}

impl std::fmt::Display for Act {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Apply(manifest) => write!(f, "apply {} {}", manifest["kind"], manifest["metadata"]["name"]),
            Self::Delete(kind, name) => write!(f, "delete {kind} {name}"),
            Self::Annotate(kind, name, key, value) => write!(f, "annotate {kind} {name} {key}={value}"),
        }
    }
}

/// Where a story begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// Nothing of ours.
    Empty,
    /// A cluster, a task definition and a service of it.
    Shop,
    /// The same, and a service in that cluster that a person made.
    Theirs,
    /// A cluster and a load balancer with two target groups.
    Balanced,
    /// The first version of a server group behind them.
    Group,
    /// The second version.
    Second,
    /// A load balancer, and a service with scaling of its own that a person made.
    Legacy,
    /// The first version of a server group that took over its scaling.
    Copied,
}

/// A story.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Its name.
    pub name: &'static str,
    /// Where it begins.
    pub base: Base,
    /// What is asked, in order.
    pub acts: Vec<Act>,
    /// A service that stays in ECS though its object goes.
    pub kept: Option<&'static str>,
}

/// Where stories begin.
pub struct Beginning {
    /// The worlds.
    pub worlds: Snapshot,
    /// The load balancer, if there is one.
    pub balanced: Option<Balanced>,
    /// What Git says.
    pub git: Git,
}

/// The manifests that Git holds, by kind and name.
pub type Git = BTreeMap<(String, String), Value>;

/// The kind and name of a manifest.
pub fn name_of(manifest: &Value) -> (String, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&manifest["kind"]), text(&manifest["metadata"]["name"]))
}

/// What Git says after an act.
pub fn commit(git: &mut Git, act: &Act) {
    match act {
        Act::Apply(manifest) => {
            git.insert(name_of(manifest), manifest.clone());
        }
        Act::Delete(kind, name) => {
            git.remove(&((*kind).to_owned(), (*name).to_owned()));
        }
        Act::Annotate(..) => {}
    }
}

/// Does what the act says.
///
/// # Errors
/// Kubernetes refuses a manifest.
pub async fn act(world: &World, act: &Act) -> kube::Result<()> {
    match act {
        Act::Apply(manifest) => return apply(world, manifest).await,
        Act::Delete(kind, name) => delete(world, kind, name).await,
        Act::Annotate(kind, name, key, value) => annotate(world, kind, name, key, value).await,
    }
    Ok(())
}

/// Applies a manifest of any of the kinds.
///
/// # Errors
/// Kubernetes refuses it.
pub async fn apply(world: &World, manifest: &Value) -> kube::Result<()> {
    match manifest["kind"].as_str() {
        Some("EcsCluster") => world.try_apply::<EcsCluster>(manifest).await.map(drop),
        Some("EcsTaskDefinition") => world.try_apply::<EcsTaskDefinition>(manifest).await.map(drop),
        Some("EcsService") => world.try_apply::<EcsService>(manifest).await.map(drop),
        _ => world.try_apply::<ServerGroup>(manifest).await.map(drop),
    }
}

/// Deletes an object of any of the kinds.
pub async fn delete(world: &World, kind: &str, name: &str) {
    match kind {
        "EcsCluster" => world.delete::<EcsCluster>(name).await,
        "EcsTaskDefinition" => world.delete::<EcsTaskDefinition>(name).await,
        "EcsService" => world.delete::<EcsService>(name).await,
        _ => world.delete::<ServerGroup>(name).await,
    }
}

/// Sets an annotation, if the object is there: to a value, to what stands at `/place` of the object, or to `a task of` a
/// service. Where nothing stands, nothing is asked.
pub async fn annotate(world: &World, kind: &str, name: &str, key: &str, value: &str) {
    if world.api.with(|api| crate::facts::stored(api, kind, name)).is_none() {
        return;
    }
    let Some(value) = &said(world, kind, name, value).await else { return };
    match kind {
        "EcsCluster" => world.annotate::<EcsCluster>(name, key, value).await,
        "EcsTaskDefinition" => world.annotate::<EcsTaskDefinition>(name, key, value).await,
        "EcsService" => world.annotate::<EcsService>(name, key, value).await,
        _ => world.annotate::<ServerGroup>(name, key, value).await,
    }
}

async fn said(world: &World, kind: &str, name: &str, value: &str) -> Option<String> {
    if let Some(service) = value.strip_prefix("a task of ") {
        let tasks = world.cli().list_tasks().cluster("prod").service_name(service).send().await.ok()?;
        return Some(format!("{}@once", tasks.task_arns().first()?.rsplit('/').next()?));
    }
    if value.starts_with('/') {
        let object = world.api.with(|api| crate::facts::stored(api, kind, name))?;
        return object.pointer(value)?.as_str().map(str::to_owned);
    }
    Some(value.to_owned())
}

pub use crate::stories::{LATER, all};

/// Marks of secrets: they must not be seen outside specs and requests.
pub const TAINT: &str = "taint-5f2c19";

/// A task definition with a secret in it.
pub fn definition(image: &str) -> Value {
    let mut definition = web("web", image);
    definition["spec"]["containerDefinitions"][0]["environment"] =
        json!([{"name": "PASSWORD", "value": TAINT}, {"name": "MODE", "value": "b"}]);
    definition
}

/// A service of that definition.
pub fn shop(count: i64) -> Value {
    let mut service = service("web", "prod", "web");
    service["spec"]["desiredCount"] = json!(count);
    service
}

/// A group behind two target groups with weights.
pub fn group(image: &str, balanced: &Balanced, strategy: &Value) -> Value {
    manifest(
        "ServerGroup",
        "shop-prod",
        json!({
            "clusterRef": {"name": "prod"},
            "capacity": {"desired": 2},
            "template": {
                "launchType": "FARGATE",
                "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-0a", "subnet-0b"]}},
                "inputs": {"image": image, "cpu": 256, "memory": 512, "portMappings": [{"containerPort": 80}]},
                "targetGroupMappings": [{"containerPort": 80, "targetGroup": "blue", "alternateTargetGroup": "green"}],
            },
            "traffic": {"listenerRules": [balanced.rule], "settleSeconds": 4},
            "gate": {"minHealthySeconds": 2},
            "strategy": strategy,
        }),
    )
}

impl Base {
    /// Its worlds, made once.
    pub fn beginning(self) -> &'static Beginning {
        static ALL: [OnceLock<Beginning>; 8] = [const { OnceLock::new() }; 8];
        if let Some(before) = self.before() {
            before.beginning();
        }
        ALL[self as usize].get_or_init(|| run(self.make()))
    }

    /// What it goes on from.
    fn before(self) -> Option<Self> {
        match self {
            Self::Empty => None,
            Self::Shop | Self::Balanced => Some(Self::Empty),
            Self::Theirs => Some(Self::Shop),
            Self::Group | Self::Legacy => Some(Self::Balanced),
            Self::Second => Some(Self::Group),
            Self::Copied => Some(Self::Legacy),
        }
    }

    async fn make(self) -> Beginning {
        let Some(before) = self.before() else {
            let world = World::ready(7).await;
            bystander(&world).await;
            crate::rare::prepare(&world);
            return Beginning { worlds: Snapshot::of(&world), balanced: None, git: Git::new() };
        };
        let before = before.beginning();
        let world = before.worlds.go_on();
        let mut git = before.git.clone();
        let mut balanced = before.balanced.clone();
        let redblack = json!({"redBlack": {}});
        if self == Self::Balanced {
            let spec = BalancerSpec {
                interval_seconds: 5,
                healthy_threshold: 2,
                deregistration_delay_seconds: 30,
                ..BalancerSpec::new("web", &[("blue", 100), ("green", 0)])
            };
            balanced = Some(world.balancer(&spec));
        }
        match self {
            Self::Theirs => serve(&world, "prod", "api", 2).await,
            Self::Legacy => {
                serve(&world, "others", "legacy", 3).await;
                made_by_hand(&world, "others", "legacy").await;
            }
            _ => {}
        }
        let acts = match (self, &balanced) {
            (Self::Theirs | Self::Legacy, _) => Vec::new(),
            (Self::Shop, _) => {
                vec![Act::Apply(cluster("prod")), Act::Apply(definition("nginx:1")), Act::Apply(shop(2))]
            }
            (Self::Copied, Some(balanced)) => vec![Act::Apply(crate::rare::copying("nginx:1", balanced))],
            (Self::Group, Some(balanced)) => vec![Act::Apply(group("nginx:1", balanced, &redblack))],
            (Self::Second, Some(balanced)) => vec![Act::Apply(group("nginx:2", balanced, &redblack))],
            _ => vec![Act::Apply(cluster("prod"))],
        };
        for step in &acts {
            commit(&mut git, step);
            act(&world, step).await.unwrap();
        }
        world.operator().rest().await;
        Beginning { worlds: Snapshot::of(&world), balanced, git }
    }
}

/// A cluster, a family and a service that are nobody's business.
async fn bystander(world: &World) {
    use aws_sdk_ecs::types::{Compatibility, ContainerDefinition, NetworkMode};
    let cli = world.cli();
    cli.create_cluster().cluster_name("others").send().await.unwrap();
    let container = ContainerDefinition::builder().name("web").image("other:1").build();
    cli.register_task_definition()
        .family("other")
        .container_definitions(container)
        .requires_compatibilities(Compatibility::Fargate)
        .network_mode(NetworkMode::Awsvpc)
        .cpu("256")
        .memory("512")
        .send()
        .await
        .unwrap();
    serve(world, "others", "web", 1).await;
}

/// A person makes a service.
async fn serve(world: &World, cluster: &str, name: &str, count: i32) {
    use aws_sdk_ecs::types::{AwsVpcConfiguration, LaunchType, NetworkConfiguration};
    let vpc = AwsVpcConfiguration::builder().subnets("subnet-0a").build().unwrap();
    world
        .cli()
        .create_service()
        .cluster(cluster)
        .service_name(name)
        .task_definition("other:1")
        .desired_count(count)
        .launch_type(LaunchType::Fargate)
        .network_configuration(NetworkConfiguration::builder().awsvpc_configuration(vpc).build())
        .send()
        .await
        .unwrap();
    world.wait(std::time::Duration::from_secs(120)).await;
}
