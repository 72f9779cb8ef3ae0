//! Scripted metrics: what was measured, and how points become statistics.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::world::{RegionKey, Sim};

/// What a metric measured.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(tag = "kind", content = "points", rename_all = "camelCase")]
pub enum Series {
    /// Nothing.
    #[default]
    None,
    /// The same value once a minute, always.
    Constant(f64),
    /// Values at seconds after the script was set (negative: before). What lies in the future is not seen yet.
    Points(Vec<(i64, f64)>),
}

/// Namespace, name, and dimensions by name.
pub type MetricKey = (String, String, BTreeMap<String, String>);

/// All scripted metrics of one account and Region; one that is not here has no data.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    /// Time of the script (virtual milliseconds) and series.
    pub series: BTreeMap<MetricKey, (i64, Series)>,
}

impl Metrics {
    /// What was measured from `from` to before `to` and not after `now`; milliseconds.
    pub(super) fn between(&self, key: &MetricKey, from: i64, to: i64, now: i64) -> Vec<f64> {
        let to = to.min(now.saturating_add(1));
        match self.series.get(key) {
            None | Some((_, Series::None)) => Vec::new(),
            Some((_, Series::Constant(value))) => {
                // One point at each full minute.
                let before = |at: i64| (at - 1).div_euclid(60_000) + 1;
                vec![*value; usize::try_from(before(to) - before(from)).unwrap_or(0)]
            }
            Some((set_at, Series::Points(points))) => {
                let inside = |(offset, _): &&(i64, f64)| (from..to).contains(&(set_at + offset * 1000));
                points.iter().filter(inside).map(|(_, value)| *value).collect()
            }
        }
    }
}

/// A statistic of `GetMetricData`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Statistic {
    Average,
    Sum,
    Minimum,
    Maximum,
    SampleCount,
    Percentile(f64),
}

impl Statistic {
    /// `Average`, `Sum`, `Minimum`, `Maximum`, `SampleCount`, `p0` to `p100`; others are not simulated.
    pub(super) fn read(word: &str) -> Option<Self> {
        match word {
            "Average" => Some(Self::Average),
            "Sum" => Some(Self::Sum),
            "Minimum" => Some(Self::Minimum),
            "Maximum" => Some(Self::Maximum),
            "SampleCount" => Some(Self::SampleCount),
            _ => {
                let percent: f64 = word.strip_prefix('p')?.parse().ok()?;
                (0.0..=100.0).contains(&percent).then_some(Self::Percentile(percent))
            }
        }
    }

    /// The statistic of points, `None` without points.
    #[expect(clippy::cast_precision_loss, reason = "there are far fewer points than 2^52")]
    pub(super) fn of(self, mut points: Vec<f64>) -> Option<f64> {
        points.sort_by(f64::total_cmp);
        let (first, last) = (*points.first()?, *points.last()?);
        let (sum, count) = (points.iter().sum::<f64>(), points.len() as f64);
        Some(match self {
            Self::Average => sum / count,
            Self::Sum => sum,
            Self::Minimum => first,
            Self::Maximum => last,
            Self::SampleCount => count,
            Self::Percentile(percent) => nearest(&points, percent).unwrap_or(last),
        })
    }
}

/// The smallest point that `percent` of all do not exceed.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank")]
fn nearest(sorted: &[f64], percent: f64) -> Option<f64> {
    let rank = (percent / 100.0 * sorted.len() as f64).ceil().max(1.0) as usize;
    sorted.get(rank - 1).copied()
}

impl Sim {
    /// Scripts a metric from now on; it replaces what was scripted for it before.
    pub fn set_series(
        &mut self,
        key: &RegionKey,
        namespace: &str,
        metric: &str,
        dimensions: &[(&str, &str)],
        series: Series,
    ) {
        let dimensions = dimensions.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let now = self.now();
        let place = (namespace.to_owned(), metric.to_owned(), dimensions);
        self.region(key).metrics.series.insert(place, (now, series));
    }
}
