//! Specs that cannot work: both children are rendered with stand-ins and judged as if they were applied. Pure.

use serde::Serialize;
use serde_json::{Value, json};

use super::super::name::child_name;
use super::super::render::{Resolved, VersionOf, service, task_definition};
use super::Desired;
use crate::api::ServerGroup;
use crate::api::server_group::template::Inputs;
use crate::api::status::Slot;
use crate::controllers::refusal::{self, Refusal};
use crate::document::{self, Kind};
use crate::preflight::{self, Problem};

/// Most containers of a task.
const MOST_CONTAINERS: usize = 10;

/// Every reason against the spec. `problems` were found while it was read.
pub(super) fn refusal(object: &ServerGroup, desired: &Desired, problems: Vec<String>) -> Option<Refusal> {
    let mut found = refusal::problems(object);
    found.extend(problems);
    let spec = serde_json::to_value(&desired.spec).unwrap_or(Value::Null);
    found.extend(preflight::group(&spec).iter().map(|problem| format!("`spec.{}`{}", problem.path, rest(problem))));
    if found.is_empty() {
        found = mappings(desired);
    }
    // Without its document nothing more can be said of an artifact.
    if found.is_empty() && desired.waits.is_none() {
        found = children(desired);
    }
    Refusal::of(&found)
}

fn rest(problem: &Problem) -> String {
    format!(" {}; {}", problem.problem, problem.remedy)
}

/// Containers that there are, and those that target group mappings name.
fn mappings(desired: &Desired) -> Vec<String> {
    let inputs = desired.template.inputs.as_ref();
    let only = inputs.map(|inputs| inputs.container_name.as_ref().unwrap_or(&desired.moniker.application));
    let document = desired.document.as_ref().and_then(|document| document.container_definitions.as_ref());
    let containers = document.map_or(1, Vec::len);
    if !(1..=MOST_CONTAINERS).contains(&containers) {
        return vec![format!("artifact: `containerDefinitions` must have 1 to 10 containers and has {containers}")];
    }
    let judge = |(index, named): (usize, Option<&str>)| {
        let path = format!("`spec.template.targetGroupMappings[{index}].containerName`");
        match (named.filter(|name| !name.is_empty()), only) {
            (Some(name), Some(only)) if name != only => {
                Some(format!("{path} must be absent or `{only}`, which is the only container"))
            }
            (None, None) if containers > 1 => {
                Some(format!("{path} must be set: the artifact has {containers} containers"))
            }
            _ => None,
        }
    };
    let given = desired.template.target_group_mappings.iter().flatten();
    given.map(|mapping| mapping.container_name.as_deref()).enumerate().filter_map(judge).collect()
}

/// What the children would be refused for.
fn children(desired: &Desired) -> Vec<String> {
    let version = VersionOf { name: desired.moniker.version_name(0), sequence: 0, slot: Some(Slot::A) };
    let stand_ins = stand_ins(desired);
    let definition = match task_definition(desired, &version, &stand_ins) {
        Ok(definition) => definition,
        Err(problems) => return problems,
    };
    let service = service(desired, &version, &stand_ins, desired.capacity.desired);
    let in_definition = |problem: &Problem| of_definition(desired, problem);
    let mut problems: Vec<String> = preflight::task_definition(&definition).iter().map(in_definition).collect();
    problems.extend(preflight::service(&service).iter().map(of_service));
    if problems.is_empty() {
        let crossing = preflight::service_with_task_definition(&service, &definition);
        problems.extend(crossing.iter().map(of_service));
    }
    if problems.is_empty() {
        problems.extend(admit(Kind::TaskDefinition, &version, &definition).iter().map(in_definition));
        problems.extend(admit(Kind::Service, &version, &service).iter().map(of_service));
    }
    problems
}

/// What the API server would refuse of a child.
fn admit<S: Serialize>(kind: Kind, version: &VersionOf, spec: &S) -> Vec<Problem> {
    let spec = serde_json::to_value(spec).unwrap_or(Value::Null);
    let manifest = json!({"metadata": {"name": child_name(&version.name)}, "spec": spec});
    document::admit(kind, &manifest)
}

/// Ids and ARNs of the right form for what is only named.
fn stand_ins(desired: &Desired) -> Resolved {
    let template = &desired.template;
    let given = template.network_configuration.as_ref().and_then(|network| network.awsvpc_configuration.as_ref());
    let named = |list: Option<&Vec<String>>| list.is_some_and(|names| !names.is_empty());
    let ids = |list: Option<Vec<String>>, by_name: bool, id: &str| {
        list.filter(|ids| !ids.is_empty()).or_else(|| by_name.then(|| vec![id.to_owned()]))
    };
    let subnets_by_name = named(template.subnet_names.as_ref()) || named(template.subnet_purposes.as_ref());
    let groups_by_name = named(template.security_group_names.as_ref());
    let mappings = template.target_group_mappings.iter().flatten();
    let target_groups = mappings.flat_map(|mapping| [&mapping.target_group, &mapping.alternate_target_group]).flatten();
    let target_group = |name: &String| {
        (name.clone(), format!("arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/{name}/0"))
    };
    let role = |name: Option<&String>| {
        let name = name.filter(|name| !name.starts_with("arn:"));
        name.map(|name| format!("arn:aws:iam::000000000000:role/{name}"))
    };
    Resolved {
        subnets: ids(given.and_then(|vpc| vpc.subnets.clone()), subnets_by_name, "subnet-0"),
        security_groups: ids(given.and_then(|vpc| vpc.security_groups.clone()), groups_by_name, "sg-0"),
        target_groups: target_groups.filter(|name| !name.starts_with("arn:")).map(target_group).collect(),
        execution_role_arn: role(template.execution_role_arn.as_ref()),
        task_role_arn: role(template.inputs.as_ref().and_then(|inputs| inputs.task_role_arn.as_ref())),
    }
}

/// The first name of a path, without an index, and the rest.
fn head(path: &str) -> (&str, &str) {
    path.find(['.', '[']).map_or((path, ""), |end| path.split_at(end))
}

fn said(path: &str, problem: &Problem) -> String {
    Problem { path: path.to_owned(), ..problem.clone() }.to_string()
}

/// A problem of the task definition in the words of the group's manifest.
fn of_definition(desired: &Desired, problem: &Problem) -> String {
    let (member, rest) = head(&problem.path);
    match (member, &desired.template.inputs) {
        ("family", _) => said("spec.moniker", problem),
        ("executionRoleArn", None) if desired.template.execution_role_arn.is_none() => {
            said("spec.template.executionRoleArn", problem)
        }
        ("networkMode" | "executionRoleArn", Some(_)) => said(&format!("spec.template.{member}{rest}"), problem),
        (_, None) => format!("artifact: {problem}"),
        ("tags", Some(_)) => said(&format!("spec.tags{rest}"), problem),
        ("requiresCompatibilities", Some(_)) => said("spec.template.launchType", problem),
        (_, Some(inputs)) => said(&format!("spec.template.inputs{}", of_inputs(inputs, member, rest)), problem),
    }
}

/// Where a member of the task definition stands in the inputs.
fn of_inputs(inputs: &Inputs, member: &str, rest: &str) -> String {
    match member {
        // The one container is the inputs: `containerDefinitions[name].image`.
        "containerDefinitions" => match rest.split_once(']') {
            Some((_, ".name")) => ".containerName".to_owned(),
            Some((_, inside)) => inside.to_owned(),
            None => String::new(),
        },
        "cpu" if inputs.task_cpu.is_some() => ".taskCpu".to_owned(),
        "memory" if inputs.task_memory.is_some() => ".taskMemory".to_owned(),
        "memory" if inputs.memory.is_none() => ".memoryReservation".to_owned(),
        _ => format!(".{member}{rest}"),
    }
}

/// A problem of the service in the words of the group's manifest.
fn of_service(problem: &Problem) -> String {
    let (member, rest) = head(&problem.path);
    let path = match member {
        "serviceName" => "spec.moniker".to_owned(),
        "loadBalancers" => format!("spec.template.targetGroupMappings{rest}").replace("targetGroupArn", "targetGroup"),
        "desiredCount" => "spec.capacity.desired".to_owned(),
        "cluster"
        | "clusterRef"
        | "region"
        | "tags"
        | "propagateTags"
        | "deploymentConfiguration"
        | "scaling"
        | "healthCheckGracePeriodSeconds" => format!("spec.{member}{rest}"),
        _ => format!("spec.template.{member}{rest}"),
    };
    said(&path, problem)
}
