//! A container of a task definition and what hangs on it.

use std::collections::BTreeMap;

use aws_sdk_ecs::types as sdk;

use super::SharingStrategy;
use super::linux::LinuxParameters;
use crate::api::mirror::{IntOrText, mirror};

mirror! {
    schema;

    /// One container: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html>
    ContainerDefinition = sdk::ContainerDefinition {
        /// Name, unique in the task.
        name (required): String,
        /// Image to run, with registry, tag or digest.
        image (required): String,
        /// Credentials of a private registry.
        repository_credentials: RepositoryCredentials,
        /// CPU units reserved for the container; 1024 are one vCPU.
        cpu: IntOrText,
        /// Hard memory limit in MiB: more than this kills the container.
        memory: IntOrText,
        /// Memory in MiB kept free for the container; it may use more.
        memory_reservation: IntOrText,
        /// Containers reachable by name in network mode `bridge`.
        links: Vec<String>,
        /// Ports that the container opens.
        port_mappings: Vec<PortMapping>,
        /// Whether the task stops when this container stops; ECS assumes true.
        essential: bool,
        /// Restarting the container without stopping the task.
        restart_policy: ContainerRestartPolicy,
        /// Entry point, one word per item.
        entry_point: Vec<String>,
        /// Command, one word per item.
        command: Vec<String>,
        /// Environment variables in plain text; use `secrets` for what is secret.
        environment: Vec<KeyValuePair>,
        /// Files in S3 with environment variables.
        environment_files: Vec<EnvironmentFile>,
        /// Volumes of the task seen by this container.
        mount_points: Vec<MountPoint>,
        /// Containers whose volumes this one also mounts.
        volumes_from: Vec<VolumeFrom>,
        /// Options of the Linux kernel.
        linux_parameters: LinuxParameters,
        /// Environment variables from Secrets Manager or Parameter Store.
        secrets: Vec<Secret>,
        /// Containers that must reach a state before this one starts.
        depends_on: Vec<ContainerDependency>,
        /// Seconds that `dependsOn` may take before the start is given up.
        start_timeout: i32,
        /// Seconds between the stop signal and the kill.
        stop_timeout: i32,
        /// Whether all tasks of a deployment run the digest the tag had at its start.
        version_consistency: String = sdk::VersionConsistency,
        /// Host name inside the container; not with `awsvpc`.
        hostname: String,
        /// User, or `user:group`, that runs the command.
        user: String,
        /// Directory in which the command runs.
        working_directory: String,
        /// Switches networking off.
        disable_networking: bool,
        /// Gives the container the rights of the host's root; not on Fargate.
        privileged: bool,
        /// Mounts the root file system read-only.
        readonly_root_filesystem: bool,
        /// DNS servers.
        dns_servers: Vec<String>,
        /// DNS search domains.
        dns_search_domains: Vec<String>,
        /// Lines added to `/etc/hosts`.
        extra_hosts: Vec<HostEntry>,
        /// SELinux, AppArmor and credential specification options; not on Fargate.
        docker_security_options: Vec<String>,
        /// Keeps standard input open.
        interactive: bool,
        /// Allocates a terminal.
        pseudo_terminal: bool,
        /// Docker labels.
        docker_labels: BTreeMap<String, String>,
        /// Resource limits of the container's processes.
        ulimits: Vec<Ulimit>,
        /// Where the container's output goes.
        log_configuration: LogConfiguration,
        /// Command that tells whether the container is healthy.
        health_check: HealthCheck,
        /// Kernel parameters of the container's namespace.
        system_controls: Vec<SystemControl>,
        /// GPUs and other devices assigned to the container.
        resource_requirements: Vec<ResourceRequirement>,
        /// Makes this container the task's log router.
        firelens_configuration: FirelensConfiguration,
        /// Credential specification files for Active Directory.
        credential_specs: Vec<String>,
    }

    /// Credentials of a private registry.
    RepositoryCredentials = sdk::RepositoryCredentials {
        /// ARN of the secret that holds user name and password.
        credentials_parameter (required): String,
    }

    /// A port that the container exposes.
    PortMapping = sdk::PortMapping {
        /// Port inside the container.
        container_port: i32,
        /// Port on the host; 0 or unset picks a free one under `bridge`.
        host_port: i32,
        /// Transport protocol; ECS assumes `tcp`.
        protocol: String = sdk::TransportProtocol,
        /// Name by which Service Connect and VPC Lattice refer to the port.
        name: String,
        /// Protocol spoken on the port, for Service Connect.
        app_protocol: String = sdk::ApplicationProtocol,
        /// Range of container ports, such as `8000-8010`.
        container_port_range: String,
    }

    /// Restarting a container in place.
    ContainerRestartPolicy = sdk::ContainerRestartPolicy {
        /// Whether the container is restarted.
        enabled (required): bool,
        /// Exit codes after which it is not restarted.
        ignored_exit_codes: Vec<i32>,
        /// Seconds the container must run before another restart is tried.
        restart_attempt_period: i32,
    }

    /// A named value.
    KeyValuePair = sdk::KeyValuePair {
        /// Name.
        name (required): String,
        /// Value; an empty one differs from an absent one.
        value: String,
    }

    /// A file of environment variables.
    EnvironmentFile = sdk::EnvironmentFile {
        /// ARN of the S3 object.
        value (required): String,
        /// Kind of storage.
        r#type (required) "type": String = sdk::EnvironmentFileType,
    }

    /// A volume seen by a container.
    MountPoint = sdk::MountPoint {
        /// Name of the volume.
        source_volume: String,
        /// Path inside the container.
        container_path (required): String,
        /// Whether the container may not write.
        read_only: bool,
    }

    /// Volumes of another container.
    VolumeFrom = sdk::VolumeFrom {
        /// Name of the container.
        source_container: String,
        /// Whether this container may not write.
        read_only: bool,
    }

    /// A secret given to a container.
    Secret = sdk::Secret {
        /// Name of the variable or option.
        name (required): String,
        /// ARN of the secret or parameter.
        value_from (required): String,
    }

    /// A start-up dependency.
    ContainerDependency = sdk::ContainerDependency {
        /// Name of the container waited for.
        container_name (required): String,
        /// State it must reach.
        condition (required): String = sdk::ContainerCondition,
    }

    /// A line of `/etc/hosts`.
    HostEntry = sdk::HostEntry {
        /// Host name.
        hostname (required): String,
        /// Address.
        ip_address (required): String,
    }

    /// A resource limit.
    Ulimit = sdk::Ulimit {
        /// Resource that is limited.
        name (required): String = sdk::UlimitName,
        /// Soft limit; -1 is none.
        soft_limit (required): i32,
        /// Hard limit; -1 is none.
        hard_limit (required): i32,
    }

    /// Where output goes.
    LogConfiguration = sdk::LogConfiguration {
        /// Log driver.
        log_driver (required): String = sdk::LogDriver,
        /// Options of the driver.
        options: BTreeMap<String, String>,
        /// Secret options of the driver.
        secret_options: Vec<Secret>,
    }

    /// A health check run inside the container.
    HealthCheck = sdk::HealthCheck {
        /// Command: `CMD` or `CMD-SHELL`, then the words.
        command (required): Vec<String>,
        /// Seconds between checks.
        interval: i32,
        /// Seconds a check may take.
        timeout: i32,
        /// Failures in a row that make the container unhealthy.
        retries: i32,
        /// Seconds after the start in which failures do not count.
        start_period: i32,
    }

    /// A kernel parameter.
    SystemControl = sdk::SystemControl {
        /// Name of the parameter.
        namespace (required): String,
        /// Value.
        value: String,
    }

    /// A device assigned to the container.
    ResourceRequirement = sdk::ResourceRequirement {
        /// Number of devices, or name of the accelerator.
        value (required): String,
        /// Kind of device.
        r#type (required) "type": String = sdk::ResourceType,
        /// How the device is shared between containers.
        sharing_strategy: SharingStrategy,
    }

    /// Share of a GPU under NVIDIA's Multi-Process Service.
    NvidiaMpsAllocation = sdk::NvidiaMpsAllocation {
        /// GPU memory for the container in MiB.
        memory (required): i32,
        /// Largest share of the GPU's compute, in percent.
        max_compute_percent: i32,
    }

    /// A log router.
    FirelensConfiguration = sdk::FirelensConfiguration {
        /// Router to use.
        r#type (required) "type": String = sdk::FirelensConfigurationType,
        /// Options of the router.
        options: BTreeMap<String, String>,
    }
}
