//! What a task definition says beside its containers.

#![expect(deprecated, reason = "the API still has the members of Elastic Inference")]

use aws_sdk_ecs::types as sdk;

use super::container::KeyValuePair;
use crate::api::mirror::mirror;

mirror! {
    schema;

    /// Where tasks may be placed.
    TaskDefinitionPlacementConstraint = sdk::TaskDefinitionPlacementConstraint {
        /// Kind of constraint.
        r#type "type": String = sdk::TaskDefinitionPlacementConstraintType,
        /// Expression in the cluster query language.
        expression: String,
    }

    /// An App Mesh proxy.
    ProxyConfiguration = sdk::ProxyConfiguration {
        /// Kind of proxy.
        r#type "type": String = sdk::ProxyConfigurationType,
        /// Container that is the proxy.
        container_name (required): String,
        /// Parameters of the proxy.
        properties: Vec<KeyValuePair>,
    }

    /// An Elastic Inference accelerator, a service that AWS has ended.
    InferenceAccelerator = sdk::InferenceAccelerator {
        /// Name that a container's `resourceRequirements` refers to.
        device_name (required): String,
        /// Type of accelerator.
        device_type (required): String,
    }

    /// Scratch storage of a Fargate task.
    EphemeralStorage = sdk::EphemeralStorage {
        /// Size in GiB, 21 to 200.
        size_in_gib (required) "sizeInGiB": i32,
    }

    /// Platform that the images are built for.
    RuntimePlatform = sdk::RuntimePlatform {
        /// Processor architecture.
        cpu_architecture: String = sdk::CpuArchitecture,
        /// Operating system.
        operating_system_family: String = sdk::OsFamily,
    }
}
