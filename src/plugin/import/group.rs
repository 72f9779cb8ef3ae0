//! Services that Spinnaker made, `…-v000` and on, become one server group with their newest as its template.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Piece;
use super::arrange::{Set, definition, owners};
use super::secrets;
use crate::controllers::server_group::name::{LABEL_DETAIL, LABEL_SERVER_GROUP, LABEL_STACK, RESERVED_ENV, parse};
use crate::document::{self, Kind};

/// The kind.
pub(super) const KIND: &str = "ServerGroup";

/// Members of a service that a template has under the same name.
const TEMPLATE: &[&str] = &[
    "launchType",
    "capacityProviderStrategy",
    "platformVersion",
    "networkConfiguration",
    "placementStrategy",
    "placementConstraints",
    "serviceRegistries",
    "enableExecuteCommand",
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "availabilityZoneRebalancing",
];
/// Members that a group has under the same name.
const GROUP: &[&str] = &["tags", "propagateTags", "healthCheckGracePeriodSeconds", "cluster", "clusterRef", "scaling"];

/// The services of one group in one cluster.
#[derive(Clone, Debug)]
pub(super) struct Versions {
    /// Name of the group.
    pub(super) group: String,
    /// By number.
    services: Vec<(i32, Piece)>,
}

impl Versions {
    /// The newest that serves, or else the newest.
    fn newest(&self) -> Option<&Piece> {
        let serves = |piece: &Piece| piece.spec.get("desiredCount").and_then(Value::as_i64).is_some_and(|n| n > 0);
        let newest = self.services.iter().rev().find(|(_, piece)| serves(piece)).or(self.services.last());
        newest.map(|(_, piece)| piece)
    }
}

/// Takes the services that are versions out of the list.
pub(super) fn taken(services: &mut Vec<Piece>) -> Vec<Versions> {
    let mut groups: BTreeMap<(String, String), Vec<(i32, Piece)>> = BTreeMap::new();
    services.retain(|service| {
        let (moniker, sequence) = parse(&service.name);
        let Some(sequence) = sequence.filter(|_| !moniker.application.is_empty()) else { return true };
        let cluster = service.text("cluster").unwrap_or_default().to_owned();
        groups.entry((cluster, moniker.group_name())).or_default().push((sequence, service.clone()));
        false
    });
    let versions = groups.into_iter().map(|((_, group), mut services)| {
        services.sort_by_key(|(sequence, _)| *sequence);
        Versions { group, services }
    });
    versions.collect()
}

/// Is a task definition used by versions and by no other service? Then the group holds what it says.
pub(super) fn only_of(groups: &[Versions], services: &[Piece], piece: &Piece) -> bool {
    let uses = |service: &Piece| {
        let named = service.text("taskDefinition");
        named.is_some_and(|named| {
            definition(std::slice::from_ref(piece), named).is_some() || family(named) == piece.name
        })
    };
    let versions = groups.iter().flat_map(|versions| &versions.services).any(|(_, service)| uses(service));
    versions && !services.iter().any(uses)
}

fn family(named: &str) -> &str {
    crate::controllers::arn::family_revision(named).map_or(named, |(family, _)| family)
}

/// The group's spec, and a piece with what is to be said of it.
pub(super) fn spec(versions: &Versions, set: &Set<'_>) -> (Piece, Map<String, Value>) {
    let mut spec = Map::new();
    let Some(newest) = versions.newest() else {
        return (Piece::new(Kind::Service, &versions.group, Map::new(), ""), spec);
    };
    let mut piece = newest.clone();
    let names: Vec<&str> = versions.services.iter().map(|(_, piece)| piece.name.as_str()).collect();
    piece.remarks.push(format!("versions that run: {}; the template is that of {}", names.join(", "), newest.name));
    piece.remarks.push(
        "once it is managed, these become its versions and the template is deployed as the next one: the strategy \
         decides what becomes of them"
            .to_owned(),
    );
    owners(&mut piece);
    set.place(&mut piece);
    if parse(&versions.group.to_lowercase()).0.group_name() != versions.group {
        let (moniker, _) = parse(&versions.group);
        spec.insert(
            "moniker".to_owned(),
            json!({ "application": moniker.application, "stack": moniker.stack, "detail": moniker.detail }),
        );
    }
    let tidied = document::tidy(Kind::Service, &Value::Object(piece.spec.clone()));
    let mut members = tidied.as_object().cloned().unwrap_or_default();
    members.remove("serviceName");
    for name in GROUP {
        spec.extend(members.remove(*name).map(|value| ((*name).to_owned(), value)));
    }
    tags(&mut spec);
    let count = members.remove("desiredCount").and_then(|count| count.as_i64()).unwrap_or(1);
    let capacity = match piece.bounds {
        Some((min, max)) => {
            json!({ "min": min, "desired": count.clamp(min.into(), i64::from(max.max(min))), "max": max })
        }
        None => json!({ "desired": count }),
    };
    spec.insert("capacity".to_owned(), capacity);
    deployment(&mut spec, members.remove("deploymentConfiguration"), &mut piece);
    let mut template = Map::new();
    for name in TEMPLATE {
        template.extend(members.remove(*name).map(|value| ((*name).to_owned(), value)));
    }
    if let Some(balancers) = members.remove("loadBalancers") {
        template.insert("targetGroupMappings".to_owned(), mappings(&balancers, &mut piece));
    }
    let definition = members.remove("taskDefinition");
    match definition.as_ref().and_then(Value::as_str).and_then(|named| set.definition(named)) {
        Some(definition) => {
            piece.left.extend(definition.left.iter().cloned());
            piece.left.extend(secrets::warnings(&definition.spec));
            template.insert("artifact".to_owned(), artifact(definition));
        }
        None => piece.left.push("`template` has no task definition: none was read for the newest version".to_owned()),
    }
    spec.insert("template".to_owned(), Value::Object(template));
    let lost = members.into_iter().filter(|(_, value)| *value != Value::Bool(false));
    piece.left.extend(lost.map(|(name, _)| format!("`{name}` of {} has no place in a server group", piece.name)));
    (piece, spec)
}

/// Spinnaker's tags are set for each version.
fn tags(spec: &mut Map<String, Value>) {
    if let Some(tags) = spec.get_mut("tags").and_then(Value::as_object_mut) {
        tags.retain(|key, _| !key.starts_with("moniker.spinnaker.io/"));
        if tags.is_empty() {
            spec.remove("tags");
        }
    }
}

fn deployment(spec: &mut Map<String, Value>, configuration: Option<Value>, piece: &mut Piece) {
    let Some(Value::Object(members)) = configuration else { return };
    let mut kept = Map::new();
    for (name, value) in members {
        match name.as_str() {
            "minimumHealthyPercent" | "maximumPercent" => {
                kept.insert(name, value);
            }
            "deploymentCircuitBreaker" => {
                kept.insert(name, json!({ "enable": value.get("enable") == Some(&Value::Bool(true)) }));
            }
            _ => piece.left.push(format!("`deploymentConfiguration.{name}`: the group's own strategy takes its place")),
        }
    }
    if !kept.is_empty() {
        spec.insert("deploymentConfiguration".to_owned(), Value::Object(kept));
    }
}

fn mappings(balancers: &Value, piece: &mut Piece) -> Value {
    let mut all = Vec::new();
    for balancer in balancers.as_array().into_iter().flatten() {
        let member = |name: &str| balancer.get(name).cloned();
        let Some(group) = member("targetGroupArn") else {
            piece.left.push(
                "`loadBalancers` has a Classic Load Balancer, which a server group cannot stand behind".to_owned(),
            );
            continue;
        };
        all.push(json!({
            "targetGroup": group, "containerName": member("containerName"), "containerPort": member("containerPort"),
        }));
        if balancer.get("advancedConfiguration").is_some() {
            piece.left.push("`loadBalancers[].advancedConfiguration` has no place in a server group".to_owned());
        }
    }
    Value::Array(all)
}

/// The document, without what the operator adds to each version itself.
fn artifact(definition: &Piece) -> Value {
    let mut tidied = document::tidy(Kind::TaskDefinition, &Value::Object(definition.spec.clone()));
    let mut images = Vec::new();
    if let Some(members) = tidied.as_object_mut() {
        members.retain(|name, _| name != "family" && name != "tags");
        for container in members.get_mut("containerDefinitions").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(container) = container.as_object_mut() {
                strip(container);
                images.push(json!({ "containerName": container.get("name"), "image": container.get("image") }));
            }
        }
    }
    let text = serde_json::to_string_pretty(&tidied).unwrap_or_default() + "\n";
    json!({ "inline": text, "containerMappings": images })
}

fn strip(container: &mut Map<String, Value>) {
    if let Some(environment) = container.get_mut("environment").and_then(Value::as_array_mut) {
        let name = |pair: &Value| pair.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        environment.retain(|pair| !RESERVED_ENV.contains(&name(pair).as_str()));
    }
    if let Some(labels) = container.get_mut("dockerLabels").and_then(Value::as_object_mut) {
        labels.retain(|key, _| ![LABEL_SERVER_GROUP, LABEL_STACK, LABEL_DETAIL].contains(&key.as_str()));
    }
    container.retain(|name, value| {
        !(matches!(name.as_str(), "environment" | "dockerLabels")
            && (value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(Map::is_empty)))
    });
}
