//! What is wrong with manifests, without any call: schema, rules, and what the operator itself would refuse. Pure.

mod place;
mod shape;

use std::collections::BTreeSet;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::api::schema::schema;
use crate::api::{EcsClusterSpec, EcsServiceSpec, EcsTaskDefinitionSpec, ServerGroup};
use crate::controllers::context::Stores;
use crate::controllers::server_group::desired::Desired;
use crate::document;
use crate::plugin::foresee::manifests::{Files, Manifest};
use crate::plugin::kind::Kind;
use crate::preflight::{self, Problem};

/// How the evaluator begins when a rule cannot be evaluated.
const UNEVALUATED: &str = "rule evaluation error";

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The file, `-` for standard input.
    pub file: String,
    /// The line, as near as it is known.
    pub line: usize,
    /// `kind/name`; empty where there is no object.
    pub object: String,
    /// The member: `spec.containerDefinitions[web].memory`.
    pub field: String,
    /// What is wrong, to be read after the member.
    pub why: String,
    /// What to do.
    pub remedy: String,
}

/// Everything wrong with files, by place.
#[must_use]
pub fn findings(files: &Files) -> Vec<Finding> {
    let unreadable = files.unreadable.iter().map(|(at, why, remedy)| Finding {
        file: at.file.clone(),
        line: at.line,
        object: String::new(),
        field: String::new(),
        why: why.clone(),
        remedy: remedy.clone(),
    });
    let mut all: Vec<Finding> = unreadable.collect();
    let mut names = BTreeSet::new();
    for manifest in &files.manifests {
        let mut problems = problems(manifest, &files.manifests);
        if !names.insert((manifest.address(), manifest.object.pointer("/metadata/namespace").map(Value::to_string))) {
            problems.push(Problem::new("metadata.name", "occurs twice in these files", "keep one of them"));
        }
        all.extend(problems.into_iter().map(|problem| Finding {
            file: manifest.at.file.clone(),
            line: place::line(manifest, &problem.path),
            object: manifest.address(),
            field: problem.path,
            why: problem.problem,
            remedy: problem.remedy,
        }));
    }
    all.sort();
    all
}

/// Everything wrong with a manifest; the others may be what it refers to.
#[must_use]
pub fn problems(manifest: &Manifest, others: &[Manifest]) -> Vec<Problem> {
    let Some(schema) = schema(manifest.kind.name()).ok().flatten() else { return Vec::new() };
    let mut found = shape::misfits(&manifest.object, schema);
    let fits = found.is_empty();
    let told = document::against(manifest.kind.name(), schema, &manifest.object);
    found.extend(told.into_iter().map(within_spec));
    if fits {
        found.extend(own(manifest, others).into_iter().map(within_spec));
    }
    let mut seen = BTreeSet::new();
    // A rule that met a member that is missing: that it is missing is said already.
    found.retain(|problem| !problem.problem.starts_with(UNEVALUATED) && seen.insert(problem.path.clone()));
    found
}

fn within_spec(problem: Problem) -> Problem {
    let path = match problem.path.as_str() {
        "spec" | "" => "spec".to_owned(),
        path if path.starts_with("metadata") || path.starts_with("spec.") => path.to_owned(),
        path => format!("spec.{path}"),
    };
    Problem { path, ..problem }
}

/// What the operator would refuse.
fn own(manifest: &Manifest, others: &[Manifest]) -> Vec<Problem> {
    let spec = manifest.object.get("spec").unwrap_or(&Value::Null);
    match manifest.kind {
        Kind::Account => Vec::new(),
        Kind::Cluster => typed::<EcsClusterSpec>(spec, preflight::cluster),
        Kind::Definition => typed::<EcsTaskDefinitionSpec>(spec, preflight::task_definition),
        Kind::Service => {
            let mut found = typed::<EcsServiceSpec>(spec, preflight::service);
            found.extend(paired(manifest, spec, others));
            found
        }
        Kind::Group => match serde_json::from_value::<ServerGroup>(manifest.object.clone()) {
            Ok(group) => grouped(&group),
            Err(_) => Vec::new(),
        },
    }
}

fn typed<S: DeserializeOwned>(spec: &Value, check: fn(&S) -> Vec<Problem>) -> Vec<Problem> {
    serde_json::from_value(spec.clone()).map(|spec| check(&spec)).unwrap_or_default()
}

/// A service against the task definition that it refers to, if that is among the manifests.
fn paired(service: &Manifest, spec: &Value, others: &[Manifest]) -> Vec<Problem> {
    let Some(name) = spec.pointer("/taskDefinitionRef/name").and_then(Value::as_str) else { return Vec::new() };
    let namespace = |manifest: &Manifest| manifest.object.pointer("/metadata/namespace").cloned();
    let definition = others
        .iter()
        .find(|other| other.kind == Kind::Definition && other.name() == name && namespace(other) == namespace(service));
    let Some(definition) = definition.and_then(|definition| definition.object.get("spec")) else { return Vec::new() };
    match (serde_json::from_value(spec.clone()), serde_json::from_value(definition.clone())) {
        (Ok(spec), Ok(definition)) => preflight::service_with_task_definition(&spec, &definition),
        _ => Vec::new(),
    }
}

/// A group's own judgement: both objects of a version are judged as if they were applied.
fn grouped(group: &ServerGroup) -> Vec<Problem> {
    let desired = Desired::resolve(group, &Stores::empty(), None);
    let Some(refusal) = desired.judged() else { return Vec::new() };
    let one = |text: &str| {
        let quoted = text.strip_prefix('`').and_then(|rest| rest.split_once('`'));
        let (path, rest) = quoted.unwrap_or(("spec", text));
        let (why, remedy) = rest.split_once("; ").unwrap_or((rest, "correct the member"));
        Problem::new(path, why.trim(), remedy)
    };
    let mut found: Vec<Problem> = Vec::new();
    // Problems stand one after the other, each with its remedy behind a semicolon.
    for part in refusal.message.split("; `") {
        let part = if part.starts_with('`') { part.to_owned() } else { format!("`{part}") };
        found.push(one(part.trim_end_matches(';')));
    }
    found
}
