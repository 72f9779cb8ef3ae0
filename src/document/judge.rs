//! Text → verdict for each object: what was read, what the schema and the pre-flight say of it.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Draft, Intake, Kind, Refused, admission, drafts};
use crate::api::quoted::unquoted;
use crate::preflight::{self, Problem};

/// What becomes of one object of a document.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It can be applied, and nothing is known that ECS would refuse.
    Accepted(Intake),
    /// It was understood, and there are reasons against it.
    Refused {
        /// Kind of the object.
        kind: Kind,
        /// Every reason, each once.
        problems: Vec<Problem>,
        /// What was dropped, converted or assumed.
        notes: Vec<String>,
    },
    /// It was not understood.
    Unreadable(Refused),
}

impl Verdict {
    /// Whether the object can be applied.
    pub fn is_accepted(&self) -> bool {
        matches!(self, Self::Accepted(_))
    }
}

/// Reads a text and checks every object in it, without any call. A service and a task definition
/// of one text are also checked against each other where the service refers to it.
pub fn judge(text: &str) -> Vec<Verdict> {
    let drafts = drafts(text);
    let definitions: Vec<Draft> = drafts.iter().flatten().filter(|d| d.kind == Kind::TaskDefinition).cloned().collect();
    drafts
        .into_iter()
        .map(|draft| match draft {
            Ok(draft) => object(draft, &definitions),
            Err(refused) => Verdict::Unreadable(refused),
        })
        .collect()
}

fn object(mut draft: Draft, definitions: &[Draft]) -> Verdict {
    let mut problems = std::mem::take(&mut draft.problems);
    let spec = Value::Object(draft.spec.clone());
    problems.extend(preflight_of(draft.kind, &spec));
    if draft.kind == Kind::Service {
        problems.extend(definition_of(&draft, definitions).into_iter().flat_map(|other| together(&spec, other)));
    }
    let intake = draft.intake();
    problems.extend(admission::check(intake.kind, &intake.manifest));
    let problems = once(problems);
    if problems.is_empty() {
        Verdict::Accepted(intake)
    } else {
        Verdict::Refused { kind: intake.kind, problems, notes: intake.notes }
    }
}

/// Each path once: a member that did not fit was left out, and that it is absent is no news.
fn once(mut problems: Vec<Problem>) -> Vec<Problem> {
    let mut seen = BTreeSet::new();
    problems.retain(|problem| seen.insert(problem.path.clone()));
    problems
}

/// What keeps a manifest from being applied, or would be refused by ECS.
pub fn problems(kind: Kind, manifest: &Value) -> Vec<Problem> {
    let mut found = preflight_of(kind, manifest.get("spec").unwrap_or(&Value::Null));
    found.extend(admission::check(kind, manifest));
    once(found)
}

fn preflight_of(kind: Kind, spec: &Value) -> Vec<Problem> {
    match kind {
        Kind::TaskDefinition => typed(spec, preflight::task_definition),
        Kind::Service => typed(spec, preflight::service),
        Kind::Cluster => typed(spec, preflight::cluster),
    }
}

fn typed<S: DeserializeOwned>(spec: &Value, check: fn(&S) -> Vec<Problem>) -> Vec<Problem> {
    match serde_json::from_value(spec.clone()) {
        Ok(spec) => check(&spec),
        Err(error) => {
            vec![Problem::new("spec", format!("does not fit: {}", unquoted(&error.to_string())), "correct the member")]
        }
    }
}

/// The task definition of the same text that the service refers to, by object or by family.
fn definition_of<'a>(service: &Draft, definitions: &'a [Draft]) -> Option<&'a Draft> {
    let reference = service.spec.get("taskDefinitionRef").and_then(|reference| reference.get("name"));
    let reference = reference.and_then(Value::as_str);
    let family = service.spec.get("taskDefinition").and_then(Value::as_str);
    definitions.iter().find(|definition| {
        let object = (*definition).clone().intake().name;
        reference == Some(object.as_str()) || (family.is_some() && family == definition.name.as_deref())
    })
}

fn together(service: &Value, definition: &Draft) -> Vec<Problem> {
    let definition = serde_json::from_value(Value::Object(definition.spec.clone()));
    match (serde_json::from_value(service.clone()), definition) {
        (Ok(service), Ok(definition)) => preflight::service_with_task_definition(&service, &definition),
        _ => Vec::new(),
    }
}
