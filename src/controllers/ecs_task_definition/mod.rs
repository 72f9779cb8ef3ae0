//! `EcsTaskDefinition`: observe (io) → plan (pure) → act (io) → status (pure).

mod act;
mod desired;
mod foreseen;
mod observe;
mod plan;
mod status;
#[cfg(test)]
#[allow(clippy::wildcard_enum_match_arm, reason = "a test looks at one kind of step")]
mod tests;

pub use desired::Desired;
pub use observe::{Described, Observed};
pub use plan::{Step, plan};

use crate::api::{EcsTaskDefinition, EcsTaskDefinitionStatus};
use crate::controllers::drive::Reconcile;
use crate::controllers::facts::Facts;
use crate::controllers::failure::StepError;
use crate::controllers::held::Stays;
use crate::controllers::pass::Pass;
use crate::controllers::report::{Outcome, Report};
use crate::controllers::sweep::Look;

impl Reconcile for EcsTaskDefinition {
    async fn reconcile(pass: &Pass<'_, Self>) -> Report<EcsTaskDefinitionStatus> {
        let default_role = pass.place().and_then(|place| place.default_execution_role.as_deref());
        let desired = Desired::resolve(pass.object, &pass.cx.stores, default_role);
        let facts = Facts::of(pass);
        if let Some(refusal) = desired.refusal(&facts) {
            return status::refused(pass, &refusal);
        }
        let observed = match observe::observe(&desired, pass).await {
            Ok(observed) => observed,
            Err(error) => {
                let consequence = pass.judge(&desired.content_hash, Some(&StepError::Aws(error)));
                return status::unread(pass, consequence);
            }
        };
        let facts = facts.told(observed.origin(&pass.owner), pass);
        let plan = plan::plan(&desired, &observed, &facts);
        pass.tell(|| foreseen::told(&plan, &desired, &observed));
        if plan.steps.is_empty() && plan.verdict.ready {
            pass.rests(Look::Unchanging);
        }
        if !pass.may_act(&desired.content_hash) {
            let held = pass.held(&desired.content_hash);
            return status::report(pass, &desired, &observed, &plan, &Outcome::default(), held, &facts);
        }
        let (outcome, registered) = act::run(&plan, pass).await;
        let consequence = pass.judge(&desired.content_hash, outcome.failed.as_ref());
        let observed = observed.with(registered);
        status::report(pass, &desired, &observed, &plan, &outcome, consequence, &facts)
    }

    fn left(pass: &Pass<'_, Self>) -> Option<Stays> {
        let family = Desired::resolve(pass.object, &pass.cx.stores, None).family;
        Some(Stays { what: format!("family `{family}`"), how: plan::STAYS })
    }
}
