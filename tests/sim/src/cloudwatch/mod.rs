//! Amazon CloudWatch: alarms, and metrics from scripted series.

pub mod alarm;
mod describe;
pub mod metric;
mod query;
mod tags;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};

use crate::ecs::service::with_fleet;
use crate::ecs::{self, paging};
use crate::refusal::Refusal;
use crate::world::{Cx, Region};

pub use alarm::Alarm;
pub use metric::{Metrics, Series};

/// Calls `action` with an input that fits its shape.
pub fn dispatch(region: &mut Region, cx: &mut Cx, action: &str, input: &Value) -> Result<Value, Refusal> {
    match action {
        "GetMetricData" => query::get(region, cx, input),
        "DescribeAlarms" => describe::describe(region, cx, input),
        "PutMetricAlarm" => with_fleet(region, cx, |fleet, _, cx| alarm::put(fleet, cx, input)),
        "DeleteAlarms" => with_fleet(region, cx, |fleet, _, _| alarm::delete(fleet, input)),
        "SetAlarmState" => with_fleet(region, cx, |fleet, _, _| alarm::set_state(fleet, input)),
        "ListTagsForResource" => tags::list_tags(region, cx, input),
        "TagResource" => tags::tag(region, cx, input),
        "UntagResource" => tags::untag(region, cx, input),
        _ => Err(Refusal::unknown_operation()),
    }
}

/// `ValidationError`.
fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("ValidationError", message)
}

/// One page of a listing, by `NextToken` and the member `size`.
///
/// Errors: `InvalidNextToken`; `ValidationError` for a size outside `1..=most`.
fn page(
    cx: &mut Cx,
    operation: &str,
    input: &Value,
    items: Vec<Value>,
    size: (&str, usize, usize),
) -> Result<paging::Page, Refusal> {
    let mut asked = input.clone();
    if let Value::Object(members) = &mut asked {
        for (name, other) in [("NextToken", "nextToken"), (size.0, "maxResults")] {
            if let Some(value) = members.remove(name) {
                members.insert(other.to_owned(), value);
            }
        }
    }
    paging::page(cx, operation, &asked, items, size.1, size.2).map_err(|refusal| {
        if refusal.message.contains("token") {
            Refusal::new("InvalidNextToken", refusal.message)
        } else {
            invalid(refusal.message.replace("maxResults", size.0))
        }
    })
}

/// Adds `NextToken` where there is one.
fn with_token(mut answer: Value, next: Option<String>) -> Value {
    if let Some(next) = next {
        ecs::set(&mut answer, "NextToken", next);
    }
    answer
}

/// An answer without members.
fn nothing() -> Value {
    json!({})
}
