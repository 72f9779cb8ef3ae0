//! Failed calls as values: what a failure means for the object's conditions and for the next visit. Pure.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

use crate::api::Incomplete;
use crate::api::condition::Reason;
use crate::api::quoted::unquoted;
use crate::aws::{AwsError, Class};
use crate::controllers::backoff::{self, FINAL_AFTER, Failures, PROBE};
use crate::controllers::report::{Course, Verdict};

/// IAM changes take this long to be seen everywhere.
const IAM_SPREADS: SignedDuration = SignedDuration::from_secs(120);
/// A person who was denied waits at least this long for the next try.
const DENIED_RETRY: Duration = Duration::from_mins(1);

/// Why a step could not be done.
#[derive(Debug, Error)]
pub enum StepError {
    /// AWS refused or did not answer.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// Kubernetes refused or did not answer.
    #[error("Kubernetes: {}", of_kube(.0))]
    Kube(#[from] kube::Error),
    /// The object changed under us; the next pass sees it anew.
    #[error("the object was changed meanwhile")]
    Outdated,
    /// An object of the name that is to be made is there, and was made by somebody else.
    #[error("{kind} `{name}` is there already and does not belong to this object; delete it or give it another name")]
    NameTaken {
        /// Its kind.
        kind: String,
        /// Its namespace and name.
        name: String,
    },
    /// The spec lacks a member that the call needs.
    #[error("{0}")]
    Incomplete(#[from] Incomplete),
}

/// What Kubernetes says, without the values that it or a decoder quotes.
#[must_use]
pub fn of_kube(error: &kube::Error) -> String {
    if let kube::Error::Api(status) = error {
        return unquoted(&format!("{} ({} {})", status.message, status.code, status.reason));
    }
    unquoted(&error.to_string())
}

/// What a failure means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consequence {
    /// What to say.
    pub verdict: Verdict,
    /// When to come back.
    pub after: Duration,
    /// No mutating call until then, unless the inputs change.
    pub hold_until: Option<Timestamp>,
    /// How many failures in a row, and since when.
    pub failures: (u32, Timestamp),
}

/// Judges a failure, knowing the failures before it (this one counted).
#[must_use]
pub fn judge(error: &StepError, failures: &Failures, uid: &str, now: Timestamp) -> Consequence {
    let delay = backoff::delay(failures.count, uid);
    let message = error.to_string();
    let again = |reason: Reason, after: Duration| Consequence {
        verdict: Verdict::underway(reason, message.clone()),
        after,
        hold_until: None,
        failures: (failures.count, failures.since),
    };
    let stuck = |reason: Reason, after: Duration, hold: bool| Consequence {
        verdict: Verdict { ready: false, course: Course::Stuck, reason, message: message.clone() },
        after,
        hold_until: hold
            .then(|| now.checked_add(SignedDuration::try_from(after).unwrap_or(SignedDuration::ZERO)).ok())
            .flatten(),
        failures: (failures.count, failures.since),
    };
    let aws = match error {
        // Not plain `Progressing`: whoever asks whether the edit was made must see that it was not.
        StepError::Outdated => return again(Reason::ProgressingWithRetry, Duration::from_secs(1)),
        StepError::Kube(_) => return again(Reason::ProgressingWithRetry, delay),
        StepError::NameTaken { .. } => return stuck(Reason::OwnedByAnother, delay.max(DENIED_RETRY), false),
        StepError::Incomplete(_) => return stuck(Reason::InvalidSpec, PROBE, true),
        StepError::Aws(aws) => aws,
    };
    match aws.class {
        Class::Permission if now.duration_since(failures.since) >= IAM_SPREADS => {
            stuck(Reason::AccessDenied, delay.max(DENIED_RETRY), false)
        }
        Class::Permission => again(Reason::ProgressingWithRetry, delay.max(Duration::from_secs(15))),
        Class::Quota => stuck(Reason::QuotaExceeded, delay.max(DENIED_RETRY), false),
        Class::Permanent if failures.count >= FINAL_AFTER => stuck(Reason::InvalidSpec, PROBE, true),
        Class::DependencyMissing => again(Reason::DependencyNotReady, delay),
        Class::ChildrenRemain => again(Reason::DeletionBlocked, delay.max(Duration::from_secs(5))),
        Class::Throttled
        | Class::UnknownOutcome
        | Class::Credentials
        | Class::Concurrent
        | Class::NameBlocked
        | Class::DeleteOrder
        | Class::Settling
        | Class::NotIdempotent
        | Class::NeedsForce
        | Class::StalePage
        | Class::TargetMissing
        | Class::NotActive
        | Class::Busy
        | Class::Permanent => again(Reason::ProgressingWithRetry, delay),
    }
}

#[cfg(test)]
#[path = "failure_tests.rs"]
mod tests;
