//! The plan of a cluster for who listens: its steps with the members they change. Pure.

use serde_json::json;

use super::desired::Desired;
use super::plan::Step;
use crate::controllers::foreseen::{Intent, Told};
use crate::controllers::report::Plan;
use crate::diff;
use crate::diff::effect::Effect;

/// What the pass is about to do.
pub(super) fn told(plan: &Plan<Step>, desired: &Desired) -> Told {
    Told { intents: plan.steps.iter().map(|step| intent(step, desired)).collect(), stuck: Vec::new() }
}

fn intent(step: &Step, desired: &Desired) -> Intent {
    let intent = Intent::new(step, step.is_call());
    match step {
        Step::Create(_) => {
            let changes = diff::cluster::diff(&desired.document, &json!({}));
            intent.changing(changes.into_iter().map(|change| (change.of_nothing(), None)))
        }
        Step::UpdateSettings(_, changes) | Step::Update(_, changes) | Step::PutCapacityProviders(_, changes) => {
            intent.changing(changes.iter().map(|change| (change.clone(), Some(Effect::InPlace))))
        }
        Step::Claim | Step::Tag(_) | Step::Delete(_) | Step::Release(_) => intent,
    }
}
