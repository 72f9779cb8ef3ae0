//! What annotations ask of the tasks of a group: restarting the current version, stopping single tasks. Pure.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::Task;

use super::children::Children;
use super::desired::Desired;
use super::plan::named;
use super::step::Step;
use crate::api::ServerGroupStatus;
use crate::api::names::annotation;
use crate::controllers::directive::Directive;

/// What a task is asked about.
pub(super) type Asked = BTreeMap<String, Option<Task>>;

/// The ids in `terminate-tasks`: `<id>,<id>@<any text>`; or what is wrong with one.
pub(super) fn ids(value: &str) -> Result<Vec<String>, String> {
    let list = value.split_once('@').map_or(value, |(list, _)| list);
    let ids: Vec<String> = list.split(',').map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned).collect();
    if ids.is_empty() {
        return Err("no task id".to_owned());
    }
    match ids.iter().find(|id| !is_id(id)) {
        Some(id) => Err(format!("`{id}` is no task id: 32 hexadecimal digits, or a UUID")),
        None => Ok(ids),
    }
}

fn is_id(id: &str) -> bool {
    let digits = id.bytes().filter(|byte| *byte != b'-');
    let hex = id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    hex && digits.count() == 32 && matches!(id.len(), 32 | 36)
}

/// The effects that annotations ask for, and the asks that do not apply.
pub(super) fn steps(
    desired: &Desired,
    directive: &Directive,
    status: &ServerGroupStatus,
    children: &Children,
    tasks: &Asked,
    group: &str,
) -> (Vec<Step>, Vec<String>) {
    let (mut steps, mut ignored) = (Vec::new(), Vec::new());
    if let Some(value) = &directive.restart {
        let current = status.current_version.as_deref().map(|name| children.pair(name));
        match current.and_then(|pair| pair.service) {
            Some(service) => steps.push(Step::Annotate {
                object: named(&service),
                key: annotation::RESTARTED_AT,
                value: value.clone(),
            }),
            None => ignored.push(format!("`{}: {value}`: no version serves", annotation::RESTARTED_AT)),
        }
    }
    if let Some(value) = &directive.terminate {
        match ids(value) {
            Ok(ids) => {
                for id in ids {
                    match tasks.get(&id).and_then(Option::as_ref).filter(|task| is_ours(task, status)) {
                        Some(task) => steps.extend(stop(task, desired, group)),
                        None => ignored
                            .push(format!("`{}`: `{id}` is not a task of this group", annotation::TERMINATE_TASKS)),
                    }
                }
            }
            Err(why) => ignored.push(format!("`{}: {value}`: {why}", annotation::TERMINATE_TASKS)),
        }
    }
    (steps, ignored)
}

/// ECS writes the service that started a task into its group.
fn is_ours(task: &Task, status: &ServerGroupStatus) -> bool {
    let service = task.group().and_then(|group| group.strip_prefix("service:"));
    service.is_some_and(|service| status.versions.iter().any(|version| version.name == service))
}

/// Stops a task that still runs; ECS starts another in its place.
fn stop(task: &Task, desired: &Desired, group: &str) -> Option<Step> {
    let leaving = task.desired_status() == Some("STOPPED");
    let (cluster, task) = (desired.cluster.value()?, task.task_arn()?);
    (!leaving).then(|| Step::StopTask {
        cluster: cluster.to_owned(),
        task: task.to_owned(),
        reason: format!("terminated by ServerGroup {group}"),
    })
}

#[cfg(test)]
mod tests {
    use super::ids;

    #[test]
    fn task_ids_are_32_hexadecimal_digits_or_a_uuid() {
        let id = "0123456789abcdef0123456789abcdef";
        assert_eq!(ids(&format!("{id},{id}@again")).unwrap().len(), 2);
        assert!(ids("01234567-89ab-cdef-0123-456789abcdef").is_ok());
        for wrong in ["", "@x", "nonsense", "0123456789abcdef", "0123456789abcdef0123456789abcdeg"] {
            assert!(ids(wrong).is_err(), "{wrong}");
        }
    }
}
