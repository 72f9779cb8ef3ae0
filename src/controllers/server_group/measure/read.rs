//! Reads the metrics of an analysis: CloudWatch in one call, alarms in one call, each URL by itself.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_cloudwatch::types::{Dimension, Metric as CloudWatch, MetricDataQuery, MetricStat};
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::expression::Reading;
use super::tokens::{Tokens, substitute};
use super::verdict::{Outcome, no_data, verdict, worst};
use crate::api::server_group::analysis::{Analysis, CloudWatchMetric, Metric, PrometheusQuery, WebQuery};
use crate::aws::{AlarmState, Aws, AwsError, Priority, Scope, Series};

/// Data points appear a while after their period: so many periods before those wanted are read too.
const LATE: i64 = 3;

/// States of alarms by name.
type Alarms = Result<BTreeMap<String, Option<AlarmState>>, AwsError>;
/// Data of metrics by the id of the query.
type Data = Result<BTreeMap<String, Series>, AwsError>;

/// Measures every metric once; the worst decides.
pub async fn measure(analysis: &Analysis, tokens: &Tokens, aws: &Aws, scope: &Scope, now: Timestamp) -> Outcome {
    let metrics: Vec<&Metric> = analysis.metrics.iter().flatten().collect();
    let (data, alarms, fetched) = futures::join!(
        Box::pin(metric_data(&metrics, tokens, aws, scope, now)),
        Box::pin(alarm_states(&metrics, tokens, aws, scope)),
        join_all(metrics.iter().map(|metric| Box::pin(fetch(metric, tokens, aws)))),
    );
    let each = metrics.iter().zip(fetched).enumerate().map(|(at, (metric, fetched))| {
        if let Some(wanted) = &metric.cloud_watch {
            return of_reading(metric, from_series(wanted, &id(at), &data, now));
        }
        match (&metric.alarms, fetched) {
            (Some(names), _) => of_alarms(metric, names, tokens, &alarms),
            (None, Some(reading)) => of_reading(metric, reading),
            (None, None) => Outcome::Error(format!("{}: nothing to measure", name_of(metric))),
        }
    });
    worst(&each.collect::<Vec<_>>())
}

fn of_reading(metric: &Metric, reading: Result<Reading, String>) -> Outcome {
    match reading {
        Ok(reading) => verdict(metric, &reading),
        Err(why) => Outcome::Error(format!("{}: {why}", name_of(metric))),
    }
}

fn name_of(metric: &Metric) -> &str {
    metric.name.as_deref().unwrap_or_default()
}

/// Ids of queries begin with a small letter.
fn id(at: usize) -> String {
    format!("m{at}")
}

fn period(metric: &CloudWatchMetric) -> i32 {
    metric.period_seconds.unwrap_or(60).max(1)
}

fn points(metric: &CloudWatchMetric) -> i32 {
    metric.points.unwrap_or(1).max(1)
}

/// The periods of a metric that have ended: from (inclusive) and until (exclusive), in seconds.
fn window(metric: &CloudWatchMetric, now: Timestamp) -> (i64, i64) {
    let period = i64::from(period(metric));
    let until = now.as_second() - now.as_second().rem_euclid(period);
    (until - period * (i64::from(points(metric)) + LATE), until)
}

async fn metric_data(metrics: &[&Metric], tokens: &Tokens, aws: &Aws, scope: &Scope, now: Timestamp) -> Data {
    let wanted = || metrics.iter().enumerate().filter_map(|(at, metric)| Some((at, metric.cloud_watch.as_ref()?)));
    let start = wanted().map(|(_, metric)| window(metric, now).0).min();
    let end = wanted().map(|(_, metric)| window(metric, now).1).max();
    let (Some(start), Some(end)) = (start, end) else { return Ok(BTreeMap::new()) };
    let moment = |second: i64| now.saturating_add(SignedDuration::from_secs(second - now.as_second())).unwrap_or(now);
    let queries = wanted().map(|(at, metric)| query(id(at), metric, tokens)).collect();
    aws.metric_data(scope, queries, moment(start), moment(end), Priority::Edit).await
}

fn query(id: String, metric: &CloudWatchMetric, tokens: &Tokens) -> MetricDataQuery {
    let dimensions = metric.dimensions.iter().flatten();
    let dimensions =
        dimensions.map(|(name, value)| Dimension::builder().name(name).value(substitute(value, tokens)).build());
    let what = CloudWatch::builder()
        .set_namespace(metric.namespace.clone())
        .set_metric_name(metric.metric_name.clone())
        .set_dimensions(Some(dimensions.collect()))
        .build();
    let stat = MetricStat::builder().metric(what).period(period(metric)).set_stat(metric.stat.clone()).build();
    MetricDataQuery::builder().id(id).metric_stat(stat).return_data(true).build()
}

fn from_series(metric: &CloudWatchMetric, id: &str, data: &Data, now: Timestamp) -> Result<Reading, String> {
    let data = data.as_ref().map_err(ToString::to_string)?;
    let Some(series) = data.get(id) else { return Ok(Reading::NoData) };
    if let Some(problem) = &series.problem {
        return Err(problem.clone());
    }
    let (from, until) = window(metric, now);
    let inside = series.points.iter().filter(|point| (from..until).contains(&point.at));
    let wanted = usize::try_from(points(metric)).unwrap_or(1);
    let values: Vec<f64> = inside.map(|point| point.value).take(wanted).collect();
    Ok(reading(values, wanted == 1))
}

/// Numbers as a reading; `single` where one alone is meant.
fn reading(mut values: Vec<f64>, single: bool) -> Reading {
    values.retain(|value| !value.is_nan());
    match (values.first(), single) {
        (None, _) => Reading::NoData,
        (Some(first), true) => Reading::Number(*first),
        (Some(_), false) => Reading::List(values),
    }
}

async fn alarm_states(metrics: &[&Metric], tokens: &Tokens, aws: &Aws, scope: &Scope) -> Alarms {
    let mut names: Vec<String> =
        metrics.iter().flat_map(|metric| metric.alarms.iter().flatten()).map(|name| substitute(name, tokens)).collect();
    names.sort();
    names.dedup();
    aws.alarms(scope, &names, Priority::Edit).await
}

/// All OK is good, one in ALARM is bad; one without data is no data.
fn of_alarms(metric: &Metric, names: &[String], tokens: &Tokens, alarms: &Alarms) -> Outcome {
    let name = name_of(metric);
    let alarms = match alarms {
        Ok(alarms) => alarms,
        Err(error) => return Outcome::Error(format!("{name}: {error}")),
    };
    let each = names.iter().map(|alarm| {
        let alarm = substitute(alarm, tokens);
        match alarms.get(&alarm).copied().flatten() {
            Some(AlarmState::Ok) => Outcome::Good(format!("{name}: alarm `{alarm}` is OK")),
            Some(AlarmState::Alarm) => Outcome::Bad(format!("{name}: alarm `{alarm}` is in ALARM")),
            Some(AlarmState::InsufficientData) => no_data(metric, format!("{name}: alarm `{alarm}` has no data")),
            None => Outcome::Error(format!("{name}: alarm `{alarm}` does not exist")),
        }
    });
    worst(&each.collect::<Vec<_>>())
}

/// What a URL answers; `None` where the metric has none.
async fn fetch(metric: &Metric, tokens: &Tokens, aws: &Aws) -> Option<Result<Reading, String>> {
    if let Some(query) = &metric.prometheus {
        let document = get(aws, &prometheus_url(query, tokens), query.timeout_seconds).await;
        return Some(document.and_then(|document| from_prometheus(&document)));
    }
    let web = metric.web.as_ref()?;
    let url = substitute(web.url.as_deref().unwrap_or_default(), tokens);
    Some(get(aws, &url, web.timeout_seconds).await.and_then(|document| from_web(web, &document)))
}

async fn get(aws: &Aws, url: &str, timeout_seconds: Option<i32>) -> Result<Value, String> {
    let seconds = u64::try_from(timeout_seconds.unwrap_or(10).max(1)).unwrap_or(10);
    let body = aws.fetch(url, Duration::from_secs(seconds)).await.map_err(|error| error.to_string())?;
    // The body may be anything: nothing of it is shown.
    serde_json::from_slice(&body).map_err(|_| "the answer is not JSON".to_owned())
}

fn prometheus_url(query: &PrometheusQuery, tokens: &Tokens) -> String {
    let address = query.address.as_deref().unwrap_or_default().trim_end_matches('/');
    let text = substitute(query.query.as_deref().unwrap_or_default(), tokens);
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("query", &text);
    format!("{address}/api/v1/query?{}", form.finish())
}

/// A scalar or a vector, as Prometheus's HTTP API describes them; a vector of one series is a number.
fn from_prometheus(document: &Value) -> Result<Reading, String> {
    if document.get("status").and_then(Value::as_str) != Some("success") {
        return Err("Prometheus did not answer with success".to_owned());
    }
    let result = document.pointer("/data/result").unwrap_or(&Value::Null);
    let sample = |pair: Option<&Value>| pair?.get(1)?.as_str()?.parse::<f64>().ok();
    let unreadable = || "Prometheus's answer cannot be read".to_owned();
    match document.pointer("/data/resultType").and_then(Value::as_str) {
        Some("scalar") => Ok(reading(vec![sample(Some(result)).ok_or_else(unreadable)?], true)),
        Some("vector") => {
            let series = result.as_array().ok_or_else(unreadable)?;
            let values: Option<Vec<f64>> = series.iter().map(|one| sample(one.get("value"))).collect();
            Ok(reading(values.ok_or_else(unreadable)?, series.len() == 1))
        }
        _ => Err("the query must give a scalar or an instant vector".to_owned()),
    }
}

fn from_web(query: &WebQuery, document: &Value) -> Result<Reading, String> {
    let pointer = query.json_pointer.as_deref().unwrap_or_default();
    match document.pointer(pointer) {
        None | Some(Value::Null) => Ok(Reading::NoData),
        Some(Value::Array(items)) => {
            let values: Option<Vec<f64>> = items.iter().map(number).collect();
            values.map(|values| reading(values, false)).ok_or_else(|| not_a_number(pointer))
        }
        Some(value) => number(value).map(|value| reading(vec![value], true)).ok_or_else(|| not_a_number(pointer)),
    }
}

/// A number, also one written as text.
fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())
}

fn not_a_number(pointer: &str) -> String {
    let place = if pointer.is_empty() { "the document" } else { pointer };
    format!("{place} is neither a number nor a list of numbers")
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
