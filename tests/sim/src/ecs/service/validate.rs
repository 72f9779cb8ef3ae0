//! What `CreateService` and `UpdateService` refuse, first error wins.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::ecs::capacity_provider::is_fargate as is_fargate_provider;
use crate::ecs::cluster::Cluster;
use crate::ecs::scheduler::Fleet;
use crate::ecs::scheduler::json::{Object, decimal, list, number, text, texts};
use crate::ecs::service::normal::is_fargate;
use crate::ecs::task::state::Definition;
use crate::refusal::Refusal;

type Check = Result<(), Refusal>;

fn refuse(message: impl Into<String>) -> Check {
    Err(Refusal::invalid_parameter(message))
}

/// Letters, digits, `_` and `-`, at most 255.
pub(crate) fn service_name(name: &str) -> Check {
    let good = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || name.len() > 255 || !name.chars().all(good) {
        return refuse(
            "Invalid service name: up to 255 letters (uppercase and lowercase), numbers, underscores, and hyphens are allowed.",
        );
    }
    Ok(())
}

/// At most 36 printable ASCII characters.
pub(crate) fn client_token(token: &str) -> Check {
    if token.len() > 36 || !token.bytes().all(|b| (33..=126).contains(&b)) {
        return refuse("clientToken must be up to 36 ASCII characters in the range of 33-126.");
    }
    Ok(())
}

/// Scheduling strategy and controller against the other members of `CreateService`.
pub(crate) fn kind(input: &Value) -> Check {
    let has = |member: &str| input.get(member).is_some_and(|v| !crate::ecs::scheduler::json::is_empty(v));
    let daemon = text(input, "/schedulingStrategy") == Some("DAEMON");
    let controller = text(input, "/deploymentController/type").unwrap_or("ECS");
    if has("launchType") && has("capacityProviderStrategy") {
        return refuse(
            "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.",
        );
    }
    if daemon {
        return daemon_members(input, controller);
    }
    match number(input, "/desiredCount") {
        None => {
            return refuse("Desired count should be specified when the scheduling strategy is REPLICA.");
        }
        Some(count) if count < 0 => return refuse("desiredCount must not be negative."),
        Some(_) => {}
    }
    if controller == "EXTERNAL" {
        for member in [
            "taskDefinition",
            "launchType",
            "capacityProviderStrategy",
            "networkConfiguration",
            "loadBalancers",
            "serviceRegistries",
            "platformVersion",
            "serviceConnectConfiguration",
            "volumeConfigurations",
        ] {
            if has(member) {
                let mut name = member.to_owned();
                if let Some(first) = name.get_mut(..1) {
                    first.make_ascii_uppercase();
                }
                return refuse(format!("{name} must be blank when using an EXTERNAL deployment controller."));
            }
        }
        return Ok(());
    }
    if !has("taskDefinition") {
        return refuse("TaskDefinition can not be blank.");
    }
    Ok(())
}

fn daemon_members(input: &Value, controller: &str) -> Check {
    if controller != "ECS" {
        return refuse("The DAEMON scheduling strategy requires the ECS deployment controller.");
    }
    if input.get("desiredCount").is_some_and(|v| !v.is_null()) {
        return refuse(
            "The daemon scheduling strategy does not support a desired count for services. Remove the desired count value and try again",
        );
    }
    let fargate = input.as_object().is_some_and(is_fargate);
    if fargate {
        return refuse("The daemon scheduling strategy is not supported with the FARGATE launch type.");
    }
    if !list(input, "/placementStrategy").is_empty() {
        return refuse("The daemon scheduling strategy does not support a placement strategy.");
    }
    if !list(input, "/volumeConfigurations").is_empty() {
        return refuse("The daemon scheduling strategy does not support volume configurations.");
    }
    if text(input, "/taskDefinition").is_none_or(str::is_empty) {
        return refuse("TaskDefinition can not be blank.");
    }
    Ok(())
}

/// A capacity provider strategy against the rules and the providers of the cluster.
pub(crate) fn strategy(items: &[Value], cluster: &Cluster) -> Check {
    if items.is_empty() {
        return Ok(());
    }
    if items.len() > 20 {
        return refuse("A capacity provider strategy can contain a maximum of 20 capacity providers.");
    }
    let positive = |item: &&Value, path: &str| number(item, path).unwrap_or(0) > 0;
    if items.iter().filter(|i| positive(i, "/base")).count() > 1 {
        return refuse("Only one capacity provider in a capacity provider strategy can have a base defined.");
    }
    if !items.iter().any(|i| positive(&i, "/weight")) {
        return refuse(
            "A capacity provider strategy must contain at least one capacity provider with a weight greater than zero.",
        );
    }
    let names: Vec<&str> = items.iter().filter_map(|i| text(i, "/capacityProvider")).collect();
    let fargate = names.iter().filter(|name| is_fargate_provider(name)).count();
    if fargate > 0 && fargate < names.len() {
        return refuse(
            "A capacity provider strategy cannot contain a mix of capacity providers using Auto Scaling groups and Fargate.",
        );
    }
    if let Some(missing) = names.iter().find(|name| !cluster.capacity_providers.iter().any(|p| p == *name)) {
        return refuse(format!("The specified capacity provider '{missing}' is not associated with the cluster."));
    }
    Ok(())
}

/// `deploymentConfiguration` in normal form.
pub(crate) fn rollout(config: &Object) -> Check {
    let Some(value) = config.get("deploymentConfiguration") else {
        return Ok(());
    };
    let most = number(value, "/maximumPercent").unwrap_or(200);
    let least = number(value, "/minimumHealthyPercent").unwrap_or(100);
    if least < 0 || most < 0 || most <= least {
        return refuse(
            "deploymentConfiguration is not valid: maximumPercent must be greater than minimumHealthyPercent.",
        );
    }
    shifting(config, value)?;
    hooks(value)
}

fn shifting(config: &Object, value: &Value) -> Check {
    let word = text(value, "/strategy").unwrap_or("ROLLING");
    let bake = number(value, "/bakeTimeInMinutes").unwrap_or(0);
    if !(0..=1440).contains(&bake) {
        return refuse("bakeTimeInMinutes must be between 0 and 1440.");
    }
    if word == "ROLLING" {
        return Ok(());
    }
    for entry in config.get("loadBalancers").map_or(&[][..], |v| list(v, "")) {
        for member in ["alternateTargetGroupArn", "productionListenerRule", "roleArn"] {
            if text(entry, &format!("/advancedConfiguration/{member}")).is_none() {
                return refuse(format!(
                    "{member} in advancedConfiguration is required for the {word} deployment strategy."
                ));
            }
        }
    }
    let within = |path: &str, least: f64, most: f64| decimal(value, path).is_none_or(|v| (least..=most).contains(&v));
    if word == "LINEAR" && !within("/linearConfiguration/stepPercent", 3.0, 100.0) {
        return refuse("stepPercent must be between 3.0 and 100.0.");
    }
    if word == "CANARY" && !within("/canaryConfiguration/canaryPercent", 0.1, 100.0) {
        return refuse("canaryPercent must be between 0.1 and 100.0.");
    }
    for path in ["/linearConfiguration/stepBakeTimeInMinutes", "/canaryConfiguration/canaryBakeTimeInMinutes"] {
        if !within(path, 0.0, 1440.0) {
            return refuse("The bake time must be between 0 and 1440 minutes.");
        }
    }
    Ok(())
}

fn hooks(value: &Value) -> Check {
    for hook in list(value, "/lifecycleHooks") {
        let stages = texts(hook, "/lifecycleStages");
        if stages.is_empty() {
            return refuse("A lifecycle hook must name at least one lifecycle stage.");
        }
        if text(hook, "/targetType") != Some("PAUSE") {
            if text(hook, "/hookTargetArn").is_none() {
                return refuse("hookTargetArn is required for a lifecycle hook.");
            }
            continue;
        }
        if stages.iter().any(|s| s == "TEST_TRAFFIC_SHIFT" || s == "PRODUCTION_TRAFFIC_SHIFT") {
            return refuse("PAUSE lifecycle hooks are not supported at traffic shift stages.");
        }
        let minutes = number(hook, "/timeoutConfiguration/timeoutInMinutes").unwrap_or(1440);
        if !(1..=20160).contains(&minutes) {
            return refuse("timeoutInMinutes must be between 1 and 20160.");
        }
    }
    Ok(())
}

/// The stored form against the task definition, networks and target groups.
pub(crate) fn fits(fleet: &Fleet, config: &Object, definition: &Definition) -> Check {
    let fargate = is_fargate(config);
    if fargate && !definition.compatibilities.iter().any(|c| c == "FARGATE") {
        return refuse("Task definition does not support launch_type FARGATE.");
    }
    let items = |member: &str| config.get(member).map_or(&[][..], |v| list(v, ""));
    if fargate && !items("placementConstraints").is_empty() {
        return refuse("Placement constraints are not supported with FARGATE launch type.");
    }
    if fargate && !items("placementStrategy").is_empty() {
        return refuse("Placement strategies are not supported with FARGATE launch type.");
    }
    for (member, most) in
        [("placementConstraints", 10), ("placementStrategy", 5), ("serviceRegistries", 1), ("loadBalancers", 5)]
    {
        if items(member).len() > most {
            return refuse(format!("{member} can not have more than {most} items."));
        }
    }
    if config
        .get("healthCheckGracePeriodSeconds")
        .and_then(Value::as_i64)
        .is_some_and(|s| !(0..=2_147_483_647).contains(&s))
    {
        return refuse("healthCheckGracePeriodSeconds must be between 0 and 2147483647.");
    }
    network(fleet, config.get("networkConfiguration"), definition)?;
    registries(items("serviceRegistries"), definition)?;
    load_balancers(fleet, items("loadBalancers"), definition)
}

/// API reference, `ServiceRegistry`: container name and port, or under awsvpc a port; never both.
fn registries(entries: &[Value], definition: &Definition) -> Check {
    for entry in entries {
        let Some(arn) = text(entry, "/registryArn").filter(|arn| !arn.is_empty()) else {
            return refuse("registryArn can not be empty.");
        };
        let of_service = arn.starts_with("arn:") && arn.split(':').nth(2) == Some("servicediscovery");
        if !of_service || !arn.split(':').nth(5).is_some_and(|resource| resource.starts_with("service/")) {
            return refuse(format!("The service registry ARN {arn} is not valid."));
        }
        let (name, port) = (text(entry, "/containerName"), number(entry, "/containerPort"));
        let awsvpc = definition.network_mode == "awsvpc";
        let own = number(entry, "/port");
        if own.is_some() && (name.is_some() || port.is_some()) {
            return refuse(
                "Specify either a port or a containerName and containerPort in a service registry, not both.",
            );
        }
        if own.is_some() && !awsvpc {
            return refuse("A port in a service registry is only supported with the awsvpc network mode.");
        }
        match (name, port) {
            (None, None) if awsvpc => {}
            (Some(name), Some(port)) => {
                let Some(container) = definition.containers.iter().find(|c| c.name == name) else {
                    return refuse(format!("The container {name} does not exist in the task definition."));
                };
                if !container.ports.contains(&port) {
                    return refuse(format!("The container {name} did not have a container port {port} defined."));
                }
            }
            _ => {
                return refuse(format!(
                    "A service registry needs containerName and containerPort with the {} network mode.",
                    definition.network_mode
                ));
            }
        }
    }
    Ok(())
}

/// `networkConfiguration` against the network mode of the task definition.
pub(crate) fn network(fleet: &Fleet, value: Option<&Value>, definition: &Definition) -> Check {
    let vpc = value.and_then(|v| v.pointer("/awsvpcConfiguration"));
    let Some(vpc) = vpc else {
        if definition.network_mode == "awsvpc" {
            return refuse("Network Configuration must be provided when networkMode 'awsvpc' is specified.");
        }
        return Ok(());
    };
    if definition.network_mode != "awsvpc" {
        return refuse("Network Configuration is not valid for the given networkMode of this task definition.");
    }
    let (subnets, groups) = (texts(vpc, "/subnets"), texts(vpc, "/securityGroups"));
    if subnets.is_empty() {
        return refuse("subnets can not be empty.");
    }
    if subnets.len() > 16 {
        return refuse("subnets can have at most 16 items.");
    }
    if groups.len() > 5 {
        return refuse("securityGroups can have at most 5 items.");
    }
    let mut vpcs = BTreeSet::new();
    let known = [
        (&subnets, &fleet.fixtures.subnets, "The subnet ID '", "' does not exist"),
        (&groups, &fleet.fixtures.security_groups, "The security group '", "' does not exist"),
    ];
    for (ids, networks, before, after) in known {
        for id in ids.iter().filter(|_| !networks.is_empty()) {
            match networks.get(id) {
                None => return refuse(format!("{before}{id}{after}")),
                Some(network) => vpcs.insert(network.vpc_id.clone()),
            };
        }
    }
    if vpcs.len() > 1 {
        return refuse("Subnets and security groups must belong to the same VPC.");
    }
    Ok(())
}

fn load_balancers(fleet: &Fleet, entries: &[Value], definition: &Definition) -> Check {
    for entry in entries {
        let name = text(entry, "/containerName").unwrap_or_default();
        let port = number(entry, "/containerPort").unwrap_or(0);
        let Some(container) = definition.containers.iter().find(|c| c.name == name) else {
            return refuse(format!("The container {name} does not exist in the task definition."));
        };
        if !container.ports.contains(&port) {
            return refuse(format!("The container {name} did not have a container port {port} defined."));
        }
        let arns = ["/targetGroupArn", "/advancedConfiguration/alternateTargetGroupArn"];
        for arn in arns.iter().filter_map(|path| text(entry, path)) {
            if !fleet.knows_target_group(arn) {
                return refuse(format!("The target group with targetGroupArn {arn} does not exist."));
            }
            let Some(group) = fleet.fixtures.target_groups.get(arn) else {
                continue;
            };
            if !fleet.fixtures.is_in_use(arn) {
                return refuse(format!(
                    "The target group with targetGroupArn {arn} does not have an associated load balancer."
                ));
            }
            if group.target_type == "instance" && definition.network_mode == "awsvpc" {
                return refuse(format!(
                    "The provided target group {arn} has target type instance, which is incompatible with the awsvpc network mode specified in the task definition."
                ));
            }
            let declared = !fleet.traffic.implicit.contains(arn);
            if declared && group.target_type == "ip" && definition.network_mode != "awsvpc" {
                return refuse(format!(
                    "The provided target group {arn} has target type ip, which is incompatible with the {} network mode specified in the task definition.",
                    definition.network_mode
                ));
            }
        }
    }
    Ok(())
}
