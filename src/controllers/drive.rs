//! The one driver of all passes: runs a kind's pass, writes its status once, publishes events, says when to come back.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use kube::core::DeserializeGuard;
use kube::core::error_boundary::InvalidObject;
use kube::runtime::controller::Action;
use kube::runtime::reflector::ObjectRef;
use kube::{Resource, ResourceExt};
use tokio::time::Instant;
use tracing::Instrument;

use crate::api::condition::{ConditionType, Reason, find, in_order, is_ours, merge};
use crate::api::names::FINALIZER;
use crate::api::policy::DriftPolicy;
use crate::api::quoted::unquoted;
use crate::api::status::Status;
use crate::aws::{Asker, Priority, agent};
use crate::controllers::accounts::{Gate, Refused, gate};
use crate::controllers::askers::{name_of, urgency};
use crate::controllers::backoff::{delay, jitter};
use crate::controllers::context::{Context, StoreOf};
use crate::controllers::counted;
use crate::controllers::events;
use crate::controllers::failure::StepError;
use crate::controllers::held::{self, Stays};
use crate::controllers::kind::Kind;
use crate::controllers::lanes::Lanes;
use crate::controllers::pace::only_counts;
use crate::controllers::pass::{Pass, api};
use crate::controllers::readable::{readable, unreadable};
use crate::controllers::report::{Course, Report, Requeue, Verdict};
use crate::controllers::sweep::Look;
use crate::runtime::metrics::{Look as Seen, Reconciled};
use crate::runtime::telemetry;

/// No pass may work longer; each call has a shorter deadline of its own.
const PASS_DEADLINE: Duration = Duration::from_mins(3);

/// A pass waits so long for the accounts, after a start.
const ACCOUNTS_READ: Duration = Duration::from_secs(30);

/// A kind's pass.
pub trait Reconcile: Kind {
    /// observe (io) → plan (pure) → act (io) → status (pure).
    fn reconcile(pass: &Pass<'_, Self>) -> impl Future<Output = Report<Self::Status>> + Send;

    /// What the object leaves in AWS when it is let go of; `None` where more is to be done than to leave it.
    fn left(_: &Pass<'_, Self>) -> Option<Stays> {
        None
    }
}

/// Runs one pass over an object, as kube's controller wants it: when there is a place for it, and over the object as it
/// is by then. Thousands may stand in queues at once, so what each stage needs is in a box of its own and not in the
/// future of the whole.
pub async fn reconcile<K: Reconcile>(
    object: Arc<DeserializeGuard<K>>,
    cx: Arc<Context>,
    store: StoreOf<K>,
    lanes: Lanes,
) -> Action {
    let name = name_of(&object);
    let asker = cx.askers.begin(&name);
    if cx.hinted.take(&name) {
        asker.raise(Priority::Hint);
    }
    let urgency = asker.urgency(urgency(&object, &cx));
    let place = lanes.enter(K::KIND, urgency, &neighbourhood(&object), &asker).await;
    let Some(object) = store.get(&ObjectRef::from_obj(object.as_ref())) else { return gone() };
    cx.sweeps.leave(&name);
    let uid = object.meta().uid.clone().unwrap_or_default();
    let left = Box::pin(once(object, Arc::clone(&cx), asker)).await;
    cx.askers.end(&name);
    drop(place);
    match left {
        Left { again: None, .. } => gone(),
        Left { look: Some(Look::Unchanging), .. } => Action::requeue(jitter(cx.config.revision_sweep, &uid, 0)),
        Left { look: Some(look), .. } => {
            cx.sweeps.rest(name, look);
            gone()
        }
        Left { again: Some(after), look: None } => Action::requeue(after),
    }
}

/// Passes in this order ask AWS for what it describes together.
fn neighbourhood<K: Kind>(object: &DeserializeGuard<K>) -> String {
    let cluster = object.0.as_ref().ok().and_then(Kind::neighbourhood).unwrap_or_default();
    format!("{cluster}/{}/{}", object.namespace().unwrap_or_default(), object.name_any())
}

/// What came of a pass.
struct Visited {
    requeue: Requeue,
    /// Where a refused or failed call leaves the object.
    failed: Option<Course>,
    /// Was anything written or told?
    changed: bool,
    /// How the sweep is to look at the object, if it is at rest.
    look: Option<Look>,
}

impl Visited {
    const GONE: Self = Self { requeue: Requeue::Gone, failed: None, changed: false, look: None };

    fn result(&self) -> Reconciled {
        match (self.failed, self.requeue) {
            (Some(Course::Stuck), _) => Reconciled::Terminal,
            (Some(Course::Underway | Course::Settled), _) => Reconciled::Error,
            (None, Requeue::After(_)) => Reconciled::RequeueAfter,
            (None, Requeue::Sweep | Requeue::Gone) => Reconciled::Success,
        }
    }
}

/// Runs one pass over an object, readable or not, and says when to come back; `None` = the object is gone.
pub async fn pass<K: Reconcile>(object: Arc<DeserializeGuard<K>>, cx: Arc<Context>) -> Option<Duration> {
    let asker = cx.askers.begin(&name_of(&object));
    Box::pin(once(object, cx, asker)).await.again
}

/// How a pass leaves an object.
struct Left {
    /// When to come back; `None` = never, it is gone.
    again: Option<Duration>,
    /// How the sweep is to look at it, if it is at rest.
    look: Option<Look>,
}

async fn once<K: Reconcile>(object: Arc<DeserializeGuard<K>>, cx: Arc<Context>, asker: Arc<Asker>) -> Left {
    let span = telemetry::reconcile_span(K::KIND, object.meta(), cx.clock.exact());
    timed(object, cx, asker).instrument(span).await
}

async fn timed<K: Reconcile>(object: Arc<DeserializeGuard<K>>, cx: Arc<Context>, asker: Arc<Asker>) -> Left {
    let (namespace, name) = (object.namespace().unwrap_or_default(), object.name_any());
    let running = cx.metrics.reconcile.start(K::KIND, &namespace, &name);
    let uid = object.meta().uid.clone().unwrap_or_default();
    if cx.familiar.is_news(&object) {
        cx.wakes.changed::<K>(object.meta(), &cx.stores);
    }
    let pass = AssertUnwindSafe(async {
        match &object.0 {
            Ok(object) if cx.config.drift_policy == DriftPolicy::default() => visit(object, &cx).await,
            Ok(object) => {
                let mut object = Box::new(object.clone());
                object.default_drift(cx.config.drift_policy);
                visit(object.as_ref(), &cx).await
            }
            Err(invalid) => Box::pin(undecodable::<K>(invalid, &cx)).await,
        }
    })
    .catch_unwind();
    let pass = Box::pin(Arc::clone(&asker).run(pass));
    let (result, error) = match in_time(pass, &asker).await {
        Some(Ok(Ok(visited))) => {
            let (again, look) = match visited.requeue {
                Requeue::Sweep => (Some(jitter(cx.config.sweep_of(K::KIND), &uid, 0)), visited.look.clone()),
                Requeue::After(after) => (Some(jitter(after, &uid, 1)), None),
                Requeue::Gone => {
                    cx.familiar.forget(&name_of(&object));
                    (None, None)
                }
            };
            telemetry::reconciled(visited.result(), visited.changed, again);
            let unchanging = look == Some(Look::Unchanging);
            let due = if unchanging { Some(jitter(cx.config.revision_sweep, &uid, 0)) } else { again };
            running.ended(visited.result(), due);
            return Left { again, look };
        }
        Some(Ok(Err(error))) => (Reconciled::Error, error.to_string()),
        Some(Err(_panic)) => (Reconciled::Panic, "the pass panicked".to_owned()),
        None => (Reconciled::Timeout, "the pass took too long".to_owned()),
    };
    let count = cx.failed().add(&uid, "driver", cx.clock.now()).count;
    let again = Some(delay(count, &uid));
    tracing::warn!(error, ?again, "pass failed");
    running.ended(result, again);
    Left { again, look: None }
}

/// The pass, if it ends in time. What it stands in queues does not count: it would only lose its place there.
async fn in_time<F: Future>(pass: F, asker: &Asker) -> Option<F::Output> {
    let (began, mut left) = (Instant::now(), PASS_DEADLINE);
    let mut pass = std::pin::pin!(pass);
    loop {
        tokio::select! {
            biased;
            done = &mut pass => return Some(done),
            () = tokio::time::sleep(left) => {}
        }
        let worked = began.elapsed().saturating_sub(asker.stood());
        left = PASS_DEADLINE.checked_sub(worked).filter(|left| !left.is_zero())?;
    }
}

#[expect(clippy::disallowed_methods, reason = "the object is gone, or the sweep looks after it")]
fn gone() -> Action {
    Action::await_change()
}

async fn visit<K: Reconcile>(object: &K, cx: &Context) -> Result<Visited, StepError> {
    let (namespace, name) = (object.namespace().unwrap_or_default(), object.name_any());
    agent::on_behalf(K::KIND, &namespace, &name, Box::pin(look(object, cx))).await
}

async fn look<K: Reconcile>(object: &K, cx: &Context) -> Result<Visited, StepError> {
    let mut pass = Pass::new(object, cx);
    if pass.deleting() && !pass.claimed() {
        if let Some(account) = pass.common.account.as_ref().and_then(|account| account.name.as_ref()) {
            cx.wakes.account(account);
        }
        cx.failed().forget(pass.uid());
        cx.metrics.objects.forget(K::KIND, pass.namespace(), &pass.owner.name);
        return Ok(Visited::GONE);
    }
    let gate = if K::PLACED { Some(Box::pin(enter(&pass)).await) } else { None };
    let held = match gate {
        Some(Gate::Closed(_)) if pass.lets_go() => None,
        Some(Gate::Closed(refused)) => Some(held::refused(&pass, &refused)),
        Some(Gate::Unread(error)) => Some(held::unread(&pass, error)),
        Some(Gate::Open(place)) => {
            pass.settle_in(*place);
            None
        }
        None => None,
    };
    let stays = if pass.lets_go() { K::left(&pass) } else { None };
    let report = match (held, stays) {
        (Some(report), _) => report,
        (None, Some(stays)) => held::let_go(&pass, &stays).await,
        (None, None) => Box::pin(K::reconcile(&pass)).await,
    };
    Box::pin(settle(&pass, report)).await
}

/// Where the calls of a pass go; not before all accounts are known.
async fn enter<K: Kind>(pass: &Pass<'_, K>) -> Gate {
    if pass.cx.config.ambient.accounts {
        let known = tokio::time::timeout(ACCOUNTS_READ, pass.cx.stores.accounts.wait_until_ready()).await;
        if !matches!(known, Ok(Ok(()))) {
            return Gate::Closed(Refused::Waits(
                "AwsAccounts were not read yet; is their CRD installed, and may the operator list them?".to_owned(),
            ));
        }
    }
    gate(pass).await
}

/// Writes the status if it says something new, then publishes.
async fn settle<K: Kind>(pass: &Pass<'_, K>, report: Report<K::Status>) -> Result<Visited, StepError> {
    let rested = came_to_rest(pass, &report);
    let quiet = report.happenings.is_empty().then_some(report.requeue);
    let mut status = report.status;
    let mut common = status.common();
    let generation =
        if report.keep_generation { pass.common.observed_generation.unwrap_or(-1) } else { pass.generation() };
    common.observed_generation = Some(generation);
    common.conditions = merge(&pass.common.conditions, &report.claims, generation, pass.now);
    status.set_common(common);
    let look = Seen {
        conditions: &status.common().conditions,
        deleting: pass.object.meta().deletion_timestamp.as_ref().map(|at| at.0),
        tasks: counted::tasks::<K>(&status),
        now: pass.now,
    };
    pass.cx.metrics.objects.set(K::KIND, pass.namespace(), &pass.owner.name, look);
    if let Some(service) = pass.object.as_service().filter(|_| rested) {
        pass.cx.wakes.settled(pass.namespace(), service);
    }
    let stored = pass.object.status().map(own_part);
    let new = stored.as_ref() != Some(&status);
    if report.requeue == Requeue::Gone {
        if let Some(account) = pass.common.account.as_ref().and_then(|account| account.name.as_ref()) {
            pass.cx.wakes.account(account);
        }
        pass.cx.failed().forget(pass.uid());
        pass.cx.metrics.objects.forget(K::KIND, pass.namespace(), &pass.owner.name);
    } else if new {
        if let Some(wait) = too_soon(pass, stored.as_ref(), &status, quiet) {
            return Ok(Visited { requeue: Requeue::After(wait), failed: report.failed, changed: false, look: None });
        }
        pass.cx.pace.wrote(pass.uid());
        Box::pin(pass.write_status(&status)).await?;
    }
    counted::count::<K>(&pass.cx.metrics.changes, pass.object.status(), &status, &report.happenings, pass.now);
    for happening in &report.happenings {
        tracing::info!(reason = happening.reason.as_str(), note = happening.note, "changed");
    }
    events::publish(&pass.reference(), &report.happenings, pass.cx).await;
    let changed = new || !report.happenings.is_empty();
    Ok(Visited { requeue: report.requeue, failed: report.failed, changed, look: pass.take_look() })
}

/// How long a status that tells of nothing but counts has to wait, after a pass in which nothing happened (`quiet`). One
/// that a later pass goes on from never waits.
fn too_soon<K: Kind>(
    pass: &Pass<'_, K>,
    stored: Option<&K::Status>,
    status: &K::Status,
    quiet: Option<Requeue>,
) -> Option<Duration> {
    if K::RESUMES_FROM_STATUS || pass.deleting() {
        return None;
    }
    let wait = pass.cx.pace.wait(pass.uid())?;
    let wait = match quiet? {
        Requeue::After(sooner) => wait.min(sooner),
        Requeue::Sweep | Requeue::Gone => wait,
    };
    only_counts(stored?, status).then_some(wait)
}

/// A stored status without the conditions of other writers, which are not ours to compare or to send. In our order:
/// an apply leaves conditions where they were and adds new ones at the end.
fn own_part<S: Status>(stored: &S) -> S {
    let mut own = stored.clone();
    let mut common = own.common();
    common.conditions.retain(|condition| is_ours(&condition.type_));
    in_order(&mut common.conditions);
    own.set_common(common);
    own
}

/// Did the object come to another state that its neighbours should know of?
fn came_to_rest<K: Kind>(pass: &Pass<'_, K>, report: &Report<K::Status>) -> bool {
    let was = find(&pass.common.conditions, ConditionType::Ready).map(|ready| ready.reason.as_str());
    let now = report.claims.iter().find(|claim| claim.kind == ConditionType::Ready).map(|claim| claim.reason.as_str());
    report.requeue == Requeue::Gone || was != now
}

/// An object that this version cannot read: say so, or, if it is being deleted, delete by what can be read of it.
async fn undecodable<K: Reconcile>(invalid: &InvalidObject, cx: &Context) -> Result<Visited, StepError> {
    let namespace = invalid.metadata.namespace.clone().unwrap_or_default();
    let name = invalid.metadata.name.clone().unwrap_or_default();
    let api = api::<K>(&cx.kube, &namespace);
    let Some(stored) = api.get_opt(&name).await? else { return Ok(Visited::GONE) };
    let object: K = readable(&stored);
    let deleting = stored.metadata.deletion_timestamp.is_some();
    if deleting && object.finalizers().iter().any(|finalizer| finalizer == FINALIZER) {
        return visit(&object, cx).await;
    }
    if deleting {
        return Ok(Visited::GONE);
    }
    let pass = Pass::new(&object, cx);
    let verdict = Verdict::stuck(
        Reason::Undecodable,
        format!(
            "This version of the operator cannot read the stored object: {}. Correct the member and put the whole object in place with `kubectl replace`; what runs in AWS is left alone.",
            unreadable::<K>(&stored).unwrap_or_else(|| unquoted(&invalid.error))
        ),
    );
    let report = Report {
        status: object.status().cloned().unwrap_or_default(),
        claims: verdict.claims(false),
        happenings: Vec::new(),
        requeue: Requeue::Sweep,
        keep_generation: false,
        failed: None,
    };
    settle(&pass, report).await
}
