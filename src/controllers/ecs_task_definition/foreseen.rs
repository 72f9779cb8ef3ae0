//! The plan of a task definition for who listens: what a new revision changes against the newest one. Pure.

use serde_json::{Value, json};

use super::desired::Desired;
use super::observe::Observed;
use super::plan::Step;
use crate::api::EcsTaskDefinitionSpec;
use crate::controllers::document::document;
use crate::controllers::foreseen::{Intent, Told};
use crate::controllers::report::Plan;
use crate::diff::{self, Change, Scope};

/// What the pass is about to do.
pub(super) fn told(plan: &Plan<Step>, desired: &Desired, observed: &Observed) -> Told {
    let before = observed.active.first();
    let before = before.map(|newest| document(&EcsTaskDefinitionSpec::observed(&newest.content.definition)));
    Told { intents: plan.steps.iter().map(|step| intent(step, desired, before.as_ref())).collect(), stuck: Vec::new() }
}

fn intent(step: &Step, desired: &Desired, before: Option<&Value>) -> Intent {
    let intent = Intent::new(step, step.is_call());
    if !matches!(step, Step::Register(_)) {
        return intent;
    }
    let mut wanted = document(&desired.spec);
    let changes: Vec<Change> = if let Some(before) = before {
        // A family that the spec leaves to the object's name is no difference.
        if let (Some(wanted), Some(family)) = (wanted.as_object_mut(), before.get("family")) {
            wanted.insert("family".to_owned(), family.clone());
        }
        diff::task_definition::diff(&wanted, before, Scope::Whole)
    } else {
        let all = diff::task_definition::diff(&wanted, &json!({}), Scope::Declared);
        all.into_iter().map(Change::of_nothing).collect()
    };
    intent.changing(changes.into_iter().map(|change| (change, None)))
}
