//! Events: one reason from a closed list for each change; a failed event never fails a pass.

use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use kube::Api;
use kube::api::PostParams;

use crate::api::condition::bounded;
use crate::api::names::REPORTER;
use crate::api::words::words;
use crate::controllers::context::Context;
use crate::controllers::failure::of_kube;
use crate::controllers::hash::hash;

words! {
    /// Reasons of events.
    EventReason {
        /// The AWS resource was made.
        Created,
        /// The AWS resource was changed.
        Updated,
        /// A task definition revision was registered.
        Registered,
        /// A deployment began.
        RolloutStarted,
        /// A deployment reached another stage.
        RolloutStepped,
        /// A gate was passed by annotation.
        GateOpened,
        /// A deployment completed.
        RolloutCompleted,
        /// A deployment failed.
        RolloutFailed,
        /// A deployment was rolled back.
        RolledBack,
        /// The desired count was set.
        Scaled,
        /// A scale request has no effect in this scaling mode.
        ScaleIgnored,
        /// Somebody else's autoscaling moves the count.
        ScalingContested,
        /// A forced deployment was started by annotation.
        Restarted,
        /// AWS differs from the spec.
        DriftDetected,
        /// A difference was set back.
        DriftCorrected,
        /// Plan mode: the calls that would be made changed.
        Planned,
        /// An existing resource was taken over.
        Adopted,
        /// A resource of an earlier object of this name was taken back.
        Reclaimed,
        /// The resource belongs to somebody else.
        OwnershipConflict,
        /// Paused by annotation.
        Paused,
        /// No longer paused.
        Resumed,
        /// An annotation asks for something that does not apply.
        RequestIgnored,
        /// A referenced object is absent or not ready.
        WaitingForDependency,
        /// AWS denies a call.
        AccessDenied,
        /// The account, or a role in it, is refused.
        AccountRefused,
        /// The spec is refused.
        SpecRejected,
        /// The AWS resource was deleted.
        Deleted,
        /// The AWS resource was left, as the deletion policy says.
        Retained,
        /// Deletion waits.
        DeletionBlocked,
        /// Something found before a version was made will probably keep it from working.
        PreflightWarning,
        /// A task stopped.
        TaskStopped,
    }
}

impl EventReason {
    /// Is its event a warning?
    #[must_use]
    pub fn is_warning(self) -> bool {
        matches!(
            self,
            Self::RolloutFailed
                | Self::RolledBack
                | Self::ScaleIgnored
                | Self::ScalingContested
                | Self::DriftDetected
                | Self::OwnershipConflict
                | Self::RequestIgnored
                | Self::AccessDenied
                | Self::AccountRefused
                | Self::SpecRejected
                | Self::DeletionBlocked
                | Self::PreflightWarning
                | Self::TaskStopped
        )
    }
}

/// Something that happened to an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// Its reason.
    pub reason: EventReason,
    /// What happened, past tense.
    pub note: String,
}

impl Happening {
    /// A happening.
    pub fn new(reason: EventReason, note: impl Into<String>) -> Self {
        Self { reason, note: note.into() }
    }
}

/// Publishes happenings; failures are only logged.
pub async fn publish(object: &ObjectReference, happenings: &[Happening], cx: &Context) {
    let namespace = object.namespace.as_deref().unwrap_or("default");
    let api: Api<Event> = Api::namespaced(cx.kube.clone(), namespace);
    for happening in happenings {
        let event = event(object, happening, cx);
        if let Err(error) = api.create(&PostParams::default(), &event).await {
            tracing::debug!(error = of_kube(&error), reason = happening.reason.as_str(), "event was not published");
        }
    }
}

fn event(object: &ObjectReference, happening: &Happening, cx: &Context) -> Event {
    let now = cx.clock.exact();
    let namespace = object.namespace.clone().unwrap_or_else(|| "default".to_owned());
    let name = object.name.clone().unwrap_or_default();
    // The name repeats for a repeat within the same second, which the server refuses: one event is enough.
    let what = format!(
        "{}/{}/{}/{}",
        object.uid.as_deref().unwrap_or_default(),
        happening.reason.as_str(),
        happening.note,
        now.as_second()
    );
    let suffix = hash(&what, 8);
    let stem: String = name.chars().take(200).collect();
    Event {
        metadata: ObjectMeta {
            name: Some(format!("{stem}.{suffix}")),
            namespace: Some(namespace),
            ..ObjectMeta::default()
        },
        action: Some(happening.reason.as_str().to_owned()),
        event_time: Some(MicroTime(now)),
        note: Some(bounded(&happening.note)),
        reason: Some(happening.reason.as_str().to_owned()),
        regarding: Some(object.clone()),
        reporting_controller: Some(REPORTER.to_owned()),
        reporting_instance: Some(cx.config.instance.clone()),
        type_: Some(if happening.reason.is_warning() { "Warning" } else { "Normal" }.to_owned()),
        ..Event::default()
    }
}
