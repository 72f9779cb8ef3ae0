//! Objects that this version cannot read: what is wrong with them, and what can be read all the same.

use kube::core::DynamicObject;
use serde_json::Value;

use crate::api::quoted::unquoted;
use crate::controllers::kind::Kind;

/// Which member cannot be read, and why; `None` = nothing can be said of it.
pub(super) fn unreadable<K: Kind>(stored: &DynamicObject) -> Option<String> {
    let error = serde_path_to_error::deserialize::<_, K>(serde_json::to_value(stored).ok()?).err()?;
    let (path, why) = (error.path().to_string(), unquoted(&error.inner().to_string()));
    Some(if path == "." { why } else { format!("`{path}`: {why}") })
}

/// The object with those members of its spec that can be read, each for itself. Where it is deleted they tell where to
/// look for what it made, and whether that is to stay.
pub(super) fn readable<K: Kind>(stored: &DynamicObject) -> K {
    let status = stored.data.get("status").and_then(|status| serde_json::from_value(status.clone()).ok());
    let bare = K::bare(stored.metadata.clone(), status);
    let Ok(mut object) = serde_json::to_value(&bare) else { return bare };
    for (member, value) in stored.data.get("spec").and_then(Value::as_object).into_iter().flatten() {
        let mut more = object.clone();
        if let Some(spec) = more.get_mut("spec").and_then(Value::as_object_mut) {
            spec.insert(member.clone(), value.clone());
        }
        if serde_json::from_value::<K>(more.clone()).is_ok() {
            object = more;
        }
    }
    serde_json::from_value(object).unwrap_or(bare)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::EcsService;
    use crate::api::policy::DeletionPolicy;

    #[test]
    fn a_member_that_cannot_be_read_hides_no_other() {
        let stored: DynamicObject = serde_json::from_value(json!({
            "apiVersion": "ecs-operator.dev/v1alpha1", "kind": "EcsService",
            "metadata": {"name": "web", "namespace": "shop", "uid": "u"},
            "spec": {
                "clusterRef": {"name": "prod"}, "deletionPolicy": "Retain", "driftPolicy": "Sometimes",
                "healthCheckGracePeriodSeconds": "a minute", "region": "eu-west-1",
            },
            "status": {"serviceName": "web-1"},
        }))
        .unwrap();
        assert!(unreadable::<EcsService>(&stored).unwrap().starts_with("`spec."));
        let read: EcsService = readable(&stored);
        assert_eq!(read.spec.cluster_ref.unwrap().name, "prod");
        assert_eq!(read.spec.deletion_policy, Some(DeletionPolicy::Retain));
        assert_eq!(read.spec.region.as_deref(), Some("eu-west-1"));
        assert_eq!((read.spec.drift_policy, read.spec.health_check_grace_period_seconds), (None, None));
        assert_eq!(read.status.unwrap().service_name.as_deref(), Some("web-1"));
        assert_eq!(read.metadata.uid.as_deref(), Some("u"));
    }
}
