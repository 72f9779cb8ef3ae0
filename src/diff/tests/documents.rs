//! Generated task definitions in the shapes that people publish, and what ECS makes of them.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Lists whose order means nothing, by member name, and what tells their items apart.
const UNORDERED: [&str; 15] = [
    "containerDefinitions",
    "environment",
    "secrets",
    "portMappings",
    "mountPoints",
    "volumesFrom",
    "volumes",
    "requiresCompatibilities",
    "placementConstraints",
    "ulimits",
    "properties",
    "subnets",
    "securityGroups",
    "loadBalancers",
    "alarmNames",
];

fn object(members: Vec<(&str, Option<Value>)>) -> Value {
    let present = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(present.collect::<Map<_, _>>())
}

fn word() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9]{0,6}"
}

/// Items of one kind, each with a name of its own under `key`.
fn named(key: &'static str, prefix: &'static str, item: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    vec(item, 0..4).prop_map(move |mut items| {
        for (index, item) in items.iter_mut().enumerate() {
            item[key] = json!(format!("{prefix}{index}"));
        }
        Value::Array(items)
    })
}

fn texts() -> impl Strategy<Value = Value> {
    vec("[ -~]{0,8}", 0..4).prop_map(|texts| json!(texts))
}

fn port_mappings(mirrored: bool) -> impl Strategy<Value = Value> {
    let mapping = (of(0_u8..2), any::<bool>(), of(prop_oneof!["http", "grpc"]));
    vec(mapping, 0..3).prop_map(move |mappings| {
        let items = mappings.into_iter().enumerate().map(|(index, (host, udp, app))| {
            let port = 8000 + index;
            let host = host.map(|host| if mirrored { port } else { usize::from(host) * 31000 });
            object(vec![
                ("containerPort", Some(json!(port))),
                ("hostPort", host.map(|host| json!(host))),
                ("protocol", udp.then(|| json!("udp"))),
                ("appProtocol", app.map(|app| json!(app))),
            ])
        });
        Value::Array(items.collect())
    })
}

fn health_check() -> impl Strategy<Value = Value> {
    (texts(), of(5..300_i32), of(2..60_i32), of(1..10_i32), of(0..300_i32)).prop_map(
        |(command, interval, timeout, retries, start)| {
            object(vec![
                ("command", Some(command)),
                ("interval", interval.map(|n| json!(n))),
                ("timeout", timeout.map(|n| json!(n))),
                ("retries", retries.map(|n| json!(n))),
                ("startPeriod", start.map(|n| json!(n))),
            ])
        },
    )
}

fn log_configuration() -> impl Strategy<Value = Value> {
    (prop_oneof!["awslogs", "splunk", "awsfirelens"], word(), named("name", "opt", secret())).prop_map(
        |(driver, group, secrets)| {
            json!({ "logDriver": driver, "options": { "awslogs-group": group, "Mode-X": "a" }, "secretOptions": secrets })
        },
    )
}

fn secret() -> impl Strategy<Value = Value> {
    word().prop_map(|name| json!({ "valueFrom": format!("arn:aws:ssm:eu-west-1:111122223333:parameter/{name}") }))
}

fn container(mirrored: bool) -> impl Strategy<Value = Value> {
    let first = (
        "[a-z]{1,8}(:[0-9]{1,2})?",
        of(0..2048_i32),
        of(16..4096_i32),
        of(any::<bool>()),
        of(named("name", "VAR_", "[ -~]{0,6}".prop_map(|text| json!({ "value": text })))),
        of(named("name", "SECRET_", secret())),
        of(port_mappings(mirrored)),
        of(texts()),
        of(texts()),
    );
    let mount = (word(), of(any::<bool>())).prop_map(|(volume, ro)| {
        object(vec![("sourceVolume", Some(json!(volume))), ("readOnly", ro.map(|ro| json!(ro)))])
    });
    let ulimit =
        (1024..4096_i32, 4096..8192_i32).prop_map(|(soft, hard)| json!({ "softLimit": soft, "hardLimit": hard }));
    let second = (
        of(named("containerPath", "/mnt/", mount)),
        of(named("name", "limit", ulimit)),
        of(health_check()),
        of(log_configuration()),
        of(proptest::collection::btree_map("[A-Za-z.]{1,6}", "[ -~]{0,6}", 0..3)),
        of((any::<bool>(), of(60..1800_i32))),
        of(any::<bool>()),
        of(2..120_i32),
    );
    (first, second).prop_map(
        |(
            (image, cpu, memory, essential, env, secrets, ports, command, entry),
            (mounts, ulimits, health, log, labels, restart, privileged, stop),
        )| {
            object(vec![
                ("image", Some(json!(image))),
                ("cpu", cpu.map(|n| json!(n))),
                ("memory", memory.map(|n| json!(n))),
                ("essential", essential.map(|b| json!(b))),
                ("environment", env),
                ("secrets", secrets),
                ("portMappings", ports),
                ("command", command),
                ("entryPoint", entry),
                ("mountPoints", mounts),
                ("ulimits", ulimits),
                ("healthCheck", health),
                ("logConfiguration", log),
                ("dockerLabels", labels.map(|labels| json!(labels))),
                (
                    "restartPolicy",
                    restart.map(|(enabled, period)| {
                        object(vec![
                            ("enabled", Some(json!(enabled))),
                            ("restartAttemptPeriod", period.map(|n| json!(n))),
                        ])
                    }),
                ),
                ("privileged", privileged.map(|b| json!(b))),
                ("stopTimeout", stop.map(|n| json!(n))),
            ])
        },
    )
}

fn volume() -> impl Strategy<Value = Value> {
    let efs = (of(prop_oneof!["/", "/data"]), of(prop_oneof!["ENABLED", "DISABLED"]), any::<bool>());
    prop_oneof![
        Just(json!({ "host": {} })),
        word().prop_map(|path| json!({ "host": { "sourcePath": format!("/{path}") } })),
        any::<bool>().prop_map(|at_launch| json!({ "configuredAtLaunch": at_launch })),
        (any::<bool>(), word()).prop_map(|(auto, o)| json!({ "dockerVolumeConfiguration": { "scope": "shared", "autoprovision": auto, "driverOpts": { "o": o }, "labels": { "K": "v" } } })),
        efs.prop_map(|(root, encryption, iam)| json!({ "efsVolumeConfiguration": object(vec![
            ("fileSystemId", Some(json!("fs-1"))),
            ("rootDirectory", root.map(|text| json!(text))),
            ("transitEncryption", encryption.map(|text| json!(text))),
            ("authorizationConfig", iam.then(|| json!({ "iam": "DISABLED" }))),
        ]) })),
    ]
}

/// A definition as somebody writes it.
pub(super) fn task_definition() -> impl Strategy<Value = Value> {
    prop_oneof![Just(None), Just(Some("bridge")), Just(Some("host")), Just(Some("awsvpc"))].prop_flat_map(|mode| {
        let mirrored = matches!(mode, Some("host" | "awsvpc"));
        let sizes = prop_oneof![
            Just((json!("0.25 vCPU"), json!("1 GB"))),
            Just((json!("1 vcpu"), json!("2gb"))),
            Just((json!(".5 vCPU"), json!("0.5 GB"))),
            Just((json!("256"), json!(512))),
        ];
        (named("name", "c", container(mirrored)), named("name", "vol", volume()), of(sizes), of(any::<bool>())).prop_map(
            move |(containers, volumes, sizes, fault)| {
                object(vec![
                    ("family", Some(json!("web"))),
                    ("networkMode", mode.map(|mode| json!(mode))),
                    ("containerDefinitions", Some(containers)),
                    ("volumes", Some(volumes)),
                    ("cpu", sizes.clone().map(|(cpu, _)| cpu)),
                    ("memory", sizes.map(|(_, memory)| memory)),
                    ("requiresCompatibilities", fault.map(|_| json!(["EC2", "FARGATE"]))),
                    ("enableFaultInjection", fault.map(|fault| json!(fault))),
                    ("proxyConfiguration", fault.map(|_| json!({ "type": "APPMESH", "containerName": "c0", "properties": [{ "name": "B", "value": "1" }, { "name": "A", "value": "" }] }))),
                    ("tags", Some(json!([{ "key": "a", "value": "b" }]))),
                ])
            },
        )
    })
}

/// The same document with its unordered lists turned around.
pub(super) fn turned(value: &Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, value)| {
                    let mut value = turned(value);
                    if let (true, Some(items)) = (UNORDERED.contains(&name.as_str()), value.as_array_mut()) {
                        items.reverse();
                    }
                    (name.clone(), value)
                })
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.iter().map(turned).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

fn put(object: &mut Value, name: &str, value: Value) {
    if object.get(name).is_none() {
        object[name] = value;
    }
}

/// What `DescribeTaskDefinition` answers for a registered document, as AWS documents and public
/// answers show it: sizes in units, zero cpu, essential, empty lists, protocols, host ports, checks.
pub(super) fn described(written: &Value) -> Value {
    let mut answer = turned(written);
    for (name, sizes) in [
        ("cpu", [("0.25 vCPU", "256"), ("1 vcpu", "1024"), (".5 vCPU", "512")]),
        ("memory", [("1 GB", "1024"), ("2gb", "2048"), ("0.5 GB", "512")]),
    ] {
        let Some(size) = answer.get_mut(name) else {
            continue;
        };
        let text = size.as_str().map_or_else(|| size.to_string(), str::to_owned);
        let found = sizes.iter().find(|(given, _)| *given == text);
        *size = json!(found.map_or(text.as_str(), |(_, registered)| registered));
    }
    put(&mut answer, "networkMode", json!("bridge"));
    for list in ["placementConstraints", "requiresCompatibilities"] {
        put(&mut answer, list, json!([]));
    }
    put(&mut answer, "taskDefinitionArn", json!("arn:aws:ecs:eu-west-1:111122223333:task-definition/web:7"));
    put(&mut answer, "revision", json!(7));
    put(&mut answer, "status", json!("ACTIVE"));
    put(&mut answer, "compatibilities", json!(["EC2"]));
    put(&mut answer, "requiresAttributes", json!([{ "name": "ecs.capability.x" }]));
    answer["tags"] = json!([]);
    let mirrored = answer["networkMode"] == "awsvpc" || answer["networkMode"] == "host";
    for container in answer["containerDefinitions"].as_array_mut().into_iter().flatten() {
        described_container(container, mirrored);
    }
    for volume in answer["volumes"].as_array_mut().into_iter().flatten() {
        if let Some(efs) = volume.get_mut("efsVolumeConfiguration") {
            put(efs, "rootDirectory", json!("/"));
            put(efs, "transitEncryption", json!("DISABLED"));
        } else if volume.get("dockerVolumeConfiguration").is_none() && volume["configuredAtLaunch"] != true {
            put(volume, "host", json!({}));
        }
    }
    answer
}

fn described_container(container: &mut Value, mirrored: bool) {
    put(container, "cpu", json!(0));
    put(container, "essential", json!(true));
    for list in ["environment", "mountPoints", "volumesFrom", "portMappings", "systemControls", "secrets"] {
        put(container, list, json!([]));
    }
    for mapping in container["portMappings"].as_array_mut().into_iter().flatten() {
        put(mapping, "protocol", json!("tcp"));
        let port = if mirrored { mapping["containerPort"].clone() } else { json!(0) };
        put(mapping, "hostPort", port);
    }
    for mount in container["mountPoints"].as_array_mut().into_iter().flatten() {
        put(mount, "readOnly", json!(false));
    }
    if let Some(check) = container.get_mut("healthCheck") {
        for (name, default) in [("interval", 30), ("timeout", 5), ("retries", 3)] {
            put(check, name, json!(default));
        }
    }
    if let Some(policy) = container.get_mut("restartPolicy") {
        put(policy, "restartAttemptPeriod", json!(300));
        put(policy, "ignoredExitCodes", json!([]));
    }
}
