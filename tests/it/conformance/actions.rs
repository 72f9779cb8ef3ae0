//! The actions of Argo CD: what each writes, when it is offered, and that the operator understands what it writes.

use std::collections::BTreeSet;
use std::fs;

use ecs_operator::api::names::annotation;
use serde_json::{Value, json};

use super::config_map::actions;
use super::recorded::{check, folder, plain, read, told, yaml};
use super::tool::{ask, try_ask};

/// Action, annotation and the value for the recorded object that it is tried on.
struct Case {
    kind: &'static str,
    action: &'static str,
    on: &'static str,
    /// The annotation and its value; `None` for a time.
    writes: Option<(&'static str, Option<&'static str>)>,
}

const fn case(
    kind: &'static str,
    action: &'static str,
    on: &'static str,
    writes: Option<(&'static str, Option<&'static str>)>,
) -> Case {
    Case { kind, action, on, writes }
}

const CASES: [Case; 23] = [
    case("EcsCluster", "refresh", "14-steady-cluster", Some((annotation::RECONCILE_REQUESTED_AT, None))),
    case("EcsCluster", "pause", "14-steady-cluster", Some((annotation::PAUSED, Some("true")))),
    case("EcsCluster", "resume", "14-steady-cluster", Some((annotation::PAUSED, Some("false")))),
    case("EcsTaskDefinition", "refresh", "14-steady-definition", Some((annotation::RECONCILE_REQUESTED_AT, None))),
    case("EcsTaskDefinition", "pause", "14-steady-definition", Some((annotation::PAUSED, Some("true")))),
    case("EcsTaskDefinition", "resume", "14-steady-definition", Some((annotation::PAUSED, Some("false")))),
    case("EcsService", "refresh", "14-steady-service", Some((annotation::RECONCILE_REQUESTED_AT, None))),
    case("EcsService", "restart", "14-steady-service", Some((annotation::RESTARTED_AT, None))),
    case("EcsService", "pause", "14-steady-service", Some((annotation::PAUSED, Some("true")))),
    case("EcsService", "resume", "20-paused", Some((annotation::PAUSED, Some("false")))),
    case("EcsService", "promote", "07-gate", Some((annotation::PROMOTE, Some("status.rollout.promoteWith")))),
    case("EcsService", "abort", "03-rolling-out", Some((annotation::ABORT, Some("status.rollout.id")))),
    case("EcsService", "retry", "09-rolled-back", Some((annotation::RETRY, Some("status.held.rollout")))),
    case("EcsService", "scale", "14-steady-service", None),
    case("ServerGroup", "refresh", "14-steady-group", Some((annotation::RECONCILE_REQUESTED_AT, None))),
    case("ServerGroup", "restart", "14-steady-group", Some((annotation::RESTARTED_AT, None))),
    case("ServerGroup", "pause", "14-steady-group", Some((annotation::PAUSED, Some("true")))),
    case("ServerGroup", "resume", "14-steady-group", Some((annotation::PAUSED, Some("false")))),
    case("ServerGroup", "promote", "07-gate-group", Some((annotation::PROMOTE, Some("status.rollout.promoteWith")))),
    case("ServerGroup", "promote-full", "07-gate-group", Some((annotation::PROMOTE, Some("status.rollout.to/full")))),
    case("ServerGroup", "abort", "03-rolling-out-group", Some((annotation::ABORT, Some("status.rollout.to")))),
    case("ServerGroup", "retry", "09-rolled-back-group", Some((annotation::RETRY, Some("status.hold.version")))),
    case("ServerGroup", "scale", "14-steady-group", None),
];

fn recorded(name: &str) -> Value {
    told().iter().find(|row| row.name == name).unwrap_or_else(|| panic!("no row {name}")).object.clone()
}

fn script(kind: &str, file: &str) -> String {
    fs::read_to_string(folder().join(kind).join("actions").join(file)).unwrap()
}

fn act(kind: &str, action: &str, object: &Value) -> Value {
    let script = script(kind, &format!("{action}/action.lua"));
    json!({"ask": "act", "object": object, "script": script, "parameters": {"count": "3"}})
}

/// The text that a value of a case stands for: a path of the object, perhaps with an ending, or the word itself.
fn wanted(object: &Value, value: &str) -> String {
    let (path, ending) = value.split_once('/').map_or((value, String::new()), |(path, end)| (path, format!("/{end}")));
    let found = object.pointer(&format!("/{}", path.replace('.', "/"))).and_then(Value::as_str);
    found.map_or_else(|| value.to_owned(), |found| format!("{found}{ending}"))
}

#[test]
fn each_action_writes_what_the_operator_reads_and_nothing_else() {
    let requests: Vec<Value> = CASES.iter().map(|case| act(case.kind, case.action, &recorded(case.on))).collect();
    for (case, after) in CASES.iter().zip(ask(&requests)) {
        let mut expected = recorded(case.on);
        if let Some((name, value)) = case.writes {
            let written = after["metadata"]["annotations"][name].as_str().unwrap_or_default().to_owned();
            match value {
                Some(value) => assert_eq!(written, wanted(&expected, value), "{}", case.action),
                None => assert!(written.parse::<jiff::Timestamp>().is_ok(), "{}: {written}", case.action),
            }
            expected["metadata"]["annotations"][name] = written.into();
        } else if case.kind == "EcsService" {
            expected["spec"]["desiredCount"] = 3.into();
        } else {
            expected["spec"]["capacity"]["desired"] = 3.into();
        }
        assert_eq!(after, expected, "{} of {}", case.action, case.kind);
    }
    let tried: BTreeSet<_> = CASES.iter().map(|case| (case.kind.to_owned(), case.action.to_owned())).collect();
    for kind in ["EcsCluster", "EcsService", "EcsTaskDefinition", "ServerGroup"] {
        for action in actions(kind) {
            assert!(tried.contains(&(kind.to_owned(), action.clone())), "{action} of {kind} is not tried");
        }
    }
}

#[test]
fn a_count_that_is_none_is_refused() {
    let object = recorded("14-steady-service");
    for count in ["", "-1", "1.5", "many"] {
        let mut request = act("EcsService", "scale", &object);
        request["parameters"]["count"] = count.into();
        let answer = try_ask(&[request]).remove(0);
        assert!(answer["error"].as_str().is_some_and(|error| error.contains("whole number")), "{count}: {answer}");
    }
}

/// What is offered, by situation: the names of the actions that are not disabled.
const OFFERED: [(&str, &[&str]); 11] = [
    ("14-steady-cluster", &["pause", "refresh"]),
    ("14-steady-definition", &["pause", "refresh"]),
    ("14-steady-service", &["pause", "refresh", "restart", "scale"]),
    ("03-rolling-out", &["abort", "pause", "refresh", "restart", "scale"]),
    ("07-gate", &["abort", "pause", "promote", "refresh", "restart", "scale"]),
    ("09-rolled-back", &["pause", "refresh", "restart", "retry", "scale"]),
    ("18-count-moved-by-autoscaling", &["pause", "refresh", "restart"]),
    ("20-paused", &["refresh", "resume", "scale"]),
    ("14-steady-group", &["pause", "refresh", "restart", "scale"]),
    ("07-gate-group", &["abort", "pause", "promote", "promote-full", "refresh", "restart", "scale"]),
    ("09-rolled-back-group", &["pause", "refresh", "restart", "retry", "scale"]),
];

fn discover(object: &Value) -> Value {
    let kind = object["kind"].as_str().unwrap();
    json!({"ask": "discover", "object": object, "script": script(kind, "discovery.lua")})
}

#[test]
fn an_action_is_offered_where_it_can_do_something() {
    let requests: Vec<Value> = OFFERED.iter().map(|(name, _)| discover(&recorded(name))).collect();
    for ((name, offered), found) in OFFERED.iter().zip(ask(&requests)) {
        let found = found.as_array().unwrap();
        let enabled: Vec<&str> = found
            .iter()
            .filter(|action| action["disabled"] == false)
            .map(|action| action["name"].as_str().unwrap())
            .collect();
        assert_eq!(&enabled, offered, "{name}");
        let kind = recorded(name)["kind"].as_str().unwrap().to_owned();
        let all: Vec<String> = found.iter().map(|action| action["name"].as_str().unwrap().to_owned()).collect();
        assert_eq!(all, actions(&kind), "{kind}: what is discovered has an action, and the other way round");
    }
}

/// The tests in Argo CD's own layout, for its own runner: inputs and outputs are recorded objects.
#[test]
fn the_action_tests_of_argos_layout_are_made_of_recorded_objects() {
    for kind in ["EcsCluster", "EcsService", "EcsTaskDefinition", "ServerGroup"] {
        let at = folder().join(kind).join("actions");
        let mut discovery = Vec::new();
        for (name, _) in OFFERED.iter().filter(|(name, _)| recorded(name)["kind"] == kind) {
            let object = recorded(name);
            check(&at.join(format!("testdata/{name}.yaml")), &yaml(&object));
            let result = ask(&[discover(&object)]).remove(0);
            discovery.push(json!({"inputPath": format!("testdata/{name}.yaml"), "result": result}));
        }
        let mut tests = Vec::new();
        // What writes the present time has no output that a file could hold.
        let fixed = |case: &&Case| !matches!(case.writes, Some((_, None)));
        for case in CASES.iter().filter(|case| case.kind == kind).filter(fixed) {
            let object = recorded(case.on);
            let input = format!("testdata/{}.yaml", case.on);
            let output = format!("testdata/{}-{}.yaml", case.on, case.action);
            check(&at.join(&input), &yaml(&object));
            check(&at.join(&output), &yaml(&plain(ask(&[act(kind, case.action, &object)]).remove(0))));
            let mut test = json!({"action": case.action, "inputPath": input, "expectedOutputPath": output});
            if case.action == "scale" {
                test["parameters"] = json!({"count": "3"});
            }
            tests.push(test);
        }
        check(&at.join("action_test.yaml"), &yaml(&json!({"discoveryTests": discovery, "actionTests": tests})));
        let read_back = read(&at.join("action_test.yaml"));
        assert_eq!(read_back["actionTests"].as_array().map(Vec::len), Some(tests.len()));
    }
}
