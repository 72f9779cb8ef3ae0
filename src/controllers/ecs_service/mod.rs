//! `EcsService`: observe (io) → plan (pure) → act (io) → status (pure).

mod act;
mod content;
mod desired;
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
pub use desired::{Desired, Reference};
pub use observe::Observed;
pub use plan::{Situation, plan};
pub use rollout::{Ending, follow};
pub use step::Step;

use crate::api::{EcsService, EcsServiceStatus};
use crate::controllers::drive::Reconcile;
use crate::controllers::facts::Facts;
use crate::controllers::failure::StepError;
use crate::controllers::pass::Pass;
use crate::controllers::report::{Outcome, Report};

impl Reconcile for EcsService {
    async fn reconcile(pass: &Pass<'_, Self>) -> Report<EcsServiceStatus> {
        let mut desired = Desired::resolve(pass.object, &pass.cx.stores);
        let facts = Facts::of(pass);
        if let Some(refusal) = desired.refusal(&facts) {
            return status::refused(pass, &refusal);
        }
        let inputs = desired.inputs(pass.generation());
        let before = pass.object.status.clone().unwrap_or_default();
        let at = Situation {
            facts: &facts,
            directive: &pass.directive,
            status: &before,
            refused: pass.failing_since(&inputs).map_or(0, |(count, _)| count),
            follow: pass.cx.config.follow,
        };
        let observed = observe::observe(&desired, pass).await;
        desired.fixed_ports = observe::fixed_ports(&desired, &observed, pass).await;
        desired.hands_off = observed.scaling.hands_off(&desired, &facts);
        let plan = plan::plan(&desired, &observed, &at);
        if let Some(error) = observed.service.error() {
            let consequence = pass.judge(&inputs, Some(&StepError::Aws(error.clone())));
            return status::report(pass, &desired, &observed, None, &plan, &Outcome::default(), &at, consequence);
        }
        if !pass.may_act(&inputs) {
            let held = pass.held(&inputs);
            return status::report(pass, &desired, &observed, None, &plan, &Outcome::default(), &at, held);
        }
        let (mut outcome, now) = act::run(&plan, &observed, pass).await;
        // Calls that were made are not undone by a read that failed: the next pass reads again and tells.
        if plan.steps.is_empty() {
            outcome.failed = observed.scaling.failure(&facts).map(StepError::Aws);
        }
        let consequence = pass.judge(&inputs, outcome.failed.as_ref());
        status::report(pass, &desired, &observed, now.as_ref(), &plan, &outcome, &at, consequence)
    }
}
