//! A service by itself: names, network, Service Connect, volumes, tags.

use serde_json::Value;

use super::names::{NAME, filled, is_family_and_revision, is_name, items, twice};
use super::{Found, Rule, arn, foreign, logs, secrets, tags};
use crate::api::ecs_service::EcsServiceSpec as Spec;

pub(super) const RULES: &[Rule<Spec>] =
    &[names, count, role, network, public_address, platform, registries, connect, volumes, all_arns, service_tags];

fn names(spec: &Spec, found: &mut Found) {
    if spec.service_name.as_deref().is_some_and(|name| !is_name(name)) {
        found.add("serviceName", "is not a name that ECS takes", NAME);
    }
    let cluster = spec.cluster.as_deref().filter(|cluster| !arn::claims(cluster));
    if cluster.is_some_and(|cluster| !is_name(cluster)) {
        found.add("cluster", "is neither the name nor the ARN of a cluster", NAME);
    }
    let definition = spec.task_definition.as_deref().filter(|name| !arn::claims(name));
    if definition.is_some_and(|name| !is_family_and_revision(name)) {
        let problem = "is neither a family, nor family:revision, nor an ARN";
        found.add("taskDefinition", problem, "write family:revision with a number as revision");
    }
}

fn count(spec: &Spec, found: &mut Found) {
    if spec.desired_count.is_some_and(|count| count < 0) {
        found.add("desiredCount", "must not be negative", "write 0 or more");
    }
}

/// "You cannot specify an IAM role for services that require a service linked role."
fn role(spec: &Spec, found: &mut Found) {
    let Some(role) = spec.role.as_deref() else {
        return;
    };
    if let Err(problem) = arn::role(role) {
        found.add("role", problem, "write arn:aws:iam::<account>:role/<name>");
    }
    let several = spec.load_balancers.as_ref().is_some_and(|balancers| balancers.len() > 1);
    if spec.network_configuration.is_some() || several || filled(spec.service_registries.as_ref()) {
        let problem = "cannot be set for a service that needs the service-linked role";
        found.add("role", problem, "leave it out");
    }
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_AwsVpcConfiguration.html>
fn network(spec: &Spec, found: &mut Found) {
    let Some(vpc) = spec.network_configuration.as_ref().and_then(|network| network.awsvpc_configuration.as_ref())
    else {
        return;
    };
    let path = "networkConfiguration.awsvpcConfiguration";
    if !filled(vpc.subnets.as_ref()) {
        found.add(format!("{path}.subnets"), "must not be empty", "name the subnets of the tasks");
    }
    let lists = [("subnets", &vpc.subnets, "subnet-", 16), ("securityGroups", &vpc.security_groups, "sg-", 5)];
    for (member, list, prefix, most) in lists {
        if list.as_ref().is_some_and(|list| list.len() > most) {
            found.add(format!("{path}.{member}"), format!("has more than {most} items"), "remove some");
        }
        for (index, id) in items(list.as_ref()).enumerate() {
            let tail = id.strip_prefix(prefix).unwrap_or_default();
            if tail.is_empty() || !tail.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
                let problem = format!("is not an id that begins with `{prefix}`");
                found.add(format!("{path}.{member}[{index}]"), problem, format!("write {prefix}0123456789abcdef0"));
            }
        }
    }
}

/// "Assign public IP is not supported for this launch type"
fn public_address(spec: &Spec, found: &mut Found) {
    let vpc = spec.network_configuration.as_ref().and_then(|network| network.awsvpc_configuration.as_ref());
    let enabled = vpc.and_then(|vpc| vpc.assign_public_ip.as_deref()) == Some("ENABLED");
    let launch_type = spec.launch_type.as_deref().unwrap_or_default();
    if enabled && matches!(launch_type, "EC2" | "EXTERNAL") {
        let path = "networkConfiguration.awsvpcConfiguration.assignPublicIp";
        let problem = format!("cannot be ENABLED: Assign public IP is not supported for launch type {launch_type}");
        found.add(path, problem, "set it to DISABLED, or use Fargate");
    }
}

/// "The platform version must be null when specifying an EC2 launch type."
fn platform(spec: &Spec, found: &mut Found) {
    let set = spec.platform_version.as_deref().is_some_and(|version| !version.is_empty());
    if set && matches!(spec.launch_type.as_deref(), Some("EC2" | "EXTERNAL")) {
        found.add("platformVersion", "is for Fargate only", "leave it out");
    }
}

fn registries(spec: &Spec, found: &mut Found) {
    if spec.service_registries.as_ref().is_some_and(|registries| registries.len() > 1) {
        found.add("serviceRegistries", "has more than one item", "keep one; ECS takes one registry for each service");
    }
    for (index, registry) in items(spec.service_registries.as_ref()).enumerate() {
        if registry.registry_arn.is_none() {
            let path = format!("serviceRegistries[{index}].registryArn");
            found.add(path, "is missing", "write the ARN of a Cloud Map service");
        }
    }
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceConnectConfiguration.html>
fn connect(spec: &Spec, found: &mut Found) {
    let Some(connect) = &spec.service_connect_configuration else {
        return;
    };
    let path = "serviceConnectConfiguration";
    for name in twice(items(connect.services.as_ref()).filter_map(|service| service.port_name.as_deref())) {
        found.add(format!("{path}.services[{name}].portName"), "occurs twice", "offer each port once");
    }
    for service in items(connect.services.as_ref()) {
        if service.client_aliases.as_ref().is_some_and(|aliases| aliases.len() > 1) {
            let name = service.port_name.as_deref().unwrap_or_default();
            let problem = "has more than one item";
            found.add(format!("{path}.services[{name}].clientAliases"), problem, "keep one");
        }
    }
    if let Some(log) = &connect.log_configuration {
        logs::check(&format!("{path}.logConfiguration"), log, found);
        secrets::check(&format!("{path}.logConfiguration.secretOptions"), log.secret_options.as_ref(), found);
    }
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceManagedEBSVolumeConfiguration.html>
fn volumes(spec: &Spec, found: &mut Found) {
    if spec.volume_configurations.as_ref().is_some_and(|volumes| volumes.len() > 1) {
        found.add("volumeConfigurations", "has more than one item", "keep one; a task takes one such volume");
    }
    for volume in items(spec.volume_configurations.as_ref()) {
        let path = format!("volumeConfigurations[{}]", volume.name.as_deref().unwrap_or_default());
        let Some(ebs) = &volume.managed_ebs_volume else {
            found.add(format!("{path}.managedEBSVolume"), "is missing", "say which volume to make");
            continue;
        };
        if ebs.size_in_gib.is_none() && ebs.snapshot_id.is_none() {
            let problem = "has neither `sizeInGiB` nor `snapshotId`";
            found.add(format!("{path}.managedEBSVolume"), problem, "set one of them");
        }
        if ebs.role_arn.is_none() {
            let path = format!("{path}.managedEBSVolume.roleArn");
            found.add(path, "is missing", "name the infrastructure role with which ECS manages the volume");
        }
    }
}

fn all_arns(spec: &Spec, found: &mut Found) {
    let document = serde_json::to_value(spec).unwrap_or(Value::Null);
    foreign::malformed(&document, found);
}

fn service_tags(spec: &Spec, found: &mut Found) {
    tags::check(spec.tags.as_ref(), found);
}
