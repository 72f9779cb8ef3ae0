//! Decides which revision holds the content: one that exists, or a new one. Pure.

use std::fmt;
use std::time::Duration;

use aws_sdk_ecs::operation::register_task_definition::builders::RegisterTaskDefinitionInputBuilder;

use super::Desired;
use super::observe::{Described, Observed};
use crate::api::condition::Reason;
use crate::api::names::tag;
use crate::api::policy::{DeletionPolicy, ManagementMode};
use crate::controllers::conclude::count;
use crate::controllers::context::tag_list;
use crate::controllers::facts::Facts;
use crate::controllers::ownership::Ownership;
use crate::controllers::report::{Plan, Requeue, Verdict};
use crate::controllers::tagging::Tagging;

/// Revisions deregistered in one pass: they share a bucket of one call a second with registrations.
const RETIRED_AT_ONCE: usize = 5;

/// What becomes of the revisions of a family that is let go of.
pub(super) const STAYS: &str = "its revisions stay ACTIVE";

/// One effect, with its exact request.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Adds the finalizer, before anything is made.
    Claim,
    /// Registers the content as a new revision.
    Register(Box<RegisterTaskDefinitionInputBuilder>),
    /// Sets or removes tags of a revision.
    Tag(Tagging),
    /// Deregisters a revision of ours that nobody needs.
    Deregister(String),
    /// Removes the finalizer; the text says what becomes of the revisions.
    Release(String),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Claim => f.write_str("add the finalizer"),
            Self::Register(request) => {
                let containers = request.get_container_definitions().as_deref().unwrap_or_default();
                let images: Vec<String> = containers
                    .iter()
                    .map(|c| format!("{}={}", c.name().unwrap_or("?"), c.image().unwrap_or("?")))
                    .collect();
                let family = request.get_family().as_deref().unwrap_or("");
                write!(f, "RegisterTaskDefinition {family}: {}", images.join(", "))
            }
            Self::Tag(tagging) => tagging.fmt(f),
            Self::Deregister(arn) => write!(f, "DeregisterTaskDefinition {arn}"),
            Self::Release(what) => write!(f, "remove the finalizer ({what})"),
        }
    }
}

impl Step {
    /// Does it change something in AWS?
    #[must_use]
    pub fn is_call(&self) -> bool {
        !matches!(self, Self::Claim | Self::Release(_))
    }
}

/// The plan of one pass.
#[must_use]
pub fn plan(desired: &Desired, observed: &Observed, facts: &Facts) -> Plan<Step> {
    if facts.deleting {
        return removal(desired, observed, facts);
    }
    if facts.mode == ManagementMode::Observe {
        return look(desired, observed);
    }
    if let Some(plan) = ownership(desired, observed, facts) {
        return plan;
    }
    match current(desired, observed, facts) {
        Some(revision) => upkeep(desired, observed, facts, revision),
        None => registration(desired, facts),
    }
}

/// The ACTIVE revision that holds the content: the newest of ours; or anybody's, if adoption was asked for.
#[must_use]
pub(super) fn current<'a>(desired: &Desired, observed: &'a Observed, facts: &Facts) -> Option<&'a Described> {
    let equal = || observed.active.iter().filter(|r| r.content.content_hash == desired.content_hash);
    let ours = equal().find(|r| facts.owner.owns(&r.content.tags));
    let seen = facts.arn.as_deref().filter(|_| facts.mode == ManagementMode::Observe);
    ours.or_else(|| equal().find(|r| facts.mode == ManagementMode::Observe || Some(r.arn.as_str()) == seen))
}

fn look(desired: &Desired, observed: &Observed) -> Plan<Step> {
    let family = &desired.family;
    let equal = observed.active.iter().find(|r| r.content.content_hash == desired.content_hash);
    let verdict = match (equal, observed.active.first()) {
        (Some(revision), _) => Verdict::settled(format!("Revision {family}:{} holds this content.", revision.revision)),
        (None, Some(newest)) => Verdict::stuck(
            Reason::ResourceMissing,
            format!(
                "No ACTIVE revision of `{family}` holds this content (newest: {}); `managementMode: Observe` does not register one",
                newest.revision
            ),
        ),
        (None, None) => Verdict::stuck(
            Reason::ResourceMissing,
            format!("Family `{family}` has no ACTIVE revision; `managementMode: Observe` does not register one"),
        ),
    };
    Plan::rest(verdict, Requeue::Sweep)
}

/// Whose the family is. `None` = ours, or nobody's yet.
fn ownership(desired: &Desired, observed: &Observed, facts: &Facts) -> Option<Plan<Step>> {
    let newest = observed.active.first()?;
    // A revision that was only looked at, in `Observe` or `Plan`, is not ours yet.
    let had = facts.arn.is_some() && facts.claimed;
    if had || observed.active.iter().any(|r| facts.owner.owns(&r.content.tags)) {
        return None;
    }
    let what = format!("Task definition family `{}`", desired.family);
    let how = facts.owner.judge(&newest.content.tags, facts.adoption, &what);
    if desired.shared && how != Ownership::Reclaim {
        // Each version of a group owns its revision, nobody the family.
        return None;
    }
    let taken: Vec<&Described> = match &how {
        Ownership::Ours => return None,
        Ownership::Refused(reason, message) => {
            return Some(Plan::rest(Verdict::stuck(*reason, message.clone()), Requeue::Sweep));
        }
        // Every revision of the earlier object of our name, so that its history is retired with ours.
        Ownership::Reclaim => observed
            .active
            .iter()
            .filter(|r| facts.owner.judge(&r.content.tags, facts.adoption, &what) == Ownership::Reclaim)
            .collect(),
        // Only a revision with our content; without one, a new revision of ours starts the history.
        Ownership::Adopt => {
            observed.active.iter().filter(|r| r.content.content_hash == desired.content_hash).take(1).collect()
        }
    };
    if taken.is_empty() {
        return None;
    }
    let mut steps = vec![Step::Claim];
    steps.extend(taken.iter().map(|r| {
        let what = format!("revision {}:{}", desired.family, r.revision);
        Step::Tag(Tagging::taking_over(&r.arn, &what, &facts.owner, &how))
    }));
    Some(Plan {
        steps,
        verdict: Verdict::underway(Reason::Progressing, format!("{what} is being taken over.")),
        requeue: Requeue::After(Duration::from_secs(1)),
    })
}

fn registration(desired: &Desired, facts: &Facts) -> Plan<Step> {
    let mut tags = desired.tags.clone();
    tags.extend(facts.owner.tags());
    tags.insert(tag::CONTENT_HASH.to_owned(), desired.content_hash.clone());
    let request = match desired.spec.to_register(&desired.family) {
        Ok(request) => request.set_tags(Some(tag_list(&tags))),
        Err(incomplete) => {
            return Plan::rest(Verdict::stuck(Reason::InvalidSpec, incomplete.to_string()), Requeue::Sweep);
        }
    };
    Plan {
        steps: vec![Step::Claim, Step::Register(Box::new(request))],
        verdict: Verdict::settled("Registered."),
        // The answer of the registration is the observation; old revisions can be retired next.
        requeue: Requeue::After(Duration::from_secs(5)),
    }
}

fn upkeep(desired: &Desired, observed: &Observed, facts: &Facts, current: &Described) -> Plan<Step> {
    let mut steps = Vec::new();
    if !facts.claimed {
        steps.push(Step::Claim);
    }
    let what = format!("revision {}:{}", desired.family, current.revision);
    if facts.corrects() {
        let tags = &current.content.tags;
        steps.extend(
            Tagging::of(&current.arn, &what, &desired.tags, tags, &facts.owner, &facts.owned_fields).map(Step::Tag),
        );
    }
    let (retired, left) = surplus(desired, observed, facts, current);
    let more = left > 0;
    steps.extend(retired.into_iter().map(Step::Deregister));
    Plan {
        steps,
        verdict: Verdict::settled(format!("Revision {}:{} is current.", desired.family, current.revision)),
        requeue: if more { Requeue::After(Duration::from_secs(10)) } else { Requeue::Sweep },
    }
}

/// Own revisions beyond the history that nobody uses: those to retire now, and how many are left for later.
fn surplus(desired: &Desired, observed: &Observed, facts: &Facts, current: &Described) -> (Vec<String>, usize) {
    let surplus: Vec<String> = observed
        .active
        .iter()
        .filter(|r| r.revision != current.revision && r.is_made_for(&facts.owner))
        .skip(desired.history)
        .filter(|r| !desired.in_use.contains(&r.revision))
        .map(|r| r.arn.clone())
        .collect();
    let left = surplus.len().saturating_sub(RETIRED_AT_ONCE);
    // The oldest first.
    (surplus.into_iter().rev().take(RETIRED_AT_ONCE).collect(), left)
}

fn removal(desired: &Desired, observed: &Observed, facts: &Facts) -> Plan<Step> {
    let release = |what: &str| Plan {
        steps: vec![Step::Release(what.to_owned())],
        verdict: Verdict::underway(Reason::Deleting, what),
        requeue: Requeue::Gone,
    };
    if facts.deletion == DeletionPolicy::Retain || facts.mode == ManagementMode::Observe {
        return release(STAYS);
    }
    if !desired.dependants.is_empty() {
        let message = format!(
            "Task definition `{}` is still referred to by EcsService {}.",
            desired.family,
            desired.dependants.join(", ")
        );
        return Plan::rest(Verdict::underway(Reason::DeletionBlocked, message), Requeue::After(facts.blocked));
    }
    let ours: Vec<&Described> = observed.active.iter().filter(|r| r.is_made_for(&facts.owner)).collect();
    if ours.is_empty() {
        // Not made for the object, it is not the object's to deregister, whatever the policy says.
        let adopted = observed.active.iter().any(|r| facts.owner.owns(&r.content.tags));
        return if observed.gone_for_sure {
            release(if adopted { "the adopted revision stays ACTIVE" } else { "all revisions are deregistered" })
        } else {
            Plan::rest(
                Verdict::underway(Reason::Deleting, "All revisions are deregistered; looking once more."),
                Requeue::After(Duration::from_secs(2)),
            )
        };
    }
    let message = format!("{} left to deregister.", count(ours.len(), "revision"));
    let after = if ours.len() > RETIRED_AT_ONCE { 5 } else { 1 };
    Plan {
        steps: ours.iter().rev().take(RETIRED_AT_ONCE).map(|r| Step::Deregister(r.arn.clone())).collect(),
        verdict: Verdict::underway(Reason::Deleting, message),
        requeue: Requeue::After(Duration::from_secs(after)),
    }
}
