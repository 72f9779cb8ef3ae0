//! What Argo CD's own differ makes of objects on a real API server: never out of sync without anybody's doing.

use serde_json::{Value, json};

use super::tool::ask;
use crate::local_api::stage::Stage;
use crate::server_group::group;
use crate::support::manifests::{cluster, service, web};
use crate::support::world::REGION;

const ARGO: &str = "argocd-controller";
const OBJECTS: [&str; 4] = ["ecsc/prod", "ecstd/web", "ecss/web", "ecssg/shop-prod"];

/// What Git has: the counts are left to whoever scales.
fn in_git(image: &str) -> [Value; 4] {
    let mut uncounted = service("web", "prod", "web");
    uncounted["spec"].as_object_mut().unwrap().remove("desiredCount");
    let mut group = group(image, &json!({"gate": {"minHealthySeconds": 1}}));
    group["spec"].as_object_mut().unwrap().remove("capacity");
    [cluster("prod"), web("web", image), uncounted, group]
}

/// The API server's schemas of our group, and what they refer to.
async fn schemas(stage: &Stage) -> Value {
    let mut published = stage.kubectl(&["get", "--raw", "/openapi/v2"]).await.json();
    published["paths"] = json!({});
    published["parameters"] = json!({});
    let wanted = ["dev.ecs-operator.", "io.k8s.apimachinery."];
    let definitions = published["definitions"].as_object_mut().unwrap();
    definitions.retain(|name, _| wanted.iter().any(|prefix| name.starts_with(prefix)));
    assert!(definitions.len() > 4, "{:?}", definitions.keys());
    published
}

/// An object and what an apply of its manifest would make of it: the operator wrote nothing in between.
async fn of_one_moment(stage: &Stage, object: &str, manifest: &Value) -> (Value, Value) {
    let manager = format!("--field-manager={ARGO}");
    let dry = ["apply", "--server-side", "--dry-run=server", "--force-conflicts", &manager, "-o", "json"];
    let dry = [&dry[..], &["--show-managed-fields"]].concat();
    for _ in 0..50 {
        let before = stage.get(object).await;
        let predicted = stage.send(&dry, std::slice::from_ref(manifest)).await.json();
        let after = stage.get(object).await;
        if before["metadata"]["resourceVersion"] == after["metadata"]["resourceVersion"] {
            return (after, predicted);
        }
    }
    panic!("{object} is written again and again");
}

/// Asks the differ about all objects.
async fn in_sync(stage: &Stage, openapi: &Value, git: &[Value], moment: &str) {
    let mut requests = Vec::new();
    for (object, manifest) in OBJECTS.iter().zip(git) {
        let mut config = manifest.clone();
        config["metadata"]["namespace"] = stage.namespace.as_str().into();
        let (live, predicted) = of_one_moment(stage, object, manifest).await;
        requests.push(json!({
            "ask": "diff", "object": live, "config": config, "predicted": predicted, "openapi": openapi, "manager": ARGO,
        }));
    }
    for (object, answer) in OBJECTS.iter().zip(ask(&requests)) {
        for way in ["threeWay", "structuredMerge", "serverSide"] {
            assert_eq!(answer[way], json!({"modified": false}), "{object} {moment}: {way}");
        }
    }
}

/// The differ is asked after each thing that changes an object without Git; `apply` is how Argo CD applies.
async fn stays_in_sync(namespace: &str, apply: &[&str]) {
    let stage = Stage::operated(namespace).await;
    let git = in_git("nginx:1");
    stage.send(apply, &git).await.unwrap();
    let openapi = schemas(&stage).await;
    in_sync(&stage, &openapi, &git, "when new").await;
    stage.ready(&OBJECTS).await;
    in_sync(&stage, &openapi, &git, "when ready").await;
    stage.kubectl(&["scale", "ecss/web", "ecssg/shop-prod", "--replicas=3"]).await.unwrap();
    stage.kubectl(&["wait", "ecss/web", "--for=jsonpath={.status.runningCount}=3", "--timeout=60s"]).await.unwrap();
    stage.ready(&OBJECTS).await;
    in_sync(&stage, &openapi, &git, "when scaled").await;
    for object in ["ecss/web", "ecssg/shop-prod"] {
        stage.kubectl(&["annotate", object, "ecs-operator.dev/restarted-at=now"]).await.unwrap();
    }
    stage
        .kubectl(&["wait", "ecss/web", "--for=jsonpath={.status.lastHandled.restartedAt}=now", "--timeout=60s"])
        .await
        .unwrap();
    stage.ready(&OBJECTS).await;
    in_sync(&stage, &openapi, &git, "when restarted").await;
    let git = in_git("nginx:2");
    stage.send(apply, &git).await.unwrap();
    stage
        .kubectl(&["wait", "ecss/web", "--for=jsonpath={.status.taskDefinition}=web:2", "--timeout=60s"])
        .await
        .unwrap();
    stage.ready(&OBJECTS).await;
    in_sync(&stage, &openapi, &git, "when rolled out").await;
}

#[tokio::test]
async fn argos_differ_says_synced_of_what_it_applied_server_side() {
    stays_in_sync("argo-server", &["apply", "--server-side", "--field-manager=argocd-controller"]).await;
}

#[tokio::test]
async fn argos_differ_says_synced_of_what_it_applied_client_side() {
    stays_in_sync("argo-client", &["apply", "--field-manager=argocd-controller"]).await;
}

/// The test would notice: an edit beside Git is out of sync in each way.
#[tokio::test]
async fn argos_differ_sees_an_edit_of_what_is_in_git() {
    let stage = Stage::new("argo-edited").await;
    stage.send(&["apply", "--field-manager=argocd-controller"], &in_git("nginx:1")).await.unwrap();
    let openapi = schemas(&stage).await;
    let mut config = in_git("nginx:2")[1].clone();
    config["metadata"]["namespace"] = stage.namespace.as_str().into();
    let mut predicted = stage.get("ecstd/web").await;
    predicted["spec"]["containerDefinitions"][0]["image"] = "nginx:2".into();
    let answer = ask(&[json!({
        "ask": "diff", "object": stage.get("ecstd/web").await, "config": config, "predicted": predicted,
        "openapi": openapi, "manager": ARGO,
    })]);
    for way in ["threeWay", "structuredMerge"] {
        assert_eq!(answer[0][way]["modified"], true, "{way}: {answer:?}");
    }
}

#[tokio::test]
async fn kstatus_waits_for_real_objects_that_nobody_has_seen_yet_and_gives_up_on_stalled_ones() {
    let mut stage = Stage::new("kstatus").await;
    // Somebody else's cluster of that name: not to be taken over, and not to be waited for.
    let person = aws_sdk_ecs::Client::new(&stage.aws.of_a_person().config(REGION));
    person.create_cluster().cluster_name("prod").send().await.unwrap();
    stage.apply(&in_git("nginx:1")).await.unwrap();
    let says = async |stage: &Stage| {
        let mut requests = Vec::new();
        for object in OBJECTS {
            requests.push(super::health::judged(&stage.get(object).await));
        }
        ask(&requests).iter().map(|answer| answer["kstatus"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(says(&stage).await, ["InProgress"; 4]);
    stage.operate().await;
    stage.until("ecsc/prod", "False", "AdoptionRequired").await;
    stage.ready(&["ecstd/web"]).await;
    for waits in ["ecss/web", "ecssg/shop-prod"] {
        stage.until(waits, "False", "DependencyNotReady").await;
    }
    assert_eq!(says(&stage).await, ["Failed", "Current", "InProgress", "InProgress"]);
}
