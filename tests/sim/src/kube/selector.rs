//! Label and field selectors of list, watch and collection delete.

use std::collections::BTreeSet;

use serde_json::Value;

use super::failure::{Failure, Outcome};
use super::kinds::Kind;

#[derive(Debug, Clone)]
enum Rule {
    In(String, BTreeSet<String>),
    NotIn(String, BTreeSet<String>),
    Exists(String),
    Absent(String),
    Field { path: Vec<String>, equal: bool, value: String },
}

/// A parsed pair of `labelSelector` and `fieldSelector`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selector {
    rules: Vec<Rule>,
}

impl Selector {
    pub(crate) fn parse(kind: &Kind, labels: &str, fields: &str) -> Outcome<Self> {
        let mut rules = Vec::new();
        for term in split_terms(labels) {
            rules.push(label_rule(term.trim())?);
        }
        for term in fields.split(',').filter(|t| !t.trim().is_empty()) {
            rules.push(field_rule(kind, term.trim())?);
        }
        Ok(Self { rules })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    pub(crate) fn matches(&self, object: &Value) -> bool {
        self.rules.iter().all(|rule| fits(rule, object))
    }
}

fn fits(rule: &Rule, object: &Value) -> bool {
    let label = |key: &str| object.pointer("/metadata/labels").and_then(|l| l.get(key)).and_then(Value::as_str);
    match rule {
        Rule::In(key, values) => label(key).is_some_and(|v| values.contains(v)),
        Rule::NotIn(key, values) => label(key).is_none_or(|v| !values.contains(v)),
        Rule::Exists(key) => label(key).is_some(),
        Rule::Absent(key) => label(key).is_none(),
        Rule::Field { path, equal, value } => {
            let found = path.iter().try_fold(object, |at, name| at.get(name));
            let text = match found {
                Some(Value::String(s)) => s.clone(),
                None | Some(Value::Null) => String::new(),
                Some(other) => other.to_string(),
            };
            (text == *value) == *equal
        }
    }
}

/// Splits at commas that stand outside parentheses.
fn split_terms(labels: &str) -> Vec<String> {
    let mut terms = vec![String::new()];
    let mut depth = 0_u32;
    for c in labels.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if c == ',' && depth == 0 {
            terms.push(String::new());
        } else if let Some(last) = terms.last_mut() {
            last.push(c);
        }
    }
    terms.retain(|t| !t.trim().is_empty());
    terms
}

fn set_of(text: &str) -> BTreeSet<String> {
    text.trim().trim_start_matches('(').trim_end_matches(')').split(',').map(|v| v.trim().to_owned()).collect()
}

fn label_rule(term: &str) -> Outcome<Rule> {
    let one = |v: &str| BTreeSet::from([v.trim().to_owned()]);
    let key = |k: &str| k.trim().to_owned();
    if let Some(rest) = term.strip_prefix('!') {
        return Ok(Rule::Absent(key(rest)));
    }
    if let Some((k, rest)) = term.split_once(" notin ") {
        return Ok(Rule::NotIn(key(k), set_of(rest)));
    }
    if let Some((k, rest)) = term.split_once(" in ") {
        return Ok(Rule::In(key(k), set_of(rest)));
    }
    if let Some((k, v)) = term.split_once("!=") {
        return Ok(Rule::NotIn(key(k), one(v)));
    }
    if let Some((k, v)) = term.split_once("==").or_else(|| term.split_once('=')) {
        return Ok(Rule::In(key(k), one(v)));
    }
    if term.contains(['(', ')', ' ']) {
        return Err(Failure::bad_request(format!("unable to parse requirement: {term}")));
    }
    Ok(Rule::Exists(key(term)))
}

fn field_rule(kind: &Kind, term: &str) -> Outcome<Rule> {
    let (name, value, equal) = if let Some((n, v)) = term.split_once("!=") {
        (n, v, false)
    } else if let Some((n, v)) = term.split_once("==").or_else(|| term.split_once('=')) {
        (n, v, true)
    } else {
        return Err(Failure::bad_request(format!("invalid field selector: {term:?}; can't understand {term:?}")));
    };
    let known = matches!(name, "metadata.name" | "metadata.namespace")
        || kind.selectable.iter().any(|path| path.trim_start_matches('.') == name);
    if !known {
        return Err(Failure::bad_request(format!("field label not supported: {name}")));
    }
    Ok(Rule::Field { path: name.split('.').map(str::to_owned).collect(), equal, value: value.to_owned() })
}
