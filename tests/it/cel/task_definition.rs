//! Cases of `EcsTaskDefinition`.

use serde_json::{Value, json};

use super::{case, judge, judge_dots, judge_immutable, messages, object};

fn base() -> Value {
    json!({ "containerDefinitions": [{ "name": "app", "image": "nginx", "memory": 128 }] })
}

/// A definition for Fargate, with changes.
fn fargate(patch: &Value) -> Value {
    let mut spec = json!({
        "requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc", "cpu": "256", "memory": 512,
        "containerDefinitions": [{ "name": "app", "image": "nginx" }],
    });
    super::merge(&mut spec, patch);
    spec
}

/// The container `app` with more members.
fn app(patch: Value) -> Value {
    let mut container = json!({ "name": "app", "image": "nginx", "memory": 128 });
    super::merge(&mut container, &patch);
    json!({ "containerDefinitions": [container] })
}

fn logs() -> Value {
    json!({ "logDriver": "awslogs", "options": { "awslogs-group": "shop", "awslogs-region": "eu-west-1" } })
}

/// The container `app`, which waits for `db`.
fn waits(condition: &str, db: Value) -> Value {
    let mut second = json!({ "name": "db", "image": "pg", "memory": 128 });
    super::merge(&mut second, &db);
    json!({ "containerDefinitions": [
        { "name": "app", "image": "nginx", "memory": 128, "dependsOn": [{ "containerName": "db", "condition": condition }] },
        second,
    ] })
}

fn in_mode(mode: &str, mut spec: Value) -> Value {
    spec["networkMode"] = json!(mode);
    spec
}

#[test]
fn rules_of_containers_accept_and_refuse() {
    let mut cases = vec![
        case(
            "must consist of letters, digits, `_` and `-`",
            json!({ "family": "web-1" }),
            json!({ "family": "web 1" }),
        ),
        case("must consist of letters, digits, `_` and `-`", app(json!({})), app(json!({ "name": "a.b" }))),
        case(
            "must consist of letters, digits, `_` and `-`",
            json!({ "volumes": [{ "name": "v" }] }),
            json!({ "volumes": [{ "name": "v/1" }] }),
        ),
        case(
            "must not have keys that start with `aws:` or `ecs-operator.dev/`",
            json!({ "tags": { "a": "b" } }),
            json!({ "tags": { "AWS:a": "b" } }),
        ),
        case(
            "must have a container that is `essential`",
            app(json!({ "essential": true })),
            app(json!({ "essential": false })),
        ),
        case(
            "must have the options `awslogs-group` and `awslogs-region` for the driver `awslogs`",
            app(json!({ "logConfiguration": logs() })),
            app(json!({ "logConfiguration": { "logDriver": "awslogs", "options": { "awslogs-group": "shop" } } })),
        ),
        case(
            "must be at least `memoryReservation`",
            app(json!({ "memory": "128", "memoryReservation": 64 })),
            app(json!({ "memoryReservation": "129" })),
        ),
        case(
            "must have exactly one of `containerPort` and `containerPortRange`",
            app(json!({ "portMappings": [{ "containerPort": 80 }, { "containerPortRange": "90-99" }] })),
            app(json!({ "portMappings": [{ "containerPort": 80, "containerPortRange": "90-99" }] })),
        ),
        case(
            "must not have a `name` twice",
            app(
                json!({ "portMappings": [{ "name": "a", "containerPort": 80 }, { "containerPort": 81 }, { "containerPort": 82 }] }),
            ),
            app(
                json!({ "portMappings": [{ "name": "a", "containerPort": 80 }, { "name": "a", "containerPort": 81 }] }),
            ),
        ),
        case(
            "must not have a `containerPort` under two protocols",
            app(
                json!({ "portMappings": [{ "containerPort": 80 }, { "containerPort": 80, "protocol": "tcp", "hostPort": 8080 }] }),
            ),
            app(json!({ "portMappings": [{ "containerPort": 80 }, { "containerPort": 80, "protocol": "udp" }] })),
        ),
        case(
            "must have `hostPort` equal to `containerPort` in network modes `awsvpc` and `host`",
            in_mode("awsvpc", app(json!({ "portMappings": [{ "containerPort": 80, "hostPort": 80 }] }))),
            in_mode("host", app(json!({ "portMappings": [{ "containerPort": 80, "hostPort": 8080 }] }))),
        ),
        case(
            "must not have `portMappings` in network mode `none`: leave them out, or choose another `networkMode`",
            in_mode("none", app(json!({ "portMappings": [] }))),
            in_mode("none", app(json!({ "portMappings": [{ "containerPort": 80 }] }))),
        ),
        case(
            "must be set unless each container has `memory` or `memoryReservation`",
            json!({ "memory": "1 GB", "containerDefinitions": [{ "name": "app", "image": "nginx" }] }),
            json!({ "containerDefinitions": [{ "name": "app", "image": "nginx" }] }),
        ),
        case(
            "must contain every volume that `mountPoints` name",
            {
                let mut s = app(json!({ "mountPoints": [{ "sourceVolume": "v", "containerPath": "/v" }] }));
                s["volumes"] = json!([{ "name": "v" }]);
                s
            },
            app(json!({ "mountPoints": [{ "sourceVolume": "v", "containerPath": "/v" }] })),
        ),
    ];
    cases.extend(waiting_cases());
    cases.extend(fargate_cases());
    judge("EcsTaskDefinition", &base(), &cases);
}

fn waiting_cases() -> Vec<super::Case> {
    vec![
        case(
            "must have `dependsOn` name other containers of the task",
            waits("START", json!({})),
            app(json!({ "dependsOn": [{ "containerName": "nobody", "condition": "START" }] })),
        ),
        case(
            "must have `dependsOn` name other containers of the task",
            waits("START", json!({})),
            app(json!({ "dependsOn": [{ "containerName": "app", "condition": "START" }] })),
        ),
        case(
            "must not have two containers that wait for each other in `dependsOn`",
            waits("START", json!({})),
            waits("START", json!({ "dependsOn": [{ "containerName": "app", "condition": "START" }] })),
        ),
        case(
            "must have a `healthCheck` in a container that another waits for as `HEALTHY`",
            waits("HEALTHY", json!({ "healthCheck": { "command": ["CMD", "true"] } })),
            waits("HEALTHY", json!({})),
        ),
        case(
            "must have `essential: false` in a container that another waits for as `COMPLETE` or `SUCCESS`",
            waits("SUCCESS", json!({ "essential": false })),
            waits("COMPLETE", json!({})),
        ),
    ]
}

fn fargate_cases() -> Vec<super::Case> {
    let container = |patch: Value| {
        let mut spec = fargate(&json!({}));
        super::merge(&mut spec["containerDefinitions"][0], &patch);
        spec
    };
    vec![
        case("must be `awsvpc` for Fargate", fargate(&json!({})), fargate(&json!({ "networkMode": null }))),
        case("must have `cpu` and `memory` for Fargate", fargate(&json!({})), fargate(&json!({ "cpu": null }))),
        case(
            "must be a pair of `cpu` and `memory` that Fargate offers",
            fargate(&json!({ "cpu": "1 vCPU", "memory": "2 GB" })),
            fargate(&json!({ "cpu": 512 })),
        ),
        case("must be absent for Fargate", json!({ "ipcMode": "task" }), fargate(&json!({ "ipcMode": "task" }))),
        case(
            "must not be `host` for Fargate",
            fargate(&json!({ "pidMode": "task" })),
            fargate(&json!({ "pidMode": "host" })),
        ),
        case(
            "must be empty for Fargate",
            fargate(&json!({ "placementConstraints": [] })),
            fargate(&json!({ "placementConstraints": [{ "type": "memberOf" }] })),
        ),
        case(
            "must not have `host.sourcePath` or `dockerVolumeConfiguration` for Fargate",
            fargate(&json!({ "volumes": [{ "name": "v", "host": {} }] })),
            fargate(&json!({ "volumes": [{ "name": "v", "host": { "sourcePath": "/x" } }] })),
        ),
        case(
            "must not have `privileged` containers for Fargate",
            container(json!({ "privileged": false })),
            container(json!({ "privileged": true })),
        ),
        case(
            "must not have `devices`, `tmpfs`, `sharedMemorySize`, `maxSwap` or `swappiness` in `linuxParameters` for Fargate",
            container(json!({ "linuxParameters": { "initProcessEnabled": true } })),
            container(json!({ "linuxParameters": { "maxSwap": 1 } })),
        ),
        case(
            "must use log driver `awslogs`, `splunk` or `awsfirelens` for Fargate",
            container(json!({ "logConfiguration": { "logDriver": "awsfirelens" } })),
            container(json!({ "logConfiguration": { "logDriver": "syslog" } })),
        ),
        case(
            "must be set for `secrets` and log driver `awslogs` on Fargate",
            {
                let mut s = container(json!({ "logConfiguration": logs() }));
                s["executionRoleArn"] = json!("arn");
                s
            },
            container(json!({ "secrets": [{ "name": "A", "valueFrom": "arn" }] })),
        ),
        case(
            "must have `stopTimeout` of 120 at most for Fargate",
            container(json!({ "stopTimeout": 120 })),
            container(json!({ "stopTimeout": 121 })),
        ),
    ]
}

#[test]
fn fargate_sizes_are_those_of_the_documentation() {
    let offered = |cpu: i64, memory: i64| match cpu {
        256 => [512, 1024, 2048].contains(&memory),
        512 => (1024..=4096).contains(&memory) && memory % 1024 == 0,
        1024 => (2048..=8192).contains(&memory) && memory % 1024 == 0,
        2048 => (4096..=16384).contains(&memory) && memory % 1024 == 0,
        4096 => (8192..=30720).contains(&memory) && memory % 1024 == 0,
        8192 => (16384..=61440).contains(&memory) && memory % 4096 == 0,
        16384 => (32768..=122_880).contains(&memory) && memory % 8192 == 0,
        _ => false,
    };
    for cpu in [128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768] {
        for memory in (512..=131_072).step_by(1536).chain([512, 1024, 2048, 4096, 8192, 16384, 32768, 61440, 122_880]) {
            let spec = fargate(&json!({ "cpu": cpu.to_string(), "memory": memory }));
            let found = messages("EcsTaskDefinition", &object("EcsTaskDefinition", "demo", &spec, &json!({})), None);
            assert_eq!(found.is_empty(), offered(cpu, memory), "{cpu} {memory}: {found:?}");
        }
    }
}

#[test]
fn names_are_fixed_and_dots_need_a_name() {
    judge_dots("EcsTaskDefinition", &base(), "family");
    judge_immutable(
        "EcsTaskDefinition",
        &base(),
        &[
            ("family", json!("a"), json!("b")),
            ("region", json!("eu-west-1"), json!("us-east-1")),
            ("accountRef", json!({ "name": "a" }), json!({ "name": "b" })),
        ],
    );
}
