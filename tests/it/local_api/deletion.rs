//! Deletion in any order and all at once: nothing is left in ECS, nothing hangs.

use serde_json::{Value, json};

use super::stage::{Stage, condition};
use crate::support::manifests::{cluster, service, web};

/// One set of the three kinds under names of its own.
fn set(n: usize) -> [Value; 3] {
    let (c, d) = (format!("c{n}"), format!("d{n}"));
    let mut small = service(&format!("s{n}"), &c, &d);
    small["spec"]["desiredCount"] = json!(1);
    [cluster(&c), web(&d, "nginx:1"), small]
}

const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

#[tokio::test]
async fn every_order_of_creation_and_deletion_leaves_nothing_in_ecs() {
    let stage = Stage::operated("orders").await;
    let mut names = Vec::new();
    for (n, order) in ORDERS.iter().enumerate() {
        let manifests = set(n);
        let ordered: Vec<Value> = order.iter().map(|&at| manifests[at].clone()).collect();
        stage.apply(&ordered).await.unwrap();
        names.extend([format!("ecsc/c{n}"), format!("ecstd/d{n}"), format!("ecss/s{n}")]);
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    stage.ready(&names).await;
    assert_eq!(stage.left().await.len(), 18);
    for (n, order) in ORDERS.iter().enumerate() {
        for &at in order {
            stage.kubectl(&["delete", names[n * 3 + at], "--wait=false"]).await.unwrap();
        }
    }
    let gone = [&["wait", "--for=delete", "--timeout=90s"], &names[..]].concat();
    let ran = stage.kubectl(&gone).await;
    assert!(ran.ok, "{}\n{}", ran.err, stage.kubectl(&["get", "ecs", "-o", "wide"]).await.out);
    assert_eq!(stage.left().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_cluster_waits_for_its_service_and_says_for_which() {
    let stage = Stage::operated("blocked").await;
    stage.apply(&set(1)).await.unwrap();
    stage.ready(&["ecsc/c1", "ecstd/d1", "ecss/s1"]).await;
    stage.kubectl(&["delete", "ecsc/c1", "--wait=false"]).await.unwrap();
    let message = stage.until("ecsc/c1", "False", "DeletionBlocked").await;
    assert!(message.contains("s1"), "{message}");
    let held = stage.get("ecsc/c1").await;
    assert!(condition(&held, "Stalled").is_null(), "{held}");
    stage.kubectl(&["delete", "ecss/s1", "--timeout=60s"]).await.unwrap();
    stage.kubectl(&["wait", "--for=delete", "ecsc/c1", "--timeout=60s"]).await.unwrap();
    stage.kubectl(&["delete", "ecstd/d1", "--timeout=60s"]).await.unwrap();
    assert_eq!(stage.left().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_deleted_namespace_leaves_nothing_in_ecs() {
    let stage = Stage::operated("doomed").await;
    stage.apply(&set(1)).await.unwrap();
    stage.ready(&["ecsc/c1", "ecstd/d1", "ecss/s1"]).await;
    let ran = stage.kubectl(&["delete", "namespace", "doomed", "--timeout=90s"]).await;
    assert!(ran.ok, "{}\n{}", ran.err, stage.kubectl(&["get", "ecs", "-o", "wide"]).await.out);
    assert_eq!(stage.left().await, Vec::<String>::new());
}

#[tokio::test]
async fn what_is_pruned_is_deleted_and_what_stays_is_left_alone() {
    let stage = Stage::operated("pruned").await;
    let prune = [
        "apply",
        "--prune",
        "-l",
        "app=shop",
        "--prune-allowlist=ecs-operator.dev/v1alpha1/EcsCluster",
        "--prune-allowlist=ecs-operator.dev/v1alpha1/EcsTaskDefinition",
        "--prune-allowlist=ecs-operator.dev/v1alpha1/EcsService",
    ];
    let mut all: Vec<Value> = set(1).into();
    for manifest in &mut all {
        manifest["metadata"]["labels"] = json!({"app": "shop"});
    }
    stage.send(&prune, &all).await.unwrap();
    stage.ready(&["ecsc/c1", "ecstd/d1", "ecss/s1"]).await;
    let pruned = stage.send(&prune, &all[..1]).await.unwrap();
    assert!(pruned.contains("s1 pruned") && pruned.contains("d1 pruned"), "{pruned}");
    stage.kubectl(&["wait", "--for=delete", "ecss/s1", "ecstd/d1", "--timeout=60s"]).await.unwrap();
    stage.ready(&["ecsc/c1"]).await;
    let left = stage.left().await;
    assert!(left.len() == 1 && left[0].ends_with(":cluster/c1"), "{left:?}");
}
