//! Objects for which no call is made: what they say meanwhile, and how they are let go of.

use std::time::Duration;

use crate::api::condition::Reason;
use crate::aws::AwsError;
use crate::controllers::accounts::Refused;
use crate::controllers::conclude::{Findings, conclude};
use crate::controllers::events::{EventReason, Happening};
use crate::controllers::failure::{Consequence, StepError};
use crate::controllers::foreseen::{Intent, Told};
use crate::controllers::kind::Kind;
use crate::controllers::pass::Pass;
use crate::controllers::refusal::Refusal;
use crate::controllers::report::{Report, Requeue, Verdict};

/// What is waited for also wakes the object.
const LOOK: Duration = Duration::from_secs(30);

/// What an object leaves in AWS, in the words of an event.
#[derive(Debug)]
pub struct Stays {
    /// What is let go of.
    pub what: String,
    /// What becomes of it.
    pub how: &'static str,
}

/// An object under `deletionPolicy: Retain` goes without a look at AWS, which may be out of reach by now.
pub async fn let_go<K: Kind>(pass: &Pass<'_, K>, stays: &Stays) -> Report<K::Status> {
    let Stays { what, how } = stays;
    let release = format!("remove the finalizer ({how})");
    pass.tell(|| Told { intents: vec![Intent::new(&release, false)], stuck: Vec::new() });
    pass.cx.scalings.forget(pass.uid());
    match pass.release().await {
        Ok(()) => Report {
            requeue: Requeue::Gone,
            happenings: vec![Happening::new(EventReason::Retained, format!("Let go of {what}: {how}."))],
            ..report(pass, Verdict::underway(Reason::Deleting, *how), None)
        },
        Err(error) => failed(pass, &error),
    }
}

/// The account, or something in it, is refused: AWS and what the status tells of it stay as they are.
pub fn refused<K: Kind>(pass: &Pass<'_, K>, refused: &Refused) -> Report<K::Status> {
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
