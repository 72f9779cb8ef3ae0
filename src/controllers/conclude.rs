//! From what a pass found to its report: modes, failures, drift and plans said the same way for every kind. Pure.

use std::collections::BTreeSet;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use crate::api::condition::{Claim, ConditionType, Reason, bounded_to, find, is_true};
use crate::api::policy::{DriftPolicy, ManagementMode, ScalingMode};
use crate::api::status::{Account, Common, Drift, Effective, Handled, PlannedSteps, Status};
use crate::controllers::events::{EventReason, Happening};
use crate::controllers::failure::Consequence;
use crate::controllers::hash::hash;
use crate::controllers::kind::Kind;
use crate::controllers::pass::Pass;
use crate::controllers::refusal::Refusal;
use crate::controllers::report::{Course, Report, Requeue, Verdict};

/// Paths or steps shown in a status.
const SHOWN: usize = 20;
/// Bytes of one of them.
const SHOWN_BYTES: usize = 200;
/// A ready object stays ready through this many failed reads, for at least [`PATIENCE_SECONDS`].
const PATIENCE: u32 = 5;
const PATIENCE_SECONDS: i64 = 300;

/// What a pass found and did, before modes and failures are looked at.
#[derive(Debug)]
pub struct Findings {
    /// What the plan says.
    pub verdict: Verdict,
    /// Does AWS equal the spec?
    pub synced: bool,
    /// Services: are enough tasks healthy, and why (not)?
    pub available: Option<(bool, String)>,
    /// Differences in AWS, as paths.
    pub drift: Vec<String>,
    /// The steps of the plan, one line each.
    pub steps: Vec<String>,
    /// Top-level spec members now set in AWS.
    pub owned: BTreeSet<String>,
    /// Who owns the count, for services.
    pub scaling: Option<ScalingMode>,
    /// What a failed call or read means.
    pub consequence: Option<Consequence>,
    /// Did the plan ask for a write (so that a failure delays something)?
    pub had_work: bool,
    /// Asks of annotations that could not be answered yet.
    pub open: Vec<Ask>,
    /// Asks that the status itself answers, whatever became of calls and reads.
    pub decided: &'static [Ask],
    /// Events of the kind's own.
    pub happenings: Vec<Happening>,
    /// When to come back, without failures.
    pub requeue: Requeue,
}

/// An ask that stays open: its annotation is not recorded as answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// `restarted-at`
    Restart,
    /// `terminate-tasks`
    Terminate,
    /// `promote`
    Promote,
    /// `abort`
    Abort,
    /// `retry`
    Retry,
}

impl Ask {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Restart, Self::Terminate, Self::Promote, Self::Abort, Self::Retry];
}

impl Findings {
    /// A spec that is refused: nothing was read, nothing was done.
    pub fn refused(refusal: &Refusal, owned: &[String]) -> Self {
        Self {
            verdict: Verdict::stuck(Reason::InvalidSpec, refusal.message.clone()),
            synced: false,
            available: None,
            drift: Vec::new(),
            steps: Vec::new(),
            owned: owned.iter().cloned().collect(),
            scaling: None,
            consequence: None,
            had_work: true,
            // What was asked is done once the spec can be gone by.
            open: Ask::ALL.to_vec(),
            decided: &[],
            happenings: Vec::new(),
            requeue: Requeue::Sweep,
        }
    }
}

/// Puts a report together. `status` carries the kind's own members and, in its common part, `arn`, `account`,
/// `origin` and `in_flight`; the rest of the common part is decided here.
pub fn conclude<K: Kind>(pass: &Pass<'_, K>, mut status: K::Status, found: &Findings) -> Report<K::Status> {
    let mut happenings = found.happenings.clone();
    let patient = patience(pass, found);
    // Patience leaves all as it was; a condition that goes and comes back would be two writes for a throttled read.
    let kept = patient.as_ref().and_then(|_| pass.said_available());
    let (verdict, requeue) = effective_verdict(pass, found, patient);
    let claims = conditions(pass, found, &verdict, kept);
    happenings.extend(transitions(pass, found, &verdict));
    let planned = planned(pass, found);
    if let Some(planned) = &planned {
        let before = pass.common.plan.as_ref().map(|plan| plan.hash.as_str());
        if before != Some(planned.hash.as_str()) && !planned.steps.is_empty() {
            happenings.push(Happening::new(EventReason::Planned, planned.steps.join("; ")));
        }
    }
    let mut common = status.common();
    common.last_handled = Some(handled(pass, found));
    common.owned_fields = found.owned.iter().cloned().collect();
    common.drift = drift(&pass.common, found, pass);
    common.plan = planned;
    common.effective = Some(Effective {
        deletion_policy: Some(pass.deletion_policy_of(common.origin)),
        management_mode: Some(pass.mode()),
        scaling_mode: found.scaling,
    });
    if let Some(place) = pass.place() {
        common.account = match common.account {
            Some(account) => {
                Some(Account { name: place.account.clone(), id: account.id.or(place.id.clone()), ..account })
            }
            None => pass.holds().then(|| place.record()),
        };
    }
    status.set_common(common);
    let keep_generation = pass.directive.paused && pass.edited() && found.had_work;
    let failed = found.consequence.as_ref().map(|consequence| consequence.verdict.course);
    Report { status, claims, happenings, requeue, keep_generation, failed }
}

/// The record of answered asks. Where nothing may be written every ask stays open; where a call failed, those that the
/// status does not answer by itself.
fn handled<K: Kind>(pass: &Pass<'_, K>, found: &Findings) -> Handled {
    let before = pass.common.last_handled.as_ref();
    let unanswered = before.cloned().unwrap_or_else(|| pass.directive.record(None));
    let mut record = pass.directive.record(before);
    let (writes, failed) = (pass.directive.may_write(), found.consequence.is_some());
    for ask in Ask::ALL {
        let late = failed && !found.decided.contains(&ask);
        if writes && !late && !found.open.contains(&ask) {
            continue;
        }
        match ask {
            Ask::Restart => record.restarted_at.clone_from(&unanswered.restarted_at),
            Ask::Terminate => record.terminate_tasks.clone_from(&unanswered.terminate_tasks),
            Ask::Promote => record.promote.clone_from(&unanswered.promote),
            Ask::Abort => record.abort.clone_from(&unanswered.abort),
            Ask::Retry => record.retry.clone_from(&unanswered.retry),
        }
    }
    // A request to reconcile asks for one pass, and this was it, whatever came of it.
    record
}

/// What to say after failures and modes, and when to come back.
fn effective_verdict<K: Kind>(pass: &Pass<'_, K>, found: &Findings, patient: Option<Verdict>) -> (Verdict, Requeue) {
    if let Some(consequence) = &found.consequence {
        // Held calls do not keep from looking: what runs is told of at every sweep.
        let held = consequence.hold_until.is_some();
        let after = if held { consequence.after.min(pass.cx.config.sweep) } else { consequence.after };
        return (patient.unwrap_or_else(|| consequence.verdict.clone()), Requeue::After(after));
    }
    match pass.mode() {
        ManagementMode::Plan if pass.deleting() => {
            let message = "`managementMode: Plan` makes no call, so the object waits; the calls are in `status.plan`";
            // It would be gone if the plan were carried out.
            let requeue = if found.requeue == Requeue::Gone { Requeue::Sweep } else { found.requeue };
            (Verdict::underway(Reason::DeletionBlocked, message), requeue)
        }
        ManagementMode::Plan if !found.steps.is_empty() => {
            let message = format!(
                "{} to do; see `status.plan`. Set `managementMode: Manage` to make {}",
                count(found.steps.len(), "call"),
                if found.steps.len() == 1 { "it" } else { "them" }
            );
            (Verdict::stuck(Reason::PlanPending, message), found.requeue)
        }
        ManagementMode::Observe if found.verdict.ready => {
            (Verdict { reason: Reason::Observed, ..found.verdict.clone() }, found.requeue)
        }
        ManagementMode::Manage | ManagementMode::Plan | ManagementMode::Observe => {
            (found.verdict.clone(), found.requeue)
        }
    }
}

/// An object with nothing to do stays Ready through a short time of failed reads.
fn patience<K: Kind>(pass: &Pass<'_, K>, found: &Findings) -> Option<Verdict> {
    let consequence = found.consequence.as_ref()?;
    let ready = find(&pass.common.conditions, ConditionType::Ready).filter(|c| c.status == "True")?;
    let passing = consequence.verdict.course == Course::Underway && !found.had_work && !pass.edited();
    let impatient = found.consequence.as_ref().is_some_and(|c| {
        c.failures.0 > PATIENCE && pass.now.duration_since(c.failures.1).as_secs() >= PATIENCE_SECONDS
    });
    (passing && !impatient).then(|| Verdict {
        ready: true,
        course: Course::Settled,
        reason: Reason::Succeeded,
        message: ready.message.clone(),
    })
}

/// `kept`: the availability that was said before and still holds where nothing is known.
fn conditions<K: Kind>(
    pass: &Pass<'_, K>,
    found: &Findings,
    verdict: &Verdict,
    kept: Option<(bool, String)>,
) -> Vec<Claim> {
    let mut claims = verdict.claims(found.synced);
    if let Some((available, message)) = &found.available.clone().or(kept) {
        let reason = if *available { Reason::Succeeded } else { verdict_reason_for_unavailable(verdict) };
        claims.push(Claim::new(ConditionType::Available, *available, reason, message.clone()));
    }
    if pass.directive.paused {
        claims.push(Claim::new(
            ConditionType::Paused,
            true,
            Reason::PausedByAnnotation,
            "No call changes anything in AWS until the annotation `ecs-operator.dev/paused` is removed.",
        ));
    }
    if !found.drift.is_empty() && tolerates_drift(pass) {
        claims.push(Claim::new(ConditionType::Drifted, true, Reason::DriftDetected, found.drift.join(", ")));
    }
    claims
}

fn verdict_reason_for_unavailable(verdict: &Verdict) -> Reason {
    if verdict.ready { Reason::TasksUnhealthy } else { verdict.reason }
}

fn tolerates_drift<K: Kind>(pass: &Pass<'_, K>) -> bool {
    pass.policies.drift == DriftPolicy::Warn || !pass.directive.may_write()
}

fn drift<K: Kind>(before: &Common, found: &Findings, pass: &Pass<'_, K>) -> Option<Drift> {
    if found.drift.is_empty() || !tolerates_drift(pass) {
        return None;
    }
    let paths: Vec<String> = found.drift.iter().take(SHOWN).map(|path| bounded_to(path, SHOWN_BYTES)).collect();
    let since = before.drift.as_ref().map_or(Time(pass.now), |drift| drift.since.clone());
    Some(Drift { paths, since })
}

fn planned<K: Kind>(pass: &Pass<'_, K>, found: &Findings) -> Option<PlannedSteps> {
    if pass.mode() != ManagementMode::Plan {
        return None;
    }
    Some(PlannedSteps {
        steps: found.steps.iter().take(SHOWN).map(|step| bounded_to(step, SHOWN_BYTES)).collect(),
        hash: hash(&found.steps.join("\n"), 8),
    })
}

/// Events for what the conditions now say and did not say before.
#[expect(clippy::wildcard_enum_match_arm, reason = "only refusals and waits are worth an event")]
fn transitions<K: Kind>(pass: &Pass<'_, K>, found: &Findings, verdict: &Verdict) -> Vec<Happening> {
    let before = &pass.common.conditions;
    let mut happenings = Vec::new();
    let was = find(before, ConditionType::Ready).map(|c| (c.reason.clone(), c.message.clone()));
    if was.as_ref().map(|(reason, _)| reason.as_str()) != Some(verdict.reason.as_str()) {
        let reason = match verdict.reason {
            Reason::InvalidSpec | Reason::ReplacementRequired => Some(EventReason::SpecRejected),
            Reason::OwnedByAnother | Reason::AdoptionRequired => Some(EventReason::OwnershipConflict),
            Reason::AccessDenied => Some(EventReason::AccessDenied),
            Reason::AccountNotAllowed | Reason::AccountAmbiguous | Reason::AccountChanged | Reason::RoleNotAllowed => {
                Some(EventReason::AccountRefused)
            }
            // What exists goes on meanwhile; a new revision on its way is no news.
            Reason::DependencyNotReady if pass.common.arn.is_none() => Some(EventReason::WaitingForDependency),
            Reason::DeletionBlocked => Some(EventReason::DeletionBlocked),
            _ => None,
        };
        happenings.extend(reason.map(|reason| Happening::new(reason, verdict.message.clone())));
    }
    if pass.directive.paused != is_true(before, ConditionType::Paused) {
        happenings.push(if pass.directive.paused {
            Happening::new(EventReason::Paused, "Paused by annotation.")
        } else {
            Happening::new(EventReason::Resumed, "The annotation `ecs-operator.dev/paused` was removed.")
        });
    }
    let tolerated = !found.drift.is_empty() && tolerates_drift(pass);
    if tolerated && !is_true(before, ConditionType::Drifted) {
        happenings.push(Happening::new(EventReason::DriftDetected, found.drift.join(", ")));
    }
    happenings
}

/// `1 call`, `2 calls`.
#[must_use]
pub fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}
