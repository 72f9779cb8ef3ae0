//! Deployments that fail: breaker, rollback, alarms, back-off, churn.

use serde_json::{Value, json};

use super::super::knobs::BreakerReset;
use super::super::threshold;
use super::{World, behind, is_stable};
use crate::fixtures::{AlarmState, ImageFate};

fn breaker(rollback: bool) -> Value {
    json!({ "deploymentConfiguration": { "deploymentCircuitBreaker": { "enable": true, "rollback": rollback } } })
}

#[test]
fn the_breaker_takes_half_of_the_desired_count_between_3_and_200() {
    let config = json!({});
    let thresholds: Vec<i64> = [0, 1, 4, 7, 8, 25, 400, 1000].iter().map(|d| threshold(&config, *d)).collect();
    assert_eq!(thresholds, [3, 3, 3, 4, 4, 13, 200, 200]);
}

#[test]
fn a_missing_image_trips_the_breaker_at_the_third_failure_and_rolls_back() {
    let mut world = World::brisk();
    let first = world.service_with_breaker(4, true);
    world.sim.set_image("web:bad", ImageFate::Missing);
    let bad = world.register("web:bad");
    world.update("web", &json!({ "taskDefinition": bad }));
    assert_eq!(world.service("web")["taskDefinition"], json!(bad));
    world.until(120, |w| w.rollout("web")["status"] == "ROLLBACK_IN_PROGRESS");
    let service = world.service("web");
    assert_eq!(service["taskDefinition"], json!(first), "the service names the old revision again");
    assert_eq!(service["deployments"][0]["taskDefinition"], json!(first));
    let failed = &service["deployments"][1];
    assert_eq!((&failed["status"], &failed["rolloutState"]), (&json!("ACTIVE"), &json!("FAILED")));
    assert!(failed["failedTasks"].as_i64().unwrap() >= 3);
    world.settled("web");
    let rollout = world.rollout("web");
    assert_eq!(rollout["status"], "ROLLBACK_SUCCESSFUL");
    assert_eq!(rollout["deploymentCircuitBreaker"]["status"], "TRIGGERED");
    assert_eq!(rollout["deploymentCircuitBreaker"]["threshold"], 3);
    assert!(rollout["rollback"]["serviceRevisionArn"].is_string());
    assert_eq!(world.service("web")["deployments"].as_array().unwrap().len(), 1);
}

impl World {
    fn service_with_breaker(&mut self, desired: i64, rollback: bool) -> String {
        self.create("web", desired, &breaker(rollback));
        self.settled("web");
        self.service("web")["taskDefinition"].as_str().unwrap().to_owned()
    }
}

#[test]
fn the_first_deployment_can_only_fail() {
    let mut world = World::brisk();
    world.sim.set_image("web:1", ImageFate::Missing);
    world.create("web", 4, &breaker(true));
    world.until(120, |w| w.service("web")["deployments"][0]["rolloutState"] == "FAILED");
    let rollout = world.rollout("web");
    assert_eq!(rollout["status"], "STOPPED");
    assert!(rollout.get("rollback").is_none());
    world.advance(60);
    let before = world.fleet(|f| f.tasks.len());
    world.advance(1800);
    assert_eq!(world.fleet(|f| f.tasks.len()), before, "nothing launches any more");
}

#[test]
fn without_rollback_the_failed_deployment_stays_primary_and_old_tasks_run_on() {
    let mut world = World::brisk();
    world.service_with_breaker(2, false);
    world.sim.set_image("web:bad", ImageFate::Missing);
    let bad = world.register("web:bad");
    world.update("web", &json!({ "taskDefinition": bad }));
    world.until(300, |w| w.service("web")["deployments"][0]["rolloutState"] == "FAILED");
    world.advance(60);
    let service = world.service("web");
    assert_eq!(service["taskDefinition"], json!(bad));
    assert_eq!(service["deployments"][1]["runningCount"], 2);
    assert_eq!(world.rollout("web")["status"], "STOPPED");
    let good = world.register("web:3");
    world.update("web", &json!({ "taskDefinition": good }));
    world.settled("web");
}

#[test]
fn without_breaker_launches_back_off_up_to_27_minutes() {
    let mut world = World::realistic();
    world.sim.set_image("web:1", ImageFate::Missing);
    world.create("web", 1, &json!({}));
    world.advance(4 * 3600);
    let first = world.fleet(|f| f.services.values().next().unwrap().deployments[0].failed);
    world.advance(27 * 60 * 4);
    let second = world.fleet(|f| f.services.values().next().unwrap().deployments[0].failed);
    assert!((3..=4).contains(&(second - first)), "{first} then {second}");
    assert_eq!(world.service("web")["deployments"][0]["rolloutState"], "IN_PROGRESS");
}

#[test]
fn containers_that_exit_after_running_churn_and_nothing_reacts() {
    let mut world = World::realistic();
    world.sim.set_image("web:1", ImageFate::Exits { after_ms: 1000, code: 1 });
    world.create("web", 2, &breaker(true));
    world.advance(1800);
    let service = world.service("web");
    assert_eq!(service["deployments"][0]["rolloutState"], "IN_PROGRESS");
    assert_eq!(service["deployments"][0]["failedTasks"], 0);
    let stopped = world.ok("ListTasks", &json!({ "cluster": "c1", "desiredStatus": "STOPPED" }));
    let arns = stopped["taskArns"].clone();
    assert!(arns.as_array().unwrap().len() > 20, "{}", arns.as_array().unwrap().len());
    let task = world.ok("DescribeTasks", &json!({ "cluster": "c1", "tasks": [arns[0]] }))["tasks"][0].clone();
    assert_eq!(task["stopCode"], "EssentialContainerExited");
}

#[test]
fn failing_target_checks_count_and_trip_the_breaker() {
    let mut world = World::brisk();
    let mut config = breaker(true);
    config["loadBalancers"] = behind();
    world.create("web", 2, &config);
    world.settled("web");
    world.sim.set_image("web:ill", ImageFate::Unhealthy);
    let ill = world.register("web:ill");
    world.update("web", &json!({ "taskDefinition": ill }));
    world.until(300, |w| w.rollout("web")["status"] == "ROLLBACK_SUCCESSFUL");
    assert!(is_stable(&world.service("web")));
}

#[test]
fn a_count_that_every_healthy_task_zeroes_never_trips_on_a_good_deployment() {
    let mut world = World::brisk();
    world.fleet(|f| f.knobs.breaker_reset = BreakerReset::Healthy);
    world.create("web", 2, &breaker(true));
    world.settled("web");
    assert_eq!(world.service("web")["deployments"][0]["failedTasks"], 0);
}

fn alarms() -> Value {
    json!({ "deploymentConfiguration": { "alarms": { "alarmNames": ["errors", "old"], "enable": true, "rollback": true } } })
}

#[test]
fn an_alarm_during_the_bake_rolls_back_and_one_that_rang_before_is_ignored() {
    let mut world = World::brisk();
    world.fleet(|f| f.set_alarm("old", AlarmState::Alarm));
    world.create("web", 2, &alarms());
    world.settled("web");
    let first = world.service("web")["taskDefinition"].clone();
    let arn = world.register("web:2");
    world.update("web", &json!({ "taskDefinition": arn }));
    world.advance(4);
    world.fleet(|f| f.set_alarm("errors", AlarmState::Alarm));
    world.advance(1);
    let rollout = world.rollout("web");
    assert_eq!(rollout["status"], "ROLLBACK_IN_PROGRESS");
    assert_eq!(rollout["alarms"]["status"], "TRIGGERED");
    assert_eq!(rollout["alarms"]["triggeredAlarmNames"], json!(["errors"]));
    world.settled("web");
    assert_eq!(world.service("web")["taskDefinition"], first);
}

#[test]
fn stopping_a_service_deployment_rolls_back_once() {
    let mut world = World::brisk();
    world.create("web", 2, &json!({}));
    world.settled("web");
    let first = world.service("web")["taskDefinition"].clone();
    let arn = world.register("web:2");
    world.update("web", &json!({ "taskDefinition": arn }));
    let rollout = world.rollout("web");
    assert_eq!(rollout["status"], "PENDING");
    let stop = json!({ "serviceDeploymentArn": rollout["serviceDeploymentArn"], "stopType": "ROLLBACK" });
    world.ok("StopServiceDeployment", &stop);
    assert_eq!(world.rollout("web")["status"], "ROLLBACK_REQUESTED");
    assert!(world.refused("StopServiceDeployment", &stop).starts_with("ConflictException"));
    world.settled("web");
    assert_eq!(world.rollout("web")["status"], "ROLLBACK_SUCCESSFUL");
    assert_eq!(world.service("web")["taskDefinition"], first);
    assert!(world.refused("StopServiceDeployment", &stop).starts_with("ConflictException"));
    let unknown = json!({ "serviceDeploymentArn": "arn:aws:ecs:eu-west-1:123456789012:service-deployment/c1/web/x" });
    assert!(world.refused("StopServiceDeployment", &unknown).starts_with("ServiceDeploymentNotFoundException"));
}

#[test]
fn failing_targets_are_ignored_during_the_grace_period_and_replaced_after_it() {
    let mut world = World::brisk();
    world.sim.set_image("web:1", ImageFate::Unhealthy);
    let more = json!({ "loadBalancers": behind(), "healthCheckGracePeriodSeconds": 60 });
    world.create("web", 1, &more);
    world.until(20, |w| w.service("web")["runningCount"] == 1);
    let first = world.tasks("web");
    world.advance(55);
    assert_eq!(world.tasks("web"), first, "nothing is replaced within 60 s");
    world.until(60, |w| !w.tasks("web").contains(&first[0]));
    let stopped = world.ok("DescribeTasks", &json!({ "cluster": "c1", "tasks": first }));
    assert_eq!(stopped["tasks"][0]["stopCode"], "ServiceSchedulerInitiated");
    assert!(world.service("web")["deployments"][0]["failedTasks"].as_i64() >= Some(1));
}
