//! Rules of `EcsTaskDefinition`. `string(…)` has no known length for the API server's cost estimate, so the rules
//! look at it with `endsWith` only, whose cost is that of its argument.
//!
//! <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html>

use super::{Rule, alphabet, immutable, no_dots, tag_keys};

/// A condition that holds of every definition that must fit Fargate.
macro_rules! fargate {
    ($($condition:literal),+ $(,)?) => {
        concat!(
            "!has(self.requiresCompatibilities) || !('FARGATE' in self.requiresCompatibilities) || ",
            $($condition),+
        )
    };
}

/// All rules.
pub(super) const RULES: &[Rule] = &[
    no_dots!("family"),
    immutable!("family"),
    immutable!("accountRef"),
    immutable!("region"),
    alphabet!("spec.family"),
    alphabet!("spec.containerDefinitions[].name"),
    alphabet!("spec.volumes[].name"),
    tag_keys!(),
    // Containers.
    Rule::new(
        "spec.containerDefinitions",
        "self.exists(c, !has(c.essential) || c.essential)",
        "must have a container that is `essential`",
    ),
    Rule::new(
        "spec.containerDefinitions",
        "self.all(c, !has(c.dependsOn) || c.dependsOn.all(d, d.containerName != c.name && self.exists(o, o.name == d.containerName)))",
        "must have `dependsOn` name other containers of the task",
    ),
    Rule::new(
        "spec.containerDefinitions",
        "self.all(c, !has(c.dependsOn) || c.dependsOn.all(d, d.condition != 'HEALTHY' || self.all(o, o.name != d.containerName || has(o.healthCheck))))",
        "must have a `healthCheck` in a container that another waits for as `HEALTHY`",
    ),
    Rule::new(
        "spec.containerDefinitions",
        "self.all(c, !has(c.dependsOn) || c.dependsOn.all(d, !(d.condition in ['COMPLETE', 'SUCCESS']) || self.all(o, o.name != d.containerName || (has(o.essential) && !o.essential))))",
        "must have `essential: false` in a container that another waits for as `COMPLETE` or `SUCCESS`",
    ),
    Rule::new(
        "spec.containerDefinitions",
        "self.all(c, !has(c.dependsOn) || c.dependsOn.all(d, d.containerName == c.name || self.all(o, o.name != d.containerName || !has(o.dependsOn) || o.dependsOn.all(e, e.containerName != c.name))))",
        "must not have two containers that wait for each other in `dependsOn`",
    ),
    Rule::new(
        "spec.containerDefinitions[].logConfiguration",
        "!has(self.logDriver) || self.logDriver != 'awslogs' || (has(self.options) && 'awslogs-group' in self.options && 'awslogs-region' in self.options)",
        "must have the options `awslogs-group` and `awslogs-region` for the driver `awslogs`",
    ),
    Rule::new(
        "spec.containerDefinitions[]",
        "!has(self.memory) || !has(self.memoryReservation) || int(self.memory) >= int(self.memoryReservation)",
        "must be at least `memoryReservation`",
    )
    .at(".memory"),
    Rule::new(
        "spec.containerDefinitions[].portMappings[]",
        "has(self.containerPort) != has(self.containerPortRange)",
        "must have exactly one of `containerPort` and `containerPortRange`",
    ),
    Rule::new(
        "spec.containerDefinitions[].portMappings",
        "self.all(p, !has(p.name) || self.exists_one(q, has(q.name) && q.name == p.name))",
        "must not have a `name` twice",
    )
    .duplicate(),
    Rule::new(
        "spec.containerDefinitions[].portMappings",
        "self.all(p, !has(p.containerPort) || self.all(q, !has(q.containerPort) || p.containerPort != q.containerPort || (has(p.protocol) ? p.protocol : 'tcp') == (has(q.protocol) ? q.protocol : 'tcp')))",
        "must not have a `containerPort` under two protocols",
    ),
    Rule::new(
        "spec",
        "!has(self.networkMode) || !(self.networkMode in ['awsvpc', 'host']) || !has(self.containerDefinitions) || self.containerDefinitions.all(c, !has(c.portMappings) || c.portMappings.all(p, !has(p.hostPort) || p.hostPort == 0 || (has(p.containerPort) && p.hostPort == p.containerPort)))",
        "must have `hostPort` equal to `containerPort` in network modes `awsvpc` and `host`",
    )
    .at(".containerDefinitions"),
    Rule::new(
        "spec",
        "!has(self.networkMode) || self.networkMode != 'none' || !has(self.containerDefinitions) || self.containerDefinitions.all(c, !has(c.portMappings) || c.portMappings.size() == 0)",
        "must not have `portMappings` in network mode `none`: leave them out, or choose another `networkMode`",
    )
    .at(".containerDefinitions"),
    Rule::new(
        "spec",
        "has(self.memory) || !has(self.containerDefinitions) || self.containerDefinitions.all(c, has(c.memory) || has(c.memoryReservation))",
        "must be set unless each container has `memory` or `memoryReservation`",
    )
    .at(".memory")
    .requires(),
    Rule::new(
        "spec",
        "!has(self.containerDefinitions) || self.containerDefinitions.all(c, !has(c.mountPoints) || c.mountPoints.all(m, !has(m.sourceVolume) || (has(self.volumes) && self.volumes.exists(v, v.name == m.sourceVolume))))",
        "must contain every volume that `mountPoints` name",
    )
    .at(".volumes"),
    // Fargate.
    Rule::new(
        "spec",
        fargate!("(has(self.networkMode) && self.networkMode == 'awsvpc')"),
        "must be `awsvpc` for Fargate",
    )
    .at(".networkMode"),
    Rule::new(
        "spec",
        fargate!("(has(self.cpu) && has(self.memory))"),
        "must have `cpu` and `memory` for Fargate",
    )
    .at(".cpu")
    .requires(),
    Rule::new(
        "spec",
        fargate!(
            "!has(self.cpu) || !has(self.memory) || string(self.cpu).endsWith('U') || string(self.cpu).endsWith('u') || string(self.memory).endsWith('B') || string(self.memory).endsWith('b') || (",
            "int(self.cpu) == 256 ? int(self.memory) in [512, 1024, 2048] : ",
            "int(self.cpu) == 512 ? int(self.memory) in [1024, 2048, 3072, 4096] : ",
            "int(self.cpu) == 1024 ? int(self.memory) >= 2048 && int(self.memory) <= 8192 && int(self.memory) % 1024 == 0 : ",
            "int(self.cpu) == 2048 ? int(self.memory) >= 4096 && int(self.memory) <= 16384 && int(self.memory) % 1024 == 0 : ",
            "int(self.cpu) == 4096 ? int(self.memory) >= 8192 && int(self.memory) <= 30720 && int(self.memory) % 1024 == 0 : ",
            "int(self.cpu) == 8192 ? int(self.memory) >= 16384 && int(self.memory) <= 61440 && int(self.memory) % 4096 == 0 : ",
            "int(self.cpu) == 16384 && int(self.memory) >= 32768 && int(self.memory) <= 122880 && int(self.memory) % 8192 == 0)"
        ),
        "must be a pair of `cpu` and `memory` that Fargate offers",
    )
    .at(".memory"),
    Rule::new("spec", fargate!("!has(self.ipcMode)"), "must be absent for Fargate")
        .at(".ipcMode")
        .forbids(),
    Rule::new(
        "spec",
        fargate!("!has(self.pidMode) || self.pidMode != 'host'"),
        "must not be `host` for Fargate",
    )
    .at(".pidMode")
    .forbids(),
    Rule::new(
        "spec",
        fargate!("!has(self.placementConstraints) || self.placementConstraints.size() == 0"),
        "must be empty for Fargate",
    )
    .at(".placementConstraints")
    .forbids(),
    Rule::new(
        "spec",
        fargate!("!has(self.volumes) || self.volumes.all(v, !has(v.dockerVolumeConfiguration) && (!has(v.host) || !has(v.host.sourcePath)))"),
        "must not have `host.sourcePath` or `dockerVolumeConfiguration` for Fargate",
    )
    .at(".volumes")
    .forbids(),
    Rule::new(
        "spec",
        fargate!("!has(self.containerDefinitions) || self.containerDefinitions.all(c, !has(c.privileged) || !c.privileged)"),
        "must not have `privileged` containers for Fargate",
    )
    .at(".containerDefinitions")
    .forbids(),
    Rule::new(
        "spec",
        fargate!("!has(self.containerDefinitions) || self.containerDefinitions.all(c, !has(c.linuxParameters) || (!has(c.linuxParameters.devices) && !has(c.linuxParameters.tmpfs) && !has(c.linuxParameters.sharedMemorySize) && !has(c.linuxParameters.maxSwap) && !has(c.linuxParameters.swappiness)))"),
        "must not have `devices`, `tmpfs`, `sharedMemorySize`, `maxSwap` or `swappiness` in `linuxParameters` for Fargate",
    )
    .at(".containerDefinitions")
    .forbids(),
    Rule::new(
        "spec",
        fargate!("!has(self.containerDefinitions) || self.containerDefinitions.all(c, !has(c.logConfiguration) || c.logConfiguration.logDriver in ['awslogs', 'splunk', 'awsfirelens'])"),
        "must use log driver `awslogs`, `splunk` or `awsfirelens` for Fargate",
    )
    .at(".containerDefinitions"),
    Rule::new(
        "spec",
        fargate!("has(self.executionRoleArn) || !has(self.containerDefinitions) || self.containerDefinitions.all(c, (!has(c.secrets) || c.secrets.size() == 0) && (!has(c.logConfiguration) || c.logConfiguration.logDriver != 'awslogs'))"),
        "must be set for `secrets` and log driver `awslogs` on Fargate",
    )
    .at(".executionRoleArn")
    .requires(),
    Rule::new(
        "spec",
        fargate!("!has(self.containerDefinitions) || self.containerDefinitions.all(c, !has(c.stopTimeout) || c.stopTimeout <= 120)"),
        "must have `stopTimeout` of 120 at most for Fargate",
    )
    .at(".containerDefinitions"),
];
