//! Tasks and instances over a scripted wire.

use serde_json::{Value, json};

use super::*;
use crate::aws::test_wire::{Reply, Wire};

fn here() -> Scope {
    Scope::new("eu-west-1")
}

#[tokio::test(start_paused = true)]
async fn tasks_of_a_service_are_listed_and_described_and_one_that_left_is_left_out() {
    let wire = Wire::new(|asked| {
        if asked.operation == "ListTasks" {
            return Reply::ok(json!({ "taskArns": ["arn:t/c/2", "arn:t/c/1", "arn:t/c/gone"] }));
        }
        let found: Vec<Value> = ["arn:t/c/1", "arn:t/c/2"].iter().map(|arn| json!({ "taskArn": arn })).collect();
        Reply::ok(json!({ "tasks": found, "failures": [{ "arn": "arn:t/c/gone", "reason": "MISSING" }] }))
    });
    let tasks = wire.aws().tasks_of_service(&here(), "c", "web-v001", Priority::Edit).await.unwrap();
    assert_eq!(tasks.iter().filter_map(Task::task_arn).collect::<Vec<_>>(), ["arn:t/c/1", "arn:t/c/2"]);
    let listed = &wire.asked()[0];
    assert_eq!((listed.text("serviceName"), listed.text("desiredStatus")), ("web-v001", "RUNNING"));
    assert_eq!(wire.operations(), ["ListTasks", "DescribeTasks"]);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_does_not_exist_has_no_tasks_but_an_unreadable_one_is_an_error() {
    let wire = Wire::new(|_| Reply::error("ServiceNotFoundException", "no"));
    assert!(wire.aws().tasks_of_service(&here(), "c", "s", Priority::Edit).await.unwrap().is_empty());
    let wire = Wire::new(|_| Reply::error("AccessDeniedException", "no"));
    wire.aws().tasks_of_service(&here(), "c", "s", Priority::Edit).await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn instances_are_read_by_hundreds_and_missing_ones_left_out() {
    let wire = Wire::new(|asked| {
        let arns = asked.list("containerInstances");
        let known = arns.iter().filter(|arn| *arn != "i000");
        let found: Vec<Value> =
            known.map(|arn| json!({ "containerInstanceArn": arn, "ec2InstanceId": format!("ec2-{arn}") })).collect();
        Reply::ok(json!({ "containerInstances": found, "failures": [{ "arn": "i000", "reason": "MISSING" }] }))
    });
    let arns: Vec<String> = (0..120).map(|n| format!("i{n:03}")).collect();
    let found = wire.aws().container_instances(&here(), "c", &arns, Priority::Edit).await.unwrap();
    assert_eq!((found.len(), found["i119"].as_str()), (119, "ec2-i119"));
    assert_eq!(wire.asked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn service_names_are_those_with_the_prefix() {
    let wire =
        Wire::new(|_| Reply::ok(json!({ "serviceArns": ["arn:s/c/web-v002", "arn:s/c/api-v001", "arn:s/web-v001"] })));
    let names = wire.aws().service_names(&here(), "c", "web-v", Priority::Sweep).await.unwrap();
    assert_eq!(names, ["web-v001", "web-v002"]);
}
