//! What annotations ask of a service: which ask applies, which does not, and which is answered already. Pure.

use super::observe::Observed;
use crate::api::condition::{ConditionType, find};
use crate::api::status::{EcsServiceStatus, Held, InFlight, Rollout};
use crate::controllers::directive::Directive;

/// The asks of a pass, judged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Requests {
    /// Start a forced deployment, asked for by this value.
    pub restart: Option<String>,
    /// Let this gate open.
    pub promote: Option<String>,
    /// Roll the open rollout back.
    pub abort: bool,
    /// Lift the hold of failed content.
    pub retry: bool,
    /// Asks that do not apply, each with what would.
    pub ignored: Vec<String>,
}

impl Requests {
    /// Without those that start a deployment.
    #[must_use]
    pub(super) fn without_rolling(self) -> Self {
        Self { restart: None, retry: false, ..self }
    }
}

/// Judges the asks.
#[must_use]
pub(super) fn judge(
    asked: &Directive,
    status: &EcsServiceStatus,
    rollout: Option<&Rollout>,
    observed: &Observed,
) -> Requests {
    let mut requests = Requests {
        restart: asked.restart.clone().filter(|value| !restarted(value, status.in_flight.as_ref(), observed)),
        ..Requests::default()
    };
    if let (Some(held), None) = (held_now(status), &asked.retry)
        && let Some(value) = requests.restart.take()
    {
        requests.ignored.push(format!(
            "`ecs-operator.dev/restarted-at: {value}`: the content failed and is held; set `ecs-operator.dev/retry: {}` to try it again",
            held.rollout
        ));
    }
    if let Some(value) = &asked.promote {
        match rollout.and_then(|rollout| rollout.promote_with.as_ref()) {
            Some(gate) if gate == value => requests.promote = Some(gate.clone()),
            Some(gate) => requests.ignored.push(format!(
                "`ecs-operator.dev/promote: {value}` names no gate that waits; the one that waits is `{gate}`"
            )),
            None => requests.ignored.push(format!("`ecs-operator.dev/promote: {value}`: no gate waits")),
        }
    }
    if let Some(value) = &asked.abort {
        match rollout.filter(|rollout| rollout.finished_at.is_none()) {
            Some(open) if open.id == *value => requests.abort = true,
            Some(open) => requests
                .ignored
                .push(format!("`ecs-operator.dev/abort: {value}` is not the rollout under way; that is `{}`", open.id)),
            None => requests.ignored.push(format!("`ecs-operator.dev/abort: {value}`: no rollout is under way")),
        }
    }
    if let Some(value) = &asked.retry {
        match &status.held {
            Some(held) if held.rollout == *value => requests.retry = true,
            Some(held) => requests.ignored.push(format!(
                "`ecs-operator.dev/retry: {value}` is not the rollout that failed; that is `{}`",
                held.rollout
            )),
            None => requests.ignored.push(format!("`ecs-operator.dev/retry: {value}`: nothing is held")),
        }
    }
    requests
}

/// The content that is held, if it is what the spec asks for: a revert leaves the record, and holds nothing back.
fn held_now(status: &EcsServiceStatus) -> Option<&Held> {
    let ready = find(&status.conditions, ConditionType::Ready)?;
    status.held.as_ref().filter(|held| held.reason == ready.reason)
}

/// Was this restart sent already, its answer lost? Then another deployment has taken the place of the one before.
fn restarted(value: &str, in_flight: Option<&InFlight>, observed: &Observed) -> bool {
    let Some(sent) = in_flight.filter(|sent| sent.request == "restartedAt" && sent.value == value) else {
        return false;
    };
    observed
        .service
        .present()
        .and_then(super::rollout::primary)
        .is_some_and(|primary| primary.id.is_some() && primary.id != sent.before)
}
