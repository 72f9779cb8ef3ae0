//! How the conversation is held: one request, one line of normal form.

use http_body_util::BodyExt;
use kube::client::Body;
use serde_json::{Map, Value, json};

pub(super) const BASE: &str = "/apis/conversation.example/v1/namespaces/conversation/talks";
pub(super) const JSON: &str = "application/json";
pub(super) const JSON_PATCH: &str = "application/json-patch+json";
pub(super) const MERGE: &str = "application/merge-patch+json";
pub(super) const APPLY: &str = "application/apply-patch+yaml";

pub(super) struct Talk {
    client: kube::Client,
    pub(super) steps: Vec<String>,
}

pub(super) fn talk(name: &str, spec: &Value) -> Value {
    json!({"apiVersion": "conversation.example/v1", "kind": "Talk", "metadata": {"name": name}, "spec": spec})
}

pub(super) fn at(name: &str) -> String {
    format!("{BASE}/{name}")
}

pub(super) fn version(object: &Value) -> &str {
    object["metadata"]["resourceVersion"].as_str().unwrap_or_default()
}

/// An answer without what differs between servers and runs: identifiers, versions, times, wording.
fn normal(value: &Value) -> Value {
    if value["kind"] == "Status" {
        let mut causes: Vec<String> = value["details"]["causes"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|c| format!("{} {}", c["field"].as_str().unwrap_or("-"), c["reason"].as_str().unwrap_or("-")))
            .collect();
        // Some servers check some fields twice, the replica path with a leading dot.
        causes.retain(|c| !(c.starts_with('.') && c.ends_with(" FieldValueInvalid")));
        causes.sort();
        causes.dedup();
        return json!({
            "status": value["status"], "reason": value["reason"], "code": value["code"],
            "about": [value["details"]["group"], value["details"]["kind"], value["details"]["name"]], "causes": causes,
        });
    }
    let mut out = value.clone();
    if let Some(map) = out.as_object_mut() {
        map.retain(|name, _| !name.starts_with("deprecated"));
    }
    if let Some(items) = out.get_mut("items").and_then(Value::as_array_mut) {
        for item in items {
            *item = normal(item);
        }
    }
    if let Some(metadata) = out.get_mut("metadata").and_then(Value::as_object_mut) {
        normal_metadata(metadata);
    }
    out
}

fn normal_metadata(metadata: &mut Map<String, Value>) {
    for gone in ["uid", "resourceVersion", "creationTimestamp", "selfLink"] {
        metadata.remove(gone);
    }
    for set in ["deletionTimestamp", "continue"] {
        if metadata.get(set).is_some_and(|v| v != "") {
            metadata.insert(set.into(), "set".into());
        }
    }
    if let Some(prefix) = metadata.get("generateName").cloned() {
        let name = metadata["name"].as_str().unwrap_or_default();
        let prefix = prefix.as_str().unwrap_or_default();
        let fits = name.starts_with(prefix) && name.len() == prefix.len() + 5;
        metadata.insert("name".into(), format!("generated {fits}").into());
    }
    for entry in metadata.get_mut("managedFields").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(entry) = entry.as_object_mut() {
            entry.remove("time");
        }
    }
    if let Some(entries) = metadata.get_mut("managedFields").and_then(Value::as_array_mut) {
        entries.sort_by_key(|e| e["manager"].to_string() + &e["operation"].to_string() + &e["subresource"].to_string());
    }
}

impl Talk {
    pub(super) fn new(client: kube::Client) -> Self {
        Self { client, steps: Vec::new() }
    }

    pub(super) fn note(&mut self, step: &str) {
        self.steps.push(step.to_owned());
    }

    async fn send(&self, method: &str, target: &str, media: &str, body: &Value) -> (u16, Vec<u8>) {
        let bytes = if body.is_null() { Vec::new() } else { serde_json::to_vec(body).unwrap() };
        let request = http::Request::builder()
            .method(method)
            .uri(target)
            .header(http::header::CONTENT_TYPE, media)
            .header(http::header::USER_AGENT, "talker/1")
            .body(Body::from(bytes))
            .unwrap();
        let response = self.client.send(request).await.expect("an answer");
        let status = response.status().as_u16();
        (status, response.into_body().collect().await.expect("a whole body").to_bytes().to_vec())
    }

    /// One request; its line is `what: status body`.
    pub(super) async fn say(&mut self, what: &str, method: &str, target: &str, media: &str, body: &Value) -> Value {
        let (status, bytes) = self.send(method, target, media, body).await;
        let answer: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        self.steps.push(format!("{what}: {status} {}", normal(&answer)));
        answer
    }

    pub(super) async fn get(&mut self, what: &str, target: &str) -> Value {
        self.say(what, "GET", target, JSON, &Value::Null).await
    }

    pub(super) async fn post(&mut self, what: &str, target: &str, body: &Value) -> Value {
        self.say(what, "POST", target, JSON, body).await
    }

    pub(super) async fn merge(&mut self, what: &str, target: &str, body: &Value) -> Value {
        self.say(what, "PATCH", target, MERGE, body).await
    }

    pub(super) async fn delete(&mut self, what: &str, target: &str, options: &Value) -> Value {
        self.say(what, "DELETE", target, JSON, options).await
    }

    /// `who` may carry `&force=true`.
    pub(super) async fn apply(&mut self, what: &str, target: &str, who: &str, body: &Value) -> Value {
        self.say(what, "PATCH", &format!("{target}?fieldManager={who}"), APPLY, body).await
    }

    /// A request that only prepares the next step.
    pub(super) async fn quietly(&mut self, method: &str, target: &str, media: &str, body: &Value) -> Value {
        let (_, bytes) = self.send(method, target, media, body).await;
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    /// A watch to its end; one line of event types and names.
    pub(super) async fn watch(&mut self, what: &str, query: &str) -> Vec<Value> {
        let target = format!("{BASE}?watch=true&{query}");
        let (status, bytes) = self.send("GET", &target, JSON, &Value::Null).await;
        let events: Vec<Value> =
            String::from_utf8(bytes).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let mut words: Vec<String> = events
            .iter()
            .map(|e| {
                let object = &e["object"];
                let end = object["metadata"]["annotations"]["k8s.io/initial-events-end"].as_str().unwrap_or_default();
                let name = object["metadata"]["name"].as_str().unwrap_or_default();
                let code = object["code"].as_u64().map(|c| c.to_string()).unwrap_or_default();
                let color = object["spec"]["color"].as_str().unwrap_or_default();
                format!("{} {name}{color}{end}{code}", e["type"].as_str().unwrap_or("?"))
            })
            .collect();
        // When a server sends its bookmarks is its own affair; only the end of a streaming list is promised.
        words.retain(|word| word != "BOOKMARK ");
        self.steps.push(format!("{what}: {status} {}", words.join(", ")));
        events
    }

    /// The CRD and the namespace, ready for use.
    pub(super) async fn install(&mut self) {
        let crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        let (status, _) = self.send("POST", crds, JSON, &crd()).await;
        self.note(&format!("install CRD: {status}"));
        for _ in 0..300 {
            let found = self.quietly("GET", &format!("{crds}/talks.conversation.example"), JSON, &Value::Null).await;
            let conditions = found["status"]["conditions"].as_array().cloned().unwrap_or_default();
            if conditions.iter().any(|c| c["type"] == "Established" && c["status"] == "True") {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        let space = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "conversation"}});
        self.post("create namespace", "/api/v1/namespaces", &space).await;
        for _ in 0..300 {
            let (status, _) = self.send("GET", BASE, JSON, &Value::Null).await;
            if status == 200 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }
}

fn crd() -> Value {
    let string = json!({"type": "string", "maxLength": 20});
    let spec = json!({"type": "object", "required": ["color"], "properties": {
        "size": {"type": "integer", "minimum": 0, "maximum": 10, "default": 1},
        "color": {"type": "string", "enum": ["red", "green", "blue"]},
        "note": {"type": "string", "maxLength": 8, "pattern": "^[a-z]*$"},
        "tags": {"type": "object", "additionalProperties": string, "maxProperties": 4},
        "either": {"x-kubernetes-int-or-string": true},
        "deep": {"type": "object", "properties": {"one": string, "two": {"type": "string", "default": "second"}}},
        "order": {"type": "array", "items": string, "maxItems": 3},
        "group": {"type": "array", "items": string, "maxItems": 3, "x-kubernetes-list-type": "set"},
        "parts": {
            "type": "array", "maxItems": 3, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
            "items": {"type": "object", "required": ["name"], "properties": {
                "name": string, "weight": {"type": "integer"}, "label": string,
            }},
        },
    }});
    let status = json!({"type": "object", "default": {"observedGeneration": -1}, "properties": {
        "observedGeneration": {"type": "integer"}, "size": {"type": "integer"}, "selector": string,
        "conditions": {
            "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"],
            "items": {"type": "object", "required": ["type"], "properties": {"type": string, "status": string}},
        },
    }});
    let version = json!({
        "name": "v1", "served": true, "storage": true,
        "selectableFields": [{"jsonPath": ".spec.color"}],
        "subresources": {"status": {}, "scale": {
            "specReplicasPath": ".spec.size", "statusReplicasPath": ".status.size", "labelSelectorPath": ".status.selector",
        }},
        "schema": {"openAPIV3Schema": {"type": "object", "required": ["spec"], "properties": {"spec": spec, "status": status}}},
    });
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "talks.conversation.example"},
        "spec": {
            "group": "conversation.example", "scope": "Namespaced",
            "names": {"kind": "Talk", "listKind": "TalkList", "plural": "talks", "singular": "talk"},
            "versions": [version],
        },
    })
}
