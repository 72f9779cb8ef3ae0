//! Settings of a cluster, and the strategy item that clusters and services share.

use std::collections::BTreeMap;

use aws_sdk_ecs::types as sdk;

use crate::api::mirror::mirror;

mirror! {
    schema;

    /// A setting of the cluster.
    ClusterSetting = sdk::ClusterSetting {
        /// Name of the setting.
        name (required): String = sdk::ClusterSettingName,
        /// Value: `enabled`, `enhanced` or `disabled` for `containerInsights`.
        value (required): String,
    }

    /// Configuration of a cluster.
    ClusterConfiguration = sdk::ClusterConfiguration {
        /// ECS Exec sessions.
        execute_command_configuration: ExecuteCommandConfiguration,
        /// Encryption of storage that AWS manages.
        managed_storage_configuration: ManagedStorageConfiguration,
    }

    /// ECS Exec sessions.
    ExecuteCommandConfiguration = sdk::ExecuteCommandConfiguration {
        /// Key that encrypts the session.
        kms_key_id: String,
        /// Where sessions are logged; `OVERRIDE` needs `logConfiguration`.
        logging: String = sdk::ExecuteCommandLogging,
        /// Where sessions are logged under `OVERRIDE`.
        log_configuration: ExecuteCommandLogConfiguration,
    }

    /// Logs of ECS Exec sessions.
    ExecuteCommandLogConfiguration = sdk::ExecuteCommandLogConfiguration {
        /// CloudWatch log group.
        cloud_watch_log_group_name: String,
        /// Whether the log group is encrypted.
        cloud_watch_encryption_enabled: bool,
        /// S3 bucket.
        s3_bucket_name "s3BucketName": String,
        /// Whether the bucket is encrypted.
        s3_encryption_enabled "s3EncryptionEnabled": bool,
        /// Prefix of the objects in the bucket.
        s3_key_prefix "s3KeyPrefix": String,
    }

    /// Encryption of storage that AWS manages.
    ManagedStorageConfiguration = sdk::ManagedStorageConfiguration {
        /// Key for managed storage.
        kms_key_id: String,
        /// Key for the scratch storage of Fargate tasks.
        fargate_ephemeral_storage_kms_key_id: String,
    }

    /// Service Connect namespace for services that name none.
    ClusterServiceConnectDefaults = sdk::ClusterServiceConnectDefaultsRequest {
        /// Name or ARN of the Cloud Map namespace.
        namespace (required): String,
    }

    /// How many of the tasks a capacity provider gets.
    CapacityProviderStrategyItem = sdk::CapacityProviderStrategyItem {
        /// Name of the capacity provider.
        capacity_provider (required): String,
        /// Share of the tasks beyond `base`, relative to the other items.
        weight: i32,
        /// Tasks that go here first; one item at most may have a base.
        base: i32,
    }

    /// A tag.
    Tag = sdk::Tag {
        /// Key.
        key: String,
        /// Value.
        value: String,
    }
}

/// Tags as the SDK wants them, sorted by key.
pub fn to_tags(tags: &BTreeMap<String, String>) -> Vec<sdk::Tag> {
    tags.iter().map(|(key, value)| sdk::Tag::builder().key(key).value(value).build()).collect()
}

/// The SDK's tags as a map; an absent value reads as empty.
pub fn from_tags(tags: &[sdk::Tag]) -> BTreeMap<String, String> {
    let pair = |tag: &sdk::Tag| Some((tag.key.clone()?, tag.value.clone().unwrap_or_default()));
    tags.iter().filter_map(pair).collect()
}
