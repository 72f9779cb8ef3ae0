//! Manifests with the mistakes that people make: refused at apply where a schema or rule can tell, by the operator before any
//! call where it cannot, with the member's name; and what runs goes on running.

use std::time::Duration;

use ecs_operator::api::condition::ConditionType;
use ecs_operator::api::{EcsCluster, EcsService, EcsTaskDefinition};
use ecs_operator::plugin::foresee::manifests::{At, Manifest};
use ecs_operator::plugin::kind::Kind;
use ecs_operator::plugin::lint::problems;
use ecs_sim::elbv2::control::BalancerSpec;
use serde_json::{Value, json};

use crate::behaviour::line;
use crate::support::manifests::{cluster, service, web};
use crate::support::world::{World, key};

/// A good manifest with one mistake in it; `null` takes a member away.
fn with(mut good: Value, spec: &Value) -> Value {
    json_patch::merge(&mut good, &json!({"metadata": {"name": "bad"}, "spec": spec}));
    good
}

fn definition(spec: &Value) -> Value {
    with(web("bad", "nginx"), spec)
}

fn serving(spec: &Value) -> Value {
    with(service("bad", "prod", "web"), spec)
}

/// The task definition with one container, changed.
fn container(change: &Value) -> Value {
    let mut definition = web("bad", "nginx");
    json_patch::merge(&mut definition["spec"]["containerDefinitions"][0], change);
    definition
}

/// A task definition whose containers, in pairs, wait for others.
fn depends(pairs: &[(&str, &str)]) -> Value {
    let one = |(name, on): &(&str, &str)| json!({"name": name, "image": "nginx", "dependsOn": [{"containerName": on, "condition": "START"}]});
    definition(&json!({"containerDefinitions": pairs.iter().map(one).collect::<Vec<_>>()}))
}

fn containers(count: usize) -> Value {
    let all: Vec<Value> = (0..count).map(|n| json!({"name": format!("c{n}"), "image": "nginx"})).collect();
    definition(&json!({"containerDefinitions": all}))
}

/// What is known of a manifest without any call.
fn lint(manifest: &Value) -> String {
    let kind = Kind::named(manifest["kind"].as_str().unwrap()).unwrap();
    let manifest = Manifest { kind, object: manifest.clone(), at: At::default() };
    problems(&manifest, &[]).iter().map(|problem| problem.to_string() + "\n").collect()
}

/// Does the API server take it?
async fn taken(world: &World, manifest: &Value) -> bool {
    if manifest["kind"] == "EcsService" {
        world.try_apply::<EcsService>(manifest).await.is_ok()
    } else {
        world.try_apply::<EcsTaskDefinition>(manifest).await.is_ok()
    }
}

/// Number in the catalogue of mistakes, the manifest, and what the refusal names.
pub(crate) fn refused_at_apply() -> Vec<(u8, Value, &'static str)> {
    let long = "x".repeat(256);
    let strategy = |items: Value| serving(&json!({"launchType": null, "capacityProviderStrategy": items}));
    let tags = |tags: Value| with(cluster("bad"), &json!({"tags": tags}));
    let many: serde_json::Map<String, Value> = (0..51).map(|n| (format!("t{n}"), json!("v"))).collect();
    vec![
        (1, serving(&json!({"desiredCount": "two"})), "spec.desiredCount"),
        (
            6,
            with(
                container(&json!({"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-region": "r"}}})),
                &json!({"executionRoleArn": "arn:aws:iam::123456789012:role/execution"}),
            ),
            "awslogs-group",
        ),
        (18, depends(&[("a", "b"), ("b", "a")]), "dependsOn"),
        (1, definition(&json!({"cpu": {"units": 256}})), "spec.cpu"),
        (2, serving(&json!({"desiredCuont": 2})), "desiredCuont"),
        (3, serving(&json!({"capacityProviderStrategy": [{"capacityProvider": "FARGATE"}]})), "launchType"),
        (4, definition(&json!({"cpu": "256", "memory": "4096"})), "memory"),
        (5, definition(&json!({"networkMode": "bridge"})), "networkMode"),
        (5, definition(&json!({"networkMode": null})), "networkMode"),
        (
            8,
            definition(&json!({"containerDefinitions": [{"name": "a", "image": "x"}, {"name": "a", "image": "y"}]})),
            "containerDefinitions",
        ),
        (9, containers(0), "containerDefinitions"),
        (9, containers(11), "containerDefinitions"),
        (10, container(&json!({"essential": false})), "essential"),
        (
            11,
            with(
                web("bad", "nginx"),
                &json!({"containerDefinitions": [{"name": "a", "image": "x"}], "requiresCompatibilities": ["EC2"], "memory": null, "cpu": null}),
            ),
            "memory",
        ),
        (12, serving(&json!({"desiredCount": -1})), "desiredCount"),
        (
            13,
            serving(&json!({"deploymentConfiguration": {"minimumHealthyPercent": 100, "maximumPercent": 100}})),
            "maximumPercent",
        ),
        (13, serving(&json!({"scaling": {"minCapacity": 5, "maxCapacity": 2}})), "minCapacity"),
        (14, serving(&json!({"serviceName": long})), "serviceName"),
        (14, serving(&json!({"serviceName": "my.web"})), "serviceName"),
        (14, serving(&json!({"serviceName": "web\u{1f600}"})), "serviceName"),
        (18, depends(&[("a", "a")]), "dependsOn"),
        (19, container(&json!({"portMappings": [{"containerPort": 80, "hostPort": 8080}]})), "hostPort"),
        (19, container(&json!({"portMappings": [{"containerPort": 70000}]})), "containerPort"),
        (
            19,
            container(
                &json!({"portMappings": [{"containerPort": 80, "name": "a"}, {"containerPort": 81, "name": "a"}]}),
            ),
            "portMappings",
        ),
        (20, serving(&json!({"taskDefinitionRef": {"name": "web", "namespace": "other"}})), "namespace"),
        (22, strategy(json!(vec![json!({"capacityProvider": "FARGATE"}); 21])), "capacityProviderStrategy"),
        (
            22,
            strategy(
                json!([{"capacityProvider": "FARGATE", "base": 1}, {"capacityProvider": "FARGATE_SPOT", "base": 1}]),
            ),
            "base",
        ),
        (23, tags(Value::Object(many)), "tags"),
        (23, tags(json!({"aws:owner": "me"})), "aws:"),
    ]
}

/// As before, of what the schema of the first release lets through: the operator and `kubectl ecs lint` tell.
fn refused_by_lint() -> Vec<(u8, Value, &'static str)> {
    vec![
        (21, definition(&json!({"taskRoleArn": "arn:aws:iam::123456789012:role/task\n"})), "taskRoleArn"),
        (23, with(cluster("bad"), &json!({"tags": {"team": "a\nb"}})), "tags"),
    ]
}

#[test]
fn what_a_schema_or_rule_can_tell_names_the_member() {
    let mut wrong = Vec::new();
    for (number, manifest, words) in refused_at_apply().into_iter().chain(refused_by_lint()) {
        let said = lint(&manifest);
        if !said.contains(words) {
            wrong.push(format!("{number}: {words}: {said}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    for manifest in [web("bad", "nginx"), service("bad", "prod", "web"), cluster("bad")] {
        assert_eq!(lint(&manifest), "", "the manifest without the mistake is good");
    }
}

/// Stored past every check, as under an older schema: the operator refuses it itself.
#[tokio::test(start_paused = true)]
async fn what_gets_past_the_api_server_is_refused_before_any_call() {
    let mut wrong = Vec::new();
    for (number, manifest, words) in refused_at_apply().into_iter().chain(refused_by_lint()) {
        // What no schema knows is not stored, and what is of another type is not read: `local_api::earlier` has that.
        if [1, 2, 20].contains(&number) {
            continue;
        }
        let world = World::ready(1104).await;
        let mut operator = world.operator();
        world.apply::<EcsCluster>(&cluster("prod")).await;
        world.apply::<EcsTaskDefinition>(&web("web", "nginx")).await;
        operator.rest().await;
        world.aws.take_sent();
        let plural = match manifest["kind"].as_str() {
            Some("EcsService") => "ecsservices.ecs-operator.dev",
            Some("EcsCluster") => "ecsclusters.ecs-operator.dev",
            _ => "ecstaskdefinitions.ecs-operator.dev",
        };
        let mut stored = manifest.clone();
        stored["metadata"]["namespace"] = json!("shop");
        let now = world.clock.exact();
        world.api.with(|api| api.poison(plural, stored, now)).unwrap();
        operator.rest().await;
        let object = world.api.with(|api| api.get(plural, "shop", "bad")).unwrap();
        let conditions = object["status"]["conditions"].as_array().cloned().unwrap_or_default();
        let ready = conditions.into_iter().find(|one| one["type"] == "Ready").unwrap_or_default();
        let said = format!("{} {}: {}", ready["status"], ready["reason"], ready["message"]);
        let writes: Vec<_> = world.aws.take_sent().into_iter().filter(crate::support::wire::Sent::is_write).collect();
        let refused = said.starts_with("\"False\" \"InvalidSpec\"");
        if !refused || !said.contains(words) || !writes.is_empty() {
            wrong.push(format!("{number}: {words}: {said} {writes:?}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// ECS refuses it now and takes it later: nobody has to do anything but attach the group.
#[tokio::test(start_paused = true)]
async fn a_target_group_that_no_load_balancer_has_yet_is_waited_for() {
    let world = World::ready(1105).await;
    let balanced = world.balancer(&BalancerSpec::new("web", &[("blue", 100), ("spare", 0)]));
    let arn = balanced.groups[1].clone();
    let detached = world.aws.sim(|sim| sim.region(&key()).fixtures.balancing.rules.remove(&balanced.rule));
    let mut operator = world.operator();
    world.apply::<EcsCluster>(&cluster("prod")).await;
    world.apply::<EcsTaskDefinition>(&web("web", "nginx")).await;
    let behind = json!({"loadBalancers": [{"targetGroupArn": arn, "containerName": "web", "containerPort": 80}]});
    world.apply::<EcsService>(&serving(&behind)).await;
    operator.settle(Duration::from_secs(10), Duration::from_secs(60)).await;
    let conditions = world.status::<EcsService>("bad").await.conditions;
    let said = line(&conditions, ConditionType::Ready);
    assert!(said.contains("does not have an associated load balancer"), "{said}");
    assert!(line(&conditions, ConditionType::Reconciling).starts_with("True"), "{conditions:?}");
    world.aws.sim(|sim| sim.region(&key()).fixtures.balancing.rules.extend(detached.map(|rule| (balanced.rule, rule))));
    operator.rest().await;
    let said = line(&world.status::<EcsService>("bad").await.conditions, ConditionType::Ready);
    assert!(said.starts_with("True"), "{said}");
}

/// Mistakes that only the operator sees, because they cross objects or count bytes.
fn refused_before_any_call() -> Vec<(u8, Vec<Value>, &'static str)> {
    let large = container(&json!({"command": (0..9).map(|_| "x".repeat(8000)).collect::<Vec<_>>()}));
    let balanced = |change: &Value| {
        let mut balancer = json!({
            "targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/0123456789abcdef",
            "containerName": "web", "containerPort": 80,
        });
        json_patch::merge(&mut balancer, change);
        serving(&json!({"loadBalancers": [balancer]}))
    };
    let foreign = |arn: &str| definition(&json!({"taskRoleArn": arn}));
    let elsewhere = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef";
    vec![
        (7, vec![serving(&json!({"networkConfiguration": null}))], "networkConfiguration"),
        (15, vec![large], "bytes"),
        (16, vec![balanced(&json!({"containerName": "wbe"}))], "containerName"),
        (16, vec![balanced(&json!({"containerPort": 8080}))], "containerPort"),
        (18, vec![depends(&[("a", "b"), ("b", "c"), ("c", "a")])], "dependsOn"),
        (21, vec![foreign("arn:aws:iam::999999999999:role/task")], "taskRoleArn"),
        (21, vec![foreign("arn:aws-cn:iam::123456789012:role/task")], "taskRoleArn"),
        (21, vec![balanced(&json!({"targetGroupArn": elsewhere}))], "targetGroupArn"),
        (
            22,
            vec![serving(&json!({"launchType": null, "capacityProviderStrategy": [
            {"capacityProvider": "FARGATE", "weight": 0}, {"capacityProvider": "FARGATE_SPOT", "weight": 0}]}))],
            "weight",
        ),
    ]
}

#[tokio::test(start_paused = true)]
async fn what_crosses_objects_is_refused_before_any_call_and_what_runs_goes_on() {
    let mut wrong = Vec::new();
    for (number, manifests, words) in refused_before_any_call() {
        let world = World::ready(1102).await;
        let mut operator = world.operator();
        world.apply::<EcsCluster>(&cluster("prod")).await;
        world.apply::<EcsTaskDefinition>(&web("web", "nginx")).await;
        // It is first good, and then edited.
        world.apply::<EcsTaskDefinition>(&web("bad", "nginx")).await;
        world.apply::<EcsService>(&service("bad", "prod", "web")).await;
        operator.rest().await;
        world.aws.take_sent();
        let mut said = String::new();
        for manifest in &manifests {
            assert!(taken(&world, manifest).await, "{number}: no schema tells");
            operator.rest().await;
            let of_service = manifest["kind"] == "EcsService";
            let conditions = if of_service {
                world.status::<EcsService>("bad").await.conditions
            } else {
                world.status::<EcsTaskDefinition>("bad").await.conditions
            };
            said = line(&conditions, ConditionType::Ready);
        }
        let writes: Vec<_> = world.aws.take_sent().into_iter().filter(crate::support::wire::Sent::is_write).collect();
        let refused = said.starts_with("False InvalidSpec: ");
        if !refused || !said.contains(words) || !writes.is_empty() {
            wrong.push(format!("{number}: {words}: {said} {writes:?}"));
        }
        let asked = world.cli().describe_services().cluster("prod").services("bad").send().await.unwrap();
        assert_eq!(asked.services()[0].running_count, 2, "{number}: what runs goes on");
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_is_waited_for() {
    let world = World::ready(1103).await;
    let mut operator = world.operator();
    world.apply::<EcsCluster>(&cluster("prod")).await;
    world.apply::<EcsService>(&service("web", "prod", "nowhere")).await;
    operator.rest().await;
    let said = line(&world.status::<EcsService>("web").await.conditions, ConditionType::Ready);
    assert!(said.starts_with("False DependencyNotReady") && said.contains("nowhere"), "{said}");
    world.apply::<EcsTaskDefinition>(&web("nowhere", "nginx")).await;
    operator.rest().await;
    let said = line(&world.status::<EcsService>("web").await.conditions, ConditionType::Ready);
    assert!(said.starts_with("True"), "{said}");
}
