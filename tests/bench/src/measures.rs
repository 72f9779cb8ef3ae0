//! What was measured, and what it is held against.

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

/// The median of so many seconds, in words.
pub fn median(values: &mut [f64]) -> String {
    quantile(values, 0.5).map_or_else(|| "no median".to_owned(), |median| format!("median {median} s"))
}
