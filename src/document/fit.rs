//! A value fitted to a schema: member names in any case, numbers as text and text as numbers, nulls left out.

use serde_json::{Map, Value};

use super::shape::{Shape, Step};
use crate::preflight::Problem;

/// What was converted and what does not fit.
#[derive(Debug, Default)]
pub(super) struct Log {
    pub(super) notes: Vec<String>,
    pub(super) problems: Vec<Problem>,
    pub(super) nulls: usize,
}

impl Log {
    fn refuse(&mut self, path: &str, problem: impl Into<String>, remedy: impl Into<String>) {
        self.problems.push(Problem::new(path, problem, remedy));
    }

    fn note(&mut self, path: &str, what: &str) {
        self.notes.push(format!("`{path}` {what}"));
    }
}

/// The value as the schema wants it; `None` when it is null or does not fit.
pub(super) fn fit(value: &Value, schema: &Value, path: &str, log: &mut Log) -> Option<Value> {
    if value.is_null() {
        log.nulls += 1;
        return None;
    }
    if let Some(function) = intrinsic(value) {
        let problem = format!("uses the CloudFormation function `{function}`, which only CloudFormation can resolve");
        log.refuse(path, problem, "write the value itself");
        return None;
    }
    match Shape::of(schema) {
        Shape::Object(properties) => object(value, properties, path, log),
        Shape::Map(values) => map(value, values, path, log),
        Shape::List(items) => list(value, items, path, log),
        Shape::Text => text(value, path, log),
        Shape::Whole => number(value, Step::Whole, path, log),
        Shape::Decimal => number(value, Step::Any, path, log),
        Shape::Flag => flag(value, path, log),
        Shape::NumberOrText if value.is_number() || value.is_string() => Some(value.clone()),
        Shape::NumberOrText => {
            log.refuse(path, format!("is {} and must be a number or text", word(value)), "write a number");
            None
        }
        Shape::Any => Some(value.clone()),
    }
}

/// `Ref` or `Fn::Sub`, where an object is nothing but such a call.
fn intrinsic(value: &Value) -> Option<&str> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    let key = object.keys().next()?;
    (key == "Ref" || key.starts_with("Fn::")).then_some(key.as_str())
}

/// What a value is, in words.
pub(super) fn word(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn below(path: &str, member: &str) -> String {
    if path.is_empty() { member.to_owned() } else { format!("{path}.{member}") }
}

fn object(value: &Value, properties: &Map<String, Value>, path: &str, log: &mut Log) -> Option<Value> {
    let Some(members) = value.as_object() else {
        log.refuse(path, format!("is {} and must be an object", word(value)), "write an object with members");
        return None;
    };
    let mut fitted = Map::new();
    for (key, member) in members {
        let known = properties
            .get_key_value(key)
            .or_else(|| properties.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)));
        let Some((name, schema)) = known else {
            unknown(key, properties, path, log);
            continue;
        };
        let path = below(path, name);
        if fitted.contains_key(name) {
            log.refuse(&path, "occurs twice, in different cases", "keep one of them");
            continue;
        }
        if let Some(fit) = fit(member, schema, &path, log) {
            fitted.insert(name.clone(), fit);
        }
    }
    Some(Value::Object(fitted))
}

fn unknown(key: &str, properties: &Map<String, Value>, path: &str, log: &mut Log) {
    let lower = key.to_ascii_lowercase();
    let near = properties
        .keys()
        .map(|name| (strsim::jaro_winkler(&lower, &name.to_ascii_lowercase()), name))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|(likeness, _)| *likeness > 0.7);
    let remedy = match near {
        Some((_, name)) => format!("did you mean `{name}`?"),
        None => "remove it".to_owned(),
    };
    log.refuse(&below(path, key), "is not a member that is known here", remedy);
}

/// Keys are the user's own and keep their case.
fn map(value: &Value, values: &Value, path: &str, log: &mut Log) -> Option<Value> {
    let Some(entries) = value.as_object() else {
        log.refuse(path, format!("is {} and must be an object", word(value)), "write names and values");
        return None;
    };
    let mut fitted = Map::new();
    for (key, entry) in entries {
        if let Some(fit) = fit(entry, values, &format!("{path}[{key}]"), log) {
            fitted.insert(key.clone(), fit);
        }
    }
    Some(Value::Object(fitted))
}

fn list(value: &Value, items: &Value, path: &str, log: &mut Log) -> Option<Value> {
    let Some(entries) = value.as_array() else {
        log.refuse(path, format!("is {} and must be a list", word(value)), "write the items in `[` and `]`");
        return None;
    };
    let fitted = entries.iter().enumerate().filter_map(|(index, entry)| {
        let name = entry.as_object().and_then(|o| o.iter().find(|(key, _)| key.eq_ignore_ascii_case("name")));
        let label = name.and_then(|(_, name)| name.as_str()).map_or_else(|| index.to_string(), str::to_owned);
        fit(entry, items, &format!("{path}[{label}]"), log)
    });
    Some(Value::Array(fitted.collect()))
}

fn text(value: &Value, path: &str, log: &mut Log) -> Option<Value> {
    match value {
        Value::String(_) => Some(value.clone()),
        Value::Number(_) | Value::Bool(_) => {
            log.note(path, "was written without quotes and is read as text");
            Some(Value::from(value.to_string()))
        }
        Value::Object(_) | Value::Array(_) if path.ends_with("hookDetails") => Some(Value::from(value.to_string())),
        Value::Null | Value::Object(_) | Value::Array(_) => {
            log.refuse(path, format!("is {} and must be text", word(value)), "write text");
            None
        }
    }
}

fn number(value: &Value, step: Step, path: &str, log: &mut Log) -> Option<Value> {
    let number = match value {
        Value::Number(number) => Some(number.clone()),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    let whole = number
        .as_ref()
        .and_then(|number| number.as_i64().or_else(|| number.to_string().strip_suffix(".0")?.parse().ok()));
    let fitted = match step {
        Step::Whole => whole.filter(|whole| i32::try_from(*whole).is_ok()).map(Value::from),
        Step::Any => number.map(Value::Number),
    };
    if fitted.is_none() {
        let problem =
            format!("is {} and must be a{} number", word(value), if step == Step::Whole { " whole" } else { "" });
        log.refuse(path, problem, "write the number without quotes");
    } else if value.is_string() {
        log.note(path, "was written in quotes and is read as a number");
    }
    fitted
}

fn flag(value: &Value, path: &str, log: &mut Log) -> Option<Value> {
    let flag = match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => None,
    };
    match flag {
        Some(_) if value.is_string() => log.note(path, "was written in quotes and is read as true or false"),
        Some(_) => {}
        None => log.refuse(path, format!("is {} and must be true or false", word(value)), "write true or false"),
    }
    flag.map(Value::Bool)
}
