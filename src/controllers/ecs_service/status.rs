//! Says what was found of a service and what was done. Pure.

use std::collections::BTreeSet;

use aws_sdk_ecs::types::Service;
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::content::{Comparison, compare};
use super::happened::happenings;
use super::hiding;
use super::observe::Observed;
use super::plan::{Situation, held, rollout, short_since};
use super::step::Step;
use super::stopped::{explained, stopped_tasks};
use super::{Desired, requests, scaling, verdict};
use crate::api::status::{InFlight, Origin, Rollout};
use crate::api::{EcsService, EcsServiceStatus};
use crate::controllers::arn::{account_of, is_arn, short};
use crate::controllers::conclude::{Ask, Findings, conclude};
use crate::controllers::context::tag_map;
use crate::controllers::facts::Facts;
use crate::controllers::failure::Consequence;
use crate::controllers::pass::Pass;
use crate::controllers::refusal::Refusal;
use crate::controllers::report::{Outcome, Plan, Report, Verdict};
use crate::controllers::seen::Seen;
use crate::controllers::tagging::{Why, owned_tags};

/// A spec that is refused: nothing was read, nothing was done.
pub(super) fn refused(pass: &Pass<'_, EcsService>, refusal: &Refusal) -> Report<EcsServiceStatus> {
    let status = pass.object.status.clone().unwrap_or_default();
    let findings = Findings::refused(refusal, &status.owned_fields);
    conclude(pass, status, &findings)
}

/// The report of a pass. `now` is the service as the last call answered it.
#[expect(clippy::too_many_arguments, reason = "all that a pass knows at its end")]
pub(super) fn report(
    pass: &Pass<'_, EcsService>,
    desired: &Desired,
    observed: &Observed,
    now: Option<&Service>,
    plan: &Plan<Step>,
    outcome: &Outcome,
    at: &Situation<'_>,
    consequence: Option<Consequence>,
) -> Report<EcsServiceStatus> {
    let facts = at.facts;
    let (did, todo) = plan.steps.split_at(outcome.done.min(plan.steps.len()));
    let mut status = at.status.clone();
    status.selector = Some(format!("ecs-operator.dev/uid={}", facts.owner.uid));
    status.origin = facts.origin;
    origin(&mut status, did);
    let live = now.or(observed.service.present()).filter(|live| live.status.as_deref() == Some("ACTIVE"));
    let ours = live.is_some_and(|live| is_ours(live, did, at));
    describe(&mut status, desired, observed, now, pass);
    remember_cluster(&mut status, desired, pass);
    let scaled: Vec<&scaling::Step> =
        did.iter().filter_map(|step| if let Step::Scaling(step) = step { Some(step) } else { None }).collect();
    status.scaling = scaling::record(desired, &observed.scaling, &scaled, facts);
    let judged = live.filter(|_| ours && !facts.deleting).map(|live| judged(desired, observed, live, at));
    let differs = observed
        .service
        .present()
        .filter(|_| ours && !facts.deleting)
        .map(|live| compare(desired, live, observed.revision.as_ref(), &facts.owned_fields));
    let mut asked = requests::judge(at.directive, at.status, at.status.rollout.as_ref(), observed);
    if consequence.is_some() || !at.directive.may_write() {
        // Nothing is answered by this pass, so nothing is lifted, and nothing told that would be told again.
        asked.retry = false;
        asked.ignored.clear();
    }
    let lifts = asked.retry && !desired.waits();
    if let Some(judged) = &judged {
        status.rollout.clone_from(&judged.rollout);
        status.held = held(at.status, judged.rollout.as_ref(), lifts);
        status.short_since = judged.short.map(Time);
    }
    status.in_flight = in_flight(at.status, did).filter(|_| consequence.is_some());
    let hidden = hiding::of_tasks(pass, observed.stopped.as_deref().unwrap_or_default());
    status.stopped_tasks = stopped_tasks(observed.stopped.as_deref(), &at.status.stopped_tasks, &hidden);
    let calls: Vec<String> = plan.steps.iter().filter(|step| step.is_call()).map(ToString::to_string).collect();
    let scaling_synced = observed.scaling.error.is_none()
        && observed
            .service
            .present()
            .is_none_or(|live| scaling::refusal(desired, &observed.scaling, live, facts).is_none());
    let unread = observed.service.error().is_some() || observed.scaling.error.is_some();
    let synced = if unread {
        pass.still_synced()
    } else {
        judged.as_ref().is_some_and(|judged| judged.comparison.sent.is_empty() && judged.comparison.stuck.is_empty())
            && todo.is_empty()
            && scaling_synced
    };
    let mut drift = drift(differs.as_ref(), facts.edited, desired);
    if let Some(live) = observed.service.present().filter(|_| differs.is_some()) {
        drift.extend(scaling::drift(desired, &observed.scaling, live, facts));
    }
    let mut happenings = happenings(desired, at, did, &status, &asked);
    happenings.extend(scaling::happenings(desired, &observed.scaling, status.scaling.as_ref()));
    let findings = Findings {
        verdict: judged.as_ref().map_or_else(
            || plan.verdict.clone(),
            |judged| explained(judged.verdict.clone(), judged.rollout.as_ref(), &status.stopped_tasks),
        ),
        synced,
        available: live.filter(|_| ours).map(verdict::available),
        drift,
        had_work: !calls.is_empty() || facts.deleting || (unread && pass.moved_on()),
        steps: calls,
        owned: owned(desired, observed, plan, judged.as_ref(), facts),
        scaling: Some(desired.scaling),
        open: open(plan, &asked, lifts && judged.is_some()),
        decided: &[],
        happenings,
        requeue: plan.requeue,
        consequence,
    };
    conclude(pass, status, &findings)
}

/// What is set in AWS. A member that left the spec is forgotten once a look at the service found nothing to take back, and
/// nothing rolls that ECS could roll back to where it was: what is forgotten earlier stays there for ever.
fn owned(
    desired: &Desired,
    observed: &Observed,
    plan: &Plan<Step>,
    judged: Option<&Judged>,
    facts: &Facts,
) -> BTreeSet<String> {
    let declared = &desired.members | &owned_tags(&desired.tags);
    let is_brought_about = plan.steps.is_empty()
        && judged.is_some_and(|judged| judged.verdict.ready && judged.comparison.sent.is_empty())
        && observed.service.present().is_some_and(|live| facts.tags_agree(&desired.tags, &tag_map(live.tags())));
    facts.owned(declared, is_brought_about)
}

/// What was written down before a call whose effect is not known yet.
fn in_flight(before: &EcsServiceStatus, did: &[Step]) -> Option<InFlight> {
    let written = did.iter().find_map(|step| if let Step::Record(record) = step { Some(record.clone()) } else { None });
    written.or_else(|| before.in_flight.clone())
}

/// A service in its present state, judged.
struct Judged {
    comparison: Comparison,
    rollout: Option<Rollout>,
    verdict: Verdict,
    short: Option<Timestamp>,
}

fn judged(desired: &Desired, observed: &Observed, live: &Service, at: &Situation<'_>) -> Judged {
    let comparison = compare(desired, live, observed.revision.as_ref(), &at.facts.owned_fields);
    let rollout = rollout(desired, observed, live, &comparison, at);
    let held = held(at.status, rollout.as_ref(), false);
    let short = short_since(live, rollout.as_ref(), at);
    let verdict =
        verdict::judge(desired, live, rollout.as_ref(), held.as_ref(), &comparison, observed, short, at.facts);
    Judged { comparison, rollout, verdict, short }
}

/// Ours by tag, or made or taken by the steps just done; in Observe mode anything may be looked at.
fn is_ours(live: &Service, did: &[Step], at: &Situation<'_>) -> bool {
    at.facts.mode == crate::api::policy::ManagementMode::Observe
        || at.facts.owner.owns(&tag_map(live.tags()))
        || did.iter().any(|step| matches!(step, Step::Create(_)))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "only two steps tell where a service came from")]
fn origin(status: &mut EcsServiceStatus, did: &[Step]) {
    for step in did {
        match step {
            Step::Create(_) => status.origin = Some(Origin::Created),
            Step::Tag(tagging) if tagging.why == Why::Adopt => status.origin = Some(Origin::Adopted),
            _ => {}
        }
    }
}

/// What ECS says, into the status.
fn describe(
    status: &mut EcsServiceStatus,
    desired: &Desired,
    observed: &Observed,
    now: Option<&Service>,
    pass: &Pass<'_, EcsService>,
) {
    let live = match (&observed.service, now) {
        (_, Some(now)) => now,
        (Seen::Present(live), None) => live,
        (Seen::Absent, None) => {
            status.status = None;
            status.desired_count = None;
            status.running_count = None;
            status.pending_count = None;
            return;
        }
        (Seen::Unreadable(_), None) => return,
    };
    status.arn.clone_from(&live.service_arn);
    status.account = live.service_arn.as_deref().map(|arn| account_of(arn, &pass.scope()));
    status.service_name = Some(live.service_name.clone().unwrap_or_else(|| desired.name.clone()));
    status.cluster_arn.clone_from(&live.cluster_arn);
    status.cluster = live.cluster_arn.as_deref().map(|arn| short(arn).to_owned());
    status.status.clone_from(&live.status);
    status.desired_count = Some(live.desired_count);
    status.running_count = Some(live.running_count);
    status.pending_count = Some(live.pending_count);
    status.task_definition_arn.clone_from(&live.task_definition);
    status.task_definition = live.task_definition.as_deref().map(|arn| short(arn).to_owned());
    status.launch = launch(live);
}

/// From the first try on the service may be there, whether or not an answer came. Its cluster's object may be gone when it
/// is to be deleted.
fn remember_cluster(status: &mut EcsServiceStatus, desired: &Desired, pass: &Pass<'_, EcsService>) {
    if status.arn.is_some() || pass.deleting() || !pass.holds() {
        return;
    }
    if let Some(cluster) = desired.cluster.value().filter(|cluster| is_arn(cluster)) {
        status.cluster_arn = Some(cluster.to_owned());
    }
}

fn launch(live: &Service) -> Option<String> {
    let providers: Vec<&str> =
        live.capacity_provider_strategy().iter().map(|item| item.capacity_provider.as_str()).collect();
    if providers.is_empty() {
        return live.launch_type.as_ref().map(|launch| launch.as_str().to_owned());
    }
    Some(providers.join(","))
}

/// Differences that nobody asked for: not an edit, not a new revision of what is referred to.
fn drift(comparison: Option<&Comparison>, edited: bool, desired: &Desired) -> Vec<String> {
    let Some(comparison) = comparison.filter(|_| !edited) else { return Vec::new() };
    let by_reference = desired.spec.task_definition_ref.is_some();
    comparison
        .sent
        .iter()
        .map(|(change, _)| change)
        .chain(&comparison.stuck)
        .filter(|change| !(by_reference && change.member() == "taskDefinition"))
        .filter(|change| !desired.fixed_ports.contains(change))
        .map(|change| change.path.clone())
        .collect()
}

/// Asks that nothing was done about yet: a restart until a deployment was started for it, a retry until the hold was lifted,
/// an answer to a gate or a call to stop until it was given. What does not apply any more, the next pass tells.
#[expect(clippy::wildcard_enum_match_arm, reason = "only these steps start a deployment")]
pub(super) fn open(plan: &Plan<Step>, asked: &requests::Requests, lifted: bool) -> Vec<Ask> {
    let starts = plan.steps.iter().any(|step| match step {
        Step::Force(_) | Step::Create(_) => true,
        Step::Update(_, changes) => changes.iter().any(|(_, effect)| super::content::rolls(*effect)),
        _ => false,
    });
    let answers = plan.steps.iter().any(|step| matches!(step, Step::Continue { .. } | Step::Stop(_)));
    [
        (Ask::Restart, asked.restart.is_some() && !starts),
        (Ask::Promote, asked.promote.is_some() && !answers),
        (Ask::Abort, asked.abort && !answers),
        (Ask::Retry, asked.retry && !lifted),
    ]
    .into_iter()
    .filter_map(|(ask, is_open)| is_open.then_some(ask))
    .collect()
}
