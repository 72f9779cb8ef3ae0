//! A described document without what ECS filled in: shorter, and with the same normal form.

use serde_json::{Map as Object, Value};

use super::normal::{default_of, is_blank};
use super::normalize::{cluster, each_item, service, task_definition, text_of};
use super::shape::{Kind, Member, Shape, Spell};
use super::spell::spell;

/// A service, without defaults, empty members and what follows from others.
#[must_use]
pub fn service(value: &Value) -> Value {
    let mut object = value.as_object().cloned().unwrap_or_default();
    percentages(&mut object);
    if let Some(connect) = object.get_mut("serviceConnectConfiguration").and_then(Value::as_object_mut) {
        each_item(connect, "services", |service| {
            if service.get("discoveryName") == service.get("portName") {
                service.remove("discoveryName");
            }
        });
    }
    // What ECS assumes for a new service is not what it assumes for an old one: written out where it may matter.
    let rebalancing = object.get("availabilityZoneRebalancing").filter(|value| !value.is_null()).cloned();
    let rebalancing = rebalancing.filter(|_| text_of(&object, "schedulingStrategy") != Some("DAEMON"));
    let mut tidied = fields(&object, &service::SERVICE);
    if let Some(rebalancing) = rebalancing {
        tidied.insert("availabilityZoneRebalancing".to_owned(), rebalancing);
    }
    Value::Object(tidied)
}

/// A task definition, the same way.
#[must_use]
pub fn task_definition(value: &Value) -> Value {
    let mut object = value.as_object().cloned().unwrap_or_default();
    let mode = text_of(&object, "networkMode").unwrap_or("bridge").to_ascii_lowercase();
    let mirrored = mode == "awsvpc" || mode == "host";
    each_item(&mut object, "containerDefinitions", |container| {
        each_item(container, "portMappings", |mapping| {
            let assumed = if mirrored { mapping.get("containerPort").cloned() } else { Some(Value::from(0)) };
            if mapping.get("hostPort").is_some() && mapping.get("hostPort") == assumed.as_ref() {
                mapping.remove("hostPort");
            }
        });
    });
    Value::Object(fields(&object, &task_definition::TASK_DEFINITION))
}

/// A cluster, the same way.
#[must_use]
pub fn cluster(value: &Value) -> Value {
    let object = value.as_object().cloned().unwrap_or_default();
    Value::Object(fields(&object, &cluster::CLUSTER))
}

/// Both depend on the scheduling strategy:
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html>
fn percentages(object: &mut Object<String, Value>) {
    let daemon = text_of(object, "schedulingStrategy") == Some("DAEMON");
    let (maximum, minimum) = if daemon { (100, 0) } else { (200, 100) };
    if let Some(configuration) = object.get_mut("deploymentConfiguration").and_then(Value::as_object_mut) {
        configuration.retain(|name, value| match name.as_str() {
            "maximumPercent" => *value != maximum,
            "minimumHealthyPercent" => *value != minimum,
            _ => true,
        });
    }
}

fn fields(object: &Object<String, Value>, shape: &Shape) -> Object<String, Value> {
    let said = |(name, value): (&String, &Value)| {
        let kept = match shape.member(name) {
            Some(member) => said(value, member),
            None => (!is_blank(value)).then(|| value.clone()),
        };
        Some((name.clone(), kept?))
    };
    object.iter().filter_map(said).collect()
}

/// What a member says beyond its default.
fn said(value: &Value, member: &Member) -> Option<Value> {
    if let Kind::Scalar(how) | Kind::Secret(how) = member.kind {
        let assumed = how != Spell::Role && default_of(member).is_some_and(|default| default == spell(value, how));
        return (!value.is_null() && !assumed).then(|| value.clone());
    }
    kept(value, &member.kind)
}

fn kept(value: &Value, kind: &Kind) -> Option<Value> {
    if is_blank(value) {
        return None;
    }
    match (kind, value) {
        (Kind::Struct(shape), Value::Object(object)) => {
            let fields = fields(object, shape);
            (!fields.is_empty()).then_some(Value::Object(fields))
        }
        (Kind::List(list), Value::Array(items)) => {
            let items = items.iter().filter(|item| !item.is_null()).filter_map(|item| match (list.of, item) {
                // An item counts even when it says only defaults.
                (Kind::Struct(shape), Value::Object(object)) => Some(Value::Object(fields(object, shape))),
                (kind, item) => kept(item, kind),
            });
            Some(Value::Array(items.collect()))
        }
        _ => Some(value.clone()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_ecs_fills_in_goes_and_the_normal_form_stays() {
        let described = json!({
            "family": "shop", "networkMode": "awsvpc", "volumes": [{"name": "tmp", "host": {}}],
            "placementConstraints": [],
            "containerDefinitions": [{
                "name": "web", "image": "nginx", "cpu": 0, "essential": true, "environment": [], "mountPoints": [],
                "portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}], "readonlyRootFilesystem": true,
                "environmentFiles": null, "healthCheck": {"command": ["CMD", "true"], "interval": 30, "timeout": 9}
            }]
        });
        let tidied = task_definition(&described);
        let expected = json!({
            "family": "shop", "networkMode": "awsvpc", "volumes": [{"name": "tmp"}],
            "containerDefinitions": [{
                "name": "web", "image": "nginx", "portMappings": [{"containerPort": 80}],
                "readonlyRootFilesystem": true, "healthCheck": {"command": ["CMD", "true"], "timeout": 9}
            }]
        });
        assert_eq!(tidied, expected);
        assert_eq!(task_definition::normalize(&tidied), task_definition::normalize(&described));
    }

    #[test]
    fn a_service_keeps_what_it_does_not_share_with_every_other() {
        let described = json!({
            "serviceName": "web", "desiredCount": 2, "schedulingStrategy": "REPLICA", "platformVersion": "LATEST",
            "deploymentController": {"type": "ECS"}, "enableECSManagedTags": false, "propagateTags": "NONE",
            "healthCheckGracePeriodSeconds": 0, "availabilityZoneRebalancing": "DISABLED",
            "deploymentConfiguration": {"maximumPercent": 200, "minimumHealthyPercent": 50, "strategy": "ROLLING"},
            "serviceConnectConfiguration": {"enabled": true, "services": [{"portName": "a", "discoveryName": "a"}]}
        });
        let tidied = service(&described);
        let expected = json!({
            "serviceName": "web", "desiredCount": 2, "availabilityZoneRebalancing": "DISABLED",
            "deploymentConfiguration": {"minimumHealthyPercent": 50},
            "serviceConnectConfiguration": {"enabled": true, "services": [{"portName": "a"}]}
        });
        assert_eq!(tidied, expected);
        assert_eq!(service::normalize(&tidied), service::normalize(&described));
    }
}
