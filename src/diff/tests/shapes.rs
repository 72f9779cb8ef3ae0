//! The shapes name the members that the SDK knows, no more and no less.

use crate::diff::normalize::{
    cluster as c, container as k, deployment as d, networking as n, service as s, task_definition as t,
};
use crate::diff::shape::{Kind, Shape, Spell};
use aws_sdk_ecs::operation::{
    create_cluster::CreateClusterInput, create_service::CreateServiceInput,
    register_task_definition::RegisterTaskDefinitionInput, update_service::UpdateServiceInput,
};
use aws_sdk_ecs::types as sdk;
use std::collections::BTreeMap;

/// Member name and type, as the SDK says them.
type Members = BTreeMap<&'static str, String>;

macro_rules! pairs {
    ($($shape:path = $sdk:path),* $(,)?) => {
        vec![$((
            stringify!($sdk),
            $shape,
            <$sdk>::SCHEMA.members().iter().filter_map(|member| Some((member.member_name()?, format!("{:?}", member.shape_type())))).collect::<BTreeMap<_, _>>(),
        )),*]
    };
}

#[expect(deprecated, reason = "documents that still name inference accelerators are compared")]
fn pairs() -> Vec<(&'static str, Shape, Members)> {
    pairs![
        k::CONTAINER = sdk::ContainerDefinition,
        k::REPOSITORY_CREDENTIALS = sdk::RepositoryCredentials,
        k::PORT_MAPPING = sdk::PortMapping,
        k::RESTART_POLICY = sdk::ContainerRestartPolicy,
        k::ENVIRONMENT = sdk::KeyValuePair,
        k::ENVIRONMENT_FILE = sdk::EnvironmentFile,
        k::MOUNT_POINT = sdk::MountPoint,
        k::VOLUME_FROM = sdk::VolumeFrom,
        k::LINUX_PARAMETERS = sdk::LinuxParameters,
        k::CAPABILITIES = sdk::KernelCapabilities,
        k::DEVICE = sdk::Device,
        k::TMPFS = sdk::Tmpfs,
        k::SECRET = sdk::Secret,
        k::DEPENDENCY = sdk::ContainerDependency,
        k::HOST_ENTRY = sdk::HostEntry,
        k::ULIMIT = sdk::Ulimit,
        k::LOG_CONFIGURATION = sdk::LogConfiguration,
        k::HEALTH_CHECK = sdk::HealthCheck,
        k::SYSTEM_CONTROL = sdk::SystemControl,
        k::RESOURCE_REQUIREMENT = sdk::ResourceRequirement,
        k::SHARING = sdk::SharingStrategy,
        k::NVIDIA_MPS = sdk::NvidiaMpsAllocation,
        k::FIRELENS = sdk::FirelensConfiguration,
        t::CONSTRAINT = sdk::TaskDefinitionPlacementConstraint,
        t::PROXY = sdk::ProxyConfiguration,
        t::PROPERTY = sdk::KeyValuePair,
        t::ACCELERATOR = sdk::InferenceAccelerator,
        t::EPHEMERAL_STORAGE = sdk::EphemeralStorage,
        t::RUNTIME_PLATFORM = sdk::RuntimePlatform,
        t::VOLUME = sdk::Volume,
        t::HOST = sdk::HostVolumeProperties,
        t::DOCKER_VOLUME = sdk::DockerVolumeConfiguration,
        t::EFS_VOLUME = sdk::EfsVolumeConfiguration,
        t::EFS_AUTHORIZATION = sdk::EfsAuthorizationConfig,
        t::S3_FILES_VOLUME = sdk::S3FilesVolumeConfiguration,
        t::FSX_VOLUME = sdk::FSxWindowsFileServerVolumeConfiguration,
        t::FSX_AUTHORIZATION = sdk::FSxWindowsFileServerAuthorizationConfig,
        d::DEPLOYMENT_CONFIGURATION = sdk::DeploymentConfiguration,
        d::CIRCUIT_BREAKER = sdk::DeploymentCircuitBreaker,
        d::THRESHOLD = sdk::ThresholdConfiguration,
        d::ALARMS = sdk::DeploymentAlarms,
        d::LIFECYCLE_HOOK = sdk::DeploymentLifecycleHook,
        d::HOOK_TIMEOUT = sdk::DeploymentLifecycleHookTimeoutConfiguration,
        d::LINEAR = sdk::LinearConfiguration,
        d::CANARY = sdk::CanaryConfiguration,
        d::EARLY_SUCCESS = sdk::DeploymentEarlySuccessCriteria,
        n::NETWORK = sdk::NetworkConfiguration,
        n::AWSVPC = sdk::AwsVpcConfiguration,
        n::LOAD_BALANCER = sdk::LoadBalancer,
        n::ADVANCED = sdk::AdvancedConfiguration,
        n::REGISTRY = sdk::ServiceRegistry,
        n::LATTICE = sdk::VpcLatticeConfiguration,
        n::SERVICE_CONNECT = sdk::ServiceConnectConfiguration,
        n::CONNECT_SERVICE = sdk::ServiceConnectService,
        n::CLIENT_ALIAS = sdk::ServiceConnectClientAlias,
        n::TEST_TRAFFIC = sdk::ServiceConnectTestTrafficRules,
        n::HEADER = sdk::ServiceConnectTestTrafficHeaderRules,
        n::HEADER_VALUE = sdk::ServiceConnectTestTrafficHeaderMatchRules,
        n::TIMEOUT = sdk::TimeoutConfiguration,
        n::TLS = sdk::ServiceConnectTlsConfiguration,
        n::AUTHORITY = sdk::ServiceConnectTlsCertificateAuthority,
        n::ACCESS_LOG = sdk::ServiceConnectAccessLogConfiguration,
        n::CONNECT_CONTAINER = sdk::ServiceConnectContainerConfiguration,
        n::GATEWAY_CONNECTOR = sdk::GatewayConnector,
        n::GATEWAY_HEALTH = sdk::GatewayConnectorHealthCheck,
        n::GATEWAY_MATCHER = sdk::GatewayConnectorHealthCheckMatcher,
        n::GATEWAY_FILTERS = sdk::GatewayConnectorFilters,
        s::STRATEGY_ITEM = sdk::CapacityProviderStrategyItem,
        s::CONSTRAINT = sdk::PlacementConstraint,
        s::PLACEMENT_STRATEGY = sdk::PlacementStrategy,
        s::CONTROLLER = sdk::DeploymentController,
        s::VOLUME = sdk::ServiceVolumeConfiguration,
        s::EBS_VOLUME = sdk::ServiceManagedEbsVolumeConfiguration,
        s::TAG_SPECIFICATION = sdk::EbsTagSpecification,
        s::TAG = sdk::Tag,
        s::MONITORING = sdk::MonitoringConfiguration,
        s::METRIC = sdk::MetricConfiguration,
        s::SERVICE = CreateServiceInput,
        t::TASK_DEFINITION = RegisterTaskDefinitionInput,
        c::CLUSTER = CreateClusterInput,
        c::SETTING = sdk::ClusterSetting,
        c::CONFIGURATION = sdk::ClusterConfiguration,
        c::EXECUTE_COMMAND = sdk::ExecuteCommandConfiguration,
        c::EXECUTE_LOG = sdk::ExecuteCommandLogConfiguration,
        c::MANAGED_STORAGE = sdk::ManagedStorageConfiguration,
        c::SERVICE_CONNECT_DEFAULTS = sdk::ClusterServiceConnectDefaultsRequest,
    ]
}

#[test]
fn every_shape_has_the_members_of_the_sdk() {
    for (name, shape, expected) in pairs() {
        let compared = shape.members.iter().filter(|member| !matches!(member.kind, Kind::Apart));
        for member in compared {
            assert!(expected.contains_key(member.name), "{name} has no {}", member.name);
        }
        for member in expected.keys() {
            assert!(shape.member(member).is_some(), "{name}.{member} is not in the shape");
        }
    }
}

#[test]
fn update_service_has_no_member_that_create_service_lacks() {
    let pairs = pairs![s::SERVICE = UpdateServiceInput];
    for (_, shape, members) in pairs {
        for member in members.keys().filter(|member| **member != "service") {
            assert!(shape.member(member).is_some(), "{member}");
        }
    }
}

/// The SDK's word for a kind; enumerations are strings there.
fn types(kind: &Kind) -> &'static [&'static str] {
    match kind {
        Kind::Scalar(Spell::Number) | Kind::Secret(Spell::Number) => &["Integer", "Double"],
        Kind::Scalar(Spell::Flag) | Kind::Secret(Spell::Flag) => &["Boolean"],
        Kind::Scalar(_) | Kind::Secret(_) => &["String"],
        Kind::Struct(_) => &["Structure", "Union"],
        Kind::Map(_) => &["Map"],
        Kind::List(_) => &["List"],
        Kind::Document => &["Document"],
        Kind::Apart => &["List", "String", "Boolean"],
    }
}

#[test]
fn every_member_has_the_type_of_the_sdk() {
    for (name, shape, expected) in pairs() {
        for member in shape.members {
            let Some(found) = expected.get(member.name) else { continue };
            assert!(types(&member.kind).contains(&found.as_str()), "{name}.{} is {found}", member.name);
        }
    }
}
