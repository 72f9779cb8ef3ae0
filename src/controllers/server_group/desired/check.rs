//! Specs that cannot work: both children are rendered with stand-ins and judged as if they were applied. Pure.

use super::super::name::child_name;
use super::super::render::{Resolved, VersionOf, service, task_definition};
use super::Desired;
use crate::api::ServerGroup;
use crate::api::status::Slot;
use crate::controllers::refusal::{self, Refusal};
use crate::preflight::{self, Problem};

/// Every reason against the spec. `problems` were found while it was read.
pub(super) fn refusal(object: &ServerGroup, desired: &Desired, problems: Vec<String>) -> Option<Refusal> {
    let mut found = refusal::problems(object);
    found.extend(problems);
    // Without its document nothing more can be said of an artifact.
    if found.is_empty() && desired.waits.is_none() {
        found = children(desired);
    }
    Refusal::of(&found)
}

/// What the children would be refused for.
fn children(desired: &Desired) -> Vec<String> {
    let version = VersionOf { name: desired.moniker.version_name(0), sequence: 0, slot: Some(Slot::A) };
    let stand_ins = stand_ins(desired);
    let definition = match task_definition(desired, &version, &stand_ins) {
        Ok(definition) => definition,
        Err(problems) => return problems,
    };
    let mut problems: Vec<String> =
        preflight::task_definition(&definition).iter().map(|problem| of_definition(desired, problem)).collect();
    let service = service(desired, &version, &stand_ins, desired.capacity.desired);
    problems.extend(preflight::service(&service).iter().map(of_service));
    if problems.is_empty() {
        let crossing = preflight::service_with_task_definition(&service, &definition);
        problems.extend(crossing.iter().map(of_service));
    }
    let _ = child_name;
    problems
}

/// Ids and ARNs of the right form for what is only named.
fn stand_ins(desired: &Desired) -> Resolved {
    let template = &desired.template;
    let given = template.network_configuration.as_ref().and_then(|network| network.awsvpc_configuration.as_ref());
    let named = |list: Option<&Vec<String>>| list.is_some_and(|names| !names.is_empty());
    let by_name = named(template.subnet_names.as_ref()) || named(template.subnet_purposes.as_ref());
    let subnets = given.and_then(|vpc| vpc.subnets.clone()).filter(|ids| !ids.is_empty());
    let groups = given.and_then(|vpc| vpc.security_groups.clone());
    let mappings = template.target_group_mappings.iter().flatten();
    let names = mappings.flat_map(|mapping| [&mapping.target_group, &mapping.alternate_target_group]).flatten();
    let arn = |name: &String| {
        (name.clone(), format!("arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/{name}/0"))
    };
    let role = |name: Option<&String>| {
        let name = name.filter(|name| !name.starts_with("arn:"));
        name.map(|name| format!("arn:aws:iam::000000000000:role/{name}"))
    };
    Resolved {
        subnets: subnets.or_else(|| by_name.then(|| vec!["subnet-0".to_owned()])),
        security_groups: groups,
        target_groups: names.filter(|name| !name.starts_with("arn:")).map(arn).collect(),
        execution_role_arn: role(template.execution_role_arn.as_ref()),
        task_role_arn: role(template.inputs.as_ref().and_then(|inputs| inputs.task_role_arn.as_ref())),
        ..Resolved::default()
    }
}

/// A problem of the task definition in the words of the group's manifest.
fn of_definition(desired: &Desired, problem: &Problem) -> String {
    let Some(inputs) = &desired.template.inputs else { return format!("artifact: {problem}") };
    let _ = inputs;
    problem.to_string()
}

fn of_service(problem: &Problem) -> String {
    problem.to_string()
}
