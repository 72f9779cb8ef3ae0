//! Rules of `EcsService`.
//!
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html>

use super::{Rule, alphabet, immutable, no_dots, strategy, tag_keys};

const STRATEGY: [Rule; 3] = strategy!("spec.capacityProviderStrategy");

/// A condition that holds of every service whose tasks are in task sets.
macro_rules! external {
    ($condition:literal) => {
        concat!("!has(self.deploymentController) || self.deploymentController.type != 'EXTERNAL' || ", $condition)
    };
}

/// A condition that holds of every `DAEMON` service.
macro_rules! daemon {
    ($condition:literal) => {
        concat!("!has(self.schedulingStrategy) || self.schedulingStrategy != 'DAEMON' || ", $condition)
    };
}

/// All rules.
pub(super) const RULES: &[Rule] = &[
    no_dots!("serviceName"),
    immutable!("serviceName"),
    immutable!("clusterRef"),
    immutable!("cluster"),
    immutable!("accountRef"),
    immutable!("region"),
    immutable!("launchType"),
    immutable!("role"),
    immutable!("schedulingStrategy"),
    immutable!("deploymentController"),
    alphabet!("spec.serviceName"),
    tag_keys!(),
    Rule::new(
        "spec",
        "has(self.clusterRef) != has(self.cluster)",
        "must have exactly one of `clusterRef` and `cluster`",
    )
    .at(".clusterRef"),
    Rule::new(
        "spec",
        "(has(self.deploymentController) && self.deploymentController.type == 'EXTERNAL') || has(self.taskDefinitionRef) != has(self.taskDefinition)",
        "must have exactly one of `taskDefinitionRef` and `taskDefinition`",
    )
    .at(".taskDefinitionRef"),
    // Capacity and placement.
    Rule::new(
        "spec",
        "!has(self.launchType) || !has(self.capacityProviderStrategy) || self.capacityProviderStrategy.size() == 0",
        "must have one of `launchType` and `capacityProviderStrategy`, not both",
    )
    .at(".launchType")
    .forbids(),
    STRATEGY[0],
    STRATEGY[1],
    STRATEGY[2],
    Rule::new(
        "spec",
        "!has(self.launchType) || self.launchType != 'FARGATE' || ((!has(self.placementConstraints) || self.placementConstraints.size() == 0) && (!has(self.placementStrategy) || self.placementStrategy.size() == 0))",
        "must not have `placementConstraints` or `placementStrategy` with launch type `FARGATE`",
    )
    .at(".placementStrategy")
    .forbids(),
    Rule::new(
        "spec.placementConstraints[]",
        "!has(self.type) || has(self.expression) == (self.type == 'memberOf')",
        "must have `expression` with `memberOf`, and none with `distinctInstance`",
    )
    .at(".expression"),
    // DAEMON.
    Rule::new(
        "spec",
        daemon!("!has(self.launchType) || self.launchType != 'FARGATE'"),
        "must not be `FARGATE` with scheduling strategy `DAEMON`",
    )
    .at(".launchType")
    .forbids(),
    Rule::new(
        "spec",
        daemon!("!has(self.placementStrategy) || self.placementStrategy.size() == 0"),
        "must be empty with scheduling strategy `DAEMON`",
    )
    .at(".placementStrategy")
    .forbids(),
    Rule::new(
        "spec",
        daemon!("!has(self.volumeConfigurations) || self.volumeConfigurations.size() == 0"),
        "must be empty with scheduling strategy `DAEMON`",
    )
    .at(".volumeConfigurations")
    .forbids(),
    Rule::new(
        "spec",
        daemon!("!has(self.capacityProviderStrategy) || self.capacityProviderStrategy.all(p, !(p.capacityProvider in ['FARGATE', 'FARGATE_SPOT']))"),
        "must not name `FARGATE` or `FARGATE_SPOT` with scheduling strategy `DAEMON`",
    )
    .at(".capacityProviderStrategy")
    .forbids(),
    Rule::new(
        "spec",
        daemon!("!has(self.deploymentController) || self.deploymentController.type == 'ECS'"),
        "must be `ECS` with scheduling strategy `DAEMON`",
    )
    .at(".deploymentController")
    .forbids(),
    Rule::new(
        "spec",
        daemon!("!has(self.scaling) || (has(self.scaling.mode) && self.scaling.mode != 'External' ? true : !has(self.scaling.minCapacity) && !has(self.scaling.maxCapacity) && !has(self.scaling.targetTracking) && !has(self.scaling.stepScaling) && !has(self.scaling.predictiveScaling) && !has(self.scaling.scheduledActions))"),
        "must not declare autoscaling with scheduling strategy `DAEMON`",
    )
    .at(".scaling")
    .forbids(),
    // EXTERNAL: what a task set owns.
    Rule::new(
        "spec",
        external!("(!has(self.taskDefinition) && !has(self.taskDefinitionRef) && !has(self.launchType) && !has(self.platformVersion) && !has(self.networkConfiguration) && !has(self.serviceConnectConfiguration))"),
        "must leave task definition, launch type, platform version, network and Service Connect to the task sets under controller `EXTERNAL`",
    )
    .at(".deploymentController")
    .forbids(),
    Rule::new(
        "spec",
        external!("((!has(self.loadBalancers) || self.loadBalancers.size() == 0) && (!has(self.serviceRegistries) || self.serviceRegistries.size() == 0) && (!has(self.capacityProviderStrategy) || self.capacityProviderStrategy.size() == 0))"),
        "must leave load balancers, registries and capacity providers to the task sets under controller `EXTERNAL`",
    )
    .at(".deploymentController")
    .forbids(),
    // Deployments.
    Rule::new(
        "spec.deploymentConfiguration",
        "!has(self.maximumPercent) || !has(self.minimumHealthyPercent) || (has(self.strategy) && self.strategy != 'ROLLING') || self.maximumPercent > self.minimumHealthyPercent",
        "must be greater than `minimumHealthyPercent`, or no task can ever be replaced",
    )
    .at(".maximumPercent"),
    Rule::new(
        "spec.deploymentConfiguration",
        "!has(self.strategy) || self.strategy != 'BLUE_GREEN' || has(self.bakeTimeInMinutes)",
        "must be set for strategy `BLUE_GREEN`",
    )
    .at(".bakeTimeInMinutes")
    .requires(),
    Rule::new(
        "spec.deploymentConfiguration",
        "(has(self.strategy) && self.strategy == 'LINEAR') == has(self.linearConfiguration)",
        "must be set for strategy `LINEAR` and for no other",
    )
    .at(".linearConfiguration"),
    Rule::new(
        "spec.deploymentConfiguration",
        "(has(self.strategy) && self.strategy == 'CANARY') == has(self.canaryConfiguration)",
        "must be set for strategy `CANARY` and for no other",
    )
    .at(".canaryConfiguration"),
    Rule::new(
        "spec.deploymentConfiguration",
        "!has(self.earlySuccessCriteria) || !has(self.strategy) || self.strategy == 'ROLLING'",
        "must be absent unless the strategy is `ROLLING`",
    )
    .at(".earlySuccessCriteria")
    .forbids(),
    Rule::new(
        "spec.deploymentConfiguration",
        "!has(self.earlySuccessCriteria) || !has(self.earlySuccessCriteria.healthyPercent) || !has(self.minimumHealthyPercent) || self.earlySuccessCriteria.healthyPercent >= self.minimumHealthyPercent",
        "must have `healthyPercent` of at least `minimumHealthyPercent`",
    )
    .at(".earlySuccessCriteria"),
    Rule::new(
        "spec",
        "!has(self.deploymentConfiguration) || !has(self.deploymentConfiguration.strategy) || self.deploymentConfiguration.strategy == 'ROLLING' || !has(self.deploymentController) || self.deploymentController.type == 'ECS'",
        "must be `ROLLING` or absent unless the controller is `ECS`",
    )
    .at(".deploymentConfiguration.strategy")
    .forbids(),
    Rule::new(
        "spec",
        "!has(self.deploymentConfiguration) || !has(self.deploymentConfiguration.strategy) || self.deploymentConfiguration.strategy == 'ROLLING' || !has(self.loadBalancers) || self.loadBalancers.all(l, has(l.advancedConfiguration) && has(l.advancedConfiguration.alternateTargetGroupArn) && has(l.advancedConfiguration.productionListenerRule) && has(l.advancedConfiguration.roleArn))",
        "must have `alternateTargetGroupArn`, `productionListenerRule` and `roleArn` in each `advancedConfiguration` unless the strategy is `ROLLING`",
    )
    .at(".loadBalancers")
    .requires(),
    Rule::new(
        "spec.deploymentConfiguration.lifecycleHooks[]",
        "has(self.lifecycleStages) && self.lifecycleStages.size() > 0",
        "must have a stage",
    )
    .at(".lifecycleStages")
    .requires(),
    Rule::new(
        "spec.deploymentConfiguration.lifecycleHooks[]",
        "has(self.targetType) && self.targetType == 'PAUSE' ? !has(self.hookTargetArn) : has(self.hookTargetArn) && has(self.roleArn)",
        "must have `hookTargetArn` and `roleArn` for `AWS_LAMBDA`, and no `hookTargetArn` for `PAUSE`",
    ),
    Rule::new(
        "spec.deploymentConfiguration.lifecycleHooks[]",
        "!has(self.targetType) || self.targetType != 'PAUSE' || !has(self.lifecycleStages) || !self.lifecycleStages.exists(s, s in ['TEST_TRAFFIC_SHIFT', 'PRODUCTION_TRAFFIC_SHIFT'])",
        "must not pause at `TEST_TRAFFIC_SHIFT` or `PRODUCTION_TRAFFIC_SHIFT`",
    )
    .at(".lifecycleStages")
    .forbids(),
    // Traffic and volumes.
    Rule::new(
        "spec.loadBalancers[]",
        "has(self.targetGroupArn) != has(self.loadBalancerName)",
        "must have exactly one of `targetGroupArn` and `loadBalancerName`",
    ),
    Rule::new(
        "spec.loadBalancers[]",
        "has(self.containerName) && has(self.containerPort)",
        "must have `containerName` and `containerPort`",
    )
    .requires(),
    Rule::new(
        "spec.volumeConfigurations[].managedEBSVolume",
        "has(self.sizeInGiB) || has(self.snapshotId)",
        "must have `sizeInGiB` or `snapshotId`",
    )
    .requires(),
    // Scaling.
    Rule::new(
        "spec.scaling",
        "!has(self.minCapacity) || !has(self.maxCapacity) || self.minCapacity <= self.maxCapacity",
        "must not exceed `maxCapacity`",
    )
    .at(".minCapacity"),
    Rule::new(
        "spec.scaling",
        "has(self.minCapacity) && has(self.maxCapacity) || (!has(self.minCapacity) && !has(self.maxCapacity) && !has(self.targetTracking) && !has(self.stepScaling) && !has(self.predictiveScaling) && !has(self.scheduledActions))",
        "must have both `minCapacity` and `maxCapacity` when autoscaling is declared",
    )
    .requires(),
    Rule::new(
        "spec.scaling",
        "!has(self.mode) || self.mode == 'External' || (!has(self.minCapacity) && !has(self.maxCapacity) && !has(self.targetTracking) && !has(self.stepScaling) && !has(self.predictiveScaling) && !has(self.scheduledActions))",
        "must be `External` when autoscaling is declared",
    )
    .at(".mode"),
    Rule::new(
        "spec.scaling",
        "!has(self.targetTracking) || self.targetTracking.all(t, (!has(self.stepScaling) || !self.stepScaling.exists(s, s.policyName == t.policyName)) && (!has(self.predictiveScaling) || !self.predictiveScaling.exists(p, p.policyName == t.policyName)))",
        "must not have a `policyName` in two lists",
    )
    .at(".targetTracking")
    .duplicate(),
    Rule::new(
        "spec.scaling.targetTracking[]",
        "has(self.predefinedMetricSpecification) != has(self.customizedMetricSpecification)",
        "must have exactly one of `predefinedMetricSpecification` and `customizedMetricSpecification`",
    ),
    Rule::new(
        "spec.scaling.scheduledActions[]",
        "has(self.scalableTargetAction) && (has(self.scalableTargetAction.minCapacity) || has(self.scalableTargetAction.maxCapacity))",
        "must set `minCapacity` or `maxCapacity`",
    )
    .at(".scalableTargetAction")
    .requires(),
];
