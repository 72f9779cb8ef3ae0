//! The shape of a container definition.
//!
//! Defaults are those of <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html>
//! and of the types it refers to.

use crate::diff::shape::{
    Default, Kind, LOWERS, NUMBERS, STRINGS, Shape, Spell, flag, keyed, lower, map, number, scalar, secret, secret_map,
    sequence, set, structure, text, upper,
};

pub(in crate::diff) const CONTAINER: Shape = Shape {
    members: &[
        text("name"),
        text("image"),
        structure("repositoryCredentials", &REPOSITORY_CREDENTIALS),
        number("cpu").or(Default::Int(0)),
        number("memory"),
        number("memoryReservation"),
        sequence("links", &STRINGS),
        keyed("portMappings", &[&["containerPort", "containerPortRange"], &["protocol"]], &Kind::Struct(&PORT_MAPPING)),
        scalar("essential", Spell::Flag).or(Default::Flag(true)),
        structure("restartPolicy", &RESTART_POLICY),
        sequence("entryPoint", &STRINGS),
        sequence("command", &STRINGS),
        keyed("environment", &[&["name"]], &Kind::Struct(&ENVIRONMENT)),
        sequence("environmentFiles", &Kind::Struct(&ENVIRONMENT_FILE)),
        keyed("mountPoints", &[&["containerPath"]], &Kind::Struct(&MOUNT_POINT)),
        keyed("volumesFrom", &[&["sourceContainer"]], &Kind::Struct(&VOLUME_FROM)),
        structure("linuxParameters", &LINUX_PARAMETERS),
        keyed("secrets", &[&["name"]], &Kind::Struct(&SECRET)),
        sequence("dependsOn", &Kind::Struct(&DEPENDENCY)),
        number("startTimeout"),
        number("stopTimeout"),
        lower("versionConsistency").or(Default::Text("enabled")),
        text("hostname"),
        text("user"),
        text("workingDirectory"),
        flag("disableNetworking"),
        flag("privileged"),
        flag("readonlyRootFilesystem"),
        sequence("dnsServers", &STRINGS),
        sequence("dnsSearchDomains", &STRINGS),
        sequence("extraHosts", &Kind::Struct(&HOST_ENTRY)),
        sequence("dockerSecurityOptions", &STRINGS),
        flag("interactive"),
        flag("pseudoTerminal"),
        map("dockerLabels"),
        keyed("ulimits", &[&["name"]], &Kind::Struct(&ULIMIT)),
        structure("logConfiguration", &LOG_CONFIGURATION),
        structure("healthCheck", &HEALTH_CHECK),
        keyed("systemControls", &[&["namespace"]], &Kind::Struct(&SYSTEM_CONTROL)),
        keyed("resourceRequirements", &[&["type"]], &Kind::Struct(&RESOURCE_REQUIREMENT)),
        structure("firelensConfiguration", &FIRELENS),
        sequence("credentialSpecs", &STRINGS),
    ],
};

pub(in crate::diff) const REPOSITORY_CREDENTIALS: Shape = Shape { members: &[secret("credentialsParameter")] };

pub(in crate::diff) const PORT_MAPPING: Shape = Shape {
    members: &[
        number("containerPort"),
        // Depends on the network mode of the task: see the task definition's rules.
        number("hostPort"),
        scalar("protocol", Spell::Protocol).or(Default::Text("tcp")),
        text("name"),
        lower("appProtocol"),
        text("containerPortRange"),
    ],
};

pub(in crate::diff) const RESTART_POLICY: Shape = Shape {
    members: &[
        flag("enabled"),
        set("ignoredExitCodes", &NUMBERS),
        number("restartAttemptPeriod").or(Default::Int(300)),
    ],
};

pub(in crate::diff) const ENVIRONMENT: Shape = Shape { members: &[text("name"), secret("value")] };

pub(in crate::diff) const ENVIRONMENT_FILE: Shape = Shape { members: &[text("value"), lower("type")] };

pub(in crate::diff) const MOUNT_POINT: Shape =
    Shape { members: &[text("sourceVolume"), text("containerPath"), flag("readOnly")] };

pub(in crate::diff) const VOLUME_FROM: Shape = Shape { members: &[text("sourceContainer"), flag("readOnly")] };

pub(in crate::diff) const LINUX_PARAMETERS: Shape = Shape {
    members: &[
        structure("capabilities", &CAPABILITIES),
        keyed("devices", &[&["hostPath"], &["containerPath"]], &Kind::Struct(&DEVICE)),
        flag("initProcessEnabled"),
        number("sharedMemorySize"),
        keyed("tmpfs", &[&["containerPath"]], &Kind::Struct(&TMPFS)),
        number("maxSwap"),
        number("swappiness"),
    ],
};

pub(in crate::diff) const CAPABILITIES: Shape = Shape { members: &[set("add", &STRINGS), set("drop", &STRINGS)] };

pub(in crate::diff) const DEVICE: Shape =
    Shape { members: &[text("hostPath"), text("containerPath"), set("permissions", &LOWERS)] };

pub(in crate::diff) const TMPFS: Shape =
    Shape { members: &[text("containerPath"), number("size"), sequence("mountOptions", &STRINGS)] };

/// A reference to a secret: the ARN is not one.
pub(in crate::diff) const SECRET: Shape = Shape { members: &[text("name"), text("valueFrom")] };

pub(in crate::diff) const DEPENDENCY: Shape = Shape { members: &[text("containerName"), upper("condition")] };

pub(in crate::diff) const HOST_ENTRY: Shape = Shape { members: &[text("hostname"), text("ipAddress")] };

pub(in crate::diff) const ULIMIT: Shape = Shape { members: &[lower("name"), number("softLimit"), number("hardLimit")] };

/// The `mode` option falls back to the account setting `defaultLogDriverMode`.
pub(in crate::diff) const LOG_CONFIGURATION: Shape = Shape {
    members: &[
        lower("logDriver"),
        secret_map("options", &["mode"]),
        keyed("secretOptions", &[&["name"]], &Kind::Struct(&SECRET)),
    ],
};

pub(in crate::diff) const HEALTH_CHECK: Shape = Shape {
    members: &[
        sequence("command", &STRINGS),
        number("interval").or(Default::Int(30)),
        number("timeout").or(Default::Int(5)),
        number("retries").or(Default::Int(3)),
        // Off unless given.
        number("startPeriod").or(Default::Int(0)),
    ],
};

pub(in crate::diff) const SYSTEM_CONTROL: Shape = Shape { members: &[text("namespace"), text("value")] };

pub(in crate::diff) const RESOURCE_REQUIREMENT: Shape =
    Shape { members: &[text("value"), text("type"), structure("sharingStrategy", &SHARING)] };

pub(in crate::diff) const SHARING: Shape = Shape { members: &[structure("nvidiaMps", &NVIDIA_MPS)] };

pub(in crate::diff) const NVIDIA_MPS: Shape = Shape { members: &[number("memory"), number("maxComputePercent")] };

pub(in crate::diff) const FIRELENS: Shape = Shape { members: &[lower("type"), secret_map("options", &[])] };
