//! Objects of other tools: Kubernetes kinds (ours, ACK's, Crossplane's) and `CloudFormation` resources.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::kind::{Kind, object_name};
use super::recognise::Drafts;
use super::{Refused, spec};
use crate::preflight::Problem;

/// Names of the objects of a text by kind and labels, for selectors.
#[derive(Default)]
pub(super) struct Names(Vec<(Kind, BTreeMap<String, String>, String)>);

fn text<'a>(members: &'a Map<String, Value>, path: &[&str]) -> Option<&'a str> {
    let (first, rest) = path.split_first()?;
    let start = members.get(*first)?;
    rest.iter().try_fold(start, |value, name| value.get(*name))?.as_str()
}

/// The labelled objects of the documents.
pub(super) fn names(documents: &[Value]) -> Names {
    let named = documents.iter().filter_map(Value::as_object).filter_map(|members| {
        let kind = Kind::parse(text(members, &["kind"])?)?;
        let name = text(members, &["metadata", "name"])?;
        let labels = members.get("metadata")?.get("labels").map(labels).unwrap_or_default();
        Some((kind, labels, name.to_owned()))
    });
    Names(named.collect())
}

fn labels(value: &Value) -> BTreeMap<String, String> {
    let entries = value.as_object().into_iter().flatten();
    entries.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

impl Names {
    /// The one object that has all these labels.
    fn select(&self, kind: Kind, wanted: &BTreeMap<String, String>) -> Option<&str> {
        let mut hits = self.0.iter().filter(|(other, labels, _)| {
            *other == kind && !wanted.is_empty() && wanted.iter().all(|(key, value)| labels.get(key) == Some(value))
        });
        let (_, _, name) = hits.next()?;
        hits.next().is_none().then_some(name)
    }
}

/// A Kubernetes object.
pub(super) fn kubernetes(members: &Map<String, Value>, names: &Names) -> Drafts {
    let group = text(members, &["apiVersion"]).unwrap_or_default().split('/').next().unwrap_or_default();
    let word = text(members, &["kind"]).unwrap_or_default();
    let ours = group == "ecs-operator.dev";
    let ack = group.ends_with("services.k8s.aws");
    let crossplane = group.contains("crossplane.io") || group.contains("upbound.io");
    let kind = Kind::parse(word).filter(|kind| if ours { word == kind.as_str() } else { ack || crossplane });
    let Some(kind) = kind else {
        let reason = format!("is a Kubernetes object of kind {word} in group {group}, which is not read here");
        return vec![Err(Refused::new(reason, "give an EcsTaskDefinition, EcsService or EcsCluster"))];
    };
    let name = text(members, &["metadata", "name"]);
    let body =
        if crossplane { members.get("spec").and_then(|spec| spec.get("forProvider")) } else { members.get("spec") };
    let empty = Map::new();
    let body = body.and_then(Value::as_object).unwrap_or(&empty);
    let (body, problems) = if ours { (body.clone(), Vec::new()) } else { translated(kind, body, names) };
    let mut draft = spec::draft(kind, &body, name);
    draft.problems.extend(problems);
    if ours {
        draft.metadata = members.get("metadata").and_then(Value::as_object).map(kept);
    } else {
        draft.notes.push(format!("read from the {} of {group}", if ack { "spec" } else { "`spec.forProvider`" }));
    }
    vec![Ok(draft)]
}

/// The metadata that people write.
fn kept(metadata: &Map<String, Value>) -> Map<String, Value> {
    let written = ["name", "namespace", "labels", "annotations"];
    metadata.iter().filter(|(key, _)| written.contains(&key.as_str())).map(|(k, v)| (k.clone(), v.clone())).collect()
}

/// ACK's and Crossplane's members under our names.
fn translated(kind: Kind, body: &Map<String, Value>, names: &Names) -> (Map<String, Value>, Vec<Problem>) {
    let mut spec = Map::new();
    let mut problems = Vec::new();
    for (key, value) in body {
        let (name, value) = match (key.as_str(), value) {
            ("name", value) => (kind.name_member().to_owned(), value.clone()),
            ("clusterRef" | "taskDefinitionRef", value) => {
                let name = value.get("from").unwrap_or(value).get("name").cloned().unwrap_or_default();
                (key.clone(), json!({ "name": name }))
            }
            ("clusterSelector" | "taskDefinitionSelector", value) => {
                let target = if key.starts_with("cluster") { Kind::Cluster } else { Kind::TaskDefinition };
                let wanted = value.get("matchLabels").map(labels).unwrap_or_default();
                let Some(name) = names.select(target, &wanted) else {
                    let problem = "selects no single object of this file";
                    problems.push(Problem::new(key, problem, "name the object in a reference"));
                    // Whether the reference is there is not the question any more.
                    continue;
                };
                (key.replace("Selector", "Ref"), json!({ "name": object_name(name) }))
            }
            ("containerDefinitions", Value::String(text)) => match serde_json::from_str(text) {
                Ok(list) => (key.clone(), list),
                Err(error) => {
                    let problem = format!("is text that is not JSON: {error}");
                    problems.push(Problem::new(key, problem, "correct the text"));
                    continue;
                }
            },
            _ => (key.clone(), value.clone()),
        };
        spec.insert(name, value);
    }
    (spec, problems)
}

/// The kind of a `CloudFormation` resource.
pub(super) fn resource_kind(members: &Map<String, Value>) -> Option<Kind> {
    Kind::parse(text(members, &["Type"]).filter(|name| name.starts_with("AWS::ECS::"))?)
}

/// A `CloudFormation` resource; members that only `CloudFormation` has are refused by name.
pub(super) fn resource(kind: Kind, members: &Map<String, Value>) -> Drafts {
    let empty = Map::new();
    let body = members.get("Properties").and_then(Value::as_object).unwrap_or(&empty);
    let mut draft = spec::draft(kind, body, None);
    draft.notes.push("read from the properties of a CloudFormation resource".to_owned());
    vec![Ok(draft)]
}

/// The resources of a template.
pub(super) fn cloud_formation(members: &Map<String, Value>) -> Drafts {
    let resources = members.get("Resources").and_then(Value::as_object).into_iter().flatten();
    let found: Drafts = resources
        .filter_map(|(_, resource)| resource.as_object())
        .filter_map(|members| Some(resource(resource_kind(members)?, members)))
        .flatten()
        .collect();
    if found.is_empty() {
        let reason = "is a CloudFormation template without task definition, service or cluster";
        return vec![Err(Refused::new(reason, "give the resources of type AWS::ECS::…"))];
    }
    found
}
