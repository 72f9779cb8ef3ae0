//! What an object must pass before it is stored: names, schema, metadata rules, kinds' own rules.

use serde_json::Value;

use super::failure::{Failure, Outcome};
use super::fields::is_blank;
use super::kinds::{CRD_KIND, Kind};
use super::route::Ask;
use super::schema::{Violation, check, ratchet, text};
use super::shape::{fill, prune};
use super::store::{MemApi, finalizers, meta};

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

fn is_label(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    !name.is_empty() && name.chars().all(|c| plain(c) || c == '-') && name.starts_with(plain) && name.ends_with(plain)
}

fn name_violations(kind: &Kind, name: &str) -> Vec<Violation> {
    let value = Value::from(name);
    let mut found = Vec::new();
    if kind.kind == "Namespace" {
        if !is_label(name) {
            found.push(Violation::invalid("metadata.name", &value, LABEL));
        }
        if name.len() > 63 {
            found.push(Violation::invalid("metadata.name", &value, "must be no more than 63 bytes"));
        }
        return found;
    }
    if !name.split('.').all(is_label) {
        found.push(Violation::invalid("metadata.name", &value, SUBDOMAIN));
    }
    if name.len() > 253 {
        found.push(Violation::invalid("metadata.name", &value, "must be no more than 253 bytes"));
    }
    found
}

fn is_qualified_name(name: &str) -> bool {
    let (prefix, last) = name.split_once('/').map_or((None, name), |(p, l)| (Some(p), l));
    let edge = |c: char| c.is_ascii_alphanumeric();
    let last_fits = !last.is_empty()
        && last.len() <= 63
        && last.starts_with(edge)
        && last.ends_with(edge)
        && last.chars().all(|c| edge(c) || matches!(c, '-' | '_' | '.'));
    last_fits && prefix.is_none_or(|p| p.len() <= 253 && p.split('.').all(is_label))
}

fn metadata_violations(object: &Value) -> Vec<Violation> {
    let mut found = Vec::new();
    let labels = object.pointer("/metadata/labels").and_then(Value::as_object);
    for (key, value) in labels.into_iter().flatten() {
        let words = value.as_str().unwrap_or_default();
        if !is_qualified_name(key) {
            found.push(Violation::invalid("metadata.labels", &Value::from(key.as_str()), "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"));
        }
        if words.len() > 63 || !(words.is_empty() || is_qualified_name(words)) || words.contains('/') {
            found.push(Violation::invalid("metadata.labels", value, "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character, and be no more than 63 bytes"));
        }
    }
    for finalizer in finalizers(object) {
        if !is_qualified_name(&finalizer) {
            found.push(Violation::invalid("metadata.finalizers", &finalizer.into(), "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"));
        }
    }
    let owners = object.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    let controllers = owners.into_iter().flatten().filter(|o| o.get("controller") == Some(&Value::Bool(true))).count();
    if controllers > 1 {
        found.push(Violation::new(
            "metadata.ownerReferences",
            "FieldValueInvalid",
            "Only one reference can have Controller set to true",
        ));
    }
    found
}

/// Rules of kinds that their schema cannot say.
fn kind_violations(kind: &Kind, object: &Value) -> Vec<Violation> {
    let mut found = Vec::new();
    if kind.group == "events.k8s.io" {
        if text(object, "note").len() > 1024 {
            found.push(Violation::invalid("message", &text(object, "note").into(), "can have at most 1024 bytes"));
        }
        for name in ["action", "reason"] {
            if text(object, name).is_empty() {
                found.push(Violation::required(name, ""));
            }
        }
    }
    found
}

/// The object is of the kind, name and namespace that the URL says; fills them in where absent.
pub(crate) fn fit_to_url(ask: &Ask, object: &mut Value, name: Option<&str>) -> Outcome<()> {
    let kind = &ask.kind;
    let (api_version, title) = (kind.api_version(), kind.kind.as_str());
    let root = object.as_object_mut().ok_or_else(|| Failure::bad_request("the body is not an object"))?;
    for (member, wanted) in [("apiVersion", api_version.as_str()), ("kind", title)] {
        match root.get(member).and_then(Value::as_str) {
            None if kind.custom => {
                return Err(Failure::bad_request(format!("Object '{member}' is missing")));
            }
            None => {
                root.insert(member.into(), wanted.into());
            }
            Some(given) if given == wanted => {}
            Some(given) if member == "kind" && kind.custom => {
                let broken = Violation::invalid("kind", &given.into(), &format!("must be {title}"));
                let name = root.get("metadata").map_or("", |m| text(m, "name"));
                return Err(Failure::invalid(given, &kind.group, name, &[broken]));
            }
            Some(given) => {
                return Err(Failure::bad_request(format!(
                    "the {member} in the data ({given}) does not match the expected {member} ({wanted})"
                )));
            }
        }
    }
    let metadata = root.entry("metadata").or_insert_with(|| Value::Object(serde_json::Map::new()));
    let metadata = metadata.as_object_mut().ok_or_else(|| Failure::bad_request("metadata is not an object"))?;
    let given = metadata.get("namespace").and_then(Value::as_str).unwrap_or_default().to_owned();
    if !kind.namespaced {
        metadata.remove("namespace");
    } else if given.is_empty() {
        metadata.insert("namespace".into(), ask.namespace.clone().into());
    } else if given != ask.namespace {
        return Err(Failure::bad_request(format!(
            "the namespace of the provided object does not match the namespace sent on the request ({given} != {})",
            ask.namespace
        )));
    }
    if let Some(wanted) = name {
        let given = metadata.get("name").and_then(Value::as_str).unwrap_or(wanted).to_owned();
        if given != wanted {
            return Err(Failure::bad_request(format!(
                "the name of the object ({given}) does not match the name on the URL ({wanted})"
            )));
        }
        metadata.insert("name".into(), wanted.into());
    }
    Ok(())
}

impl MemApi {
    /// Prunes, refuses unknown members when strict, and fills defaults.
    pub(crate) fn shape(ask: &Ask, object: &mut Value) -> Outcome<()> {
        let mut unknown = Vec::new();
        prune(object, &ask.kind.schema, "", &mut unknown);
        if ask.strict() && !unknown.is_empty() && ask.content_type.contains("patch") {
            let broken =
                Violation::invalid("patch", &unknown.join(", ").into(), "strict decoding error: unknown field");
            return Err(Failure::invalid("", "", "", &[broken]));
        }
        if ask.strict() && !unknown.is_empty() {
            let list: Vec<String> = unknown.iter().map(|path| format!("unknown field {path:?}")).collect();
            return Err(Failure::bad_request(format!(
                "{} in version {:?} cannot be handled as a {}: strict decoding error: {}",
                ask.kind.kind,
                ask.kind.version,
                ask.kind.kind,
                list.join(", ")
            )));
        }
        fill(object, &ask.kind.schema);
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.retain(|_, value| !is_blank(value));
        }
        Ok(())
    }

    /// Refuses with 422 what breaks a rule; on updates, what was broken before and is untouched may stay.
    pub(crate) fn validate(&self, ask: &Ask, object: &Value, old: Option<&Value>) -> Outcome<()> {
        let kind = &ask.kind;
        let mut found = check(object, &kind.schema);
        if let Some(old) = old {
            found = ratchet(found, object, old);
            found.extend(finalizer_violations(object, old));
        } else {
            found.extend(name_violations(kind, meta(object, "name")));
        }
        found.extend(metadata_violations(object));
        found.extend(kind_violations(kind, object));
        if kind.custom && found.is_empty() {
            for validator in &self.validators {
                found.extend(validator(object, old).into_iter().map(|message| {
                    Violation::new("<nil>", "FieldValueInvalid", format!("Invalid value: \"object\": {message}"))
                }));
            }
        }
        if kind.kind == CRD_KIND
            && let Err(why) = Kind::from_crd(object)
        {
            found.push(Violation::required("spec", &why));
        }
        if found.is_empty() {
            return Ok(());
        }
        let group = if kind.kind == "Event" { "" } else { &kind.group };
        Err(Failure::invalid(&kind.kind, group, meta(object, "name"), &found))
    }
}

fn finalizer_violations(object: &Value, old: &Value) -> Option<Violation> {
    if meta(old, "deletionTimestamp").is_empty() {
        return None;
    }
    let before = finalizers(old);
    let added: Vec<String> = finalizers(object).into_iter().filter(|f| !before.contains(f)).collect();
    (!added.is_empty()).then(|| {
        Violation::forbidden(
            "metadata.finalizers",
            &format!(
                "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
                added.iter().map(|f| format!("{f:?}")).collect::<Vec<_>>().join(", ")
            ),
        )
    })
}
