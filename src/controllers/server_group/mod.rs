//! `ServerGroup`: observe (io) → decide (pure) → act (io) → status (pure).
//!
//! A pass either moves the stored state machine on (`rollout`), or carries out what it asks (`plan`, `act`).

mod act;
mod adopt;
mod alarms;
mod asked;
mod basis;
mod children;
mod copying;
pub mod desired;
mod foretell;
pub mod health;
mod kept;
mod labels;
pub mod measure;
pub mod name;
mod observe;
mod plan;
mod removal;
pub mod render;
mod requests;
mod resolve;
pub mod rollout;
mod rules;
mod scale;
mod scale_act;
mod scale_reads;
mod status;
mod step;
#[cfg(test)]
mod tests;
pub mod traffic;
mod twin;
mod verdict;

pub use step::Step;

use kube::ResourceExt;

use crate::api::condition::Reason;
use crate::api::policy::{DeletionPolicy, ManagementMode};
use crate::api::server_group::strategy::TrafficOnDelete;
use crate::api::status::Slot;
use crate::api::{ServerGroup, ServerGroupStatus};
use crate::aws::AwsError;
use crate::controllers::drive::Reconcile;
use crate::controllers::events::{EventReason, Happening};
use crate::controllers::failure::StepError;
use crate::controllers::foreseen::{Intent, Told};
use crate::controllers::owner;
use crate::controllers::pass::Pass;
use crate::controllers::report::{Plan, Report};
use crate::controllers::sweep::Look;
use basis::{Against, Basis};
use children::Children;
use desired::Desired;
use observe::Observed;
use rollout::sight::{Asked, Wants, wants};
use scale::SourceSeen;
use status::Ended;
use twin::{Twin, Whereabouts, twin};

/// The finalizer of Kubernetes that stands for `--cascade=orphan`.
const ORPHANS: &str = "orphan";

impl Reconcile for ServerGroup {
    async fn reconcile(pass: &Pass<'_, Self>) -> Report<ServerGroupStatus> {
        let text = observe::config_map(pass).await;
        let mut desired = Desired::resolve(pass.object, &pass.cx.stores, text.as_ref());
        // Versions say where they are: what is the default of the namespace may change.
        desired.account = pass.place().and_then(|place| place.account.clone()).or(desired.account);
        pass.rests(Look::Group { scope: pass.scope() });
        let before = pass.object.status.clone().unwrap_or_default();
        let children = Children::of(pass.uid(), pass.namespace(), &pass.cx.stores);
        follow(pass, &children);
        if pass.deleting() {
            return Box::pin(remove(pass, &desired, &before, children)).await;
        }
        let Basis { desired, mut asked, against } = match Box::pin(basis::basis(pass, desired, &before)).await {
            Ok(basis) => basis,
            Err(refusal) => return status::refused(pass, &refusal),
        };
        if let Some(report) = rivalled(pass, &desired, &before) {
            return report;
        }
        let paused = !pass.directive.may_write();
        let wants = wants(&asked, &before, paused && pass.mode() != ManagementMode::Plan, pass.now);
        let observed = Box::pin(observe::observe(&desired, &before, children, &wants, pass)).await;
        let inputs = format!("{}/{}", pass.generation(), before.last_sequence.unwrap_or(-1));
        if let SourceSeen::Count(count) = observed.scale.source {
            asked.source_count = Some(count);
        }
        let mut decision = rollout::decide(&asked, &before, &observed.sight, paused);
        if !paused {
            basis::note(&mut decision.status, &desired.spec, against.as_ref());
            scale::note(&mut decision, &desired, &observed.children, &observed.scale, &pass.owner);
        }
        let mut ended = Ended {
            steps: &[],
            done: 0,
            moved: decision.status != before,
            said: decision.said,
            blocked: decision.blocked,
            consequence: None,
            foretold: None,
            soon: !observed.scale.copies.is_empty(),
            against,
        };
        if paused {
            let mut foretold =
                foretell::foretell(pass.object, &desired, &asked, &decision.status, &observed, &pass.owner);
            if pass.mode() == ManagementMode::Plan {
                ended.blocked = foretold.blocked.take();
            }
            ended.foretold = Some(foretold);
        }
        let unread = observed.error.clone().or(ended.against.as_ref().and_then(Against::error).cloned());
        if let Some(error) = &unread {
            ended.consequence = pass.judge(&inputs, Some(&StepError::Aws(error.clone())));
        }
        if ended.moved {
            return status::report(pass, &desired, &asked, decision.status, &observed, ended);
        }
        let steps = Box::pin(carry_out(pass, &desired, &asked, &before, &observed, &inputs, &mut ended)).await;
        ended.steps = &steps;
        status::report(pass, &desired, &asked, decision.status, &observed, ended)
    }
}

/// Versions whose objects do not follow the mode of the group yet look again.
fn follow(pass: &Pass<'_, ServerGroup>, children: &Children) {
    let (stores, operator) = (&pass.cx.stores, pass.cx.config.management_mode);
    for pair in children.pairs() {
        let service = pair.service.as_ref().filter(|service| owner::lags(*service, stores, operator));
        let definition = pair.task_definition.as_ref().filter(|definition| owner::lags(*definition, stores, operator));
        pass.cx.wakes.narrowed(service, definition);
    }
}

/// Carries out what the stored status asks, as far as this pass may. Gives all that was planned.
async fn carry_out(
    pass: &Pass<'_, ServerGroup>,
    desired: &Desired,
    asked: &Asked,
    before: &ServerGroupStatus,
    observed: &Observed,
    inputs: &str,
    ended: &mut Ended<'_>,
) -> Vec<Step> {
    let mut steps = plan::plan(pass.object, desired, asked, before, observed, &pass.owner);
    let (more, ignored) =
        requests::steps(desired, &pass.directive, before, &observed.children, &observed.terminating, &pass.owner.name);
    steps.extend(more);
    if pass.directive.may_write() {
        ended.said.extend(ignored.into_iter().map(|note| Happening::new(EventReason::RequestIgnored, note)));
    }
    let first = steps.len();
    pass.tell(|| foreseen(&steps));
    let (puts, conflicts) = scale::puts(desired, before, &observed.children, &observed.scale, &pass.owner);
    steps.extend(puts);
    if before.rollout.is_none() && ended.blocked.is_none() {
        let conflict = conflicts.into_iter().next().map(|why| (Reason::OwnedByAnother, why));
        ended.blocked = conflict.or_else(|| observed.scale.refused.clone());
    }
    let (effects, puts) = steps.split_at(first);
    if pass.may_act(inputs) {
        let outcome = act::run(effects, pass).await;
        ended.done = outcome.done;
        if outcome.failed.is_some() || (observed.error.is_none() && puts.is_empty()) {
            ended.consequence = pass.judge(inputs, outcome.failed.as_ref());
        }
        if outcome.failed.is_none() && (!puts.is_empty() || observed.scale.error.is_some()) {
            Box::pin(scaled(pass, inputs, puts, observed.scale.error.clone(), ended)).await;
        }
    }
    steps
}

/// The effects, for who listens.
fn foreseen(steps: &[Step]) -> Told {
    Told { intents: steps.iter().map(|step| Intent::new(step, step.is_call())).collect(), stuck: Vec::new() }
}

/// Makes alarms and copies. One that is refused holds up neither the rollout nor the traffic.
async fn scaled(
    pass: &Pass<'_, ServerGroup>,
    inputs: &str,
    puts: &[Step],
    unread: Option<AwsError>,
    ended: &mut Ended<'_>,
) {
    let inputs = format!("scaling/{inputs}");
    if let Some(held) = pass.held(&inputs) {
        ended.consequence = ended.consequence.take().or(Some(held));
        return;
    }
    let outcome = act::run(puts, pass).await;
    ended.done += outcome.done;
    let failed = outcome.failed.or(unread.map(StepError::Aws));
    let consequence = pass.judge(&inputs, failed.as_ref());
    ended.consequence = ended.consequence.take().or(consequence);
}

/// Takes the group down, or lets it go.
async fn remove(
    pass: &Pass<'_, ServerGroup>,
    desired: &Desired,
    before: &ServerGroupStatus,
    children: Children,
) -> Report<ServerGroupStatus> {
    let orphans = pass.object.finalizers().iter().any(|name| name == ORPHANS);
    let retain = pass.deletion_policy() == DeletionPolicy::Retain || pass.mode() == ManagementMode::Observe;
    let resets = desired.traffic.as_ref().is_some_and(|traffic| traffic.on_delete == TrafficOnDelete::Reset);
    let wants = Wants { rules: resets && !retain, ..Wants::default() };
    let observed = observe::observe(desired, before, children, &wants, pass).await;
    let writes = if resets { plan::shifts(rollout::start::weight_of(Slot::B, 0), &observed) } else { Vec::new() };
    // Where nothing may be changed in AWS, autoscaling stays as it is, too.
    let lifts = pass.mode() != ManagementMode::Observe;
    let mut plan: Plan<Step> = if orphans {
        removal::orphan(&Children::let_go(pass.uid(), pass.namespace(), &pass.cx.stores), lifts)
    } else if retain {
        let patient = lifts && pass.going_for() < removal::PATIENCE;
        removal::keep(&observed.children, lifts, patient)
    } else {
        removal::plan(before, &observed.children, writes, pass.blocked())
    };
    let inputs = format!("delete/{}", pass.generation());
    let (mut consequence, mut done) = (None, false);
    let mut before = before.clone();
    if !retain && !orphans && !before.alarms.is_empty() {
        let seen = Box::pin(scale_reads::leaving(&before, pass)).await;
        // No version wants them any more.
        let mut rest = ServerGroupStatus { versions: Vec::new(), ..before.clone() };
        let none = std::collections::BTreeMap::new();
        if let Some(first) = removal::alarms_first(scale::removals(&rest, &none, &seen, &pass.owner)) {
            plan = first;
        }
        scale::forget(&mut rest, &none, &seen, &pass.owner);
        before.alarms = rest.alarms;
        consequence = seen.error.and_then(|error| pass.judge(&inputs, Some(&StepError::Aws(error))));
    }
    if pass.may_act(&inputs) {
        let outcome = act::run(&plan.steps, pass).await;
        done = outcome.failed.is_none();
        consequence = consequence.or_else(|| pass.judge(&inputs, outcome.failed.as_ref()));
    }
    status::leaving(pass, before, &plan, &observed, done, consequence)
}

/// What is said instead of acting, where the name of the group is an older object's. What has versions already goes on
/// with them until it is known to be so.
fn rivalled(
    pass: &Pass<'_, ServerGroup>,
    desired: &Desired,
    before: &ServerGroupStatus,
) -> Option<Report<ServerGroupStatus>> {
    let mut here = Whereabouts::of(pass.object, &pass.cx.stores);
    if let Some(place) = pass.place() {
        here.account = place.id.clone().or(here.account);
        here.region = Some(place.region.clone());
    }
    match twin(pass.object, &desired.group, &here, &pass.cx.stores)? {
        Twin::Here(by) => Some(status::taken(pass, &by)),
        Twin::Somewhere(by) => before.versions.is_empty().then(|| status::waits_for(pass, &by)),
    }
}
