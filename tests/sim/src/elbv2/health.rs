//! `DescribeTargetHealth`.

use serde_json::{Value, json};

use super::no_group;
use crate::ecs::scheduler::Fleet;
use crate::ecs::{list, number, set, text};
use crate::fixtures::TargetState;
use crate::refusal::Refusal;

/// State, reason and description, as in "Health checks for your target groups".
fn words(state: TargetState) -> (&'static str, Option<(&'static str, &'static str)>) {
    match state {
        TargetState::Healthy => ("healthy", None),
        TargetState::Initial => ("initial", Some(("Elb.InitialHealthChecking", "Initial health checks in progress"))),
        TargetState::Unhealthy => ("unhealthy", Some(("Target.FailedHealthChecks", "Health checks failed"))),
        TargetState::Draining => {
            ("draining", Some(("Target.DeregistrationInProgress", "Target deregistration is in progress")))
        }
        TargetState::Unused => (
            "unused",
            Some(("Target.NotInUse", "Target group is not configured to receive traffic from the load balancer")),
        ),
    }
}

fn view(id: &str, port: i64, state: Option<TargetState>) -> Value {
    let not_registered = ("unused", Some(("Target.NotRegistered", "Target is not registered to the target group")));
    let (word, why) = state.map_or(not_registered, words);
    let mut health = json!({ "State": word });
    if let Some((reason, description)) = why {
        set(&mut health, "Reason", reason);
        set(&mut health, "Description", description);
    }
    json!({ "Target": { "Id": id, "Port": port }, "HealthCheckPort": port.to_string(), "TargetHealth": health })
}

/// `DescribeTargetHealth`: all targets, or those that are asked for, in one answer.
pub(super) fn describe(fleet: &Fleet, input: &Value) -> Result<Value, Refusal> {
    let arn = text(input, "TargetGroupArn").unwrap_or_default();
    let group = fleet.fixtures.target_groups.get(arn).ok_or_else(no_group)?;
    let found: Vec<Value> = if input.get("Targets").is_none() {
        group.targets.iter().map(|((id, port), target)| view(id, *port, Some(target.state))).collect()
    } else {
        let asked = list(input, "Targets").iter();
        let asked = asked.map(|target| {
            let id = text(target, "Id").unwrap_or_default();
            (id.to_owned(), number(target, "Port").unwrap_or(group.port))
        });
        asked.map(|key| view(&key.0, key.1, group.targets.get(&key).map(|target| target.state))).collect()
    };
    Ok(json!({ "TargetHealthDescriptions": found }))
}
