//! `ServerGroup`: observe (io) → decide (pure) → act (io) → status (pure).
//!
//! A pass either moves the stored state machine on (`rollout`), or carries out what it asks (`plan`, `act`).

mod act;
mod adopt;
mod asked;
mod children;
pub mod desired;
mod foretell;
pub mod health;
pub mod measure;
pub mod name;
mod observe;
mod plan;
mod removal;
pub mod render;
mod requests;
mod resolve;
pub mod rollout;
mod status;
mod step;
pub mod traffic;
mod verdict;

pub use step::Step;

use kube::{Resource as _, ResourceExt};

use crate::api::policy::{DeletionPolicy, ManagementMode};
use crate::api::server_group::strategy::TrafficOnDelete;
use crate::api::status::Slot;
use crate::api::{ServerGroup, ServerGroupStatus};
use crate::controllers::context::all;
use crate::controllers::drive::Reconcile;
use crate::controllers::events::{EventReason, Happening};
use crate::controllers::facts::Facts;
use crate::controllers::failure::StepError;
use crate::controllers::pass::Pass;
use crate::controllers::report::{Plan, Report};
use children::Children;
use desired::Desired;
use rollout::sight::{Wants, wants};
use status::Ended;

/// The finalizer of Kubernetes that stands for `--cascade=orphan`.
const ORPHANS: &str = "orphan";

impl Reconcile for ServerGroup {
    async fn reconcile(pass: &Pass<'_, Self>) -> Report<ServerGroupStatus> {
        let text = observe::config_map(pass).await;
        let desired = Desired::resolve(pass.object, &pass.cx.stores, text.as_ref());
        pass.follow_region(desired.region.clone());
        let before = pass.object.status.clone().unwrap_or_default();
        let asked = asked::asked(&desired, &pass.directive, None);
        let children = Children::of(pass.uid(), pass.namespace(), &pass.cx.stores);
        if pass.deleting() {
            return remove(pass, &desired, &before, children).await;
        }
        if let Some(refusal) = desired.refusal(&Facts::of(pass)) {
            return status::refused(pass, &refusal);
        }
        if let Some(by) = twin(pass, &desired) {
            return status::taken(pass, &by);
        }
        let paused = !pass.directive.may_write();
        let wants = wants(&asked, &before, paused && pass.mode() != ManagementMode::Plan, pass.now);
        let observed = observe::observe(&desired, &before, children, &wants, pass).await;
        let inputs = format!("{}/{}", pass.generation(), before.last_sequence.unwrap_or(-1));
        let decision = rollout::decide(&asked, &before, &observed.sight, paused);
        let mut ended = Ended {
            steps: &[],
            done: 0,
            moved: decision.status != before,
            said: decision.said,
            blocked: decision.blocked,
            consequence: None,
            foretold: None,
        };
        if paused {
            let mut foretold = foretell::foretell(pass.object, &desired, &asked, &decision.status, &observed);
            if pass.mode() == ManagementMode::Plan {
                ended.blocked = foretold.blocked.take();
            }
            ended.foretold = Some(foretold);
        }
        if let Some(error) = &observed.error {
            ended.consequence = pass.judge(&inputs, Some(&StepError::Aws(error.clone())));
        }
        if ended.moved {
            return status::report(pass, &desired, &asked, decision.status, &observed, ended);
        }
        let mut steps = plan::plan(pass.object, &desired, &asked, &before, &observed);
        let (more, ignored) = requests::steps(
            &desired,
            &pass.directive,
            &before,
            &observed.children,
            &observed.terminating,
            &pass.owner.name,
        );
        steps.extend(more);
        if !paused {
            ended.said.extend(ignored.into_iter().map(|note| Happening::new(EventReason::RequestIgnored, note)));
        }
        ended.steps = &steps;
        if pass.may_act(&inputs) {
            let outcome = act::run(&steps, pass).await;
            ended.done = outcome.done;
            if outcome.failed.is_some() || observed.error.is_none() {
                ended.consequence = pass.judge(&inputs, outcome.failed.as_ref());
            }
        }
        status::report(pass, &desired, &asked, decision.status, &observed, ended)
    }
}

/// Takes the group down, or lets it go.
async fn remove(
    pass: &Pass<'_, ServerGroup>,
    desired: &Desired,
    before: &ServerGroupStatus,
    children: Children,
) -> Report<ServerGroupStatus> {
    let retain = pass.deletion_policy() == DeletionPolicy::Retain || pass.mode() == ManagementMode::Observe;
    let resets = desired.traffic.as_ref().is_some_and(|traffic| traffic.on_delete == TrafficOnDelete::Reset);
    let wants = Wants { rules: resets && !retain, ..Wants::default() };
    let observed = observe::observe(desired, before, children, &wants, pass).await;
    let writes = if resets { plan::shifts(rollout::start::weight_of(Slot::B, 0), &observed) } else { Vec::new() };
    let orphans = pass.object.finalizers().iter().any(|name| name == ORPHANS);
    let plan: Plan<Step> =
        if orphans { removal::orphan() } else { removal::plan(before, &observed.children, retain, writes) };
    let inputs = format!("delete/{}", pass.generation());
    let mut consequence = None;
    if pass.may_act(&inputs) {
        let outcome = act::run(&plan.steps, pass).await;
        consequence = pass.judge(&inputs, outcome.failed.as_ref());
    }
    status::leaving(pass, before.clone(), &plan, &observed, consequence)
}

/// An older object with the same name of group in the same cluster: of two the older acts.
fn twin(pass: &Pass<'_, ServerGroup>, desired: &Desired) -> Option<String> {
    let cluster = desired.cluster.value().map(crate::controllers::arn::short)?.to_owned();
    let age = |group: &ServerGroup| (group.meta().creation_timestamp.clone(), group.uid().unwrap_or_default());
    let own = age(pass.object);
    all(&pass.cx.stores.server_groups).into_iter().find_map(|other| {
        if other.uid() == pass.object.uid() || age(&other) > own {
            return None;
        }
        let theirs = Desired::resolve(&other, &pass.cx.stores, None);
        let same_cluster = theirs.cluster.value().map(crate::controllers::arn::short) == Some(cluster.as_str());
        (same_cluster && theirs.group == desired.group && theirs.region == desired.region)
            .then(|| format!("{}/{}", other.namespace().unwrap_or_default(), other.name_any()))
    })
}
