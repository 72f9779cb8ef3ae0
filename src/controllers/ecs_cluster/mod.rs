//! `EcsCluster`: observe (io) → plan (pure) → act (io) → status (pure).

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
pub use plan::{Step, plan};

use crate::api::{EcsCluster, EcsClusterStatus};
use crate::controllers::drive::Reconcile;
use crate::controllers::facts::Facts;
use crate::controllers::failure::StepError;
use crate::controllers::held::Stays;
use crate::controllers::pass::Pass;
use crate::controllers::report::Report;
use crate::controllers::sweep::{Look, digest_of_cluster};

impl Reconcile for EcsCluster {
    async fn reconcile(pass: &Pass<'_, Self>) -> Report<EcsClusterStatus> {
        let desired = Desired::resolve(pass.object, &pass.cx.stores);
        let facts = Facts::of(pass);
        if let Some(refusal) = desired.refusal(&facts) {
            return status::refused(pass, &refusal);
        }
        let observed = observe::observe(&desired, pass).await;
        let facts = facts.told(observed.origin(&pass.owner), pass);
        let plan = plan::plan(&desired, &observed, &facts);
        pass.tell(|| foreseen::told(&plan, &desired));
        if let Some(live) = observed.cluster.present().filter(|_| plan.steps.is_empty() && plan.verdict.ready) {
            let name = pass.common.arn.clone().unwrap_or_else(|| desired.name.clone());
            pass.rests(Look::Cluster { scope: pass.scope(), name, digest: digest_of_cluster(live) });
        }
        // A creation that ECS refused says nothing of the changes that a cluster needs which is there after all.
        let inputs = format!("{}{}", pass.generation(), if observed.cluster.is_absent() { " absent" } else { "" });
        if let Some(error) = observed.cluster.error() {
            let consequence = pass.judge(&inputs, Some(&StepError::Aws(error.clone())));
            return status::report(pass, &desired, &observed, &plan, 0, consequence, &facts);
        }
        if !pass.may_act(&inputs) {
            return status::report(pass, &desired, &observed, &plan, 0, pass.held(&inputs), &facts);
        }
        let outcome = act::run(&plan, pass).await;
        let consequence = pass.judge(&inputs, outcome.failed.as_ref());
        status::report(pass, &desired, &observed, &plan, outcome.done, consequence, &facts)
    }

    fn left(pass: &Pass<'_, Self>) -> Option<Stays> {
        let name = Desired::resolve(pass.object, &pass.cx.stores).name;
        Some(Stays { what: format!("ECS cluster `{name}`"), how: plan::STAYS })
    }
}
