//! Conditions in kstatus words: closed lists of types and reasons, and the only writer of transition times.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$vdoc])* $variant),+
        }
        impl $name {
            /// All members, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant),+];
            /// The word as it stands in a status.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant)),+ }
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// Condition types. `Ready` and `Synced` always stand; the others only while True.
    ConditionType {
        /// AWS does what the spec asks and the thing is healthy.
        Ready,
        /// Work is going on, or will be tried again by itself.
        Reconciling,
        /// Nothing will change until somebody acts.
        Stalled,
        /// AWS equals the spec, whatever the health.
        Synced,
        /// Enough healthy tasks now (services only).
        Available,
        /// Paused by annotation.
        Paused,
        /// Something in AWS differs and is left so.
        Drifted,
    }
}

words! {
    /// Reasons of conditions.
    Reason {
        /// As the spec asks.
        Succeeded,
        /// Observe mode, healthy.
        Observed,
        /// Work is going on.
        Progressing,
        /// A passing failure; tried again by itself.
        ProgressingWithRetry,
        /// A referenced object is absent or not ready.
        DependencyNotReady,
        /// A gate waits for a person.
        AwaitingApproval,
        /// ECS finds no room for tasks.
        InsufficientCapacity,
        /// Tasks that ran are dying.
        TasksUnhealthy,
        /// Being deleted.
        Deleting,
        /// Deletion waits for something that still needs it.
        DeletionBlocked,
        /// ECS or the pre-flight refuses the spec.
        InvalidSpec,
        /// The change needs a new resource.
        ReplacementRequired,
        /// The deployment failed and nothing was rolled back.
        DeploymentFailed,
        /// The deployment failed and ECS runs the earlier revision.
        DeploymentRolledBack,
        /// No progress before the deadline.
        ProgressDeadlineExceeded,
        /// Observe mode: the resource does not exist.
        ResourceMissing,
        /// Plan mode: there are steps to do.
        PlanPending,
        /// The stored object cannot be read by this version.
        Undecodable,
        /// AWS denies the call.
        AccessDenied,
        /// A quota of the account is used up.
        QuotaExceeded,
        /// The resource belongs to another owner.
        OwnedByAnother,
        /// The resource exists and adoption was not asked for.
        AdoptionRequired,
        /// Paused by annotation.
        PausedByAnnotation,
        /// Something in AWS differs from the spec.
        DriftDetected,
    }
}

/// A condition before it has a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Its type.
    pub kind: ConditionType,
    /// `Some(true)` = True, `Some(false)` = False, `None` = Unknown.
    pub status: Option<bool>,
    /// Why.
    pub reason: Reason,
    /// For people; bounded by [`bounded`].
    pub message: String,
}

impl Claim {
    /// A condition that is True or False.
    pub fn new(kind: ConditionType, status: bool, reason: Reason, message: impl Into<String>) -> Self {
        Self { kind, status: Some(status), reason, message: message.into() }
    }
}

/// The longest message of a condition or event, in bytes.
pub const MESSAGE_BYTES: usize = 1024;

/// Removes control characters and cuts on a character boundary so that at most [`MESSAGE_BYTES`] remain.
#[must_use]
pub fn bounded(message: &str) -> String {
    bounded_to(message, MESSAGE_BYTES)
}

/// As [`bounded`], for another length in bytes.
#[must_use]
pub fn bounded_to(message: &str, bytes: usize) -> String {
    let clean: String = message.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if clean.len() <= bytes {
        return clean;
    }
    let ellipsis = "…";
    let mut kept = String::new();
    for c in clean.chars() {
        if kept.len() + c.len_utf8() + ellipsis.len() > bytes {
            break;
        }
        kept.push(c);
    }
    kept + ellipsis
}

/// Our conditions after `claims`: a time moves only with its status, types that are not claimed go away,
/// conditions of other writers (types that are not ours) are left out, for they are not ours to apply.
#[must_use]
pub fn merge(old: &[Condition], claims: &[Claim], generation: i64, now: Timestamp) -> Vec<Condition> {
    let mut merged: Vec<Condition> = claims
        .iter()
        .map(|claim| {
            let status = match claim.status {
                Some(true) => "True",
                Some(false) => "False",
                None => "Unknown",
            };
            let since = old
                .iter()
                .find(|c| c.type_ == claim.kind.as_str() && c.status == status)
                .map_or_else(|| Time(whole_seconds(now)), |c| c.last_transition_time.clone());
            Condition {
                type_: claim.kind.to_string(),
                status: status.to_owned(),
                reason: claim.reason.to_string(),
                message: bounded(&claim.message),
                observed_generation: Some(generation),
                last_transition_time: since,
            }
        })
        .collect();
    merged.sort_by_key(|condition| rank(&condition.type_));
    merged
}

/// Is it a type of ours?
#[must_use]
pub fn is_ours(kind: &str) -> bool {
    ConditionType::ALL.iter().any(|ours| ours.as_str() == kind)
}

fn rank(kind: &str) -> usize {
    ConditionType::ALL.iter().position(|t| t.as_str() == kind).unwrap_or(usize::MAX)
}

/// `Time` keeps whole seconds in Kubernetes; a finer stamp would never equal what comes back.
#[must_use]
pub fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

/// Is the condition there and True?
#[must_use]
pub fn is_true(conditions: &[Condition], kind: ConditionType) -> bool {
    conditions.iter().any(|c| c.type_ == kind.as_str() && c.status == "True")
}

/// The condition of a type.
#[must_use]
pub fn find(conditions: &[Condition], kind: ConditionType) -> Option<&Condition> {
    conditions.iter().find(|c| c.type_ == kind.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_time_moves_only_with_its_status() {
        let first = merge(&[], &[Claim::new(ConditionType::Ready, false, Reason::Progressing, "a")], 1, at(10));
        let same = merge(&first, &[Claim::new(ConditionType::Ready, false, Reason::InvalidSpec, "b")], 2, at(20));
        assert_eq!(same[0].last_transition_time.0, at(10));
        assert_eq!((same[0].reason.as_str(), same[0].observed_generation), ("InvalidSpec", Some(2)));
        let flipped = merge(&same, &[Claim::new(ConditionType::Ready, true, Reason::Succeeded, "")], 2, at(30));
        assert_eq!(flipped[0].last_transition_time.0, at(30));
    }

    #[test]
    fn a_condition_that_is_not_claimed_goes_away() {
        let old = merge(
            &[],
            &[
                Claim::new(ConditionType::Stalled, true, Reason::InvalidSpec, ""),
                Claim::new(ConditionType::Ready, false, Reason::InvalidSpec, ""),
            ],
            1,
            at(10),
        );
        assert_eq!(old.iter().map(|c| c.type_.as_str()).collect::<Vec<_>>(), ["Ready", "Stalled"]);
        let new = merge(&old, &[Claim::new(ConditionType::Ready, true, Reason::Succeeded, "")], 1, at(20));
        assert_eq!(new.len(), 1);
    }

    #[test]
    fn messages_are_cut_on_a_character_boundary_and_lose_control_characters() {
        let long = bounded(&"é\n".repeat(2000));
        assert!(long.len() <= MESSAGE_BYTES && long.ends_with('…') && !long.contains('\n'));
        assert_eq!(bounded("short"), "short");
    }
}
