//! A rollout under way whose spec is refused by now: it goes on from what was kept, which holds no value, changes no
//! object of a version beyond its count, and makes none.

use std::collections::BTreeMap;
use std::time::Duration;

use ecs_operator::api::ServerGroup;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, DeleteParams};
use serde_json::{Value, json};

use super::MARK;
use crate::server_group::bad_input::{artifact, config_map};
use crate::server_group::{group, until, worlds};
use crate::support::driver::Operator;
use crate::support::paused::run;
use crate::support::world::{NAMESPACE, World};

const MINUTE: Duration = Duration::from_secs(60);
const V1: &str = "shop-prod-v001";
const KEY: (&str, &str, &str) = ("ServerGroup", NAMESPACE, "shop-prod");

/// Where the task definition of a group stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Inputs,
    Inline,
    ConfigMap,
}

/// A container with a mark wherever a value can stand.
pub(super) fn container(image: &str) -> Value {
    let hidden = |place: &str| format!("{MARK}-{place}");
    json!({
        "image": image,
        "environment": [{"name": "PASSWORD", "value": hidden("environment")}],
        "command": ["serve", format!("--token={}", hidden("command"))],
        "entryPoint": ["/run", hidden("entrypoint")],
        "dockerLabels": {"token": hidden("label")},
        "healthCheck": {"command": ["CMD", "curl", "-H", hidden("health")]},
        "secrets": [{"name": "KEY", "valueFrom": format!("arn:aws:ssm:eu-west-1:123456789012:parameter/{}", hidden("secret"))}],
        "logConfiguration": {"logDriver": "awslogs", "options": {
            "awslogs-group": "shop", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": hidden("logs"),
        }},
    })
}

/// The document of an artifact.
pub(super) fn document(image: &str) -> String {
    let mut container = container(image);
    container["name"] = json!("web");
    json!({
        "family": "whatever", "networkMode": "awsvpc", "cpu": 256, "memory": 512,
        "requiresCompatibilities": ["FARGATE"], "containerDefinitions": [container],
        "executionRoleArn": "arn:aws:iam::123456789012:role/exec",
        "tags": [{"key": "of-document", "value": format!("{MARK}-tag")}],
    })
    .to_string()
}

/// A group that pauses in the middle of each rollout.
pub(super) fn manifest(source: Source, image: &str) -> Value {
    let mut manifest = match source {
        Source::Inputs => {
            let mut inputs = container(image);
            json_patch::merge(
                &mut inputs,
                &json!({"cpu": 256, "memory": 512, "portMappings": [{"containerPort": 80}]}),
            );
            let role = "arn:aws:iam::123456789012:role/exec";
            group(image, &json!({"template": {"inputs": inputs, "executionRoleArn": role}}))
        }
        Source::Inline => artifact(&json!({"inline": document(image)})),
        Source::ConfigMap => artifact(&json!({"configMapKeyRef": {"name": "shop", "key": "task.json"}})),
    };
    let more = json!({"spec": {
        "tags": {"team": format!("{MARK}-tag")},
        "capacity": {"min": 1, "desired": 2, "max": 8},
        "scaling": {"mode": "External", "targetTracking": [{
            "policyName": "cpu", "targetValue": 60.0,
            "predefinedMetricSpecification": {"predefinedMetricType": "ECSServiceAverageCPUUtilization"},
        }]},
        "propagateTags": "TASK_DEFINITION",
        "deploymentConfiguration": {"minimumHealthyPercent": 50},
        "strategy": {"rollingRedBlack": {"percents": [50, 100], "pauseBetweenSteps": true}},
    }});
    json_patch::merge(&mut manifest, &more);
    manifest
}

async fn apply(world: &World, source: Source, image: &str) {
    if source == Source::ConfigMap {
        config_map(world, &document(image)).await;
    }
    world.apply::<ServerGroup>(&manifest(source, image)).await;
}

/// Makes the spec one that is refused, and different in everything else that a version takes from the group.
async fn refuse(world: &World, source: Source) {
    let mut refused = manifest(source, "nginx:3");
    match source {
        Source::Inputs => refused["spec"]["template"]["inputs"]["cpu"] = json!(300),
        Source::Inline => refused["spec"]["template"]["artifact"]["inline"] = json!("{"),
        Source::ConfigMap => config_map(world, "{").await,
    }
    let other = json!({"spec": {
        "tags": {"team": "other", "more": "tags"}, "propagateTags": "SERVICE", "deletionPolicy": "Retain",
        "deploymentConfiguration": {"minimumHealthyPercent": 100}, "driftPolicy": "Warn",
        "capacity": {"min": 3, "desired": 4, "max": 5}, "scaling": {"mode": "Managed", "targetTracking": null},
    }});
    json_patch::merge(&mut refused, &other);
    world.apply::<ServerGroup>(&refused).await;
}

async fn forget_document(world: &World) {
    let maps: Api<ConfigMap> = Api::namespaced(world.person.clone(), NAMESPACE);
    maps.delete("shop", &DeleteParams::default()).await.unwrap();
}

/// The specs and metadata of all objects of versions, byte for byte.
fn children(world: &World) -> BTreeMap<String, String> {
    let all = |plural: &str| world.api.with(|api| api.all(plural));
    let services = all("ecsservices.ecs-operator.dev").into_iter();
    let objects = services.chain(all("ecstaskdefinitions.ecs-operator.dev"));
    let entry = |object: Value| {
        let spec = format!("{} {} {}", object["spec"], object["metadata"]["labels"], object["metadata"]["annotations"]);
        (format!("{}/{}", object["kind"], object["metadata"]["name"]), spec)
    };
    objects.map(entry).collect()
}

async fn ready(world: &World) -> String {
    let status = world.status::<ServerGroup>("shop-prod").await;
    crate::behaviour::line(&status.conditions, ecs_operator::api::condition::ConditionType::Ready)
}

/// No status of the group that was ever written held a mark.
fn untold(world: &World, what: &str) {
    let statuses = world.api.log().into_iter().filter(|call| call.path.ends_with("/status"));
    let mut seen = 0;
    for call in statuses.filter(|call| call.path.contains("/servergroups/")) {
        let text = call.body.to_string();
        assert!(!text.contains(MARK), "{what}: {text}");
        seen += usize::from(text.contains("acceptedSpec"));
    }
    assert!(seen > 0, "{what}: a rollout was seen");
}

/// Many passes over all objects, over so many minutes.
async fn passes(world: &World, operator: &mut Operator, minutes: u32) {
    for _ in 0..minutes {
        Box::pin(operator.sweep()).await;
        Box::pin(operator.settle(Duration::from_secs(20), MINUTE)).await;
        world.wait(MINUTE).await;
    }
}

/// A rollout that pauses; `v000` and `v001` serve beside each other.
async fn half_way(seed: u64, source: Source) -> (World, Operator) {
    let (world, mut operator) = worlds(seed).await;
    apply(&world, source, "nginx:1").await;
    operator.rest().await;
    assert!(ready(&world).await.starts_with("True Succeeded: shop-prod-v000"), "{}", ready(&world).await);
    apply(&world, source, "nginx:2").await;
    operator.sweep().await;
    until(&world, &mut operator, "False AwaitingApproval").await;
    operator.rest().await;
    (world, operator)
}

async fn stays(seed: u64, source: Source, goes: bool) {
    let what = format!("{source:?}, document deleted: {goes}");
    let (world, mut operator) = Box::pin(half_way(seed, source)).await;
    let before = children(&world);
    assert_eq!(before.len(), 4, "{what}");
    refuse(&world, source).await;
    if goes {
        forget_document(&world).await;
    }
    passes(&world, &mut operator, 5).await;
    let said = ready(&world).await;
    let expected = if goes { "False DependencyNotReady" } else { "False InvalidSpec" };
    assert!(said.starts_with(expected) && said.contains("promote"), "{what}: {said}");
    assert_eq!(children(&world), before, "{what}");
    // A new process goes by nothing else.
    let mut next = world.operator();
    passes(&world, &mut next, 2).await;
    assert_eq!(children(&world), before, "{what}");
    untold(&world, &what);
    // It is promoted to its end from what was kept.
    let promote =
        |status: ecs_operator::api::ServerGroupStatus| status.rollout.and_then(|rollout| rollout.promote_with);
    while let Some(gate) = promote(world.status::<ServerGroup>("shop-prod").await) {
        world.annotate::<ServerGroup>("shop-prod", "promote", &gate).await;
        next.settle(MINUTE, 10 * MINUTE).await;
    }
    passes(&world, &mut next, 4).await;
    let status = world.status::<ServerGroup>("shop-prod").await;
    assert_eq!((status.rollout, status.current_version.as_deref()), (None, Some(V1)), "{what}");
    let after = children(&world);
    assert_eq!(after["\"EcsTaskDefinition\"/\"shop-prod-v001\""], before["\"EcsTaskDefinition\"/\"shop-prod-v001\""]);
    apply(&world, source, "nginx:2").await;
    next.sweep().await;
    next.rest().await;
    assert!(ready(&world).await.starts_with("True Succeeded: shop-prod-v001"), "{what}: {}", ready(&world).await);
    assert_eq!(world.status::<ServerGroup>("shop-prod").await.accepted_spec, None);
    untold(&world, &what);
}

#[test]
fn objects_of_versions_stay_byte_for_byte_while_a_spec_with_inputs_is_refused() {
    run(async {
        Box::pin(stays(711, Source::Inputs, false)).await;
    });
}

#[test]
fn objects_of_versions_stay_byte_for_byte_while_a_spec_with_a_document_is_refused() {
    run(async {
        Box::pin(stays(712, Source::Inline, false)).await;
    });
}

#[test]
fn objects_of_versions_stay_byte_for_byte_while_a_config_map_is_refused_or_gone() {
    run(async {
        Box::pin(stays(713, Source::ConfigMap, false)).await;
        Box::pin(stays(714, Source::ConfigMap, true)).await;
    });
}

/// `v000` serves, the rollout to `v001` is written down, and the spec is refused before all of `v001` is made.
async fn unmade(seed: u64, source: Source, with_definition: bool) -> (World, Operator) {
    let (world, mut operator) = worlds(seed).await;
    apply(&world, source, "nginx:1").await;
    operator.rest().await;
    apply(&world, source, "nginx:2").await;
    if with_definition {
        world.api.set_fault_hook(Some(Box::new(|call| {
            let making = call.method == "POST" && call.path.ends_with("/ecsservices");
            if making { ecs_sim::kube::Fault::Status(500, "InternalError") } else { ecs_sim::kube::Fault::Pass }
        })));
    }
    let key = (KEY.0, KEY.1.to_owned(), KEY.2.to_owned());
    let until_made = |world: &World| children(world).len() == 2 + usize::from(with_definition);
    for _ in 0..10 {
        operator.look();
        operator.pass(&key).await;
        let rolls = world.status::<ServerGroup>("shop-prod").await.rollout.is_some();
        if rolls && until_made(&world) {
            break;
        }
    }
    assert!(world.status::<ServerGroup>("shop-prod").await.rollout.is_some_and(|rollout| rollout.to == V1));
    assert!(until_made(&world));
    refuse(&world, source).await;
    operator.look();
    operator.pass(&key).await;
    world.api.set_fault_hook(None);
    (world, operator)
}

async fn waits(seed: u64, source: Source, with_definition: bool) {
    let what = format!("{source:?}, definition made: {with_definition}");
    let (world, mut operator) = Box::pin(unmade(seed, source, with_definition)).await;
    // The rollout has begun: autoscaling of `v000` is held.
    passes(&world, &mut operator, 1).await;
    let before = children(&world);
    passes(&world, &mut operator, 20).await;
    assert_eq!(children(&world), before, "{what}");
    let said = ready(&world).await;
    assert!(said.starts_with("False InvalidSpec") && said.contains("is not made before"), "{what}: {said}");
    let status = world.status::<ServerGroup>("shop-prod").await;
    assert!(status.rollout.is_some_and(|rollout| rollout.ending.is_none()), "{what}");
    world.api.take_log();
    operator.sweep().await;
    let writes: Vec<String> =
        world.api.take_log().into_iter().filter(ecs_sim::kube::Call::is_write).map(|call| call.path).collect();
    assert_eq!(writes, Vec::<String>::new(), "{what}: it rests");
    // The spec as it was accepted: the rollout goes on, and none of its deadlines has passed.
    apply(&world, source, "nginx:2").await;
    operator.sweep().await;
    until(&world, &mut operator, "False AwaitingApproval").await;
    assert!(children(&world).keys().any(|name| name.contains(V1)), "{what}");
    let events = world.api.with(|api| api.all("events.events.k8s.io"));
    assert!(!events.iter().any(|event| event["reason"] == "RolloutFailed"), "{what}");
}

#[test]
fn a_version_that_is_not_made_yet_waits_for_a_spec_that_is_accepted() {
    run(async {
        Box::pin(waits(721, Source::Inputs, false)).await;
        Box::pin(waits(722, Source::Inputs, true)).await;
        Box::pin(waits(723, Source::Inline, true)).await;
        Box::pin(waits(724, Source::ConfigMap, false)).await;
    });
}

#[test]
fn a_rollout_that_waits_for_its_spec_can_be_aborted() {
    run(async {
        let (world, mut operator) = Box::pin(unmade(725, Source::Inline, true)).await;
        passes(&world, &mut operator, 5).await;
        world.annotate::<ServerGroup>("shop-prod", "abort", V1).await;
        passes(&world, &mut operator, 10).await;
        let status = world.status::<ServerGroup>("shop-prod").await;
        assert_eq!((status.rollout, status.history[0].result.as_str()), (None, "Aborted"));
        assert_eq!(status.current_version.as_deref(), Some("shop-prod-v000"));
    });
}

#[test]
fn what_an_earlier_operator_kept_is_cut_down_at_once() {
    run(async {
        let (world, mut operator) = Box::pin(half_way(726, Source::Inline)).await;
        refuse(&world, Source::Inline).await;
        let wordy = manifest(Source::Inline, "nginx:2")["spec"].to_string();
        let groups: Api<ServerGroup> = Api::namespaced(world.person.clone(), NAMESPACE);
        let patch = json!({"status": {"acceptedSpec": wordy}});
        groups
            .patch_status("shop-prod", &kube::api::PatchParams::default(), &kube::api::Patch::Merge(patch))
            .await
            .unwrap();
        let before = children(&world);
        operator.sweep().await;
        let kept = world.status::<ServerGroup>("shop-prod").await.accepted_spec.unwrap();
        assert!(!kept.contains(MARK), "{kept}");
        assert_eq!(children(&world), before);
        assert!(ready(&world).await.contains("promote"), "{}", ready(&world).await);
    });
}
