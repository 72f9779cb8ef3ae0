//! Lists, watches, and the lies of caches.

use ecs_sim::kube::{Chaos, Delivery, Stale};
use serde_json::{Value, json};

use super::{BASE, World, at, reason, version};

fn three(w: &mut World) {
    for (name, color) in [("a", "red"), ("b", "blue"), ("c", "red")] {
        w.create(name, &json!({"color": color}));
        w.merge(&at(name), &json!({"metadata": {"labels": {"color": color, "name": name}}}));
    }
}

fn names(list: &Value) -> Vec<String> {
    list["items"].as_array().unwrap().iter().map(|o| o["metadata"]["name"].as_str().unwrap().to_owned()).collect()
}

fn told(events: &[Value]) -> Vec<String> {
    events
        .iter()
        .map(|e| format!("{} {}", e["type"].as_str().unwrap(), e["object"]["metadata"]["name"].as_str().unwrap_or("-")))
        .collect()
}

#[test]
fn pages_are_one_snapshot_and_expire() {
    let mut w = World::new();
    three(&mut w);
    let (_, first) = w.get(&format!("{BASE}?limit=2"));
    assert_eq!((names(&first), &first["metadata"]["remainingItemCount"]), (vec!["a".into(), "b".into()], &json!(1)));
    let token = first["metadata"]["continue"].as_str().unwrap().to_owned();
    w.delete(&at("c"), &Value::Null);
    w.create("d", &json!({"color": "red"}));
    let (_, second) = w.get(&format!("{BASE}?limit=2&continue={token}"));
    assert_eq!((names(&second), version(&second)), (vec!["c".to_owned()], version(&first)));
    assert_eq!(second["metadata"]["continue"], "");
    w.api.compact();
    let (status, refusal) = w.get(&format!("{BASE}?limit=2&continue={token}"));
    assert_eq!((status, reason(&refusal)), (410, "Expired"));
}

#[test]
fn selectors_choose() {
    let mut w = World::new();
    three(&mut w);
    let cases = [
        ("labelSelector=color%3Dred", vec!["a", "c"]),
        ("labelSelector=color!%3Dred", vec!["b"]),
        ("labelSelector=name%20in%20(a,b),color%3Dred", vec!["a"]),
        ("labelSelector=name%20notin%20(a,b)", vec!["c"]),
        ("labelSelector=!color", vec![]),
        ("labelSelector=color", vec!["a", "b", "c"]),
        ("fieldSelector=metadata.name%3Db", vec!["b"]),
        ("fieldSelector=spec.color%3Dred,metadata.name!%3Da", vec!["c"]),
    ];
    for (query, wanted) in cases {
        assert_eq!(names(&w.get(&format!("{BASE}?{query}")).1), wanted, "{query}");
    }
    assert_eq!(w.get(&format!("{BASE}?fieldSelector=spec.size%3D1")).0, 400);
    assert_eq!(names(&w.get("/apis/test.example/v1/widgets").1).len(), 3);
}

#[test]
fn a_watch_resumes_and_follows_objects_in_and_out_of_its_selection() {
    let mut w = World::new();
    three(&mut w);
    let start = version(&w.get(BASE).1);
    let mut watch = w.watch(&format!("{BASE}?watch=true&resourceVersion={start}&labelSelector=color%3Dred"));
    assert_eq!(watch.next_events(&w.api), Vec::<Value>::new());
    w.merge(&at("b"), &json!({"metadata": {"labels": {"color": "red"}}}));
    w.merge(&at("a"), &json!({"metadata": {"labels": {"color": "blue"}}}));
    w.delete(&at("c"), &Value::Null);
    w.create("d", &json!({"color": "red"}));
    let events = watch.next_events(&w.api);
    assert_eq!(told(&events), ["ADDED b", "DELETED a", "DELETED c"]);
    assert_eq!(events[1]["object"]["metadata"]["labels"]["color"], "red");
    assert!(version(&events[2]["object"]).parse::<u64>().unwrap() > start.parse().unwrap());
    assert_eq!(watch.next_events(&w.api), Vec::<Value>::new());
    let revision = w.api.revision().to_string();
    assert_eq!(version(&watch.bookmark()["object"]), revision);
}

#[test]
fn a_watch_from_forgotten_history_is_gone() {
    let mut w = World::new();
    three(&mut w);
    w.api.set_history_limit(2);
    let mut watch = w.watch(&format!("{BASE}?watch=true&resourceVersion=2"));
    let events = watch.next_events(&w.api);
    assert_eq!((&events[0]["type"], &events[0]["object"]["code"]), (&json!("ERROR"), &json!(410)));
    assert!(watch.ended());
}

#[test]
fn a_streaming_list_ends_with_its_bookmark() {
    let mut w = World::new();
    three(&mut w);
    let query = "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    let events = w.watch(&format!("{BASE}?{query}")).next_events(&w.api);
    assert_eq!(told(&events), ["ADDED a", "ADDED b", "ADDED c", "BOOKMARK -"]);
    assert_eq!(events[3]["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"], "true");
    assert_eq!(w.get(&format!("{BASE}?watch=true&sendInitialEvents=true")).0, 422);
}

#[test]
fn caches_lag_and_catch_up() {
    let mut w = World::new();
    w.create("a", &json!({"color": "red"}));
    let start = w.api.revision();
    let mut watch = w.watch(&format!("{BASE}?watch=true&resourceVersion={start}"));
    w.api.set_chaos(Chaos { lag: 2, stale: Stale::CacheReads, ..Chaos::default() });
    w.delete(&at("a"), &Value::Null);
    let (_, second) = w.create("a", &json!({"color": "blue"}));
    assert_eq!(told(&watch.next_events(&w.api)), Vec::<String>::new());
    let (_, stale) = w.get(&format!("{}?resourceVersion=0", at("a")));
    assert_eq!((&stale["spec"]["color"], version(&stale)), (&json!("red"), start.to_string()));
    assert_eq!(names(&w.get(&format!("{BASE}?resourceVersion=0")).1), ["a"]);
    assert_eq!(w.get(&at("a")).1["metadata"]["uid"], second["metadata"]["uid"]);
    w.api.set_chaos(Chaos::default());
    assert_eq!(told(&watch.next_events(&w.api)), ["DELETED a", "ADDED a"]);
}

#[test]
fn watch_events_can_be_lost_and_repeated() {
    let mut w = World::new();
    let start = w.api.revision();
    let mut watch = w.watch(&format!("{BASE}?watch=true&resourceVersion={start}"));
    let rule = |_: u64, event: &Value| match event["object"]["metadata"]["name"].as_str() {
        Some("a") => Delivery::Drop,
        Some("b") => Delivery::Twice,
        _ => Delivery::Once,
    };
    w.api.set_chaos(Chaos { delivery: Some(Box::new(rule)), ..Chaos::default() });
    for name in ["a", "b", "c"] {
        w.create(name, &json!({"color": "red"}));
    }
    assert_eq!(told(&watch.next_events(&w.api)), ["ADDED b", "ADDED b", "ADDED c"]);
}
