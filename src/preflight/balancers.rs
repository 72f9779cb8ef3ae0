//! Load balancers of a service, as far as the service alone can tell.

use super::names::{filled, items, twice};
use super::{Found, Rule};
use crate::api::ecs_service::EcsServiceSpec as Spec;
use crate::api::shapes::network::LoadBalancer;

pub(super) const RULES: &[Rule<Spec>] = &[count, each, traffic_shift];

fn count(spec: &Spec, found: &mut Found) {
    if spec.load_balancers.as_ref().is_some_and(|balancers| balancers.len() > 5) {
        found.add("loadBalancers", "has more than 5 items", "keep at most 5");
    }
    let place = |b: &LoadBalancer| Some((b.target_group_arn.clone()?, b.container_name.clone(), b.container_port));
    for (group, _, _) in twice(items(spec.load_balancers.as_ref()).filter_map(place)) {
        found.add("loadBalancers", format!("has the target group {group} twice"), "keep one of them");
    }
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LoadBalancer.html>
fn each(spec: &Spec, found: &mut Found) {
    for (index, balancer) in items(spec.load_balancers.as_ref()).enumerate() {
        let path = format!("loadBalancers[{index}]");
        match (&balancer.target_group_arn, &balancer.load_balancer_name) {
            (Some(_), Some(_)) => {
                found.add(&path, "has both `targetGroupArn` and `loadBalancerName`", "keep one of them");
            }
            (None, None) => found.add(format!("{path}.targetGroupArn"), "is missing", "write the target group's ARN"),
            (Some(_), None) | (None, Some(_)) => {}
        }
        if balancer.container_name.is_none() {
            found.add(format!("{path}.containerName"), "is missing", "name the container that gets the traffic");
        }
        if balancer.container_port.is_none() {
            found.add(format!("{path}.containerPort"), "is missing", "name the port that gets the traffic");
        }
    }
}

/// Blue/green, linear and canary deployments shift traffic between two target groups by a rule.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_AdvancedConfiguration.html>
fn traffic_shift(spec: &Spec, found: &mut Found) {
    let strategy = spec.deployment_configuration.as_ref().and_then(|config| config.strategy.as_deref());
    let shifts = matches!(strategy, Some("BLUE_GREEN" | "LINEAR" | "CANARY"));
    let by_proxy = spec.service_connect_configuration.as_ref().is_some_and(|connect| connect.enabled == Some(true));
    let any = items(spec.load_balancers.as_ref()).any(|balancer| balancer.advanced_configuration.is_some());
    if shifts && !by_proxy && filled(spec.load_balancers.as_ref()) && !any {
        let problem = "must have `advancedConfiguration` for a strategy that shifts traffic";
        found.add("loadBalancers", problem, "name the second target group, the listener rule and the role");
    }
    for (index, balancer) in items(spec.load_balancers.as_ref()).enumerate() {
        let Some(advanced) = &balancer.advanced_configuration else {
            continue;
        };
        let members = [
            ("alternateTargetGroupArn", &advanced.alternate_target_group_arn),
            ("productionListenerRule", &advanced.production_listener_rule),
            ("roleArn", &advanced.role_arn),
        ];
        for (member, _) in members.into_iter().filter(|(_, value)| value.is_none()) {
            let path = format!("loadBalancers[{index}].advancedConfiguration.{member}");
            found.add(path, "is missing", "ECS needs it to shift traffic");
        }
        let groups = (&balancer.target_group_arn, &advanced.alternate_target_group_arn);
        if matches!(groups, (Some(blue), Some(green)) if blue == green) {
            let path = format!("loadBalancers[{index}].advancedConfiguration.alternateTargetGroupArn");
            found.add(path, "is the same target group as `targetGroupArn`", "name the second target group");
        }
    }
}
