//! What was measured, and what it is held against.

use std::io::Write as _;

use serde::{Deserialize, Serialize};

/// One line of the table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Measure {
    /// Stable name, by which a target is found.
    pub id: String,
    /// What it is, with its unit.
    pub what: String,
    /// Services and clusters.
    pub shape: String,
    /// Services, as a number.
    pub services: usize,
    /// Whose.
    pub subject: String,
    /// The figure; absent when it did not come about within the limit that `note` names.
    pub value: Option<f64>,
    /// The least that quotas allow, in the same unit.
    pub floor: Option<f64>,
    /// What else is to be known.
    pub note: String,
}

impl Measure {
    /// Tells of it at once: a run takes its time. Aside, for what a process prints may be its answer.
    pub fn tell(&self) {
        let line = serde_json::to_string(self).unwrap_or_default();
        let _written = writeln!(std::io::stderr(), "{line}");
    }
}

/// What a figure must not exceed.
#[derive(Clone, Debug, Deserialize)]
pub struct Target {
    /// The measure.
    pub id: String,
    /// Services it holds for.
    pub services: usize,
    /// The bound, in the measure's unit.
    pub at_most: f64,
}

/// Seconds, kept to milliseconds.
pub fn seconds(duration: std::time::Duration) -> f64 {
    (duration.as_secs_f64() * 1000.0).round() / 1000.0
}

/// The value below which a part (0 to 1) of all values lies; `None` of none.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "small")]
pub fn quantile(values: &mut [f64], part: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    values.get((last as f64 * part).ceil() as usize).copied()
}

/// The worst of so many seconds, unless some did not come about within a limit; and more of it in words.
pub fn worst(values: &mut [f64], of: usize, limit: &str) -> (Option<f64>, String) {
    let median = quantile(values, 0.5).map_or_else(|| "no median".to_owned(), |median| format!("median {median} s"));
    let missed = of.saturating_sub(values.len());
    let worst = quantile(values, 1.0).filter(|_| missed == 0);
    (worst, format!("{median}, {missed} of {of} not within {limit}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_is_told_only_of_all() {
        assert_eq!(
            worst(&mut [3.0, 1.0, 2.0], 3, "a day"),
            (Some(3.0), "median 2 s, 0 of 3 not within a day".to_owned())
        );
        assert_eq!(worst(&mut [3.0], 2, "a day"), (None, "median 3 s, 1 of 2 not within a day".to_owned()));
        assert_eq!(worst(&mut [], 2, "a day"), (None, "no median, 2 of 2 not within a day".to_owned()));
    }
}
