//! Whole measurements over a scripted wire.

use serde_json::json;

use super::*;
use crate::aws::test_wire::{Asked, Reply, Wire};

fn now() -> Timestamp {
    Timestamp::from_second(1_000_030).unwrap()
}

fn tokens() -> Tokens {
    Tokens {
        service: "web-v002".to_owned(),
        cluster: "prod".to_owned(),
        version: "web-v002".to_owned(),
        target_group: "targetgroup/t/1".to_owned(),
        load_balancer: "app/l/2".to_owned(),
    }
}

async fn measured(wire: &Wire, metrics: Vec<Metric>) -> Outcome {
    let analysis = Analysis { metrics: Some(metrics), ..Analysis::default() };
    measure(&analysis, &tokens(), &wire.aws(), &Scope::new("eu-west-1"), now()).await
}

fn named(name: &str, success: &str) -> Metric {
    Metric { name: Some(name.to_owned()), success: Some(success.to_owned()), ..Metric::default() }
}

fn cloud_watch(name: &str, success: &str, points: Option<i32>) -> Metric {
    let dimensions = [("TargetGroup", "${targetGroup}"), ("LoadBalancer", "${loadBalancer}")];
    let watched = CloudWatchMetric {
        namespace: Some("AWS/ApplicationELB".to_owned()),
        metric_name: Some("HTTPCode_Target_5XX_Count".to_owned()),
        dimensions: Some(dimensions.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()),
        stat: Some("Sum".to_owned()),
        points,
        ..CloudWatchMetric::default()
    };
    Metric { cloud_watch: Some(watched), ..named(name, success) }
}

fn web(name: &str, url: &str, pointer: Option<&str>, success: &str) -> Metric {
    let query = WebQuery { url: Some(url.to_owned()), json_pointer: pointer.map(str::to_owned), timeout_seconds: None };
    Metric { web: Some(query), ..named(name, success) }
}

fn prometheus(query: &str, success: &str) -> Metric {
    let query = PrometheusQuery {
        address: Some("http://prom:9090/".to_owned()),
        query: Some(query.to_owned()),
        timeout_seconds: Some(3),
    };
    Metric { prometheus: Some(query), ..named("prom", success) }
}

/// Points at 120, 60 and 0 seconds before the last minute that has ended, and one of the minute that runs.
fn series(asked: &Asked) -> Reply {
    let queries = asked.body["MetricDataQueries"].as_array().unwrap();
    let times: Vec<Value> = [1_000_020, 999_960, 999_900, 999_840].iter().map(|at| json!({ "$time": at })).collect();
    let results = queries.iter().map(|query| {
        json!({ "Id": query["Id"], "Timestamps": times, "Values": [99.5, 3.5, 2.5, 1.5], "StatusCode": "Complete" })
    });
    Reply::Cbor(200, json!({ "MetricDataResults": results.collect::<Vec<_>>() }))
}

#[tokio::test(start_paused = true)]
async fn metrics_of_cloudwatch_are_one_call_about_periods_that_have_ended() {
    let wire = Wire::new(series);
    let metrics = vec![cloud_watch("one", "result == 3.5", None), cloud_watch("two", "result == [3.5, 2.5]", Some(2))];
    let outcome = measured(&wire, metrics).await;
    assert!(matches!(outcome, Outcome::Good(_)), "{outcome:?}");
    assert_eq!(wire.operations(), ["GetMetricData"]);
    let body = &wire.asked()[0].body;
    assert_eq!(body["EndTime"], json!({ "$time": 1_000_020 }));
    assert_eq!(body["StartTime"], json!({ "$time": 1_000_020 - 5 * 60 }));
    let stat = &body["MetricDataQueries"][0]["MetricStat"];
    assert_eq!((&stat["Period"], &stat["Stat"]), (&json!(60), &json!("Sum")));
    let dimensions = stat["Metric"]["Dimensions"].as_array().unwrap();
    assert!(dimensions.contains(&json!({ "Name": "TargetGroup", "Value": "targetgroup/t/1" })), "{dimensions:?}");
}

#[tokio::test(start_paused = true)]
async fn a_metric_without_points_has_no_data_and_a_refused_one_is_an_error() {
    let wire =
        Wire::new(|_| Reply::Cbor(200, json!({ "MetricDataResults": [{ "Id": "m0", "StatusCode": "Complete" }] })));
    let outcome = measured(&wire, vec![cloud_watch("one", "true", None)]).await;
    assert_eq!(outcome, Outcome::Inconclusive("one: no data".to_owned()));
    let wire = Wire::new(|_| Reply::Cbor(400, json!({ "__type": "AccessDenied", "message": "no" })));
    let outcome = measured(&wire, vec![cloud_watch("one", "true", None)]).await;
    assert_eq!(outcome, Outcome::Error("one: GetMetricData: AccessDenied: no".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn alarms_are_good_together_and_one_in_alarm_is_bad() {
    let wire = Wire::new(|asked| {
        let known = asked.list("AlarmNames").into_iter().filter(|name| name != "gone");
        let alarm = |name: String| {
            let state = if name.starts_with("bad") { "ALARM" } else { "OK" };
            json!({ "AlarmName": name, "StateValue": state })
        };
        Reply::Cbor(200, json!({ "MetricAlarms": known.map(alarm).collect::<Vec<_>>() }))
    });
    let alarms = |names: &[&str]| {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        vec![Metric { name: Some("al".to_owned()), alarms: Some(names), ..Metric::default() }]
    };
    assert!(matches!(measured(&wire, alarms(&["a", "b"])).await, Outcome::Good(_)));
    let outcome = measured(&wire, alarms(&["gone", "bad-${version}", "a"])).await;
    assert_eq!(outcome, Outcome::Bad("al: alarm `bad-web-v002` is in ALARM".to_owned()));
    let outcome = measured(&wire, alarms(&["gone", "a"])).await;
    assert_eq!(outcome, Outcome::Error("al: alarm `gone` does not exist".to_owned()));
    assert_eq!(wire.asked().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_query_of_prometheus_is_encoded_and_its_values_are_numbers() {
    let answer = |kind: &str, result: Value| {
        let body = json!({ "status": "success", "data": { "resultType": kind, "result": result } });
        Wire::new(move |_| Reply::Text(200, body.to_string()))
    };
    let one = json!([{ "metric": {}, "value": [1, "0.25"] }]);
    let wire = answer("vector", one);
    let query = "rate(x{service=\"${service}\"}[1m]) + 1";
    let outcome = measured(&wire, vec![prometheus(query, "result < 0.5")]).await;
    assert_eq!(outcome, Outcome::Good("prom = 0.25: success `result < 0.5` holds".to_owned()));
    let url = wire.asked()[0].host.clone();
    let sent = url.strip_prefix("http://prom:9090/api/v1/query?query=").unwrap();
    assert!(sent.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"%+-_.*".contains(&byte)), "{sent}");
    let decoded: String = form_urlencoded::parse(format!("q={sent}").as_bytes()).map(|(_, value)| value).collect();
    assert_eq!(decoded, "rate(x{service=\"web-v002\"}[1m]) + 1");

    let two = json!([{ "metric": {}, "value": [1, "1"] }, { "metric": {}, "value": [1, "2"] }]);
    assert!(matches!(
        measured(&answer("vector", two), vec![prometheus("q", "result == [1.0, 2.0]")]).await,
        Outcome::Good(_)
    ));
    let scalar = answer("scalar", json!([1, "7"]));
    assert!(matches!(measured(&scalar, vec![prometheus("q", "result == 7")]).await, Outcome::Good(_)));
    for nothing in [json!([]), json!([{ "metric": {}, "value": [1, "NaN"] }])] {
        let outcome = measured(&answer("vector", nothing), vec![prometheus("q", "true")]).await;
        assert!(matches!(outcome, Outcome::Inconclusive(_)), "{outcome:?}");
    }
    let matrix = measured(&answer("matrix", json!([])), vec![prometheus("q", "true")]).await;
    assert!(matches!(matrix, Outcome::Error(_)));
}

#[tokio::test(start_paused = true)]
async fn a_document_is_read_by_its_pointer_and_never_shown() {
    let wire = Wire::new(|asked| match asked.host.as_str() {
        "https://h/web-v002" => {
            Reply::Text(200, json!({ "data": { "rate": 0.5, "all": [1, "2"], "none": null } }).to_string())
        }
        "https://h/number" => Reply::Text(200, "3".to_owned()),
        "https://h/secret" => Reply::Text(200, "<secret>".to_owned()),
        _ => Reply::Raw(404, "secret"),
    });
    let good = [
        web("w", "https://h/${version}", Some("/data/rate"), "result == 0.5"),
        web("w", "https://h/${version}", Some("/data/all"), "result == [1.0, 2.0]"),
        web("w", "https://h/number", None, "result == 3"),
    ];
    for metric in good {
        let outcome = measured(&wire, vec![metric.clone()]).await;
        assert!(matches!(outcome, Outcome::Good(_)), "{metric:?}: {outcome:?}");
    }
    for pointer in ["/data/none", "/data/missing"] {
        let outcome = measured(&wire, vec![web("w", "https://h/web-v002", Some(pointer), "true")]).await;
        assert_eq!(outcome, Outcome::Inconclusive("w: no data".to_owned()));
    }
    let cases = [
        (web("w", "https://h/web-v002", Some("/data"), "true"), "w: /data is neither a number nor a list of numbers"),
        (web("w", "https://h/secret", None, "true"), "w: the answer is not JSON"),
        (web("w", "https://h/else", None, "true"), "w: answered 404"),
    ];
    for (metric, text) in cases {
        assert_eq!(measured(&wire, vec![metric]).await, Outcome::Error(text.to_owned()));
    }
}

#[tokio::test(start_paused = true)]
async fn the_worst_of_different_kinds_decides() {
    let wire = Wire::new(|asked| match asked.operation.as_str() {
        "GetMetricData" => series(asked),
        _ => Reply::Raw(500, ""),
    });
    let both = vec![cloud_watch("cw", "result > 100.0", None), web("w", "https://h/", None, "true")];
    let outcome = measured(&wire, both).await;
    assert_eq!(outcome, Outcome::Bad("cw = 3.5: success `result > 100.0` does not hold".to_owned()));
}
