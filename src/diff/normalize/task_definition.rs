//! Normal form and content hash of a task definition, as registered or as described.

use super::container::CONTAINER;
use super::{each_item, text_of};
use crate::diff::normal::{Fill, canonical, document};
use crate::diff::shape::{
    Default, Kind, Shape, Spell, UPPERS, apart, flag, keyed, lower, map, number, scalar, secret, secret_map, set,
    structure, text, upper,
};
use crate::diff::spell::spell;
use crate::diff::{Change, Scope, compare};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// The full normal form: ECS's spellings and defaults, lists without meaning in their order sorted,
/// no tags. `normalize(normalize(x)) == normalize(x)`.
pub fn normalize(value: &Value) -> Value {
    normal(value, Fill::Defaults)
}

/// SHA-256 over the normal form, 64 hexadecimal digits. Equal for a document and for what ECS
/// describes after its registration.
pub fn content_hash(value: &Value) -> String {
    let digest = Sha256::digest(canonical(&normalize(value)).as_bytes());
    digest.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What differs. [`Scope::Whole`] answers what a new revision would change against another, so that
/// no change means an equal [`content_hash`] (but for roles written as name and as ARN);
/// [`Scope::Declared`] whether a revision that somebody else registered satisfies the document.
pub fn diff(desired: &Value, observed: &Value, scope: Scope) -> Vec<Change> {
    let fill = match scope {
        Scope::Declared => Fill::Declared,
        Scope::Whole => Fill::Defaults,
    };
    let desired = normal(desired, fill);
    compare::documents(&desired, &normalize(observed), &TASK_DEFINITION, scope)
}

fn normal(value: &Value, fill: Fill) -> Value {
    let mut object = value.as_object().cloned().unwrap_or_default();
    network_mode(&mut object, fill);
    host_ports(&mut object, fill);
    document(&Value::Object(object), &TASK_DEFINITION, fill)
}

/// Linux tasks use `bridge` when no mode is given:
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html>
fn network_mode(object: &mut Map<String, Value>, fill: Fill) {
    let platform = object.get("runtimePlatform").and_then(Value::as_object);
    let family = platform.and_then(|platform| text_of(platform, "operatingSystemFamily"));
    let windows = family.is_some_and(|family| family.to_ascii_uppercase().starts_with("WINDOWS"));
    let absent = object.get("networkMode").is_none_or(Value::is_null);
    if absent && !windows && fill == Fill::Defaults {
        object.insert("networkMode".to_owned(), Value::from("bridge"));
    }
}

/// The host port is the container port under `awsvpc` and `host`, otherwise dynamic (0) when absent:
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PortMapping.html>
fn host_ports(object: &mut Map<String, Value>, fill: Fill) {
    let mode = text_of(object, "networkMode").unwrap_or("bridge").to_ascii_lowercase();
    let mirrored = mode == "awsvpc" || mode == "host";
    each_item(object, "containerDefinitions", |container| {
        each_item(container, "portMappings", |mapping| {
            host_port(mapping, mirrored, fill);
        });
    });
}

fn host_port(mapping: &mut Map<String, Value>, mirrored: bool, fill: Fill) {
    let container_port = mapping.get("containerPort").filter(|port| !port.is_null()).cloned();
    let Some(container_port) = container_port else {
        return;
    };
    let host_port = mapping.get("hostPort").filter(|port| !port.is_null());
    let zero = host_port.is_some_and(|port| spell(port, Spell::Number) == 0);
    let absent = host_port.is_none();
    let effective = if mirrored { container_port } else { Value::from(0) };
    if zero || (absent && fill == Fill::Defaults) {
        mapping.insert("hostPort".to_owned(), effective);
    }
}

pub(in crate::diff) const TASK_DEFINITION: Shape = Shape {
    members: &[
        text("family"),
        scalar("taskRoleArn", Spell::Role),
        scalar("executionRoleArn", Spell::Role),
        lower("networkMode"),
        keyed("containerDefinitions", &[&["name"]], &Kind::Struct(&CONTAINER)),
        keyed("volumes", &[&["name"]], &Kind::Struct(&VOLUME)),
        keyed("placementConstraints", &[&["type"], &["expression"]], &Kind::Struct(&CONSTRAINT)),
        set("requiresCompatibilities", &UPPERS),
        scalar("cpu", Spell::Cpu),
        scalar("memory", Spell::Memory),
        lower("pidMode"),
        lower("ipcMode"),
        structure("proxyConfiguration", &PROXY),
        keyed("inferenceAccelerators", &[&["deviceName"]], &Kind::Struct(&ACCELERATOR)),
        structure("ephemeralStorage", &EPHEMERAL_STORAGE),
        structure("runtimePlatform", &RUNTIME_PLATFORM),
        flag("enableFaultInjection"),
        apart("tags"),
        // Only in answers.
        apart("taskDefinitionArn"),
        apart("revision"),
        apart("status"),
        apart("requiresAttributes"),
        apart("compatibilities"),
        apart("registeredAt"),
        apart("registeredBy"),
        apart("deregisteredAt"),
        apart("deleteRequestedAt"),
    ],
};

pub(in crate::diff) const CONSTRAINT: Shape = Shape { members: &[text("type"), text("expression")] };

pub(in crate::diff) const PROXY: Shape = Shape {
    members: &[
        upper("type").or(Default::Text("APPMESH")),
        text("containerName"),
        keyed("properties", &[&["name"]], &Kind::Struct(&PROPERTY)),
    ],
};

/// Network settings of the proxy, not secret.
pub(in crate::diff) const PROPERTY: Shape = Shape { members: &[text("name"), text("value")] };

pub(in crate::diff) const ACCELERATOR: Shape = Shape { members: &[text("deviceName"), text("deviceType")] };

pub(in crate::diff) const EPHEMERAL_STORAGE: Shape = Shape { members: &[number("sizeInGiB")] };

pub(in crate::diff) const RUNTIME_PLATFORM: Shape =
    Shape { members: &[upper("cpuArchitecture"), upper("operatingSystemFamily")] };

pub(in crate::diff) const VOLUME: Shape = Shape {
    members: &[
        text("name"),
        structure("host", &HOST),
        structure("dockerVolumeConfiguration", &DOCKER_VOLUME),
        structure("efsVolumeConfiguration", &EFS_VOLUME),
        structure("s3filesVolumeConfiguration", &S3_FILES_VOLUME),
        structure("fsxWindowsFileServerVolumeConfiguration", &FSX_VOLUME),
        flag("configuredAtLaunch"),
    ],
};

pub(in crate::diff) const HOST: Shape = Shape { members: &[text("sourcePath")] };

/// Driver options may hold the password of a network share.
pub(in crate::diff) const DOCKER_VOLUME: Shape = Shape {
    members: &[lower("scope"), flag("autoprovision"), text("driver"), secret_map("driverOpts", &[]), map("labels")],
};

pub(in crate::diff) const EFS_VOLUME: Shape = Shape {
    members: &[
        text("fileSystemId"),
        text("rootDirectory").or(Default::Text("/")),
        upper("transitEncryption").or(Default::Text("DISABLED")),
        number("transitEncryptionPort"),
        structure("authorizationConfig", &EFS_AUTHORIZATION),
    ],
};

pub(in crate::diff) const EFS_AUTHORIZATION: Shape =
    Shape { members: &[text("accessPointId"), upper("iam").or(Default::Text("DISABLED"))] };

pub(in crate::diff) const S3_FILES_VOLUME: Shape = Shape {
    members: &[
        text("fileSystemArn"),
        text("rootDirectory").or(Default::Text("/")),
        number("transitEncryptionPort"),
        text("accessPointArn"),
    ],
};

pub(in crate::diff) const FSX_VOLUME: Shape = Shape {
    members: &[text("fileSystemId"), text("rootDirectory"), structure("authorizationConfig", &FSX_AUTHORIZATION)],
};

pub(in crate::diff) const FSX_AUTHORIZATION: Shape =
    Shape { members: &[secret("credentialsParameter"), text("domain")] };
