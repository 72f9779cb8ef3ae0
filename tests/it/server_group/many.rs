//! Many versions: how many are kept, which of them go, and what is said meanwhile.

use std::collections::BTreeSet;

use ecs_operator::api::status::VersionState;
use ecs_operator::api::{EcsService, ServerGroup};
use ecs_sim::fixtures::ImageFate;
use serde_json::{Value, json};

use super::{MINUTE, children, generation, group, ready, running, served, status, told, writes};
use crate::support::driver::Operator;
use crate::support::world::World;

fn name(number: usize) -> String {
    format!("shop-prod-v{number:03}")
}

/// Names of the services that ECS runs, and the number of revisions that can be used.
async fn in_ecs(world: &World) -> (BTreeSet<String>, usize) {
    let cli = world.cli();
    let listed = cli.list_services().cluster("prod").max_results(100).send().await.unwrap();
    let short = |arn: &String| arn.rsplit('/').next().unwrap().to_owned();
    let active = aws_sdk_ecs::types::TaskDefinitionStatus::Active;
    let revisions = cli.list_task_definitions().family_prefix("shop-prod").status(active).send().await.unwrap();
    (listed.service_arns().iter().map(short).collect(), revisions.task_definition_arns().len())
}

/// Runs passes until nothing is due; at each of them the status keeps its promises.
async fn roll(world: &World, operator: &mut Operator, group: &Value) {
    world.apply::<ServerGroup>(group).await;
    for _ in 0..2000 {
        if operator.next().await.is_none() {
            break;
        }
        let stands = status(world).await;
        assert!(stands.versions.len() <= 10, "{} versions", stands.versions.len());
        assert!(stands.history.len() <= 10, "{} entries of history", stands.history.len());
        let current = stands.versions.iter().find(|version| Some(&version.name) == stands.current_version.as_ref());
        assert_ne!(current.map(|version| version.state), Some(VersionState::Destroying));
        // Nobody is told that a template serves which does not.
        let is_of_this_spec = stands.observed_generation == generation(world).await;
        if is_of_this_spec && ready(world).await.starts_with("True") {
            let hash = current.map(|version| version.template_hash.clone());
            assert_eq!(hash, stands.template_hash, "{}", ready(world).await);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn ten_versions_are_kept_and_the_failed_one_goes_first_then_the_oldest() {
    let one = json!({
        "capacity": {"desired": 1}, "strategy": {"redBlack": {"maxRemaining": 10}}, "gate": {"minHealthySeconds": 1},
    });
    let (world, mut operator) = served(621, &one).await;
    world.aws.sim(|sim| sim.set_image("nginx:4", ImageFate::Missing));
    let expected = [
        (9, (0..10).collect::<Vec<_>>()),
        (10, vec![0, 1, 2, 4, 5, 6, 7, 8, 9, 10]),
        (11, vec![1, 2, 4, 5, 6, 7, 8, 9, 10, 11]),
        (12, vec![2, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
    ];
    for number in 1..=12 {
        roll(&world, &mut operator, &group(&format!("nginx:{}", number + 1), &one)).await;
        // v003 has failed: its predecessor serves.
        let serves = if number == 3 { 2 } else { number };
        assert_eq!(status(&world).await.current_version, Some(name(serves)), "{}", ready(&world).await);
        assert_eq!(running(&world, &name(serves)).await, 1);
        if let Some((_, kept)) = expected.iter().find(|(at, _)| *at == number) {
            let kept: BTreeSet<String> = kept.iter().map(|number| name(*number)).collect();
            let listed: BTreeSet<String> = status(&world).await.versions.into_iter().map(|v| v.name).collect();
            assert_eq!(listed, kept);
            assert_eq!(in_ecs(&world).await, (kept.clone(), 10), "neither more nor fewer in ECS");
            let definitions = kept.iter().map(|name| format!("td/{name}"));
            assert_eq!(children(&world).await, kept.iter().cloned().chain(definitions).collect::<Vec<_>>());
        }
    }
    let stands = status(&world).await;
    assert_eq!(stands.last_sequence, Some(12));
    let newest: Vec<_> = stands.history.iter().take(2).map(|entry| (entry.version.clone(), &*entry.result)).collect();
    assert_eq!(newest, [(name(12), "Complete"), (name(1), "Destroyed")]);
    assert_eq!(told(&world, "Deleted").len(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_eleventh_active_version_is_refused_until_one_is_deleted() {
    let stay = json!({"capacity": {"desired": 1}, "strategy": {"none": {}}, "gate": {"minHealthySeconds": 1}});
    let (world, mut operator) = served(622, &stay).await;
    for number in 1..=9 {
        roll(&world, &mut operator, &group(&format!("nginx:{}", number + 1), &stay)).await;
    }
    assert_eq!(status(&world).await.versions.len(), 10);
    world.aws.take_sent();
    roll(&world, &mut operator, &group("nginx:11", &stay)).await;
    let said = ready(&world).await;
    assert!(said.starts_with("False InvalidSpec: 10 versions are active; destroy one first"), "{said}");
    assert_eq!(writes(&world), Vec::<String>::new());
    for number in 0..=9 {
        assert_eq!(running(&world, &name(number)).await, 1, "{number}");
    }
    world.delete::<EcsService>(&name(4)).await;
    operator.settle(2 * MINUTE, 30 * MINUTE).await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v010 is current, 1/1 tasks.");
    let (services, revisions) = in_ecs(&world).await;
    assert!(!services.contains(&name(4)) && services.contains(&name(10)), "{services:?}");
    assert_eq!((services.len(), revisions), (10, 10));
}
