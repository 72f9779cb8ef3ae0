//! What holds for every run: time can be cut up, and the seed decides everything.

use ecs_sim::Sim;
use proptest::prelude::*;
use serde_json::json;

use super::{START, request, small};

/// A short story with calls between the given waits.
fn story(seed: u64, waits: &[i64], step: Option<i64>) -> Sim {
    let mut sim = Sim::new(seed, START);
    let calls = [
        ("CreateCluster", json!({ "clusterName": "c1", "capacityProviders": ["FARGATE"] })),
        ("RegisterTaskDefinition", small("web")),
        ("CreateService", json!({ "cluster": "c1", "serviceName": "s", "taskDefinition": "web", "desiredCount": 3 })),
        ("RegisterTaskDefinition", small("web")),
        ("UpdateService", json!({ "cluster": "c1", "service": "s", "taskDefinition": "web:2" })),
        ("DeregisterTaskDefinition", json!({ "taskDefinition": "web:1" })),
        ("DescribeServices", json!({ "cluster": "c1", "services": ["s", "absent"] })),
        ("ListTasks", json!({ "cluster": "c1" })),
        ("DeleteService", json!({ "cluster": "c1", "service": "s", "force": true })),
        ("DescribeClusters", json!({ "clusters": ["c1"], "include": ["ATTACHMENTS", "TAGS"] })),
    ];
    for (index, (action, input)) in calls.iter().enumerate() {
        let until = sim.now() + waits[index % waits.len()];
        while let Some(step) = step.filter(|step| sim.now() + step < until) {
            let next = sim.now() + step;
            sim.advance_to(next);
        }
        sim.answer(&request(action, input), until);
    }
    assert_eq!(sim.shape_faults, Vec::<String>::new());
    assert_eq!(sim.violations(), Vec::<String>::new());
    sim
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn advancing_by_seconds_equals_advancing_at_once(seed: u64, waits in prop::collection::vec(0i64..120_000, 1..6)) {
        let (at_once, cut) = (story(seed, &waits, None), story(seed, &waits, Some(1000)));
        prop_assert_eq!(at_once.transcript, cut.transcript);
    }

    #[test]
    fn the_same_seed_writes_the_same_transcript(seed: u64) {
        let waits = [30_000, 200, 90_000];
        prop_assert_eq!(story(seed, &waits, None).transcript, story(seed, &waits, None).transcript);
    }
}

#[test]
fn another_seed_writes_another_transcript() {
    assert_ne!(story(1, &[30_000], None).transcript, story(2, &[30_000], None).transcript);
}
