//! Which of the published shapes a value has, and the objects in it.

use serde_json::{Map, Value};

use super::foreign::{self, Names};
use super::kind::Kind;
use super::{Draft, Refused, spec};

/// One result for each object.
pub(super) type Drafts = Vec<Result<Draft, Refused>>;

/// How deep objects may be wrapped: `data.services[]` is two.
const DEEPEST: usize = 5;

/// The objects of all documents of a text.
pub(super) fn all(documents: &[Value]) -> Drafts {
    let names = foreign::names(documents);
    documents
        .iter()
        .flat_map(|document| {
            let found = within(document, &names, 0);
            if found.is_empty() { vec![Err(unknown(document))] } else { found }
        })
        .collect()
}

/// The objects in a value; none when it has no shape that is known.
fn within(value: &Value, names: &Names, depth: usize) -> Drafts {
    match value {
        Value::Object(members) => object(members, names, depth),
        Value::Array(items) if containers(items) => {
            let mut members = Map::new();
            members.insert("containerDefinitions".to_owned(), value.clone());
            let mut draft = spec::draft(Kind::TaskDefinition, &members, None);
            draft.notes.push("a bare list is read as `containerDefinitions`".to_owned());
            vec![Ok(draft)]
        }
        Value::Array(items) if depth < DEEPEST => {
            items.iter().flat_map(|item| within(item, names, depth + 1)).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Vec::new(),
    }
}

/// Whether these are container definitions.
fn containers(items: &[Value]) -> bool {
    let has = |item: &Value, name: &str| {
        item.as_object().is_some_and(|object| object.keys().any(|key| key.eq_ignore_ascii_case(name)))
    };
    !items.is_empty() && items.iter().all(|item| has(item, "image") && has(item, "name"))
}

fn object(members: &Map<String, Value>, names: &Names, depth: usize) -> Drafts {
    if members.contains_key("apiVersion") && members.contains_key("kind") {
        return foreign::kubernetes(members, names);
    }
    if members.contains_key("Resources") || members.contains_key("AWSTemplateFormatVersion") {
        return foreign::cloud_formation(members);
    }
    if let Some(kind) = foreign::resource_kind(members) {
        return foreign::resource(kind, members);
    }
    if members.contains_key("cloudProvider") || members.contains_key("freeFormDetails") {
        let reason = "is an operation of Spinnaker, not a request of ECS";
        return vec![Err(Refused::new(reason, "write a ServerGroup with the same application, stack and detail"))];
    }
    let wrapped = wrapped(members, names, depth);
    if !wrapped.is_empty() {
        return wrapped;
    }
    if let Some(kind) = best(members) {
        return vec![Ok(spec::draft(kind, members, None))];
    }
    if depth < DEEPEST {
        return members.values().flat_map(|member| within(member, names, depth + 1)).collect();
    }
    Vec::new()
}

/// Wrappers of requests and answers: `taskDefinition`, `service`, `services`, `cluster`, `clusters`.
fn wrapped(members: &Map<String, Value>, names: &Names, depth: usize) -> Drafts {
    const WRAPPERS: &[&str] = &["taskDefinition", "service", "services", "cluster", "clusters", "taskDefinitions"];
    let inner = members.iter().find(|(key, value)| {
        let objects = value.is_object() || value.as_array().is_some_and(|items| items.iter().any(Value::is_object));
        objects && WRAPPERS.iter().any(|name| name.eq_ignore_ascii_case(key))
    });
    let Some((key, value)) = inner.filter(|_| depth < DEEPEST) else {
        return Vec::new();
    };
    let beside = members.iter().find(|(name, _)| name.eq_ignore_ascii_case("tags")).map(|(_, tags)| tags);
    let value = match (value, beside) {
        (Value::Object(inner), Some(tags)) if !inner.contains_key("tags") => {
            let mut inner = inner.clone();
            inner.insert("tags".to_owned(), tags.clone());
            Value::Object(inner)
        }
        _ => value.clone(),
    };
    let mut drafts = within(&value, names, depth + 1);
    for draft in drafts.iter_mut().flatten() {
        draft.notes.push(format!("unwrapped from `{key}`"));
    }
    drafts
}

/// The kind that knows most of the members, if it knows at least half of them.
fn best(members: &Map<String, Value>) -> Option<Kind> {
    let score = |kind: &Kind| {
        let own = |key: &&String| kind.knows(key) && !key.eq_ignore_ascii_case("tags");
        members.keys().filter(own).count()
    };
    let kind = Kind::ALL.into_iter().rev().max_by_key(score)?;
    let known = score(&kind);
    let tied = Kind::ALL.iter().filter(|other| score(other) == known).count() > 1;
    (known > 0 && known * 2 >= members.len() && !tied).then_some(kind)
}

fn unknown(value: &Value) -> Refused {
    let what = match value {
        Value::Object(_) => "is an object that has no members of a task definition, service or cluster".to_owned(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            format!("is {} and not a task definition, service or cluster", super::fit::word(value))
        }
    };
    Refused::new(what, "write the members as the ECS API names them")
}
