//! Says which revision holds the content and what was done. Pure.

use std::collections::BTreeSet;

use super::Desired;
use super::observe::{Described, Observed};
use super::plan::{Step, current};
use crate::api::status::Origin;
use crate::api::{EcsTaskDefinition, EcsTaskDefinitionStatus};
use crate::controllers::arn::account_of;
use crate::controllers::conclude::{Findings, conclude};
use crate::controllers::events::{EventReason, Happening};
use crate::controllers::facts::Facts;
use crate::controllers::failure::Consequence;
use crate::controllers::pass::Pass;
use crate::controllers::refusal::Refusal;
use crate::controllers::report::{Outcome, Plan, Report, Verdict};
use crate::controllers::tagging::{Why, owned_tags};

/// A spec that is refused: nothing was read, nothing was done.
pub(super) fn refused(pass: &Pass<'_, EcsTaskDefinition>, refusal: &Refusal) -> Report<EcsTaskDefinitionStatus> {
    let status = pass.object.status.clone().unwrap_or_default();
    let findings = Findings::refused(refusal, &status.owned_fields);
    conclude(pass, status, &findings)
}

/// The family could not be read: everything known stays as it was.
pub(super) fn unread(
    pass: &Pass<'_, EcsTaskDefinition>,
    consequence: Option<Consequence>,
) -> Report<EcsTaskDefinitionStatus> {
    let status = pass.object.status.clone().unwrap_or_default();
    let findings = Findings {
        consequence,
        synced: !pass.edited(),
        had_work: pass.edited() || pass.deleting(),
        ..Findings::refused(&Refusal { message: String::new() }, &status.owned_fields)
    };
    conclude(pass, status, &findings)
}

/// The report of a pass.
pub(super) fn report(
    pass: &Pass<'_, EcsTaskDefinition>,
    desired: &Desired,
    observed: &Observed,
    plan: &Plan<Step>,
    outcome: &Outcome,
    consequence: Option<Consequence>,
    facts: &Facts,
) -> Report<EcsTaskDefinitionStatus> {
    let mut status = pass.object.status.clone().unwrap_or_default();
    status.origin = facts.origin;
    status.family = Some(desired.family.clone());
    let (did, todo) = plan.steps.split_at(outcome.done.min(plan.steps.len()));
    if did.iter().any(|step| matches!(step, Step::Register(_))) {
        status.origin.get_or_insert(Origin::Created);
    }
    if did.iter().any(|step| matches!(step, Step::Tag(tagging) if tagging.why == Why::Adopt)) {
        status.origin = Some(Origin::Adopted);
    }
    let found = current(desired, observed, facts).filter(|_| !facts.deleting);
    if let Some(revision) = found {
        describe(&mut status, revision, pass);
    }
    if observed.listed {
        let ours = observed.active.iter().filter(|r| pass.owner.owns(&r.content.tags)).count();
        let gone = did.iter().filter(|step| matches!(step, Step::Deregister(_))).count();
        status.active_revisions = i32::try_from(ours.saturating_sub(gone)).ok();
    }
    let calls: Vec<String> = plan.steps.iter().filter(|step| step.is_call()).map(ToString::to_string).collect();
    let owned: BTreeSet<String> = &desired.members | &owned_tags(&desired.tags);
    let findings = Findings {
        verdict: verdict(plan, found, todo),
        synced: found.is_some(),
        available: None,
        drift: drift(desired, observed, found, facts),
        had_work: !calls.is_empty(),
        steps: calls,
        owned: if todo.is_empty() { owned } else { &owned | &facts.owned_fields },
        scaling: None,
        consequence,
        open: Vec::new(),
        decided: &[],
        happenings: did.iter().filter_map(|step| happening(step, desired, found, facts)).collect(),
        requeue: plan.requeue,
    };
    conclude(pass, status, &findings)
}

/// The revision that holds the content is the current one, whatever else is left to do.
fn verdict(plan: &Plan<Step>, found: Option<&Described>, todo: &[Step]) -> Verdict {
    match found {
        Some(revision) if plan.verdict.ready => {
            Verdict::settled(format!("Revision {} holds this content.", revision.revision))
        }
        None if plan.verdict.ready && !todo.is_empty() => {
            Verdict::underway(crate::api::condition::Reason::Progressing, "The content is not registered yet.")
        }
        _ => plan.verdict.clone(),
    }
}

fn describe(status: &mut EcsTaskDefinitionStatus, revision: &Described, pass: &Pass<'_, EcsTaskDefinition>) {
    let definition = &revision.content.definition;
    status.arn = Some(revision.arn.clone());
    status.account = Some(account_of(&revision.arn, &pass.scope()));
    status.revision = Some(revision.revision);
    status.content_hash = Some(revision.content.content_hash.clone());
    status.arn_generation = Some(pass.generation());
    status.cpu.clone_from(&definition.cpu);
    status.memory.clone_from(&definition.memory);
}

/// The current revision was deregistered behind our back.
fn drift(desired: &Desired, observed: &Observed, found: Option<&Described>, facts: &Facts) -> Vec<String> {
    let lost = found.is_none() && facts.arn.is_some() && !facts.edited && !facts.deleting && observed.listed;
    if lost { vec![format!("{} (no ACTIVE revision holds this content)", desired.family)] } else { Vec::new() }
}

fn happening(step: &Step, desired: &Desired, found: Option<&Described>, facts: &Facts) -> Option<Happening> {
    let family = &desired.family;
    match step {
        Step::Claim => None,
        Step::Register(_) => {
            let revision = found.map_or(0, |revision| revision.revision);
            Some(Happening::new(
                if facts.edited || facts.arn.is_none() { EventReason::Registered } else { EventReason::DriftCorrected },
                format!("Registered {family}:{revision}."),
            ))
        }
        Step::Tag(tagging) => tagging.happening(),
        Step::Deregister(arn) => {
            Some(Happening::new(EventReason::Deleted, format!("Deregistered {}.", crate::controllers::arn::short(arn))))
        }
        Step::Release(what) => (facts.deletion == crate::api::policy::DeletionPolicy::Retain)
            .then(|| Happening::new(EventReason::Retained, format!("Let go of family `{family}`: {what}."))),
    }
}
