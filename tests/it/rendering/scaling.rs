//! Scaling of a version: bounds, suspension, tokens.

use ecs_operator::api::shapes::policy::Scaling;
use ecs_operator::controllers::server_group::render::{Intent, Pin, in_place, service};
use serde_json::{Value, json};

use super::{read, refused, resolved, spec, version};

fn scaled(scaling: Value) -> Value {
    let mut spec = spec("inputs-ec2.yaml");
    spec["scaling"] = scaling;
    spec
}

fn pinned(spec: &Value, count: i32, pin: Pin) -> Scaling {
    let desired = read(spec);
    assert_eq!(refused(&desired), "");
    let version = version(&desired, 7, None);
    let made = service(&desired, &version, &resolved(), 3);
    in_place(&made, &desired, &version, &Intent { count, pin }).scaling.unwrap()
}

#[test]
fn without_autoscaling_only_the_owner_of_the_count_is_said() {
    let said = |mode: &str, pin| serde_json::to_value(pinned(&scaled(json!({ "mode": mode })), 3, pin)).unwrap();
    for mode in ["Managed", "CreateOnly"] {
        assert_eq!(said(mode, Pin::Free), json!({ "mode": mode }));
        assert_eq!(said(mode, Pin::Full), json!({ "mode": "Managed" }), "a rollout enforces its counts");
    }
}

#[test]
fn a_pin_suspends_and_lets_the_bounds_give_way() {
    let spec = scaled(json!({ "mode": "External" }));
    let at = |count, pin| {
        let scaling = pinned(&spec, count, pin);
        let suspended = scaling.suspended_state.unwrap();
        let kinds = [
            suspended.dynamic_scaling_in_suspended,
            suspended.dynamic_scaling_out_suspended,
            suspended.scheduled_scaling_suspended,
        ];
        (scaling.min_capacity.unwrap(), scaling.max_capacity.unwrap(), kinds.map(Option::unwrap))
    };
    assert_eq!(at(3, Pin::Free), (2, 6, [false, false, false]));
    assert_eq!(at(1, Pin::Free), (2, 6, [false, false, false]), "free means free inside the bounds");
    assert_eq!(at(1, Pin::Outward), (1, 6, [true, false, true]));
    assert_eq!(at(0, Pin::Full), (0, 6, [true, true, true]));
    assert_eq!(at(9, Pin::Full), (2, 9, [true, true, true]));
}

#[test]
fn a_new_version_is_made_pinned() {
    let desired = read(&scaled(json!({ "mode": "External" })));
    let scaling = service(&desired, &version(&desired, 7, None), &resolved(), 1).scaling.unwrap();
    assert_eq!((scaling.min_capacity, scaling.max_capacity), (Some(1), Some(6)));
    assert_eq!(scaling.suspended_state.unwrap().dynamic_scaling_in_suspended, Some(true));
}

#[test]
fn tokens_stand_for_the_version() {
    let spec = scaled(json!({
        "targetTracking": [
            { "policyName": "requests", "targetValue": 100, "predefinedMetricSpecification": {
                "predefinedMetricType": "ALBRequestCountPerTarget", "resourceLabel": "app/lb/1/${targetGroup}" } },
            { "policyName": "queue", "targetValue": 5.5, "customizedMetricSpecification": {
                "metricName": "depth", "namespace": "shop", "statistic": "Average", "dimensions": [
                    { "name": "ClusterName", "value": "${cluster}" }, { "name": "ServiceName", "value": "${service}" }] } },
        ],
        "scheduledActions": [{ "scheduledActionName": "night", "schedule": "cron(0 20 * * ? *)",
            "scalableTargetAction": { "minCapacity": 1 } }],
    }));
    let found = pinned(&spec, 3, Pin::Free);
    let tracking = found.target_tracking.unwrap();
    let label = tracking[0].predefined_metric_specification.as_ref().unwrap().resource_label.as_deref();
    assert_eq!(label, Some("app/lb/1/targetgroup/shop-web/0123456789abcdef"));
    let metric = tracking[1].customized_metric_specification.as_ref().unwrap();
    let values: Vec<_> = metric.dimensions.iter().flatten().map(|d| d.value.clone().unwrap()).collect();
    assert_eq!(values, ["main", "shop-prod-web-blue-v007"]);
    assert_eq!(tracking[1].target_value, Some(5.5));
    assert_eq!(found.scheduled_actions.unwrap().len(), 1);
    assert!(found.step_scaling.is_none());
}
