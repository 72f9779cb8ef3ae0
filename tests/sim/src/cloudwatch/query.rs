//! `GetMetricData`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::metric::{MetricKey, Metrics, Statistic};
use super::{invalid, page, with_token};
use crate::ecs::{list, number, text};
use crate::refusal::Refusal;
use crate::world::{Cx, Region, timestamp};

/// API reference: "The maximum number of data points the request should return", and how many queries.
const MOST_POINTS: usize = 100_800;
const MOST_QUERIES: usize = 500;

struct Query {
    id: String,
    label: String,
    metric: MetricKey,
    /// Milliseconds.
    period: i64,
    statistic: Statistic,
    shown: bool,
}

fn read(query: &Value) -> Result<Query, Refusal> {
    let id = text(query, "Id").unwrap_or_default();
    let fits = id.bytes().next().is_some_and(|first| first.is_ascii_lowercase())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !fits {
        return Err(invalid(format!(
            "The id '{id}' must start with a lower-case letter and hold letters, digits and _"
        )));
    }
    if let Some(expression) = text(query, "Expression") {
        return Err(invalid(format!("The expression '{expression}' of '{id}' is not simulated")));
    }
    let stat = query
        .get("MetricStat")
        .ok_or_else(|| invalid(format!("Exactly one of MetricStat and Expression must be specified for '{id}'")))?;
    let period = number(stat, "Period").unwrap_or(60);
    if !(matches!(period, 1 | 5 | 10 | 20 | 30) || (period > 0 && period % 60 == 0)) {
        return Err(invalid(format!("The period {period} of '{id}' must be 1, 5, 10, 20, 30 or a multiple of 60")));
    }
    let word = text(stat, "Stat").unwrap_or_default();
    let statistic = Statistic::read(word).ok_or_else(|| invalid(format!("The statistic '{word}' is not simulated")))?;
    let metric = stat.get("Metric").unwrap_or(&Value::Null);
    let owned = |member: &str| text(metric, member).unwrap_or_default().to_owned();
    let dimensions: BTreeMap<String, String> = list(metric, "Dimensions")
        .iter()
        .filter_map(|one| Some((text(one, "Name")?.to_owned(), text(one, "Value")?.to_owned())))
        .collect();
    Ok(Query {
        id: id.to_owned(),
        label: text(query, "Label").map_or_else(|| owned("MetricName"), str::to_owned),
        metric: (owned("Namespace"), owned("MetricName"), dimensions),
        period: period * 1000,
        statistic,
        shown: query.get("ReturnData") != Some(&Value::Bool(false)),
    })
}

#[expect(clippy::cast_possible_truncation, reason = "times are far below 2^52 ms")]
fn time(input: &Value, member: &str) -> i64 {
    (input.get(member).and_then(Value::as_f64).unwrap_or(0.0) * 1000.0).round() as i64
}

/// Start of each period with data, and the statistic. `to` is exclusive.
fn points(metrics: &Metrics, query: &Query, (from, to): (i64, i64), now: i64) -> Vec<(i64, f64)> {
    let first = from.div_euclid(query.period) * query.period;
    let mut found = Vec::new();
    let mut at = first;
    while at < to.min(now.saturating_add(1)) {
        let measured = metrics.between(&query.metric, at, at + query.period, now);
        found.extend(query.statistic.of(measured).map(|value| (at, value)));
        at += query.period;
    }
    found
}

/// `GetMetricData`.
pub(super) fn get(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    let span = (time(input, "StartTime"), time(input, "EndTime"));
    if span.0 >= span.1 {
        return Err(invalid("StartTime must be before EndTime"));
    }
    let asked = list(input, "MetricDataQueries");
    if asked.is_empty() || asked.len() > MOST_QUERIES {
        return Err(invalid(format!("Between 1 and {MOST_QUERIES} queries must be specified")));
    }
    let queries: Vec<Query> = asked.iter().map(read).collect::<Result<_, _>>()?;
    if queries.iter().map(|query| &query.id).collect::<BTreeSet<_>>().len() < queries.len() {
        return Err(invalid("The ids of the queries must be unique"));
    }
    if queries.iter().any(|query| (span.1 - span.0) / query.period > 1_000_000) {
        return Err(invalid("Too many data points"));
    }
    // Newest first unless asked otherwise.
    let ascending = text(input, "ScanBy") == Some("TimestampAscending");
    let (mut items, mut totals) = (Vec::new(), Vec::new());
    for (nth, query) in queries.iter().enumerate() {
        let mut found = if query.shown { points(&region.metrics, query, span, cx.now) } else { Vec::new() };
        if !ascending {
            found.reverse();
        }
        totals.push(found.len());
        let count = found.len();
        items.extend(found.iter().enumerate().map(|(at, point)| json!([nth, count - at - 1, point.0, point.1])));
    }
    let shown = page(cx, "GetMetricData", input, items, ("MaxDatapoints", MOST_POINTS, MOST_POINTS))?;
    let results = queries.iter().enumerate().filter(|(_, query)| query.shown);
    let last = shown.items.last().and_then(|item| item.get(0)).and_then(Value::as_u64).unwrap_or(0);
    let results: Vec<Value> = results
        .map(|(nth, query)| {
            let mine: Vec<&Value> =
                shown.items.iter().filter(|item| item.get(0).and_then(Value::as_u64) == Some(nth as u64)).collect();
            let left = match mine.last() {
                Some(item) => item.get(1).and_then(Value::as_u64).unwrap_or(0) > 0,
                None => shown.next.is_some() && nth as u64 > last && totals.get(nth).is_some_and(|total| *total > 0),
            };
            result(query, &mine, left)
        })
        .collect();
    Ok(with_token(json!({ "MetricDataResults": results, "Messages": [] }), shown.next))
}

fn result(query: &Query, points: &[&Value], left: bool) -> Value {
    let at = |item: &&Value| timestamp(item.get(2).and_then(Value::as_i64).unwrap_or(0));
    let value = |item: &&Value| item.get(3).cloned().unwrap_or_default();
    json!({
        "Id": query.id,
        "Label": query.label,
        "Timestamps": points.iter().map(at).collect::<Vec<_>>(),
        "Values": points.iter().map(value).collect::<Vec<_>>(),
        "StatusCode": if left { "PartialData" } else { "Complete" },
    })
}
