//! Alarms and metrics, told through the API.

use serde_json::{Value, json};

use super::Series;
use crate::fixtures::AlarmState;
use crate::model::Service::CloudWatch;
use crate::testing::Desk;

const START: i64 = 1_800_000_000;

fn alarm(name: &str) -> Value {
    json!({
        "AlarmName": name, "Namespace": "AWS/ECS", "MetricName": "CPUUtilization", "Statistic": "Average", "Period": 60,
        "EvaluationPeriods": 3, "Threshold": 80.0, "ComparisonOperator": "GreaterThanThreshold",
    })
}

fn names(answer: &Value) -> Vec<&str> {
    answer["MetricAlarms"].as_array().unwrap().iter().map(|one| one["AlarmName"].as_str().unwrap()).collect()
}

/// User guide, "Metric alarm states": a new alarm is `INSUFFICIENT_DATA`.
#[test]
fn a_new_alarm_has_insufficient_data_and_keeps_its_state_when_put_again() {
    let mut desk = Desk::new();
    desk.ok(CloudWatch, "PutMetricAlarm", &alarm("cpu"));
    let one = desk.ok(CloudWatch, "DescribeAlarms", &json!({ "AlarmNames": ["cpu", "none"] }));
    assert_eq!(names(&one), ["cpu"]);
    let shown = &one["MetricAlarms"][0];
    assert_eq!(shown["StateValue"], "INSUFFICIENT_DATA");
    assert_eq!(shown["Threshold"], 80.0);
    assert_eq!(shown["AlarmArn"], "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:cpu");
    let state = json!({ "AlarmName": "cpu", "StateValue": "ALARM", "StateReason": "test" });
    desk.ok(CloudWatch, "SetAlarmState", &state);
    desk.ok(CloudWatch, "PutMetricAlarm", &alarm("cpu"));
    let one = desk.ok(CloudWatch, "DescribeAlarms", &json!({ "StateValue": "ALARM" }));
    assert_eq!((names(&one), &one["MetricAlarms"][0]["StateReason"]), (vec!["cpu"], &json!("test")));
    let none = json!({ "AlarmName": "none", "StateValue": "OK", "StateReason": "" });
    assert_eq!(desk.refused(CloudWatch, "SetAlarmState", &none), "ResourceNotFound");
}

#[test]
fn alarms_are_found_by_prefix_in_pages() {
    let mut desk = Desk::new();
    for name in ["a-1", "a-2", "a-3", "b-1"] {
        desk.ok(CloudWatch, "PutMetricAlarm", &alarm(name));
    }
    let first = desk.ok(CloudWatch, "DescribeAlarms", &json!({ "AlarmNamePrefix": "a-", "MaxRecords": 2 }));
    assert_eq!(names(&first), ["a-1", "a-2"]);
    let next = json!({ "AlarmNamePrefix": "a-", "MaxRecords": 2, "NextToken": first["NextToken"] });
    let rest = desk.ok(CloudWatch, "DescribeAlarms", &next);
    assert_eq!((names(&rest), rest.get("NextToken")), (vec!["a-3"], None));
    assert_eq!(desk.refused(CloudWatch, "DescribeAlarms", &json!({ "NextToken": "x" })), "InvalidNextToken");
    let both = json!({ "AlarmNamePrefix": "a-", "AlarmNames": ["b-1"] });
    assert_eq!(desk.refused(CloudWatch, "DescribeAlarms", &both), "ValidationError");
    // Nothing is deleted if one name is wrong.
    assert_eq!(desk.refused(CloudWatch, "DeleteAlarms", &json!({ "AlarmNames": ["a-1", "x"] })), "ResourceNotFound");
    desk.ok(CloudWatch, "DeleteAlarms", &json!({ "AlarmNames": ["a-1", "a-2"] }));
    assert_eq!(names(&desk.ok(CloudWatch, "DescribeAlarms", &json!({}))), ["a-3", "b-1"]);
}

#[test]
fn deployments_and_this_api_see_the_same_alarms() {
    let mut desk = Desk::new();
    let key = desk.key.clone();
    desk.sim.with_fleet(&key, |fleet| fleet.set_alarm("gate", AlarmState::Alarm));
    let one = desk.ok(CloudWatch, "DescribeAlarms", &json!({ "AlarmNames": ["gate"] }));
    assert_eq!(one["MetricAlarms"][0]["StateValue"], "ALARM");
    desk.sim.region(&key).fixtures.alarms.get_mut("gate").unwrap().composite = true;
    assert_eq!(names(&desk.ok(CloudWatch, "DescribeAlarms", &json!({}))), [""; 0]);
    let both = json!({ "AlarmTypes": ["CompositeAlarm", "MetricAlarm"] });
    assert_eq!(desk.ok(CloudWatch, "DescribeAlarms", &both)["CompositeAlarms"][0]["AlarmName"], "gate");
    let state = json!({ "AlarmName": "gate", "StateValue": "OK", "StateReason": "" });
    desk.ok(CloudWatch, "SetAlarmState", &state);
    assert_eq!(desk.sim.region(&key).fixtures.alarm_state("gate"), Some(AlarmState::Ok));
}

#[test]
fn alarm_tags_are_merged_and_removed() {
    let mut desk = Desk::new();
    let mut input = alarm("cpu");
    input["Tags"] = json!([{ "Key": "a", "Value": "1" }]);
    desk.ok(CloudWatch, "PutMetricAlarm", &input);
    let arn = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:cpu";
    let tag = json!({ "ResourceARN": arn, "Tags": [{ "Key": "b", "Value": "2" }] });
    desk.ok(CloudWatch, "TagResource", &tag);
    desk.ok(CloudWatch, "UntagResource", &json!({ "ResourceARN": arn, "TagKeys": ["a"] }));
    let tags = desk.ok(CloudWatch, "ListTagsForResource", &json!({ "ResourceARN": arn }));
    assert_eq!(tags["Tags"], json!([{ "Key": "b", "Value": "2" }]));
    let other = json!({ "ResourceARN": arn.replace("cpu", "x") });
    assert_eq!(desk.refused(CloudWatch, "ListTagsForResource", &other), "ResourceNotFoundException");
}

fn query(id: &str, metric: &str, stat: &str, period: i64) -> Value {
    let dimension = json!({ "Name": "TargetGroup", "Value": "web" });
    let metric = json!({ "Namespace": "Shop", "MetricName": metric, "Dimensions": [dimension] });
    json!({ "Id": id, "MetricStat": { "Metric": metric, "Period": period, "Stat": stat } })
}

/// Asks for the seconds after the start of the world.
fn ask(queries: &[Value], from: i64, to: i64) -> Value {
    json!({ "MetricDataQueries": queries, "StartTime": START + from, "EndTime": START + to })
}

fn script(desk: &mut Desk, metric: &str, series: Series) {
    let key = desk.key.clone();
    desk.sim.set_series(&key, "Shop", metric, &[("TargetGroup", "web")], series);
}

/// API reference, `GetMetricData`: "The value specified is exclusive" of `EndTime`; newest first by default.
#[test]
fn points_are_gathered_by_period_newest_first() {
    let mut desk = Desk::new();
    script(&mut desk, "Errors", Series::Points(vec![(0, 1.0), (30, 5.0), (60, 7.0), (120, 100.0), (-60, 9.0)]));
    desk.advance(600);
    let answer = desk.ok(CloudWatch, "GetMetricData", &ask(&[query("e", "Errors", "Sum", 60)], 0, 120));
    let result = &answer["MetricDataResults"][0];
    assert_eq!(result["Values"], json!([7.0, 6.0]));
    assert_eq!(result["Timestamps"], json!([1_800_000_060.0, 1_800_000_000.0]));
    assert_eq!((&result["StatusCode"], &result["Label"]), (&json!("Complete"), &json!("Errors")));
    let stats = ["Average", "Minimum", "Maximum", "SampleCount", "p50", "p99.9"];
    let queries: Vec<Value> =
        stats.iter().enumerate().map(|(n, stat)| query(&format!("q{n}"), "Errors", stat, 60)).collect();
    let mut input = ask(&queries, 0, 60);
    input["ScanBy"] = json!("TimestampAscending");
    let answer = desk.ok(CloudWatch, "GetMetricData", &input);
    let values: Vec<&Value> = (0..stats.len()).map(|n| &answer["MetricDataResults"][n]["Values"]).collect();
    let expected = [3.0, 1.0, 5.0, 2.0, 1.0, 5.0].map(|value| json!([value]));
    assert_eq!(values, expected.iter().collect::<Vec<_>>());
}

#[test]
fn what_was_not_measured_yet_or_ever_has_no_values() {
    let mut desk = Desk::new();
    script(&mut desk, "Later", Series::Points(vec![(300, 1.0)]));
    script(&mut desk, "Gone", Series::None);
    script(&mut desk, "Level", Series::Constant(2.5));
    desk.advance(120);
    let queries = [query("a", "Later", "Sum", 60), query("b", "Gone", "Sum", 60), query("c", "Other", "Sum", 60)];
    let answer = desk.ok(CloudWatch, "GetMetricData", &ask(&queries, 0, 600));
    for result in answer["MetricDataResults"].as_array().unwrap() {
        assert_eq!((&result["Values"], &result["StatusCode"]), (&json!([]), &json!("Complete")));
    }
    let level = [query("l", "Level", "Average", 60), query("s", "Level", "Sum", 300)];
    let answer = desk.ok(CloudWatch, "GetMetricData", &ask(&level, 0, 600));
    assert_eq!(answer["MetricDataResults"][0]["Values"], json!([2.5, 2.5, 2.5]));
    assert_eq!(answer["MetricDataResults"][1]["Values"], json!([7.5]));
    desk.advance(180);
    let later = desk.ok(CloudWatch, "GetMetricData", &ask(&queries[..1], 0, 600));
    assert_eq!(later["MetricDataResults"][0]["Values"], json!([1.0]));
}

/// API reference, `MetricDataResult`: `PartialData` "means that an incomplete set of data points were returned".
#[test]
fn long_answers_come_in_pages_and_say_so() {
    let mut desk = Desk::new();
    script(&mut desk, "Level", Series::Constant(1.0));
    desk.advance(600);
    let mut input = ask(&[query("a", "Level", "Average", 60), query("b", "Level", "Average", 60)], 0, 180);
    input["MaxDatapoints"] = json!(2);
    let (mut pages, mut codes, mut counts) = (0, Vec::new(), [0, 0]);
    loop {
        let answer = desk.ok(CloudWatch, "GetMetricData", &input);
        let results = answer["MetricDataResults"].as_array().unwrap();
        codes.push(results.iter().map(|one| one["StatusCode"] == "Complete").collect::<Vec<_>>());
        for (count, result) in counts.iter_mut().zip(results) {
            *count += result["Values"].as_array().unwrap().len();
        }
        pages += 1;
        let Some(next) = answer.get("NextToken") else { break };
        input["NextToken"] = next.clone();
    }
    assert_eq!((pages, counts), (3, [3, 3]));
    assert_eq!(codes, [[false, false], [true, false], [true, true]]);
}

#[test]
fn queries_that_are_not_simulated_are_refused_by_name() {
    let mut desk = Desk::new();
    let expression = json!({ "Id": "e1", "Expression": "m1 / m2 * 100" });
    let refusal = desk.call(CloudWatch, "GetMetricData", &ask(&[expression], 0, 60)).unwrap_err();
    assert_eq!(refusal.code, "ValidationError");
    assert!(refusal.message.contains("m1 / m2 * 100"), "{refusal}");
    for bad in
        [query("E", "x", "Sum", 60), query("e", "x", "Sum", 61), query("e", "x", "tm90", 60), json!({ "Id": "e" })]
    {
        assert_eq!(desk.refused(CloudWatch, "GetMetricData", &ask(&[bad], 0, 60)), "ValidationError");
    }
    let twice = [query("e", "x", "Sum", 60), query("e", "y", "Sum", 60)];
    assert_eq!(desk.refused(CloudWatch, "GetMetricData", &ask(&twice, 0, 60)), "ValidationError");
    assert_eq!(desk.refused(CloudWatch, "GetMetricData", &ask(&twice[..1], 60, 60)), "ValidationError");
}
