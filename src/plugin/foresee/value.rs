//! A forecast: for each object its calls, their members, and what they do to running tasks. Pure.

use serde::Serialize;
use serde_json::{Value, json};

use super::answers::spoken;
use super::wire::Call;
use crate::controllers::arn::short;
use crate::controllers::foreseen::{Intent, Told};
use crate::diff::Change;
use crate::diff::effect::Effect;

/// What becomes of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// Nothing changes.
    None,
    /// Something is made.
    Create,
    /// Changed at once; no task is replaced.
    InPlace,
    /// A deployment starts: tasks are replaced.
    Rolls,
    /// No call changes it; somebody has to delete it and make it anew.
    Replaces,
    /// Something is deleted.
    Delete,
}

/// A member that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Member {
    /// Where, as in the manifest.
    pub path: String,
    /// What is there now.
    pub from: Option<String>,
    /// What will be there.
    pub to: Option<String>,
    /// What it does to tasks: `in place`, `rolls`, `new tasks only`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<&'static str>,
}

/// A call to AWS.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Planned {
    /// The service: `ecs`.
    pub service: String,
    /// AWS's name of the operation.
    pub operation: String,
    /// What it is about.
    pub target: String,
    /// The members it changes.
    pub changes: Vec<Member>,
    /// The request, with values that may be secret taken out.
    pub request: Value,
}

/// The forecast of an object.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Foretold {
    /// Its kind.
    pub kind: &'static str,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// `kind/name` of the group whose version it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part_of: Option<String>,
    /// Is it in the files? Others follow from them.
    pub asked: bool,
    /// What becomes of it.
    pub outcome: Outcome,
    /// Does something keep it from what the spec asks until somebody acts?
    pub refused: bool,
    /// Are its calls held back by a mode, a pause or an earlier refusal?
    pub held: bool,
    /// Reason of `Ready` after the pass.
    pub reason: String,
    /// Its message.
    pub message: String,
    /// Writes to Kubernetes, for groups.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<String>,
    /// Calls to AWS.
    pub calls: Vec<Planned>,
    /// Differences that no call removes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stuck: Vec<Member>,
}

/// How many objects meet each outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Made.
    pub create: usize,
    /// Changed in place.
    pub in_place: usize,
    /// Rolled.
    pub rolls: usize,
    /// To be made anew by somebody.
    pub replaces: usize,
    /// Deleted.
    pub delete: usize,
    /// Refused.
    pub refused: usize,
}

/// The forecast of files.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Forecast {
    /// The account that was asked.
    pub account: Option<String>,
    /// By object, in the order in which they depend.
    pub objects: Vec<Foretold>,
    /// What limits the forecast.
    pub notes: Vec<String>,
    /// Counts.
    pub summary: Summary,
}

impl Forecast {
    /// With its counts.
    #[must_use]
    pub fn counted(mut self) -> Self {
        let count = |outcome: Outcome| self.objects.iter().filter(|one| !one.held && one.outcome == outcome).count();
        self.summary = Summary {
            create: count(Outcome::Create),
            in_place: count(Outcome::InPlace),
            rolls: count(Outcome::Rolls),
            replaces: count(Outcome::Replaces),
            delete: count(Outcome::Delete),
            refused: self.objects.iter().filter(|one| one.refused).count(),
        };
        self
    }

    /// Is anything to be done?
    #[must_use]
    pub fn changes(&self) -> bool {
        self.objects.iter().any(|one| one.outcome != Outcome::None)
    }
}

impl Summary {
    /// `Plan: 1 to create, …`
    #[must_use]
    pub fn line(&self) -> String {
        let refused = if self.refused > 0 { format!(", {} refused", self.refused) } else { String::new() };
        format!(
            "Plan: {} to create, {} in place, {} rolls, {} replaces, {} to delete{refused}",
            self.create, self.in_place, self.rolls, self.replaces, self.delete
        )
    }
}

fn word(effect: Effect) -> &'static str {
    match effect {
        Effect::Rolls | Effect::RollsWithForce => "rolls",
        Effect::NewTasksOnly => "new tasks only",
        Effect::NeedsReplacement => "needs replacement",
        Effect::InPlace | Effect::Delegated => "in place",
    }
}

/// A change with its effect.
#[must_use]
pub fn member(change: &Change, effect: Option<Effect>) -> Member {
    let named = matches!(change.path.as_str(), "taskDefinition" | "cluster");
    let said = |text: &Option<String>| {
        let text = text.as_deref()?;
        Some(spoken(if named { short(text) } else { text }))
    };
    Member { path: change.path.clone(), from: said(&change.from), to: said(&change.to), effect: effect.map(word) }
}

/// Calls with the members that their intents name.
#[must_use]
pub fn planned(calls: &[Call], told: &Told) -> Vec<Planned> {
    let mut left: Vec<&Intent> = told.intents.iter().filter(|intent| intent.is_call).collect();
    let mut all = Vec::new();
    for call in calls {
        let at = left.iter().position(|intent| intent.text.starts_with(&call.operation));
        let intent = at.map(|at| left.remove(at));
        let changes = intent.map(|intent| &intent.changes).filter(|changes| !changes.is_empty());
        all.push(Planned {
            service: call.service.clone(),
            operation: call.operation.clone(),
            target: spoken(&target(&call.request)),
            changes: match changes {
                Some(changes) => changes.iter().map(|(change, effect)| member(change, *effect)).collect(),
                None => plain(&call.request),
            },
            request: redacted(&call.request),
        });
    }
    all
}

/// What calls are about, in the order in which their members are looked for.
const TARGETS: &[&str] = &[
    "serviceName",
    "service",
    "clusterName",
    "family",
    "taskDefinition",
    "resourceArn",
    "PolicyName",
    "ScheduledActionName",
    "ResourceId",
    "ResourceARN",
    "serviceDeploymentArn",
    "task",
    "cluster",
    "RuleArn",
    "ListenerArn",
];

fn target(request: &Value) -> String {
    let named = TARGETS.iter().find_map(|name| request.get(*name)?.as_str());
    let name = named.unwrap_or_default();
    if name.starts_with("arn:") { name.rsplit('/').next().unwrap_or_default().to_owned() } else { name.to_owned() }
}

/// Members of a request of which only the request is known.
fn plain(request: &Value) -> Vec<Member> {
    let request = redacted(request);
    let new = |path: String, to: Option<String>| Member { path, from: None, to, effect: None };
    let mut all = Vec::new();
    for (name, value) in request.as_object().into_iter().flatten() {
        match (name.as_str(), value) {
            (name, _) if TARGETS.contains(&name) => {}
            ("tags" | "Tags", Value::Array(tags)) => all.extend(tags.iter().map(|tag| {
                let text =
                    |names: [&str; 2]| names.iter().find_map(|name| tag.get(*name)?.as_str()).unwrap_or_default();
                new(format!("tags[{}]", text(["key", "Key"])), Some(text(["value", "Value"]).to_owned()))
            })),
            ("tagKeys", Value::Array(keys)) => {
                all.extend(keys.iter().filter_map(Value::as_str).map(|key| new(format!("tags[{key}]"), None)));
            }
            (name, Value::String(text)) => all.push(new(name.to_owned(), Some(spoken(text)))),
            (name, value) => all.push(new(name.to_owned(), Some(value.to_string()))),
        }
    }
    all
}

/// A request without values that people hide: variables, commands, labels and options.
#[must_use]
pub fn redacted(request: &Value) -> Value {
    match request {
        Value::Object(members) => {
            let hidden = |(name, value): (&String, &Value)| {
                let value = match name.as_str() {
                    "environment" => pairs(value),
                    "command" | "entryPoint" | "hookDetails" | "dockerLabels" | "options" | "driverOpts" | "labels" => {
                        blank(value)
                    }
                    _ => redacted(value),
                };
                (name.clone(), value)
            };
            Value::Object(members.iter().map(hidden).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(redacted).collect()),
        Value::String(text) => Value::from(spoken(text)),
        Value::Null | Value::Bool(_) | Value::Number(_) => request.clone(),
    }
}

const HIDDEN: &str = "(hidden)";

fn pairs(list: &Value) -> Value {
    let one = |pair: &Value| json!({"name": pair.get("name"), "value": HIDDEN});
    Value::Array(list.as_array().into_iter().flatten().map(one).collect())
}

fn blank(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (name.clone(), blank(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(blank).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Value::from(HIDDEN),
    }
}
