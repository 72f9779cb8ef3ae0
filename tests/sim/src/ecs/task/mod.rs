//! Tasks: `ListTasks`, `DescribeTasks`, `RunTask`, `StopTask`.

mod health;
pub(crate) mod life;
pub mod place;
mod run;
pub mod state;
mod view;

use serde_json::{Value, json};

use super::cluster;
use super::scheduler::Fleet;
use super::scheduler::json::{text, texts};
use super::service::with_fleet;
use crate::refusal::Refusal;
use crate::world::{Cx, Region};
use state::Task;

/// Tasks live in the fleet beside their services.
#[derive(Debug, Clone, Default)]
pub struct Tasks {}

pub use run::run;

/// `ListTasks`.
pub fn list(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    with_fleet(region, cx, |fleet, region, cx| {
        let home = cluster::resolve(region, cx, input)?;
        let filter = |member: &str| text(input, &format!("/{member}"));
        if filter("startedBy").is_some()
            && ["serviceName", "family", "containerInstance"].iter().any(|m| filter(m).is_some())
        {
            return Err(Refusal::invalid_parameter("cannot specify startedBy together with another filter."));
        }
        let service = match filter("serviceName") {
            None => None,
            Some(name) => {
                let key = super::service::locate(fleet, home, name).ok_or_else(Refusal::service_not_found)?;
                Some(key)
            }
        };
        let desired = filter("desiredStatus").unwrap_or("RUNNING");
        let wanted = |task: &&Task| {
            let word = if task.stop_wanted { "STOPPED" } else { "RUNNING" };
            task.cluster == home.name
                && word == desired
                && service.as_ref().is_none_or(|key| task.service.as_ref() == Some(key))
                && filter("startedBy").is_none_or(|by| task.started_by.as_deref() == Some(by))
                && filter("family").is_none_or(|family| task.definition.family == family)
                && filter("launchType").is_none_or(|t| task.echo.get("launchType").and_then(Value::as_str) == Some(t))
                && filter("containerInstance").is_none_or(|instance| {
                    task.placement.instance.as_ref().is_some_and(|on| on.arn.ends_with(instance))
                })
        };
        let arns = fleet.tasks.values().filter(wanted).map(|t| Value::from(fleet.arn(&t.tail()))).collect();
        let page = super::paging::page(cx, "ListTasks", input, arns, 100, 100)?;
        Ok(page.into_answer("taskArns"))
    })
}

/// `DescribeTasks`.
pub fn describe(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    with_fleet(region, cx, |fleet, region, cx| {
        let home = cluster::resolve(region, cx, input)?;
        let mut asked = texts(input, "/tasks");
        if asked.is_empty() {
            return Err(Refusal::invalid_parameter("Tasks cannot be empty."));
        }
        if asked.len() > 100 {
            return Err(Refusal::invalid_parameter("tasks can have at most 100 items."));
        }
        asked.sort();
        asked.dedup();
        cx.rng.shuffle(&mut asked);
        let tags = super::includes(input, "TAGS");
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for reference in asked {
            if let Some(task) = find(fleet, &home.name, &reference) {
                found.push(fleet.task_view(task, tags));
                continue;
            }
            let arn = if reference.starts_with("arn:") {
                reference
            } else {
                fleet.arn(&format!("task/{}/{reference}", home.name))
            };
            failures.push(super::failure(&arn, "MISSING"));
        }
        Ok(json!({ "tasks": found, "failures": failures }))
    })
}

/// `StopTask`.
pub fn stop(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    with_fleet(region, cx, |fleet, region, cx| {
        let home = cluster::resolve(region, cx, input)?;
        let reference = text(input, "/task").unwrap_or_default();
        let missing = || Refusal::invalid_parameter("The referenced task was not found.");
        let id = find(fleet, &home.name, reference).ok_or_else(missing)?.id.clone();
        let reason = text(input, "/reason").unwrap_or("Task stopped by user");
        fleet.ask_to_stop(&id, "UserInitiated", reason);
        let task = fleet.tasks.get(&id).ok_or_else(missing)?;
        Ok(json!({ "task": fleet.task_view(task, false) }))
    })
}

/// The task with this id or ARN in a cluster.
fn find<'a>(fleet: &'a Fleet, cluster: &str, reference: &str) -> Option<&'a Task> {
    let id = if reference.starts_with("arn:") {
        reference.strip_prefix(&fleet.arn(&format!("task/{cluster}/")))?
    } else {
        reference
    };
    fleet.tasks.get(id).filter(|task| task.cluster == cluster)
}
