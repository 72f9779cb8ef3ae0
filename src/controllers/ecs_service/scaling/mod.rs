//! Application Auto Scaling of a service: the scalable target, its policies and scheduled actions.

mod act;
mod declared;
mod normal;
mod observe;
mod plan;
mod record;
mod step;
#[cfg(test)]
mod tests;

pub(super) use act::run;
pub(super) use observe::observe;
pub(super) use plan::{drift, plan, refusal};
pub(super) use record::{happenings, record};
pub(super) use step::Step;

use std::collections::BTreeMap;

use aws_sdk_applicationautoscaling::types::ScalableTarget;

use super::Desired;
use crate::api::condition::Reason;
use crate::api::policy::ScalingMode;
use crate::api::shapes::policy::Scaling;
use crate::api::status::ScalingStatus;
use crate::aws::AwsError;
use crate::controllers::facts::Facts;
use crate::controllers::ownership::Ownership;
use crate::controllers::scalings::ScalingDetail;
use crate::controllers::seen::Seen;

/// What Application Auto Scaling has for the service.
#[derive(Clone, Debug, Default)]
pub struct ScalingObserved {
    /// The service as Application Auto Scaling names it: `service/<cluster>/<service>`.
    pub resource: String,
    /// The scalable target; `None` when nobody looked.
    pub target: Option<Seen<ScalableTarget>>,
    /// Policies, scheduled actions and tags as last read; `None` when they were not needed or could not be read.
    pub detail: Option<ScalingDetail>,
    /// A read that failed.
    pub error: Option<AwsError>,
    /// What the status said before.
    pub record: Option<ScalingStatus>,
    /// May the count be pulled back inside the bounds, or was that tried a moment ago?
    pub may_pull: bool,
    /// An edit of `desiredCount` that has no effect: from, to.
    pub recounted: Option<(i32, i32)>,
}

/// Whose the scalable target is.
#[derive(Clone, Debug, PartialEq)]
enum Holding {
    /// Not looked at, or not to be told.
    Unknown,
    /// There is none.
    Absent,
    /// Ours.
    Ours,
    /// To be taken over by tagging.
    Take(Ownership),
    /// Somebody else's.
    Foreign(Reason, String),
}

/// The autoscaling that the spec declares.
fn declared(desired: &Desired) -> Option<&Scaling> {
    let scaling = desired.spec.scaling.as_ref()?;
    let whole = scaling.min_capacity.is_some() && scaling.max_capacity.is_some();
    (whole && desired.scaling == ScalingMode::External && !desired.daemon).then_some(scaling)
}

/// Is something recorded as ours?
fn is_owned(record: Option<&ScalingStatus>) -> bool {
    record.is_some_and(|record| !record.contested)
}

impl ScalingObserved {
    fn present(&self) -> Option<&ScalableTarget> {
        self.target.as_ref().and_then(Seen::present)
    }

    fn tags(&self) -> Option<&BTreeMap<String, String>> {
        self.detail.as_ref()?.tags.as_ref()
    }

    fn owned(&self) -> bool {
        is_owned(self.record.as_ref())
    }

    fn holding(&self, facts: &Facts) -> Holding {
        match &self.target {
            None | Some(Seen::Unreadable(_)) => return Holding::Unknown,
            Some(Seen::Absent) => return Holding::Absent,
            Some(Seen::Present(_)) => {}
        }
        let Some(tags) = self.tags() else {
            return if self.owned() { Holding::Ours } else { Holding::Unknown };
        };
        let what = format!("scalable target `{}`", self.resource);
        match facts.owner.judge(tags, facts.adoption, &what) {
            Ownership::Ours => Holding::Ours,
            // The record outlives tags that somebody removed, but not another owner's.
            Ownership::Adopt | Ownership::Refused(Reason::AdoptionRequired, _) if self.owned() => Holding::Ours,
            taken @ (Ownership::Adopt | Ownership::Reclaim) => Holding::Take(taken),
            Ownership::Refused(reason, message) => Holding::Foreign(reason, message),
        }
    }

    /// Does somebody else's scalable target move the count that the object would own?
    fn contested(&self, desired: &Desired, facts: &Facts) -> bool {
        let claims = desired.scaling == ScalingMode::Managed && !desired.daemon;
        claims && matches!(self.holding(facts), Holding::Take(_) | Holding::Foreign(..))
    }

    /// Is the count to be left alone, because it is contested or nobody can tell?
    pub(super) fn hands_off(&self, desired: &Desired, facts: &Facts) -> bool {
        let unsure = self.target.is_some() && self.holding(facts) == Holding::Unknown;
        self.contested(desired, facts) || unsure
    }

    /// A read that failed and that the pass needed.
    pub(super) fn failure(&self, facts: &Facts) -> Option<AwsError> {
        self.error.clone().filter(|_| !facts.deleting)
    }

    /// The calls that take ours down when the service goes.
    #[must_use]
    pub fn teardown(&self, facts: &Facts) -> Vec<Step> {
        let unreadable = self.target.as_ref().is_some_and(|target| target.error().is_some());
        if self.holding(facts) == Holding::Ours || (unreadable && self.owned()) {
            return vec![Step::Deregister { resource: self.resource.clone() }];
        }
        Vec::new()
    }
}
