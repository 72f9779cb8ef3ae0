//! Manifests as text: YAML with what a reader must know above each object, or one JSON list for programs.

use std::fmt::Write as _;

use serde::ser::{SerializeMap as _, SerializeSeq as _};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::Manifest;
use crate::plugin::exit::PluginError;

/// Members that come before the others, in this order; the others follow by name.
const FIRST: &[&str] = &[
    "apiVersion",
    "kind",
    "metadata",
    "name",
    "namespace",
    "family",
    "serviceName",
    "clusterName",
    "moniker",
    "accountRef",
    "region",
    "managementMode",
    "adoptionPolicy",
    "clusterRef",
    "cluster",
    "taskDefinitionRef",
    "taskDefinition",
    "image",
];

/// An object as YAML, what is to be said of it before it.
pub fn object(manifest: &Manifest) -> Result<String, PluginError> {
    let mut text = String::new();
    if !manifest.origin.is_empty() {
        comment(&mut text, &format!("From {}.", manifest.origin));
    }
    for remark in &manifest.remarks {
        comment(&mut text, remark);
    }
    for left in &manifest.left {
        comment(&mut text, &format!("ATTENTION: {left}"));
    }
    text.push_str(&value(&manifest.value)?);
    Ok(text)
}

/// A value as YAML, the members that people look for first.
pub fn value(value: &Value) -> Result<String, PluginError> {
    // A long text on one line stays on it: ARNs are looked for.
    let options = serde_saphyr::ser_options! { min_fold_chars: usize::MAX };
    Ok(serde_saphyr::to_string_with_options(&Ordered(value), options)?)
}

/// All objects as one stream, under a heading.
pub fn stream(heading: &[String], manifests: &[Manifest]) -> Result<String, PluginError> {
    let mut text = String::new();
    for line in heading {
        comment(&mut text, line);
    }
    for manifest in manifests {
        text.push_str("---\n");
        text.push_str(&object(manifest)?);
    }
    Ok(text)
}

/// All objects as one object that kubectl takes.
#[must_use]
pub fn list(values: impl Iterator<Item = Value>) -> Value {
    json!({ "apiVersion": "v1", "kind": "List", "items": values.collect::<Vec<_>>() })
}

/// Every line of a text as a comment, whatever characters it has.
fn comment(text: &mut String, said: &str) {
    for line in said.split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']) {
        let line: String = line.chars().filter(|c| !c.is_control()).collect();
        let _infallible = writeln!(text, "# {}", line.trim_end());
    }
}

/// A value whose members are written in the order of [`FIRST`].
struct Ordered<'a>(&'a Value);

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(members) => {
                let rank = |name: &str| FIRST.iter().position(|first| *first == name).unwrap_or(FIRST.len());
                let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
                sorted.sort_by(|a, b| rank(a.0).cmp(&rank(b.0)).then_with(|| a.0.cmp(b.0)));
                let mut map = serializer.serialize_map(Some(sorted.len()))?;
                for (name, value) in sorted {
                    map.serialize_entry(name, &Ordered(value))?;
                }
                map.end()
            }
            Value::Array(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(&Ordered(item))?;
                }
                list.end()
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => self.0.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_of_a_document_gets_out_of_a_comment() {
        let manifest = Manifest {
            kind: "EcsService",
            name: "web".to_owned(),
            origin: "a.json\nkind: Secret".to_owned(),
            remarks: vec!["one\u{2028}two".to_owned()],
            left: vec!["a\rb".to_owned()],
            value: json!({"spec": {"b": "x: y\n# no", "a": [1, "yes"]}, "kind": "K", "metadata": {"name": "1e3"}}),
        };
        let text = object(&manifest).unwrap();
        assert!(
            text.starts_with("# From a.json\n# kind: Secret.\n# one\n# two\n# ATTENTION: a\n# b\nkind: K\n"),
            "{text}"
        );
        let read: Value = serde_saphyr::from_str(&text).unwrap();
        assert_eq!(read, manifest.value, "{text}");
    }
}
