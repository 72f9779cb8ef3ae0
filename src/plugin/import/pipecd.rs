//! `PipeCD`'s application of kind `ECSApp`: which files define it, and what of it has no counterpart.

use serde_json::{Map, Value, json};

use super::files::Config;

/// The file that holds the task definition unless the application says otherwise.
const DEFINITION: &str = "taskdef.yaml";

/// The configuration in a document, with paths as it writes them.
pub(super) fn config(value: &Value) -> Option<Config> {
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str);
    if !text("/apiVersion").is_some_and(|version| version.starts_with("pipecd.dev/")) {
        return None;
    }
    let spec = value.get("spec").and_then(Value::as_object)?;
    let input = spec.get("input").or_else(|| value.pointer("/spec/plugins/ecs/input")).and_then(Value::as_object);
    let empty = Map::new();
    let input = input.unwrap_or(&empty);
    let file = |name: &str| input.get(name).and_then(Value::as_str).map(str::to_owned);
    let mut config = Config {
        service_file: file("serviceDefinitionFile"),
        definition_file: Some(file("taskDefinitionFile").unwrap_or_else(|| DEFINITION.to_owned())),
        pipecd: true,
        ..Config::default()
    };
    if let Some(primary) = value.pointer("/spec/input/targetGroups/primary") {
        config.service.insert("loadBalancers".to_owned(), json!([primary]));
    }
    if let Some(launch) = file("launchType") {
        config.service.insert("launchType".to_owned(), Value::from(launch));
    }
    let taken = ["serviceDefinitionFile", "taskDefinitionFile", "targetGroups", "launchType"];
    let others = input.keys().filter(|name| !taken.contains(&name.as_str()));
    config.left.extend(others.map(|name| format!("`spec.input.{name}` of the application has no place in a manifest")));
    if value.pointer("/spec/input/targetGroups/canary").is_some() {
        config.left.push(
            "`spec.input.targetGroups.canary`: for weighted traffic write a ServerGroup, or \
             `deploymentConfiguration.strategy: CANARY` with an alternate target group"
                .to_owned(),
        );
    }
    let others = spec.keys().filter(|name| !["input", "name", "labels", "description"].contains(&name.as_str()));
    config.left.extend(others.filter(|name| *name != "plugins").map(|name| {
        match name.as_str() {
            "pipeline" => {
                "`spec.pipeline`: its stages are `deploymentConfiguration.strategy`, or the strategy of a ServerGroup"
                    .to_owned()
            }
            other => format!("`spec.{other}` of the application has no place in a manifest"),
        }
    }));
    Some(config)
}

/// `PipeCD` drives task sets, for which it has services with controller EXTERNAL; ECS drives ours.
pub(super) fn without_controller(document: &mut Map<String, Value>) -> Option<String> {
    let controller = document.get("deploymentController").and_then(|controller| controller.get("type"));
    if controller.and_then(Value::as_str) != Some("EXTERNAL") {
        return None;
    }
    document.remove("deploymentController");
    Some(
        "`deploymentController` is EXTERNAL where PipeCD drives the service by task sets. That service cannot be taken \
         over: give this one another `serviceName`, apply it, move the traffic, then delete the old one"
            .to_owned(),
    )
}
