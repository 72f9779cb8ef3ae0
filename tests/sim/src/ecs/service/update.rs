//! `UpdateService`: which members change in place and which start a deployment.

use std::sync::Arc;

use serde_json::{Value, json};

use super::state::ServiceStatus;
use super::{normal, validate};
use crate::ecs::deployment::begin::revision_config;
use crate::ecs::scheduler::Fleet;
use crate::ecs::scheduler::json::{Object, count, list, number, text, truth};
use crate::ecs::task::state::Definition;
use crate::ecs::{cluster, task_definition};
use crate::refusal::Refusal;
use crate::world::{Cx, Region};

/// Members that start a deployment when they differ.
const ROLLING: [&str; 7] = [
    "networkConfiguration",
    "platformVersion",
    "loadBalancers",
    "serviceRegistries",
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
];

/// Members that controllers other than ECS allow.
const FOREIGN: [&str; 8] = [
    "cluster",
    "service",
    "desiredCount",
    "placementConstraints",
    "placementStrategy",
    "healthCheckGracePeriodSeconds",
    "enableECSManagedTags",
    "propagateTags",
];

pub(super) fn update(fleet: &mut Fleet, region: &Region, cx: &Cx, input: &Value) -> Result<Value, Refusal> {
    let home = cluster::resolve(region, cx, input)?;
    let key = super::locate(fleet, home, text(input, "/service").unwrap_or_default())
        .ok_or_else(Refusal::service_not_found)?;
    let service = fleet.services.get(&key).ok_or_else(Refusal::service_not_found)?;
    if service.status != ServiceStatus::Active {
        return Err(Refusal::service_not_active());
    }
    allowed(service.controller(), service.is_daemon(), input)?;
    validate::strategy(list(input, "/capacityProviderStrategy"), home)?;
    let forced = truth(input, "/forceNewDeployment");
    let mut config = service.config.clone();
    normal::merge(&mut config, input);
    let reference = text(input, "/taskDefinition").filter(|t| !t.is_empty());
    let definition = definition(
        region,
        cx,
        reference,
        service.word("taskDefinition"),
        service.primary().and_then(|d| service.revision(&d.revision)).map(|r| Arc::clone(&r.definition)),
    )?;
    if let Some(definition) = &definition {
        config.insert("taskDefinition".to_owned(), json!(definition.arn));
    }
    if input.get("capacityProviderStrategy").is_some_and(|v| !v.is_null()) {
        let empty = list(input, "/capacityProviderStrategy").is_empty();
        let same = config.get("capacityProviderStrategy") == service.config.get("capacityProviderStrategy");
        if !forced && (empty || !same) {
            return Err(Refusal::invalid_parameter(
                "When switching from launch type to capacity provider strategy on an existing service, or making a change to a capacity provider strategy on a service that is already using one, you must force a new deployment.",
            ));
        }
        if empty {
            let fallback = if normal::is_fargate(&service.config) { "FARGATE" } else { "EC2" };
            config.insert("launchType".to_owned(), json!(fallback));
        }
    }
    if service.controller() != "EXTERNAL" {
        normal::place(&mut config, home);
    }
    validate::rollout(&config)?;
    if let Some(definition) = &definition {
        validate::fits(fleet, &config, definition)?;
    }
    let rolls = forced || differs(&service.config, &config);
    let service = fleet.services.get_mut(&key).ok_or_else(Refusal::service_not_found)?;
    service.config = config;
    if let Some(desired) = number(input, "/desiredCount") {
        service.desired = desired;
    }
    service.excess = count(service.tasks.len());
    if let Some(definition) = definition.filter(|_| rolls && service.controller() != "EXTERNAL") {
        fleet.begin_deployment(&key, definition);
    }
    fleet.tick_at(&key, cx.now);
    let service = fleet.services.get(&key).ok_or_else(Refusal::service_not_found)?;
    Ok(json!({ "service": fleet.service_view(service, false) }))
}

/// The definition to run: the named one, or the one that runs already.
fn definition(
    region: &Region,
    cx: &Cx,
    named: Option<&str>,
    present: &str,
    running: Option<Arc<Definition>>,
) -> Result<Option<Arc<Definition>>, Refusal> {
    let Some(named) = named else {
        return Ok(running);
    };
    let revision = task_definition::resolve(region, cx, named)?;
    if revision.arn == present && running.as_ref().is_some_and(|d| d.arn == present) {
        return Ok(running);
    }
    Ok(Some(Arc::new(Definition::read(&revision.echo, &revision.tags))))
}

fn allowed(controller: &str, daemon: bool, input: &Value) -> Result<(), Refusal> {
    let desired = number(input, "/desiredCount");
    if daemon && desired.is_some() {
        return Err(Refusal::invalid_parameter(
            "The daemon scheduling strategy does not support a desired count for services. Remove the desired count value and try again",
        ));
    }
    if desired.is_some_and(|count| count < 0) {
        return Err(Refusal::invalid_parameter("desiredCount must not be negative."));
    }
    if daemon && !list(input, "/placementStrategy").is_empty() {
        return Err(Refusal::invalid_parameter(
            "The daemon scheduling strategy does not support a placement strategy.",
        ));
    }
    if controller == "ECS" {
        return Ok(());
    }
    let sent = input.as_object().into_iter().flatten().filter(|(_, v)| !v.is_null());
    for (member, _) in sent {
        let more = controller == "CODE_DEPLOY" && member == "deploymentConfiguration";
        if !more && !FOREIGN.contains(&member.as_str()) {
            return Err(Refusal::invalid_parameter(format!(
                "Unable to update {member} on services with a {controller} deployment controller."
            )));
        }
    }
    Ok(())
}

/// Whether a member that starts a deployment changed. Absent and empty are equal.
fn differs(old: &Object, new: &Object) -> bool {
    let (old, new) = (revision_config(old), revision_config(new));
    let value = |config: &Object, member: &str| {
        config.get(member).filter(|v| !crate::ecs::scheduler::json::is_empty(v)).cloned()
    };
    ROLLING.iter().chain(&["taskDefinition"]).any(|member| value(&old, member) != value(&new, member))
}
