//! Faults, throttling, lag, unknown actions.

use ecs_sim::fault::{Effect, Rule};
use ecs_sim::lag::Profile;
use serde_json::{Value, json};

use super::{ok, refused, request, send, small, world};

#[test]
fn an_answer_can_be_lost_after_the_call_is_applied() {
    let mut sim = world();
    sim.faults.add(Rule::on("RegisterTaskDefinition", Effect::ApplyThenDrop).once());
    assert!(send(&mut sim, "RegisterTaskDefinition", &small("web")).reset);
    let again = ok(&mut sim, "RegisterTaskDefinition", &small("web"));
    assert_eq!(again["taskDefinition"]["revision"], 2);
}

#[test]
fn a_reset_before_the_call_applies_nothing() {
    let mut sim = world();
    let effects = [Effect::ResetBefore, Effect::Html, Effect::Status { status: 503 }, Effect::Hang { applied: false }];
    for effect in effects {
        sim.faults.add(Rule::on("RegisterTaskDefinition", effect).once());
        send(&mut sim, "RegisterTaskDefinition", &small("web"));
    }
    assert_eq!(ok(&mut sim, "RegisterTaskDefinition", &small("web"))["taskDefinition"]["revision"], 1);
}

#[test]
fn a_rule_matches_resource_actor_and_count() {
    let mut sim = world();
    let error = Effect::Error { code: "ServerException".to_owned(), message: String::new(), status: 500 };
    let rule = Rule { resource: Some("web-*".to_owned()), nth: Some(2), ..Rule::on("Describe*", error) };
    let id = sim.faults.add(rule);
    for family in ["web-1", "other"] {
        ok(&mut sim, "RegisterTaskDefinition", &small(family));
    }
    let describe = |family: &str| request("DescribeTaskDefinition", &json!({ "taskDefinition": family }));
    let now = sim.now();
    let families = ["web-1", "other", "web-1", "web-1"];
    let statuses = families.map(|family| sim.answer(&describe(family), now).status);
    assert_eq!(statuses, [200, 200, 500, 200]);
    assert_eq!(sim.faults.fired(id), 1);
}

#[test]
fn throttled_calls_say_rate_exceeded_until_time_passes() {
    let mut sim = world();
    sim.throttle.on = true;
    for _ in 0..20 {
        ok(&mut sim, "RegisterTaskDefinition", &small("web"));
    }
    let (code, message) = refused(&mut sim, "RegisterTaskDefinition", &small("web"));
    assert_eq!((code.as_str(), message.as_str()), ("ThrottlingException", "Rate exceeded"));
    let later = sim.now() + 1000;
    sim.advance_to(later);
    assert_eq!(ok(&mut sim, "RegisterTaskDefinition", &small("web"))["taskDefinition"]["revision"], 21);
}

#[test]
fn lagging_reads_never_go_back_and_end_up_current() {
    let mut sim = world();
    sim.lag.profile = Profile::Harsh;
    let mut highest = 0;
    let mut stale = false;
    for registered in 1..=40 {
        ok(&mut sim, "RegisterTaskDefinition", &small("web"));
        let later = sim.now() + 1000;
        sim.advance_to(later);
        let response = send(&mut sim, "DescribeTaskDefinition", &json!({ "taskDefinition": "web" }));
        let body: Value = serde_json::from_slice(&response.body).unwrap();
        let seen = body["taskDefinition"]["revision"].as_i64().unwrap_or(0);
        assert!(seen >= highest, "went back from {highest} to {seen}");
        stale |= seen < registered;
        highest = seen;
    }
    assert!(stale, "harsh lag was never seen");
    let later = sim.now() + 60_000;
    sim.advance_to(later);
    let settled = ok(&mut sim, "DescribeTaskDefinition", &json!({ "taskDefinition": "web" }));
    assert_eq!(settled["taskDefinition"]["revision"], 40);
}

#[test]
fn an_unknown_action_is_refused_with_400_and_remembered() {
    let mut sim = world();
    assert_eq!(refused(&mut sim, "MakeCoffee", &json!({})).0, "UnknownOperationException");
    assert_eq!(sim.unknown_actions, ["ecs:MakeCoffee"]);
}

#[test]
fn accounts_and_regions_are_apart() {
    let mut sim = world();
    ok(&mut sim, "CreateCluster", &json!({ "clusterName": "c1" }));
    let mut elsewhere = request("ListClusters", &json!({}));
    let scope = elsewhere.headers["authorization"].replace("eu-west-1", "us-east-1");
    elsewhere.headers.insert("authorization".to_owned(), scope);
    let now = sim.now();
    let body: Value = serde_json::from_slice(&sim.answer(&elsewhere, now).body).unwrap();
    assert_eq!(body["clusterArns"], json!([]));
    let arn = "arn:aws:sts::999999999999:assumed-role/r/s".to_owned();
    sim.mint("AKIATEST", ecs_sim::Principal { account: "999999999999".to_owned(), arn });
    assert_eq!(ok(&mut sim, "ListClusters", &json!({}))["clusterArns"], json!([]));
}
