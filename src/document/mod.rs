//! Documents as people publish them → manifests of our kinds, ready to apply; pure.
//!
//! [`decode`] turns bytes into text, [`read`] text into one result for each thing it declares.
//! What was dropped or converted is said in the notes; what cannot be understood is refused with
//! the reason and what to do.

mod admission;
mod definition;
mod fit;
mod foreign;
mod judge;
pub(crate) mod kind;
pub(crate) mod parse;
mod placeholder;
mod recognise;
mod shape;
mod spec;
mod take;
mod tidy;

use serde_json::Value;

pub use admission::{against, check as admit};
pub use definition::task_definition;
pub use judge::{Verdict, judge, problems};
pub use kind::Kind;
pub use parse::decode;
pub use take::{Taken, take};
pub use tidy::tidy;

use crate::preflight::Problem;

/// One object made from a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Intake {
    /// Kind of the object.
    pub kind: Kind,
    /// `metadata.name`.
    pub name: String,
    /// The manifest.
    pub manifest: Value,
    /// What was dropped, converted or assumed.
    pub notes: Vec<String>,
}

/// Why a document, or one of the objects in it, is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}; {remedy}")]
pub struct Refused {
    /// What is wrong.
    pub reason: String,
    /// What to do.
    pub remedy: String,
}

impl Refused {
    fn new(reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { reason: reason.into(), remedy: remedy.into() }
    }
}

/// What was understood of one object, with everything that keeps it from being applied.
#[derive(Clone, Debug)]
struct Draft {
    kind: Kind,
    /// Name of the resource in ECS, or of the object.
    name: Option<String>,
    /// Metadata of a manifest of ours; otherwise made from the name.
    metadata: Option<serde_json::Map<String, Value>>,
    spec: serde_json::Map<String, Value>,
    notes: Vec<String>,
    problems: Vec<Problem>,
}

/// The objects that a text declares, in order. An `Err` stands for one that is refused; a text that
/// cannot be read at all gives one `Err`.
pub fn read(text: &str) -> Vec<Result<Intake, Refused>> {
    drafts(text).into_iter().map(|draft| draft.and_then(Draft::finish)).collect()
}

/// The documents of a text as they stand: JSON or YAML, in which no member occurs twice.
pub fn values(text: &str) -> Result<Vec<Value>, Refused> {
    parse::documents(text)
}

fn drafts(text: &str) -> Vec<Result<Draft, Refused>> {
    match parse::documents(text) {
        Ok(documents) => recognise::all(&documents),
        Err(refused) => vec![Err(refused)],
    }
}

impl Draft {
    /// The object, unless something keeps it from being applied.
    fn finish(self) -> Result<Intake, Refused> {
        match self.problems.split_first() {
            None => Ok(self.intake()),
            Some((first, rest)) => {
                let reasons = std::iter::once(format!("`{}` {}", first.path, first.problem));
                let rest = rest.iter().map(|problem| format!("`{}` {}", problem.path, problem.problem));
                let reason = reasons.chain(rest).collect::<Vec<_>>().join("; ");
                Err(Refused::new(reason, first.remedy.clone()))
            }
        }
    }

    /// The object, whatever is wrong with it.
    fn intake(self) -> Intake {
        let mut metadata = self.metadata.unwrap_or_default();
        let given = metadata.get("name").and_then(Value::as_str).map(str::to_owned);
        let name = given.unwrap_or_else(|| kind::object_name(self.name.as_deref().unwrap_or_default()));
        metadata.insert("name".to_owned(), Value::from(name.clone()));
        let manifest = serde_json::json!({
            "apiVersion": kind::API_VERSION,
            "kind": self.kind.as_str(),
            "metadata": metadata,
            "spec": self.spec,
        });
        Intake { kind: self.kind, name, manifest, notes: self.notes }
    }
}
