//! Members of a published task definition, service or cluster → the spec of our kind.

use serde_json::{Map, Value};

use super::fit::{self, Log};
use super::kind::Kind;
use super::{Draft, placeholder};
use crate::preflight::Problem;

/// The draft of one object. `name` is given where the name stands beside the members.
pub(super) fn draft(kind: Kind, members: &Map<String, Value>, name: Option<&str>) -> Draft {
    let mut log = Log::default();
    let members = wanted(kind, members, &mut log);
    let spec = match fit::fit(&Value::Object(members), &kind.schema(), "", &mut log) {
        Some(Value::Object(spec)) => spec,
        _ => Map::new(),
    };
    let stated = spec.get(kind.name_member()).and_then(Value::as_str).filter(|name| !name.is_empty());
    let name = stated.or(name).map(str::to_owned);
    missing(kind, &spec, name.as_deref(), &mut log);
    placeholder::find(&spec, &mut log.problems);
    if log.nulls > 0 {
        log.notes.push(format!("{} null members are read as absent", log.nulls));
    }
    Draft { kind, name, metadata: None, spec, notes: log.notes, problems: log.problems }
}

/// The members that say what is wanted, under their own names.
fn wanted(kind: Kind, members: &Map<String, Value>, log: &mut Log) -> Map<String, Value> {
    let mut wanted = Map::new();
    let mut dropped = Vec::new();
    for (key, value) in members {
        let same = |name: &str| name.eq_ignore_ascii_case(key);
        let own = kind.members().iter().copied().find(|name| same(name));
        if own.is_none() && kind.read_only().iter().any(|name| same(name)) {
            dropped.push(key.as_str());
            continue;
        }
        let alias = kind.aliases().iter().find(|(name, _)| same(name)).map(|(_, member)| *member);
        let name = own.or(alias).unwrap_or(key);
        if let Some(value) = value_of(name, value, log) {
            wanted.insert(if own.is_some() { key.clone() } else { name.to_owned() }, value);
        }
    }
    if !dropped.is_empty() {
        log.notes.push(format!("dropped, since only answers or single calls have them: {}", dropped.join(", ")));
    }
    if kind == Kind::Service {
        from_deployment(members, &mut wanted, log);
    }
    wanted
}

/// A member's value; tags become a map, and a service named by its ARN keeps the name.
fn value_of(name: &str, value: &Value, log: &mut Log) -> Option<Value> {
    match (name.to_ascii_lowercase().as_str(), value) {
        ("tags", Value::Array(list)) if list.is_empty() => {
            log.notes.push("`tags` was empty and is dropped: ECS refuses an empty list".to_owned());
            None
        }
        ("tags", Value::Array(list)) => Some(Value::Object(tags(list, log))),
        ("servicename", Value::String(text)) if text.starts_with("arn:") => text.rsplit('/').next().map(Value::from),
        _ => Some(value.clone()),
    }
}

fn tags(list: &[Value], log: &mut Log) -> Map<String, Value> {
    let mut tags = Map::new();
    for (index, tag) in list.iter().enumerate() {
        let member = |name: &str| {
            let members = tag.as_object()?;
            members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        };
        let path = format!("tags[{index}]");
        let Some(key) = member("key").and_then(Value::as_str) else {
            log.problems.push(Problem::new(path, "has no key", "write `key` and `value`"));
            continue;
        };
        let value = member("value").filter(|value| !value.is_null()).cloned().unwrap_or_else(|| Value::from(""));
        if tags.insert(key.to_owned(), value).is_some() {
            log.problems.push(Problem::new(path, "has a key that another tag has", "keep one of them"));
        }
    }
    tags
}

/// What a description of a service says only in its PRIMARY deployment.
fn from_deployment(members: &Map<String, Value>, wanted: &mut Map<String, Value>, log: &mut Log) {
    const LIFTED: &[&str] = &["serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations"];
    let deployments = members.get("deployments").and_then(Value::as_array);
    let primary =
        deployments.into_iter().flatten().find(|d| d.get("status").and_then(Value::as_str) == Some("PRIMARY"));
    for name in LIFTED {
        let value = primary.and_then(|deployment| deployment.get(*name));
        if let Some(value) = value.filter(|value| !value.is_null() && *value != &Value::Array(Vec::new()))
            && !wanted.contains_key(*name)
        {
            wanted.insert((*name).to_owned(), value.clone());
            log.notes.push(format!("`{name}` is taken from the PRIMARY deployment"));
        }
    }
}

/// Without these there is nothing to apply.
fn missing(kind: Kind, spec: &Map<String, Value>, name: Option<&str>, log: &mut Log) {
    if name.is_none_or(str::is_empty) {
        let member = kind.name_member();
        log.problems.push(Problem::new(member, "is missing", format!("set `{member}`")));
    }
    let refused = |member: &str| log.problems.iter().any(|problem| problem.path == member);
    match kind {
        Kind::TaskDefinition if !spec.contains_key("containerDefinitions") && !refused("containerDefinitions") => {
            let problem = Problem::new("containerDefinitions", "is missing", "write at least one container");
            log.problems.push(problem);
        }
        Kind::Service => {
            let controller = spec.get("deploymentController").and_then(|controller| controller.get("type"));
            let external = controller.and_then(Value::as_str) == Some("EXTERNAL");
            let named = spec.contains_key("taskDefinition") || spec.contains_key("taskDefinitionRef");
            if !named && !external && !refused("taskDefinition") {
                let problem = Problem::new("taskDefinition", "is missing", "name the task definition to run");
                log.problems.push(problem);
            }
        }
        Kind::TaskDefinition | Kind::Cluster => {}
    }
}
