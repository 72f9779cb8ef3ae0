//! Sizes: AWS's limits where it has any, generous bounds elsewhere.
//!
//! Tables are keyed by the end of a path: `memory` is every member of that name, `spec.memory` the
//! one of the task. The longest match wins. `*` stands for the values of a map.

use serde_json::{Map, Value, json};

/// Longest texts, in characters.
const LENGTHS: &[(&str, i64)] = &[
    ("spec.clusterName", 255),
    ("spec.serviceName", 255),
    ("spec.family", 255),
    ("containerDefinitions.name", 255),
    ("volumes.name", 255),
    ("containerName", 255),
    ("sourceVolume", 255),
    ("moniker.application", 200),
    ("moniker.stack", 100),
    ("moniker.detail", 200),
    ("rollback.toVersion", 255),
    ("source.serviceName", 255),
    ("artifact.inline", 65536),
    ("redeployToken", 256),
    ("targetGroup", 256),
    ("alternateTargetGroup", 256),
    ("configMapKeyRef.name", 253),
    ("configMapKeyRef.key", 253),
    ("analysis.metrics.success", 1024),
    ("analysis.metrics.failure", 1024),
    ("capacityProvider", 255),
    ("capacityProviders", 255),
    ("region", 32),
    ("spec.regions", 32),
    ("spec.roleArn", 1024),
    ("spec.defaultExecutionRoleArn", 1024),
    ("externalId.value", 1224),
    ("allowedNamespaces.names", 63),
    ("defaultFor.names", 63),
    ("adoptionNamespaces.names", 63),
    ("matchLabels.*", 63),
    ("matchExpressions.key", 317),
    ("matchExpressions.values", 63),
    ("spec.allowedTaskRoles", 1024),
    ("spec.allowedExecutionRoles", 1024),
    ("spec.allowedInfrastructureRoles", 1024),
    ("spec.allowedTargetGroups", 1024),
    ("spec.allowedListenerRules", 1024),
    ("spec.allowedClusters", 1024),
    ("spec.foreignAccounts", 12),
    ("status.accountId", 12),
    ("portMappings.name", 64),
    ("portName", 64),
    ("containerPortRange", 16),
    ("subnets", 64),
    ("securityGroups", 64),
    ("policyName", 256),
    ("scheduledActionName", 256),
    ("environment.name", 512),
    ("environment.value", 32768),
    ("command", 32768),
    ("entryPoint", 32768),
    ("options.*", 4096),
    ("dockerLabels.*", 4096),
    ("hookDetails", 8192),
    ("tags.*", 256),
    ("tags.key", 128),
    ("tags.value", 256),
    ("status.selector", 128),
    ("status.acceptedSpec", 65536),
    ("status.conditions.message", 32768),
    ("status.conditions.reason", 1024),
    ("status.conditions.type", 316),
    ("startTime", 64),
    ("endTime", 64),
    ("lastTransitionTime", 64),
];
const LENGTH: i64 = 2048;
const STATUS_LENGTH: i64 = 8192;

/// Longest lists.
const ITEMS: &[(&str, i64)] = &[
    ("containerDefinitions", 10),
    ("environment", 500),
    ("secrets", 300),
    ("secretOptions", 50),
    ("environmentFiles", 10),
    ("portMappings", 100),
    ("mountPoints", 50),
    ("volumesFrom", 20),
    ("dependsOn", 10),
    ("ulimits", 15),
    ("ignoredExitCodes", 50),
    ("volumes", 50),
    ("command", 500),
    ("entryPoint", 100),
    ("spec.placementConstraints", 10),
    ("spec.placementStrategy", 5),
    ("template.placementConstraints", 10),
    ("template.placementStrategy", 5),
    ("requiresCompatibilities", 10),
    ("capacityProviderStrategy", 20),
    ("defaultCapacityProviderStrategy", 20),
    ("spec.capacityProviders", 20),
    ("settings", 10),
    ("subnets", 16),
    ("securityGroups", 5),
    ("loadBalancers", 5),
    ("serviceRegistries", 1),
    ("vpcLatticeConfigurations", 20),
    ("gatewayConnectors", 20),
    ("volumeConfigurations", 1),
    ("tagSpecifications", 10),
    ("tagSpecifications.tags", 50),
    ("lifecycleHooks", 20),
    ("lifecycleStages", 10),
    ("alarmNames", 100),
    ("targetGroupMappings", 5),
    ("canary.steps", 30),
    ("percents", 20),
    ("listenerRules", 10),
    ("containerMappings", 10),
    ("analysis.metrics", 10),
    ("analysis.metrics.alarms", 20),
    ("gate.alarmNames", 20),
    ("scaling.alarms", 20),
    ("subnetNames", 16),
    ("subnetPurposes", 16),
    ("template.availabilityZones", 16),
    ("securityGroupNames", 5),
    ("services", 100),
    ("clientAliases", 1),
    ("targetTracking", 20),
    ("stepScaling", 20),
    ("predictiveScaling", 5),
    ("stepAdjustments", 20),
    ("scheduledActions", 50),
    ("spec.regions", 50),
    ("allowedNamespaces.names", 200),
    ("defaultFor.names", 200),
    ("adoptionNamespaces.names", 200),
    ("matchExpressions", 10),
    ("spec.allowedTaskRoles", 100),
    ("spec.allowedExecutionRoles", 100),
    ("spec.allowedInfrastructureRoles", 100),
    ("spec.allowedTargetGroups", 100),
    ("spec.allowedListenerRules", 100),
    ("spec.allowedClusters", 100),
    ("status.conditions", 16),
];
/// Shortest lists, where an empty one is refused.
const LEAST_ITEMS: &[(&str, i64)] = &[("spec.containerDefinitions", 1)];
const ITEM_COUNT: i64 = 50;
const STATUS_ITEM_COUNT: i64 = 200;

/// Largest maps.
const ENTRIES: &[(&str, i64)] = &[("spec.tags", 44), ("dimensions", 30)];
const ENTRY_COUNT: i64 = 100;

/// Smallest and largest whole numbers.
const WHOLE: &[(&str, (i64, i64))] = &[
    ("spec.desiredCount", (0, 5000)),
    ("spec.capacity.min", (0, 5000)),
    ("spec.capacity.desired", (0, 5000)),
    ("spec.capacity.max", (0, 5000)),
    ("targetGroupMappings.containerPort", (1, 65535)),
    ("maxRemaining", (2, 10)),
    ("percents", (1, 100)),
    ("setWeight", (0, 100)),
    ("setCapacity.percent", (0, 100)),
    ("setCapacity.count", (0, 5000)),
    ("pause.durationSeconds", (1, 604_800)),
    ("delayBeforeDestroySeconds", (0, 86_400)),
    ("delayBeforeDisableSeconds", (0, 86_400)),
    ("delayBeforeScaleDownSeconds", (0, 604_800)),
    ("delayBetweenStepsSeconds", (0, 86_400)),
    ("gate.minHealthySeconds", (0, 3600)),
    ("gate.deadlineSeconds", (60, 604_800)),
    ("gate.progressDeadlineSeconds", (60, 86_400)),
    ("gate.maxFailedTasks", (1, 5000)),
    ("settleSeconds", (0, 3600)),
    ("maxSettleSeconds", (0, 86_400)),
    ("analysis.intervalSeconds", (10, 86_400)),
    ("analysis.count", (1, 1000)),
    ("analysis.initialDelaySeconds", (0, 86_400)),
    ("periodSeconds", (1, 86_400)),
    ("points", (1, 500)),
    ("timeoutSeconds", (1, 60)),
    ("alarms.period", (1, 86_400)),
    ("alarms.evaluationPeriods", (1, 1440)),
    ("alarms.datapointsToAlarm", (1, 1440)),
    ("spec.revisionHistoryLimit", (1, 1000)),
    ("spec.progressDeadlineSeconds", (60, 86400)),
    ("spec.healthCheckGracePeriodSeconds", (0, 2_147_483_647)),
    ("containerPort", (0, 65535)),
    ("hostPort", (0, 65535)),
    ("port", (0, 65535)),
    ("ingressPortOverride", (0, 65535)),
    ("transitEncryptionPort", (0, 65535)),
    ("healthCheckPort", (1, 65535)),
    ("inputs.healthCheck.interval", (5, 300)),
    ("inputs.healthCheck.timeout", (2, 60)),
    ("inputs.healthCheck.retries", (1, 10)),
    ("inputs.healthCheck.startPeriod", (0, 300)),
    ("containerDefinitions.healthCheck.interval", (5, 300)),
    ("containerDefinitions.healthCheck.timeout", (2, 60)),
    ("containerDefinitions.healthCheck.retries", (1, 10)),
    ("containerDefinitions.healthCheck.startPeriod", (0, 300)),
    ("restartAttemptPeriod", (60, 1800)),
    ("ignoredExitCodes", (-2_147_483_648, 2_147_483_647)),
    ("softLimit", (-1, 2_147_483_647)),
    ("hardLimit", (-1, 2_147_483_647)),
    ("swappiness", (0, 100)),
    ("maxComputePercent", (1, 100)),
    ("ephemeralStorage.sizeInGiB", (20, 200)),
    ("managedEBSVolume.sizeInGiB", (1, 65536)),
    ("weight", (0, 1000)),
    ("base", (0, 100_000)),
    ("maximumPercent", (0, 10_000)),
    ("minimumHealthyPercent", (0, 100)),
    ("healthyPercent", (0, 100)),
    ("bakeTimeInMinutes", (0, 1440)),
    ("stepBakeTimeInMinutes", (0, 1440)),
    ("canaryBakeTimeInMinutes", (0, 1440)),
    ("timeoutInMinutes", (1, 20160)),
    ("minCapacity", (0, 5000)),
    ("maxCapacity", (0, 5000)),
    ("scalingAdjustment", (-2_147_483_648, 2_147_483_647)),
    ("maxCapacityBuffer", (0, 100)),
    ("schedulingBufferTime", (0, 3600)),
    ("resolutionSeconds", (1, 3600)),
];

/// Smallest and largest fractional numbers.
const FRACTIONS: &[(&str, (f64, f64))] =
    &[("stepPercent", (3.0, 100.0)), ("canaryPercent", (0.1, 100.0)), ("awsQuotaShare", (0.01, 1.0))];
const FRACTION: (f64, f64) = (-1e15, 1e15);

/// What text is a number, where AWS takes a number or text.
const PATTERNS: &[(&str, &str)] = &[
    ("spec.cpu", r"^([0-9]+|[0-9]*\.?[0-9]+ ?[vV][cC][pP][uU])$"),
    ("spec.memory", r"^([0-9]+|[0-9]*\.?[0-9]+ ?[gG][bB])$"),
    ("inputs.cpu", r"^([0-9]{1,9}|[0-9]*\.?[0-9]+ ?[vV][cC][pP][uU])$"),
    ("inputs.taskCpu", r"^([0-9]{1,9}|[0-9]*\.?[0-9]+ ?[vV][cC][pP][uU])$"),
    ("inputs.memory", "^[0-9]{1,9}$"),
    ("inputs.memoryReservation", "^[0-9]{1,9}$"),
    ("inputs.taskMemory", r"^([0-9]{1,9}|[0-9]*\.?[0-9]+ ?[gG][bB])$"),
    ("containerDefinitions.cpu", "^[0-9]{1,9}$"),
    ("containerDefinitions.memory", "^[0-9]{1,9}$"),
    ("containerDefinitions.memoryReservation", "^[0-9]{1,9}$"),
];

/// The value whose key is the longest end of `path`, counted in whole names.
pub(super) fn find<T: Copy>(table: &[(&str, T)], path: &str) -> Option<T> {
    let fits = |key: &str| path.strip_suffix(key).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    table.iter().filter(|(key, _)| fits(key)).max_by_key(|(key, _)| key.len()).map(|(_, value)| *value)
}

/// Adds the bounds that fit the type of a schema.
pub(super) fn add(node: &mut Map<String, Value>, path: &str) {
    let status = path.starts_with("status");
    if node.contains_key("x-kubernetes-int-or-string") {
        node.insert("maxLength".to_owned(), json!(32));
        if let Some(pattern) = find(PATTERNS, path) {
            node.insert("pattern".to_owned(), json!(pattern));
        }
        return;
    }
    match node.get("type").and_then(Value::as_str) {
        Some("string") if !node.contains_key("enum") && !node.contains_key("maxLength") => {
            let general = if status { STATUS_LENGTH } else { LENGTH };
            node.insert("maxLength".to_owned(), json!(find(LENGTHS, path).unwrap_or(general)));
        }
        Some("array") => {
            let general = if status { STATUS_ITEM_COUNT } else { ITEM_COUNT };
            node.insert("maxItems".to_owned(), json!(find(ITEMS, path).unwrap_or(general)));
            if let Some(least) = find(LEAST_ITEMS, path) {
                node.insert("minItems".to_owned(), json!(least));
            }
        }
        Some("object") if node.contains_key("additionalProperties") => {
            node.insert("maxProperties".to_owned(), json!(find(ENTRIES, path).unwrap_or(ENTRY_COUNT)));
        }
        Some("integer") if !status => {
            let (least, most) = find(WHOLE, path).unwrap_or((0, 2_147_483_647));
            node.insert("minimum".to_owned(), json!(least));
            node.insert("maximum".to_owned(), json!(most));
        }
        Some("number") => {
            let (least, most) = find(FRACTIONS, path).unwrap_or(FRACTION);
            node.insert("minimum".to_owned(), json!(least));
            node.insert("maximum".to_owned(), json!(most));
        }
        _ => {}
    }
}
