//! Who owns a version's count, and its share of Application Auto Scaling. Pure.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Intent, Pin, VersionOf};
use crate::api::policy::ScalingMode;
use crate::api::shapes::policy::Scaling;
use crate::api::shapes::scaling::SuspendedState;
use crate::controllers::arn::short;
use crate::controllers::server_group::desired::Desired;

/// The scaling of a version. `target_group` is the ARN of the first of its own target groups.
pub(super) fn scaling(desired: &Desired, version: &VersionOf, target_group: Option<&str>, intent: Intent) -> Scaling {
    let mode = desired.scaling.mode;
    if mode != ScalingMode::External {
        // A count that a rollout sets is enforced, whoever owns it afterwards.
        let mode = if intent.pin == Pin::Full { ScalingMode::Managed } else { mode };
        return Scaling { mode: Some(mode), ..Scaling::default() };
    }
    let declared = &desired.scaling;
    let tokens = Tokens::of(desired, version, target_group);
    let (min, max) = bounds(desired, intent);
    Scaling {
        mode: Some(mode),
        min_capacity: Some(min),
        max_capacity: Some(max),
        suspended_state: Some(suspended(intent.pin)),
        target_tracking: tokens.in_all(&declared.target_tracking),
        step_scaling: tokens.in_all(&declared.step_scaling),
        predictive_scaling: tokens.in_all(&declared.predictive_scaling),
        scheduled_actions: tokens.in_all(&declared.scheduled_actions),
    }
}

/// Registering a target pulls the count inside the bounds, even of a target that is suspended; so the bounds give way
/// to the count that is wanted.
fn bounds(desired: &Desired, intent: Intent) -> (i32, i32) {
    let (min, max) = (desired.capacity.min, desired.capacity.max);
    match intent.pin {
        Pin::Free => (min, max),
        Pin::Outward => (min.min(intent.count), max),
        Pin::Full => (min.min(intent.count), max.max(intent.count)),
    }
}

/// All three are always said: an absent one would keep what an earlier pin had set.
fn suspended(pin: Pin) -> SuspendedState {
    SuspendedState {
        dynamic_scaling_in_suspended: Some(pin != Pin::Free),
        dynamic_scaling_out_suspended: Some(pin == Pin::Full),
        scheduled_scaling_suspended: Some(pin != Pin::Free),
    }
}

/// What `${cluster}`, `${service}` and `${targetGroup}` stand for in a version.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    values: Vec<(&'static str, String)>,
}

impl Tokens {
    /// Those of a version; `target_group` is the ARN of the first of its own target groups.
    pub fn of(desired: &Desired, version: &VersionOf, target_group: Option<&str>) -> Self {
        let named = desired.spec.cluster.as_deref();
        let cluster = desired.cluster.value().or(named).map(short).unwrap_or_default();
        let mut values = vec![("${cluster}", cluster.to_owned()), ("${service}", version.name.clone())];
        // `targetgroup/<name>/<id>`, as CloudWatch and resource labels write it.
        if let Some(label) = target_group.and_then(|arn| arn.rsplit(':').next()) {
            values.push(("${targetGroup}", label.to_owned()));
        }
        Self { values }
    }

    /// The items with tokens replaced; `None` when there are none.
    fn in_all<T: Serialize + DeserializeOwned + Clone>(&self, items: &[T]) -> Option<Vec<T>> {
        let replaced = |item: &T| {
            let value = serde_json::to_value(item).map(|value| self.replace(value));
            value.and_then(serde_json::from_value).unwrap_or_else(|_| item.clone())
        };
        Some(items.iter().map(replaced).collect::<Vec<T>>()).filter(|items| !items.is_empty())
    }

    /// The text with tokens replaced.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        self.values.iter().fold(text.to_owned(), |text, (token, with)| text.replace(token, with))
    }

    fn replace(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(&text)),
            Value::Array(items) => Value::Array(items.into_iter().map(|item| self.replace(item)).collect()),
            Value::Object(members) => {
                Value::Object(members.into_iter().map(|(name, member)| (name, self.replace(member))).collect())
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value,
        }
    }
}
