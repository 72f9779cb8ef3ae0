//! CloudWatch: states of alarms, values of metrics.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::types::{MetricDataQuery, MetricDataResult, ScanBy, StateValue, StatusCode};
use aws_smithy_types::DateTime;
use futures::future::join_all;
use jiff::Timestamp;

use super::batcher::Found;
use super::clients::Aws;
use super::error::AwsError;
use super::op::{Op, Priority};
use super::pages::pages;
use super::query::{ask_each, whole};
use super::scope::Scope;

/// `GetMetricData` takes so many queries.
const QUERIES: usize = 500;

/// State of an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlarmState {
    /// `OK`
    Ok,
    /// `ALARM`
    Alarm,
    /// `INSUFFICIENT_DATA`, the state of a new alarm, or one that this version does not know.
    InsufficientData,
}

impl AlarmState {
    /// CloudWatch's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Alarm => "ALARM",
            Self::InsufficientData => "INSUFFICIENT_DATA",
        }
    }

    pub(super) fn of(state: Option<&StateValue>) -> Self {
        match state.map(StateValue::as_str) {
            Some("OK") => Self::Ok,
            Some("ALARM") => Self::Alarm,
            _ => Self::InsufficientData,
        }
    }
}

/// One data point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Start of its period, in seconds since the epoch.
    pub at: i64,
    /// The statistic.
    pub value: f64,
}

/// The answer to one query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// Data points, newest first.
    pub points: Vec<Point>,
    /// Why CloudWatch could not answer, where it could not.
    pub problem: Option<String>,
}

type Alarm = (String, AlarmState);

impl Aws {
    /// States of metric and composite alarms by name; `None` where there is no such alarm.
    pub async fn alarms(
        &self,
        scope: &Scope,
        names: &[String],
        priority: Priority,
    ) -> Result<BTreeMap<String, Option<AlarmState>>, AwsError> {
        let reads =
            names.iter().map(|name| async move { (name.clone(), Box::pin(self.alarm(scope, name, priority)).await) });
        let found = whole(join_all(reads).await)?;
        Ok(found.into_iter().map(|(name, alarm)| (name, alarm.map(|(_, state)| state))).collect())
    }

    async fn alarm(&self, scope: &Scope, name: &str, priority: Priority) -> Found<Alarm> {
        let (aws, at) = (self.clone(), scope.clone());
        let fetch = move |names: Vec<String>, priority| async move {
            let ask = |names: Vec<String>| {
                let read = aws.describe_alarms(&at, names, priority);
                async move { Ok(read.await?.into_iter().map(|(name, alarm)| (name, alarm.state())).collect()) }
            };
            ask_each(names, ask, |(found, _): &Alarm, name| found == name).await
        };
        self.batches().alarms.get(self, (scope.clone(), String::new()), name, priority, fetch).await
    }

    /// Values of metrics from `start` up to but without `end`, by the id of the query.
    pub async fn metric_data(
        &self,
        scope: &Scope,
        queries: Vec<MetricDataQuery>,
        start: Timestamp,
        end: Timestamp,
        priority: Priority,
    ) -> Result<BTreeMap<String, Series>, AwsError> {
        let mut found: BTreeMap<String, Series> = BTreeMap::new();
        for some in queries.chunks(QUERIES) {
            let results = pages(Op::GetMetricData, |token| {
                let call = self.cloudwatch(scope).get_metric_data().set_metric_data_queries(Some(some.to_vec()));
                let call = call.start_time(DateTime::from_secs(start.as_second()));
                let call = call.end_time(DateTime::from_secs(end.as_second()));
                let call = || call.scan_by(ScanBy::TimestampDescending).set_next_token(token).send();
                async move {
                    let page = self.call(scope, Op::GetMetricData, priority, call).await?;
                    Ok((page.metric_data_results.unwrap_or_default(), page.next_token))
                }
            });
            for result in results.await? {
                let series = found.entry(result.id.clone().unwrap_or_default()).or_default();
                take_in(series, &result);
            }
        }
        for series in found.values_mut() {
            series.points.sort_by_key(|point| std::cmp::Reverse(point.at));
        }
        Ok(found)
    }
}

/// A query's result may go on in a later page.
fn take_in(series: &mut Series, result: &MetricDataResult) {
    let at = result.timestamps().iter().map(DateTime::secs);
    series.points.extend(at.zip(result.values()).map(|(at, value)| Point { at, value: *value }));
    if matches!(result.status_code, Some(StatusCode::InternalError | StatusCode::Forbidden)) {
        let said = result.messages().iter().filter_map(|message| message.value()).collect::<Vec<_>>().join("; ");
        let code = result.status_code.as_ref().map(StatusCode::as_str).unwrap_or_default();
        series.problem = Some(if said.is_empty() { code.to_owned() } else { format!("{code}: {said}") });
    }
}

#[cfg(test)]
#[path = "cloudwatch_tests.rs"]
mod tests;
