//! Who owns which field: two people share a task definition, and the operator keeps to finalizers and status.

use serde_json::{Value, json};

use super::stage::Stage;
use crate::support::manifests::{cluster, manifest, service, web};
use crate::support::world::REGION;

#[tokio::test]
async fn two_appliers_own_containers_and_variables_of_one_task_definition() {
    let stage = Stage::operated("shared").await;
    let mut first = web("web", "nginx:1");
    first["spec"]["containerDefinitions"][0]["environment"] = json!([{"name": "A", "value": "1"}]);
    let second = manifest(
        "EcsTaskDefinition",
        "web",
        json!({"containerDefinitions": [
            {"name": "web", "environment": [{"name": "B", "value": "2"}]},
            {"name": "sidecar", "image": "envoy:1", "essential": false},
        ]}),
    );
    let apply = |manager: &'static str| ["apply", "--server-side", manager];
    stage.send(&apply("--field-manager=first"), std::slice::from_ref(&first)).await.unwrap();
    stage.ready(&["ecstd/web"]).await;
    stage.send(&apply("--field-manager=second"), std::slice::from_ref(&second)).await.unwrap();
    stage.kubectl(&["wait", "ecstd/web", "--for=jsonpath={.status.revision}=2", "--timeout=60s"]).await.unwrap();
    // Each applies again, and neither takes anything from the other.
    stage.send(&apply("--field-manager=first"), &[first]).await.unwrap();
    stage.send(&apply("--field-manager=second"), &[second]).await.unwrap();
    stage.ready(&["ecstd/web"]).await;
    assert_eq!(stage.get("ecstd/web").await["status"]["revision"], 2);
    let ecs = aws_sdk_ecs::Client::new(&stage.aws.of_a_person().config(REGION));
    let found = ecs.describe_task_definition().task_definition("web").send().await.unwrap();
    let definition = found.task_definition().unwrap();
    let containers: Vec<_> = definition.container_definitions().iter().filter_map(|c| c.name()).collect();
    assert_eq!(containers, ["web", "sidecar"]);
    let variables = definition.container_definitions()[0].environment();
    let mut variables: Vec<_> = variables.iter().filter_map(|v| Some((v.name()?, v.value()?))).collect();
    variables.sort_unstable();
    assert_eq!(variables, [("A", "1"), ("B", "2")]);
    assert_eq!(definition.revision(), 2);
}

/// Every field that a set of managed fields names.
fn owned(entry: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let fields = entry["fieldsV1"].as_object().unwrap();
    for (name, inner) in fields {
        for (inner, _) in inner.as_object().into_iter().flatten() {
            found.push(format!("{name}.{inner}"));
        }
    }
    found
}

#[tokio::test]
async fn the_operator_owns_its_finalizer_and_status_and_nothing_else() {
    let stage = Stage::operated("owned").await;
    let mut definition = web("web", "nginx:1");
    // Spellings that a careless writer would normalise.
    definition["spec"]["cpu"] = json!(256);
    definition["spec"]["memory"] = "0.5 GB".into();
    let manifests = [cluster("prod"), definition, service("web", "prod", "web")];
    stage.send(&["apply", "--server-side", "--field-manager=git"], &manifests).await.unwrap();
    stage.ready(&["ecsc/prod", "ecstd/web", "ecss/web"]).await;
    for (object, manifest) in ["ecsc/prod", "ecstd/web", "ecss/web"].iter().zip(&manifests) {
        let stored = stage.get(object).await;
        assert_eq!(stored["spec"], manifest["spec"], "{object}");
        assert_eq!(stored["metadata"]["generation"], 1, "{object}");
        assert_eq!(stored["metadata"].get("ownerReferences"), None, "{object}");
        assert_eq!(stored["metadata"].get("annotations"), None, "{object}");
        assert_eq!(stored["metadata"].get("labels"), None, "{object}");
        assert_eq!(stored["metadata"]["finalizers"], json!(["ecs-operator.dev/finalizer"]), "{object}");
        for entry in stored["metadata"]["managedFields"].as_array().unwrap() {
            if entry["manager"] == "git" {
                assert!(owned(entry).iter().all(|field| field.starts_with("f:spec.")), "{object}: {entry}");
                continue;
            }
            assert_eq!(entry["manager"], "ecs-operator", "{object}: {entry}");
            for field in owned(entry) {
                let allowed = if entry["subresource"] == "status" {
                    field.starts_with("f:status.")
                } else {
                    field == "f:metadata.f:finalizers"
                };
                assert!(allowed, "{object}: {field} in {entry}");
            }
        }
    }
    // Nothing is written while nothing changes.
    let versions = ["get", "ecs", "-o", "jsonpath={.items[*].metadata.resourceVersion}"];
    tokio::time::sleep(std::time::Duration::from_secs(8)).await;
    let before = stage.kubectl(&versions).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(8)).await;
    assert_eq!(stage.kubectl(&versions).await.unwrap(), before);
}
