//! Rolling deployments that go well.

use serde_json::json;

use super::{GROUP, World, behind, is_stable};
use crate::fixtures::TargetState;

#[test]
fn three_tasks_behind_a_target_group_become_healthy_and_complete() {
    let mut world = World::realistic();
    let created = world.create("web", 3, &json!({ "loadBalancers": behind() }));
    assert_eq!((&created["runningCount"], &created["pendingCount"]), (&json!(0), &json!(0)));
    world.until(10, |w| w.service("web")["pendingCount"] == 3);
    world.until(120, |w| w.service("web")["runningCount"] == 3);
    let running = world.service("web");
    assert_eq!(running["deployments"][0]["rolloutState"], "IN_PROGRESS");
    let states = |w: &mut World| {
        w.fleet(|f| f.fixtures.target_groups[GROUP].targets.values().map(|t| t.state).collect::<Vec<_>>())
    };
    assert!(states(&mut world).contains(&TargetState::Initial));
    let waited = world.settled("web");
    assert!((100..200).contains(&waited), "five checks of 30 s, not {waited}");
    assert_eq!(states(&mut world), vec![TargetState::Healthy; 3]);
    assert_eq!(world.rollout("web")["status"], "SUCCESSFUL");
    assert!(world.service("web")["events"][0]["message"].as_str().unwrap().contains("steady state"));
}

#[test]
fn a_new_revision_at_100_200_keeps_three_healthy_and_at_most_six_live() {
    let mut world = World::realistic();
    world.create("web", 3, &json!({ "loadBalancers": behind() }));
    world.settled("web");
    let arn = world.register("web:2");
    let updated = world.update("web", &json!({ "taskDefinition": arn }));
    assert_eq!(updated["deployments"].as_array().unwrap().len(), 2);
    assert_eq!(updated["deployments"][0]["status"], "PRIMARY");
    assert_eq!(updated["deployments"][1]["status"], "ACTIVE");
    let mut most = 0;
    let key = super::super::Key::new("c1", "web");
    world.until(3600, |w| {
        let healthy = w.fleet(|f| f.healthy(&key));
        assert!(healthy >= 3, "{healthy} healthy");
        let now = w.service("web");
        let live = now["runningCount"].as_i64().unwrap() + now["pendingCount"].as_i64().unwrap();
        assert!(live <= 6);
        most = most.max(live);
        is_stable(&now)
    });
    assert_eq!(most, 6);
    let list = world.ok("ListServiceDeployments", &json!({ "cluster": "c1", "service": "web" }));
    let states: Vec<_> = list["serviceDeployments"].as_array().unwrap().iter().map(|d| d["status"].clone()).collect();
    assert_eq!(states, ["SUCCESSFUL", "SUCCESSFUL"]);
    assert_eq!(world.service("web")["taskDefinition"], json!(arn));
}

#[test]
fn a_new_revision_at_50_100_stops_two_old_first() {
    let mut world = World::brisk();
    let percents = json!({ "deploymentConfiguration": { "minimumHealthyPercent": 50, "maximumPercent": 100 } });
    world.create("web", 4, &percents);
    world.settled("web");
    let arn = world.register("web:2");
    world.update("web", &json!({ "taskDefinition": arn }));
    world.until(10, |w| w.service("web")["deployments"][1]["runningCount"] == 2);
    world.until(120, |w| {
        let now = w.service("web");
        assert!(now["runningCount"].as_i64().unwrap() + now["pendingCount"].as_i64().unwrap() <= 4);
        is_stable(&now)
    });
}

#[test]
fn an_update_during_an_update_ends_both_service_deployments() {
    let mut world = World::brisk();
    world.create("web", 2, &json!({}));
    world.settled("web");
    let second = world.register("web:2");
    world.update("web", &json!({ "taskDefinition": second }));
    world.advance(2);
    let third = world.register("web:3");
    let service = world.update("web", &json!({ "taskDefinition": third }));
    assert_eq!(service["deployments"].as_array().unwrap().len(), 3);
    world.settled("web");
    let list = world.ok("ListServiceDeployments", &json!({ "cluster": "c1", "service": "web" }));
    let states: Vec<_> = list["serviceDeployments"].as_array().unwrap().iter().map(|d| d["status"].clone()).collect();
    assert_eq!(states, ["SUCCESSFUL", "STOPPED", "SUCCESSFUL"]);
    assert_eq!(world.service("web")["taskDefinition"], json!(third));
}

#[test]
fn only_rolling_members_and_force_start_a_deployment() {
    let mut world = World::brisk();
    world.create("web", 1, &json!({}));
    world.settled("web");
    let id = world.service("web")["deployments"][0]["id"].clone();
    let in_place = [
        json!({ "desiredCount": 2 }),
        json!({ "taskDefinition": "web" }),
        json!({ "deploymentConfiguration": { "maximumPercent": 150 } }),
        json!({ "enableExecuteCommand": true }),
        json!({ "healthCheckGracePeriodSeconds": 7 }),
        json!({ "propagateTags": "SERVICE" }),
        json!({ "networkConfiguration": { "awsvpcConfiguration": { "subnets": ["subnet-1"] } } }),
        json!({ "platformVersion": "LATEST" }),
    ];
    for change in in_place {
        assert_eq!(world.update("web", &change)["deployments"][0]["id"], id, "{change}");
    }
    world.settled("web");
    let rolling = [
        json!({ "forceNewDeployment": true }),
        json!({ "networkConfiguration": { "awsvpcConfiguration": { "subnets": ["subnet-2"] } } }),
        json!({ "platformVersion": "1.3.0" }),
        json!({ "loadBalancers": behind() }),
        json!({ "loadBalancers": [] }),
        json!({ "serviceConnectConfiguration": { "enabled": true, "namespace": "n" } }),
    ];
    let mut last = id;
    for change in rolling {
        let next = world.update("web", &change)["deployments"][0]["id"].clone();
        assert_ne!(next, last, "{change}");
        assert!(next.as_str().unwrap().starts_with("ecs-svc/"));
        last = next;
    }
    world.settled("web");
}

#[test]
fn scaling_out_during_a_rollout_is_honoured_and_scaling_in_is_too() {
    let mut world = World::brisk();
    world.create("web", 3, &json!({}));
    world.settled("web");
    let arn = world.register("web:2");
    world.update("web", &json!({ "taskDefinition": arn }));
    world.advance(2);
    world.update("web", &json!({ "desiredCount": 10 }));
    world.settled("web");
    assert_eq!(world.service("web")["runningCount"], 10);
    world.update("web", &json!({ "desiredCount": 0 }));
    world.until(60, |w| w.service("web")["runningCount"] == 0);
}

#[test]
fn a_deregistered_running_revision_still_scales() {
    let mut world = World::brisk();
    let arn = world.register("web:2");
    world.create("web", 1, &json!({ "taskDefinition": arn }));
    world.settled("web");
    world.ok("DeregisterTaskDefinition", &json!({ "taskDefinition": arn }));
    world.advance(601);
    world.update("web", &json!({ "desiredCount": 3 }));
    world.settled("web");
    assert_eq!(world.service("web")["runningCount"], 3);
    let refusal = world.refused(
        "UpdateService",
        &json!({ "cluster": "c1", "service": "web", "taskDefinition": arn, "forceNewDeployment": true }),
    );
    assert!(refusal.contains("ClientException"), "{refusal}");
}

#[test]
fn capacity_shortage_holds_a_rollout_open_until_there_is_room() {
    let mut world = World::brisk();
    world.fleet(|f| f.set_capacity("c1", Some(2)));
    world.create("web", 3, &json!({}));
    world.advance(120);
    let service = world.service("web");
    assert_eq!(service["runningCount"], 2);
    assert!(
        service["events"]
            .as_array()
            .unwrap()
            .iter()
            .any(|e| { e["message"].as_str().unwrap().contains("unable to place a task") })
    );
    world.fleet(|f| f.set_capacity("c1", None));
    world.settled("web");
}

#[test]
fn frozen_tasks_stand_still_until_they_are_thawed() {
    let mut world = World::brisk();
    world.fleet(|f| f.freeze("c1", "web"));
    world.create("web", 2, &json!({}));
    world.advance(300);
    assert_eq!(world.service("web")["pendingCount"], 2);
    world.fleet(|f| f.thaw("c1", "web"));
    world.settled("web");
}
