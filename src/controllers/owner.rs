//! What the mode of a server group means for the objects of its versions. Pure.

use std::sync::Arc;

use kube::ResourceExt;
use kube::api::ObjectMeta;

use crate::api::ServerGroup;
use crate::api::condition::{ConditionType, is_true};
use crate::api::policy::ManagementMode;
use crate::api::status::Common;
use crate::controllers::context::{Found, Stores, find};
use crate::controllers::directive::{Directive, read};
use crate::controllers::kind::Kind;

/// What is asked of an object, narrowed to what its group may do.
#[must_use]
pub fn narrowed(own: Directive, metadata: &ObjectMeta, stores: &Stores, operator: ManagementMode) -> Directive {
    let Some(group) = group_of(metadata, stores) else { return own };
    let asked = read(group.annotations(), &Common::default(), group.spec.management_mode, operator);
    let ends = group.metadata.deletion_timestamp.is_some();
    let mode = match asked.mode {
        // To observe would be to let go of what the group wants to be gone. It waits instead.
        ManagementMode::Observe if metadata.deletion_timestamp.is_some() && !ends => ManagementMode::Plan,
        mode @ (ManagementMode::Manage | ManagementMode::Plan | ManagementMode::Observe) => mode,
    };
    // A paused group can be deleted, and what belongs to it.
    Directive { paused: own.paused || (asked.paused && !ends), mode: own.mode.max(mode), ..own }
}

/// Does the object still say another mode than it is to have?
#[must_use]
pub fn lags<K: Kind>(object: &K, stores: &Stores, operator: ManagementMode) -> bool {
    let Some(common) = object.status().map(crate::api::status::Status::common) else { return false };
    let own = read(object.annotations(), &common, object.policies().management, operator);
    let now = narrowed(own, object.meta(), stores, operator);
    let mode = common.effective.as_ref().and_then(|effective| effective.management_mode);
    mode.is_some_and(|mode| mode != now.mode) || is_true(&common.conditions, ConditionType::Paused) != now.paused
}

/// Does the object belong to a group that is not being deleted?
#[must_use]
pub fn stays(metadata: &ObjectMeta, stores: &Stores) -> bool {
    group_of(metadata, stores).is_some_and(|group| group.metadata.deletion_timestamp.is_none())
}

/// The group that controls the object.
fn group_of(metadata: &ObjectMeta, stores: &Stores) -> Option<Arc<ServerGroup>> {
    let owner = metadata.owner_references.iter().flatten().find(|owner| owner.controller == Some(true))?;
    if owner.kind != <ServerGroup as Kind>::KIND {
        return None;
    }
    let namespace = metadata.namespace.as_deref().unwrap_or_default();
    let Found::Object(group) = find(&stores.server_groups, namespace, &owner.name) else { return None };
    (group.metadata.uid.as_deref() == Some(owner.uid.as_str())).then_some(group)
}
