//! The hash of a template: equal for templates that say the same in other words. Pure.

use serde_json::{Map, Value};

use super::super::name::Moniker;
use super::super::render::{cpu_units, mebibytes};
use crate::api::mirror::IntOrText;
use crate::api::server_group::template::{ContainerNaming, Inputs, Template};
use crate::controllers::hash;

/// Bytes of the hash; each is two digits.
const BYTES: usize = 5;

/// Whether the tasks run on Fargate.
#[must_use]
pub fn on_fargate(template: &Template) -> bool {
    let fargate = |name: &str| matches!(name, "FARGATE" | "FARGATE_SPOT");
    let providers = template.capacity_provider_strategy.iter().flatten();
    template.launch_type.as_deref() == Some("FARGATE")
        || providers.filter_map(|item| item.capacity_provider.as_deref()).any(fargate)
}

/// Hash of a template and of the text that it refers to.
pub(super) fn hash(template: &Template, moniker: &Moniker, outside: Option<&str>) -> String {
    let mut plain = template.clone();
    undefault(&mut plain, moniker);
    let document = canonical(&serde_json::to_value(&plain).unwrap_or(Value::Null));
    hash::hash(&format!("{document}\n{}", outside.unwrap_or_default()), BYTES)
}

/// Removes what stands for a default anyway. Removing rather than filling in keeps the hash when a later operator
/// knows more members.
fn undefault(template: &mut Template, moniker: &Moniker) {
    let fargate = on_fargate(template);
    drop_if(&mut template.network_mode, |mode| fargate && mode == "awsvpc");
    drop_if(&mut template.platform_version, |version| version == "LATEST");
    drop_if(&mut template.enable_execute_command, |enabled| !enabled);
    drop_if(&mut template.redeploy_token, String::is_empty);
    let only = template.inputs.as_ref().map(|inputs| container(inputs, moniker));
    for mapping in template.target_group_mappings.iter_mut().flatten() {
        drop_if(&mut mapping.protocol, |protocol| protocol == "tcp");
        drop_if(&mut mapping.container_name, |name| name.is_empty() || Some(name) == only.as_ref());
    }
    if let Some(mappings) = template.target_group_mappings.take() {
        let mut distinct = Vec::new();
        for mapping in mappings {
            if !distinct.contains(&mapping) {
                distinct.push(mapping);
            }
        }
        template.target_group_mappings = Some(distinct);
    }
    let vpc = template.network_configuration.as_mut().and_then(|network| network.awsvpc_configuration.as_mut());
    let (subnets, groups) = vpc.map_or((None, None), |vpc| (vpc.subnets.as_mut(), vpc.security_groups.as_mut()));
    let sets = [
        subnets,
        groups,
        template.subnet_names.as_mut(),
        template.subnet_purposes.as_mut(),
        template.availability_zones.as_mut(),
        template.security_group_names.as_mut(),
    ];
    for set in sets.into_iter().flatten() {
        set.sort();
    }
    if let Some(inputs) = &mut template.inputs {
        undefault_inputs(inputs, moniker);
    }
}

fn undefault_inputs(inputs: &mut Inputs, moniker: &Moniker) {
    drop_if(&mut inputs.container_naming, |naming| *naming == ContainerNaming::Stable);
    drop_if(&mut inputs.container_name, |name| *name == moniker.application);
    for cpu in [&mut inputs.cpu, &mut inputs.task_cpu].into_iter().flatten() {
        *cpu = cpu_units(cpu).map_or_else(|| cpu.clone(), IntOrText::Int);
    }
    for memory in [&mut inputs.memory, &mut inputs.memory_reservation, &mut inputs.task_memory].into_iter().flatten() {
        *memory = mebibytes(memory).map_or_else(|| memory.clone(), IntOrText::Int);
    }
}

fn container(inputs: &Inputs, moniker: &Moniker) -> String {
    inputs.container_name.clone().unwrap_or_else(|| moniker.application.clone())
}

fn drop_if<T>(member: &mut Option<T>, default: impl Fn(&T) -> bool) {
    if member.as_ref().is_some_and(default) {
        *member = None;
    }
}

/// Keys in order, nothing empty.
fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut names: Vec<&String> = members.keys().collect();
            names.sort();
            let mut sorted = Map::new();
            for name in names {
                let member = canonical(members.get(name).unwrap_or(&Value::Null));
                let empty = member.is_null()
                    || member.as_array().is_some_and(Vec::is_empty)
                    || member.as_object().is_some_and(Map::is_empty);
                if !empty {
                    sorted.insert(name.clone(), member);
                }
            }
            Value::Object(sorted)
        }
        Value::Array(items) => Value::Array(items.iter().map(canonical).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}
