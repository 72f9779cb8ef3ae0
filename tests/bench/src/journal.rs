//! What reached the simulated AWS, and when.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// One call.
#[derive(Clone, Debug)]
pub struct Call {
    /// Virtual milliseconds since the epoch.
    pub at: i64,
    /// The operation.
    pub operation: String,
    /// Services that are named, short.
    pub services: Vec<String>,
    /// What came back.
    pub answer: Answer,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Done.
    Done,
    /// Refused for its rate.
    Throttled,
    /// Refused for another reason.
    Refused,
    /// No answer at all.
    Broken,
}

impl Call {
    /// Does it change anything?
    pub fn is_write(&self) -> bool {
        !["Describe", "List", "Get"].iter().any(|read| self.operation.starts_with(read))
    }
}

/// The services that a request names.
pub fn services(body: &Value) -> Vec<String> {
    let short = |name: &str| name.rsplit('/').next().unwrap_or(name).to_owned();
    let named = body.get("services").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let one = ["service", "serviceName"].into_iter().filter_map(|member| body.get(member)?.as_str());
    named.chain(one).map(short).collect()
}

/// Calls of a stretch of time, counted.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// By operation.
    pub by_operation: BTreeMap<String, u64>,
    /// All.
    pub all: u64,
    /// Refused for their rate.
    pub throttled: u64,
    /// That change anything.
    pub writes: u64,
    /// Of the bucket «service read»: `DescribeServices` and `ListServices`.
    pub service_reads: u64,
}

impl Counts {
    /// Counts calls.
    pub fn of(calls: &[Call]) -> Self {
        let mut counts = Self::default();
        for call in calls {
            *counts.by_operation.entry(call.operation.clone()).or_default() += 1;
            counts.all += 1;
            counts.throttled += u64::from(call.answer == Answer::Throttled);
            counts.writes += u64::from(call.is_write());
            counts.service_reads += u64::from(matches!(call.operation.as_str(), "DescribeServices" | "ListServices"));
        }
        counts
    }

    /// Part of all calls that was refused for its rate, in percent.
    #[expect(clippy::cast_precision_loss, reason = "counts of calls are far below 2^52")]
    pub fn throttled_percent(&self) -> f64 {
        if self.all == 0 { 0.0 } else { self.throttled as f64 * 100.0 / self.all as f64 }
    }
}

/// Calls that wrote to a service.
pub fn updates(calls: &[Call]) -> impl Iterator<Item = &Call> {
    calls.iter().filter(|call| call.operation == "UpdateService" && call.answer == Answer::Done)
}

/// How long each service waited, of those that were written to since a moment of theirs, s.
pub fn updated(calls: &[Call], since: &[(String, i64)]) -> Vec<f64> {
    let first = |(service, since): &(String, i64)| {
        let later = updates(calls).find(|call| call.at > *since && call.services.contains(service))?;
        Some(millis(later.at - since))
    };
    since.iter().filter_map(first).collect()
}

/// Milliseconds in seconds.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of hours")]
pub fn millis(of: i64) -> f64 {
    of as f64 / 1000.0
}

/// Services that were described, with an answer, since a moment; and when the last of `wanted` was.
pub fn described_by(calls: &[Call], since: i64, wanted: &BTreeSet<String>) -> Option<i64> {
    let mut left: BTreeSet<&str> = wanted.iter().map(String::as_str).collect();
    for call in calls.iter().filter(|call| call.at >= since && call.answer == Answer::Done) {
        if call.operation == "DescribeServices" {
            for service in &call.services {
                left.remove(service.as_str());
            }
            if left.is_empty() {
                return Some(call.at);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(at: i64, operation: &str, service: &str, answer: Answer) -> Call {
        Call { at, operation: operation.to_owned(), services: vec![service.to_owned()], answer }
    }

    #[test]
    fn a_service_waits_from_its_own_moment_to_the_first_write_to_it_that_was_done() {
        let calls = [
            at(900, "UpdateService", "a", Answer::Done),
            at(2000, "DescribeServices", "a", Answer::Done),
            at(2500, "UpdateService", "a", Answer::Throttled),
            at(3000, "UpdateService", "a", Answer::Done),
            at(4000, "UpdateService", "a", Answer::Done),
            at(4500, "UpdateService", "b", Answer::Refused),
        ];
        let since = [("a".to_owned(), 1000), ("b".to_owned(), 1000)];
        assert_eq!(updated(&calls, &since), [2.0]);
    }
}
