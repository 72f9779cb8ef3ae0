//! A Kubernetes beside the real one: passes read and write objects of ours here, and the real one is only read.
//!
//! No request but a GET leaves this file, so no pass over objects of the shadow can change the real ones.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http::{Method, Request, Response, StatusCode, header};
use jiff::Timestamp;
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};
use tower::service_fn;

use crate::api::names::{GROUP, VERSION};
use crate::aws::lock;
use crate::plugin::kind::Kind;

/// Kind, namespace, name.
pub type Key = (Kind, String, String);

#[derive(Debug, Default)]
struct State {
    objects: BTreeMap<Key, Value>,
    version: u64,
    now: Timestamp,
    /// What passes made, changed or deleted besides the object they are about, in order.
    written: Vec<Written>,
}

/// A write to an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// `create`, `update` or `delete`.
    pub verb: &'static str,
    /// The object.
    pub key: Key,
}

/// The shadow.
#[derive(Clone, Default)]
pub struct Shadow {
    state: Arc<Mutex<State>>,
    real: Option<Client>,
}

impl std::fmt::Debug for Shadow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shadow").field("state", &self.state).finish_non_exhaustive()
    }
}

/// What a request is about.
enum Route {
    /// Objects of ours: kind, namespace, name, subresource.
    Ours(Kind, String, Option<String>, Option<String>),
    /// Something else.
    Other,
}

fn route(path: &str) -> Route {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let rest = match parts.as_slice() {
        ["apis", group, version, rest @ ..] if *group == GROUP && *version == VERSION => rest,
        _ => return Route::Other,
    };
    let (namespace, rest) = match rest {
        ["namespaces", namespace, rest @ ..] => (*namespace, rest),
        rest => ("", rest),
    };
    let kind = rest.first().and_then(|plural| Kind::ALL.into_iter().find(|kind| kind.resource().plural == *plural));
    let part = |at: usize| rest.get(at).map(|part| (*part).to_owned());
    kind.map_or(Route::Other, |kind| Route::Ours(kind, namespace.to_owned(), part(1), part(2)))
}

impl Shadow {
    /// A shadow of what the client reads; `None`: of nothing.
    #[must_use]
    pub fn of(real: Option<Client>) -> Self {
        Self { state: Arc::default(), real }
    }

    /// A client for passes. `now` stamps what they make and delete.
    #[must_use]
    pub fn client(&self, now: Timestamp) -> Client {
        lock(&self.state).now = now;
        let shadow = self.clone();
        Client::new(
            service_fn(move |request: Request<Body>| {
                let shadow = shadow.clone();
                async move { Ok::<_, Infallible>(shadow.answer(request).await) }
            }),
            "default",
        )
    }

    /// Puts an object in, as it is.
    pub fn put(&self, object: Value) {
        let Some(key) = key_of(&object) else { return };
        lock(&self.state).store(key, object);
    }

    /// All objects.
    #[must_use]
    pub fn objects(&self) -> Vec<Value> {
        lock(&self.state).objects.values().cloned().collect()
    }

    /// An object.
    #[must_use]
    pub fn get(&self, key: &Key) -> Option<Value> {
        lock(&self.state).objects.get(key).cloned()
    }

    /// What was written since this was last asked.
    #[must_use]
    pub fn take_written(&self) -> Vec<Written> {
        std::mem::take(&mut lock(&self.state).written)
    }

    async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let is_read = request.method() == Method::GET;
        match route(request.uri().path()) {
            Route::Ours(kind, namespace, name, part) => {
                let (parts, body) = request.into_parts();
                let bytes = body.collect_bytes().await.unwrap_or_default();
                let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
                let form = parts.headers.get(header::CONTENT_TYPE).and_then(|form| form.to_str().ok());
                let form = form.unwrap_or_default().to_owned();
                let mut state = lock(&self.state);
                match name {
                    None if is_read => state.list(kind, &namespace),
                    None => state.create((kind, namespace, String::new()), body),
                    Some(name) => {
                        let key = (kind, namespace, name);
                        match parts.method {
                            Method::GET => state.objects.get(&key).map_or_else(missing, said),
                            Method::DELETE => state.delete(&key),
                            _ => state.patch(&key, &form, &body, part.as_deref() == Some("status")),
                        }
                    }
                }
            }
            Route::Other if is_read => match &self.real {
                Some(real) => real.send(request).await.unwrap_or_else(|error| {
                    failure(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", &error.to_string())
                }),
                None if request.uri().path().contains("/namespaces/") => missing(),
                None => said(&json!({
                    "apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadataList", "metadata": {}, "items": [],
                })),
            },
            // An event, and whatever else somebody may want to write one day.
            Route::Other => failure(StatusCode::FORBIDDEN, "Forbidden", "nothing is written"),
        }
    }
}

impl State {
    fn store(&mut self, key: Key, mut object: Value) -> Value {
        self.version += 1;
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.insert("resourceVersion".to_owned(), Value::from(self.version.to_string()));
        }
        self.objects.insert(key, object.clone());
        object
    }

    fn list(&self, kind: Kind, namespace: &str) -> Response<Body> {
        let fits = |key: &Key| key.0 == kind && (namespace.is_empty() || key.1 == namespace);
        let items: Vec<&Value> = self.objects.iter().filter(|(key, _)| fits(key)).map(|(_, object)| object).collect();
        said(&json!({
            "apiVersion": format!("{GROUP}/{VERSION}"), "kind": format!("{}List", kind.name()),
            "metadata": {}, "items": items,
        }))
    }

    fn create(&mut self, (kind, namespace, _): Key, mut object: Value) -> Response<Body> {
        let name = object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let key = (kind, namespace, name);
        if self.objects.contains_key(&key) {
            return failure(StatusCode::CONFLICT, "AlreadyExists", "already exists");
        }
        let uid = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, format!("{key:?}/{}", self.version).as_bytes());
        json_patch::merge(
            &mut object,
            &json!({
                "apiVersion": format!("{GROUP}/{VERSION}"), "kind": kind.name(),
                "metadata": {
                    "namespace": key.1, "uid": uid.to_string(), "generation": 1,
                    "creationTimestamp": self.now.to_string(),
                },
            }),
        );
        self.written.push(Written { verb: "create", key: key.clone() });
        said(&self.store(key, object))
    }

    fn delete(&mut self, key: &Key) -> Response<Body> {
        let Some(mut object) = self.objects.get(key).cloned() else { return missing() };
        self.written.push(Written { verb: "delete", key: key.clone() });
        if object.pointer("/metadata/finalizers").and_then(Value::as_array).is_none_or(Vec::is_empty) {
            self.objects.remove(key);
        } else {
            json_patch::merge(&mut object, &json!({"metadata": {"deletionTimestamp": self.now.to_string()}}));
            self.store(key.clone(), object);
        }
        said(&json!({"apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Success"}))
    }

    fn patch(&mut self, key: &Key, form: &str, body: &Value, of_status: bool) -> Response<Body> {
        let Some(before) = self.objects.get(key).cloned() else { return missing() };
        let mut after = before.clone();
        if form.contains("json-patch") {
            let Ok(patch) = serde_json::from_value::<json_patch::Patch>(body.clone()) else {
                return failure(StatusCode::BAD_REQUEST, "BadRequest", "no patch");
            };
            if json_patch::patch(&mut after, &patch).is_err() {
                return failure(StatusCode::UNPROCESSABLE_ENTITY, "Invalid", "a test of the patch failed");
            }
        } else if of_status {
            let version = body.pointer("/metadata/resourceVersion").filter(|version| !version.is_null());
            if version.is_some_and(|version| Some(version) != before.pointer("/metadata/resourceVersion")) {
                return failure(StatusCode::CONFLICT, "Conflict", "the object has been modified");
            }
            // All of a status is ours, but for conditions of others, which matter to nobody here.
            if let (Some(members), Some(status)) = (after.as_object_mut(), body.get("status")) {
                members.insert("status".to_owned(), without_nulls(status));
            }
        } else {
            json_patch::merge(&mut after, body);
        }
        if !of_status && before.get("spec") != after.get("spec") {
            let generation = before.pointer("/metadata/generation").and_then(Value::as_i64).unwrap_or_default();
            json_patch::merge(&mut after, &json!({"metadata": {"generation": generation + 1}}));
            self.written.push(Written { verb: "update", key: key.clone() });
        }
        let gone = after.pointer("/metadata/deletionTimestamp").is_some()
            && after.pointer("/metadata/finalizers").and_then(Value::as_array).is_none_or(Vec::is_empty);
        if gone {
            self.objects.remove(key);
            return said(&after);
        }
        said(&self.store(key.clone(), after))
    }
}

/// Kind, namespace and name of an object of ours.
#[must_use]
pub fn key_of(object: &Value) -> Option<Key> {
    let kind = Kind::named(object.get("kind")?.as_str()?)?;
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let namespace = if kind.is_namespaced() { text("/metadata/namespace") } else { String::new() };
    Some((kind, namespace, text("/metadata/name")))
}

fn without_nulls(value: &Value) -> Value {
    let mut clean = json!({});
    json_patch::merge(&mut clean, value);
    clean
}

fn said(value: &Value) -> Response<Body> {
    respond(StatusCode::OK, value)
}

fn missing() -> Response<Body> {
    failure(StatusCode::NOT_FOUND, "NotFound", "not found")
}

fn failure(code: StatusCode, reason: &str, message: &str) -> Response<Body> {
    let status = json!({
        "apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Failure",
        "reason": reason, "message": message, "code": code.as_u16(),
    });
    respond(code, &status)
}

fn respond(code: StatusCode, value: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(value.to_string().into_bytes()));
    *response.status_mut() = code;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}
