//! Normal forms of policies and actions, and actions whose time has passed.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::controllers::ecs_service::scaling::normal::{action, has_passed, policy};

#[test]
fn what_the_service_fills_in_is_left_out_and_nothing_else_is() {
    let form = |value: Value| policy(&value);
    assert_eq!(form(json!({"policyName": "cpu", "targetValue": 50})), json!({"targetValue": 50}));
    assert_eq!(form(json!({"disableScaleIn": false})), json!({}));
    assert_eq!(form(json!({"disableScaleIn": true})), json!({"disableScaleIn": true}));
    assert_eq!(form(json!({"other": false, "scaleInCooldown": null, "list": [], "map": {}})), json!({"other": false}));
    let metrics = |data: Value| form(json!({"metrics": [data]}));
    assert_eq!(metrics(json!({"id": "a", "returnData": true})), json!({"metrics": [{"id": "a"}]}));
    let hidden = json!({"id": "a", "returnData": false});
    assert_eq!(metrics(hidden.clone()), json!({"metrics": [hidden]}));
    assert_eq!(metrics(json!({"id": true})), json!({"metrics": [{"id": true}]}));
    assert_eq!(form(json!({"list": ["b", " a "]})), form(json!({"list": ["a", "b"]})));
}

#[test]
fn an_action_in_utc_and_one_without_a_zone_are_the_same() {
    let form = |value: Value| action(&value);
    let plain = json!({"schedule": "rate(1 hour)"});
    assert_eq!(
        form(json!({"scheduledActionName": "x", "schedule": "rate(1 hour)", "timezone": "UTC"})),
        form(plain.clone())
    );
    assert_ne!(form(json!({"schedule": "rate(1 hour)", "timezone": "Europe/Paris"})), form(plain));
    let at = |start: &str| form(json!({"startTime": start}));
    assert_eq!(at("2026-01-05T08:00:00Z"), at("2026-01-05T09:00:00+01:00"));
    assert_eq!(at("2026-01-05T08:00:00Z"), json!({"startTime": 1_767_600_000}));
}

#[test]
fn a_one_time_action_has_passed_when_it_is_over_everywhere() {
    let at = |second: i64| Timestamp::from_second(1_767_600_000 + second).unwrap();
    let passed = |zone: Option<&str>, second: i64| has_passed("at(2026-01-05T08:00:00)", zone, at(second));
    assert!(!passed(None, 0) && passed(None, 1) && passed(Some("UTC"), 1));
    let far = Some("Pacific/Kiritimati");
    assert!(!passed(far, 14 * 3600) && passed(far, 14 * 3600 + 1));
    assert!(!has_passed("rate(1 hour)", None, at(1)) && !has_passed("at(nonsense)", None, at(1)));
}
