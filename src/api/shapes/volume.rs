//! Volumes of a task definition.

use std::collections::BTreeMap;

use aws_sdk_ecs::types as sdk;

use crate::api::mirror::mirror;

mirror! {
    schema;

    /// A volume that containers mount: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Volume.html>
    Volume = sdk::Volume {
        /// Name that mount points refer to.
        name (required): String,
        /// A directory of the host.
        host: HostVolumeProperties,
        /// A Docker volume; not on Fargate.
        docker_volume_configuration: DockerVolumeConfiguration,
        /// An Amazon EFS file system.
        efs_volume_configuration: EfsVolumeConfiguration,
        /// An Amazon S3 Files file system.
        s3files_volume_configuration "s3filesVolumeConfiguration": S3FilesVolumeConfiguration,
        /// An Amazon FSx for Windows File Server file system.
        fsx_windows_file_server_volume_configuration: FsxWindowsFileServerVolumeConfiguration,
        /// Whether the service's `volumeConfigurations` says what the volume is.
        configured_at_launch: bool,
    }

    /// A directory of the host.
    HostVolumeProperties = sdk::HostVolumeProperties {
        /// Path on the host; unset lets Docker choose. Not on Fargate.
        source_path: String,
    }

    /// A Docker volume.
    DockerVolumeConfiguration = sdk::DockerVolumeConfiguration {
        /// Whether the volume lives as long as the task or longer.
        scope: String = sdk::Scope,
        /// Creates a `shared` volume that does not exist.
        autoprovision: bool,
        /// Volume driver.
        driver: String,
        /// Options of the driver.
        driver_opts: BTreeMap<String, String>,
        /// Labels of the volume.
        labels: BTreeMap<String, String>,
    }

    /// An Amazon EFS file system.
    EfsVolumeConfiguration = sdk::EfsVolumeConfiguration {
        /// Id of the file system.
        file_system_id (required): String,
        /// Directory mounted as root.
        root_directory: String,
        /// Encryption between host and server.
        transit_encryption: String = sdk::EfsTransitEncryption,
        /// Port for encrypted traffic.
        transit_encryption_port: i32,
        /// Access point and IAM.
        authorization_config: EfsAuthorizationConfig,
    }

    /// Who may use an EFS file system.
    EfsAuthorizationConfig = sdk::EfsAuthorizationConfig {
        /// Id of the access point.
        access_point_id: String,
        /// Whether the task role is used for the mount.
        iam: String = sdk::EfsAuthorizationConfigIam,
    }

    /// An Amazon S3 Files file system.
    S3FilesVolumeConfiguration = sdk::S3FilesVolumeConfiguration {
        /// ARN of the file system.
        file_system_arn (required): String,
        /// Directory mounted as root.
        root_directory: String,
        /// Port for encrypted traffic.
        transit_encryption_port: i32,
        /// ARN of the access point.
        access_point_arn: String,
    }

    /// An Amazon FSx for Windows File Server file system.
    FsxWindowsFileServerVolumeConfiguration = sdk::FSxWindowsFileServerVolumeConfiguration {
        /// Id of the file system.
        file_system_id (required): String,
        /// Directory mounted as root.
        root_directory (required): String,
        /// Credentials and domain.
        authorization_config: FsxWindowsFileServerAuthorizationConfig,
    }

    /// Who may use an FSx file system.
    FsxWindowsFileServerAuthorizationConfig = sdk::FSxWindowsFileServerAuthorizationConfig {
        /// ARN of the secret or parameter with the credentials.
        credentials_parameter (required): String,
        /// Active Directory domain.
        domain (required): String,
    }
}
