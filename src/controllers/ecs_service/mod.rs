//! `EcsService`: observe (io) → plan (pure) → act (io) → status (pure).

mod act;
mod content;
mod desired;
mod foreseen;
mod happened;
mod hiding;
mod observe;
mod plan;
mod removal;
mod requests;
pub(in crate::controllers) mod rollout;
mod scaling;
mod status;
mod step;
mod stopped;
#[cfg(test)]
#[allow(clippy::wildcard_enum_match_arm, reason = "a test looks at one kind of step")]
mod tests;
mod verdict;

pub use content::{Comparison, compare};
pub use desired::{Desired, Reference, moved_on};
pub use observe::Observed;
pub use plan::{Situation, plan};
pub use rollout::{Ending, follow};
pub use step::Step;

use kube::Resource as _;

use crate::api::condition::Reason;
use crate::api::{EcsService, EcsServiceStatus};
use crate::controllers::drive::Reconcile;
use crate::controllers::facts::Facts;
use crate::controllers::failure::StepError;
use crate::controllers::held::Stays;
use crate::controllers::owner;
use crate::controllers::pass::Pass;
use crate::controllers::report::{Outcome, Plan, Report, Requeue, Verdict};

impl Reconcile for EcsService {
    async fn reconcile(pass: &Pass<'_, Self>) -> Report<EcsServiceStatus> {
        let mut desired = Desired::resolve(pass.object, &pass.cx.stores);
        let facts = Facts::of(pass);
        if let Some(refusal) = desired.refusal(&facts) {
            return status::refused(pass, &refusal);
        }
        let inputs = desired.inputs(pass.generation());
        let before = pass.object.status.clone().unwrap_or_default();
        let observed = Box::pin(observe::observe(&desired, pass)).await;
        let facts = facts.told(observed.origin(&pass.owner), pass);
        let at = Situation {
            facts: &facts,
            directive: &pass.directive,
            status: &before,
            refused: pass.failing_since(&inputs).map_or(0, |(count, _)| count),
            follow: pass.cx.config.follow,
        };
        desired.fixed_ports = Box::pin(observe::fixed_ports(&desired, &observed, pass)).await;
        desired.hands_off = observed.scaling.hands_off(&desired, &facts);
        let plan = plan::plan(&desired, &observed, &at);
        pass.tell(|| foreseen::told(&plan, &desired, &observed, &facts));
        if plan.steps.is_empty() && plan.verdict.ready {
            observed.look(&desired, pass).into_iter().for_each(|look| pass.rests(look));
        }
        if let Some(error) = observed.service.error() {
            let consequence = pass.judge(&inputs, Some(&StepError::Aws(error.clone())));
            return status::report(pass, &desired, &observed, None, &plan, &Outcome::default(), &at, consequence);
        }
        if !pass.may_act(&inputs) {
            let held = pass.held(&inputs);
            return status::report(pass, &desired, &observed, None, &plan, &Outcome::default(), &at, held);
        }
        let plan = braked(plan, pass);
        let (mut outcome, now) = Box::pin(act::run(&plan, &observed, pass)).await;
        // Calls that were made are not undone by a read that failed: the next pass reads again and tells.
        if plan.steps.is_empty() {
            outcome.failed = observed.scaling.failure(&facts).map(StepError::Aws);
        }
        let consequence = pass.judge(&inputs, outcome.failed.as_ref());
        status::report(pass, &desired, &observed, now.as_ref(), &plan, &outcome, &at, consequence)
    }

    fn left(pass: &Pass<'_, Self>) -> Option<Stays> {
        let name = Desired::resolve(pass.object, &pass.cx.stores).name;
        Some(Stays { what: format!("ECS service `{name}`"), how: removal::STAYS })
    }
}

/// The plan, but for a deletion that the brake holds up. What a group that stays has replaced is no mass deletion.
fn braked(plan: Plan<Step>, pass: &Pass<'_, EcsService>) -> Plan<Step> {
    let deletes = plan.steps.iter().any(|step| matches!(step, Step::Delete { .. }));
    let stores = &pass.cx.stores;
    if !deletes || owner::stays(&pass.object.metadata, stores) {
        return plan;
    }
    let state = stores.services.state();
    let present = state.iter().filter_map(|service| service.meta().uid.clone()).collect();
    let share = pass.cx.config.deletion_brake;
    let Err(wait) = pass.cx.brake.admit(pass.uid(), &present, share) else { return plan };
    let message = format!(
        "More than {:.0} % of all services were deleted within ten minutes, so the rest goes one a minute. If that is meant, set ECS_OPERATOR_DELETION_BRAKE=1; if not, set `deletionPolicy: Retain` where the service is to stay",
        share * 100.0
    );
    Plan::rest(Verdict::underway(Reason::DeletionBlocked, message), Requeue::After(wait))
}
