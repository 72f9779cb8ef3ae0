//! What people ask for: short stories, each from a world in which something has come to rest already.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use ecs_operator::api::{EcsCluster, EcsService, EcsTaskDefinition, ServerGroup};
use ecs_sim::elbv2::control::{Balanced, BalancerSpec};
use serde_json::{Value, json};

use crate::support::manifests::{cluster, manifest, service, web};
use crate::support::mishap::run;
use crate::support::world::{Snapshot, World};

/// Something a person does.
#[derive(Clone, Debug)]
pub enum Act {
    /// Applies a manifest.
    Apply(Value),
    /// Deletes an object.
    Delete(&'static str, &'static str),
    /// Sets an annotation of ours.
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
    /// A cluster and a load balancer with two target groups.
    Balanced,
    /// The first version of a server group behind them.
    Group,
    /// The second version.
    Second,
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

/// What Git says after an act.
pub fn commit(git: &mut Git, act: &Act) {
    match act {
        Act::Apply(manifest) => {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            git.insert((text(&manifest["kind"]), text(&manifest["metadata"]["name"])), manifest.clone());
        }
        Act::Delete(kind, name) => {
            git.remove(&((*kind).to_owned(), (*name).to_owned()));
        }
        Act::Annotate(..) => {}
    }
}

/// Does what the act says.
pub async fn act(world: &World, act: &Act) {
    match act {
        Act::Apply(manifest) => apply(world, manifest).await,
        Act::Delete(kind, name) => delete(world, kind, name).await,
        Act::Annotate(kind, name, key, value) => annotate(world, kind, name, key, value).await,
    }
}

/// Applies a manifest of any of the kinds.
pub async fn apply(world: &World, manifest: &Value) {
    match manifest["kind"].as_str() {
        Some("EcsCluster") => drop(world.try_apply::<EcsCluster>(manifest).await),
        Some("EcsTaskDefinition") => drop(world.try_apply::<EcsTaskDefinition>(manifest).await),
        Some("EcsService") => drop(world.try_apply::<EcsService>(manifest).await),
        _ => drop(world.try_apply::<ServerGroup>(manifest).await),
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

/// Sets an annotation, if the object is there.
pub async fn annotate(world: &World, kind: &str, name: &str, key: &str, value: &str) {
    if world.api.with(|api| crate::facts::stored(api, kind, name)).is_none() {
        return;
    }
    match kind {
        "EcsCluster" => world.annotate::<EcsCluster>(name, key, value).await,
        "EcsTaskDefinition" => world.annotate::<EcsTaskDefinition>(name, key, value).await,
        "EcsService" => world.annotate::<EcsService>(name, key, value).await,
        _ => world.annotate::<ServerGroup>(name, key, value).await,
    }
}

/// Marks of secrets: they must not be seen outside specs and requests.
pub const TAINT: &str = "taint-5f2c19";

fn definition(image: &str) -> Value {
    let mut definition = web("web", image);
    definition["spec"]["containerDefinitions"][0]["environment"] =
        json!([{"name": "PASSWORD", "value": TAINT}, {"name": "MODE", "value": "b"}]);
    definition
}

/// The same definition in another order, with what ECS fills in.
fn reworded(image: &str) -> Value {
    let mut definition = definition(image);
    let container = &mut definition["spec"]["containerDefinitions"][0];
    if let Some(environment) = container["environment"].as_array_mut() {
        environment.reverse();
    }
    container["essential"] = json!(true);
    definition
}

/// A service that names a revision itself.
fn by_name(count: i64) -> Value {
    let mut service = shop(count);
    if let Some(spec) = service["spec"].as_object_mut() {
        spec.remove("taskDefinitionRef");
    }
    service["spec"]["taskDefinition"] = json!("web:1");
    service
}

fn shop(count: i64) -> Value {
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

fn scaled() -> Value {
    let mut service = shop(4);
    service["spec"]["scaling"] = json!({
        "minCapacity": 1, "maxCapacity": 10,
        "targetTracking": [{
            "policyName": "cpu", "targetValue": 60, "scaleOutCooldown": 60, "scaleInCooldown": 300,
            "predefinedMetricSpecification": {"predefinedMetricType": "ECSServiceAverageCPUUtilization"},
        }],
    });
    service
}

fn named(mut manifest: Value, name: &str) -> Value {
    manifest["metadata"]["name"] = json!(name);
    manifest
}

impl Base {
    /// Its worlds, made once.
    pub fn beginning(self) -> &'static Beginning {
        static ALL: [OnceLock<Beginning>; 5] = [const { OnceLock::new() }; 5];
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
            Self::Group => Some(Self::Balanced),
            Self::Second => Some(Self::Group),
        }
    }

    async fn make(self) -> Beginning {
        let Some(before) = self.before() else {
            let world = World::ready(7).await;
            bystander(&world).await;
            return Beginning { worlds: world.snapshot(), balanced: None, git: Git::new() };
        };
        let before = before.beginning();
        let world = World::from(&before.worlds);
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
        let acts = match (self, &balanced) {
            (Self::Shop, _) => {
                vec![Act::Apply(cluster("prod")), Act::Apply(definition("nginx:1")), Act::Apply(shop(2))]
            }
            (Self::Group, Some(balanced)) => vec![Act::Apply(group("nginx:1", balanced, &redblack))],
            (Self::Second, Some(balanced)) => vec![Act::Apply(group("nginx:2", balanced, &redblack))],
            _ => vec![Act::Apply(cluster("prod"))],
        };
        for step in &acts {
            commit(&mut git, step);
            act(&world, step).await;
        }
        world.operator().rest().await;
        Beginning { worlds: world.snapshot(), balanced, git }
    }
}

/// A cluster, a family and a service that are nobody's business.
async fn bystander(world: &World) {
    use aws_sdk_ecs::types::{
        AwsVpcConfiguration, Compatibility, ContainerDefinition, LaunchType, NetworkConfiguration, NetworkMode,
    };
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
    let vpc = AwsVpcConfiguration::builder().subnets("subnet-0a").build().unwrap();
    cli.create_service()
        .cluster("others")
        .service_name("web")
        .task_definition("other:1")
        .desired_count(1)
        .launch_type(LaunchType::Fargate)
        .network_configuration(NetworkConfiguration::builder().awsvpc_configuration(vpc).build())
        .send()
        .await
        .unwrap();
    world.wait(std::time::Duration::from_secs(120)).await;
}

/// All stories.
pub fn all() -> &'static [Workload] {
    static ALL: OnceLock<Vec<Workload>> = OnceLock::new();
    ALL.get_or_init(|| [of_services(), of_groups()].concat())
}

fn of_services() -> Vec<Workload> {
    use Act::{Annotate, Apply, Delete};
    let made = |name, base, acts| Workload { name, base, acts };
    let td = |image: &str| Apply(definition(image));
    let mut settings = cluster("prod");
    settings["spec"]["settings"] = json!([{"name": "containerInsights", "value": "enabled"}]);
    settings["spec"]["capacityProviders"] = json!(["FARGATE"]);
    let mut tagged = shop(2);
    tagged["spec"]["tags"] = json!([{"key": "team", "value": "shop"}]);
    let mut retained = shop(2);
    retained["spec"]["deletionPolicy"] = json!("Retain");
    let mut broken = shop(2);
    broken["spec"]["taskDefinitionRef"] = json!({"name": "nothing"});
    vec![
        made("create", Base::Empty, vec![Apply(shop(2)), td("nginx:1"), Apply(cluster("prod"))]),
        made("image", Base::Shop, vec![td("nginx:2")]),
        made("image twice", Base::Shop, vec![td("nginx:2"), td("nginx:3")]),
        made("image and back", Base::Shop, vec![td("nginx:2"), td("nginx:1")]),
        made("count", Base::Shop, vec![Apply(shop(4)), Apply(shop(3))]),
        made("by name", Base::Shop, vec![Apply(by_name(2)), td("nginx:2"), Apply(by_name(3))]),
        made("in other words", Base::Shop, vec![Apply(reworded("nginx:1")), td("nginx:1"), Apply(reworded("nginx:1"))]),
        made("restart", Base::Shop, vec![Annotate("EcsService", "web", "restarted-at", "once"), Apply(shop(3))]),
        made("settings and tags", Base::Shop, vec![Apply(settings), Apply(tagged)]),
        made("scaling", Base::Shop, vec![Apply(scaled()), td("nginx:2"), Apply(shop(2))]),
        made("broken reference", Base::Shop, vec![Apply(broken), td("nginx:2"), Apply(shop(2))]),
        made(
            "delete in the wrong order",
            Base::Shop,
            vec![Delete("EcsCluster", "prod"), Delete("EcsTaskDefinition", "web"), Delete("EcsService", "web")],
        ),
        made("retain", Base::Shop, vec![Apply(retained), Delete("EcsService", "web")]),
        made(
            "delete and make anew",
            Base::Shop,
            vec![Delete("EcsService", "web"), Delete("EcsTaskDefinition", "web"), td("nginx:3"), Apply(shop(1))],
        ),
        made(
            "several",
            Base::Shop,
            vec![
                Apply(named(definition("nginx:5"), "api")),
                Apply(service("api", "prod", "api")),
                Apply(service("job", "prod", "api")),
                td("nginx:2"),
                Delete("EcsService", "job"),
            ],
        ),
    ]
}

fn of_groups() -> Vec<Workload> {
    use Act::{Annotate, Apply, Delete};
    let Some(balanced) = &Base::Balanced.beginning().balanced else { return Vec::new() };
    let made = |name, base, acts| Workload { name, base, acts };
    let redblack = json!({"redBlack": {}});
    let canary = json!({"canary": {"steps": [{"setWeight": 50}, {"pause": {"seconds": 5}}]}});
    let highlander = json!({"highlander": {}});
    let to = |image: &str, strategy: &Value| Apply(group(image, balanced, strategy));
    vec![
        made("group", Base::Balanced, vec![to("nginx:1", &redblack)]),
        made("red and black", Base::Group, vec![to("nginx:2", &redblack)]),
        made("highlander", Base::Group, vec![to("nginx:2", &highlander)]),
        made("canary", Base::Group, vec![to("nginx:2", &canary)]),
        made("group twice", Base::Group, vec![to("nginx:2", &redblack), to("nginx:3", &redblack)]),
        made("group and back", Base::Group, vec![to("nginx:2", &redblack), to("nginx:1", &redblack)]),
        made(
            "abort",
            Base::Group,
            vec![
                to("nginx:2", &redblack),
                Annotate("ServerGroup", "shop-prod", "abort", "shop-prod-v001"),
                to("nginx:3", &redblack),
            ],
        ),
        made("group deleted", Base::Second, vec![Delete("ServerGroup", "shop-prod")]),
        made("group made anew", Base::Second, vec![Delete("ServerGroup", "shop-prod"), to("nginx:3", &redblack)]),
    ]
}
