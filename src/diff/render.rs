//! Values in the words of the manifest: short, on one line, and without secrets.

use super::normal::identity;
use super::shape::{Key, Kind};
use serde_json::Value;

/// Longest text that is made of one value, in characters.
const LONGEST_VALUE: usize = 160;
/// Longest text of a structure or list before it is only counted, in characters.
const LONGEST_TREE: usize = 100;
/// Longest identity of a list item inside a path, in characters.
const LONGEST_LABEL: usize = 60;

const REDACTED: &str = "(redacted)";
const MALFORMED: &str = "(malformed)";

/// A value for people. Anything the shape does not vouch for is redacted.
pub(super) fn render(value: &Value, kind: &Kind) -> String {
    match kind {
        Kind::Secret(_) | Kind::Document | Kind::Apart => REDACTED.to_owned(),
        Kind::Scalar(_) if value.is_object() || value.is_array() => MALFORMED.to_owned(),
        Kind::Scalar(_) => shorten(&scalar(value), LONGEST_VALUE),
        Kind::Struct(shape) => match value.as_object() {
            Some(members) => tree(
                members.iter().map(|(name, value)| {
                    let text = match shape.member(name) {
                        Some(member) => render(value, &member.kind),
                        None => REDACTED.to_owned(),
                    };
                    format!("{}: {text}", clean(name))
                }),
                ("{", "}", "members"),
            ),
            None => MALFORMED.to_owned(),
        },
        Kind::Map(map) => match value.as_object() {
            Some(entries) => tree(
                entries.iter().map(|(name, value)| {
                    let text = if map.secret { REDACTED.to_owned() } else { scalar(value) };
                    format!("{}: {text}", clean(name))
                }),
                ("{", "}", "entries"),
            ),
            None => MALFORMED.to_owned(),
        },
        Kind::List(list) => match value.as_array() {
            Some(items) => tree(items.iter().map(|item| render(item, list.of)), ("[", "]", "items")),
            None => MALFORMED.to_owned(),
        },
    }
}

fn tree(parts: impl Iterator<Item = String>, (open, close, unit): (&str, &str, &str)) -> String {
    let parts: Vec<String> = parts.collect();
    let whole = format!("{open}{}{close}", parts.join(", "));
    if whole.chars().count() <= LONGEST_TREE {
        return whole;
    }
    format!("{open}{} {unit}{close}", parts.len())
}

fn scalar(value: &Value) -> String {
    match value.as_str() {
        Some("") => "\"\"".to_owned(),
        Some(text) => clean(text),
        None => value.to_string(),
    }
}

/// One line without control characters.
pub(super) fn clean(text: &str) -> String {
    let visible = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(visible).collect()
}

/// Keeps both ends: the end of an image or an ARN says most.
pub(super) fn shorten(text: &str, longest: usize) -> String {
    let length = text.chars().count();
    if length <= longest {
        return text.to_owned();
    }
    let kept = longest.saturating_sub(1);
    let head = kept / 3;
    let tail = kept - head;
    let start: String = text.chars().take(head).collect();
    let end: String = text.chars().skip(length - tail).collect();
    format!("{start}…{end}")
}

/// The identity of a list item as it stands in a path: `web`, `8080/tcp`.
pub(super) fn label(item: &Value, keys: &[Key], of: &Kind) -> String {
    let parts = identity(item, keys, of);
    let parts: Vec<String> = parts.iter().filter(|part| !part.is_empty()).map(|part| clean(resource(part))).collect();
    shorten(&parts.join("/"), LONGEST_LABEL)
}

/// The resource of an ARN, or the text itself.
fn resource(text: &str) -> &str {
    if text.starts_with("arn:") { text.splitn(6, ':').last().unwrap_or(text) } else { text }
}
