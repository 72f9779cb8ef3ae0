//! What a version runs.
//!
//! <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html>

use super::{Rule, alphabet, provider_strategy as strategy};

const STRATEGY: [Rule; 3] = strategy!("spec.template.capacityProviderStrategy");

/// A condition that holds of every template whose tasks run on Fargate.
macro_rules! fargate {
    ($($condition:expr),+ $(,)?) => {
        concat!(
            "!((has(self.launchType) && self.launchType == 'FARGATE') || (has(self.capacityProviderStrategy) && self.capacityProviderStrategy.exists(p, p.capacityProvider in ['FARGATE', 'FARGATE_SPOT']))) || ",
            $($condition),+
        )
    };
}

/// Whether a list of the template has items.
macro_rules! filled {
    ($list:literal) => {
        concat!("(has(self.", $list, ") && self.", $list, ".size() > 0)")
    };
}

/// Whether a subnet is given by id.
macro_rules! subnets {
    () => {
        "(has(self.networkConfiguration) && has(self.networkConfiguration.awsvpcConfiguration) && has(self.networkConfiguration.awsvpcConfiguration.subnets) && self.networkConfiguration.awsvpcConfiguration.subnets.size() > 0)"
    };
}

/// Size of the task, as inputs give it: of the task, else of the container.
macro_rules! sized {
    ($condition:literal) => {
        concat!(
            "!has(self.inputs) || !(has(self.inputs.taskCpu) || has(self.inputs.cpu)) || !(has(self.inputs.taskMemory) || has(self.inputs.memory) || has(self.inputs.memoryReservation)) || ",
            "[has(self.inputs.taskCpu) ? self.inputs.taskCpu : self.inputs.cpu].all(cpu, ",
            "[has(self.inputs.taskMemory) ? self.inputs.taskMemory : has(self.inputs.memory) ? self.inputs.memory : self.inputs.memoryReservation].all(memory, ",
            $condition,
            "))"
        )
    };
}

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "spec.template",
        "has(self.inputs) != has(self.artifact)",
        "must have exactly one of `inputs` and `artifact`",
    ),
    Rule::new(
        "spec.template.artifact",
        "has(self.inline) != has(self.configMapKeyRef)",
        "must have exactly one of `inline` and `configMapKeyRef`",
    ),
    Rule::new(
        "spec.template.artifact.containerMappings[]",
        r"self.image.matches('^[^\\s]+$')",
        "must not be empty or have blanks",
    )
    .at(".image"),
    // Inputs.
    Rule::new("spec.template.inputs", r"self.image.matches('^[^\\s]+$')", "must not be empty or have blanks")
        .at(".image"),
    alphabet!("spec.template.inputs.containerName"),
    Rule::new(
        "spec.template.inputs",
        "(!has(self.cpu) || !string(self.cpu).startsWith('-')) && (!has(self.taskCpu) || !string(self.taskCpu).startsWith('-')) && (!has(self.taskMemory) || !string(self.taskMemory).startsWith('-'))",
        "must not have negative sizes",
    ),
    Rule::new(
        "spec.template.inputs",
        "(!has(self.memory) || int(self.memory) > 0) && (!has(self.memoryReservation) || int(self.memoryReservation) > 0)",
        "must have `memory` and `memoryReservation` above 0",
    ),
    Rule::new(
        "spec.template.inputs",
        "has(self.memory) || has(self.memoryReservation) || has(self.taskMemory)",
        "must have `memory` or `memoryReservation`",
    )
    .at(".memoryReservation")
    .requires(),
    Rule::new(
        "spec.template.inputs",
        "!has(self.memory) || !has(self.memoryReservation) || int(self.memory) >= int(self.memoryReservation)",
        "must be at least `memoryReservation`",
    )
    .at(".memory"),
    Rule::new(
        "spec.template.inputs",
        "!has(self.environment) || !self.environment.exists(e, e.name in ['SERVER_GROUP', 'CLOUD_STACK', 'CLOUD_DETAIL'])",
        "must not contain `SERVER_GROUP`, `CLOUD_STACK` or `CLOUD_DETAIL`, which the operator sets",
    )
    .at(".environment")
    .forbids(),
    Rule::new(
        "spec.template.inputs",
        "!has(self.mountPoints) || self.mountPoints.all(m, !has(m.sourceVolume) || (has(self.volumes) && self.volumes.exists(v, v.name == m.sourceVolume)))",
        "must contain every volume that `mountPoints` name",
    )
    .at(".volumes"),
    // Capacity.
    Rule::new(
        "spec.template",
        concat!("has(self.launchType) != ", filled!("capacityProviderStrategy")),
        "must have exactly one of `launchType` and `capacityProviderStrategy`",
    )
    .at(".launchType"),
    STRATEGY[0],
    STRATEGY[1],
    STRATEGY[2],
    // Fargate.
    Rule::new(
        "spec.template",
        fargate!("!has(self.networkMode) || self.networkMode == 'awsvpc'"),
        "must be `awsvpc` or absent for Fargate",
    )
    .at(".networkMode"),
    Rule::new(
        "spec.template",
        fargate!(
            "!(",
            filled!("placementStrategy"),
            " || ",
            filled!("placementConstraints"),
            " || has(self.placementPreset))"
        ),
        "must not have `placementStrategy`, `placementPreset` or `placementConstraints` for Fargate",
    )
    .forbids(),
    Rule::new(
        "spec.template",
        fargate!(
            "!has(self.inputs) || ((has(self.inputs.taskCpu) || has(self.inputs.cpu)) && (has(self.inputs.taskMemory) || has(self.inputs.memory) || has(self.inputs.memoryReservation)))"
        ),
        "must have `cpu` and a memory for Fargate",
    )
    .at(".inputs.cpu")
    .requires(),
    Rule::new(
        "spec.template",
        fargate!(sized!(
            "string(cpu).endsWith('U') || string(cpu).endsWith('u') || string(memory).endsWith('B') || string(memory).endsWith('b') || (int(cpu) == 256 ? int(memory) in [512, 1024, 2048] : int(cpu) == 512 ? int(memory) in [1024, 2048, 3072, 4096] : int(cpu) == 1024 ? int(memory) >= 2048 && int(memory) <= 8192 && int(memory) % 1024 == 0 : int(cpu) == 2048 ? int(memory) >= 4096 && int(memory) <= 16384 && int(memory) % 1024 == 0 : int(cpu) == 4096 ? int(memory) >= 8192 && int(memory) <= 30720 && int(memory) % 1024 == 0 : int(cpu) == 8192 ? int(memory) >= 16384 && int(memory) <= 61440 && int(memory) % 4096 == 0 : int(cpu) == 16384 && int(memory) >= 32768 && int(memory) <= 122880 && int(memory) % 8192 == 0)"
        )),
        "must be a pair of CPU and memory that Fargate offers",
    )
    .at(".inputs"),
    Rule::new(
        "spec.template",
        fargate!("!has(self.inputs) || !has(self.inputs.logConfiguration) || self.inputs.logConfiguration.logDriver in ['awslogs', 'splunk', 'awsfirelens']"),
        "must be `awslogs`, `splunk` or `awsfirelens` for Fargate",
    )
    .at(".inputs.logConfiguration.logDriver"),
    Rule::new(
        "spec.template",
        "!has(self.platformVersion) || self.platformVersion == '' || (has(self.launchType) && self.launchType == 'FARGATE') || (has(self.capacityProviderStrategy) && self.capacityProviderStrategy.exists(p, p.capacityProvider in ['FARGATE', 'FARGATE_SPOT']))",
        "must be absent unless tasks run on Fargate",
    )
    .at(".platformVersion")
    .forbids(),
    // Network.
    Rule::new(
        "spec.template",
        concat!("!has(self.networkMode) || self.networkMode != 'none' || !", filled!("targetGroupMappings")),
        "must be absent in network mode `none`, or choose another `networkMode`",
    )
    .at(".targetGroupMappings")
    .forbids(),
    Rule::new(
        "spec.template",
        "!has(self.networkMode) || self.networkMode != 'none' || !has(self.inputs) || !has(self.inputs.portMappings) || self.inputs.portMappings.size() == 0",
        "must be absent in network mode `none`, or choose another `networkMode`",
    )
    .at(".inputs.portMappings")
    .forbids(),
    Rule::new(
        "spec.template",
        concat!(
            "(",
            fargate!("(has(self.networkMode) && self.networkMode != 'awsvpc')"),
            ") && (!has(self.networkMode) || self.networkMode != 'awsvpc') || ",
            subnets!(),
            " || ",
            filled!("subnetNames"),
            " || ",
            filled!("subnetPurposes")
        ),
        "must have subnets, by id, name or purpose, in network mode `awsvpc`",
    )
    .requires(),
    Rule::new(
        "spec.template",
        concat!(
            "(!has(self.inputs) && !has(self.networkMode)) || (has(self.networkMode) && self.networkMode == 'awsvpc') || ",
            "(!has(self.networkMode) && !(",
            fargate!("false"),
            ")) || !(has(self.networkConfiguration) || ",
            filled!("subnetNames"),
            " || ",
            filled!("subnetPurposes"),
            " || ",
            filled!("securityGroupNames"),
            " || ",
            filled!("availabilityZones"),
            ")"
        ),
        "must not have subnets or security groups unless the network mode is `awsvpc`",
    )
    .forbids(),
    Rule::new(
        "spec.template",
        concat!("!", filled!("availabilityZones"), " || ", filled!("subnetNames"), " || ", filled!("subnetPurposes")),
        "must be absent without `subnetNames` or `subnetPurposes`, which it narrows",
    )
    .at(".availabilityZones")
    .forbids(),
    // Placement.
    Rule::new(
        "spec.template",
        concat!("!has(self.placementPreset) || !", filled!("placementStrategy")),
        "must be absent beside `placementStrategy`",
    )
    .at(".placementPreset")
    .forbids(),
    Rule::new(
        "spec.template.placementStrategy[]",
        "!has(self.type) || (self.type == 'random' ? !has(self.field) : has(self.field) && (self.type == 'spread' ? self.field in ['instanceId', 'host'] || self.field.startsWith('attribute:') : self.field in ['cpu', 'memory', 'CPU', 'MEMORY']))",
        "must be `instanceId`, `host` or `attribute:…` for `spread`, `cpu` or `memory` for `binpack`, and absent for `random`",
    )
    .at(".field"),
    Rule::new(
        "spec.template.placementConstraints[]",
        "!has(self.type) || has(self.expression) == (self.type == 'memberOf')",
        "must have `expression` with `memberOf`, and none with `distinctInstance`",
    )
    .at(".expression"),
    // Traffic.
    Rule::new(
        "spec.template",
        "!has(self.inputs) || !has(self.inputs.containerName) || !has(self.targetGroupMappings) || self.targetGroupMappings.all(m, !has(m.containerName) || m.containerName == '' || m.containerName == self.inputs.containerName)",
        "must leave `containerName` out or have it equal `inputs.containerName`",
    )
    .at(".targetGroupMappings"),
    Rule::new(
        "spec.template.targetGroupMappings[]",
        "self.targetGroup.size() > 0",
        "must name a target group",
    )
    .at(".targetGroup")
    .requires(),
    Rule::new(
        "spec.template.targetGroupMappings[]",
        "!has(self.alternateTargetGroup) || self.alternateTargetGroup != self.targetGroup",
        "must differ from `targetGroup`",
    )
    .at(".alternateTargetGroup"),
    Rule::new("spec.template.serviceRegistries[]", "has(self.registryArn)", "must be set")
        .at(".registryArn")
        .requires(),
    Rule::new(
        "spec.template.volumeConfigurations[].managedEBSVolume",
        "has(self.sizeInGiB) || has(self.snapshotId)",
        "must have `sizeInGiB` or `snapshotId`",
    )
    .requires(),
];
