//! The front door: method and path to a reply or a watch; discovery documents.

use std::collections::BTreeSet;

use http::{HeaderMap, Method, header};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::failure::{Failure, Outcome};
use super::route::{Ask, Door, Route, header_text, parameters, route};
use super::store::{MemApi, meta};
use super::watch::Watch;

/// A finished reply.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// JSON body; a `Status` object on failure, a text for an unknown path.
    pub body: Value,
}

/// What a request is answered with.
#[derive(Debug)]
pub enum Answer {
    /// One JSON document.
    Reply(Reply),
    /// A subscription to be polled.
    Watch(Box<Watch>),
}

impl Answer {
    pub(crate) fn reply(status: u16, body: Value) -> Self {
        Self::Reply(Reply { status, body })
    }
}

/// An object as clients that asked for metadata only get it.
pub(crate) fn partial(object: &Value) -> Value {
    json!({
        "apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata",
        "metadata": object.get("metadata").cloned().unwrap_or_default(),
    })
}

impl MemApi {
    /// Answers one request. `target` is path and query; `now` is the wall clock of this instant.
    pub fn answer(
        &mut self,
        method: &Method,
        target: &str,
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Answer {
        self.try_answer(method, target, headers, body, now)
            .unwrap_or_else(|failure| Answer::reply(failure.code, failure.body()))
    }

    fn try_answer(
        &mut self,
        method: &Method,
        target: &str,
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Outcome<Answer> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let Ok(place) = route(self, path) else {
            return Ok(Answer::reply(404, "404 page not found\n".into()));
        };
        let Route::Objects { kind, namespace, name, door } = place else {
            if *method != Method::GET {
                return Err(Failure::not_allowed());
            }
            return Ok(self
                .discover(&place)
                .map_or_else(|_| Answer::reply(404, "404 page not found\n".into()), |body| Answer::reply(200, body)));
        };
        let accept = header_text(headers, header::ACCEPT);
        let ask = Ask {
            kind,
            namespace,
            name,
            door,
            query: parameters(query),
            body,
            content_type: header_text(headers, header::CONTENT_TYPE),
            partial: accept.contains("as=PartialObjectMetadata"),
            agent: match header_text(headers, header::USER_AGENT) {
                agent if agent.is_empty() => "unknown".to_owned(),
                agent => agent,
            },
            now,
        };
        let mut answer = self.serve_objects(method, &ask)?;
        if let Answer::Reply(reply) = &mut answer
            && ask.partial
            && !meta(&reply.body, "uid").is_empty()
        {
            reply.body = partial(&reply.body);
        }
        Ok(answer)
    }

    fn serve_objects(&mut self, method: &Method, ask: &Ask) -> Outcome<Answer> {
        let name = ask.name.as_deref();
        match (method.as_str(), name, ask.door) {
            ("GET", None, _) if ask.flag("watch") => self.watch(ask).map(|w| Answer::Watch(Box::new(w))),
            ("GET", None, _) => self.list(ask).map(|body| Answer::reply(200, body)),
            ("POST", None, _) => self.create(ask).map(|body| Answer::reply(201, body)),
            ("DELETE", None, _) => self.delete_collection(ask).map(|body| Answer::reply(200, body)),
            (verb, Some(name), Door::Scale) => self.scale(ask, verb, name),
            ("GET", Some(name), _) => self.read(ask, name).map(|body| Answer::reply(200, body)),
            ("PUT", Some(name), _) => self.replace(ask, name),
            ("PATCH", Some(name), _) => self.patch(ask, name),
            ("DELETE", Some(name), Door::Main) => self.delete(ask, name).map(|body| Answer::reply(200, body)),
            _ => Err(Failure::not_allowed()),
        }
    }

    fn discover(&self, what: &Route) -> Outcome<Value> {
        match what {
            Route::Version => Ok(json!({
                "major": "1", "minor": "34", "gitVersion": "v1.34.2", "gitCommit": "", "gitTreeState": "clean",
                "buildDate": "2025-11-11T00:00:00Z", "goVersion": "go1.24.9", "compiler": "gc", "platform": "linux/amd64",
                "emulationMajor": "1", "emulationMinor": "34", "minCompatibilityMajor": "1", "minCompatibilityMinor": "33",
            })),
            Route::CoreVersions => Ok(json!({
                "kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [],
            })),
            Route::Groups => {
                let names: BTreeSet<&str> = self.kinds().map(|k| k.group.as_str()).filter(|g| !g.is_empty()).collect();
                let groups: Vec<Value> = names.into_iter().filter_map(|g| self.group(g)).collect();
                Ok(json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}))
            }
            Route::Group(group) => {
                let mut found = self.group(group).ok_or_else(Failure::no_route)?;
                if let Some(map) = found.as_object_mut() {
                    map.insert("kind".into(), "APIGroup".into());
                    map.insert("apiVersion".into(), "v1".into());
                }
                Ok(found)
            }
            Route::Resources { group, version } => {
                let found: Vec<Value> = self
                    .kinds()
                    .filter(|k| k.group == *group && k.version == *version)
                    .flat_map(|k| k.discovery())
                    .collect();
                if found.is_empty() {
                    return Err(Failure::no_route());
                }
                let title = if group.is_empty() { version.clone() } else { format!("{group}/{version}") };
                Ok(json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": title, "resources": found}))
            }
            Route::Objects { .. } => Err(Failure::no_route()),
        }
    }

    fn group(&self, group: &str) -> Option<Value> {
        let versions: BTreeSet<&str> = self.kinds().filter(|k| k.group == group).map(|k| k.version.as_str()).collect();
        let preferred = versions.first()?;
        let entry = |v: &str| json!({"groupVersion": format!("{group}/{v}"), "version": v});
        Some(json!({
            "name": group, "preferredVersion": entry(preferred),
            "versions": versions.iter().map(|v| entry(v)).collect::<Vec<_>>(),
        }))
    }
}
