//! CloudWatch over a scripted wire.

use serde_json::{Value, json};

use super::*;
use crate::aws::classify::Class;
use crate::aws::test_wire::{Reply, Wire};

fn here() -> Scope {
    Scope::new("eu-west-1")
}

#[tokio::test(start_paused = true)]
async fn alarms_of_both_kinds_are_read_by_hundreds_and_an_unknown_one_is_an_answer() {
    let wire = Wire::new(|asked| {
        let alarm = |name: &String| json!({ "AlarmName": name, "StateValue": "ALARM" });
        let named = asked.list("AlarmNames");
        let metric: Vec<Value> = named.iter().filter(|name| name.starts_with('m')).map(alarm).collect();
        let composite: Vec<Value> = named.iter().filter(|name| name.starts_with('c')).map(alarm).collect();
        Reply::Cbor(200, json!({ "MetricAlarms": metric, "CompositeAlarms": composite }))
    });
    let mut names: Vec<String> = (0..149).map(|n| format!("m{n:03}")).collect();
    names.extend(["c1".to_owned(), "unknown".to_owned()]);
    let found = wire.aws().alarms(&here(), &names, Priority::Edit).await.unwrap();
    assert_eq!(found["unknown"], None);
    assert!(names[..150].iter().all(|name| found[name] == Some(AlarmState::Alarm)));
    let asked = wire.asked();
    let mut sizes: Vec<usize> = asked.iter().map(|asked| asked.list("AlarmNames").len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [51, 100]);
    assert!(asked.iter().all(|asked| asked.list("AlarmTypes") == ["MetricAlarm", "CompositeAlarm"]));
    assert!(asked[0].authorization.contains("/eu-west-1/monitoring/"));
}

#[test]
fn a_state_that_is_not_known_is_not_taken_for_good() {
    for (word, state) in [("OK", AlarmState::Ok), ("ALARM", AlarmState::Alarm), ("NEW", AlarmState::InsufficientData)] {
        assert_eq!(AlarmState::of(Some(&StateValue::from(word))), state);
    }
}

#[tokio::test(start_paused = true)]
async fn values_of_several_pages_are_joined_newest_first() {
    let wire = Wire::new(|asked| {
        let first = asked.body.get("NextToken").is_none_or(Value::is_null);
        let (at, value) = if first { (300, 3.5) } else { (240, 2.5) };
        let result =
            json!({ "Id": "m0", "Timestamps": [{ "$time": at }], "Values": [value], "StatusCode": "PartialData" });
        let denied = json!({ "Id": "m1", "StatusCode": "Forbidden" });
        let mut body = json!({ "MetricDataResults": [result, denied] });
        if first {
            body["NextToken"] = json!("2");
        }
        Reply::Cbor(200, body)
    });
    let queries = vec![MetricDataQuery::builder().id("m0").build(), MetricDataQuery::builder().id("m1").build()];
    let (start, end) = (Timestamp::from_second(0).unwrap(), Timestamp::from_second(600).unwrap());
    let found = wire.aws().metric_data(&here(), queries, start, end, Priority::Edit).await.unwrap();
    assert_eq!(found["m0"].points, [Point { at: 300, value: 3.5 }, Point { at: 240, value: 2.5 }]);
    assert_eq!((found["m0"].problem.as_deref(), found["m1"].problem.as_deref()), (None, Some("Forbidden")));
    let asked = wire.asked();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0].body["ScanBy"], "TimestampDescending");
    assert_eq!(
        (&asked[0].body["StartTime"], &asked[0].body["EndTime"]),
        (&json!({ "$time": 0 }), &json!({ "$time": 600 }))
    );
}

#[tokio::test(start_paused = true)]
async fn a_throttled_read_is_known_as_such() {
    let wire = Wire::new(|_| Reply::Cbor(400, json!({ "__type": "ThrottlingException", "message": "Rate exceeded" })));
    let error = wire.aws().alarms(&here(), &["a".to_owned()], Priority::Edit).await.unwrap_err();
    assert_eq!((error.class, error.code.as_str()), (Class::Throttled, "ThrottlingException"));
}
