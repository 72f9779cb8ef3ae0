//! Linux options of a container.

use aws_sdk_ecs::types as sdk;

use crate::api::mirror::mirror;

mirror! {
    schema;

    /// Options of the Linux kernel.
    LinuxParameters = sdk::LinuxParameters {
        /// Kernel capabilities added or dropped.
        capabilities: KernelCapabilities,
        /// Host devices given to the container; not on Fargate.
        devices: Vec<Device>,
        /// Runs an init process that forwards signals and reaps children.
        init_process_enabled: bool,
        /// Size of `/dev/shm` in MiB; not on Fargate.
        shared_memory_size: i32,
        /// File systems in memory; not on Fargate.
        tmpfs: Vec<Tmpfs>,
        /// Swap in MiB; not on Fargate.
        max_swap: i32,
        /// Readiness to swap; not on Fargate.
        swappiness: i32,
    }

    /// Kernel capabilities.
    KernelCapabilities = sdk::KernelCapabilities {
        /// Capabilities added to Docker's default.
        add: Vec<String>,
        /// Capabilities taken from Docker's default.
        drop: Vec<String>,
    }

    /// A host device.
    Device = sdk::Device {
        /// Path on the host.
        host_path (required): String,
        /// Path inside the container.
        container_path: String,
        /// What the container may do with it.
        permissions: Vec<String> = sdk::DeviceCgroupPermission,
    }

    /// A file system in memory.
    Tmpfs = sdk::Tmpfs {
        /// Path inside the container.
        container_path (required): String,
        /// Largest size in MiB.
        size (required): i32,
        /// Mount options.
        mount_options: Vec<String>,
    }
}
