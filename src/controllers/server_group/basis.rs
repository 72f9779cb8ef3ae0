//! What a pass goes by: the spec, or, while a rollout is under way and the spec is refused, the last that was accepted.

use super::asked::asked;
use super::desired::Desired;
use super::kept;
use super::resolve;
use super::rollout::asks;
use super::rollout::sight::{Asked, Rules};
use super::rollout::start::{Start, wanted};
use super::rules;
use crate::api::condition::Reason;
use crate::api::{ServerGroup, ServerGroupSpec, ServerGroupStatus};
use crate::aws::AwsError;
use crate::controllers::facts::Facts;
use crate::controllers::pass::Pass;
use crate::controllers::refusal::Refusal;
use crate::controllers::report::{Course, Verdict};

/// Why the spec as it stands is not gone by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Against {
    /// It cannot work; nothing but an edit helps.
    Refused(String),
    /// What it refers to is not there; that may still come.
    Waits(String),
    /// Whether it can work cannot be read now.
    Unread(AwsError),
}

/// What a pass goes by.
#[derive(Debug)]
pub(super) struct Basis {
    /// What is asked for.
    pub(super) desired: Desired,
    /// The same for the state machine.
    pub(super) asked: Asked,
    /// Why it is not the spec as it stands.
    pub(super) against: Option<Against>,
}

impl Against {
    /// The read that failed.
    pub(super) fn error(&self) -> Option<&AwsError> {
        match self {
            Self::Unread(error) => Some(error),
            Self::Refused(_) | Self::Waits(_) => None,
        }
    }

    /// What the conditions say: of the spec first, then of what goes on.
    pub(super) fn verdict(&self, goes_on: &Verdict) -> Verdict {
        let meanwhile = |why: &str| format!("{why}; meanwhile: {}", goes_on.message);
        match self {
            Self::Refused(why) => Verdict::stuck(Reason::InvalidSpec, meanwhile(why)),
            Self::Waits(why) => Verdict::underway(Reason::DependencyNotReady, meanwhile(why)),
            Self::Unread(_) if goes_on.course == Course::Settled => {
                Verdict::underway(Reason::Progressing, goes_on.message.clone())
            }
            Self::Unread(_) => goes_on.clone(),
        }
    }
}

/// What to go by; an error when the spec is refused and there is nothing else to go by.
pub(super) async fn basis(
    pass: &Pass<'_, ServerGroup>,
    given: Desired,
    before: &ServerGroupStatus,
) -> Result<Basis, Refusal> {
    let plain = asked(&given, &pass.directive, None);
    let refusal = given.refusal(&Facts::of(pass));
    let accepted = accepted(pass, before);
    let against = match (&refusal, &accepted) {
        (Some(refusal), _) => Some(Against::Refused(refusal.message.clone())),
        (None, Some(accepted)) => Box::pin(objection(pass, &given, &plain, accepted, before)).await,
        (None, None) => None,
    };
    match (against, accepted) {
        (Some(against), Some(accepted)) => {
            let asked = as_before(&accepted, before, pass);
            Ok(Basis { desired: accepted, asked, against: Some(against) })
        }
        (Some(_), None) => Err(refusal.unwrap_or(Refusal { message: String::new() })),
        (None, _) => Ok(Basis { desired: given, asked: plain, against: None }),
    }
}

/// What was kept of the last spec that was accepted.
fn accepted(pass: &Pass<'_, ServerGroup>, before: &ServerGroupStatus) -> Option<Desired> {
    let spec = kept::read(before)?;
    let object = ServerGroup { metadata: pass.object.metadata.clone(), spec, status: pass.object.status.clone() };
    Some(Desired::kept(&object, &pass.cx.stores))
}

/// What was asked before, of what is under way alone: nothing else begins or takes its place.
fn as_before(accepted: &Desired, before: &ServerGroupStatus, pass: &Pass<'_, ServerGroup>) -> Asked {
    let mut asked = asked(accepted, &pass.directive, None);
    asked.refused = true;
    asked.retry = None;
    let current = before.current_version.as_ref();
    let current = before.versions.iter().find(|version| Some(&version.name) == current);
    // The template that was accepted is not kept.
    if let Some(rollout) = &before.rollout {
        asked.hash.clone_from(&rollout.template_hash);
    } else {
        (asked.promote, asked.abort) = (None, None);
        if let Some(hash) =
            before.hold.as_ref().map(|hold| &hold.hash).or(current.map(|current| &current.template_hash))
        {
            asked.hash.clone_from(hash);
        }
    }
    asked
}

/// What speaks against a spec whose every member is as it should be, while another is being brought about.
async fn objection(
    pass: &Pass<'_, ServerGroup>,
    given: &Desired,
    asked: &Asked,
    accepted: &Desired,
    before: &ServerGroupStatus,
) -> Option<Against> {
    if let Some(why) = &given.waits {
        return Some(Against::Waits(why.clone()));
    }
    let rollout = before.rollout.as_ref()?;
    if asked.disabled {
        return None;
    }
    if asks::supersedes(asked, rollout) {
        if let Some(Start::Refused(why)) = wanted(asked, before) {
            return Some(Against::Refused(why));
        }
        if asked.to_version.is_none() {
            let found = resolve::resolve(given, pass).await;
            if let Some(error) = found.error {
                return Some(Against::Unread(error));
            }
            if let Some((_, why)) = found.refused {
                return Some(Against::Refused(why));
            }
            if !found.problems.is_empty() {
                return Refusal::of(&found.problems).map(|refusal| Against::Refused(refusal.message));
            }
        }
    }
    if given.traffic.is_some() && given.traffic != accepted.traffic {
        let read = rules::rules(given, false, pass).await;
        if let Some(error) = read.error {
            return Some(Against::Unread(error));
        }
        if let Rules::Unusable(why) = read.shares {
            return Some(Against::Refused(format!("RuleMismatch: {}", why.join("; "))));
        }
    }
    None
}

/// Writes down what is gone by, as long as a rollout, or what it left to do, may need it.
pub(super) fn note(status: &mut ServerGroupStatus, spec: &ServerGroupSpec, against: Option<&Against>) {
    if against.is_none() && (status.rollout.is_some() || status.accepted_spec.is_some()) {
        status.accepted_spec = kept::text(spec);
    }
}
