//! Scaling activities: what was done or left undone, and why.

use serde_json::{Value, json};

use super::{asked_resource, is_ours, named};
use crate::ecs::{flag, set};
use crate::refusal::Refusal;
use crate::world::{Cx, Region, timestamp};

/// One activity.
#[derive(Debug, Clone)]
pub struct Activity {
    id: String,
    /// Resource id of the target.
    pub resource: String,
    /// Virtual time in milliseconds.
    pub at: i64,
    /// Why.
    pub cause: String,
    /// What.
    pub description: String,
    /// `Successful`, `Failed` or `Unfulfilled`.
    pub status: &'static str,
    message: String,
    /// The code of a reason not to scale, and the count at the time.
    pub not_scaled: Option<(&'static str, i64)>,
}

impl Activity {
    /// The count was set, or with `failure` could not be set.
    pub(super) fn scaled(cx: &mut Cx, resource: &str, count: i64, cause: &str, failure: Option<String>) -> Self {
        let done = format!("Successfully set desired count to {count}. Change successfully fulfilled by ecs.");
        Self {
            id: cx.rng.uuid(),
            resource: resource.to_owned(),
            at: cx.now,
            cause: cause.to_owned(),
            description: format!("Setting desired count to {count}."),
            status: if failure.is_some() { "Failed" } else { "Successful" },
            message: failure.map_or(done, |why| format!("Failed to set desired count to {count}. Reason: {why}")),
            not_scaled: None,
        }
    }

    /// Something else could not be done.
    pub(super) fn failed(cx: &mut Cx, resource: &str, cause: &str, why: &str) -> Self {
        Self {
            id: cx.rng.uuid(),
            resource: resource.to_owned(),
            at: cx.now,
            cause: cause.to_owned(),
            description: "Setting minimum and maximum capacity.".to_owned(),
            status: "Failed",
            message: why.to_owned(),
            not_scaled: None,
        }
    }

    /// A policy asked for more or less than there may be.
    pub(super) fn not_scaled(cx: &mut Cx, resource: &str, cause: &str, code: &'static str, current: i64) -> Self {
        Self {
            id: cx.rng.uuid(),
            resource: resource.to_owned(),
            at: cx.now,
            cause: cause.to_owned(),
            description: "Attempting to scale due to alarm triggered".to_owned(),
            status: "Unfulfilled",
            message: String::new(),
            not_scaled: Some((code, current)),
        }
    }

    fn view(&self) -> Value {
        let more = json!({
            "ActivityId": self.id,
            "Cause": self.cause,
            "Description": self.description,
            "StartTime": timestamp(self.at),
            "EndTime": timestamp(self.at),
            "StatusCode": self.status,
            "StatusMessage": self.message,
        });
        let mut view = named(&self.resource, more);
        if let Some((code, current)) = self.not_scaled {
            set(&mut view, "NotScaledReasons", json!([{ "Code": code, "CurrentCapacity": current }]));
        }
        view
    }
}

/// Writes an activity down; the same reason not to scale only once in a row.
pub(super) fn note(region: &mut Region, activity: Activity) {
    let activities = &mut region.autoscaling.activities;
    let last = activities.iter().find(|other| other.resource == activity.resource);
    let again = activity.not_scaled.is_some() && last.is_some_and(|last| last.not_scaled == activity.not_scaled);
    if !again {
        activities.push_front(activity);
        activities.truncate(200);
    }
}

/// `DescribeScalingActivities`, newest first.
pub(super) fn describe(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    let id = asked_resource(input)?;
    let all = flag(input, "IncludeNotScaledActivities");
    let wanted = |activity: &&Activity| {
        is_ours(input) && id.is_none_or(|id| activity.resource == id) && (all || activity.not_scaled.is_none())
    };
    let items = region.autoscaling.activities.iter().filter(wanted).map(Activity::view).collect();
    super::page(cx, "DescribeScalingActivities", "ScalingActivities", input, items, 50)
}
