//! Normal form of a cluster: settings, configuration, capacity providers, Service Connect defaults.

use super::service::STRATEGY_ITEM;
use crate::diff::normal::{Fill, document};
use crate::diff::shape::{
    Default, Kind, STRINGS, Shape, Spell, apart, flag, keyed, lower, scalar, set, structure, text, upper,
};
use crate::diff::{Change, Scope, compare};
use serde_json::Value;

/// The normal form with ECS's defaults. `normalize(normalize(x)) == normalize(x)`.
pub fn normalize(value: &Value) -> Value {
    document(value, &CLUSTER, Fill::Defaults)
}

/// What differs among the members that `desired` has. A setting that only ECS has is no difference,
/// for they fall back to the account's. A Service Connect namespace written as a name cannot be told
/// from an ARN and counts as equal to it: a caller that knows the ARN writes the ARN.
pub fn diff(desired: &Value, observed: &Value) -> Vec<Change> {
    let desired = document(desired, &CLUSTER, Fill::Declared);
    let mut changes = compare::documents(&desired, &normalize(observed), &CLUSTER, Scope::Declared);
    changes.retain(|change| change.to.is_some() || change.member() != "settings");
    changes
}

pub(in crate::diff) const CLUSTER: Shape = Shape {
    members: &[
        text("clusterName"),
        keyed("settings", &[&["name"]], &Kind::Struct(&SETTING)),
        structure("configuration", &CONFIGURATION),
        set("capacityProviders", &STRINGS),
        keyed("defaultCapacityProviderStrategy", &[&["capacityProvider"]], &Kind::Struct(&STRATEGY_ITEM)),
        structure("serviceConnectDefaults", &SERVICE_CONNECT_DEFAULTS),
        apart("tags"),
    ],
};

pub(in crate::diff) const SETTING: Shape = Shape { members: &[text("name"), lower("value")] };

pub(in crate::diff) const CONFIGURATION: Shape = Shape {
    members: &[
        structure("executeCommandConfiguration", &EXECUTE_COMMAND),
        structure("managedStorageConfiguration", &MANAGED_STORAGE),
    ],
};

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ExecuteCommandConfiguration.html>
pub(in crate::diff) const EXECUTE_COMMAND: Shape = Shape {
    members: &[
        text("kmsKeyId"),
        upper("logging").or(Default::Text("DEFAULT")),
        structure("logConfiguration", &EXECUTE_LOG),
    ],
};

pub(in crate::diff) const EXECUTE_LOG: Shape = Shape {
    members: &[
        text("cloudWatchLogGroupName"),
        flag("cloudWatchEncryptionEnabled"),
        text("s3BucketName"),
        flag("s3EncryptionEnabled"),
        text("s3KeyPrefix"),
    ],
};

pub(in crate::diff) const MANAGED_STORAGE: Shape =
    Shape { members: &[text("kmsKeyId"), text("fargateEphemeralStorageKmsKeyId")] };

pub(in crate::diff) const SERVICE_CONNECT_DEFAULTS: Shape = Shape { members: &[scalar("namespace", Spell::Namespace)] };
