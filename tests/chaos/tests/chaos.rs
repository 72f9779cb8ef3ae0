//! A bounded random run, its repeatability, and traces that break each oracle.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on shall fail on the spot"
)]

#[path = "chaos/places.rs"]
mod places;

use std::process::Command;

use ecs_chaos::oracles::{ALL, Setting, judge_in};
use ecs_chaos::plan::Plan;
use ecs_chaos::seen::{AwsCall, KubeCall, Pass, Reply, Seen, Target, What};
use ecs_chaos::stage::{REFUSED, play};
use ecs_chaos::workloads::TAINT;
use ecs_chaos::{enumerate, sites};
use serde_json::{Value, json};

/// What an environment variable says, or what is usual.
fn asked(name: &str, usual: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| usual.to_owned())
}

/// Runs the program, built for speed: a test build would play for hours.
fn play_with(arguments: &[&str]) {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let run = ["quick", "--quiet", "--package", "ecs-chaos", "--"];
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let output = Command::new(cargo).args(run).args(arguments).current_dir(root).output().unwrap();
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "ecs-chaos {arguments:?}: {said}{errors}");
}

/// Every story once for each call and each effect of what can go wrong with it, then random schedules. `ECS_CHAOS_EVERY`
/// asks for every so many-th of the former, `ECS_CHAOS` for so many of the latter.
#[test]
fn whatever_goes_wrong_breaks_nothing() {
    play_with(&["--every", &asked("ECS_CHAOS_EVERY", "1"), "--depth", "effects"]);
    play_with(&["--schedules", &asked("ECS_CHAOS", "500"), "--seed", "1"]);
}

#[test]
fn every_story_is_well_when_nothing_goes_wrong_and_every_call_is_in_one() {
    let all = enumerate::tell();
    for told in &all {
        let refused = told.outcome.trace.iter().filter(|seen| seen.to_string().contains(REFUSED)).collect::<Vec<_>>();
        assert!(refused.is_empty(), "{}: {}", told.workload.name, refused[0]);
        assert!(told.outcome.broken.is_empty(), "{}: {:?}", told.workload.name, told.outcome.broken);
    }
    let wrong = places::wrong(&all);
    assert!(wrong.is_empty(), "tests/chaos/tests/chaos/places.rs: {wrong:#?}");
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in 0..25 {
        let plan = sites::plan(seed);
        assert_eq!(play(&plan).hash, play(&sites::plan(seed)).hash, "{plan}");
    }
}

#[test]
fn a_way_through_other_states_ends_where_the_straight_way_ends() {
    let end = |story: &str, skip: usize| {
        let all = ecs_chaos::workloads::all();
        let whole = all.iter().find(|workload| workload.name == story).unwrap();
        let straight = ecs_chaos::workloads::Workload { acts: whole.acts[skip..].to_vec(), ..whole.clone() };
        let acts = (0..straight.acts.len()).collect();
        let workload = Box::leak(Box::new(straight));
        play(&Plan {
            seed: 7,
            workload,
            slots: 10,
            acts,
            disturbances: Vec::new(),
            tear_down: false,
            throughout: false,
        })
        .end
    };
    for story in ["image twice", "count", "group twice"] {
        assert_eq!(end(story, 0), end(story, 1), "{story}");
    }
    for story in ["image and back", "group and back"] {
        assert_eq!(end(story, 0), end(story, 2), "{story}");
    }
}

fn at(kind: &'static str, number: usize, what: What) -> Seen {
    let key = (kind, "shop".to_owned(), "web".to_owned());
    Seen { at: 1000 * i64::try_from(number).unwrap(), pass: Some(Pass { by: 0, number, key }), what }
}

fn word(what: What) -> Seen {
    Seen { at: 0, pass: None, what }
}

fn aws(number: usize, operation: &str, body: Value, owner: Option<&str>) -> Seen {
    let owner = owner.map(|uid| ("default".to_owned(), uid.to_owned()));
    let call = AwsCall {
        operation: operation.to_owned(),
        body,
        invocation: format!("{operation}{number}"),
        applied: true,
        took: true,
        reply: Reply::Status(200),
        targets: vec![Target { name: "web".to_owned(), owner }],
        delegated: false,
    };
    at("EcsService", number, What::Aws(call))
}

fn kube(number: usize, method: &str, path: &str, body: Value, object: Value) -> KubeCall {
    let _ = number;
    KubeCall {
        method: method.to_owned(),
        path: format!("/apis/ecs-operator.dev/v1alpha1/namespaces/shop/{path}"),
        body,
        took: true,
        reply: Reply::Status(200),
        object,
        left: None,
        differs: None,
        taken: None,
    }
}

fn seen(number: usize, call: KubeCall) -> Seen {
    at("EcsService", number, What::Kube(call))
}

fn status(ready: &str) -> Value {
    json!({"status": {"observedGeneration": 2, "conditions": [{"type": "Ready", "status": ready}]}})
}

/// For each statement a trace in which it holds, and one in which it does not.
fn planted() -> Vec<(&'static str, Vec<Seen>, Vec<Seen>)> {
    let read = |uid: &str| seen(1, kube(1, "GET", "ecsservices/web", Value::Null, json!({"metadata": {"uid": uid}})));
    let traffic = |groups: &[(i64, i64)]| word(What::Traffic { groups: groups.to_vec() });
    let create = |number, token: &str| {
        aws(number, "CreateService", json!({"serviceName": "web", "clientToken": token}), Some("u"))
    };
    let register = |number| aws(number, "RegisterTaskDefinition", json!({"family": "web"}), Some("u"));
    let told = |text: &str| seen(1, kube(1, "PATCH", "ecsservices/web/status", json!({"m": text}), Value::Null));
    let version = |number: usize, name: &str, taken: Option<&str>| {
        let body = json!({"metadata": {"name": name, "ownerReferences": [{"uid": "g"}]}});
        seen(
            number,
            KubeCall { taken: taken.map(str::to_owned), ..kube(number, "POST", "ecsservices", body, Value::Null) },
        )
    };
    let says = |ready: &str, generation: i64, differs: Vec<String>| {
        let object = json!({"metadata": {"generation": generation}});
        seen(
            1,
            KubeCall { differs: Some(differs), ..kube(1, "PATCH", "ecsservices/web/status", status(ready), object) },
        )
    };
    let removes = |left: Vec<String>| {
        seen(1, KubeCall { left: Some(left), ..kube(1, "PATCH", "ecsservices/web", Value::Null, Value::Null) })
    };
    let twice = |first: &str, second: &str| {
        let call = |number, id: &str| {
            let mut seen = aws(number, "DescribeServices", json!({"services": ["web"]}), None);
            if let What::Aws(call) = &mut seen.what {
                id.clone_into(&mut call.invocation);
            }
            seen
        };
        vec![call(1, first), call(2, second)]
    };
    let names = |many: usize| aws(1, "DescribeServices", json!({"services": vec!["n"; many]}), None);
    let update = |number| aws(number, "UpdateService", json!({}), Some("u"));
    let mut burst: Vec<Seen> = (0..40).map(update).collect();
    for seen in &mut burst {
        seen.at = 0;
    }
    let visits = |many: usize| {
        (0..many).map(|number| Seen { at: 5, ..aws(number, "DescribeServices", json!({}), None) }).collect::<Vec<_>>()
    };
    vec![
        ("S1", vec![traffic(&[(100, 2), (0, 0)])], vec![traffic(&[(0, 2), (0, 0)])]),
        (
            "S1",
            vec![word(What::Sweep(0)), traffic(&[(0, 2), (9, 1)])],
            vec![word(What::Sweep(0)), traffic(&[(9, 2), (9, 1)])],
        ),
        ("S2", vec![traffic(&[(100, 1), (0, 1)])], vec![traffic(&[(100, 1), (0, 0)])]),
        ("S3", vec![create(1, "a")], vec![create(1, "a"), create(2, "b")]),
        ("S3", vec![register(1)], vec![register(1), register(2)]),
        ("S4", vec![aws(1, "UpdateService", json!({}), Some("u"))], vec![aws(1, "UpdateService", json!({}), None)]),
        ("S5", vec![removes(Vec::new())], vec![removes(vec!["service web is DRAINING".to_owned()])]),
        (
            "S6",
            vec![read("u"), aws(1, "DeleteService", json!({}), Some("u"))],
            vec![read("old"), aws(1, "DeleteService", json!({}), Some("u"))],
        ),
        ("S6", vec![word(What::Fenced(1)), update(1)], vec![word(What::Fenced(0)), update(1)]),
        ("S7", (0..20).map(update).collect(), burst),
        ("S7", vec![names(10)], vec![names(11)]),
        ("S7", twice("x", "y"), twice("x", "x")),
        ("S8", vec![told("fine")], vec![told(TAINT)]),
        (
            "S9",
            vec![version(1, "s-v001", None), version(2, "s-v002", None)],
            vec![version(1, "s-v001", None), version(2, "s-v001", None)],
        ),
        ("S9", vec![version(1, "s-v001", None)], vec![version(1, "s-v001", Some("u DRAINING"))]),
        ("S10", vec![says("True", 2, Vec::new())], vec![says("True", 2, vec!["0 of 2 tasks".to_owned()])]),
        ("S10", vec![says("False", 2, Vec::new())], vec![says("False", 1, Vec::new())]),
        ("L2", vec![update(1), word(What::Sweep(0))], vec![word(What::Sweep(0)), update(1)]),
        ("L2", vec![word(What::Sweep(0)), told("count")], vec![word(What::Sweep(1)), told("count")]),
        ("L3", visits(60), visits(200)),
    ]
}

#[test]
fn every_oracle_is_broken_by_a_trace_and_holds_of_another() {
    let setting = Setting { ours_only: true, healthy: 2, ..Setting::default() };
    for (oracle, good, bad) in planted() {
        let broken = |trace: &[Seen]| judge_in(trace, setting).into_iter().any(|broken| broken.oracle == oracle);
        assert!(!broken(&good), "{oracle}: {:?}", judge_in(&good, setting));
        assert!(broken(&bad), "{oracle} does not see {:?}", bad.iter().map(ToString::to_string).collect::<Vec<_>>());
    }
    for (oracle, _) in ALL {
        assert!(planted().iter().any(|(planted, ..)| planted == oracle), "{oracle} is broken by no planted trace");
    }
}
