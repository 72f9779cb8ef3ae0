//! One pass over one object: who it is, what is asked of it, and the few writes to Kubernetes that steps need.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::ObjectReference;
use kube::api::{Api, ApiResource, DynamicObject, Patch};
use kube::{Resource as _, ResourceExt};
use serde_json::json;

use crate::api::condition::{ConditionType, Reason, find, is_true};
use crate::api::names::FINALIZER;
use crate::api::policy::{AdoptionPolicy, DeletionPolicy, ManagementMode};
use crate::api::status::{Common, Origin, Status};
use crate::aws::{AccountKey, Priority, Scope};
use crate::controllers::accounts::Place;
use crate::controllers::backoff::{GONE, VANISHED, blocked};
use crate::controllers::context::Context;
use crate::controllers::directive::{self, Directive};
use crate::controllers::failure::{Consequence, StepError, judge};
use crate::controllers::foreseen::Told;
use crate::controllers::kind::{Kind, Policies};
use crate::controllers::owner;
use crate::controllers::ownership::Owner;
use crate::controllers::seen::Seen;
use crate::controllers::sweep::Look;
use crate::controllers::written::ours;

/// One pass.
pub struct Pass<'a, K: Kind> {
    /// The object as it was when the pass began.
    pub object: &'a K,
    /// What the pass may use.
    pub cx: &'a Context,
    /// The policies of its spec.
    pub policies: Policies,
    /// What its annotations ask.
    pub directive: Directive,
    /// Its owner tags.
    pub owner: Owner,
    /// The common part of the status it had.
    pub common: Common,
    /// When the pass began.
    pub now: Timestamp,
    /// How urgent its calls are.
    pub priority: Priority,
    version: Mutex<Option<String>>,
    place: Option<Place>,
    claimed_now: AtomicBool,
    look: Mutex<Option<Look>>,
}

/// How urgent an object's calls are.
fn urgency<K: Kind>(object: &K, common: &Common, directive: &Directive) -> Priority {
    let edited = common.observed_generation != object.meta().generation;
    if object.meta().deletion_timestamp.is_some() || object.in_danger() || directive.abort.is_some() {
        Priority::Cleanup
    } else if edited || directive.reconcile || directive.restart.is_some() {
        Priority::Edit
    } else if is_true(&common.conditions, ConditionType::Reconciling) {
        Priority::Rollout
    } else {
        Priority::Sweep
    }
}

impl<'a, K: Kind> Pass<'a, K> {
    /// Begins a pass.
    pub fn new(object: &'a K, cx: &'a Context) -> Self {
        let policies = object.policies();
        let common = object.status().map(Status::common).unwrap_or_default();
        let directive = directive::read(object.annotations(), &common, policies.management, cx.config.management_mode);
        let directive = owner::narrowed(directive, object.meta(), &cx.stores, cx.config.management_mode);
        let priority = urgency(object, &common, &directive);
        Self {
            object,
            cx,
            owner: Owner {
                installation: cx.config.installation.clone(),
                namespace: object.namespace().unwrap_or_default(),
                kind: K::KIND,
                name: object.name_any(),
                uid: object.uid().unwrap_or_default(),
            },
            policies,
            directive,
            common,
            now: cx.clock.now(),
            priority,
            version: Mutex::new(object.resource_version()),
            place: None,
            claimed_now: AtomicBool::new(false),
            look: Mutex::default(),
        }
    }

    /// Tells who listens what this pass is about to do.
    pub fn tell(&self, told: impl FnOnce() -> Told) {
        let name = || (K::KIND, self.owner.namespace.clone(), self.owner.name.clone());
        self.cx.foreseen.tell(name, told);
    }

    /// If this pass leaves the object at rest, the sweep looks at it so.
    pub fn rests(&self, look: Look) {
        *self.look.lock().unwrap_or_else(PoisonError::into_inner) = Some(look);
    }

    /// How the sweep is to look at the object.
    pub(crate) fn take_look(&self) -> Option<Look> {
        self.look.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The object's UID.
    pub fn uid(&self) -> &str {
        &self.owner.uid
    }

    /// The object's generation.
    pub fn generation(&self) -> i64 {
        self.object.meta().generation.unwrap_or_default()
    }

    /// Is the object being deleted?
    pub fn deleting(&self) -> bool {
        self.object.meta().deletion_timestamp.is_some()
    }

    /// Seconds since the object was asked to go; 0 if it was not.
    pub fn going_for(&self) -> i64 {
        let asked = self.object.meta().deletion_timestamp.as_ref();
        asked.map_or(0, |asked| self.now.duration_since(asked.0).as_secs().max(0))
    }

    /// How soon to look again while others keep the object from going.
    pub fn blocked(&self) -> Duration {
        blocked(self.going_for())
    }

    /// Does the object carry our finalizer?
    pub fn claimed(&self) -> bool {
        self.object.finalizers().iter().any(|name| name == FINALIZER)
    }

    /// Is there an edit that AWS does not have yet? A pass that failed saw the generation and brought nothing about,
    /// so an object whose last pass failed, waited or only planned still counts as edited.
    pub fn edited(&self) -> bool {
        const OPEN: &[Reason] = &[
            Reason::ProgressingWithRetry,
            Reason::AccessDenied,
            Reason::QuotaExceeded,
            Reason::AccountNotAllowed,
            Reason::AccountAmbiguous,
            Reason::AccountChanged,
            Reason::RoleNotAllowed,
            Reason::InvalidSpec,
            Reason::DependencyNotReady,
            Reason::PlanPending,
        ];
        let ready = find(&self.common.conditions, ConditionType::Ready);
        self.common.observed_generation != Some(self.generation())
            || ready.is_some_and(|ready| OPEN.iter().any(|reason| reason.as_str() == ready.reason))
    }

    /// Does a reference lead elsewhere than what was last seen in AWS?
    pub fn moved_on(&self) -> bool {
        self.object.moved_on(&self.cx.stores)
    }

    /// Did AWS equal the spec when it was last read, and has nothing been asked for since?
    pub fn still_synced(&self) -> bool {
        is_true(&self.common.conditions, ConditionType::Synced) && !self.edited() && !self.moved_on()
    }

    /// What the condition `Available` said so far.
    pub fn said_available(&self) -> Option<(bool, String)> {
        let said = find(&self.common.conditions, ConditionType::Available)?;
        Some((said.status == "True", said.message.clone()))
    }

    /// The object's namespace.
    pub fn namespace(&self) -> &str {
        &self.owner.namespace
    }

    /// Makes the calls of this pass go to a place, within its limits.
    pub fn settle_in(&mut self, place: Place) {
        self.directive.mode = self.directive.mode.max(place.ceiling);
        if !place.restrictions.adoption && self.policies.adoption == AdoptionPolicy::Always {
            self.policies.adoption = AdoptionPolicy::IfTagged;
        }
        self.place = Some(place);
    }

    /// Where calls go, once that was decided.
    pub fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    /// Where calls go.
    pub fn scope(&self) -> Scope {
        match &self.place {
            Some(place) => place.scope(),
            // Nobody decided, so there are no credentials either.
            None => Scope::of(AccountKey::named(""), self.cx.config.region.clone()),
        }
    }

    /// Does AWS hold something of the object's, or may it from this pass on?
    pub fn holds(&self) -> bool {
        self.claimed() || self.claimed_now.load(Ordering::Relaxed)
    }

    /// The deletion policy in force: the spec's; else `Retain` for what was adopted; else the operator's.
    pub fn deletion_policy(&self) -> DeletionPolicy {
        self.deletion_policy_of(self.common.origin)
    }

    /// The same for a resource that came from there.
    pub fn deletion_policy_of(&self, origin: Option<Origin>) -> DeletionPolicy {
        self.policies.deletion.unwrap_or(match origin {
            Some(Origin::Adopted) => DeletionPolicy::Retain,
            Some(Origin::Created) | None => self.cx.config.deletion_policy,
        })
    }

    /// Is the object let go of, with all that AWS holds of it? That takes no call, so it takes no access to AWS either.
    pub fn lets_go(&self) -> bool {
        self.lets_go_within(self.mode())
    }

    /// The same in a place where no more than this may be done.
    pub fn lets_go_within(&self, ceiling: ManagementMode) -> bool {
        let waits = self.mode().max(ceiling) == ManagementMode::Plan;
        self.deleting() && self.deletion_policy() == DeletionPolicy::Retain && !waits
    }

    /// May this pass run its steps? `inputs` is all that a refusal depends on. A paused object can be deleted,
    /// and an observed one can be let go of; its plan holds nothing else.
    pub fn may_act(&self, inputs: &str) -> bool {
        let allowed = if self.deleting() { self.mode() != ManagementMode::Plan } else { self.directive.may_write() };
        allowed && self.held(inputs).is_none()
    }

    /// The refusal that still holds back calls for these inputs.
    pub fn held(&self, inputs: &str) -> Option<Consequence> {
        if self.directive.reconcile {
            return None;
        }
        let failed = self.cx.failed();
        let failures = failed.of(self.uid(), inputs)?;
        failures.held.clone().filter(|held| held.hold_until.is_some_and(|until| self.now < until))
    }

    /// Counts a failed step, or forgets the failures of the past.
    pub fn judge(&self, inputs: &str, failed: Option<&StepError>) -> Option<Consequence> {
        let mut memory = self.cx.failed();
        let Some(error) = failed else {
            memory.clear(self.uid());
            return None;
        };
        let failures = memory.add(self.uid(), inputs, self.now);
        let consequence = judge(error, failures, self.uid(), self.now);
        failures.held = Some(consequence.clone());
        Some(consequence)
    }

    /// How many passes in a row failed on these inputs, and since when.
    pub fn failing_since(&self, inputs: &str) -> Option<(u32, Timestamp)> {
        self.cx.failed().of(self.uid(), inputs).map(|failures| (failures.count, failures.since))
    }

    /// Is this a further look in a row, some seconds after the first, that found nothing?
    /// Reads of ECS are eventually consistent, so one is not enough to let go of an object.
    pub fn gone_twice(&self, gone: bool) -> bool {
        self.cx.failed().gone(self.uid(), gone.then_some(GONE), self.now)
    }

    /// The same of a service or cluster. ECS shows one that was deleted as `INACTIVE`: one of which it says nothing at all
    /// is looked for longer.
    pub fn gone_for_sure<T>(&self, seen: &Seen<T>, status: impl FnOnce(&T) -> Option<&str>) -> bool {
        match seen {
            Seen::Present(live) => self.gone_twice(status(live) == Some("INACTIVE")),
            Seen::Absent => self.cx.failed().gone(self.uid(), Some(VANISHED), self.now),
            Seen::Unreadable(_) => self.gone_twice(false),
        }
    }

    /// Something is being made, or was: that it was not there before says nothing any more.
    pub fn may_be_there(&self) {
        self.cx.failed().gone(self.uid(), None, self.now);
    }

    /// Was this generation `Ready` after the last pass?
    pub fn was_ready(&self) -> bool {
        self.common.observed_generation == Some(self.generation())
            && is_true(&self.common.conditions, ConditionType::Ready)
    }

    /// The management mode in force.
    pub fn mode(&self) -> ManagementMode {
        self.directive.mode
    }

    /// The object, for events.
    pub fn reference(&self) -> ObjectReference {
        self.object.object_ref(&())
    }

    /// Untyped: what is not readable as a `K` gets a status and is deleted all the same.
    pub(super) fn api(&self) -> Api<DynamicObject> {
        api::<K>(&self.cx.kube, self.namespace())
    }

    pub(super) fn version(&self) -> Option<String> {
        self.version.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn moved_to(&self, object: &DynamicObject) {
        *self.version.lock().unwrap_or_else(PoisonError::into_inner) = object.resource_version();
    }

    /// Reads the object anew, past every cache: still the same life? Needed before anything destructive.
    pub async fn still_ours(&self) -> Result<(), StepError> {
        let found = self.api().get_opt(&self.owner.name).await?;
        match found {
            Some(object)
                if object.meta().uid.as_deref() == Some(self.uid())
                    && object.meta().deletion_timestamp.is_some() == self.deleting() =>
            {
                Ok(())
            }
            Some(_) | None => Err(StepError::Outdated),
        }
    }

    /// Reads the object anew, past every cache: is it still the version that this pass decided by? Needed before an
    /// effect that follows from the status alone.
    pub async fn unchanged(&self) -> Result<(), StepError> {
        let found = self.api().get_opt(&self.owner.name).await?;
        let same = found.is_some_and(|object| {
            object.meta().uid.as_deref() == Some(self.uid()) && object.resource_version() == self.version()
        });
        if same { Ok(()) } else { Err(StepError::Outdated) }
    }

    /// Adds our finalizer, right before the first call that creates something.
    pub async fn claim(&self) -> Result<(), StepError> {
        if self.claimed() {
            // The watch may tell of a life that is over: what were made for it would be nobody's.
            return self.still_ours().await;
        }
        self.claimed_now.store(true, Ordering::Relaxed);
        let finalizers = self.object.finalizers();
        let test_uid = json!({"op": "test", "path": "/metadata/uid", "value": self.uid()});
        let patch = if finalizers.is_empty() {
            json!([test_uid, {"op": "add", "path": "/metadata/finalizers", "value": [FINALIZER]}])
        } else {
            json!([
                test_uid,
                {"op": "test", "path": "/metadata/finalizers", "value": finalizers},
                {"op": "add", "path": "/metadata/finalizers/-", "value": FINALIZER}
            ])
        };
        self.patch(patch).await
    }

    /// Removes our finalizer: AWS holds nothing of ours any more, or what it holds is retained.
    pub async fn release(&self) -> Result<(), StepError> {
        // The list may have changed since the watch told of it, and the position is what is removed.
        let Some(object) = self.api().get_opt(&self.owner.name).await? else {
            return Ok(());
        };
        if object.meta().uid.as_deref() != Some(self.uid()) {
            return Ok(());
        }
        let Some(index) = object.finalizers().iter().position(|name| name == FINALIZER) else {
            return Ok(());
        };
        let path = format!("/metadata/finalizers/{index}");
        self.patch(json!([
            {"op": "test", "path": "/metadata/uid", "value": self.uid()},
            {"op": "test", "path": path, "value": FINALIZER},
            {"op": "remove", "path": path}
        ]))
        .await
    }

    async fn patch(&self, patch: serde_json::Value) -> Result<(), StepError> {
        let patch: json_patch::Patch = serde_json::from_value(patch).map_err(kube::Error::SerdeError)?;
        match self.api().patch(&self.owner.name, &ours(), &Patch::Json::<()>(patch)).await {
            Ok(object) => {
                self.moved_to(&object);
                Ok(())
            }
            // A failed test: the object changed since it was read.
            Err(kube::Error::Api(status)) if status.code == 422 || status.code == 409 || status.code == 404 => {
                Err(StepError::Outdated)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Untyped objects of a kind, in a namespace if it has any.
pub fn api<K: Kind>(client: &kube::Client, namespace: &str) -> Api<DynamicObject> {
    let resource = ApiResource::erase::<K>(&());
    if namespace.is_empty() {
        return Api::all_with(client.clone(), &resource);
    }
    Api::namespaced_with(client.clone(), namespace, &resource)
}
