//! Reads what Application Auto Scaling has, and only where something there matters.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::Service;
use jiff::SignedDuration;

use super::{ScalingObserved, declared};
use crate::api::EcsService;
use crate::api::policy::{DeletionPolicy, ManagementMode};
use crate::api::status::ScalingStatus;
use crate::aws::{AwsError, Class};
use crate::controllers::arn::short;
use crate::controllers::ecs_service::Desired;
use crate::controllers::pass::Pass;
use crate::controllers::scalings::ScalingDetail;
use crate::controllers::seen::Seen;

/// Reads what is ours, or what stands in the way of the count. `live` is the service, if there is one.
pub(in super::super) async fn observe(
    desired: &Desired,
    cluster: &str,
    name: &str,
    live: Option<&Service>,
    pass: &Pass<'_, EcsService>,
) -> ScalingObserved {
    let scalings = &pass.cx.scalings;
    let spaced = |at: jiff::Timestamp| {
        let sweep = SignedDuration::try_from(pass.cx.config.sweep).unwrap_or(SignedDuration::ZERO);
        pass.now.duration_since(at) >= sweep
    };
    let mut observed = ScalingObserved {
        resource: format!("service/{}/{}", short(cluster), short(name)),
        record: pass.object.status.as_ref().and_then(|status| status.scaling.clone()),
        recounted: recounted(desired, live, pass),
        may_pull: scalings.registered_at(pass.uid()).is_none_or(spaced),
        ..ScalingObserved::default()
    };
    let matters = declared(desired).is_some() || observed.owned();
    if !needed(desired, observed.record.as_ref(), matters, live, pass) {
        return observed;
    }
    let read = pass.cx.aws.describe_scalable_target(&pass.scope(), &observed.resource, pass.priority).await;
    let target = Seen::from_read(read);
    if let Seen::Unreadable(error) = &target {
        // Where nothing is declared, an operator without the permission works as if there were no autoscaling.
        if !matters && matches!(error.class, Class::Permission | Class::Permanent) {
            return observed;
        }
        observed.error = Some(error.clone());
    }
    let arn = target.present().and_then(|target| target.scalable_target_arn.clone());
    let there = target.present().is_some();
    if target.is_absent() {
        // Whatever comes to stand there next was not read yet.
        scalings.outdated(pass.uid());
    }
    observed.target = Some(target);
    if there && !(pass.deleting() && observed.owned()) {
        match detail(&observed, arn.as_deref(), matters, pass).await {
            Ok(detail) => observed.detail = Some(detail),
            Err(error) => observed.error = Some(error),
        }
    }
    observed
}

/// Is there a reason to look? A service without autoscaling costs a read only when its count is about to be sent.
fn needed(
    desired: &Desired,
    record: Option<&ScalingStatus>,
    matters: bool,
    live: Option<&Service>,
    pass: &Pass<'_, EcsService>,
) -> bool {
    if pass.deleting() {
        let deletes = pass.deletion_policy() == DeletionPolicy::Delete && pass.mode() != ManagementMode::Observe;
        return matters && deletes;
    }
    let Some(live) = live.filter(|live| live.status.as_deref() == Some("ACTIVE")) else { return false };
    let sends = desired.owns_count() && desired.spec.desired_count.is_some_and(|count| count != live.desired_count);
    matters || record.is_some() || sends
}

/// Policies, scheduled actions and tags: after an edit or a request to reconcile, and else seldom.
async fn detail(
    observed: &ScalingObserved,
    arn: Option<&str>,
    matters: bool,
    pass: &Pass<'_, EcsService>,
) -> Result<ScalingDetail, AwsError> {
    let scalings = &pass.cx.scalings;
    let (aws, scope, priority) = (&pass.cx.aws, pass.scope(), pass.priority);
    let anew = pass.edited() || pass.directive.reconcile;
    let seldom = SignedDuration::try_from(pass.cx.config.revision_sweep).unwrap_or(SignedDuration::MAX);
    let known = scalings.detail(pass.uid()).filter(|known| pass.now.duration_since(known.read_at) < seldom);
    if let Some(known) = known.filter(|_| !anew) {
        return Ok(known);
    }
    let tags = match arn {
        // The record says whose it is; tags are looked at again when a person is at work.
        Some(_) if observed.owned() && !anew => None,
        Some(arn) => Some(aws.list_scalable_target_tags(&scope, arn, priority).await?),
        None => Some(BTreeMap::new()),
    };
    let ours = matters || tags.as_ref().is_some_and(|tags| pass.owner.owns(tags));
    let mut found = ScalingDetail { tags, read_at: pass.now, ..ScalingDetail::default() };
    if ours {
        found.policies = aws.list_scaling_policies(&scope, &observed.resource, priority).await?;
        found.actions = aws.list_scheduled_actions(&scope, &observed.resource, priority).await?;
    }
    scalings.keep(pass.uid(), found.clone());
    Ok(found)
}

/// An edit of the count that this mode does not act on, when ECS does not have that count anyway.
fn recounted(desired: &Desired, live: Option<&Service>, pass: &Pass<'_, EcsService>) -> Option<(i32, i32)> {
    let scalings = &pass.cx.scalings;
    if pass.deleting() {
        scalings.forget(pass.uid());
        return None;
    }
    let wanted = desired.spec.desired_count?;
    let before = scalings.declare_count(pass.uid(), wanted)?;
    let ignored = desired.scaling != crate::api::policy::ScalingMode::Managed && !desired.daemon;
    let differs = live.is_some_and(|live| live.desired_count != wanted);
    (ignored && differs && pass.edited() && before != wanted).then_some((before, wanted))
}
