//! The effects that a stored status asks for.

use aws_sdk_elasticloadbalancingv2::types::{Action, ActionTypeEnum, ForwardActionConfig, TargetGroupTuple};
use serde_json::{Value, json};

use super::stage::{Stage, V0, V1, at_rest, definition, laid, leaving, printed, service, status, version};
use crate::api::status::Slot;
use crate::aws::{AwsError, RuleSeen};
use crate::controllers::server_group::rollout::sight::{RuleShare, Rules};
use crate::controllers::server_group::step::Step;
use crate::controllers::server_group::traffic::{Pair, match_rule};

/// A first version that is about to be made.
fn creating() -> Stage {
    let rollout = json!({"to": V0, "step": "Creating", "steps": [{"step": "Creating"}], "target": 2});
    let made = json!({"versions": [version(V0, json!({"createdAt": null}))], "rollout": rollout});
    let mut stage = Stage::new(json!({}), status(made), &[]);
    stage.status.versions[0].template_hash = stage.asked.hash.clone();
    stage
}

/// What the first pass makes, as the store would hold it.
fn made() -> Vec<Value> {
    let mut made = Vec::new();
    for step in creating().steps() {
        let (kind, object) = if let Step::MakeTaskDefinition(object) = &step {
            ("EcsTaskDefinition", serde_json::to_value(object))
        } else if let Step::MakeService(object) = &step {
            ("EcsService", serde_json::to_value(object))
        } else {
            continue;
        };
        made.push(laid(object.unwrap(), json!({"kind": kind, "apiVersion": "ecs-operator.dev/v1alpha1"})));
    }
    assert_eq!(made.len(), 2);
    made
}

fn service_made() -> Value {
    made().remove(1)
}

#[test]
fn a_version_is_made_whole_and_only_once_all_that_it_needs_is_known() {
    let task_definition = format!("create EcsTaskDefinition {V0}");
    let service = format!("create EcsService {V0}: desiredCount 2");
    assert_eq!(creating().printed(), [task_definition.clone(), service.clone()]);
    let half = Stage::new(json!({}), creating().status, &[definition(V0, json!({}))]);
    let half = Stage { status: creating().status, ..half };
    assert_eq!(half.printed().last(), Some(&service), "what is there is not made again");
    assert!(!half.printed().contains(&task_definition));

    let there = Stage { status: creating().status, ..Stage::new(json!({}), creating().status, &[service_made()]) };
    assert!(there.printed().is_empty(), "{:?}", there.printed());

    for hinder in [
        (|stage: &mut Stage| stage.status.versions[0].template_hash = "other".to_owned()) as fn(&mut Stage),
        |stage| stage.observed.error = Some(AwsError::new("DescribeSubnets", "Throttling", "slow")),
        |stage| stage.observed.sight.problems = vec!["no such subnet".to_owned()],
        |stage| stage.observed.sight.waits = Some("the cluster".to_owned()),
    ] {
        let mut stage = creating();
        hinder(&mut stage);
        assert!(stage.printed().is_empty(), "{:?}", stage.printed());
    }
}

#[test]
fn the_finalizer_comes_before_the_first_effect_and_not_without_one() {
    let mut stage = creating();
    stage.group.metadata.finalizers = None;
    assert_eq!(stage.printed()[0], "add the finalizer");
    let mut rest = Stage::new(json!({}), at_rest(), &made());
    rest.group.metadata.finalizers = None;
    assert!(rest.printed().is_empty(), "{:?}", rest.printed());
}

#[test]
fn what_was_made_is_left_alone_until_its_count_or_the_groups_own_members_change() {
    assert!(Stage::new(json!({}), at_rest(), &made()).printed().is_empty());
    let mut larger = at_rest();
    larger.versions[0].capacity = 5;
    assert_eq!(
        Stage::new(json!({}), larger.clone(), &made()).printed(),
        [format!("update EcsService {V0}: desiredCount: 2 → 5")]
    );
    let tagged = Stage::new(json!({"tags": {"team": "shop"}}), at_rest(), &made());
    assert_eq!(
        tagged.printed(),
        [format!("update EcsTaskDefinition {V0}"), format!("update EcsService {V0}: what belongs to the whole group")]
    );
    let scaled = Stage::new(json!({"scaling": {"mode": "External"}}), at_rest(), &made());
    assert_eq!(scaled.printed(), [format!("update EcsService {V0}: scaling")]);
    let out: Vec<Value> = made().into_iter().map(|object| laid(object, leaving())).collect();
    assert!(Stage::new(json!({}), larger, &out).printed().is_empty(), "what is leaving is left alone");
}

#[test]
fn a_destroyed_version_loses_its_service_first_and_its_task_definition_last() {
    let destroyed = || status(json!({"versions": [version(V1, json!({"state": "Destroying"}))]}));
    let steps = |objects: &[Value]| Stage::new(json!({}), destroyed(), objects).printed();
    let both = [service(V1, json!({})), definition(V1, json!({}))];
    assert_eq!(steps(&both), [format!("delete EcsService {V1}")]);
    assert!(steps(&[service(V1, leaving()), definition(V1, json!({}))]).is_empty());
    assert_eq!(steps(&[definition(V1, json!({}))]), [format!("delete EcsTaskDefinition {V1}")]);
    assert!(steps(&[definition(V1, leaving())]).is_empty());
}

#[test]
fn a_task_definition_that_no_version_knows_goes_unless_a_service_still_uses_it() {
    let steps = |objects: &[Value]| Stage::new(json!({}), status(json!({})), objects).printed();
    assert_eq!(steps(&[definition(V1, json!({}))]), [format!("delete EcsTaskDefinition {V1}")]);
    assert!(steps(&[definition(V1, json!({})), service(V1, json!({}))]).is_empty());
    let known = status(json!({"versions": [version(V1, json!({}))]}));
    let kept = Stage::new(json!({}), known, &[definition(V1, json!({}))]).printed();
    assert!(!kept.iter().any(|step| step.starts_with("delete")), "{kept:?}");
}

#[test]
fn alarms_that_nobody_could_read_keep_the_services_they_watch() {
    let destroyed = json!({"alarms": ["busy"], "versions": [version(V1, json!({"state": "Destroying"}))]});
    let mut stage = Stage::new(json!({}), status(destroyed), &[service(V1, json!({}))]);
    assert!(stage.printed().is_empty(), "{:?}", stage.printed());
    stage.observed.scale.alarms = Some([].into());
    stage.observed.scale.sought = ["busy".to_owned()].into();
    assert_eq!(stage.printed(), [format!("delete EcsService {V1}")]);
}

/// A rule that sends 30 % to the second of two target groups.
fn strayed() -> Stage {
    let group = |arn: &str, weight: i32| TargetGroupTuple::builder().target_group_arn(arn).weight(weight).build();
    let forward = ForwardActionConfig::builder().target_groups(group("blue", 70)).target_groups(group("green", 30));
    let action = Action::builder().r#type(ActionTypeEnum::Forward).forward_config(forward.build()).build();
    let rule = RuleSeen { arn: "arn:rule/1".to_owned(), is_listener: false, actions: vec![action] };
    let pair = Pair { a: "blue".to_owned(), b: "green".to_owned() };
    let mut stage = Stage::new(json!({}), at_rest(), &made());
    stage.asked.weighted = true;
    stage.status.versions[0].slot = Some(Slot::A);
    stage.observed.rules = vec![(rule.clone(), match_rule(&rule, &[pair]).unwrap())];
    let share = RuleShare { arn: rule.arn, b: 30, stickiness_seconds: 0 };
    stage.observed.sight.rules = Rules::Show(vec![share]);
    let healthy = serde_json::from_value(json!({"total": 2, "healthy": 2, "starting": 0, "unhealthy": 0})).unwrap();
    stage.observed.sight.health.insert(V0.to_owned(), healthy);
    stage
}

#[test]
fn weights_that_somebody_changed_are_set_back_unless_the_policy_says_to_warn() {
    let stage = strayed();
    let steps = stage.steps();
    assert_eq!(printed(&steps).len(), 1, "{:?}", printed(&steps));
    assert!(matches!(&steps[0], Step::Shift { what, .. } if what == "weights 100/0"), "{}", steps[0]);
    let mut lost = strayed();
    lost.status.versions[0].slot = None;
    assert!(!lost.steps().iter().any(|step| matches!(step, Step::Shift { .. })), "{:?}", lost.printed());
    let mut warned = strayed();
    warned.desired.spec.drift_policy = Some(crate::api::policy::DriftPolicy::Warn);
    assert!(!warned.steps().iter().any(|step| matches!(step, Step::Shift { .. })), "{:?}", warned.printed());
}
