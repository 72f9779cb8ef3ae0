//! `dependsOn`: the containers named exist, can reach the state asked for, and no circle is left.

use std::collections::{BTreeMap, BTreeSet};

use super::names::{container, containers, items};
use super::{Found, Rule};
use crate::api::ecs_task_definition::EcsTaskDefinitionSpec as Spec;

pub(super) const RULES: &[Rule<Spec>] = &[conditions, circle];

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html>
fn conditions(spec: &Spec, found: &mut Found) {
    for (path, dependent) in containers(spec) {
        for dependency in items(dependent.depends_on.as_ref()) {
            let name = dependency.container_name.as_deref().unwrap_or_default();
            let path = format!("{path}.dependsOn[{name}]");
            let Some(target) = container(spec, name) else {
                let remedy = "correct `containerName` or add the container";
                found.add(path, "names a container that the definition does not have", remedy);
                continue;
            };
            match dependency.condition.as_deref() {
                Some("HEALTHY") if target.health_check.is_none() => {
                    let problem = format!("waits for `{name}` to be HEALTHY, and it has no `healthCheck`");
                    found.add(path, problem, "give it a `healthCheck`, or wait for START");
                }
                Some(ends @ ("SUCCESS" | "COMPLETE")) if target.essential != Some(false) => {
                    let problem = format!("waits for {ends} of `{name}`, which is essential");
                    found.add(path, problem, format!("set `essential: false` on `{name}`, or wait for START"));
                }
                _ => {}
            }
        }
    }
}

/// Takes away what waits for nothing until nothing more can be taken; what is left waits in a circle.
fn circle(spec: &Spec, found: &mut Found) {
    let mut waits: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for container in items(spec.container_definitions.as_ref()) {
        let Some(name) = container.name.as_deref() else {
            continue;
        };
        let targets = items(container.depends_on.as_ref()).filter_map(|d| d.container_name.as_deref());
        waits.entry(name).or_default().extend(targets);
    }
    let known: BTreeSet<&str> = waits.keys().copied().collect();
    for targets in waits.values_mut() {
        targets.retain(|target| known.contains(target));
    }
    loop {
        let free: BTreeSet<&str> =
            waits.iter().filter(|(_, targets)| targets.is_empty()).map(|(name, _)| *name).collect();
        if free.is_empty() {
            break;
        }
        waits.retain(|name, _| !free.contains(name));
        for targets in waits.values_mut() {
            targets.retain(|target| !free.contains(target));
        }
    }
    if let Some(first) = waits.keys().next() {
        let round = route(first, &waits).join(" → ");
        let path = format!("containerDefinitions[{first}].dependsOn");
        found.add(path, format!("goes in a circle: {round}"), "remove one of these dependencies");
    }
}

/// The way from `start` along first targets until a container comes again.
fn route<'a>(start: &'a str, waits: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> Vec<&'a str> {
    let mut way = vec![start];
    let mut here = start;
    while let Some(next) = waits.get(here).and_then(|targets| targets.first()).copied() {
        let seen = way.iter().position(|name| *name == next);
        way.push(next);
        if let Some(position) = seen {
            return way.split_off(position);
        }
        here = next;
    }
    way
}
