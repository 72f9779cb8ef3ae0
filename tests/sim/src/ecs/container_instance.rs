//! `ListContainerInstances` and `DescribeContainerInstances`: what EC2 tasks run on.

use serde_json::{Value, json};

use super::cluster;
use super::scheduler::Fleet;
use super::scheduler::json::{count, text, texts};
use super::service::with_fleet;
use super::task::place::Instance;
use crate::refusal::Refusal;
use crate::world::{Cx, Region};

/// `ListContainerInstances`.
pub fn list(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    with_fleet(region, cx, |fleet, region, cx| {
        let home = cluster::resolve(region, cx, input)?;
        if text(input, "/filter").is_some() {
            return Err(Refusal::invalid_parameter("Filters of container instances are not simulated."));
        }
        let active = text(input, "/status").is_none_or(|status| status == "ACTIVE");
        let found = if active { fleet.instances_of(&home.name) } else { Vec::new() };
        let arns = found.into_iter().map(|instance| Value::from(instance.arn)).collect();
        let page = super::paging::page(cx, "ListContainerInstances", input, arns, 100, 100)?;
        Ok(page.into_answer("containerInstanceArns"))
    })
}

/// `DescribeContainerInstances`.
pub fn describe(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    with_fleet(region, cx, |fleet, region, cx| {
        let home = cluster::resolve(region, cx, input)?;
        let mut asked = texts(input, "/containerInstances");
        if asked.is_empty() || asked.len() > 100 {
            return Err(Refusal::invalid_parameter("containerInstances must have 1 to 100 items."));
        }
        asked.sort();
        asked.dedup();
        cx.rng.shuffle(&mut asked);
        let known = fleet.instances_of(&home.name);
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for reference in asked {
            let arn = if reference.starts_with("arn:") {
                reference
            } else {
                fleet.arn(&format!("container-instance/{}/{reference}", home.name))
            };
            match known.iter().find(|instance| instance.arn == arn) {
                Some(instance) => found.push(view(fleet, instance)),
                None => failures.push(super::failure(&arn, "MISSING")),
            }
        }
        Ok(json!({ "containerInstances": found, "failures": failures }))
    })
}

fn view(fleet: &Fleet, instance: &Instance) -> Value {
    let tasks =
        || fleet.tasks.values().filter(|task| task.is_live() && task.placement.instance.as_ref() == Some(instance));
    let running = tasks().filter(|task| task.started_at.is_some()).count();
    json!({
        "containerInstanceArn": instance.arn,
        "ec2InstanceId": instance.ec2_id,
        "version": 1,
        "versionInfo": { "agentVersion": "1.90.0", "dockerVersion": "DockerVersion: 25.0.8" },
        "status": "ACTIVE",
        "agentConnected": true,
        "runningTasksCount": count(running),
        "pendingTasksCount": count(tasks().count() - running),
        "remainingResources": [],
        "registeredResources": [],
        "attributes": [
            { "name": "ecs.os-type", "value": "linux" },
            { "name": "ecs.availability-zone", "value": format!("{}{}", fleet.region_name(), instance.zone) },
        ],
        "attachments": [],
    })
}
