//! Single stories of scaling.

use serde_json::{Value, json};

use super::super::{happenings, refusal};
use super::model::{Model, RESOURCE, scaled, target};
use crate::api::condition::Reason;
use crate::api::policy::AdoptionPolicy;
use crate::aws::AwsError;

fn cpu() -> Value {
    json!({
        "minCapacity": 2, "maxCapacity": 10,
        "targetTracking": [{
            "policyName": "cpu50", "targetValue": 50,
            "predefinedMetricSpecification": {"predefinedMetricType": "ECSServiceAverageCPUUtilization"},
        }],
    })
}

fn nightly() -> Value {
    json!({
        "minCapacity": 4, "maxCapacity": 10,
        "scheduledActions": [
            {"scheduledActionName": "night", "schedule": "cron(0 22 * * ? *)", "scalableTargetAction": {"minCapacity": 1}},
        ],
    })
}

#[test]
fn a_step_prints_the_call_it_makes() {
    let model = Model::new(1);
    assert_eq!(
        model.plan(&cpu()),
        [
            "RegisterScalableTarget service/prod/web: minCapacity 2, maxCapacity 10",
            "PutScalingPolicy cpu50: TargetTrackingScaling predefinedMetricSpecification {\"predefinedMetricType\":\"ECSServiceAverageCPUUtilization\"}, targetValue 50.0",
        ]
    );
    let nightly = model.plan(&nightly());
    assert_eq!(
        nightly[1],
        "PutScheduledAction night: scalableTargetAction {\"minCapacity\":1}, schedule cron(0 22 * * ? *)"
    );
}

#[test]
fn a_new_target_carries_our_tags_and_the_status_names_what_is_ours() {
    let mut model = Model::new(1);
    model.pass(&cpu());
    assert!(model.is_ours());
    assert_eq!(model.count, 2);
    let status = model.record.clone().unwrap();
    assert_eq!((status.min_capacity, status.max_capacity, status.policies), (Some(2), Some(10), vec!["cpu50".into()]));
    assert!(!status.contested);
}

#[test]
fn a_count_inside_the_bounds_is_left_and_one_outside_is_pulled_back_once() {
    let mut model = Model::new(5);
    model.pass(&cpu());
    model.count = 9;
    assert_eq!(model.plan(&cpu()), Vec::<String>::new());
    model.count = 0;
    assert_eq!(model.drift(&cpu()), ["desiredCount"]);
    assert_eq!(model.plan(&cpu()), ["RegisterScalableTarget service/prod/web: minCapacity 2, maxCapacity 10"]);
    let mut observed = model.look();
    observed.may_pull = false;
    let steps = super::super::plan(&scaled(&cpu()), &observed, &model.live(), &model.facts());
    assert!(steps.is_empty(), "{steps:?}");
}

#[test]
fn bounds_set_by_a_scheduled_action_stand_until_the_spec_changes() {
    let mut model = Model::new(5);
    model.pass(&nightly());
    model.run_action("night");
    assert_eq!(model.plan(&nightly()), Vec::<String>::new());
    assert_eq!(model.drift(&nightly()), Vec::<String>::new());
    model.pass(&nightly());
    let mut edited = nightly();
    edited["maxCapacity"] = json!(12);
    assert_eq!(model.plan(&edited), ["RegisterScalableTarget service/prod/web: minCapacity 4, maxCapacity 12"]);
    model.set_bounds(Some(3), None);
    assert_eq!(model.drift(&nightly()), ["scaling.minCapacity"]);
}

#[test]
fn a_pull_at_night_does_not_end_the_night() {
    let mut model = Model::new(5);
    model.pass(&nightly());
    model.run_action("night");
    model.count = 0;
    assert_eq!(model.plan(&nightly()), ["RegisterScalableTarget service/prod/web: minCapacity 1, maxCapacity 10"]);
    model.pass(&nightly());
    assert_eq!(model.count, 1);
    assert_eq!(model.plan(&nightly()), Vec::<String>::new());
}

#[test]
fn an_untagged_target_is_refused_by_name_unless_adoption_is_always() {
    let mut model = Model::new(3);
    model.target = Some(target(1, 2));
    for adoption in [AdoptionPolicy::Never, AdoptionPolicy::IfTagged] {
        model.adoption = adoption;
        assert_eq!(model.plan(&cpu()), Vec::<String>::new());
        let refused = refusal(&scaled(&cpu()), &model.look(), &model.live(), &model.facts()).unwrap();
        assert_eq!(refused.reason, Reason::AdoptionRequired);
        assert!(refused.message.contains(RESOURCE), "{}", refused.message);
        model.pass(&cpu());
        assert_eq!(model.record, None);
    }
    model.adoption = AdoptionPolicy::Always;
    assert!(refusal(&scaled(&cpu()), &model.look(), &model.live(), &model.facts()).is_none());
    assert!(model.plan(&cpu())[0].starts_with("TagResource scalable target `service/prod/web`"));
    model.pass(&cpu());
    assert!(model.is_ours() && model.plan(&cpu()).is_empty());
}

#[test]
fn another_objects_target_is_never_taken() {
    let mut model = Model::new(3);
    model.target = Some(target(1, 2));
    model.tags = model.facts().owner.tags();
    model.tags.insert(crate::api::names::tag::NAME.into(), "other".into());
    model.adoption = AdoptionPolicy::Always;
    let refused = refusal(&scaled(&cpu()), &model.look(), &model.live(), &model.facts()).unwrap();
    assert_eq!(refused.reason, Reason::OwnedByAnother);
    assert_eq!(model.plan(&cpu()), Vec::<String>::new());
}

#[test]
fn a_foreign_target_takes_the_count_from_managed_and_is_told_once() {
    let mut model = Model::new(7);
    model.target = Some(target(1, 9));
    let mut desired = scaled(&Value::Null);
    assert!(desired.owns_count());
    desired.hands_off = model.look().hands_off(&desired, &model.facts());
    assert!(!desired.owns_count());
    assert_eq!(model.plan(&Value::Null), Vec::<String>::new());
    let before = model.look();
    model.pass(&Value::Null);
    let first = happenings(&desired, &before, model.record.as_ref());
    assert_eq!(first.len(), 1, "{first:?}");
    assert!(first[0].note.contains("1 to 9 tasks"), "{}", first[0].note);
    let before = model.look();
    model.pass(&Value::Null);
    assert!(happenings(&desired, &before, model.record.as_ref()).is_empty());
    model.target = None;
    assert!(!model.look().hands_off(&desired, &model.facts()));
    model.pass(&Value::Null);
    assert_eq!(model.record, None);
}

#[test]
fn a_target_that_cannot_be_read_changes_nothing() {
    let mut model = Model::new(7);
    model.pass(&cpu());
    let record = model.record.clone();
    model.unreadable = Some(AwsError::new("DescribeScalableTargets", "ThrottlingException", "slow down"));
    assert_eq!(model.plan(&cpu()), Vec::<String>::new());
    assert_eq!(model.plan(&Value::Null), Vec::<String>::new());
    assert!(model.look().hands_off(&scaled(&Value::Null), &model.facts()), "not known to be absent");
    assert!(model.look().failure(&model.facts()).is_some());
    model.pass(&cpu());
    assert_eq!(model.record, record);
}

#[test]
fn deletion_takes_down_what_is_ours_even_unread_and_nothing_else() {
    let mut model = Model::new(3);
    model.target = Some(target(1, 9));
    assert!(model.look().teardown(&model.facts()).is_empty());
    model.target = None;
    model.pass(&cpu());
    let calls = |model: &Model| -> Vec<String> {
        model.look().teardown(&model.facts()).iter().map(ToString::to_string).collect()
    };
    assert_eq!(calls(&model), ["DeregisterScalableTarget service/prod/web"]);
    model.unreadable = Some(AwsError::new("DescribeScalableTargets", "AccessDeniedException", "no"));
    assert_eq!(calls(&model), ["DeregisterScalableTarget service/prod/web"]);
    model.unreadable = None;
    model.target = None;
    assert!(calls(&model).is_empty());
}

#[test]
fn every_way_out_of_external_takes_ours_down() {
    for left in [Value::Null, json!({"mode": "CreateOnly"}), json!({"mode": "Managed"}), json!({"mode": "External"})] {
        let mut model = Model::new(3);
        model.pass(&cpu());
        assert_eq!(model.plan(&left), ["DeregisterScalableTarget service/prod/web"], "{left}");
        model.pass(&left);
        assert_eq!(model.record, None);
    }
}

#[test]
fn a_pass_that_broke_off_anywhere_is_finished_by_the_next_even_under_warn() {
    for n in 0..2 {
        let mut model = Model::new(3);
        model.half_a_pass(&cpu(), n);
        (model.edited, model.warn) = (false, true);
        assert_eq!(model.drift(&cpu()), Vec::<String>::new(), "never made, so not drift");
        model.pass(&cpu());
        assert_eq!(model.plan(&cpu()), Vec::<String>::new());
        assert_eq!(model.record.clone().unwrap().policies, ["cpu50"]);
    }
}

#[test]
fn a_suspension_goes_when_it_leaves_the_spec_and_somebody_elses_stays() {
    let mut suspended = cpu();
    suspended["suspendedState"] = json!({"dynamicScalingInSuspended": true});
    let mut model = Model::new(3);
    model.pass(&suspended);
    assert_eq!(
        model.plan(&cpu()),
        [
            "RegisterScalableTarget service/prod/web: dynamicScalingInSuspended false, dynamicScalingOutSuspended false, scheduledScalingSuspended false"
        ]
    );
    model.pass(&cpu());
    assert!(model.record.clone().unwrap().suspended.is_empty());
    let by_hand = aws_sdk_applicationautoscaling::types::SuspendedState::builder().scheduled_scaling_suspended(true);
    model.target.as_mut().unwrap().suspended_state = Some(by_hand.build());
    model.pass(&cpu());
    assert_eq!(model.plan(&cpu()), Vec::<String>::new());
    assert_eq!(model.target.clone().unwrap().suspended_state.unwrap().scheduled_scaling_suspended, Some(true));
}

#[test]
fn an_ignored_edit_of_the_count_is_told() {
    let mut observed = Model::new(3).look();
    observed.recounted = Some((2, 6));
    let told = happenings(&scaled(&cpu()), &observed, None);
    assert!(told[0].note.contains("from 2 to 6") && told[0].note.contains("External"), "{}", told[0].note);
}

#[test]
fn an_action_whose_only_time_has_passed_is_not_made_again() {
    let at = |zone: Option<&str>, time: &str| {
        let mut action = json!({
            "scheduledActionName": "once", "schedule": format!("at({time})"), "scalableTargetAction": {"minCapacity": 3},
        });
        if let Some(zone) = zone {
            action["timezone"] = json!(zone);
        }
        let mut spec = nightly();
        spec["scheduledActions"] = json!([action]);
        Model::new(5).plan(&spec).len()
    };
    // The model's now is 2027-01-15T08:00:00Z.
    assert_eq!(at(None, "2027-01-15T07:59:59"), 1);
    assert_eq!(at(None, "2027-01-15T08:00:01"), 2);
    assert_eq!(at(Some("America/New_York"), "2027-01-15T07:59:59"), 2);
    assert_eq!(at(Some("America/New_York"), "2027-01-14T10:00:00"), 1);
}
