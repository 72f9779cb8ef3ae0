//! Versions that do not work: noticed soon, undone, told of, and not tried again.

use std::time::Duration;

use ecs_operator::api::ServerGroup;
use ecs_operator::api::condition::ConditionType;
use ecs_operator::api::status::VersionState;
use ecs_sim::cloudwatch::metric::Series;
use ecs_sim::fixtures::{AlarmState, ImageFate};
use serde_json::{Value, json};

use super::{
    MINUTE, balanced, children, group, idle, ready, running, seconds, served, status, through, told, until, weighted,
    weights_of_b, worlds,
};
use crate::behaviour::line;
use crate::support::driver::Operator;
use crate::support::manifests::errors;
use crate::support::world::{World, key};

const OLD: (&str, i32) = ("shop-prod-v000", 2);

fn fate(world: &World, image: &str, fate: ImageFate) {
    world.aws.sim(|sim| sim.set_image(image, fate));
}

fn alarm(world: &World, state: AlarmState) {
    world.aws.sim(|sim| sim.with_fleet(&key(), |fleet| fleet.set_alarm("errors", state)));
}

/// v001 failed and was undone, v000 serves, and an hour changes nothing.
async fn held(world: &World, operator: &mut Operator, why: &str) {
    operator.rest().await;
    let said = ready(world).await;
    assert!(said.starts_with("False DeploymentRolledBack: "), "{said}");
    assert!(said.contains(why) && said.contains("shop-prod-v000 serves"), "{said}");
    let stands = status(world).await;
    for (kind, is) in [(ConditionType::Stalled, true), (ConditionType::Available, true), (ConditionType::Synced, false)]
    {
        assert_eq!(line(&stands.conditions, kind).starts_with("True"), is, "{kind:?}: {:?}", stands.conditions);
    }
    assert_eq!((stands.current_version.as_deref(), stands.last_sequence), (Some("shop-prod-v000"), Some(1)));
    let failed = stands.versions.iter().find(|version| version.sequence == 1).unwrap();
    assert_eq!(failed.state, VersionState::Failed);
    let failure = failed.failure.clone().unwrap();
    assert!(failure.message.contains(why), "{failure:?}");
    assert_eq!((running(world, "shop-prod-v000").await, running(world, "shop-prod-v001").await), (2, 0));
    let failed = told(world, "RolloutFailed");
    assert!(failed.len() == 1 && failed[0].contains(why), "{failed:?}");
    assert_eq!(told(world, "RolledBack").len(), 1);
    assert_eq!(idle(world, operator).await, Vec::<String>::new());
    assert_eq!(ready(world).await, said);
    assert_eq!(told(world, "RolloutStarted").len(), 2, "not tried again");
}

#[tokio::test(start_paused = true)]
async fn an_image_that_is_missing_is_rolled_back_within_seconds_of_the_second_failed_task() {
    let (world, mut operator) = served(511, &json!({})).await;
    fate(&world, "nginx:2", ImageFate::Missing);
    world.apply::<ServerGroup>(&group("nginx:2", &json!({}))).await;
    through(&world, &mut operator, 30 * MINUTE, OLD).await;
    held(&world, &mut operator, "CannotPullContainerError").await;
    let status = status(&world).await;
    let failure = status.versions[0].failure.clone().unwrap();
    let mut stops: Vec<_> = status.recent_failures.iter().map(|task| task.stopped_at.clone()).collect();
    stops.sort();
    let late = seconds(stops[1].as_ref(), failure.at.as_ref());
    assert!(late <= 15, "noticed {late} s after the second task stopped");
    assert!(status.recent_failures[0].reason.contains("nginx:2"), "{:?}", status.recent_failures[0]);
}

#[tokio::test(start_paused = true)]
async fn containers_that_exit_are_counted_and_stop_the_rollout() {
    let (world, mut operator) = served(512, &json!({"gate": {"maxFailedTasks": 4}})).await;
    fate(&world, "nginx:2", ImageFate::Exits { after_ms: 3000, code: 137 });
    world.apply::<ServerGroup>(&group("nginx:2", &json!({"gate": {"maxFailedTasks": 4}}))).await;
    through(&world, &mut operator, 30 * MINUTE, OLD).await;
    held(&world, &mut operator, "tasks of shop-prod-v001 failed (`gate.maxFailedTasks` is 4)").await;
    let message = status(&world).await.versions[0].failure.clone().unwrap().message;
    assert!(message.contains("137"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn a_circuit_breaker_that_trips_ends_the_rollout_and_the_old_version_keeps_the_weight() {
    let many = json!({"gate": {"maxFailedTasks": 1000}});
    let (world, mut operator, rule) = balanced(513, &many).await;
    fate(&world, "nginx:2", ImageFate::Unhealthy);
    world.apply::<ServerGroup>(&weighted("nginx:2", &rule, &many)).await;
    through(&world, &mut operator, 60 * MINUTE, OLD).await;
    held(&world, &mut operator, "ECS gave up the deployment of shop-prod-v001 (FAILED)").await;
    let message = status(&world).await.versions[0].failure.clone().unwrap().message;
    assert!(message.contains("Task failed ELB health checks"), "{message}");
    assert_eq!(weights_of_b(&world, &rule), [0], "the new version never received traffic");
}

#[tokio::test(start_paused = true)]
async fn tasks_that_never_start_end_at_the_deadline_of_progress() {
    let soon = json!({"gate": {"progressDeadlineSeconds": 300}});
    let (world, mut operator) = served(514, &soon).await;
    fate(&world, "nginx:2", ImageFate::Hangs);
    world.apply::<ServerGroup>(&group("nginx:2", &soon)).await;
    through(&world, &mut operator, 60 * MINUTE, OLD).await;
    operator.rest().await;
    let said = ready(&world).await;
    assert!(said.starts_with("False ProgressDeadlineExceeded: no progress for 300 s"), "{said}");
    let status = status(&world).await;
    let failure = status.versions[0].failure.clone().unwrap();
    let took = seconds(status.versions[0].created_at.as_ref(), failure.at.as_ref());
    assert!((300..=330).contains(&took), "{took}");
    assert_eq!((running(&world, "shop-prod-v000").await, running(&world, "shop-prod-v001").await), (2, 0));
    assert_eq!(idle(&world, &mut operator).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn targets_that_fail_their_checks_keep_the_weight_on_the_old_version() {
    let soon = json!({
        "gate": {"progressDeadlineSeconds": 240, "maxFailedTasks": 1000},
        "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": false}},
    });
    let (world, mut operator, rule) = balanced(515, &soon).await;
    world.aws.sim(|sim| sim.with_fleet(&key(), |fleet| fleet.fail_target_group(&rule.groups[1], true)));
    world.apply::<ServerGroup>(&weighted("nginx:2", &rule, &soon)).await;
    through(&world, &mut operator, 60 * MINUTE, OLD).await;
    operator.rest().await;
    let said = ready(&world).await;
    assert!(said.starts_with("False "), "{said}");
    assert!(said.contains("shop-prod-v000 serves"), "{said}");
    assert_eq!(weights_of_b(&world, &rule), [0], "the new version never received traffic");
    assert_eq!((running(&world, "shop-prod-v000").await, running(&world, "shop-prod-v001").await), (2, 0));
    let failure = status(&world).await.versions[0].failure.clone().unwrap();
    assert!(failure.message.contains("of 2 tasks of shop-prod-v001 healthy"), "{failure:?}");
    assert_eq!(idle(&world, &mut operator).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn targets_that_fail_in_shared_target_groups_stop_the_rollout_too() {
    let (world, mut operator) = worlds(516).await;
    let rule = super::balancer(&world);
    let shared = |image: &str| {
        let mapping = json!({"targetGroupMappings": [{"containerPort": 80, "targetGroup": "blue"}]});
        group(image, &json!({"template": mapping, "gate": {"progressDeadlineSeconds": 240}}))
    };
    world.apply::<ServerGroup>(&shared("nginx:1")).await;
    operator.rest().await;
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
    fate(&world, "nginx:2", ImageFate::Unhealthy);
    world.apply::<ServerGroup>(&shared("nginx:2")).await;
    through(&world, &mut operator, 60 * MINUTE, OLD).await;
    operator.rest().await;
    let said = ready(&world).await;
    assert!(said.starts_with("False ") && said.contains("shop-prod-v000 serves"), "{said}");
    assert_eq!((running(&world, "shop-prod-v000").await, running(&world, "shop-prod-v001").await), (2, 0));
    assert_eq!(weights_of_b(&world, &rule), [0]);
    assert_eq!(idle(&world, &mut operator).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn an_alarm_that_fires_in_a_canary_gives_the_traffic_back_at_once() {
    let canary = json!({
        "strategy": {"canary": {"steps": [{"setWeight": 50}, {"pause": {}}]}},
        "gate": {"alarmNames": ["errors"]},
    });
    let (world, mut operator) = worlds(517).await;
    let rule = super::balancer(&world);
    alarm(&world, AlarmState::Ok);
    world.apply::<ServerGroup>(&weighted("nginx:1", &rule, &canary)).await;
    operator.rest().await;
    world.apply::<ServerGroup>(&weighted("nginx:2", &rule, &canary)).await;
    until(&world, &mut operator, "False AwaitingApproval").await;
    assert!(ready(&world).await.contains("promote"), "{}", ready(&world).await);
    assert_eq!(weights_of_b(&world, &rule), [0, 50]);
    alarm(&world, AlarmState::Alarm);
    let fired = world.clock.now();
    through(&world, &mut operator, 30 * MINUTE, OLD).await;
    held(&world, &mut operator, "alarm `errors` is in ALARM").await;
    assert_eq!(weights_of_b(&world, &rule), [0, 50, 0]);
    let log = world.aws.sim(|sim| sim.weight_log(&key(), &rule.rule));
    let late = (log[2].at - fired.as_millisecond()) / 1000;
    assert!(late <= 30, "the traffic went back after {late} s");
    // An alarm that still fires keeps the next rollout from beginning, and says so.
    world.apply::<ServerGroup>(&weighted("nginx:3", &rule, &canary)).await;
    operator.rest().await;
    let said = ready(&world).await;
    assert!(said.starts_with("False InvalidSpec") && said.contains("alarm `errors` is already in ALARM"), "{said}");
    assert_eq!(status(&world).await.last_sequence, Some(1));
    alarm(&world, AlarmState::Ok);
    operator.settle(15 * MINUTE, 16 * MINUTE).await;
    assert_eq!(status(&world).await.last_sequence, Some(2), "{}", ready(&world).await);
}

#[tokio::test(start_paused = true)]
pub(crate) async fn a_metric_that_turns_bad_in_a_canary_fails_it() {
    let canary = json!({"strategy": {"canary": {"steps": [
        {"setWeight": 20}, {"analysis": {"intervalSeconds": 60, "count": 10, "metrics": [errors(60)]}},
    ]}}});
    let (world, mut operator, rule) = balanced(518, &canary).await;
    // Good at first, bad from the fourth minute on.
    let points = (0..60).map(|minute| (minute * 60, if minute < 6 { 1.0 } else { 50.0 })).collect();
    world.aws.sim(|sim| {
        sim.set_series(&key(), "Shop", "Errors", &[("ServiceName", "shop-prod-v001")], Series::Points(points));
    });
    world.apply::<ServerGroup>(&weighted("nginx:2", &rule, &canary)).await;
    through(&world, &mut operator, 60 * MINUTE, OLD).await;
    held(&world, &mut operator, "the analysis of shop-prod-v001 failed").await;
    assert_eq!(weights_of_b(&world, &rule), [0, 20, 0]);
    let measured = status(&world).await.history[0].clone();
    assert_eq!((measured.version.as_str(), measured.result.as_str()), ("shop-prod-v001", "Failed"));
    assert!(measured.message.contains("errors"), "{measured:?}");
}

/// v001 failed because its image was missing.
async fn failed_once(seed: u64, members: &Value) -> (World, Operator) {
    let (world, mut operator) = served(seed, members).await;
    fate(&world, "nginx:2", ImageFate::Missing);
    world.apply::<ServerGroup>(&group("nginx:2", members)).await;
    operator.rest().await;
    assert!(ready(&world).await.starts_with("False DeploymentRolledBack"), "{}", ready(&world).await);
    (world, operator)
}

#[tokio::test(start_paused = true)]
async fn a_retry_makes_a_new_number_and_only_once() {
    let (world, mut operator) = failed_once(519, &json!({})).await;
    fate(&world, "nginx:2", ImageFate::Runs);
    world.annotate::<ServerGroup>("shop-prod", "retry", "shop-prod-v000").await;
    operator.rest().await;
    assert_eq!(status(&world).await.last_sequence, Some(1), "that version is not held");
    let ignored = told(&world, "RequestIgnored");
    assert!(ignored.len() == 1 && ignored[0].contains("shop-prod-v001"), "{ignored:?}");
    world.annotate::<ServerGroup>("shop-prod", "retry", "shop-prod-v001").await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v002 is current, 2/2 tasks.");
    assert!(status(&world).await.hold.is_none());
    // Annotation still there: it is answered.
    assert_eq!(idle(&world, &mut operator).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_template_that_is_reverted_is_ready_again_without_a_new_version() {
    let (world, mut operator) = failed_once(520, &json!({})).await;
    world.aws.take_sent();
    world.apply::<ServerGroup>(&group("nginx:1", &json!({}))).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v000 is current, 2/2 tasks.");
    assert_eq!(super::writes(&world), Vec::<String>::new());
    assert_eq!(status(&world).await.last_sequence, Some(1));
    // The bad template again: still held.
    world.apply::<ServerGroup>(&group("nginx:2", &json!({}))).await;
    operator.rest().await;
    assert!(ready(&world).await.starts_with("False DeploymentRolledBack"), "{}", ready(&world).await);
    assert_eq!(super::writes(&world), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_version_that_failed_is_destroyed_where_that_is_asked_for() {
    let (world, _) = failed_once(521, &json!({"rollback": {"destroyLatest": true}})).await;
    assert_eq!(children(&world).await, ["shop-prod-v000", "td/shop-prod-v000"]);
    let status = status(&world).await;
    assert_eq!(status.versions.len(), 1);
    assert_eq!(status.history[0].result, "Failed", "{:?}", status.history);
}

#[tokio::test(start_paused = true)]
async fn without_rollback_a_failed_version_stays_as_it_is_and_a_better_one_follows() {
    let keep = json!({"rollback": {"onFailure": false}});
    let (world, mut operator) = served(522, &keep).await;
    fate(&world, "nginx:2", ImageFate::Missing);
    world.apply::<ServerGroup>(&group("nginx:2", &keep)).await;
    through(&world, &mut operator, 30 * MINUTE, OLD).await;
    operator.settle(Duration::from_secs(30), 5 * MINUTE).await;
    let said = ready(&world).await;
    assert!(said.starts_with("False DeploymentFailed") && said.contains("CannotPull"), "{said}");
    assert_eq!(status(&world).await.versions[0].capacity, 2);
    world.apply::<ServerGroup>(&group("nginx:3", &keep)).await;
    through(&world, &mut operator, 30 * MINUTE, ("shop-prod-v000", 0)).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v002 is current, 2/2 tasks.");
    // The version that failed goes first: the one before it can still be gone back to.
    let kept = ["shop-prod-v000", "shop-prod-v002", "td/shop-prod-v000", "td/shop-prod-v002"];
    assert_eq!(children(&world).await, kept);
    assert_eq!((running(&world, "shop-prod-v000").await, running(&world, "shop-prod-v001").await), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_first_version_that_fails_leaves_nothing_running_and_the_next_template_serves() {
    let (world, mut operator) = worlds(523).await;
    let rule = super::balancer(&world);
    fate(&world, "nginx:1", ImageFate::Missing);
    world.apply::<ServerGroup>(&weighted("nginx:1", &rule, &json!({}))).await;
    operator.rest().await;
    let said = ready(&world).await;
    assert!(said.starts_with("False DeploymentFailed") && said.contains("nothing serves"), "{said}");
    assert_eq!(idle(&world, &mut operator).await, Vec::<String>::new());
    world.apply::<ServerGroup>(&weighted("nginx:2", &rule, &json!({}))).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v001 is current, 2/2 tasks.");
}

#[tokio::test(start_paused = true)]
async fn a_rolling_rollout_that_fails_gives_the_old_version_its_tasks_back_before_the_new_ones_go() {
    let rolling = json!({
        "strategy": {"rollingRedBlack": {"percents": [50, 100], "delayBetweenStepsSeconds": 60}},
        "capacity": {"desired": 4},
        "gate": {"alarmNames": ["errors"]},
    });
    let (world, mut operator) = worlds(524).await;
    alarm(&world, AlarmState::Ok);
    world.apply::<ServerGroup>(&group("nginx:1", &rolling)).await;
    operator.rest().await;
    world.apply::<ServerGroup>(&group("nginx:2", &rolling)).await;
    while running(&world, "shop-prod-v000").await != 2 {
        operator.settle(Duration::from_secs(5), Duration::from_secs(5)).await;
        world.wait(Duration::from_secs(1)).await;
    }
    alarm(&world, AlarmState::Alarm);
    let until = tokio::time::Instant::now() + 20 * MINUTE;
    while status(&world).await.rollout.is_some() && tokio::time::Instant::now() < until {
        operator.settle(Duration::from_secs(1), Duration::from_secs(1)).await;
        world.wait(Duration::from_secs(1)).await;
        let both = running(&world, "shop-prod-v000").await + running(&world, "shop-prod-v001").await;
        assert!(both >= 4, "{both} tasks: {}", ready(&world).await);
    }
    operator.rest().await;
    assert!(ready(&world).await.contains("shop-prod-v000 serves"), "{}", ready(&world).await);
    assert_eq!((running(&world, "shop-prod-v000").await, running(&world, "shop-prod-v001").await), (4, 0));
}
