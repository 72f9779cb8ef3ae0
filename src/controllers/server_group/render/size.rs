//! CPU and memory, written as a number or with a unit. Pure.

use crate::api::mirror::IntOrText;

/// CPU units: `512`, or 256 for `.25 vCPU`.
#[must_use]
pub fn cpu_units(value: &IntOrText) -> Option<i64> {
    whole(&value.text(), "vcpu")
}

/// Memory in MiB: `512`, or 2048 for `2 GB`.
#[must_use]
pub fn mebibytes(value: &IntOrText) -> Option<i64> {
    whole(&value.text(), "gb")
}

/// A number, or a number of a unit that stands for 1024.
fn whole(text: &str, unit: &str) -> Option<i64> {
    let text = text.trim().to_ascii_lowercase();
    let Some(number) = text.strip_suffix(unit) else { return text.parse().ok() };
    let number: f64 = number.trim().parse().ok()?;
    format!("{:.0}", number * 1024.0).parse().ok()
}
