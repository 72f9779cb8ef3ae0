//! What is talked about.

use serde_json::{Value, json};

use super::words::{APPLY, BASE, JSON, JSON_PATCH, MERGE, Talk, at, talk, version};

const NIL: Value = Value::Null;

fn red() -> Value {
    json!({"color": "red"})
}

pub(super) async fn objects(t: &mut Talk) {
    let mut first = talk("a", &json!({"color": "red", "unknown": 1, "note": null, "deep": {"one": "1"}}));
    first["status"] = json!({"size": 9});
    let made = t.post("create drops status and unknown, fills defaults", BASE, &first).await;
    t.get("read it back", &at("a")).await;
    t.post("create again", BASE, &talk("a", &red())).await;
    t.get("absent", &at("absent")).await;
    t.get("absent kind", "/apis/conversation.example/v1/namespaces/conversation/walks").await;
    t.post("create with version", BASE, &json!({
        "apiVersion": "conversation.example/v1", "kind": "Talk", "metadata": {"name": "v", "resourceVersion": "5"}, "spec": red(),
    })).await;
    let nowhere = "/apis/conversation.example/v1/namespaces/nowhere/talks";
    t.post("create in absent namespace", nowhere, &talk("a", &red())).await;
    t.post(
        "wrong kind",
        BASE,
        &json!({"apiVersion": "conversation.example/v1", "kind": "Walk", "metadata": {"name": "w"}}),
    )
    .await;
    t.post(
        "no name",
        BASE,
        &json!({"apiVersion": "conversation.example/v1", "kind": "Talk", "metadata": {}, "spec": red()}),
    )
    .await;
    let body = json!({"apiVersion": "conversation.example/v1", "kind": "Talk", "metadata": {"generateName": "gen-"}, "spec": red()});
    let generated = t.post("generated name", BASE, &body).await;
    t.quietly("DELETE", &at(generated["metadata"]["name"].as_str().unwrap_or("?")), JSON, &NIL).await;
    for name in ["Upper", "under_score", "-dash", "with.dot", &"x".repeat(254)] {
        t.post("name", &format!("{BASE}?dryRun=All"), &talk(name, &red())).await;
    }
    let mut edit = made.clone();
    edit["spec"]["color"] = json!("green");
    t.say("replace moves generation", "PUT", &at("a"), JSON, &edit).await;
    t.say("replace with stale version", "PUT", &at("a"), JSON, &edit).await;
    edit["metadata"].as_object_mut().unwrap().remove("resourceVersion");
    t.say("replace without version", "PUT", &at("a"), JSON, &edit).await;
    t.say("replace absent", "PUT", &at("absent"), JSON, &talk("absent", &red())).await;
    t.say("replace under another name", "PUT", &at("a"), JSON, &talk("b", &red())).await;
    let mut other = t.quietly("GET", &at("a"), JSON, &NIL).await;
    other["metadata"]["uid"] = json!("11111111-0000-4000-8000-000000000000");
    t.say("replace with foreign uid", "PUT", &at("a"), JSON, &other).await;
}

pub(super) async fn patches(t: &mut Talk) {
    let before = t.quietly("GET", &at("a"), JSON, &NIL).await;
    let same = t.merge("merge that changes nothing", &at("a"), &json!({"spec": {"color": "green"}})).await;
    t.note(&format!("version stands still: {}", version(&before) == version(&same)));
    t.merge("labels move no generation", &at("a"), &json!({"metadata": {"labels": {"l": "1"}}})).await;
    t.merge("main door ignores status", &at("a"), &json!({"status": {"size": 5}})).await;
    let both = json!({"spec": {"size": 9}, "status": {"size": 4}});
    t.merge("status door ignores the rest", &format!("{}/status", at("a")), &both).await;
    t.merge("merge null removes", &at("a"), &json!({"metadata": {"labels": null}, "spec": {"deep": null}})).await;
    let old = json!({"metadata": {"resourceVersion": version(&before)}, "spec": {"size": 3}});
    t.merge("merge with stale version", &at("a"), &old).await;
    t.merge("merge absent", &at("absent"), &json!({})).await;
    t.merge("merge foreign uid", &at("a"), &json!({"metadata": {"uid": "11111111-0000-4000-8000-000000000000"}})).await;
    let uid = before["metadata"]["uid"].clone();
    for (what, patch) in [
        (
            "patch with right test",
            json!([{"op": "test", "path": "/metadata/uid", "value": uid}, {"op": "add", "path": "/spec/size", "value": 2}]),
        ),
        (
            "patch with wrong test",
            json!([{"op": "test", "path": "/metadata/uid", "value": "x"}, {"op": "add", "path": "/spec/size", "value": 3}]),
        ),
        ("patch of absent path", json!([{"op": "remove", "path": "/spec/nothing"}])),
        ("patch that is none", json!({"op": "add"})),
    ] {
        t.say(what, "PATCH", &at("a"), JSON_PATCH, &patch).await;
    }
    t.say("patch of unknown type", "PATCH", &at("a"), "text/plain", &json!({})).await;
    t.say("force without apply", "PATCH", &format!("{}?force=true", at("a")), MERGE, &json!({})).await;
}

pub(super) async fn schema(t: &mut Talk) {
    for spec in [
        json!({"color": "pink"}),
        json!({}),
        json!({"color": "red", "size": 11}),
        json!({"color": "red", "size": -1}),
        json!({"color": "red", "size": "3"}),
        json!({"color": "red", "size": 1.5}),
        json!({"color": "red", "note": "aaaaaaaaa"}),
        json!({"color": "red", "note": "A"}),
        json!({"color": "red", "order": ["1", "2", "3", "4"]}),
        json!({"color": "red", "group": ["1", "1"]}),
        json!({"color": "red", "parts": [{"name": "x"}, {"name": "x"}]}),
        json!({"color": "red", "parts": [{"weight": 1}]}),
        json!({"color": "red", "tags": {"1": "", "2": "", "3": "", "4": "", "5": ""}}),
        json!({"color": "red", "either": true}),
        json!({"color": "red", "either": "10%", "parts": [{"name": "x", "label": null}]}),
    ] {
        t.post(&format!("schema {spec}"), &format!("{BASE}?dryRun=All"), &talk("s", &spec)).await;
    }
    let typo = talk("s", &json!({"color": "red", "parts": [{"name": "x", "wieght": 1}]}));
    t.post("strict", &format!("{BASE}?dryRun=All&fieldValidation=Strict"), &typo).await;
    t.merge("strict patch", &format!("{}?fieldValidation=Strict", at("a")), &json!({"spec": {"sise": 1}})).await;
    t.merge("bad label", &at("a"), &json!({"metadata": {"labels": {"l": "no good"}}})).await;
    t.merge("bad finalizer", &at("a"), &json!({"metadata": {"finalizers": ["a b/c"]}})).await;
}

pub(super) async fn scale(t: &mut Talk) {
    let door = format!("{}/scale", at("a"));
    let mut scale = t.get("scale", &door).await;
    scale["spec"]["replicas"] = json!(5);
    t.say("replace scale", "PUT", &door, JSON, &scale).await;
    t.say("replace scale with stale version", "PUT", &door, JSON, &scale).await;
    t.get("object after scale", &at("a")).await;
    t.merge("scale beyond the maximum", &door, &json!({"spec": {"replicas": 99}})).await;
    t.merge("scale below zero", &door, &json!({"spec": {"replicas": -1}})).await;
    t.merge("patch scale", &door, &json!({"spec": {"replicas": 2}})).await;
}

pub(super) async fn apply(t: &mut Talk) {
    let all = json!({
        "color": "red", "note": "abc", "tags": {"x": "1", "y": "2"}, "deep": {"one": "1"}, "order": ["1"], "group": ["g", "h"],
        "parts": [{"name": "p", "weight": 1}, {"name": "q"}],
    });
    let made = t.apply("apply creates", &at("b"), "one", &talk("b", &all)).await;
    let same = t.apply("apply again", &at("b"), "one", &talk("b", &all)).await;
    t.note(&format!("version stands still: {}", version(&made) == version(&same)));
    let shared =
        json!({"color": "red", "tags": {"y": "2"}, "group": ["h", "i"], "parts": [{"name": "p", "label": "l"}]});
    t.apply("second manager", &at("b"), "two", &talk("b", &shared)).await;
    t.apply("first leaves out", &at("b"), "one", &talk("b", &red())).await;
    t.apply("second leaves out", &at("b"), "two", &talk("b", &red())).await;
    t.apply("conflict", &at("b"), "two", &talk("b", &json!({"color": "blue"}))).await;
    t.apply("force", &at("b"), "two&force=true", &talk("b", &json!({"color": "blue"}))).await;
    t.apply("first agrees", &at("b"), "one", &talk("b", &json!({"color": "blue", "size": 4}))).await;
    t.merge("an update takes a field", &at("b"), &json!({"spec": {"size": 5}})).await;
    t.apply("conflict with an update", &at("b"), "one", &talk("b", &json!({"color": "blue", "size": 4}))).await;
    t.apply("unknown field", &at("b"), "one", &talk("b", &json!({"color": "blue", "hue": 4}))).await;
    t.apply("wrong type", &at("b"), "one", &talk("b", &json!({"color": "blue", "note": 4}))).await;
    t.apply(
        "twice the same key",
        &at("b"),
        "one",
        &talk("b", &json!({"color": "blue", "parts": [{"name": "p"}, {"name": "p"}]})),
    )
    .await;
    t.apply("invalid value", &at("b"), "three", &talk("b", &json!({"color": "blue", "note": "TOO LOUD"}))).await;
    t.say("no manager", "PATCH", &at("b"), APPLY, &talk("b", &red())).await;
    let mut body = talk("b", &json!({"color": "blue"}));
    body["metadata"]["resourceVersion"] = json!(version(&made));
    t.apply("stale version", &at("b"), "one&force=true", &body).await;
    body["metadata"] = json!({"name": "b", "uid": "11111111-0000-4000-8000-000000000000"});
    t.apply("foreign uid", &at("b"), "one&force=true", &body).await;
    body["metadata"]["name"] = json!("gone");
    t.apply("uid of a gone object", &at("gone"), "one", &body).await;
    body["metadata"] = json!({"name": "gone", "resourceVersion": version(&made)});
    t.apply("version of a gone object", &at("gone"), "one", &body).await;
    body["metadata"] = json!({"name": "b", "managedFields": [{"manager": "one", "operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": {}}]});
    t.apply("managed fields in the body", &at("b"), "one", &body).await;
    body["metadata"] = json!({"name": "b", "labels": {"l": "1"}, "finalizers": ["conversation.example/f"]});
    t.apply("labels and finalizers", &at("b"), "four", &body).await;
    t.apply("and without", &at("b"), "four", &talk("b", &json!({"color": "blue"}))).await;
}

pub(super) async fn apply_status(t: &mut Talk) {
    let door = format!("{}/status", at("b"));
    let report = |metadata: Value, status: Value| json!({"apiVersion": "conversation.example/v1", "kind": "Talk", "metadata": metadata, "status": status});
    let ready = json!({"observedGeneration": 1, "conditions": [{"type": "Ready", "status": "True"}]});
    t.apply(
        "status of a gone object",
        &format!("{}/status", at("gone")),
        "op",
        &report(json!({"name": "gone"}), ready.clone()),
    )
    .await;
    let mut body = report(json!({"name": "b"}), ready.clone());
    body["spec"] = json!({"color": "green"});
    let first = t.apply("status", &door, "op&force=true", &body).await;
    let again = t.apply("status again", &door, "op&force=true", &report(json!({"name": "b"}), ready.clone())).await;
    t.note(&format!("version stands still: {}", version(&first) == version(&again)));
    let foreign = json!({"name": "b", "uid": "11111111-0000-4000-8000-000000000000"});
    t.apply("status by foreign uid", &door, "op&force=true", &report(foreign, ready.clone())).await;
    t.apply(
        "status by stale version",
        &door,
        "op&force=true",
        &report(json!({"name": "b", "resourceVersion": "1"}), ready),
    )
    .await;
    let other = json!({"conditions": [{"type": "Other", "status": "False"}]});
    t.apply("another's condition", &door, "two", &report(json!({"name": "b"}), other)).await;
    t.apply(
        "own condition withdrawn",
        &door,
        "op&force=true",
        &report(json!({"name": "b"}), json!({"observedGeneration": 2})),
    )
    .await;
}

pub(super) async fn deletion(t: &mut Talk) {
    t.delete("foreign uid", &at("b"), &json!({"preconditions": {"uid": "x"}})).await;
    t.delete("stale version", &at("b"), &json!({"preconditions": {"resourceVersion": "1"}})).await;
    let add = json!([{"op": "add", "path": "/metadata/finalizers", "value": ["conversation.example/f"]}]);
    t.quietly("PATCH", &at("b"), JSON_PATCH, &add).await;
    let marked = t.delete("delete with finalizer", &at("b"), &NIL).await;
    let again = t.delete("delete twice", &at("b"), &NIL).await;
    t.note(&format!("version stands still: {}", version(&marked) == version(&again)));
    t.merge(
        "finalizer added too late",
        &at("b"),
        &json!({"metadata": {"finalizers": ["conversation.example/f", "conversation.example/g"]}}),
    )
    .await;
    t.merge("spec edited while deleting", &at("b"), &json!({"spec": {"size": 7}})).await;
    t.merge("status written while deleting", &format!("{}/status", at("b")), &json!({"status": {"size": 1}})).await;
    t.post("the name is taken", BASE, &talk("b", &red())).await;
    let remove = json!([
        {"op": "test", "path": "/metadata/finalizers/0", "value": "conversation.example/f"},
        {"op": "remove", "path": "/metadata/finalizers/0"},
    ]);
    t.say("last finalizer goes", "PATCH", &at("b"), JSON_PATCH, &remove).await;
    t.get("and the object with it", &at("b")).await;
    t.post("dry run", &format!("{BASE}?dryRun=All"), &talk("b", &red())).await;
    t.delete("delete absent", &at("b"), &NIL).await;
    let made = t.quietly("POST", BASE, JSON, &talk("b", &red())).await;
    t.delete("delete by uid", &at("b"), &json!({"preconditions": {"uid": made["metadata"]["uid"]}})).await;
    t.quietly("POST", BASE, JSON, &talk("b", &red())).await;
    t.delete("foreground", &at("b"), &json!({"propagationPolicy": "Foreground"})).await;
    t.quietly("PATCH", &at("b"), MERGE, &json!({"metadata": {"finalizers": null}})).await;
}

pub(super) async fn lists(t: &mut Talk) {
    t.quietly("DELETE", BASE, JSON, &NIL).await;
    for (name, color) in [("l1", "red"), ("l2", "blue"), ("l3", "red")] {
        let mut body = talk(name, &json!({"color": color}));
        body["metadata"]["labels"] = json!({"color": color, "name": name});
        t.quietly("POST", &format!("{BASE}?fieldManager=m"), JSON, &body).await;
    }
    let first = t.get("first page", &format!("{BASE}?limit=2")).await;
    let token: String = first["metadata"]["continue"].as_str().unwrap_or_default().replace('=', "%3D");
    t.quietly("DELETE", &at("l3"), JSON, &NIL).await;
    t.get("second page is of the same snapshot", &format!("{BASE}?limit=2&continue={token}")).await;
    t.get("bad token", &format!("{BASE}?limit=2&continue=nonsense")).await;
    for query in [
        "labelSelector=color%3Dred",
        "labelSelector=color!%3Dred",
        "labelSelector=name%20in%20(l1,l2),color%3Dblue",
        "labelSelector=!color",
        "fieldSelector=metadata.name%3Dl2",
        "fieldSelector=spec.color%3Dred",
        "fieldSelector=spec.size%3D1",
        "labelSelector=a%20b%20c",
    ] {
        let found = t.quietly("GET", &format!("{BASE}?{query}"), JSON, &NIL).await;
        let names: Vec<&str> =
            found["items"].as_array().into_iter().flatten().filter_map(|o| o["metadata"]["name"].as_str()).collect();
        t.note(&format!("{query}: {} {}", found["code"], names.join(" ")));
    }
}

pub(super) async fn watches(t: &mut Talk) {
    let start = version(&t.quietly("GET", BASE, JSON, &NIL).await).to_owned();
    t.quietly("PATCH", &at("l2"), MERGE, &json!({"metadata": {"labels": {"color": "red"}}})).await;
    t.quietly("PATCH", &at("l1"), MERGE, &json!({"metadata": {"labels": {"color": "blue"}}})).await;
    let made = t.quietly("POST", BASE, JSON, &talk("l4", &json!({"color": "green"}))).await;
    t.quietly("PATCH", &at("l4"), MERGE, &json!({"spec": {"color": "blue"}})).await;
    t.quietly("DELETE", &at("l4"), JSON, &NIL).await;
    t.watch("resume", &format!("resourceVersion={start}&timeoutSeconds=1")).await;
    t.watch("resume later", &format!("resourceVersion={}&timeoutSeconds=1", version(&made))).await;
    t.watch(
        "in and out of a selection",
        &format!("resourceVersion={start}&labelSelector=color%3Dred&timeoutSeconds=1"),
    )
    .await;
    t.watch("by field", &format!("resourceVersion={start}&fieldSelector=spec.color%3Dblue&timeoutSeconds=1")).await;
    t.watch("from any state", "resourceVersion=0&timeoutSeconds=1").await;
    t.watch("from the newest state", "timeoutSeconds=1").await;
    t.watch("too old", "resourceVersion=1&timeoutSeconds=1").await;
    t.watch("bookmark before the end", &format!("resourceVersion={start}&allowWatchBookmarks=true&timeoutSeconds=4"))
        .await;
    t.watch(
        "streaming list",
        "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=1",
    )
    .await;
    t.get("streaming list without match", &format!("{BASE}?watch=true&sendInitialEvents=true&timeoutSeconds=1")).await;
}

pub(super) async fn built_ins(t: &mut Talk) {
    let leases = "/apis/coordination.k8s.io/v1/namespaces/conversation/leases";
    let lease = |holder: &str| {
        json!({
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "l"},
            "spec": {"holderIdentity": holder, "leaseDurationSeconds": 15},
        })
    };
    let made = t.post("lease", leases, &lease("a")).await;
    t.post("lease again", leases, &lease("b")).await;
    let one = format!("{leases}/l");
    let mut mine = made.clone();
    mine["spec"]["holderIdentity"] = json!("b");
    t.say("lease taken", "PUT", &one, JSON, &mine).await;
    mine["spec"]["holderIdentity"] = json!("c");
    t.say("lease lost", "PUT", &one, JSON, &mine).await;
    t.say("lease without version", "PUT", &one, JSON, &lease("d")).await;
    t.merge("lease of no length", &one, &json!({"spec": {"leaseDurationSeconds": 0}})).await;
    let events = "/apis/events.k8s.io/v1/namespaces/conversation/events";
    let event = |name: &str, note: String, action: &str| {
        json!({
            "apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"name": name}, "note": note,
            "eventTime": "2026-01-01T00:00:00.000000Z", "reportingController": "conversation.example/c",
            "reportingInstance": "i", "action": action, "reason": "R", "type": "Normal",
            "regarding": {"kind": "Talk", "namespace": "conversation", "name": "a"},
        })
    };
    t.post("event", events, &event("e1", "n".repeat(8), "A")).await;
    t.post("event note too long", events, &event("e2", "é".repeat(513), "A")).await;
    t.post("event without action", events, &event("e3", "n".into(), "")).await;
    t.post(
        "event of another namespace",
        "/apis/events.k8s.io/v1/namespaces/default/events",
        &event("e4", "n".into(), "A"),
    )
    .await;
    let series = json!({"series": {"count": 2, "lastObservedTime": "2026-01-01T00:00:01.000000Z"}});
    t.merge("event series", &format!("{events}/e1"), &series).await;
    let maps = "/api/v1/namespaces/conversation/configmaps";
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m"}, "data": {"k": "v"}});
    t.post("config map", maps, &map).await;
    t.say("config map without version", "PUT", &format!("{maps}/m"), JSON, &map).await;
    t.apply(
        "config map applied",
        &format!("{maps}/m"),
        "one",
        &json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m"}, "data": {"k": "v", "l": "w"},
        }),
    )
    .await;
    t.delete("config map deleted", &format!("{maps}/m"), &NIL).await;
    t.get("absent group", "/apis/nowhere.example/v1").await;
    t.get("resources", "/apis/conversation.example").await;
}

pub(super) async fn namespace(t: &mut Talk) {
    t.post(
        "bad namespace name",
        "/api/v1/namespaces?dryRun=All",
        &json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a.b"}}),
    )
    .await;
    t.delete("namespace deleted", "/api/v1/namespaces/conversation", &NIL).await;
    t.post("nothing new in it", BASE, &talk("late", &red())).await;
    t.merge("edits go on", &at("l2"), &json!({"spec": {"size": 2}})).await;
    t.delete("deletes too", &at("l2"), &NIL).await;
}
