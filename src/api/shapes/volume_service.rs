//! Volumes that a service configures when it starts tasks.

use aws_sdk_ecs::types as sdk;

use super::cluster::Tag;
use crate::api::mirror::mirror;

mirror! {
    schema;

    /// What a volume with `configuredAtLaunch` is.
    ServiceVolumeConfiguration = sdk::ServiceVolumeConfiguration {
        /// Name of the volume in the task definition.
        name (required): String,
        /// An EBS volume made for each task.
        managed_ebs_volume "managedEBSVolume": ServiceManagedEbsVolumeConfiguration,
    }

    /// An EBS volume made for each task: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceManagedEBSVolumeConfiguration.html>
    ServiceManagedEbsVolumeConfiguration = sdk::ServiceManagedEbsVolumeConfiguration {
        /// Whether the volume is encrypted.
        encrypted: bool,
        /// Key for the encryption.
        kms_key_id: String,
        /// Type of volume, such as `gp3`.
        volume_type: String,
        /// Size in GiB.
        size_in_gib "sizeInGiB": i32,
        /// Snapshot to start from.
        snapshot_id: String,
        /// MiB per second at which a snapshot is loaded.
        volume_initialization_rate: i32,
        /// I/O operations per second.
        iops: i32,
        /// Throughput in MiB per second.
        throughput: i32,
        /// Tags of the volume.
        tag_specifications: Vec<EbsTagSpecification>,
        /// Role with which ECS manages the volume.
        role_arn (required): String,
        /// File system on the volume.
        filesystem_type: String = sdk::TaskFilesystemType,
    }

    /// Tags of an EBS volume.
    EbsTagSpecification = sdk::EbsTagSpecification {
        /// Kind of resource.
        resource_type (required): String = sdk::EbsResourceType,
        /// Tags.
        tags: Vec<Tag>,
        /// Where further tags come from.
        propagate_tags: String = sdk::PropagateTags,
    }
}
