//! Files of other tools → pieces: ecspresso, `PipeCD`, answers and inputs of the AWS CLI, ACK's objects.

use std::collections::BTreeMap;

use clap::ValueEnum;
use serde_json::{Map, Value};

use super::{Piece, pipecd};
use crate::document::{self, Kind, Taken, parse};

/// A tool whose files are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Tool {
    /// `ecspresso.yml` and the definitions it names; Jsonnet must be rendered first
    Ecspresso,
    /// `app.pipecd.yaml` and the definitions it names
    Pipecd,
    /// Answers of `aws ecs describe-…`, and inputs (`--cli-input-json`)
    Aws,
    /// Objects of ACK's ecs-controller
    Ack,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// As it was named, with `/`.
    pub path: String,
    /// What is in it.
    pub text: String,
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Read {
    /// What was understood.
    pub pieces: Vec<Piece>,
    /// What was not, with its file.
    pub trouble: Vec<String>,
}

/// What a tool's own configuration says of its definitions.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Config {
    /// Members that the service lacks.
    pub(super) service: Map<String, Value>,
    /// File of the service.
    pub(super) service_file: Option<String>,
    /// File of the task definition.
    pub(super) definition_file: Option<String>,
    /// What has no place in a manifest.
    pub(super) left: Vec<String>,
    /// Does `PipeCD` read it?
    pub(super) pipecd: bool,
}

/// Files that a configuration names, as they would be found.
#[must_use]
pub fn named_by(file: &Text) -> Vec<String> {
    let configs = parse::documents(&file.text).unwrap_or_default();
    let configs = configs.iter().filter_map(|value| config(value, &file.path));
    configs.flat_map(|config| config.service_file.into_iter().chain(config.definition_file)).collect()
}

/// Reads files that belong together.
#[must_use]
pub fn read(files: &[Text], tool: Option<Tool>) -> Read {
    let mut found = Read::default();
    let mut parsed: Vec<(&Text, Vec<Value>)> = Vec::new();
    let mut configs: Vec<Config> = Vec::new();
    for file in files {
        let documents = match parse::documents(&file.text) {
            Ok(documents) => flattened(documents),
            Err(refused) => {
                found.trouble.push(format!("{}: {refused}", file.path));
                continue;
            }
        };
        let (mut own, mut plain) = (Vec::new(), Vec::new());
        for document in documents {
            match config(&document, &file.path) {
                Some(config) => own.push(config),
                None => plain.push(document),
            }
        }
        for config in &own {
            for named in config.service_file.iter().chain(&config.definition_file) {
                if !files.iter().any(|file| file.path == *named) {
                    found.trouble.push(format!("{}: {named} was not read", file.path));
                }
            }
        }
        configs.append(&mut own);
        parsed.push((file, plain));
    }
    let families = families(&parsed);
    for (file, documents) in parsed.into_iter().filter(|(_, documents)| !documents.is_empty()) {
        one(file, documents, &configs, &families, tool, &mut found);
    }
    found
}

/// The objects of a `List`, as `kubectl get -o yaml` writes it.
fn flattened(documents: Vec<Value>) -> Vec<Value> {
    let items = |document: &Value| {
        let list = document.get("kind").and_then(Value::as_str).is_some_and(|kind| kind.ends_with("List"));
        document.get("items").and_then(Value::as_array).filter(|_| list).cloned()
    };
    documents.into_iter().flat_map(|document| items(&document).unwrap_or_else(|| vec![document])).collect()
}

/// The configuration of a tool.
fn config(value: &Value, path: &str) -> Option<Config> {
    let beside = |named: &str| match path.rsplit_once('/') {
        Some((folder, _)) if !named.starts_with('/') => format!("{folder}/{}", named.trim_start_matches("./")),
        _ => named.trim_start_matches("./").to_owned(),
    };
    if let Some(mut config) = pipecd::config(value) {
        config.service_file = config.service_file.map(|named| beside(&named));
        config.definition_file = config.definition_file.map(|named| beside(&named));
        return Some(config);
    }
    let members = value.as_object()?;
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    if text("service_definition").is_none() && text("task_definition").is_none() {
        return None;
    }
    let mut config = Config {
        service_file: text("service_definition").map(beside),
        definition_file: text("task_definition").map(beside),
        ..Config::default()
    };
    for (member, ours) in [("service", "serviceName"), ("cluster", "cluster")] {
        config.service.extend(text(member).map(|value| (ours.to_owned(), Value::from(value))));
    }
    // The Region is said of the whole import, and how long to wait is the operator's matter.
    let known =
        ["region", "cluster", "service", "service_definition", "task_definition", "timeout", "required_version"];
    let unknown = members.iter().filter(|(name, value)| !known.contains(&name.as_str()) && !value.is_null());
    config.left.extend(unknown.map(|(name, _)| format!("`{name}` of {path} has no place in a manifest")));
    config.left.extend(text("region").map(|region| format!("`region` of {path}: give --region {region} to write it")));
    Some(config)
}

/// Families of the task definitions, by file.
fn families(parsed: &[(&Text, Vec<Value>)]) -> BTreeMap<String, String> {
    let mut families = BTreeMap::new();
    for (file, documents) in parsed {
        for document in documents {
            let inner = document.get("taskDefinition").filter(|inner| inner.is_object()).unwrap_or(document);
            if let Some(family) = inner.get("family").and_then(Value::as_str) {
                families.insert(file.path.clone(), family.to_owned());
            }
        }
    }
    families
}

fn one(
    file: &Text,
    mut documents: Vec<Value>,
    configs: &[Config],
    families: &BTreeMap<String, String>,
    tool: Option<Tool>,
    found: &mut Read,
) {
    let place = |what: String| format!("{}: {what}", file.path);
    for document in &documents {
        found.trouble.extend(beside_the_wrapper(document).into_iter().map(place));
        if let Some(wrong) = other_tool(document, tool) {
            found.trouble.push(place(wrong));
            return;
        }
    }
    let config = configs.iter().find(|config| config.service_file.as_ref() == Some(&file.path));
    let mut left = Vec::new();
    for document in documents.iter_mut().filter_map(Value::as_object_mut) {
        if let Some(config) = config {
            complete(document, config, families);
        }
        if config.is_some_and(|config| config.pipecd) || tool == Some(Tool::Pipecd) {
            left.extend(pipecd::without_controller(document));
        }
    }
    left.extend(config.into_iter().flat_map(|config| config.left.iter().cloned()));
    let alone = configs.iter().filter(|config| config.service_file.is_none());
    let alone = alone.filter(|config| config.definition_file.as_ref() == Some(&file.path));
    left.extend(alone.flat_map(|config| config.left.iter().cloned()));
    let text = if let [one] = documents.as_slice() { one.to_string() } else { stream(&documents) };
    for result in document::take(&text) {
        match result {
            Ok(taken) => {
                let mut piece = piece(taken, file, &documents);
                piece.left.append(&mut left);
                found.pieces.push(piece);
            }
            Err(refused) => found.trouble.push(place(refused.to_string())),
        }
    }
}

/// Documents as one text again.
fn stream(documents: &[Value]) -> String {
    let texts: Vec<String> = documents.iter().map(Value::to_string).collect();
    format!("---\n{}\n", texts.join("\n---\n"))
}

/// What a configuration says of a service, where the service does not say it itself.
fn complete(document: &mut Map<String, Value>, config: &Config, families: &BTreeMap<String, String>) {
    for (name, value) in &config.service {
        document.entry(name.clone()).or_insert_with(|| value.clone());
    }
    let family = config.definition_file.as_ref().and_then(|file| families.get(file));
    if let Some(family) = family {
        document.entry("taskDefinition").or_insert_with(|| Value::from(family.clone()));
    }
}

/// Members of an answer beside what was asked for: `failures`, and the token of a next page.
fn beside_the_wrapper(document: &Value) -> Vec<String> {
    let failures = document.get("failures").and_then(Value::as_array).into_iter().flatten();
    let text = |failure: &Value, name: &str| failure.get(name).and_then(Value::as_str).unwrap_or("?").to_owned();
    let mut said: Vec<String> = failures
        .enumerate()
        .map(|(at, failure)| {
            format!("`failures[{at}]`: AWS did not describe {}: {}", text(failure, "arn"), text(failure, "reason"))
        })
        .collect();
    if document.get("nextToken").is_some_and(|token| !token.is_null()) {
        said.push("`nextToken`: this is one page of several".to_owned());
    }
    said
}

fn other_tool(document: &Value, tool: Option<Tool>) -> Option<String> {
    let group = document.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
    if group.starts_with(crate::api::names::GROUP) {
        return Some("holds an object of this operator already".to_owned());
    }
    let ack = group.contains("services.k8s.aws/");
    match tool {
        Some(Tool::Ack) if !ack => Some("holds no object of ACK, which --from ack asks for".to_owned()),
        Some(Tool::Aws | Tool::Ecspresso | Tool::Pipecd) if !group.is_empty() => {
            Some(format!("holds an object of {group}, which is another tool's than --from says"))
        }
        _ => None,
    }
}

fn piece(taken: Taken, file: &Text, documents: &[Value]) -> Piece {
    let Taken { intake, ecs_name, problems } = taken;
    let spec = intake.manifest.get("spec").and_then(Value::as_object).cloned().unwrap_or_default();
    let name = ecs_name.clone().unwrap_or_default();
    let mut piece = Piece::new(intake.kind, name, spec, file.path.clone());
    piece.remarks = intake.notes;
    // What is missing shows when the object is complete.
    let told = problems.iter().filter(|problem| problem.problem != "is missing");
    piece.left.extend(told.map(|problem| format!("not taken over: {problem}")));
    if ecs_name.is_none() {
        let member = intake.kind.name_member();
        piece.left.push(format!("`{member}` is missing: write the name that it has in ECS"));
    }
    placeholders(&Value::Object(piece.spec.clone()), "", &mut piece.left);
    let own = documents.iter().find(|document| is_object_of(document, intake.kind, &piece.name));
    if let Some(own) = own {
        piece.object = own.pointer("/metadata/name").and_then(Value::as_str).map(str::to_owned);
        annotations(own, &mut piece);
    }
    if intake.kind == Kind::TaskDefinition {
        piece.revision = documents.iter().find_map(|document| revision(document, &piece.name));
    }
    piece
}

fn is_object_of(document: &Value, kind: Kind, name: &str) -> bool {
    let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str);
    let named = text("/spec/name").or(text("/spec/family")).or(text("/metadata/name"));
    document.get("apiVersion").is_some()
        && text("/kind").is_some_and(|word| kind.as_str().ends_with(word))
        && named == Some(name)
}

/// What ACK's annotations say of the future of the resource.
fn annotations(document: &Value, piece: &mut Piece) {
    let annotations = document.pointer("/metadata/annotations").and_then(Value::as_object).into_iter().flatten();
    for (key, value) in annotations.filter(|(key, _)| key.starts_with("services.k8s.aws/")) {
        match (key.as_str(), value.as_str()) {
            ("services.k8s.aws/deletion-policy", Some("retain")) => {
                piece.spec.insert("deletionPolicy".to_owned(), Value::from("Retain"));
            }
            ("services.k8s.aws/region", Some(region)) => {
                piece.spec.insert("region".to_owned(), Value::from(region));
            }
            _ => piece.left.push(format!("annotation `{key}: {}` is ACK's alone", value.as_str().unwrap_or_default())),
        }
    }
}

fn revision(value: &Value, family: &str) -> Option<i32> {
    match value {
        Value::Object(members) if members.get("family").and_then(Value::as_str) == Some(family) => {
            members.get("revision").and_then(Value::as_i64).and_then(|revision| i32::try_from(revision).ok())
        }
        Value::Object(members) => members.values().find_map(|member| revision(member, family)),
        Value::Array(items) => items.iter().find_map(|item| revision(item, family)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// Marks of a template that nobody filled in.
fn placeholders(value: &Value, path: &str, left: &mut Vec<String>) {
    match value {
        Value::String(text) if text.contains("{{") => {
            left.push(format!("`{path}` is `{text}`: fill in the placeholder (`ecspresso render` does for its own)"));
        }
        Value::Object(members) => {
            for (name, member) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                placeholders(member, &path, left);
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                let label = item.get("name").and_then(Value::as_str).map_or_else(|| at.to_string(), str::to_owned);
                placeholders(item, &format!("{path}[{label}]"), left);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
