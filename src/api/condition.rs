//! Conditions in kstatus words: closed lists of types and reasons, and the only writer of transition times.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use super::words::words;

words! {
    /// Condition types. `Ready` and `Synced` always stand, `Available` for services; the others only while True.
    ConditionType {
        /// AWS does what the spec asks and the thing is healthy.
        ///
        /// Always; what cannot be read keeps its word for a while.
        Ready,
        /// Work is going on, or will be tried again by itself.
        ///
        /// While True only: the last pass left work that the operator goes on with by itself.
        Reconciling,
        /// Nothing will change until somebody acts.
        ///
        /// While True only: the reason of `Ready` says what somebody has to do.
        Stalled,
        /// AWS equals the spec, whatever the health.
        ///
        /// Always. False while a difference is to be sent, cannot be sent, or is left.
        Synced,
        /// Enough healthy tasks now (services only).
        ///
        /// `EcsService`, as long as the service exists: running tasks against `minimumHealthyPercent` of the
        /// desired count.
        Available,
        /// Paused by annotation.
        ///
        /// While the annotation `ecs-operator.dev/paused` is `"true"`.
        Paused,
        /// Something in AWS differs and is left so.
        ///
        /// With `driftPolicy: Warn`, or where nothing may be written; `status.drift` has the paths.
        Drifted,
    }
}

words! {
    /// Reasons of conditions.
    Reason {
        /// As the spec asks.
        ///
        /// AWS equals the spec, nothing is under way, and as many tasks run as are wanted.
        Succeeded,
        /// Observe mode, healthy.
        ///
        /// As `Succeeded`, with `managementMode: Observe`.
        Observed,
        /// Work is going on.
        ///
        /// The resource is being made, taken over or changed, or a deployment is under way.
        Progressing,
        /// A passing failure; tried again by itself.
        ///
        /// A call was throttled, refused as too early, left unanswered, or failed in a way that passes; or the edit
        /// has to wait for a change in AWS that is under way.
        ProgressingWithRetry,
        /// A referenced object is absent or not ready.
        ///
        /// An object named by a reference does not exist, is being deleted, or is not ready for its own generation;
        /// or ECS says that something which the spec names is missing.
        DependencyNotReady,
        /// A gate waits for a person.
        ///
        /// A deployment waits at a PAUSE hook; `status.rollout.promoteWith` is what the annotation `promote` has to
        /// say.
        AwaitingApproval,
        /// ECS finds no room for tasks.
        ///
        /// No deployment is under way, tasks are missing, and the newest event of the service says that none can be
        /// placed.
        InsufficientCapacity,
        /// Tasks that ran are dying.
        ///
        /// No deployment is under way, and tasks have been missing for a minute; `Stalled` once they were for `progressDeadlineSeconds`.
        TasksUnhealthy,
        /// Being deleted.
        ///
        /// The object is being deleted and what it made still is in AWS.
        Deleting,
        /// Deletion waits for something that still needs it.
        ///
        /// Services, tasks or instances are left in a cluster, a task definition is in use, the cluster of a service
        /// is not known any more, or Plan mode keeps the call from being made.
        DeletionBlocked,
        /// ECS or the pre-flight refuses the spec.
        ///
        /// Before any call, for what can be told from the spec alone; after ECS refused the same call several
        /// times; tried again after an edit, and rarely by itself.
        InvalidSpec,
        /// The change needs a new resource.
        ///
        /// A member differs that ECS cannot change on an existing resource.
        ReplacementRequired,
        /// The deployment failed and nothing was rolled back.
        ///
        /// The deployment ended as failed; its content is held in `status.held`.
        DeploymentFailed,
        /// The deployment failed and ECS runs the earlier revision.
        ///
        /// The circuit breaker or an alarm ended the deployment, and rollback is on; its content is held in
        /// `status.held`.
        DeploymentRolledBack,
        /// No progress before the deadline.
        ///
        /// Nothing of an open deployment changed for `progressDeadlineSeconds`, or there was no room for tasks as long.
        ProgressDeadlineExceeded,
        /// Observe mode: the resource does not exist.
        ///
        /// With `managementMode: Observe`, which makes nothing.
        ResourceMissing,
        /// Plan mode: there are steps to do.
        ///
        /// With `managementMode: Plan`; `status.plan` has the calls.
        PlanPending,
        /// The stored object cannot be read by this version.
        ///
        /// The CRD was changed, or another version wrote the object; what runs in AWS is left alone.
        Undecodable,
        /// AWS denies the call.
        ///
        /// Denied for two minutes, because IAM changes take so long to be seen; tried again by itself.
        AccessDenied,
        /// The namespace may not use the account.
        ///
        /// No `AwsAccount` allows the namespace, or not this Region, resource or adoption; no call was made. The
        /// message says what an admin has to add.
        AccountNotAllowed,
        /// Several accounts are the default of the namespace.
        ///
        /// The object names no account and `defaultFor` of two or more `AwsAccount`s matches; no call was made.
        AccountAmbiguous,
        /// The account is another than the one in use.
        ///
        /// `status.account` has another account id or Region than the one that would be used now; no call was made
        /// there, and nothing is made anew.
        AccountChanged,
        /// A role is not among those the account allows.
        ///
        /// The spec, or the revision it names, has a role that no list of the `AwsAccount` has; no call used it.
        RoleNotAllowed,
        /// A quota of the account is used up.
        ///
        /// AWS names a limit; tried again by itself.
        QuotaExceeded,
        /// The resource belongs to another owner.
        ///
        /// The tags of the resource name another object or installation.
        OwnedByAnother,
        /// The resource exists and adoption was not asked for.
        ///
        /// The resource has no tags of ours and `adoptionPolicy` does not allow to take it over.
        AdoptionRequired,
        /// Paused by annotation.
        ///
        /// Of the condition `Paused`.
        PausedByAnnotation,
        /// Something in AWS differs from the spec.
        ///
        /// Of the condition `Drifted`.
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
    in_order(&mut merged);
    merged
}

/// Puts conditions into the order in which they are written.
pub fn in_order(conditions: &mut [Condition]) {
    conditions.sort_by_key(|condition| rank(&condition.type_));
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
