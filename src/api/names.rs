//! Every name we put into Kubernetes or AWS, once.

use super::words::names;

/// API group of all kinds.
pub const GROUP: &str = "ecs-operator.dev";
/// The one served version.
pub const VERSION: &str = "v1alpha1";
/// The finalizer; present exactly while AWS may hold something of the object's.
pub const FINALIZER: &str = "ecs-operator.dev/finalizer";
/// Field manager of everything we apply to Kubernetes.
pub const FIELD_MANAGER: &str = "ecs-operator";
/// Reporting controller of events.
pub const REPORTER: &str = "ecs-operator.dev";

/// Annotations that users and tools write and the operator reads.
pub mod annotation {
    super::names! {
        /// `"true"`: no AWS write until removed.
        pub const PAUSED: &str = "ecs-operator.dev/paused";
        /// `Observe` or `Plan`: narrows the management mode.
        pub const MODE: &str = "ecs-operator.dev/mode";
        /// Any new text: one full pass now; lifts back-off and the hold of a permanent refusal.
        pub const RECONCILE_REQUESTED_AT: &str = "ecs-operator.dev/reconcile-requested-at";
        /// Any new text: one forced deployment of the same revision.
        pub const RESTARTED_AT: &str = "ecs-operator.dev/restarted-at";
        /// The text of `status.rollout.promoteWith`: passes the gate that waits.
        pub const PROMOTE: &str = "ecs-operator.dev/promote";
        /// The rollout's id: stops it and rolls back.
        pub const ABORT: &str = "ecs-operator.dev/abort";
        /// The rollout's id: lifts the hold of failed content.
        pub const RETRY: &str = "ecs-operator.dev/retry";
        /// Server groups: `<id>,<id>@<any text>`: stops these tasks once; ECS starts others in their place.
        pub const TERMINATE_TASKS: &str = "ecs-operator.dev/terminate-tasks";
    }
}

/// Labels of the objects that a server group makes.
pub mod label {
    super::names! {
        /// UID of the server group.
        pub const SERVER_GROUP_UID: &str = "ecs-operator.dev/server-group-uid";
        /// The version.
        pub const VERSION: &str = "ecs-operator.dev/version";
        /// Hash of the version's template.
        pub const TEMPLATE_HASH: &str = "ecs-operator.dev/template-hash";
    }
}

/// Tags that mark AWS resources as ours.
pub mod tag {
    /// Prefix that user tags must not use.
    pub const PREFIX: &str = "ecs-operator.dev/";
    /// The value of [`ORIGIN`].
    pub const ADOPTED: &str = "adopted";

    super::names! {
        /// Installation id of the operator.
        pub const INSTALLATION: &str = "ecs-operator.dev/installation";
        /// Namespace of the owning object.
        pub const NAMESPACE: &str = "ecs-operator.dev/namespace";
        /// Kind of the owning object.
        pub const KIND: &str = "ecs-operator.dev/kind";
        /// Name of the owning object.
        pub const NAME: &str = "ecs-operator.dev/name";
        /// UID of the owning object.
        pub const UID: &str = "ecs-operator.dev/uid";
        /// `adopted` on what was there before the operator took it over; what it made bears none.
        pub const ORIGIN: &str = "ecs-operator.dev/origin";
        /// Task definitions: hash of the normalised content.
        pub const CONTENT_HASH: &str = "ecs-operator.dev/content-hash";
    }
}
