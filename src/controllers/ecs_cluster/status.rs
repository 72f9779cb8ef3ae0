//! Says what was found of a cluster and what was done. Pure.

use std::collections::BTreeSet;

use super::Desired;
use super::observe::Observed;
use super::plan::{Step, target};
use crate::api::status::Origin;
use crate::api::{EcsCluster, EcsClusterStatus};
use crate::controllers::arn::account_of;
use crate::controllers::conclude::{Findings, conclude};
use crate::controllers::context::tag_map;
use crate::controllers::events::{EventReason, Happening};
use crate::controllers::facts::Facts;
use crate::controllers::failure::Consequence;
use crate::controllers::pass::Pass;
use crate::controllers::refusal::Refusal;
use crate::controllers::report::{Plan, Report, Requeue};
use crate::controllers::seen::Seen;
use crate::controllers::tagging::{Why, owned_tags};

/// A spec that is refused: nothing was read, nothing was done.
pub(super) fn refused(pass: &Pass<'_, EcsCluster>, refusal: &Refusal) -> Report<EcsClusterStatus> {
    let status = pass.object.status.clone().unwrap_or_default();
    let findings = Findings::refused(refusal, &status.owned_fields);
    conclude(pass, status, &findings)
}

/// The report of a pass.
pub(super) fn report(
    pass: &Pass<'_, EcsCluster>,
    desired: &Desired,
    observed: &Observed,
    plan: &Plan<Step>,
    done: usize,
    consequence: Option<Consequence>,
    facts: &Facts,
) -> Report<EcsClusterStatus> {
    let mut status = pass.object.status.clone().unwrap_or_default();
    status.cluster_name = Some(desired.name.clone());
    describe(&mut status, observed, pass);
    status.origin = facts.origin;
    let (did, todo) = plan.steps.split_at(done.min(plan.steps.len()));
    if did.iter().any(|step| matches!(step, Step::Create(_))) {
        status.origin = Some(Origin::Created);
    }
    if let Some(Step::Tag(tagging)) = did.iter().find(|step| matches!(step, Step::Tag(_)))
        && tagging.why == Why::Adopt
    {
        status.origin = Some(Origin::Adopted);
    }
    let drift: Vec<String> = match &observed.cluster {
        Seen::Present(live) if !facts.deleting => {
            target(desired, live, &facts.owned_fields).changes.into_iter().map(|change| change.path).collect()
        }
        Seen::Present(_) | Seen::Absent | Seen::Unreadable(_) => Vec::new(),
    };
    let calls: Vec<String> = plan.steps.iter().filter(|step| step.is_call()).map(ToString::to_string).collect();
    // A member that left the spec is forgotten once a look at the cluster found nothing to take back.
    let tagged = observed.cluster.present().map(|live| tag_map(live.tags()));
    let tags_agree = tagged.is_some_and(|tags| facts.tags_agree(&desired.tags, &tags));
    let is_brought_about = plan.steps.is_empty() && drift.is_empty() && tags_agree;
    let findings = Findings {
        verdict: plan.verdict.clone(),
        synced: match &observed.cluster {
            Seen::Present(_) => drift.is_empty() && calls.is_empty(),
            Seen::Absent => false,
            Seen::Unreadable(_) => pass.still_synced(),
        },
        available: None,
        steps: calls.clone(),
        owned: facts.owned(owned(desired), is_brought_about),
        scaling: None,
        had_work: !calls.is_empty(),
        open: Vec::new(),
        decided: &[],
        happenings: did.iter().filter_map(|step| happening(step, desired, facts)).collect(),
        requeue: if todo.is_empty() { plan.requeue } else { Requeue::Sweep },
        drift,
        consequence,
    };
    conclude(pass, status, &findings)
}

fn owned(desired: &Desired) -> BTreeSet<String> {
    &desired.members | &owned_tags(&desired.tags)
}

/// What ECS says, into the status.
fn describe(status: &mut EcsClusterStatus, observed: &Observed, pass: &Pass<'_, EcsCluster>) {
    match &observed.cluster {
        Seen::Present(live) => {
            status.arn.clone_from(&live.cluster_arn);
            status.account = live.cluster_arn.as_deref().map(|arn| account_of(arn, &pass.scope()));
            status.status.clone_from(&live.status);
            status.active_services_count = Some(live.active_services_count);
            status.running_tasks_count = Some(live.running_tasks_count);
            status.pending_tasks_count = Some(live.pending_tasks_count);
            status.registered_container_instances_count = Some(live.registered_container_instances_count);
            status.capacity_providers = live.capacity_providers().to_vec();
            status.capacity_providers.sort();
            status.attachments_status.clone_from(&live.attachments_status);
        }
        Seen::Absent => {
            let before = std::mem::take(status);
            *status = EcsClusterStatus {
                cluster_name: before.cluster_name,
                observed_generation: before.observed_generation,
                origin: before.origin,
                last_handled: before.last_handled,
                // What refers to it waits no longer than it has to.
                arn: before.arn.filter(|_| !observed.gone_for_sure),
                account: before.account.filter(|_| !observed.gone_for_sure),
                ..EcsClusterStatus::default()
            };
        }
        Seen::Unreadable(_) => {}
    }
}

fn happening(step: &Step, desired: &Desired, facts: &Facts) -> Option<Happening> {
    let name = &desired.name;
    match step {
        Step::Claim => None,
        Step::Create(_) => Some(Happening::new(EventReason::Created, format!("Created ECS cluster `{name}`."))),
        Step::Tag(tagging) => tagging.happening(),
        Step::UpdateSettings(_, changes) | Step::Update(_, changes) | Step::PutCapacityProviders(_, changes) => {
            let list = changes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            Some(if facts.edited {
                Happening::new(EventReason::Updated, format!("Updated ECS cluster `{name}`: {list}"))
            } else {
                Happening::new(EventReason::DriftCorrected, format!("Set ECS cluster `{name}` back: {list}"))
            })
        }
        Step::Delete(_) => Some(Happening::new(EventReason::Deleted, format!("Deleted ECS cluster `{name}`."))),
        Step::Release(what) => (what != "the cluster is gone")
            .then(|| Happening::new(EventReason::Retained, format!("Let go of ECS cluster `{name}`: {what}."))),
    }
}
