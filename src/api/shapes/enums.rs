//! Text conversions of the SDK's enums.

/// Enums of the ECS API.
mod ecs {
    use crate::api::mirror::enums;
    use aws_sdk_ecs::types as sdk;

    enums! {
        sdk:
        AccessType,
        ApplicationProtocol,
        AssignPublicIp,
        AvailabilityZoneRebalancing,
        ClusterSettingName,
        Compatibility,
        ContainerCondition,
        CpuArchitecture,
        DeploymentControllerType,
        DeploymentLifecycleHookAction,
        DeploymentLifecycleHookStage,
        DeploymentLifecycleHookTargetType,
        DeploymentStrategy,
        DeviceCgroupPermission,
        EbsResourceType,
        EfsAuthorizationConfigIam,
        EfsTransitEncryption,
        EnvironmentFileType,
        ExecuteCommandLogging,
        FirelensConfigurationType,
        GatewayConnectorHealthCheckProtocol,
        IpcMode,
        LaunchType,
        LogDriver,
        NetworkMode,
        OsFamily,
        PidMode,
        PlacementConstraintType,
        PlacementStrategyType,
        PropagateTags,
        ProxyConfigurationType,
        ResourceType,
        SchedulingStrategy,
        Scope,
        ServiceConnectAccessLoggingFormat,
        ServiceConnectContainerLogLevel,
        ServiceConnectIncludeQueryParameters,
        ServiceRevisionCleanup,
        TaskDefinitionPlacementConstraintType,
        TaskFilesystemType,
        ThresholdType,
        TransportProtocol,
        UlimitName,
        VersionConsistency,
    }
}

/// Enums of the Application Auto Scaling API.
mod scaling {
    use crate::api::mirror::enums;
    use aws_sdk_applicationautoscaling::types as sdk;

    enums! {
        sdk:
        AdjustmentType,
        MetricAggregationType,
        MetricStatistic,
        MetricType,
        PredictiveScalingMaxCapacityBreachBehavior,
        PredictiveScalingMode,
    }
}
