//! `BLUE_GREEN`, LINEAR and CANARY deployments.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use super::super::knobs::HookAnswer;
use super::{GROUP, OTHER, RULE, World};
use crate::fixtures::{AlarmState, ImageFate};

fn shifting(configuration: &Value) -> Value {
    json!({
        "deploymentConfiguration": configuration,
        "loadBalancers": [{
            "targetGroupArn": GROUP, "containerName": "app", "containerPort": 80,
            "advancedConfiguration": {
                "alternateTargetGroupArn": OTHER,
                "productionListenerRule": RULE,
                "roleArn": "arn:aws:iam::123456789012:role/ecs",
            },
        }],
    })
}

impl World {
    fn weights(&mut self) -> (i64, i64) {
        let weights: BTreeMap<String, i64> = self.fleet(|f| f.traffic.rules.get(RULE).cloned().unwrap_or_default());
        (weights.get(GROUP).copied().unwrap_or(0), weights.get(OTHER).copied().unwrap_or(0))
    }

    /// Creates, settles, updates to a new revision, answers its ARN.
    fn shift(&mut self, configuration: &Value, image: &str) -> String {
        self.create("web", 2, &shifting(configuration));
        self.settled("web");
        assert_eq!(self.weights(), (100, 0));
        let arn = self.register(image);
        self.update("web", &json!({ "taskDefinition": arn }));
        arn
    }

    fn stages(&mut self) -> (Vec<String>, Vec<(i64, i64)>) {
        let (mut stages, mut weights) = (Vec::<String>::new(), Vec::new());
        self.until(3600, |w| {
            let rollout = w.rollout("web");
            let stage = rollout["lifecycleStage"].as_str().unwrap_or_default().to_owned();
            if stages.last() != Some(&stage) {
                stages.push(stage);
            }
            let now = w.weights();
            if weights.last() != Some(&now) {
                weights.push(now);
            }
            rollout.get("finishedAt").is_some()
        });
        (stages, weights)
    }
}

#[test]
fn blue_green_walks_all_stages_and_the_groups_swap_each_time() {
    let mut world = World::brisk();
    let arn = world.shift(&json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5 }), "web:2");
    let (stages, weights) = world.stages();
    assert_eq!(
        stages,
        [
            "PRE_SCALE_UP",
            "SCALE_UP",
            "POST_SCALE_UP",
            "TEST_TRAFFIC_SHIFT",
            "POST_TEST_TRAFFIC_SHIFT",
            "PRODUCTION_TRAFFIC_SHIFT",
            "POST_PRODUCTION_TRAFFIC_SHIFT",
            "BAKE_TIME",
            "CLEAN_UP",
        ]
    );
    assert_eq!(weights, [(100, 0), (0, 100)]);
    let service = world.service("web");
    assert_eq!(service["taskDefinition"], json!(arn));
    let revision = service["currentServiceRevisions"][0]["arn"].clone();
    let shown = world.ok("DescribeServiceRevisions", &json!({ "serviceRevisionArns": [revision] }));
    assert_eq!(shown["serviceRevisions"][0]["resolvedConfiguration"]["loadBalancers"][0]["targetGroupArn"], OTHER);
    let third = world.register("web:3");
    world.update("web", &json!({ "taskDefinition": third }));
    let (_, weights) = world.stages();
    assert_eq!(weights, [(0, 100), (100, 0)]);
    world.settled("web");
}

#[test]
fn green_stands_at_full_size_beside_blue_until_clean_up() {
    let mut world = World::brisk();
    world.shift(&json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5 }), "web:2");
    world.until(120, |w| w.rollout("web")["lifecycleStage"] == "BAKE_TIME");
    let rollout = world.rollout("web");
    assert_eq!(world.service("web")["runningCount"], 4);
    assert_eq!(rollout["targetServiceRevision"]["runningTaskCount"], 2);
    assert_eq!(rollout["targetServiceRevision"]["requestedProductionTrafficWeight"], 100.0);
    assert_eq!(rollout["sourceServiceRevisions"][0]["requestedProductionTrafficWeight"], 0.0);
}

#[test]
fn linear_goes_in_equal_steps() {
    let mut world = World::brisk();
    let linear =
        json!({ "strategy": "LINEAR", "linearConfiguration": { "stepPercent": 30.0, "stepBakeTimeInMinutes": 2 } });
    world.shift(&linear, "web:2");
    let (_, weights) = world.stages();
    assert_eq!(weights, [(100, 0), (70, 30), (40, 60), (10, 90), (0, 100)]);
}

#[test]
fn canary_takes_one_step_then_all() {
    let mut world = World::brisk();
    world.shift(&json!({ "strategy": "CANARY", "canaryConfiguration": { "canaryPercent": 10.0, "canaryBakeTimeInMinutes": 3 } }), "web:2");
    let (_, weights) = world.stages();
    assert_eq!(weights, [(100, 0), (90, 10), (0, 100)]);
}

#[test]
fn an_alarm_in_the_bake_time_sends_traffic_back_at_once() {
    let mut world = World::brisk();
    let alarms = json!({ "alarmNames": ["errors"], "enable": true, "rollback": true });
    world.shift(&json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 60, "alarms": alarms }), "web:2");
    let old = world.service("web")["deployments"][1]["taskDefinition"].clone();
    world.until(120, |w| w.rollout("web")["lifecycleStage"] == "BAKE_TIME");
    assert_eq!(world.weights(), (0, 100));
    world.fleet(|f| f.set_alarm("errors", AlarmState::Alarm));
    world.advance(1);
    assert_eq!(world.weights(), (100, 0));
    world.settled("web");
    assert_eq!(world.rollout("web")["status"], "ROLLBACK_SUCCESSFUL");
    assert_eq!(world.service("web")["taskDefinition"], old);
}

fn pausing(action: &str) -> Value {
    json!({
        "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0,
        "lifecycleHooks": [{
            "targetType": "PAUSE", "lifecycleStages": ["POST_SCALE_UP"],
            "timeoutConfiguration": { "timeoutInMinutes": 10, "action": action },
        }],
    })
}

#[test]
fn a_pause_waits_for_continue_and_rolls_back_on_request() {
    for (action, end) in [("CONTINUE", "SUCCESSFUL"), ("ROLLBACK", "ROLLBACK_SUCCESSFUL")] {
        let mut world = World::brisk();
        world.create("web", 2, &json!({}));
        world.settled("web");
        let arn = world.register("web:2");
        world.update("web", &json!({ "taskDefinition": arn, "deploymentConfiguration": pausing("ROLLBACK") }));
        world.until(120, |w| w.rollout("web")["lifecycleHookDetails"][0]["status"] == "AWAITING_ACTION");
        world.advance(300);
        let rollout = world.rollout("web");
        let hook = &rollout["lifecycleHookDetails"][0];
        assert_eq!(hook["timeoutAction"], "ROLLBACK");
        assert!(hook["expiresAt"].is_number());
        let input = json!({
            "serviceDeploymentArn": rollout["serviceDeploymentArn"], "hookId": hook["hookId"], "action": action,
        });
        world.ok("ContinueServiceDeployment", &input);
        assert!(world.refused("ContinueServiceDeployment", &input).starts_with("InvalidParameterException"));
        world.until(300, |w| w.rollout("web").get("finishedAt").is_some());
        assert_eq!(world.rollout("web")["status"], end);
    }
}

#[test]
fn a_pause_that_nobody_answers_takes_its_timeout_action() {
    for (action, end) in [("CONTINUE", "SUCCESSFUL"), ("ROLLBACK", "ROLLBACK_SUCCESSFUL")] {
        let mut world = World::brisk();
        world.create("web", 2, &json!({}));
        world.settled("web");
        let arn = world.register("web:2");
        world.update("web", &json!({ "taskDefinition": arn, "deploymentConfiguration": pausing(action) }));
        world.until(1200, |w| w.rollout("web").get("finishedAt").is_some());
        assert_eq!(world.rollout("web")["status"], end);
    }
}

#[test]
fn a_lambda_hook_is_asked_again_and_its_refusal_rolls_back() {
    let lambda = "arn:aws:lambda:eu-west-1:123456789012:function:check";
    for (last, end) in [(HookAnswer::Succeeded, "SUCCESSFUL"), (HookAnswer::Failed, "ROLLBACK_SUCCESSFUL")] {
        let mut world = World::brisk();
        let hooks = json!([{
            "hookTargetArn": lambda, "roleArn": "arn:aws:iam::123456789012:role/h", "lifecycleStages": ["POST_SCALE_UP"],
        }]);
        world.create("web", 2, &json!({}));
        world.settled("web");
        world.fleet(|f| {
            f.knobs.hooks.insert(lambda.to_owned(), VecDeque::from([HookAnswer::InProgress(Some(20_000)), last]));
        });
        let arn = world.register("web:2");
        let configuration = json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0, "lifecycleHooks": hooks });
        world.update("web", &json!({ "taskDefinition": arn, "deploymentConfiguration": configuration }));
        world.until(120, |w| w.rollout("web")["lifecycleHookDetails"][0]["status"] == "IN_PROGRESS");
        world.advance(10);
        assert_eq!(world.rollout("web")["lifecycleHookDetails"][0]["status"], "IN_PROGRESS");
        world.until(120, |w| w.rollout("web").get("finishedAt").is_some());
        assert_eq!(world.rollout("web")["status"], end);
    }
}

#[test]
fn an_update_during_a_shift_reconciles_first_and_traffic_stays_at_blue() {
    let mut world = World::brisk();
    world.shift(&json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 60 }), "web:2");
    world.until(120, |w| w.rollout("web")["lifecycleStage"] == "BAKE_TIME");
    let arn = world.register("web:3");
    world.update("web", &json!({ "taskDefinition": arn }));
    assert_eq!(world.weights(), (100, 0));
    world.advance(2);
    assert_eq!(world.rollout("web")["lifecycleStage"], "RECONCILE_SERVICE");
    world.fleet(|f| f.knobs.timing.bake_minute = 10);
    world.settled("web");
    assert_eq!(world.weights(), (0, 100));
}

#[test]
fn green_that_never_becomes_healthy_waits_in_scale_up_until_it_is_stopped() {
    let mut world = World::brisk();
    world.sim.set_image("web:bad", ImageFate::Missing);
    world.shift(&json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0 }), "web:bad");
    world.advance(600);
    let rollout = world.rollout("web");
    assert_eq!(rollout["lifecycleStage"], "SCALE_UP");
    assert_eq!(world.weights(), (100, 0));
    world.ok("StopServiceDeployment", &json!({ "serviceDeploymentArn": rollout["serviceDeploymentArn"] }));
    world.settled("web");
    assert_eq!(world.rollout("web")["status"], "ROLLBACK_SUCCESSFUL");
}

#[test]
fn strategies_are_refused_without_what_they_need() {
    let mut world = World::brisk();
    let plain = json!([{ "targetGroupArn": GROUP, "containerName": "app", "containerPort": 80 }]);
    let cases = [
        json!({ "loadBalancers": plain, "deploymentConfiguration": { "strategy": "BLUE_GREEN" } }),
        json!({ "deploymentConfiguration": { "strategy": "LINEAR", "linearConfiguration": { "stepPercent": 2.9 } } }),
        json!({ "deploymentConfiguration": { "strategy": "CANARY", "canaryConfiguration": { "canaryPercent": 0.0 } } }),
        json!({ "deploymentConfiguration": { "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1441 } }),
        json!({ "deploymentConfiguration": { "lifecycleHooks": [{ "targetType": "PAUSE", "lifecycleStages": ["PRODUCTION_TRAFFIC_SHIFT"] }] } }),
    ];
    for more in cases {
        let refusal = world.refused("CreateService", &World::request("web", 1, &more));
        assert!(refusal.starts_with("InvalidParameterException"), "{refusal}");
    }
}

#[test]
fn a_declared_rule_shows_the_weights_that_ecs_wrote() {
    let mut world = World::brisk();
    let key = world.key.clone();
    let spec = crate::elbv2::BalancerSpec::new("web", &[("web-a", 100), ("web-b", 0)]);
    let made = world.sim.balancer(&key, &spec).unwrap();
    let mut input = shifting(&json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1 }));
    let entry = &mut input["loadBalancers"][0];
    entry["targetGroupArn"] = json!(made.groups[0]);
    entry["advancedConfiguration"]["alternateTargetGroupArn"] = json!(made.groups[1]);
    entry["advancedConfiguration"]["productionListenerRule"] = json!(made.rule);
    world.create("web", 2, &input);
    world.settled("web");
    let served = world.sim.now();
    let arn = world.register("web:2");
    world.update("web", &json!({ "taskDefinition": arn }));
    world.until(3600, |w| w.rollout("web").get("finishedAt").is_some());
    let weights = world.sim.weights(&key, &made.rule);
    assert_eq!((weights[&made.groups[0]], weights[&made.groups[1]]), (0, 100));
    let log = world.sim.weight_log(&key, &made.rule);
    assert_eq!(log.last().unwrap().by, "ecs.amazonaws.com");
    let gaps = world.sim.unserved(&key);
    assert!(gaps.iter().all(|gap| gap.until.is_some_and(|until| until <= served)), "{gaps:?}");
}
