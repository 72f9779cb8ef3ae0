//! The life of a release, and two releases side by side.

use serde_json::json;

use super::helm::CHART;
use super::plane::{HOME, charted, restricted};

#[tokio::test]
async fn install_upgrade_and_rollback_wait_for_the_pods_and_an_uninstalled_release_leaves_crds_and_objects() {
    let story = &charted().await.story;
    assert_eq!(story.replicas, [json!(2), json!(3), json!(2)]);
    for crd in ecs_operator::api::schema::crds().unwrap() {
        assert!(story.crds_after.contains(crd.metadata.name.as_deref().unwrap()), "{}", story.crds_after);
    }
    assert!(story.object_after["metadata"].get("deletionTimestamp").is_none(), "{}", story.object_after);
    assert_eq!(story.left, "");
}

#[tokio::test]
async fn the_record_of_a_release_stays_far_below_the_limit_of_a_secret() {
    let record = charted().await.story.record;
    assert!((10_000..500 * 1024).contains(&record), "{record}");
}

#[tokio::test]
async fn two_releases_with_namespaces_of_their_own_live_in_one_cluster() {
    let charted = charted().await;
    for team in ["red", "blue"] {
        let home = format!("system-{team}");
        restricted(&charted.plane, &home).await;
        charted.plane.kubectl(&["create", "namespace", team], None).await.unwrap();
        let values = format!("installationId={team},scope.namespaces={{{team}}},crds.enabled=false");
        let install = ["install", "ecs-operator", CHART, "-n", &home, "--set", &values, "--wait", "--timeout=120s"];
        charted.helm(&install).await.unwrap();
    }
    for (team, other) in [("red", "blue"), ("blue", "red")] {
        let account = format!("--as=system:serviceaccount:system-{team}:ecs-operator");
        for (namespace, answer) in [(team, "yes"), (other, "no"), (HOME, "no")] {
            let ask = ["auth", "can-i", "patch", "ecsservices.ecs-operator.dev", "-n", namespace, &account];
            let ran = charted.plane.kubectl(&ask, None).await;
            assert_eq!(ran.out.trim(), answer, "{team} in {namespace}: {}", ran.err);
        }
    }
    charted.helm(&["uninstall", "ecs-operator", "-n", "system-red"]).await.unwrap();
    let kept = "clusterrole/ecs-operator.system-blue";
    charted.plane.kubectl(&["get", kept, "deployment/ecs-operator", "-n", "system-blue"], None).await.unwrap();
    charted.helm(&["uninstall", "ecs-operator", "-n", "system-blue"]).await.unwrap();
    charted.plane.kubectl(&["get", "deployment/ecs-operator", "-n", HOME], None).await.unwrap();
}
