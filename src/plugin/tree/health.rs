//! Conditions → one word of health, as kstatus and Argo CD read them. Pure.

use serde::Serialize;

use super::object::Object;
use crate::api::condition::{ConditionType, Reason};

/// How something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Health {
    /// Nothing to be said, such as a version out of service.
    #[default]
    Idle,
    /// As it should be.
    Healthy,
    /// On its way.
    Moving,
    /// The operator has not looked at it yet.
    Unseen,
    /// Waits for a person.
    Waiting,
    /// Somebody has to act.
    Failed,
}

impl Health {
    /// For people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Healthy => "healthy",
            Self::Moving => "in progress",
            Self::Unseen => "not seen yet",
            Self::Waiting => "waits for a person",
            Self::Failed => "failed",
        }
    }

    /// A sign for the tree.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Idle => "○",
            Self::Healthy => "✔",
            Self::Moving => "◌",
            Self::Unseen => "…",
            Self::Waiting => "‖",
            Self::Failed => "✖",
        }
    }
}

/// Health, with the reason and what there is to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// How it is.
    pub health: Health,
    /// The reason of `Ready`.
    pub reason: String,
    /// What there is to say about it.
    pub message: String,
}

/// The health of an object.
pub fn standing(object: &Object) -> Standing {
    let seen = object.status.get("observedGeneration").and_then(serde_json::Value::as_i64).unwrap_or(-1);
    let ready = object.condition(ConditionType::Ready);
    let (reason, message) =
        ready.as_ref().map_or_else(Default::default, |ready| (ready.reason.clone(), ready.message.clone()));
    let paused = object.is(ConditionType::Paused) || paused(object);
    let behind = seen != object.generation;
    let health = if object.deleting {
        Health::Moving
    } else if paused && (behind || ready.as_ref().is_none_or(|ready| ready.status != "True")) {
        Health::Waiting
    } else if behind {
        Health::Unseen
    } else if ready.as_ref().is_some_and(|ready| ready.status == "True") {
        if paused { Health::Waiting } else { Health::Healthy }
    } else if object.is(ConditionType::Stalled) {
        if reason == Reason::PlanPending.as_str() { Health::Waiting } else { Health::Failed }
    } else if reason == Reason::AwaitingApproval.as_str() {
        Health::Waiting
    } else {
        Health::Moving
    };
    match health {
        Health::Unseen if seen < 0 => Standing { health, reason: String::new(), message: UNSEEN.to_owned() },
        Health::Unseen => Standing { health, reason: String::new(), message: EDITED.to_owned() },
        Health::Idle | Health::Healthy | Health::Moving | Health::Waiting | Health::Failed => {
            Standing { health, reason, message }
        }
    }
}

/// Paused by annotation?
pub fn paused(object: &Object) -> bool {
    object.annotations.get(crate::api::names::annotation::PAUSED).is_some_and(|value| value == "true")
}

const UNSEEN: &str = "The operator has not looked at it yet.";
const EDITED: &str = "The spec was edited, and the operator has not looked at it since.";
