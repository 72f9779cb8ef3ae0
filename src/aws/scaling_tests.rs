//! Application Auto Scaling over a scripted wire.

use futures::future::join_all;
use serde_json::{Value, json};

use super::*;
use crate::aws::test_wire::{Asked, Reply, Wire};

fn here() -> Scope {
    Scope::new("eu-west-1")
}

fn target(id: &str) -> Value {
    json!({
        "ServiceNamespace": "ecs", "ResourceId": id, "ScalableDimension": "ecs:service:DesiredCount",
        "MinCapacity": 1, "MaxCapacity": 4, "RoleARN": "r", "CreationTime": 1.0,
    })
}

fn all_exist(asked: &Asked) -> Reply {
    let targets: Vec<Value> = asked.list("ResourceIds").iter().rev().map(|id| target(id)).collect();
    Reply::ok(json!({ "ScalableTargets": targets }))
}

async fn read_all(wire: &Wire, ids: &[String]) -> Vec<Found<ScalableTarget>> {
    let (aws, scope) = (wire.aws(), here());
    join_all(ids.iter().map(|id| Box::pin(aws.describe_scalable_target(&scope, id, Priority::Sweep)))).await
}

#[tokio::test(start_paused = true)]
async fn a_hundred_and_twenty_targets_are_three_requests_of_at_most_fifty() {
    let wire = Wire::new(all_exist);
    let ids: Vec<String> = (0..120).map(|n| format!("service/prod/s{n:03}")).collect();
    for (id, answer) in ids.iter().zip(read_all(&wire, &ids).await) {
        assert_eq!(answer.unwrap().unwrap().resource_id, *id);
    }
    let sizes: Vec<usize> = wire.asked().iter().map(|asked| asked.list("ResourceIds").len()).collect();
    assert_eq!(sizes, [50, 50, 20]);
    let whole = |asked: &Asked| {
        asked.body["ServiceNamespace"] == "ecs" && asked.body["ScalableDimension"] == "ecs:service:DesiredCount"
    };
    assert!(wire.asked().iter().all(whole));
}

#[tokio::test(start_paused = true)]
async fn services_of_one_name_in_two_clusters_are_told_apart_and_silence_means_absent() {
    let wire = Wire::new(|_| Reply::ok(json!({ "ScalableTargets": [target("service/stage/web")] })));
    let ids = ["service/prod/web".to_owned(), "service/stage/web".to_owned()];
    let answers = read_all(&wire, &ids).await;
    assert!(matches!(&answers[0], Ok(None)));
    assert!(matches!(&answers[1], Ok(Some(found)) if found.resource_id == "service/stage/web"));
}

#[tokio::test(start_paused = true)]
async fn one_bad_id_does_not_spoil_its_neighbours() {
    let wire = Wire::new(|asked| {
        if asked.list("ResourceIds").iter().any(|id| id == "bad") {
            Reply::error("ValidationException", "no such id")
        } else {
            all_exist(asked)
        }
    });
    let answers = read_all(&wire, &["bad".to_owned(), "service/prod/web".to_owned()]).await;
    assert_eq!(answers[0].as_ref().unwrap_err().class, Class::Permanent);
    assert!(matches!(&answers[1], Ok(Some(_))));
}

#[tokio::test(start_paused = true)]
async fn policies_and_actions_are_read_to_the_last_page() {
    let wire = Wire::new(|asked| {
        let first = asked.body["NextToken"].is_null();
        let name = if first { "a" } else { "b" };
        let policy = json!({
            "PolicyARN": "p", "PolicyName": name, "ServiceNamespace": "ecs", "ResourceId": "r",
            "ScalableDimension": "ecs:service:DesiredCount", "PolicyType": "StepScaling", "CreationTime": 1.0,
        });
        let action = json!({
            "ScheduledActionName": name, "ScheduledActionARN": "s", "ServiceNamespace": "ecs", "Schedule": "rate(1 day)",
            "ResourceId": "r", "CreationTime": 1.0,
        });
        let mut body = json!({ "ScalingPolicies": [policy], "ScheduledActions": [action] });
        if first {
            body["NextToken"] = json!("2");
        }
        Reply::ok(body)
    });
    let aws = wire.aws();
    let policies = aws.list_scaling_policies(&here(), "service/prod/web", Priority::Sweep).await.unwrap();
    let actions = aws.list_scheduled_actions(&here(), "service/prod/web", Priority::Sweep).await.unwrap();
    assert_eq!(policies.iter().map(|policy| policy.policy_name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(actions.iter().map(|action| action.scheduled_action_name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert!(wire.asked().iter().all(|asked| asked.body["ResourceId"] == "service/prod/web"));
}
