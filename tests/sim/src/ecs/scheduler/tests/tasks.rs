//! Tasks: listing, describing, running, stopping.

use serde_json::json;

use super::{GROUP, World, behind};
use crate::fixtures::TargetState;

#[test]
fn a_stopped_task_drains_walks_to_stopped_is_replaced_and_forgotten() {
    let mut world = World::realistic();
    world.create("web", 1, &json!({ "loadBalancers": behind() }));
    world.settled("web");
    let task = world.tasks("web")[0].clone();
    let stopped = world.ok("StopTask", &json!({ "cluster": "c1", "task": task, "reason": "by hand" }));
    assert_eq!(stopped["task"]["desiredStatus"], "STOPPED");
    assert_eq!(stopped["task"]["lastStatus"], "DEACTIVATING");
    assert_eq!(stopped["task"]["stopCode"], "UserInitiated");
    assert_eq!(stopped["task"]["stoppedReason"], "by hand");
    let states: Vec<_> = world.fleet(|f| f.fixtures.target_groups[GROUP].targets.values().map(|t| t.state).collect());
    assert_eq!(states, [TargetState::Draining]);
    assert_eq!(world.service("web")["runningCount"], 0, "stopping tasks are not counted");
    let mut seen = Vec::new();
    let walked = world.until(600, |w| {
        let now = w.ok("DescribeTasks", &json!({ "cluster": "c1", "tasks": [task] }))["tasks"][0].clone();
        if seen.last() != Some(&now["lastStatus"]) {
            seen.push(now["lastStatus"].clone());
        }
        now["lastStatus"] == "STOPPED"
    });
    assert!(walked >= 300, "the deregistration delay is 300 s, not {walked}");
    assert_eq!(seen, ["DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED"]);
    world.settled("web");
    world.advance(3601);
    let gone = world.ok("DescribeTasks", &json!({ "cluster": "c1", "tasks": [task] }));
    assert_eq!(gone["failures"][0]["reason"], "MISSING");
}

#[test]
fn list_tasks_filters_by_service_starter_and_desired_status() {
    let mut world = World::brisk();
    world.create("web", 2, &json!({}));
    world.create("api", 1, &json!({}));
    world.settled("web");
    world.settled("api");
    let run = json!({
        "cluster": "c1", "taskDefinition": "web", "count": 2, "startedBy": "me", "launchType": "FARGATE",
        "networkConfiguration": { "awsvpcConfiguration": { "subnets": ["subnet-1"] } }, "clientToken": "t1",
    });
    let first = world.ok("RunTask", &run);
    assert_eq!(first["tasks"].as_array().unwrap().len(), 2);
    let again = world.ok("RunTask", &run);
    assert_eq!(first["tasks"][0]["taskArn"], again["tasks"][0]["taskArn"]);
    let mut other = run.clone();
    other["count"] = json!(3);
    assert!(world.refused("RunTask", &other).starts_with("ConflictException"));
    assert_eq!(world.tasks("web").len(), 2);
    let id = world.service("web")["deployments"][0]["id"].clone();
    let mut list = |input: serde_json::Value| world.ok("ListTasks", &input)["taskArns"].as_array().unwrap().len();
    assert_eq!(list(json!({ "cluster": "c1" })), 5);
    assert_eq!(list(json!({ "cluster": "c1", "startedBy": "me" })), 2);
    assert_eq!(list(json!({ "cluster": "c1", "startedBy": id })), 2);
    assert_eq!(list(json!({ "cluster": "c1", "desiredStatus": "STOPPED" })), 0);
    assert_eq!(list(json!({ "cluster": "c1", "desiredStatus": "PENDING" })), 0);
    assert_eq!(list(json!({ "cluster": "c1", "maxResults": 3 })), 3);
    let both = json!({ "cluster": "c1", "startedBy": "me", "serviceName": "web" });
    assert!(world.refused("ListTasks", &both).starts_with("InvalidParameterException"));
    assert!(
        world.refused("RunTask", &json!({ "cluster": "c1", "taskDefinition": "web", "count": 11 })).contains("Count")
    );
}

#[test]
fn an_interrupted_task_carries_its_stop_code_and_version_rises() {
    let mut world = World::brisk();
    world.create("web", 1, &json!({}));
    world.settled("web");
    let arn = world.tasks("web")[0].clone();
    let id = arn.rsplit('/').next().unwrap().to_owned();
    let before = world.ok("DescribeTasks", &json!({ "cluster": "c1", "tasks": [id] }))["tasks"][0]["version"].as_i64();
    world.fleet(|f| f.interrupt(&id, "SpotInterruption", "Your Spot Task was interrupted."));
    let after = world.ok("DescribeTasks", &json!({ "cluster": "c1", "tasks": [id] }))["tasks"][0].clone();
    assert_eq!(after["stopCode"], "SpotInterruption");
    assert!(after["version"].as_i64() > before);
    world.settled("web");
}
