//! The plan of a service for who listens: its steps with the members they change. Pure.

use serde_json::{Value, json};

use super::content::compare;
use super::desired::Desired;
use super::observe::Observed;
use super::step::Step;
use crate::controllers::arn::short;
use crate::controllers::facts::Facts;
use crate::controllers::foreseen::{Intent, Told};
use crate::controllers::report::Plan;
use crate::diff::effect::Effect;
use crate::diff::{self, Change};

/// What the pass is about to do.
pub(super) fn told(plan: &Plan<Step>, desired: &Desired, observed: &Observed, facts: &Facts) -> Told {
    let stuck = observed.service.present().filter(|live| live.status.as_deref() == Some("ACTIVE"));
    let stuck = stuck.map(|live| compare(desired, live, observed.revision.as_ref(), &facts.owned_fields).stuck);
    Told { intents: plan.steps.iter().map(|step| intent(step, desired)).collect(), stuck: stuck.unwrap_or_default() }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the others say all there is in their line")]
fn intent(step: &Step, desired: &Desired) -> Intent {
    let intent = Intent::new(step, step.is_call());
    match step {
        Step::Create(request) => {
            let mut document = desired.document.clone();
            if let Some(members) = document.as_object_mut() {
                let mut set = |name: &str, value: Option<Value>| {
                    members.extend(value.map(|value| (name.to_owned(), value)));
                };
                set("cluster", request.get_cluster().as_deref().map(short).map(Value::from));
                set("taskDefinition", request.get_task_definition().as_deref().map(short).map(Value::from));
                set("desiredCount", request.get_desired_count().map(Value::from));
            }
            let changes = diff::service::diff(&document, &json!({}));
            intent.changing(changes.into_iter().map(|change| (change.of_nothing(), None)))
        }
        Step::Update(_, changes) => {
            intent.changing(changes.iter().map(|(change, effect)| (change.clone(), Some(*effect))))
        }
        Step::Force(_) => intent.changing([(change("forceNewDeployment", None, Some("true")), Some(Effect::Rolls))]),
        Step::Drain { .. } => intent.changing([(change("desiredCount", None, Some("0")), Some(Effect::InPlace))]),
        _ => intent,
    }
}

fn change(path: &str, from: Option<&str>, to: Option<&str>) -> Change {
    Change { path: path.to_owned(), from: from.map(str::to_owned), to: to.map(str::to_owned) }
}
