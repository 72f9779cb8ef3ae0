//! The stories.

use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::rare;
use crate::support::manifests::{cluster, service};
use crate::workloads::{Act, Base, Workload, definition, group, shop};

/// All stories.
pub fn all() -> &'static [Workload] {
    static ALL: OnceLock<Vec<Workload>> = OnceLock::new();
    ALL.get_or_init(|| [of_services(), of_groups(), further(), rare::all()].concat())
}

/// How many of them came later: a seed draws from these seldom, so that it goes on to mean what it meant.
pub const LATER: usize = 13;

fn further() -> Vec<Workload> {
    use Act::{Apply, Delete};
    let Some(balanced) = &Base::Balanced.beginning().balanced else { return Vec::new() };
    let rolling = json!({"rollingRedBlack": {"percents": [50, 100], "delayBetweenStepsSeconds": 5}});
    let leave = Delete("EcsService", "api");
    vec![
        Workload {
            name: "adopt",
            base: Base::Theirs,
            // Made anew, the object finds a service that bears its tags already, and must not think it made it.
            acts: vec![Apply(adopting(2)), leave.clone(), Apply(adopting(3)), leave],
            kept: Some("api"),
        },
        Workload {
            name: "policies",
            base: Base::Shop,
            acts: vec![Apply(scaled()), Apply(scaled_twice()), Apply(scaled())],
            kept: None,
        },
        Workload {
            name: "rolling",
            base: Base::Group,
            acts: vec![Apply(group("nginx:2", balanced, &rolling))],
            kept: None,
        },
    ]
}

/// With another policy and a scheduled action.
fn scaled_twice() -> Value {
    let mut service = scaled();
    let scaling = &mut service["spec"]["scaling"];
    let mut memory = scaling["targetTracking"][0].clone();
    memory["policyName"] = json!("memory");
    memory["predefinedMetricSpecification"] = json!({"predefinedMetricType": "ECSServiceAverageMemoryUtilization"});
    if let Some(policies) = scaling["targetTracking"].as_array_mut() {
        policies.push(memory);
    }
    scaling["scheduledActions"] = json!([{
        "scheduledActionName": "morning", "schedule": "cron(0 8 * * ? *)", "scalableTargetAction": {"minCapacity": 2},
    }]);
    service
}

/// A service that somebody else made.
fn adopting(count: i64) -> Value {
    let mut service = named(shop(count), "api");
    if let Some(spec) = service["spec"].as_object_mut() {
        spec.remove("taskDefinitionRef");
    }
    service["spec"]["taskDefinition"] = json!("other:1");
    service["spec"]["adoptionPolicy"] = json!("Always");
    service
}

fn of_services() -> Vec<Workload> {
    use Act::{Annotate, Apply, Delete};
    let made = |name, base, acts| Workload { name, base, acts, kept: None };
    let td = |image: &str| Apply(definition(image));
    let mut settings = cluster("prod");
    settings["spec"]["settings"] = json!([{"name": "containerInsights", "value": "enabled"}]);
    settings["spec"]["capacityProviders"] = json!(["FARGATE"]);
    let mut tagged = shop(2);
    tagged["spec"]["tags"] = json!({"team": "shop"});
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
        Workload {
            kept: Some("web"),
            ..made("retain", Base::Shop, vec![Apply(retained), Delete("EcsService", "web")])
        },
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
    let made = |name, base, acts| Workload { name, base, acts, kept: None };
    let redblack = json!({"redBlack": {}});
    let canary = json!({"canary": {"steps": [{"setWeight": 50}, {"pause": {"durationSeconds": 5}}]}});
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
