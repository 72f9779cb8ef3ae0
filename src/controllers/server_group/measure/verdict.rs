//! What a measurement says of a metric, and which metric decides. Pure.

use super::expression::{Reading, holds, problem};
use crate::api::server_group::analysis::{Analysis, Metric, NoData};

/// What one measurement of all metrics came to; the text names metric, value and condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All good.
    Good(String),
    /// One is bad.
    Bad(String),
    /// Neither.
    Inconclusive(String),
    /// One could not be measured.
    Error(String),
}

impl Outcome {
    /// The text.
    pub fn message(&self) -> &str {
        match self {
            Self::Good(text) | Self::Bad(text) | Self::Inconclusive(text) | Self::Error(text) => text,
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Good(_) => 0,
            Self::Inconclusive(_) => 1,
            Self::Error(_) => 2,
            Self::Bad(_) => 3,
        }
    }
}

/// The worst decides: bad before error before inconclusive before good. Equals are named together.
pub(super) fn worst(outcomes: &[Outcome]) -> Outcome {
    if outcomes.is_empty() {
        return Outcome::Error("there is nothing to measure".to_owned());
    }
    let rank = outcomes.iter().map(Outcome::rank).max().unwrap_or_default();
    let texts: Vec<String> =
        outcomes.iter().filter(|outcome| outcome.rank() == rank).map(|o| o.message().to_owned()).collect();
    let text = texts.join("; ");
    match rank {
        0 => Outcome::Good(text),
        1 => Outcome::Inconclusive(text),
        2 => Outcome::Error(text),
        _ => Outcome::Bad(text),
    }
}

/// What the reading says of the metric.
pub(super) fn verdict(metric: &Metric, reading: &Reading) -> Outcome {
    let name = metric.name.as_deref().unwrap_or_default();
    if *reading == Reading::NoData {
        return no_data(metric, format!("{name}: no data"));
    }
    let shown = format!("{name} = {}", reading.shown());
    let judged = |expression: &Option<String>| match expression {
        Some(text) => holds(text, reading).map(Some),
        None => Ok(None),
    };
    let (failure, success) = match (judged(&metric.failure), judged(&metric.success)) {
        (Ok(failure), Ok(success)) => (failure, success),
        // A failure that can be told counts, whatever the other expression does.
        (Ok(Some(true)), Err(_)) => (Some(true), None),
        (Err(why), _) | (_, Err(why)) => return Outcome::Error(format!("{shown}: {why}")),
    };
    let says = |condition: &Option<String>, what: &str, holds: &str| {
        format!("{shown}: {what} `{}` {holds}", condition.as_deref().unwrap_or_default())
    };
    match (failure, success) {
        (Some(true), _) => Outcome::Bad(says(&metric.failure, "failure", "holds")),
        (_, Some(true)) => Outcome::Good(says(&metric.success, "success", "holds")),
        (None, Some(false)) => Outcome::Bad(says(&metric.success, "success", "does not hold")),
        (Some(false), None) => Outcome::Good(says(&metric.failure, "failure", "does not hold")),
        (Some(false), Some(false)) => Outcome::Inconclusive(format!("{shown}: neither success nor failure holds")),
        (None, None) => Outcome::Error(format!("{shown}: neither success nor failure is given")),
    }
}

/// What no data means for the metric.
pub(super) fn no_data(metric: &Metric, text: String) -> Outcome {
    match metric.no_data.unwrap_or_default() {
        NoData::Inconclusive => Outcome::Inconclusive(text),
        NoData::Success => Outcome::Good(text),
        NoData::Failure => Outcome::Bad(text),
    }
}

/// What is wrong with an analysis before anything is measured, sorted.
pub fn problems(analysis: &Analysis) -> Vec<String> {
    let mut found: Vec<String> = analysis.metrics.iter().flatten().flat_map(of_metric).collect();
    found.sort();
    found
}

fn of_metric(metric: &Metric) -> Vec<String> {
    let name = metric.name.as_deref().unwrap_or_default();
    let expressions = [("success", &metric.success), ("failure", &metric.failure)];
    let mut found: Vec<String> = expressions
        .iter()
        .filter_map(|(field, text)| Some(format!("metric `{name}`: `{field}`: {}", problem(text.as_deref()?)?)))
        .collect();
    let sources =
        [metric.cloud_watch.is_some(), metric.alarms.is_some(), metric.prometheus.is_some(), metric.web.is_some()];
    if sources.iter().filter(|set| **set).count() != 1 {
        let text = "exactly one of `cloudWatch`, `alarms`, `prometheus` and `web` must be set";
        found.push(format!("metric `{name}`: {text}"));
    }
    if metric.alarms.is_none() && metric.success.is_none() && metric.failure.is_none() {
        found.push(format!("metric `{name}`: `success` or `failure` must be set"));
    }
    found
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;
