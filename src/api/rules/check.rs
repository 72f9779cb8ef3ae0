//! The rules of a kind evaluated in this process.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use kube::core::cel::{CompiledSchema, ErrorKind, Validator, compile_schema};
use serde_json::Value;

use crate::api::schema::schema;

/// A rule that an object breaks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// The field, as written in the object (`spec.memory`).
    pub path: String,
    /// What it must be.
    pub message: String,
}

/// Verdicts remembered by each thread.
const REMEMBERED: usize = 4096;

thread_local! {
    /// An object is judged at every visit and seldom changes; each rule with a pattern compiles it anew.
    static JUDGED: RefCell<BTreeMap<u64, Vec<Violation>>> = const { RefCell::new(BTreeMap::new()) };
}

/// The schema of a kind with its rules, compiled once.
fn compiled(kind: &str) -> Result<Option<Arc<CompiledSchema>>, String> {
    static COMPILED: Mutex<BTreeMap<String, Arc<CompiledSchema>>> = Mutex::new(BTreeMap::new());
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = compiled.get(kind) {
        return Ok(Some(Arc::clone(known)));
    }
    let Some(schema) = schema(kind).map_err(ToString::to_string)? else { return Ok(None) };
    let fresh = Arc::new(compile_schema(schema));
    compiled.insert(kind.to_owned(), Arc::clone(&fresh));
    Ok(Some(fresh))
}

/// The CEL rules that `object` breaks, sorted; with `old`, also the rules about changes. These are
/// the rules that the API server evaluates, for objects stored before a rule existed. Sizes,
/// types and required members are the API server's alone.
pub fn violations(kind: &str, object: &Value, old: Option<&Value>) -> Vec<Violation> {
    if old.is_some() {
        return judge(kind, object, old);
    }
    let mut hasher = DefaultHasher::new();
    (kind, object.to_string()).hash(&mut hasher);
    let key = hasher.finish();
    if let Some(known) = JUDGED.with_borrow(|judged| judged.get(&key).cloned()) {
        return known;
    }
    let found = judge(kind, object, None);
    JUDGED.with_borrow_mut(|judged| {
        if judged.len() >= REMEMBERED {
            judged.clear();
        }
        judged.insert(key, found.clone());
    });
    found
}

fn judge(kind: &str, object: &Value, old: Option<&Value>) -> Vec<Violation> {
    let schema = match compiled(kind) {
        Ok(Some(schema)) => schema,
        Ok(None) => return Vec::new(),
        Err(message) => return vec![Violation { path: String::new(), message }],
    };
    let Err(errors) = Validator::new().validate_compiled(&schema, object, old) else {
        return Vec::new();
    };
    let mut found: Vec<Violation> = errors
        .into_vec()
        .into_iter()
        // What this evaluator cannot evaluate was left to the API server.
        .filter(|error| matches!(error.kind, ErrorKind::ValidationFailure | ErrorKind::EvaluationError))
        .map(|error| Violation { path: error.field_path.trim_start_matches('.').to_owned(), message: error.message })
        .collect();
    found.sort();
    found.dedup();
    found
}
