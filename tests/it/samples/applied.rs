//! The samples of clusters, task definitions and services, and those that show every field, on a real API server.

use super::prepared::prepare;
use super::{By, Said, Sample, load};
use crate::local_api::stage::{Stage, condition};
use crate::support::world::REGION;

/// Server-side apply, with every unknown field and every warning an error.
const STRICT: [&str; 5] =
    ["apply", "--server-side", "--field-manager=git", "--validate=strict", "--warnings-as-errors"];

async fn apply(stage: &Stage, samples: &[&Sample]) -> Vec<Said> {
    let mut said = Vec::new();
    for sample in samples {
        let ran = stage.send(&STRICT, &sample.manifests()).await;
        assert!(ran.ok, "{}: {}{}", sample.file, ran.out, ran.err);
        said.extend(sample.said());
    }
    said
}

async fn becomes(stage: &Stage, said: &[Said]) {
    let plain: Vec<&str> = said.iter().filter(|said| said.reason.is_none()).map(|said| said.object.as_str()).collect();
    stage.ready(&plain).await;
    for said in said {
        if let Some(reason) = &said.reason {
            stage.until(&said.object, &said.status, reason).await;
        }
    }
}

#[tokio::test]
async fn every_sample_becomes_what_it_says_and_goes() {
    let stage = Stage::operated("samples").await;
    let samples = load();
    prepare(&stage, &samples).await;
    let of = |by: By| -> Vec<&Sample> { samples.iter().filter(|sample| sample.by == by).collect() };
    let start = apply(&stage, &of(By::Start)).await;
    becomes(&stage, &start).await;
    let said = apply(&stage, &of(By::Stage)).await;
    becomes(&stage, &said).await;
    // What was adopted and seen is what somebody else made.
    let status = async |object: &str| stage.get(object).await["status"].clone();
    let drift = status("ecss/orders-watched").await["drift"].clone();
    assert_eq!(drift["paths"], serde_json::json!(["desiredCount"]), "{drift}");
    assert_eq!(condition(&stage.get("ecss/payments").await, "Ready")["reason"], "Succeeded");
    assert_eq!(status("ecstd/foreign").await["revision"], 1);
    stage.kubectl(&["delete", "hpa,ecss,ecstd", "--all", "--timeout=90s"]).await.unwrap();
    let kept: Vec<String> = left(&stage).await.into_iter().filter(|it| !it.starts_with("cluster/")).collect();
    assert_eq!(kept, AFTER_SERVICES);
    // A cluster with a service in it stays.
    let ecs = aws_sdk_ecs::Client::new(&stage.aws.of_a_person().config(REGION));
    ecs.delete_service().cluster("demo").service("kept").force(true).send().await.unwrap();
    stage.kubectl(&["delete", "ecsc", "--all", "--timeout=90s"]).await.unwrap();
    let clusters: Vec<String> = left(&stage).await.into_iter().filter(|it| it.starts_with("cluster/")).collect();
    assert_eq!(clusters, ["cluster/kept", "cluster/legacy", "cluster/shared"]);
}

/// What is in ECS once services and task definitions are deleted, but for clusters: what somebody else made, what was
/// adopted, and what is retained.
const AFTER_SERVICES: [&str; 5] = [
    "service/demo/kept",
    "service/legacy/orders",
    "service/legacy/payments",
    "task-definition/orders:1",
    "task-definition/shop-history:1",
];

/// Names of what is left in ECS, in order.
async fn left(stage: &Stage) -> Vec<String> {
    let name = |arn: &String| arn.splitn(6, ':').nth(5).unwrap().to_owned();
    let mut left: Vec<String> = stage.left().await.iter().map(name).collect();
    left.sort();
    left
}
