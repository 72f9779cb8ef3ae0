//! Request lines and headers, read: which resource, which object, which options.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::{HeaderMap, header};
use jiff::Timestamp;
use serde_json::Value;

use super::failure::{Failure, Outcome};
use super::kinds::Kind;
use super::owners::Writer;
use super::store::{Key, MemApi};

/// The part of an object that is addressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    Main,
    Status,
    Scale,
}

/// One request for objects.
pub(crate) struct Ask<'a> {
    pub(crate) kind: Arc<Kind>,
    pub(crate) namespace: String,
    pub(crate) name: Option<String>,
    pub(crate) door: Door,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) body: &'a [u8],
    pub(crate) content_type: String,
    /// The client wants metadata only.
    pub(crate) partial: bool,
    pub(crate) agent: String,
    pub(crate) now: Timestamp,
}

impl Ask<'_> {
    pub(crate) fn option(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        matches!(self.option(name), "true" | "1")
    }

    pub(crate) fn dry_run(&self) -> bool {
        self.option("dryRun") == "All"
    }

    pub(crate) fn strict(&self) -> bool {
        self.option("fieldValidation") == "Strict"
    }

    pub(crate) fn key(&self, name: &str) -> Key {
        Key { resource: self.kind.qualified(), namespace: self.namespace.clone(), name: name.to_owned() }
    }

    pub(crate) fn writer(&self, apply: bool) -> Writer {
        let name = match self.option("fieldManager") {
            "" => self.agent.split('/').next().unwrap_or_default().to_owned(),
            given => given.to_owned(),
        };
        let subresource = match self.door {
            Door::Main => "",
            Door::Status => "status",
            Door::Scale => "scale",
        };
        Writer { name, apply, subresource: subresource.to_owned() }
    }

    /// The time as `metadata` has it: whole seconds.
    pub(crate) fn stamp(&self) -> String {
        stamp(self.now)
    }

    pub(crate) fn json(&self) -> Outcome<Value> {
        serde_json::from_slice(self.body).map_err(|error| {
            Failure::bad_request(format!(
                "the object provided is unrecognized (must be of type {}): {error}",
                self.kind.kind
            ))
        })
    }
}

pub(crate) fn stamp(now: Timestamp) -> String {
    now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// What a path means.
pub(crate) enum Route {
    Version,
    CoreVersions,
    Groups,
    Group(String),
    Resources { group: String, version: String },
    Objects { kind: Arc<Kind>, namespace: String, name: Option<String>, door: Door },
}

/// Reads a path; `Err` is the 404 of an unknown one.
pub(crate) fn route(api: &MemApi, path: &str) -> Outcome<Route> {
    let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty()).collect();
    match parts.as_slice() {
        ["version"] => Ok(Route::Version),
        ["api"] => Ok(Route::CoreVersions),
        ["apis"] => Ok(Route::Groups),
        ["apis", group] => Ok(Route::Group((*group).to_owned())),
        ["api", version] => Ok(Route::Resources { group: String::new(), version: (*version).to_owned() }),
        ["apis", group, version] => Ok(Route::Resources { group: (*group).to_owned(), version: (*version).to_owned() }),
        ["api", version, rest @ ..] => objects(api, "", version, rest),
        ["apis", group, version, rest @ ..] => objects(api, group, version, rest),
        _ => Err(Failure::no_route()),
    }
}

fn objects(api: &MemApi, group: &str, version: &str, rest: &[&str]) -> Outcome<Route> {
    let (namespace, plural, tail) = match rest {
        ["namespaces", name, "status"] if group.is_empty() => ("", "namespaces", vec![*name, "status"]),
        ["namespaces", namespace, plural, tail @ ..] => (*namespace, *plural, tail.to_vec()),
        [plural, tail @ ..] => ("", *plural, tail.to_vec()),
        [] => return Err(Failure::no_route()),
    };
    let kind = api.kind(group, plural).filter(|k| k.version == version).ok_or_else(Failure::no_route)?;
    if kind.namespaced == namespace.is_empty() && !(kind.namespaced && tail.is_empty()) {
        return Err(Failure::no_route());
    }
    let (name, door) = match tail.as_slice() {
        [] => (None, Door::Main),
        [name] => (Some((*name).to_owned()), Door::Main),
        [name, "status"] if kind.status => (Some((*name).to_owned()), Door::Status),
        [name, "scale"] if kind.scale.is_some() => (Some((*name).to_owned()), Door::Scale),
        _ => return Err(Failure::no_route()),
    };
    Ok(Route::Objects { kind, namespace: namespace.to_owned(), name, door })
}

/// Splits query parameters; of repeated ones the last counts.
pub(crate) fn parameters(query: &str) -> BTreeMap<String, String> {
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

pub(crate) fn header_text(headers: &HeaderMap, name: header::HeaderName) -> String {
    headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned()
}
