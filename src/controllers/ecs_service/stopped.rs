//! The last stopped tasks with their reasons, in few words. Pure.

use aws_sdk_ecs::types::Task;

use super::rollout::time;
use crate::api::condition::{Reason, bounded_to};
use crate::api::status::{Rollout, StoppedTask};
use crate::controllers::arn::short;
use crate::controllers::hidden::Hidden;
use crate::controllers::report::Verdict;

/// Tasks kept in a status.
const KEPT: usize = 5;
/// Bytes of a reason.
const REASON: usize = 300;

/// The newest stopped tasks, whose reasons may quote what is hidden; as before when nobody looked.
#[must_use]
pub(super) fn stopped_tasks(seen: Option<&[Task]>, before: &[StoppedTask], hidden: &Hidden) -> Vec<StoppedTask> {
    let Some(seen) = seen else { return before.to_vec() };
    let mut tasks: Vec<StoppedTask> =
        seen.iter().map(|task| stopped(task, hidden)).filter(|task| !unwanted(task)).collect();
    for old in before {
        if !tasks.iter().any(|task| task.id == old.id) {
            tasks.push(old.clone());
        }
    }
    tasks.sort_by(|a, b| {
        let at = |task: &StoppedTask| task.stopped_at.as_ref().map(|at| at.0);
        at(b).cmp(&at(a)).then_with(|| a.id.cmp(&b.id))
    });
    tasks.truncate(KEPT);
    tasks
}

/// A deployment that does not get on is told with what its tasks died of. `tasks`: newest first.
#[must_use]
pub(super) fn explained(verdict: Verdict, rollout: Option<&Rollout>, tasks: &[StoppedTask]) -> Verdict {
    let Some(rollout) = rollout else { return verdict };
    let ended = [
        Reason::DeploymentFailed,
        Reason::DeploymentRolledBack,
        Reason::ProgressDeadlineExceeded,
        Reason::TasksUnhealthy,
    ];
    let fails = verdict.reason == Reason::Progressing && rollout.failed_tasks.is_some();
    let is_trouble = fails || ended.contains(&verdict.reason);
    let failed = tasks.iter().find(|task| task.task_definition == rollout.task_definition);
    match failed.filter(|_| is_trouble) {
        Some(task) => {
            let message = format!("{} Last failed task {}: {}", verdict.message, task.id, task.reason);
            Verdict { message, ..verdict }
        }
        None => verdict,
    }
}

/// Did the task stop because ECS wanted fewer? That is no failure to tell of.
fn unwanted(task: &StoppedTask) -> bool {
    task.reason.starts_with("Scaling activity initiated by")
}

fn stopped(task: &Task, hidden: &Hidden) -> StoppedTask {
    let mut reason = task.stopped_reason.clone().unwrap_or_else(|| "no reason given".to_owned());
    for container in task.containers() {
        let name = container.name().unwrap_or("?");
        match (container.exit_code, container.reason()) {
            (Some(0) | None, None) => {}
            (Some(code), None) => reason = format!("{reason}; {name} exited with {code}"),
            (Some(code), Some(why)) => reason = format!("{reason}; {name} exited with {code}: {why}"),
            // ECS gives the reason of a container that did not start as the task's own too.
            (None, Some(why)) if reason.contains(why) => {}
            (None, Some(why)) => reason = format!("{reason}; {name}: {why}"),
        }
    }
    StoppedTask {
        id: task.task_arn.as_deref().map_or_else(String::new, |arn| short(arn).to_owned()),
        task_definition: task.task_definition_arn.as_deref().map(|arn| short(arn).to_owned()),
        stop_code: task.stop_code.as_ref().map(|code| code.as_str().to_owned()),
        reason: bounded_to(&hidden.out_of(&reason), REASON),
        stopped_at: task.stopped_at.as_ref().and_then(time),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::Container;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_reason_quotes_of_the_definition_is_not_told() {
        let why = "CannotStartContainerError: exec: \"run-hunter2\": not found; env PASSWORD=hunter2";
        let container = Container::builder().name("web").reason(why).build();
        let task = Task::builder().task_arn("arn:aws:ecs:r:1:task/c/1").containers(container).build();
        let hidden = Hidden::of(&json!({
            "entryPoint": ["run-hunter2"], "environment": [{"name": "PASSWORD", "value": "hunter2"}],
        }));
        let told = stopped_tasks(Some(&[task]), &[], &hidden);
        let reason = &told[0].reason;
        assert!(reason.contains("(part of entryPoint)") && reason.contains("PASSWORD=(value of PASSWORD)"), "{reason}");
        assert!(!reason.contains("hunter2"), "{reason}");
    }
}
