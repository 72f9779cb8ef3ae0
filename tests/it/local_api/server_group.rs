//! A server group as a person with kubectl meets it: printed, scaled, rolled out, promoted, collected.

mod counts;
mod pages;
mod refused;
mod samples;

use serde_json::{Value, json};

use super::shop::prints;
use super::stage::{Stage, condition};
use crate::support::manifests::{cluster, manifest};
use crate::support::world::REGION;

/// A group of a Fargate web server whose gate is quick.
pub fn group(image: &str, members: &Value) -> Value {
    let mut spec = json!({
        "clusterRef": {"name": "prod"},
        "capacity": {"min": 1, "desired": 2, "max": 4},
        "template": {
            "launchType": "FARGATE",
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-0a", "subnet-0b"]}},
            "inputs": {"image": image, "cpu": 256, "memory": 512, "portMappings": [{"containerPort": 80}]},
        },
        "gate": {"minHealthySeconds": 1},
    });
    json_patch::merge(&mut spec, members);
    manifest("ServerGroup", "shop-prod", spec)
}

const GROUP: &str = "ecssg/shop-prod";

/// A cluster and a group that has become ready.
async fn serving(namespace: &str, members: &Value) -> Stage {
    let stage = Stage::operated(namespace).await;
    stage.apply(&[cluster("prod"), group("nginx:1", members)]).await.unwrap();
    stage.ready(&[GROUP]).await;
    stage
}

/// Another image, by kubectl.
async fn image(stage: &Stage, image: &str) {
    let patch = json!({"spec": {"template": {"inputs": {"image": image}}}}).to_string();
    stage.kubectl(&["patch", GROUP, "--type=merge", "-p", &patch]).await.unwrap();
}

/// Waits until a member of the group has this value.
async fn until(stage: &Stage, path: &str, value: &str) {
    let wanted = format!("--for=jsonpath={{{path}}}={value}");
    let ran = stage.kubectl(&["wait", GROUP, &wanted, "--timeout=90s"]).await;
    assert!(ran.ok, "{}\n{}", ran.err, stage.get(GROUP).await);
}

/// Names of the objects of the versions, sorted.
async fn owned(stage: &Stage) -> Vec<String> {
    let listed = stage.kubectl(&["get", "ecss,ecstd", "-o", "name"]).await.unwrap();
    let mut names: Vec<String> = listed.lines().map(|line| line.replace(".ecs-operator.dev", "")).collect();
    names.sort();
    names
}

/// Waits until no group and none of its objects is left.
async fn gone(stage: &Stage) {
    let ran = stage.kubectl(&["wait", "--for=delete", "ecssg,ecss,ecstd", "--all", "--timeout=90s"]).await;
    assert!(ran.ok, "{}\n{}", ran.err, stage.kubectl(&["get", "ecs", "-o", "wide"]).await.out);
}

/// ECS services that a call of this name was about, in order.
fn about(stage: &Stage, operation: &str) -> Vec<String> {
    let calls = stage.aws.sent().into_iter().filter(|sent| sent.operation == operation);
    let named = calls.map(|sent| sent.body["service"].as_str().unwrap_or_default().to_owned());
    named.map(|service| service.rsplit('/').next().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn a_second_apply_changes_nothing_before_and_after_the_operator_saw_the_group() {
    let mut stage = Stage::new("group-again").await;
    let manifests = [cluster("prod"), group("nginx:1", &json!({}))];
    stage.apply(&manifests).await.unwrap();
    let quiet = async |stage: &Stage| {
        let again = stage.apply(&manifests).await.unwrap();
        assert_eq!(again.lines().filter(|line| line.ends_with(" unchanged")).count(), 2, "{again}");
        let diff = stage.send(&["diff"], &manifests).await;
        assert!(diff.ok && diff.out.is_empty(), "{diff:?}");
    };
    quiet(&stage).await;
    stage.operate().await;
    stage.ready(&[GROUP]).await;
    quiet(&stage).await;
    // Server-side apply by another manager: the first takes its fields, the second writes nothing.
    let git = ["apply", "--server-side", "--field-manager=git", "--force-conflicts"];
    stage.send(&git, &manifests).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(8)).await;
    let before = stage.get(GROUP).await;
    stage.send(&git, &manifests).await.unwrap();
    let after = stage.get(GROUP).await;
    assert_eq!(before["metadata"]["resourceVersion"], after["metadata"]["resourceVersion"]);
    assert_eq!((&after["spec"], &after["metadata"]["generation"]), (&manifests[1]["spec"], &json!(1)));
}

#[tokio::test]
async fn every_column_has_a_value_and_the_objects_of_a_version_are_owned_by_the_group() {
    let stage = serving("group-printed", &json!({})).await;
    let columns = [
        ("NAME", "shop-prod"),
        ("READY", "True"),
        ("REASON", "Succeeded"),
        ("CURRENT", "shop-prod-v000"),
        ("TASKS", "2/2"),
        ("TRAFFIC", "v000 ~100"),
        ("ROLLOUT", ""),
        ("AGE", "*"),
        ("GROUP", "shop-prod"),
        ("HOLD", ""),
        ("MESSAGE", "shop-prod-v000 is current, 2/2 tasks."),
    ];
    prints(&stage, GROUP, &columns).await;
    assert_eq!(owned(&stage).await, ["ecsservice/shop-prod-v000", "ecstaskdefinition/shop-prod-v000"]);
    let group = stage.get(GROUP).await;
    for object in ["ecss/shop-prod-v000", "ecstd/shop-prod-v000"] {
        let child = stage.get(object).await;
        let owner = json!([{
            "apiVersion": "ecs-operator.dev/v1alpha1", "kind": "ServerGroup", "name": "shop-prod",
            "uid": group["metadata"]["uid"], "controller": true, "blockOwnerDeletion": true,
        }]);
        assert_eq!(child["metadata"]["ownerReferences"], owner, "{object}");
        assert_eq!(child["metadata"]["labels"]["ecs-operator.dev/version"], "shop-prod-v000", "{object}");
    }
    // Whoever owns which field: nothing in the spec or the labels of the group is the operator's.
    for entry in group["metadata"]["managedFields"].as_array().unwrap() {
        if entry["manager"] != "kubectl-client-side-apply" {
            assert_eq!(entry["fieldsV1"].get("f:spec"), None, "{entry}");
        }
    }
}

async fn scale(stage: &Stage) -> Value {
    let path = format!("/apis/ecs-operator.dev/v1alpha1/namespaces/{}/servergroups/shop-prod/scale", stage.namespace);
    stage.kubectl(&["get", "--raw", &path]).await.json()
}

#[tokio::test]
async fn kubectl_scale_and_an_autoscaler_of_kubernetes_set_the_count_inside_the_bounds() {
    let stage = serving("group-scaled", &json!({})).await;
    let before = scale(&stage).await;
    assert_eq!((&before["spec"]["replicas"], &before["status"]["replicas"]), (&json!(2), &json!(2)));
    let uid = stage.get(GROUP).await["metadata"]["uid"].as_str().unwrap().to_owned();
    assert_eq!(before["status"]["selector"], format!("ecs-operator.dev/server-group-uid={uid}"));
    stage.kubectl(&["scale", "servergroup", "shop-prod", "--replicas=3"]).await.unwrap();
    until(&stage, ".status.ready", "3/3").await;
    stage.ready(&[GROUP]).await;
    for outside in ["--replicas=5", "--replicas=0"] {
        let refused = stage.kubectl(&["scale", GROUP, outside]).await;
        assert!(!refused.ok && refused.err.contains("must lie between `min` and `max`"), "{refused:?}");
    }
    // No metric is needed: the count is below the autoscaler's own minimum.
    let autoscaler = json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "shop"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "ecs-operator.dev/v1alpha1", "kind": "ServerGroup", "name": "shop-prod"},
            "minReplicas": 4, "maxReplicas": 4,
            "metrics": [{"type": "External", "external": {
                "metric": {"name": "queue"}, "target": {"type": "Value", "value": "1"},
            }}],
        },
    });
    stage.apply(&[autoscaler]).await.unwrap();
    until(&stage, ".status.ready", "4/4").await;
    let able = stage.get("hpa/shop").await;
    assert_eq!(condition(&able, "AbleToScale")["status"], "True", "{able}");
    assert_eq!(scale(&stage).await["spec"]["replicas"], 4);
    // A count is never a new version.
    assert_eq!(stage.get(GROUP).await["status"]["lastSequence"], 0);
}

#[tokio::test]
async fn a_new_image_is_rolled_out_red_black_and_waiting_right_after_the_edit_waits_for_it() {
    let stage = serving("group-red-black", &json!({})).await;
    image(&stage, "nginx:2").await;
    // No pause between: the condition of the earlier generation does not count.
    stage.ready(&[GROUP]).await;
    let group = stage.get(GROUP).await;
    assert_eq!(group["status"]["currentVersion"], "shop-prod-v001");
    let versions: Vec<_> = group["status"]["versions"].as_array().unwrap().iter().collect();
    assert_eq!((&versions[0]["role"], &versions[0]["state"]), (&json!("Current"), &json!("Active")));
    assert_eq!((&versions[1]["state"], &versions[1]["remembered"]["desired"]), (&json!("Disabled"), &json!(2)));
    let ecs = aws_sdk_ecs::Client::new(&stage.aws.of_a_person().config(REGION));
    let (old, new) = ("shop-prod-v000", "shop-prod-v001");
    let found = ecs.describe_services().cluster("prod").services(old).services(new).send().await.unwrap();
    let mut counts: Vec<_> = found.services().iter().map(|s| (s.service_name().unwrap(), s.desired_count())).collect();
    counts.sort_unstable();
    assert_eq!(counts, [(old, 0), (new, 2)]);
    // The former image again: the retained version takes over, nothing is made.
    image(&stage, "nginx:1").await;
    stage.ready(&[GROUP]).await;
    let group = stage.get(GROUP).await;
    assert_eq!(group["status"]["currentVersion"], "shop-prod-v000");
    assert_eq!(group["status"]["lastSequence"], 1);
    let made = stage.aws.sent().iter().filter(|sent| sent.operation == "CreateService").count();
    assert_eq!(made, 2);
}

#[tokio::test]
async fn a_canary_waits_for_the_annotation_and_can_be_aborted() {
    let steps = json!([{"setCapacity": {"count": 1}}, {"pause": {}}]);
    let stage = serving("group-canary", &json!({"strategy": {"canary": {"steps": steps}}})).await;
    image(&stage, "nginx:2").await;
    let message = stage.until(GROUP, "False", "AwaitingApproval").await;
    assert!(message.contains("shop-prod-v001"), "{message}");
    let promote = stage.kubectl(&["get", GROUP, "-o", "jsonpath={.status.rollout.promoteWith}"]).await.unwrap();
    // A stale value is answered and does nothing.
    stage.kubectl(&["annotate", GROUP, "ecs-operator.dev/promote=shop-prod-v000.0"]).await.unwrap();
    let mut said = String::new();
    while !said.contains("RequestIgnored") {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        said = stage.kubectl(&["get", "events", "-o", "custom-columns=R:.reason"]).await.unwrap();
    }
    assert_eq!(stage.get(GROUP).await["status"]["rollout"]["promoteWith"], promote.as_str());
    let annotation = format!("ecs-operator.dev/promote={promote}");
    stage.kubectl(&["annotate", "--overwrite", GROUP, &annotation]).await.unwrap();
    stage.ready(&[GROUP]).await;
    assert_eq!(stage.get(GROUP).await["status"]["currentVersion"], "shop-prod-v001");
    image(&stage, "nginx:3").await;
    stage.until(GROUP, "False", "AwaitingApproval").await;
    stage.kubectl(&["annotate", GROUP, "ecs-operator.dev/abort=shop-prod-v002"]).await.unwrap();
    let message = stage.until(GROUP, "False", "DeploymentRolledBack").await;
    assert!(message.contains("shop-prod-v001 serves") && message.contains("ecs-operator.dev/retry"), "{message}");
    let group = stage.get(GROUP).await;
    assert_eq!(condition(&group, "Stalled")["status"], "True");
    assert_eq!(condition(&group, "Available")["status"], "True");
    assert_eq!(group["status"]["hold"]["version"], "shop-prod-v002");
}

#[tokio::test]
async fn a_deleted_group_takes_every_version_down_the_serving_one_last() {
    let stage = serving("group-deleted", &json!({})).await;
    image(&stage, "nginx:2").await;
    stage.ready(&[GROUP]).await;
    stage.aws.take_sent();
    stage.kubectl(&["delete", GROUP, "--timeout=90s"]).await.unwrap();
    gone(&stage).await;
    assert_eq!(about(&stage, "DeleteService"), ["shop-prod-v000", "shop-prod-v001"]);
    let sent = stage.aws.sent();
    let at = |operation: &str| sent.iter().position(|call| call.operation == operation).unwrap();
    let last = sent.iter().rposition(|call| call.operation == "DeleteService").unwrap();
    assert!(at("DeregisterTaskDefinition") > last, "{sent:?}");
    assert_eq!(sent.iter().filter(|call| call.operation == "DeregisterTaskDefinition").count(), 2);
    let left = stage.left().await;
    assert!(left.len() == 1 && left[0].ends_with(":cluster/prod"), "{left:?}");
}

#[tokio::test]
async fn a_group_deleted_in_the_foreground_leaves_nothing_either() {
    let stage = serving("group-foreground", &json!({})).await;
    image(&stage, "nginx:2").await;
    stage.ready(&[GROUP]).await;
    stage.kubectl(&["delete", GROUP, "--cascade=foreground", "--timeout=90s"]).await.unwrap();
    gone(&stage).await;
    let left = stage.left().await;
    assert!(left.len() == 1 && left[0].ends_with(":cluster/prod"), "{left:?}");
}

#[tokio::test]
async fn a_retained_group_goes_with_its_objects_and_its_services_stay() {
    let stage = serving("group-retained", &json!({"deletionPolicy": "Retain"})).await;
    image(&stage, "nginx:2").await;
    stage.ready(&[GROUP]).await;
    let before = stage.left().await;
    stage.aws.take_sent();
    stage.kubectl(&["delete", GROUP, "--timeout=90s"]).await.unwrap();
    gone(&stage).await;
    assert_eq!(stage.left().await, before);
    let gave = ["DeleteService", "UpdateService", "DeregisterTaskDefinition"];
    let sent = stage.aws.sent();
    assert!(!sent.iter().any(|call| gave.contains(&call.operation.as_str())), "{sent:?}");
}

#[tokio::test]
async fn an_orphaned_version_lives_on_as_objects_of_its_own() {
    let stage = serving("group-orphaned", &json!({})).await;
    let before = stage.left().await;
    stage.kubectl(&["delete", GROUP, "--cascade=orphan", "--timeout=90s"]).await.unwrap();
    assert_eq!(owned(&stage).await, ["ecsservice/shop-prod-v000", "ecstaskdefinition/shop-prod-v000"]);
    assert_eq!(stage.get("ecss/shop-prod-v000").await["metadata"].get("ownerReferences"), None);
    stage.ready(&["ecss/shop-prod-v000"]).await;
    assert_eq!(stage.left().await, before);
}

#[tokio::test]
async fn a_namespace_with_a_group_can_be_deleted() {
    let stage = serving("group-doomed", &json!({})).await;
    let ran = stage.kubectl(&["delete", "namespace", "group-doomed", "--timeout=90s"]).await;
    assert!(ran.ok, "{}\n{}", ran.err, stage.kubectl(&["get", "ecs", "-o", "wide"]).await.out);
    assert_eq!(stage.left().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_version_deleted_by_hand_is_made_anew_as_the_next_one() {
    let stage = serving("group-by-hand", &json!({})).await;
    stage.kubectl(&["delete", "ecss/shop-prod-v000", "--timeout=90s"]).await.unwrap();
    until(&stage, ".status.currentVersion", "shop-prod-v001").await;
    stage.ready(&[GROUP]).await;
    stage.kubectl(&["wait", "--for=delete", "ecstd/shop-prod-v000", "--timeout=60s"]).await.unwrap();
    assert_eq!(owned(&stage).await, ["ecsservice/shop-prod-v001", "ecstaskdefinition/shop-prod-v001"]);
}

#[tokio::test]
async fn a_disabled_group_runs_nothing_and_remembers_its_count_even_if_it_never_ran() {
    let stage = serving("group-disabled", &json!({})).await;
    stage.kubectl(&["patch", GROUP, "--type=merge", "-p", r#"{"spec":{"disabled":true}}"#]).await.unwrap();
    stage.ready(&[GROUP]).await;
    let group = stage.get(GROUP).await;
    assert_eq!((&group["status"]["runningCount"], &group["spec"]["capacity"]["desired"]), (&json!(0), &json!(2)));
    assert_eq!(condition(&group, "Ready")["message"], "Disabled: no version has tasks.");
    stage.kubectl(&["patch", GROUP, "--type=merge", "-p", r#"{"spec":{"disabled":false}}"#]).await.unwrap();
    stage.ready(&[GROUP]).await;
    assert_eq!(stage.get(GROUP).await["status"]["ready"], "2/2");
    let mut never = group_named("never-ran");
    never["spec"]["disabled"] = true.into();
    stage.apply(&[never]).await.unwrap();
    stage.ready(&["ecssg/never-ran"]).await;
    assert_eq!(about(&stage, "CreateService").len(), 1);
}

fn group_named(name: &str) -> Value {
    let mut other = group("nginx:1", &json!({}));
    other["metadata"]["name"] = name.into();
    other
}
