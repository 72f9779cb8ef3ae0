//! Every sample of a server group: admitted by the API server without a warning, and brought to Ready by the operator.

use std::fs;
use std::path::{Path, PathBuf};

use ecs_sim::elbv2::{Balanced, BalancerSpec};
use ecs_sim::fixtures::AlarmState;
use serde_json::{Value, json};

use super::super::stage::{Stage, condition};
use crate::support::manifests::cluster;
use crate::support::world::{REGION, key};

/// The sample that shows every field.
const FULL: &str = "server-group.yaml";

/// The samples with their file names, in the order of these, in the Region of the tests.
fn load() -> Vec<(String, String)> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/samples");
    let folder = fs::read_dir(here.join("server-groups")).unwrap();
    let mut paths: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    paths.push(here.join("full").join(FULL));
    paths.sort();
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let text = |path: &Path| fs::read_to_string(path).unwrap().replace("eu-central-1", REGION);
    paths.iter().map(|path| (name(path), text(path))).collect()
}

fn parsed(text: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(text).unwrap()
}

#[test]
fn every_sample_of_a_group_opens_with_a_comment_that_says_what_it_shows() {
    let samples = load();
    assert_eq!(samples.len(), 18);
    let mut names = Vec::new();
    for (file, text) in samples {
        assert!(text.starts_with("# "), "{file}");
        let groups = parsed(&text).into_iter().filter(|manifest| manifest["kind"] == "ServerGroup");
        names.extend(groups.map(|group| group["metadata"]["name"].as_str().unwrap().to_owned()));
    }
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 18, "each under a name of its own: {names:?}");
}

fn balancer(stage: &Stage, name: &str, groups: &[(&str, i64)]) -> Balanced {
    let spec = BalancerSpec { interval_seconds: 5, healthy_threshold: 2, ..BalancerSpec::new(name, groups) };
    stage.aws.sim(|sim| sim.balancer(&key(), &spec)).unwrap()
}

#[tokio::test]
async fn every_sample_of_a_group_becomes_ready() {
    let stage = Stage::operated("group-samples").await;
    balancer(&stage, "front", &[("shop-front", 1)]);
    let weighted = balancer(&stage, "store", &[("shop-store-blue", 100), ("shop-store-green", 0)]);
    let full = balancer(&stage, "full", &[("full-store-blue", 100), ("full-store-green", 0)]);
    for alarm in ["shop-pricing-latency", "shop-5xx"] {
        stage.aws.sim(|sim| sim.with_fleet(&key(), |fleet| fleet.set_alarm(alarm, AlarmState::Ok)));
    }
    stage.apply(&[cluster("demo")]).await.unwrap();
    let mut groups = Vec::new();
    for (file, text) in load() {
        let mut manifests = parsed(&text);
        for manifest in &mut manifests {
            if manifest["kind"] != "ServerGroup" {
                continue;
            }
            groups.push(format!("ecssg/{}", manifest["metadata"]["name"].as_str().unwrap()));
            // The ARN of a rule of the simulated AWS cannot be known beforehand.
            if let Some(rules) = manifest.pointer_mut("/spec/traffic/listenerRules") {
                *rules = json!([if file == FULL { &full.rule } else { &weighted.rule }]);
            }
        }
        if file == "rollback-pin.yaml" {
            pinned(&stage, &manifests).await;
        }
        let strict = ["apply", "--server-side", "--field-manager=git", "--warnings-as-errors", "--force-conflicts"];
        let ran = stage.send(&strict, &manifests).await;
        assert!(ran.ok, "{file}: {}{}", ran.out, ran.err);
    }
    // One after the other: each has a patience of its own.
    for group in &groups {
        stage.ready(&[group]).await;
    }
    let message = async |group: &str| condition(&stage.get(group).await, "Ready")["message"].clone();
    assert_eq!(message("ecssg/shop-test-reports").await, "Disabled: no version has tasks.");
    let pinned = "Pinned: shop-prod-account-v000 is current, 1/1 tasks.";
    assert_eq!(message("ecssg/shop-prod-account").await, pinned);
    let gone = stage.kubectl(&["delete", "ecssg", "--all", "--timeout=90s"]).await;
    assert!(gone.ok, "{}\n{}", gone.err, stage.kubectl(&["get", "ecs", "-o", "yaml"]).await.out);
    assert_eq!(stage.left().await.len(), 1);
}

/// Two versions, so that there is one to go back to.
async fn pinned(stage: &Stage, manifests: &[Value]) {
    let mut group = manifests[0].clone();
    group["spec"].as_object_mut().unwrap().remove("rollback");
    for image in ["registry.example/account:3", "registry.example/account:4"] {
        group["spec"]["template"]["inputs"]["image"] = image.into();
        group["spec"]["gate"] = json!({"minHealthySeconds": 1});
        stage.apply(std::slice::from_ref(&group)).await.unwrap();
        stage.ready(&["ecssg/shop-prod-account"]).await;
    }
}
