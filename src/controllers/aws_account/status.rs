//! Says whether an account can be used, and by whom it is. Pure.

use std::time::Duration;

use super::observe::Seen;
use crate::api::condition::{ConditionType, Reason, find};
use crate::api::status::Handled;
use crate::api::{AwsAccount, AwsAccountStatus};
use crate::aws::Class;
use crate::controllers::accounts::{Refused, Use};
use crate::controllers::conclude::count;
use crate::controllers::events::{EventReason, Happening};
use crate::controllers::failure::{Consequence, StepError};
use crate::controllers::pass::Pass;
use crate::controllers::refusal::Refusal;
use crate::controllers::report::{Report, Requeue, Verdict};

/// Labels of namespaces are looked at as often, and so is what failed.
const OFTEN: Duration = Duration::from_mins(1);
/// An unused account is let go of after a second look.
const SOON: Duration = Duration::from_secs(5);
/// Objects or namespaces named in a message.
const SHOWN: usize = 5;

fn said(
    pass: &Pass<'_, AwsAccount>,
    status: AwsAccountStatus,
    verdict: &Verdict,
    requeue: Requeue,
) -> Report<AwsAccountStatus> {
    let mut status = status;
    let asked = pass.directive.present.reconcile_requested_at.clone();
    status.last_handled = asked
        .map(|asked| Handled { reconcile_requested_at: Some(asked), ..Handled::default() })
        .or(status.last_handled);
    let was = find(&pass.common.conditions, ConditionType::Ready).map(|ready| ready.reason.as_str());
    let happenings = if was == Some(verdict.reason.as_str()) {
        Vec::new()
    } else {
        event(verdict.reason).map(|reason| Happening::new(reason, verdict.message.clone())).into_iter().collect()
    };
    let claims = verdict.claims(verdict.ready);
    Report { status, claims, happenings, requeue, keep_generation: false, failed: None }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "only refusals are worth an event")]
fn event(reason: Reason) -> Option<EventReason> {
    match reason {
        Reason::AccessDenied => Some(EventReason::AccessDenied),
        Reason::AccountChanged => Some(EventReason::AccountRefused),
        Reason::InvalidSpec => Some(EventReason::SpecRejected),
        Reason::DeletionBlocked => Some(EventReason::DeletionBlocked),
        _ => None,
    }
}

fn before(pass: &Pass<'_, AwsAccount>) -> AwsAccountStatus {
    pass.object.status.clone().unwrap_or_default()
}

/// A spec that breaks a rule.
pub(super) fn refused(pass: &Pass<'_, AwsAccount>, refusal: &Refusal) -> Report<AwsAccountStatus> {
    said(pass, before(pass), &Verdict::stuck(Reason::InvalidSpec, refusal.message.clone()), Requeue::Sweep)
}

/// Kubernetes refused or did not answer.
pub(super) fn failed(pass: &Pass<'_, AwsAccount>, error: &StepError) -> Report<AwsAccountStatus> {
    let verdict = Verdict::underway(Reason::ProgressingWithRetry, error.to_string());
    said(pass, before(pass), &verdict, Requeue::After(SOON))
}

/// An account that is being deleted.
pub(super) fn leaving(
    pass: &Pass<'_, AwsAccount>,
    used_by: &[Use],
    unused: bool,
    failed: Option<&StepError>,
) -> Report<AwsAccountStatus> {
    if let Some(error) = failed {
        return self::failed(pass, error);
    }
    if unused {
        return said(pass, before(pass), &Verdict::underway(Reason::Deleting, "Nobody uses it."), Requeue::Gone);
    }
    if used_by.is_empty() {
        let verdict = Verdict::underway(Reason::Deleting, "Nobody seems to use it; looking again.");
        return said(pass, before(pass), &verdict, Requeue::After(SOON));
    }
    let shown: Vec<String> =
        used_by.iter().take(SHOWN).map(|(kind, namespace, name)| format!("{kind} {namespace}/{name}")).collect();
    let more = used_by.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let message = format!(
        "in use by {}: {}{more}; they cannot be changed or deleted in AWS without it",
        count(used_by.len(), "object"),
        shown.join(", ")
    );
    said(pass, before(pass), &Verdict::underway(Reason::DeletionBlocked, message), Requeue::After(OFTEN))
}

/// What was found.
pub(super) fn report(
    pass: &Pass<'_, AwsAccount>,
    seen: &Seen,
    consequence: Option<Consequence>,
) -> Report<AwsAccountStatus> {
    let mut status = before(pass);
    if let Some(refused) = &seen.refused {
        let verdict = match refused {
            Refused::Stuck(reason, message) => Verdict::stuck(*reason, message.clone()),
            Refused::Waits(message) => Verdict::underway(Reason::DependencyNotReady, message.clone()),
        };
        return said(pass, status, &verdict, Requeue::Sweep);
    }
    if let (Some(was), Some(is)) = (&status.account_id, &seen.id)
        && was != is
    {
        let message = format!(
            "this was account {was}, and its credentials now belong to account {is}; bring {was} back, or make another AwsAccount for {is}"
        );
        return said(pass, status, &Verdict::stuck(Reason::AccountChanged, message), Requeue::Sweep);
    }
    // Without anybody to ask for, the role's ARN says it.
    let named = pass.object.spec.role_arn.as_deref().and_then(|arn| arn.split(':').nth(4)).map(str::to_owned);
    if seen.fails.is_empty() {
        status.account_id = status.account_id.or_else(|| seen.id.clone()).or(named);
    } else {
        status.account_id = status.account_id.or_else(|| seen.id.clone());
    }
    let often = pass.object.spec.selects();
    let requeue = if often { Requeue::After(OFTEN.min(pass.cx.config.sweep)) } else { Requeue::Sweep };
    if let Some(consequence) = consequence {
        let often = Requeue::After(OFTEN.min(pass.cx.config.sweep));
        let failed = Some(consequence.verdict.course);
        return Report { failed, ..said(pass, status, &trouble(seen, &consequence), often) };
    }
    let id = status.account_id.clone().unwrap_or_else(|| "unknown".to_owned());
    let message = if seen.works.is_empty() {
        format!("Account {id}; no namespace may use it yet, so its role was not tried.")
    } else {
        format!("Account {id} can be used.")
    };
    said(pass, status, &Verdict::settled(message), requeue)
}

/// Namespaces without credentials, and why.
fn trouble(seen: &Seen, consequence: &Consequence) -> Verdict {
    let shown: Vec<String> =
        seen.fails.iter().take(SHOWN).map(|(namespace, error)| format!("namespace `{namespace}`: {error}")).collect();
    let denied = seen.fails.values().any(|error| error.class == Class::Permission);
    let reason = if denied { Reason::AccessDenied } else { Reason::ProgressingWithRetry };
    let remedy = if denied {
        "; the role's trust policy has to let the operator in with the external id of each namespace"
    } else {
        ""
    };
    Verdict {
        ready: false,
        course: consequence.verdict.course,
        reason,
        message: format!("{}{remedy}", shown.join("; ")),
    }
}
