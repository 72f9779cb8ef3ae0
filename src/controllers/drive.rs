//! The one driver of all passes: runs a kind's pass, writes its status once, publishes events, says when to come back.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use kube::core::DeserializeGuard;
use kube::core::error_boundary::InvalidObject;
use kube::runtime::controller::Action;
use kube::{Resource, ResourceExt};
use tracing::Instrument;

use crate::api::condition::{ConditionType, Reason, find, in_order, is_ours, merge};
use crate::api::names::FINALIZER;
use crate::api::policy::DriftPolicy;
use crate::api::quoted::unquoted;
use crate::api::status::Status;
use crate::aws::agent;
use crate::controllers::accounts::{Gate, Refused, gate};
use crate::controllers::backoff::{delay, jitter};
use crate::controllers::context::Context;
use crate::controllers::counted;
use crate::controllers::events;
use crate::controllers::failure::StepError;
use crate::controllers::held;
use crate::controllers::kind::Kind;
use crate::controllers::pass::{Pass, api};
use crate::controllers::report::{Course, Report, Requeue, Verdict};
use crate::runtime::metrics::{Look, Reconciled};
use crate::runtime::telemetry;

/// No pass may take longer; each call has a shorter deadline of its own.
const PASS_DEADLINE: Duration = Duration::from_mins(3);

/// A pass waits so long for the accounts, after a start.
const ACCOUNTS_READ: Duration = Duration::from_secs(30);

/// A kind's pass.
pub trait Reconcile: Kind {
    /// observe (io) → plan (pure) → act (io) → status (pure).
    fn reconcile(pass: &Pass<'_, Self>) -> impl Future<Output = Report<Self::Status>> + Send;
}

/// Runs one pass over an object, as kube's controller wants it.
pub async fn reconcile<K: Reconcile>(object: Arc<DeserializeGuard<K>>, cx: Arc<Context>) -> Action {
    pass(object, cx).await.map_or_else(gone, Action::requeue)
}

/// What came of a pass.
struct Visited {
    requeue: Requeue,
    /// Where a refused or failed call leaves the object.
    failed: Option<Course>,
    /// Was anything written or told?
    changed: bool,
}

impl Visited {
    const GONE: Self = Self { requeue: Requeue::Gone, failed: None, changed: false };

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
    let meta = object.meta();
    let span = telemetry::reconcile_span(K::KIND, meta, cx.clock.exact());
    timed(object, cx).instrument(span).await
}

async fn timed<K: Reconcile>(object: Arc<DeserializeGuard<K>>, cx: Arc<Context>) -> Option<Duration> {
    let (namespace, name) = (object.namespace().unwrap_or_default(), object.name_any());
    let running = cx.metrics.reconcile.start(K::KIND, &namespace, &name);
    let uid = object.meta().uid.clone().unwrap_or_default();
    cx.wakes.changed::<K>(object.meta(), &cx.stores);
    let pass = AssertUnwindSafe(async {
        match &object.0 {
            Ok(object) if cx.config.drift_policy == DriftPolicy::default() => visit(object, &cx).await,
            Ok(object) => {
                let mut object = object.clone();
                object.default_drift(cx.config.drift_policy);
                visit(&object, &cx).await
            }
            Err(invalid) => undecodable::<K>(invalid, &cx).await,
        }
    })
    .catch_unwind();
    let (result, error) = match tokio::time::timeout(PASS_DEADLINE, pass).await {
        Ok(Ok(Ok(visited))) => {
            let again = match visited.requeue {
                Requeue::Sweep => Some(jitter(cx.config.sweep_of(K::KIND), &uid, 0)),
                Requeue::After(after) => Some(jitter(after, &uid, 1)),
                Requeue::Gone => None,
            };
            telemetry::reconciled(visited.result(), visited.changed, again);
            running.ended(visited.result(), again);
            return again;
        }
        Ok(Ok(Err(error))) => (Reconciled::Error, error.to_string()),
        Ok(Err(_panic)) => (Reconciled::Panic, "the pass panicked".to_owned()),
        Err(_elapsed) => (Reconciled::Timeout, "the pass took too long".to_owned()),
    };
    let count = cx.failed().add(&uid, "driver", cx.clock.now()).count;
    let again = Some(delay(count, &uid));
    tracing::warn!(error, ?again, "pass failed");
    running.ended(result, again);
    again
}

#[expect(clippy::disallowed_methods, reason = "the object is gone: nothing to come back to")]
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
    if K::PLACED {
        match Box::pin(enter(&pass)).await {
            Gate::Open(place) => pass.settle_in(*place),
            Gate::Closed(refused) => {
                let report = held::refused(&pass, &refused).await;
                return settle(&pass, report).await;
            }
            Gate::Unread(error) => {
                let report = held::unread(&pass, error);
                return settle(&pass, report).await;
            }
        }
    }
    let report = Box::pin(K::reconcile(&pass)).await;
    settle(&pass, report).await
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
    let mut status = report.status;
    let mut common = status.common();
    let generation =
        if report.keep_generation { pass.common.observed_generation.unwrap_or(-1) } else { pass.generation() };
    common.observed_generation = Some(generation);
    common.conditions = merge(&pass.common.conditions, &report.claims, generation, pass.now);
    status.set_common(common);
    let look = Look {
        conditions: &status.common().conditions,
        deleting: pass.object.meta().deletion_timestamp.as_ref().map(|at| at.0),
        tasks: counted::tasks::<K>(&status),
        now: pass.now,
    };
    pass.cx.metrics.objects.set(K::KIND, pass.namespace(), &pass.owner.name, look);
    if let Some(service) = pass.object.as_service().filter(|_| rested) {
        pass.cx.wakes.settled(pass.namespace(), service);
    }
    let new = pass.object.status().map(own_part).as_ref() != Some(&status);
    if report.requeue == Requeue::Gone {
        if let Some(account) = pass.common.account.as_ref().and_then(|account| account.name.as_ref()) {
            pass.cx.wakes.account(account);
        }
        pass.cx.failed().forget(pass.uid());
        pass.cx.metrics.objects.forget(K::KIND, pass.namespace(), &pass.owner.name);
    } else if new {
        pass.write_status(&status).await?;
    }
    counted::count::<K>(&pass.cx.metrics.changes, pass.object.status(), &status, &report.happenings, pass.now);
    for happening in &report.happenings {
        tracing::info!(reason = happening.reason.as_str(), note = happening.note, "changed");
    }
    events::publish(&pass.reference(), &report.happenings, pass.cx).await;
    let changed = new || !report.happenings.is_empty();
    Ok(Visited { requeue: report.requeue, failed: report.failed, changed })
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

/// An object that this version cannot read: say so, or, if it is being deleted, delete from its status alone.
async fn undecodable<K: Reconcile>(invalid: &InvalidObject, cx: &Context) -> Result<Visited, StepError> {
    let namespace = invalid.metadata.namespace.clone().unwrap_or_default();
    let name = invalid.metadata.name.clone().unwrap_or_default();
    let api = api::<K>(&cx.kube, &namespace);
    let Some(stored) = api.get_opt(&name).await? else { return Ok(Visited::GONE) };
    let status = stored.data.get("status").and_then(|status| serde_json::from_value(status.clone()).ok());
    let object = K::bare(stored.metadata.clone(), status);
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
            unquoted(&invalid.error)
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
