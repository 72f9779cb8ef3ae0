//! What a deployment controller or scheduling strategy does not go with.

use super::capacity::on_fargate;
use super::names::filled;
use super::{Found, Rule};
use crate::api::ecs_service::EcsServiceSpec as Spec;

pub(super) const RULES: &[Rule<Spec>] = &[external, ecs_only, daemon];

/// The controller's type; ECS's own when absent.
fn controller(spec: &Spec) -> &str {
    spec.deployment_controller.as_ref().and_then(|controller| controller.r#type.as_deref()).unwrap_or("ECS")
}

/// With EXTERNAL, `CreateService` takes only what its task sets do not say.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html>
fn external(spec: &Spec, found: &mut Found) {
    if controller(spec) != "EXTERNAL" {
        return;
    }
    let set = [
        ("taskDefinition", spec.task_definition.is_some()),
        ("taskDefinitionRef", spec.task_definition_ref.is_some()),
        ("launchType", spec.launch_type.is_some()),
        ("capacityProviderStrategy", filled(spec.capacity_provider_strategy.as_ref())),
        ("platformVersion", spec.platform_version.is_some()),
        ("networkConfiguration", spec.network_configuration.is_some()),
        ("loadBalancers", filled(spec.load_balancers.as_ref())),
        ("serviceRegistries", filled(spec.service_registries.as_ref())),
        ("serviceConnectConfiguration", spec.service_connect_configuration.is_some()),
    ];
    for (member, _) in set.into_iter().filter(|(_, set)| *set) {
        let problem = "belongs to the task sets of a service with controller EXTERNAL";
        found.add(member, problem, "leave it out, or use controller ECS");
    }
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html>
fn ecs_only(spec: &Spec, found: &mut Found) {
    let controller = controller(spec);
    let Some(config) = spec.deployment_configuration.as_ref().filter(|_| controller != "ECS") else {
        return;
    };
    let set = [
        (
            "deploymentCircuitBreaker",
            config.deployment_circuit_breaker.as_ref().is_some_and(|b| b.enable == Some(true)),
        ),
        ("alarms", config.alarms.as_ref().is_some_and(|alarms| alarms.enable == Some(true))),
        ("strategy", config.strategy.as_deref().is_some_and(|strategy| strategy != "ROLLING")),
    ];
    for (member, _) in set.into_iter().filter(|(_, set)| *set) {
        let problem = format!("needs controller ECS, not {controller}");
        found.add(format!("deploymentConfiguration.{member}"), problem, "leave it out, or use controller ECS");
    }
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_services.html>
fn daemon(spec: &Spec, found: &mut Found) {
    if spec.scheduling_strategy.as_deref() != Some("DAEMON") {
        return;
    }
    let remedy = "use REPLICA, or leave the other out";
    let controller = controller(spec);
    if controller != "ECS" {
        found.add("schedulingStrategy", format!("cannot be DAEMON with controller {controller}"), remedy);
    }
    if on_fargate(spec) {
        found.add("schedulingStrategy", "cannot be DAEMON on Fargate", remedy);
    }
    if filled(spec.placement_strategy.as_ref()) {
        found.add("placementStrategy", "is not supported for DAEMON", "leave it out");
    }
    if filled(spec.volume_configurations.as_ref()) {
        found.add("volumeConfigurations", "is not supported for DAEMON", "leave it out");
    }
}
