//! Objects for which no call is made: what they say meanwhile, and how they are let go of.

use std::time::Duration;

use crate::api::ServerGroup;
use crate::api::condition::Reason;
use crate::api::policy::DeletionPolicy;
use crate::aws::AwsError;
use crate::controllers::accounts::Refused;
use crate::controllers::conclude::{Findings, conclude};
use crate::controllers::events::{EventReason, Happening};
use crate::controllers::failure::{Consequence, StepError};
use crate::controllers::kind::Kind;
use crate::controllers::pass::Pass;
use crate::controllers::refusal::Refusal;
use crate::controllers::report::{Report, Requeue, Verdict};

/// What is waited for also wakes the object.
const LOOK: Duration = Duration::from_secs(30);

/// The account, or something in it, is refused: AWS and what the status tells of it stay as they are.
pub async fn refused<K: Kind>(pass: &Pass<'_, K>, refused: &Refused) -> Report<K::Status> {
    let lets_go = pass.deleting() && pass.deletion_policy() == DeletionPolicy::Retain;
    if lets_go && K::KIND != <ServerGroup as Kind>::KIND {
        return match pass.release().await {
            Ok(()) => Report {
                requeue: Requeue::Gone,
                happenings: vec![Happening::new(
                    EventReason::Retained,
                    "Let go of what is in AWS, which cannot be reached.",
                )],
                ..report(pass, Verdict::underway(Reason::Deleting, "Left in AWS."), None)
            },
            Err(error) => failed(pass, &error),
        };
    }
    let verdict = match refused {
        Refused::Stuck(_, message) | Refused::Waits(message) if pass.deleting() => Verdict::underway(
            Reason::DeletionBlocked,
            format!("{message}. With `deletionPolicy: Retain` the object goes and what it made stays"),
        ),
        Refused::Stuck(reason, message) => Verdict::stuck(*reason, message.clone()),
        Refused::Waits(message) => Verdict::underway(Reason::DependencyNotReady, message.clone()),
    };
    let mut report = report(pass, verdict, None);
    let waits = matches!(refused, Refused::Waits(_)) || pass.deleting();
    report.requeue = if waits { Requeue::After(LOOK.min(pass.cx.config.sweep)) } else { Requeue::Sweep };
    report
}

/// What decides about the account could not be read.
pub fn unread<K: Kind>(pass: &Pass<'_, K>, error: AwsError) -> Report<K::Status> {
    failed(pass, &StepError::Aws(error))
}

fn failed<K: Kind>(pass: &Pass<'_, K>, error: &StepError) -> Report<K::Status> {
    let consequence = pass.judge("account", Some(error));
    report(pass, Verdict::underway(Reason::ProgressingWithRetry, error.to_string()), consequence)
}

fn report<K: Kind>(pass: &Pass<'_, K>, verdict: Verdict, consequence: Option<Consequence>) -> Report<K::Status> {
    let status = pass.object.status().cloned().unwrap_or_default();
    let findings = Findings {
        verdict,
        synced: pass.still_synced(),
        available: pass.said_available(),
        scaling: pass.common.effective.as_ref().and_then(|effective| effective.scaling_mode),
        had_work: pass.edited() || pass.moved_on() || pass.deleting(),
        consequence,
        ..Findings::refused(&Refusal { message: String::new() }, &pass.common.owned_fields)
    };
    conclude(pass, status, &findings)
}
