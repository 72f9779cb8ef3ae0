//! An earlier release with looser CRDs, and objects that it let in: they must not get in anyone's way later.

use serde_json::{Value, json};

use super::plane::{Plane, crds};
use super::stage::{Stage, condition};
use crate::support::manifests::{cluster, service, web};

const NAMESPACE: &str = "earlier";
const FINALIZER: &str = "ecs-operator.dev/finalizer";

/// Installs the earlier CRDs and stores the objects.
pub async fn install(plane: &Plane) {
    let looser: Vec<Value> = ecs_operator::api::schema::crds()
        .unwrap()
        .iter()
        .map(|crd| {
            let mut crd = serde_json::to_value(crd).unwrap();
            loosen(&mut crd);
            crd
        })
        .collect();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": looser}).to_string();
    plane.kubectl(&["apply", "-f", "-"], Some(list)).await.unwrap();
    plane.kubectl(&["wait", "--for=condition=Established", "--timeout=30s", "-f", crds()], None).await.unwrap();
    plane.kubectl(&["create", "namespace", NAMESPACE], None).await.unwrap();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects()}).to_string();
    plane.kubectl(&["create", "-f", "-"], Some(list)).await.unwrap();
}

/// No rules, and two members of other types.
fn loosen(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.remove("x-kubernetes-validations");
            if let Some(members) = map.get_mut("properties").and_then(Value::as_object_mut) {
                for (name, member) in members.iter_mut() {
                    if name == "driftPolicy" || name == "healthCheckGracePeriodSeconds" {
                        *member = json!({"type": "string"});
                    }
                }
            }
            map.values_mut().for_each(loosen);
        }
        Value::Array(items) => items.iter_mut().for_each(loosen),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn objects() -> Vec<Value> {
    let mut both = service("both", "prod", "web");
    both["spec"]["capacityProviderStrategy"] = json!([{"capacityProvider": "FARGATE", "weight": 1}]);
    both["metadata"]["finalizers"] = json!([FINALIZER, "example.com/other"]);
    let mut odd = web("odd", "nginx");
    odd["spec"]["memory"] = "4096".into();
    odd["metadata"]["finalizers"] = json!([FINALIZER]);
    let mut word = service("word", "prod", "web");
    word["spec"]["driftPolicy"] = "Someday".into();
    word["metadata"]["finalizers"] = json!([FINALIZER]);
    let mut number = service("number", "prod", "web");
    number["spec"]["healthCheckGracePeriodSeconds"] = "a minute".into();
    number["metadata"]["finalizers"] = json!([FINALIZER]);
    let (mut lost_word, mut lost_number) = (word.clone(), number.clone());
    lost_word["metadata"]["name"] = "lost-word".into();
    lost_number["metadata"]["name"] = "lost-number".into();
    let mut objects = vec![both, odd, word, number, lost_word, lost_number];
    for object in &mut objects {
        object["metadata"]["namespace"] = NAMESPACE.into();
    }
    objects
}

#[tokio::test]
async fn objects_stored_before_a_rule_are_reported_take_status_and_other_edits_and_can_be_deleted() {
    let mut stage = Stage::within(super::plane::plane().await, NAMESPACE);
    stage.operate().await;
    // What is fine beside them works.
    stage.apply(&[cluster("prod"), web("web", "nginx"), service("good", "prod", "web")]).await.unwrap();
    stage.ready(&["ecsc/prod", "ecstd/web", "ecss/good"]).await;
    // Status is written onto those that break a rule.
    let message = stage.until("ecss/both", "False", "InvalidSpec").await;
    assert!(message.contains("`launchType`"), "{message}");
    let message = stage.until("ecstd/odd", "False", "InvalidSpec").await;
    assert!(message.contains("Fargate"), "{message}");
    let said = [("ecss/word", "`spec.driftPolicy`"), ("ecss/number", "`spec.healthCheckGracePeriodSeconds`")];
    for (object, member) in said {
        let message = stage.until(object, "False", "Undecodable").await;
        assert!(message.contains(member), "{message}");
        assert_eq!(condition(&stage.get(object).await, "Stalled")["status"], "True", "{object}");
    }
    // Another edit is taken.
    for object in ["ecss/both", "ecstd/odd", "ecss/word", "ecss/number"] {
        stage.kubectl(&["label", object, "team=shop"]).await.unwrap();
    }
    // Corrected, nothing of the complaint is left.
    let corrected = [service("word", "prod", "web"), service("number", "prod", "web")];
    stage.send(&["replace"], &corrected).await.unwrap();
    stage.ready(&["ecss/word", "ecss/number"]).await;
    for object in ["ecss/word", "ecss/number"] {
        assert!(condition(&stage.get(object).await, "Stalled").is_null(), "{object}");
    }
    // Each can be deleted; another's finalizer survives ours.
    stage.kubectl(&["delete", "ecstd/odd", "ecss/lost-word", "ecss/lost-number", "--timeout=60s"]).await.unwrap();
    stage.kubectl(&["delete", "ecss/both", "--wait=false"]).await.unwrap();
    let kept = stage.kubectl(&[
        "wait",
        "ecss/both",
        "--timeout=60s",
        "--for=jsonpath={.metadata.finalizers[0]}=example.com/other",
    ]);
    kept.await.unwrap();
    let freed = ["patch", "ecss/both", "--type=json", r#"-p=[{"op":"remove","path":"/metadata/finalizers"}]"#];
    stage.kubectl(&freed).await.unwrap();
    stage.ready(&["ecsc/prod", "ecstd/web", "ecss/good"]).await;
}
