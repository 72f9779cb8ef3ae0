//! Annotations that ask something of tasks.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::Task;
use serde_json::json;

use super::stage::{Stage, V0, at_rest, printed, service};
use crate::controllers::directive::Directive;
use crate::controllers::server_group::requests::{Asked, steps};
use crate::controllers::server_group::step::Step;

const ID: &str = "0123456789abcdef0123456789abcdef";

fn task(group: &str, desired: &str) -> Task {
    Task::builder()
        .task_arn(format!("arn:aws:ecs:eu-west-1:1:task/prod/{ID}"))
        .group(group)
        .desired_status(desired)
        .build()
}

fn asked(directive: &Directive, tasks: &Asked, objects: &[serde_json::Value]) -> (Vec<Step>, Vec<String>) {
    let stage = Stage::new(json!({}), at_rest(), objects);
    steps(&stage.desired, directive, &stage.status, &stage.observed.children, tasks, "shop-prod")
}

#[test]
fn a_restart_is_handed_on_to_the_current_version_or_said_to_be_for_nobody() {
    let directive = Directive { restart: Some("now".to_owned()), ..Directive::default() };
    let (steps, ignored) = asked(&directive, &BTreeMap::new(), &[service(V0, json!({}))]);
    assert_eq!(printed(&steps), [format!("annotate EcsService {V0}: ecs-operator.dev/restarted-at=now")]);
    assert!(ignored.is_empty());
    let (steps, ignored) = asked(&directive, &BTreeMap::new(), &[]);
    assert!(steps.is_empty() && ignored[0].contains("no version serves"), "{ignored:?}");
}

#[test]
fn only_running_tasks_of_the_groups_versions_are_stopped() {
    let directive = Directive { terminate: Some(format!("{ID}@1")), ..Directive::default() };
    let outcome = |task: Option<Task>| asked(&directive, &BTreeMap::from([(ID.to_owned(), task)]), &[]);
    let (steps, ignored) = outcome(Some(task(&format!("service:{V0}"), "RUNNING")));
    let [Step::StopTask { cluster, task: arn, reason }] = steps.as_slice() else { panic!("{steps:?}") };
    assert_eq!((cluster.as_str(), reason.as_str()), ("prod", "terminated by ServerGroup shop-prod"));
    assert!(arn.ends_with(ID) && ignored.is_empty());
    let (steps, ignored) = outcome(Some(task(&format!("service:{V0}"), "STOPPED")));
    assert!(steps.is_empty() && ignored.is_empty(), "it is leaving already");
    for other in [Some(task("service:other", "RUNNING")), Some(task(&format!("family:{V0}"), "RUNNING")), None] {
        let (steps, ignored) = outcome(other);
        assert!(steps.is_empty() && ignored[0].contains("is not a task of this group"), "{ignored:?}");
    }
    let (steps, ignored) =
        asked(&Directive { terminate: Some("x".to_owned()), ..Directive::default() }, &BTreeMap::new(), &[]);
    assert!(steps.is_empty() && ignored[0].contains("is no task id"), "{ignored:?}");
}
