//! An autoscaler of Kubernetes that scales a group while a rollout is open.

use serde_json::json;

use super::super::stage::Stage;
use super::{GROUP, image, serving, until};

/// An autoscaler that wants exactly so many; its own minimum needs no metric.
async fn autoscaled(stage: &Stage, count: i64) {
    let autoscaler = json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "shop"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "ecs-operator.dev/v1alpha1", "kind": "ServerGroup", "name": "shop-prod"},
            "minReplicas": count, "maxReplicas": count,
            "metrics": [{"type": "External", "external": {
                "metric": {"name": "queue"}, "target": {"type": "Value", "value": "1"},
            }}],
        },
    });
    stage.apply(&[autoscaler]).await.unwrap();
}

/// Waits until an object has so many running tasks.
async fn tasks(stage: &Stage, service: &str, count: i64) {
    let wanted = format!("--for=jsonpath={{.status.runningCount}}={count}");
    let ran = stage.kubectl(&["wait", &format!("ecss/{service}"), &wanted, "--timeout=90s"]).await;
    assert!(ran.ok, "{}\n{}", ran.err, stage.get(GROUP).await);
}

#[tokio::test]
async fn an_autoscaler_of_kubernetes_grows_what_serves_during_a_canary_and_its_count_stands_afterwards() {
    let steps = json!([{"setCapacity": {"percent": 50}}, {"pause": {}}]);
    let members = json!({"strategy": {"canary": {"steps": steps}}, "capacity": {"min": 1, "desired": 2, "max": 8}});
    let stage = serving("group-autoscaled", &members).await;
    image(&stage, "nginx:2").await;
    stage.until(GROUP, "False", "AwaitingApproval").await;
    autoscaled(&stage, 6).await;
    tasks(&stage, "shop-prod-v000", 6).await;
    let group = stage.get(GROUP).await;
    assert_eq!(group["spec"]["capacity"]["desired"], 6);
    assert_eq!(group["status"]["currentVersion"], "shop-prod-v000", "the person is still waited for");
    let promote = group["status"]["rollout"]["promoteWith"].as_str().unwrap().to_owned();
    stage.kubectl(&["annotate", GROUP, &format!("ecs-operator.dev/promote={promote}")]).await.unwrap();
    until(&stage, ".status.currentVersion", "shop-prod-v001").await;
    stage.ready(&[GROUP]).await;
    let group = stage.get(GROUP).await;
    assert_eq!((&group["status"]["ready"], &group["spec"]["capacity"]["desired"]), (&json!("6/6"), &json!(6)));
    tasks(&stage, "shop-prod-v001", 6).await;
    tasks(&stage, "shop-prod-v000", 0).await;
}
