//! One spelling for every scalar: units, letter case, numbers written as text.

use super::shape::Spell;
use serde_json::{Number, Value};

/// The value in the spelling of the normal form; what does not fit stays as it is.
pub(super) fn spell(value: &Value, spell: Spell) -> Value {
    match spell {
        Spell::Text | Spell::Role | Spell::Namespace => as_text(value),
        Spell::Number => as_number(value),
        Spell::Flag => as_flag(value),
        Spell::Upper => folded(value, str::to_ascii_uppercase),
        Spell::Lower => folded(value, str::to_ascii_lowercase),
        Spell::Cpu => folded(value, |text| units(text, "vcpu")),
        Spell::Memory => folded(value, |text| units(text, "gb")),
        Spell::Protocol => folded(value, |text| protocol(text).to_owned()),
        Spell::PlacementField => folded(value, placement_field),
    }
}

/// Whether two normal scalars mean the same.
pub(super) fn same(left: &Value, right: &Value, spell: Spell) -> bool {
    if left == right {
        return true;
    }
    let (Some(left), Some(right)) = (left.as_str(), right.as_str()) else {
        return false;
    };
    match spell {
        Spell::Role => role_of(left, right) || role_of(right, left),
        Spell::Namespace => !left.is_empty() && !right.is_empty() && is_arn(left) != is_arn(right),
        Spell::Text
        | Spell::Number
        | Spell::Flag
        | Spell::Upper
        | Spell::Lower
        | Spell::Cpu
        | Spell::Memory
        | Spell::Protocol
        | Spell::PlacementField => false,
    }
}

fn is_arn(text: &str) -> bool {
    text.starts_with("arn:")
}

/// `name` is a bare name or a path and name, and `arn` the ARN of that role.
fn role_of(arn: &str, name: &str) -> bool {
    let tail = arn.split_once(":role/").map(|(_, tail)| tail);
    is_arn(arn) && !is_arn(name) && tail.is_some_and(|tail| tail == name || tail.rsplit('/').next() == Some(name))
}

fn as_text(value: &Value) -> Value {
    if value.is_number() || value.is_boolean() { Value::String(value.to_string()) } else { value.clone() }
}

/// Whole numbers are integers, so that `10` equals `10.0`.
fn as_number(value: &Value) -> Value {
    let parsed = match value.as_str() {
        Some(text) => text.trim().parse::<Number>().ok(),
        None => value.as_number().cloned(),
    };
    let Some(number) = parsed else {
        return value.clone();
    };
    if number.is_i64() || number.is_u64() {
        return Value::Number(number);
    }
    let text = number.to_string();
    match text.strip_suffix(".0").map(str::parse::<i64>) {
        Some(Ok(whole)) => Value::from(whole),
        Some(Err(_)) | None => Value::Number(number),
    }
}

fn as_flag(value: &Value) -> Value {
    match value.as_str().map(str::trim) {
        Some(text) if text.eq_ignore_ascii_case("true") => Value::Bool(true),
        Some(text) if text.eq_ignore_ascii_case("false") => Value::Bool(false),
        Some(_) | None => value.clone(),
    }
}

fn folded(value: &Value, fold: impl Fn(&str) -> String) -> Value {
    match as_text(value).as_str() {
        Some(text) => Value::String(fold(text)),
        None => value.clone(),
    }
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PortMapping.html>: any value but
/// the (case-sensitive) `udp` is treated as `tcp`.
fn protocol(text: &str) -> &'static str {
    if text == "udp" { "udp" } else { "tcp" }
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PlacementStrategy.html>
fn placement_field(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    match lower.as_str() {
        "host" | "instanceid" => "instanceId".to_owned(),
        "cpu" | "memory" => lower,
        _ => text.to_owned(),
    }
}

/// `"0.25 vCPU"` is 256 and `"1 GB"` 1024, converted at registration:
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html>
fn units(text: &str, unit: &str) -> String {
    let lower = text.trim().to_ascii_lowercase();
    let scaled = match lower.strip_suffix(unit) {
        Some(amount) => times_1024(amount.trim()),
        None => lower.parse::<u64>().ok(),
    };
    scaled.map_or_else(|| text.to_owned(), |whole| whole.to_string())
}

/// A decimal number times 1024, when that is whole.
fn times_1024(amount: &str) -> Option<u64> {
    let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let whole = if whole.is_empty() { 0 } else { whole.parse::<u64>().ok()? };
    let fraction = fraction.trim_end_matches('0');
    let scale = 10_u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let part = if fraction.is_empty() { 0 } else { fraction.parse::<u64>().ok()? };
    let part = part.checked_mul(1024)?;
    if part % scale != 0 {
        return None;
    }
    whole.checked_mul(1024)?.checked_add(part / scale)
}
