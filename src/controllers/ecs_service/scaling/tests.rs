//! Scaling against a small model of Application Auto Scaling.

mod forms;
mod model;
mod stories;
mod wires;

use proptest::prelude::*;
use serde_json::{Value, json};

use model::Model;

fn metric() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!({"predefinedMetricSpecification": {"predefinedMetricType": "ECSServiceAverageCPUUtilization"}})),
        Just(json!({"customizedMetricSpecification": {
            "metricName": "depth", "namespace": "queue", "statistic": "Average",
            "dimensions": [{"name": "b", "value": "2"}, {"name": "a", "value": "1"}],
        }})),
        Just(json!({"customizedMetricSpecification": {"metrics": [
            {"id": "m1", "metricStat": {"metric": {"metricName": "x", "namespace": "y"}, "stat": "Sum"}, "returnData": false},
            {"id": "e1", "expression": "m1 / 2", "returnData": true},
        ]}})),
    ]
}

fn tracking() -> impl Strategy<Value = Value> {
    let cooldown = || prop_oneof![Just(None), Just(Some(300)), Just(Some(60))];
    let disabled = prop_oneof![Just(None), Just(Some(false)), Just(Some(true))];
    (metric(), 1..90, cooldown(), cooldown(), disabled).prop_map(|(mut policy, target, out, inwards, disabled)| {
        policy["targetValue"] = json!(target);
        for (name, value) in [("scaleOutCooldown", out), ("scaleInCooldown", inwards)] {
            if let Some(value) = value {
                policy[name] = json!(value);
            }
        }
        if let Some(disabled) = disabled {
            policy["disableScaleIn"] = json!(disabled);
        }
        policy
    })
}

fn stepping() -> impl Strategy<Value = Value> {
    (1..5, prop_oneof![Just(json!({})), Just(json!({"cooldown": 300, "metricAggregationType": "Average"}))]).prop_map(
        |(size, mut policy)| {
            policy["adjustmentType"] = json!("ChangeInCapacity");
            policy["stepAdjustments"] = json!([
                {"metricIntervalLowerBound": 10, "scalingAdjustment": size + 1},
                {"metricIntervalLowerBound": 0, "metricIntervalUpperBound": 10, "scalingAdjustment": size},
            ]);
            policy
        },
    )
}

fn scheduled() -> impl Strategy<Value = Value> {
    (prop_oneof![Just("cron(0 9 * * ? *)"), Just("rate(1 day)"), Just("at(2020-01-01T00:00:00)")], 0..6, any::<bool>())
        .prop_map(|(schedule, min, zoned)| {
            let mut action = json!({"schedule": schedule, "scalableTargetAction": {"minCapacity": min}});
            if zoned {
                action["timezone"] = json!("UTC");
                action["startTime"] = json!("2030-01-01T01:00:00+01:00");
            }
            action
        })
}

fn named(items: Vec<Value>, member: &str, prefix: &str) -> Value {
    let named = items.into_iter().enumerate().map(|(number, mut item)| {
        item[member] = json!(format!("{prefix}{number}"));
        item
    });
    named.collect()
}

fn scaling() -> impl Strategy<Value = Value> {
    let lists = (
        prop::collection::vec(tracking(), 0..3),
        prop::collection::vec(stepping(), 0..3),
        prop::collection::vec(scheduled(), 0..3),
    );
    let suspended = prop_oneof![
        Just(None),
        Just(Some(json!({"dynamicScalingInSuspended": true}))),
        Just(Some(json!({"dynamicScalingInSuspended": false, "scheduledScalingSuspended": true}))),
    ];
    (1..5, 0..10, lists, suspended, any::<bool>()).prop_map(
        |(min, more, (tracking, step, scheduled), suspended, swap)| {
            // The same names in another list, so that two specs in a row change a policy's kind.
            let (first, second) = if swap { ("q", "p") } else { ("p", "q") };
            let mut spec = json!({"minCapacity": min, "maxCapacity": min + more});
            spec["targetTracking"] = named(tracking, "policyName", first);
            spec["stepScaling"] = named(step, "policyName", second);
            spec["scheduledActions"] = named(scheduled, "scheduledActionName", "a");
            if let Some(suspended) = suspended {
                spec["suspendedState"] = suspended;
            }
            spec
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_declared_after_whatever_stood_there_is_done_in_one_pass(
        before in scaling(), after in scaling(), count in 0..20
    ) {
        let mut model = Model::new(count);
        for spec in [&before, &after] {
            model.pass(spec);
            prop_assert_eq!(model.plan(spec), Vec::<String>::new(), "{}", spec);
            prop_assert!(model.count_is_inside());
            prop_assert_eq!(model.drift(spec), Vec::<String>::new());
        }
        model.pass(&Value::Null);
        prop_assert!(model.is_bare());
        prop_assert_eq!(&model.record, &None);
    }

    #[test]
    fn what_others_put_on_our_target_stays_through_edits_and_removal(before in scaling(), after in scaling()) {
        let mut model = Model::new(3);
        model.pass(&before);
        model.put_foreign();
        for spec in [&before, &after, &Value::Null, &Value::Null] {
            model.pass(spec);
            prop_assert!(model.has_foreign(), "{spec}");
        }
        prop_assert_eq!(model.ours(), 0);
    }

    #[test]
    fn a_change_behind_our_back_is_drift_and_set_back_only_where_that_is_asked(spec in scaling()) {
        let mut model = Model::new(3);
        model.pass(&spec);
        model.stretch();
        prop_assert!(model.drift(&spec).contains(&"scaling.maxCapacity".to_owned()));
        model.edited = false;
        model.warn = true;
        prop_assert_eq!(model.plan(&spec), Vec::<String>::new());
        model.warn = false;
        model.pass(&spec);
        prop_assert_eq!(model.plan(&spec), Vec::<String>::new());
    }
}
