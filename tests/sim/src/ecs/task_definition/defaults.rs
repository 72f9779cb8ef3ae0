//! What registration fills in: the definition as it is described afterwards.

use serde_json::{Map, Value, json};

use super::{fargate, validate};
use crate::ecs::{flag, list, set, text};

/// The request without tags, with defaults. An absent network mode stays absent, though it means `bridge`.
pub(super) fn fill(input: &Value) -> Value {
    let mut echo = Map::new();
    for (member, value) in input.as_object().into_iter().flatten() {
        let empty_list = value.as_array().is_some_and(Vec::is_empty);
        if member != "tags" && !(member == "requiresCompatibilities" && empty_list) {
            echo.insert(member.clone(), value.clone());
        }
    }
    let mut echo = Value::Object(echo);
    for (member, units) in [("cpu", fargate::cpu_units(input)), ("memory", fargate::memory_mib(input))] {
        if let Some(units) = units {
            set(&mut echo, member, units.to_string());
        }
    }
    let mode = network_mode(input);
    let containers: Vec<Value> = list(input, "containerDefinitions").iter().map(|c| container(c, mode)).collect();
    set(&mut echo, "containerDefinitions", containers);
    let volumes: Vec<Value> = list(input, "volumes").iter().map(volume).collect();
    set(&mut echo, "volumes", volumes);
    absent(&mut echo, "placementConstraints", json!([]));
    set(&mut echo, "compatibilities", compatibilities(input));
    let attributes = attributes(input, mode);
    if !attributes.is_empty() {
        set(&mut echo, "requiresAttributes", attributes);
    }
    echo
}

/// The network mode in force; empty for Windows, whose default has no name in the model.
pub(super) fn network_mode(input: &Value) -> &str {
    let windows = input
        .get("runtimePlatform")
        .and_then(|platform| text(platform, "operatingSystemFamily"))
        .is_some_and(|family| family.starts_with("WINDOWS"));
    text(input, "networkMode").unwrap_or(if windows { "" } else { "bridge" })
}

fn absent(target: &mut Value, member: &str, value: Value) {
    if target.get(member).is_none() {
        set(target, member, value);
    }
}

fn container(given: &Value, mode: &str) -> Value {
    let mut echo = given.clone();
    absent(&mut echo, "cpu", json!(0));
    absent(&mut echo, "essential", json!(true));
    for member in ["environment", "mountPoints", "volumesFrom", "systemControls"] {
        absent(&mut echo, member, json!([]));
    }
    let ports: Vec<Value> = list(given, "portMappings").iter().map(|port| port_mapping(port, mode)).collect();
    set(&mut echo, "portMappings", ports);
    if let Some(check) = echo.get_mut("healthCheck") {
        for (member, value) in [("interval", 30), ("timeout", 5), ("retries", 3)] {
            absent(check, member, json!(value));
        }
    }
    if let Some(policy) = echo.get_mut("restartPolicy").filter(|policy| flag(policy, "enabled")) {
        absent(policy, "restartAttemptPeriod", json!(300));
    }
    echo
}

fn port_mapping(given: &Value, mode: &str) -> Value {
    let mut echo = given.clone();
    absent(&mut echo, "protocol", json!("tcp"));
    if let Some(port) = given.get("containerPort") {
        let host = if matches!(mode, "awsvpc" | "host") { port.clone() } else { json!(0) };
        absent(&mut echo, "hostPort", host);
    }
    echo
}

fn volume(given: &Value) -> Value {
    let mut echo = given.clone();
    if let Some(efs) = echo.get_mut("efsVolumeConfiguration") {
        absent(efs, "rootDirectory", json!("/"));
    }
    if let Some(docker) = echo.get_mut("dockerVolumeConfiguration") {
        absent(docker, "scope", json!("task"));
    }
    if given.as_object().is_some_and(|members| members.len() == 1) {
        set(&mut echo, "host", json!({}));
    }
    echo
}

fn compatibilities(input: &Value) -> Vec<&'static str> {
    let mode = network_mode(input);
    let mut out = vec!["EC2"];
    if mode != "awsvpc" {
        out.push("EXTERNAL");
    }
    let sized = mode == "awsvpc" && fargate::check(input).is_ok() && validate::size_known(input);
    if sized {
        out.push("FARGATE");
    }
    let asked = |word: &str| list(input, "requiresCompatibilities").iter().any(|item| item.as_str() == Some(word));
    if sized || asked("MANAGED_INSTANCES") {
        out.push("MANAGED_INSTANCES");
    }
    out
}

/// Capabilities that the definition asks of an instance; none for a plain container.
fn attributes(input: &Value, mode: &str) -> Vec<Value> {
    const PREFIX: &str = "com.amazonaws.ecs.capability.";
    let containers = list(input, "containerDefinitions");
    let any = |test: &dyn Fn(&Value) -> bool| containers.iter().any(test);
    let logs = any(&|c| c.pointer("/logConfiguration/logDriver").and_then(Value::as_str) == Some("awslogs"));
    let registry = any(&|c| text(c, "image").is_some_and(|image| image.contains(".dkr.ecr.")));
    let role = input.get("executionRoleArn").is_some();
    let wanted = [
        (logs, format!("{PREFIX}logging-driver.awslogs")),
        (logs && role, "ecs.capability.execution-role-awslogs".to_owned()),
        (registry, format!("{PREFIX}ecr-auth")),
        (logs, format!("{PREFIX}docker-remote-api.1.19")),
        (input.get("taskRoleArn").is_some(), format!("{PREFIX}task-iam-role")),
        (any(&|c| c.get("healthCheck").is_some()), "ecs.capability.container-health-check".to_owned()),
        (registry && role, "ecs.capability.execution-role-ecr-pull".to_owned()),
        (mode == "awsvpc", format!("{PREFIX}docker-remote-api.1.18")),
        (mode == "awsvpc", "ecs.capability.task-eni".to_owned()),
    ];
    wanted.into_iter().filter(|(asked, _)| *asked).map(|(_, name)| json!({ "name": name })).collect()
}
