//! Registration, its echo, and the life of revisions.

use serde_json::{Value, json};

use super::{assert_contains, ok, refused, small, world};

fn fargate(cpu: &str, memory: &str) -> Value {
    json!({
        "family": "web", "cpu": cpu, "memory": memory, "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "containerDefinitions": [{ "name": "app", "image": "nginx:1" }],
    })
}

fn with_container(member: &str, value: Value) -> Value {
    let mut input = small("web");
    input["containerDefinitions"][0][member] = value;
    input
}

#[test]
fn everything_declared_comes_back_with_defaults_filled_in() {
    let mut sim = world();
    let input = json!({
        "family": "web", "cpu": "0.25 vCPU", "memory": "1 GB", "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "executionRoleArn": "arn:aws:iam::123456789012:role/exec", "taskRoleArn": "task",
        "ephemeralStorage": { "sizeInGiB": 30 },
        "runtimePlatform": { "cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX" },
        "volumes": [{ "name": "scratch" }, { "name": "efs", "efsVolumeConfiguration": { "fileSystemId": "fs-1" } }],
        "containerDefinitions": [
            {
                "name": "app", "image": "nginx:1", "command": ["b", "a"],
                "portMappings": [{ "containerPort": 80, "name": "http", "appProtocol": "http2" }],
                "environment": [{ "name": "B", "value": "" }, { "name": "A", "value": "x" }],
                "secrets": [{ "name": "S", "valueFrom": "arn:aws:ssm:eu-west-1:123456789012:parameter/s" }],
                "mountPoints": [{ "sourceVolume": "scratch", "containerPath": "/s" }],
                "healthCheck": { "command": ["CMD", "true"] },
                "dependsOn": [{ "containerName": "side", "condition": "HEALTHY" }],
                "logConfiguration": { "logDriver": "awslogs", "options": { "awslogs-group": "g" } },
                "dockerLabels": { "Mixed.Case": "v" }, "restartPolicy": { "enabled": true },
            },
            { "name": "side", "image": "envoy:1", "essential": false, "healthCheck": { "command": ["CMD", "x"], "interval": 10 } },
        ],
    });
    ok(&mut sim, "RegisterTaskDefinition", &input);
    let answer = ok(&mut sim, "DescribeTaskDefinition", &json!({ "taskDefinition": "web" }));
    let echo = &answer["taskDefinition"];
    let mut declared = input.clone();
    declared["cpu"] = json!("256");
    declared["memory"] = json!("1024");
    assert_contains(echo, &declared, "");
    let app = &echo["containerDefinitions"][0];
    assert_eq!(app["portMappings"][0]["protocol"], "tcp");
    assert_eq!(app["portMappings"][0]["hostPort"], 80);
    assert_eq!((&app["cpu"], &app["essential"]), (&json!(0), &json!(true)));
    assert_eq!(app["volumesFrom"], json!([]));
    assert_eq!(app["healthCheck"]["retries"], 3);
    assert_eq!(app["restartPolicy"]["restartAttemptPeriod"], 300);
    assert_eq!(echo["compatibilities"], json!(["EC2", "FARGATE", "MANAGED_INSTANCES"]));
}

#[test]
fn a_described_definition_registers_again_to_the_same_echo() {
    let mut sim = world();
    let first = ok(&mut sim, "RegisterTaskDefinition", &small("web"))["taskDefinition"].clone();
    let mut input = first.clone();
    let outputs = [
        "taskDefinitionArn",
        "revision",
        "status",
        "registeredAt",
        "registeredBy",
        "compatibilities",
        "requiresAttributes",
    ];
    for member in outputs {
        input.as_object_mut().unwrap().remove(member);
    }
    let second = ok(&mut sim, "RegisterTaskDefinition", &input)["taskDefinition"].clone();
    assert_contains(&second, &input, "");
    assert_eq!((first["revision"].clone(), second["revision"].clone()), (json!(1), json!(2)));
}

/// The example of `describe-task-definition` in the AWS CLI reference; registrations published since 2020.
#[test]
fn what_a_plain_definition_does_not_declare_is_not_made_up() {
    let mut sim = world();
    let registered = ok(&mut sim, "RegisterTaskDefinition", &small("web"));
    let described = ok(&mut sim, "DescribeTaskDefinition", &json!({ "taskDefinition": "web" }));
    for answer in [&registered, &described] {
        let definition = &answer["taskDefinition"];
        for absent in ["networkMode", "requiresAttributes", "enableFaultInjection", "requiresCompatibilities"] {
            assert_eq!(definition.get(absent), None, "{absent}");
        }
        assert_eq!(definition["compatibilities"], json!(["EC2", "EXTERNAL"]));
        assert_eq!(definition["containerDefinitions"][0]["systemControls"], json!([]));
    }
    assert_eq!(registered.get("tags"), None);
    assert_eq!(described["tags"], json!([]));
}

/// Registrations published with their answers: a container on EC2 that logs, and one on Fargate.
#[test]
fn attributes_follow_from_logs_and_network() {
    let mut sim = world();
    let mut required = |input: &Value| {
        let answer = ok(&mut sim, "RegisterTaskDefinition", input);
        let names = answer["taskDefinition"]["requiresAttributes"].as_array().unwrap().iter();
        names.map(|a| a["name"].as_str().unwrap().replace("com.amazonaws.ecs.", "")).collect::<Vec<_>>()
    };
    let options = json!({ "awslogs-group": "g", "awslogs-region": "r", "awslogs-stream-prefix": "p" });
    let logs = with_container("logConfiguration", json!({ "logDriver": "awslogs", "options": options }));
    assert_eq!(required(&logs), ["capability.logging-driver.awslogs", "capability.docker-remote-api.1.19"]);
    assert_eq!(required(&fargate("256", "512")), ["capability.docker-remote-api.1.18", "ecs.capability.task-eni"]);
}

#[test]
fn fault_injection_is_described_as_it_was_sent() {
    let mut sim = world();
    let mut input = fargate("256", "512");
    input["enableFaultInjection"] = json!(false);
    let answer = ok(&mut sim, "RegisterTaskDefinition", &input);
    assert_eq!(answer["taskDefinition"]["enableFaultInjection"], false);
}

#[test]
fn tags_stand_beside_the_definition_and_only_on_request() {
    let mut sim = world();
    let mut input = small("web");
    input["tags"] = json!([{ "key": "owner", "value": "me" }]);
    let registered = ok(&mut sim, "RegisterTaskDefinition", &input);
    assert_eq!(registered["tags"], input["tags"]);
    let without = ok(&mut sim, "DescribeTaskDefinition", &json!({ "taskDefinition": "web:1" }));
    assert_eq!(without["tags"], json!([]));
    let with = ok(&mut sim, "DescribeTaskDefinition", &json!({ "taskDefinition": "web:1", "include": ["TAGS"] }));
    assert_eq!(with["tags"], json!([{ "key": "owner", "value": "me" }]));
    input["tags"] = json!([]);
    let (code, message) = refused(&mut sim, "RegisterTaskDefinition", &input);
    assert_eq!((code.as_str(), message.as_str()), ("ClientException", "Tags can not be empty."));
}

#[test]
fn revision_numbers_are_never_given_out_again() {
    let mut sim = world();
    for _ in 0..2 {
        ok(&mut sim, "RegisterTaskDefinition", &small("web"));
    }
    for name in ["web:1", "web:2"] {
        ok(&mut sim, "DeregisterTaskDefinition", &json!({ "taskDefinition": name }));
    }
    let deleted = ok(&mut sim, "DeleteTaskDefinitions", &json!({ "taskDefinitions": ["web:1", "web:2", "web:9"] }));
    assert_eq!(deleted["taskDefinitions"][0]["status"], "DELETE_IN_PROGRESS");
    assert_eq!(deleted["failures"][0]["reason"], "MISSING");
    let later = sim.now() + 120_000;
    sim.advance_to(later);
    assert_eq!(refused(&mut sim, "DescribeTaskDefinition", &json!({ "taskDefinition": "web:2" })).0, "ClientException");
    let next = ok(&mut sim, "RegisterTaskDefinition", &small("web"));
    assert_eq!(next["taskDefinition"]["revision"], 3);
}

#[test]
fn a_revision_in_use_stays_in_deletion_until_its_service_is_gone() {
    let mut sim = world();
    ok(&mut sim, "CreateCluster", &json!({ "clusterName": "c1" }));
    ok(&mut sim, "RegisterTaskDefinition", &small("web"));
    let service = json!({ "cluster": "c1", "serviceName": "s", "taskDefinition": "web:1", "desiredCount": 0 });
    ok(&mut sim, "CreateService", &service);
    ok(&mut sim, "DeregisterTaskDefinition", &json!({ "taskDefinition": "web:1" }));
    ok(&mut sim, "DeleteTaskDefinitions", &json!({ "taskDefinitions": ["web:1"] }));
    let later = sim.now() + 600_000;
    sim.advance_to(later);
    let kept = ok(&mut sim, "DescribeTaskDefinition", &json!({ "taskDefinition": "web:1" }));
    assert_eq!(kept["taskDefinition"]["status"], "DELETE_IN_PROGRESS");
    ok(&mut sim, "DeleteService", &json!({ "cluster": "c1", "service": "s" }));
    let later = sim.now() + 7_200_000;
    sim.advance_to(later);
    assert_eq!(refused(&mut sim, "DescribeTaskDefinition", &json!({ "taskDefinition": "web:1" })).0, "ClientException");
}

#[test]
fn a_bare_family_is_its_newest_active_revision() {
    let mut sim = world();
    for _ in 0..3 {
        ok(&mut sim, "RegisterTaskDefinition", &small("web"));
    }
    ok(&mut sim, "DeregisterTaskDefinition", &json!({ "taskDefinition": "web:3" }));
    let newest = ok(&mut sim, "DescribeTaskDefinition", &json!({ "taskDefinition": "web" }));
    assert_eq!(newest["taskDefinition"]["revision"], 2);
    let active = ok(&mut sim, "ListTaskDefinitions", &json!({ "familyPrefix": "web", "sort": "DESC" }));
    let arn = |number: u8| format!("arn:aws:ecs:eu-west-1:123456789012:task-definition/web:{number}");
    assert_eq!(active["taskDefinitionArns"], json!([arn(2), arn(1)]));
}

#[test]
fn the_family_filter_is_whole_for_definitions_and_a_prefix_for_families() {
    let mut sim = world();
    for family in ["web", "web-api"] {
        ok(&mut sim, "RegisterTaskDefinition", &small(family));
    }
    let filter = json!({ "familyPrefix": "web" });
    assert_eq!(ok(&mut sim, "ListTaskDefinitions", &filter)["taskDefinitionArns"].as_array().unwrap().len(), 1);
    assert_eq!(ok(&mut sim, "ListTaskDefinitionFamilies", &filter)["families"], json!(["web", "web-api"]));
}

#[test]
fn what_aws_documents_as_refused_is_refused_with_client_exception() {
    let mut dependency = with_container("dependsOn", json!([{ "containerName": "app", "condition": "START" }]));
    dependency["containerDefinitions"][0]["healthCheck"] = json!({ "command": ["CMD", "x"] });
    let cases = [
        (fargate("128", "256"), "No Fargate configuration exists for given values"),
        (fargate("256", "4096"), "No Fargate configuration exists for given values"),
        (with_container("image", json!("")), "null or empty"),
        (with_container("essential", json!(false)), "essential"),
        (with_container("memoryReservation", json!(256)), "memoryReservation"),
        (with_container("healthCheck", json!({ "command": ["CMD"], "interval": 4 })), "interval"),
        (with_container("mountPoints", json!([{ "sourceVolume": "v", "containerPath": "/v" }])), "Unknown volume"),
        (
            with_container("environment", json!([{ "name": "X", "value": "y".repeat(70_000) }])),
            "Max allowed length is '65536' bytes",
        ),
        (
            with_container(
                "portMappings",
                json!([{ "containerPort": 53 }, { "containerPort": 53, "protocol": "udp" }]),
            ),
            "two protocols",
        ),
        (dependency, "cyclic"),
        (json!({ "family": "a.b", "containerDefinitions": [] }), "Family"),
        (json!({ "family": "web", "containerDefinitions": [] }), "empty"),
        (json!({ "family": "web", "containerDefinitions": [{ "name": "a", "image": "b" }] }), "'memory'"),
    ];
    for (input, phrase) in cases {
        let (code, message) = refused(&mut world(), "RegisterTaskDefinition", &input);
        assert_eq!(code, "ClientException", "{message}");
        assert!(message.contains(phrase), "{phrase}: {message}");
    }
}

#[test]
fn fargate_refuses_what_it_does_not_support() {
    let cases = [
        ("privileged", json!(true)),
        ("stopTimeout", json!(121)),
        ("secrets", json!([{ "name": "S", "valueFrom": "s" }])),
        ("logConfiguration", json!({ "logDriver": "awslogs" })),
        ("logConfiguration", json!({ "logDriver": "syslog" })),
        ("linuxParameters", json!({ "sharedMemorySize": 64 })),
    ];
    for (member, value) in cases {
        let mut input = fargate("256", "512");
        input["containerDefinitions"][0][member] = value;
        assert_eq!(refused(&mut world(), "RegisterTaskDefinition", &input).0, "ClientException", "{member}");
    }
    ok(&mut world(), "RegisterTaskDefinition", &fargate("256", "512"));
}

#[test]
fn registrations_too_close_together_are_refused_when_asked_for() {
    let mut sim = world();
    sim.knobs.register_window_ms = 100;
    ok(&mut sim, "RegisterTaskDefinition", &small("web"));
    let (_, message) = refused(&mut sim, "RegisterTaskDefinition", &small("web"));
    assert!(message.starts_with("Too many concurrent attempts to create a new revision"), "{message}");
    ok(&mut sim, "RegisterTaskDefinition", &small("other"));
    let later = sim.now() + 100;
    sim.advance_to(later);
    assert_eq!(ok(&mut sim, "RegisterTaskDefinition", &small("web"))["taskDefinition"]["revision"], 2);
}
