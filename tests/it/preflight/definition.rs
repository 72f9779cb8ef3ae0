//! Task definitions: task, containers, secrets, dependencies, ports, volumes, size.

use super::*;

#[test]
#[rustfmt::skip] // one row a line
fn task_level_rules_name_member_and_remedy() {
    let constraint = json!({ "type": "memberOf", "expression": "attribute:ecs.os-type == linux" });
    let rows = vec![
        Row("family", json!({"/family": "A_b-9"}), json!({"/family": "a.b"}), "family", "not a name", "255"),
        Row("task role name", json!({"/taskRoleArn": "web"}), json!({"/taskRoleArn": "${ROLE}"}), "taskRoleArn", "Role is not valid", "role/<name>"),
        Row("role account", json!({"/executionRoleArn": ROLE}), json!({"/executionRoleArn": "arn:aws:iam::11111111111:role/web"}), "executionRoleArn", "twelve digits", "role/<name>"),
        Row("role resource", json!({"/executionRoleArn": ROLE}), json!({"/executionRoleArn": "arn:aws:iam::123456789012:user/web"}), "executionRoleArn", "Role is not valid", "role/<name>"),
        Row("pid", json!({"/pidMode": "host"}), json!({"/pidMode": ""}), "pidMode", "not a mode", "host, task"),
        Row("ipc", json!({"/ipcMode": "none"}), json!({"/ipcMode": ""}), "ipcMode", "not a mode", "leave it out"),
        Row("network", json!({"/networkMode": "host"}), json!({"/networkMode": "aws-vpc"}), "networkMode", "not a mode", "awsvpc"),
        Row("proxy", json!({"/proxyConfiguration": {"containerName": "side"}}), json!({"/proxyConfiguration": {"containerName": "envoy"}}), "proxyConfiguration.containerName", "`envoy`", "add the proxy"),
        Row("storage", json!({"/ephemeralStorage": {"sizeInGiB": 21}}), json!({"/ephemeralStorage": {"sizeInGiB": 20}}), "ephemeralStorage.sizeInGiB", "21 to 200", "range"),
        Row("placement", json!({"/placementConstraints": [constraint]}), json!({"/placementConstraints": vec![constraint.clone(); 11]}), "placementConstraints", "more than 10", "at most 10"),
        Row("accelerators", json!({"/inferenceAccelerators": [{"deviceName": "a"}]}), json!({"/inferenceAccelerators": [{"deviceName": "a"}, {"deviceName": "a"}]}), "inferenceAccelerators[a].deviceName", "twice", "name of its own"),
        Row("tag key", json!({"/tags": {"team": ""}}), json!({"/tags": {"": "x"}}), "tags[]", "key outside", "another key"),
        Row("own tag", json!({"/tags": {}}), json!({"/tags": {"AWS:x": "y"}}), "tags[AWS:x]", "AWS keeps", "aws:"),
        Row("tag value", json!({"/tags": {"a": "x=y:z"}}), json!({"/tags": {"a": "x\ny"}}), "tags[a]", "characters", "digits"),
    ];
    check(rows, instances, definition);
}

#[test]
#[rustfmt::skip] // one row a line
fn container_rules_name_member_and_remedy() {
    let c = "/containerDefinitions/0";
    let at = |member: &str, value: Value| json!({ format!("{c}/{member}"): value });
    let checked = |member: &str, value: i32| at("healthCheck", json!({ "command": ["CMD", "true"], member: value }));
    let path =
        |member: &str| -> &'static str { Box::leak(format!("containerDefinitions[web].{member}").into_boxed_str()) };
    let rows = vec![
        Row("no containers", json!({}), json!({"/containerDefinitions": []}), "containerDefinitions", "has 0", "add a container"),
        Row("essential", json!({}), at("essential", json!(false)), "containerDefinitions", "essential container", "leave `essential` out"),
        Row("name", at("name", json!("a_B-1")), at("name", json!("${name}")), "containerDefinitions[${name}].name", "not a name", "255"),
        Row("two names", json!({}), at("name", json!("side")), "containerDefinitions[side].name", "twice", "of its own"),
        Row("image", at("image", json!("a.io:5000/b/c@sha256:00")), at("image", json!("<IMAGE1_NAME>")), path("image"), "characters", "registry/repository"),
        Row("no image", json!({}), at("image", json!("")), path("image"), "missing", "registry/repository"),
        Row("reservation", at("memoryReservation", json!(256)), at("memoryReservation", json!(257)), path("memory"), "at least `memoryReservation`", "raise `memory`"),
        Row("memory text", at("memory", json!("256")), at("memory", json!("1 GB")), path("memory"), "MiB", "without a unit"),
        Row("no memory", json!({"/memory": "512", "/containerDefinitions/0/memory": null}), at("memory", Value::Null), path("memory"), "the task has none", "memoryReservation"),
        Row("sum", json!({"/memory": "352"}), json!({"/memory": "351"}), "memory", "reserve 352", "raise `memory`"),
        Row("cpu", at("cpu", json!(0)), at("cpu", json!("1 vCPU")), path("cpu"), "CPU units", "1024"),
        Row("interval", checked("interval", 5), checked("interval", 4), path("healthCheck.interval"), "5 to 300", "range"),
        Row("timeout", checked("timeout", 60), checked("timeout", 61), path("healthCheck.timeout"), "2 to 60", "range"),
        Row("retries", checked("retries", 10), checked("retries", 0), path("healthCheck.retries"), "1 to 10", "range"),
        Row("start period", checked("startPeriod", 0), checked("startPeriod", 301), path("healthCheck.startPeriod"), "0 to 300", "range"),
        Row("check command", checked("retries", 1), at("healthCheck", json!({"command": []})), path("healthCheck.command"), "empty", "CMD"),
        Row("ulimit", at("ulimits", json!([{"name": "core", "softLimit": -1, "hardLimit": -1}])), at("ulimits", json!([{"name": "core", "softLimit": 2, "hardLimit": 1}])), path("ulimits[core].softLimit"), "at most `hardLimit`", "raise"),
        Row("restart", at("restartPolicy", json!({"enabled": true, "restartAttemptPeriod": 60})), at("restartPolicy", json!({"enabled": true, "restartAttemptPeriod": 59})), path("restartPolicy.restartAttemptPeriod"), "60 to 1800", "range"),
        Row("links", at("links", json!(["side"])), json!({"/networkMode": "host", "/containerDefinitions/0/links": ["side"]}), path("links"), "bridge", "localhost"),
        Row("hostname", at("hostname", json!("web")), json!({"/networkMode": "awsvpc", "/containerDefinitions/0/hostname": "web"}), path("hostname"), "awsvpc", "leave it out"),
        Row("hosts", at("extraHosts", json!([{}])), json!({"/networkMode": "awsvpc", "/containerDefinitions/0/extraHosts": [{}]}), path("extraHosts"), "awsvpc", "leave it out"),
        Row("awslogs", at("logConfiguration", json!({"logDriver": "awslogs", "options": {"awslogs-group": "g", "awslogs-region": "r"}})), at("logConfiguration", json!({"logDriver": "awslogs", "options": {"awslogs-group": "g"}})), path("logConfiguration.options"), "`awslogs-region`", "set `awslogs-region`"),
        Row("driver", at("logConfiguration", json!({"logDriver": "awsfirelens"})), at("logConfiguration", json!({})), path("logConfiguration.logDriver"), "missing", "awslogs"),
    ];
    check(rows, instances, definition);
}

#[test]
#[rustfmt::skip] // one row a line
fn secret_rules_name_member_and_remedy() {
    let secret = |from: &str| json!({ "/containerDefinitions/0/secrets": [{ "name": "KEY", "valueFrom": from }] });
    let path = "containerDefinitions[web].secrets[KEY].valueFrom";
    let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db/main-AbCdEf";
    let rows = vec![
        Row("arn", secret(arn), secret("arn:aws:s3:::bucket/key"), path, "without Region", "parameter"),
        Row("json key", secret(&format!("{arn}:password::")), secret(&format!("{arn}:password")), path, "`::`", ":<json-key>::"),
        Row("parameter", secret("/db/main"), secret("${parameter}"), path, "neither", "parameter"),
        Row("service", secret("arn:aws:ssm:eu-west-1:123456789012:parameter/db"), secret("arn:aws:sqs:eu-west-1:123456789012:db"), path, "neither a secret", "parameter"),
        Row("absent", secret("db"), secret(""), path, "missing", "secret"),
        Row("environment", json!({"/containerDefinitions/0/environment": [{"name": "A", "value": ""}]}), json!({"/containerDefinitions/0/environment": [{"value": "x"}]}), "containerDefinitions[web].environment", "without a name", "name it"),
        Row("files", json!({"/containerDefinitions/0/environmentFiles": [{"value": "arn:aws:s3:::b/k.env", "type": "s3"}]}), json!({"/containerDefinitions/0/environmentFiles": [{"value": "s3://b/k", "type": "s3"}]}), "containerDefinitions[web].environmentFiles[0].value", "S3 object", "arn:aws:s3"),
        Row("both", secret("db"), json!({"/containerDefinitions/0/secrets": [{"name": "A", "valueFrom": "a"}], "/containerDefinitions/0/environment": [{"name": "A", "value": "b"}]}), "containerDefinitions[web].secrets[A].name", "another", "keep one"),
    ];
    check(rows, instances, definition);
}

#[test]
#[rustfmt::skip] // one row a line
fn dependency_rules_name_member_and_remedy() {
    let waits = |who: usize, on: &str, for_: &str| json!({ format!("/containerDefinitions/{who}/dependsOn"): [{ "containerName": on, "condition": for_ }] });
    let both = |a: Value, b: Value| {
        let mut all = a;
        all.as_object_mut().expect("object").extend(b.as_object().expect("object").clone());
        all
    };
    let two = both(waits(0, "side", "START"), waits(1, "web", "START"));
    let three = both(both(waits(0, "side", "START"), waits(1, "init", "START")), waits(2, "web", "START"));
    let chain = || both(waits(0, "side", "START"), waits(1, "init", "SUCCESS"));
    let rows = vec![
        Row("unknown", waits(0, "side", "START"), waits(0, "db", "START"), "containerDefinitions[web].dependsOn[db]", "does not have", "correct"),
        Row("self", waits(0, "init", "COMPLETE"), waits(0, "web", "START"), "containerDefinitions[web].dependsOn", "web → web", "remove one"),
        Row("pair", chain(), two, "containerDefinitions[side].dependsOn", "side → web → side", "remove one"),
        Row("three", chain(), three, "containerDefinitions[init].dependsOn", "init → web → side → init", "remove one"),
        Row("healthy", both(waits(0, "side", "HEALTHY"), json!({"/containerDefinitions/1/healthCheck": {"command": ["CMD", "true"]}})), waits(0, "side", "HEALTHY"), "containerDefinitions[web].dependsOn[side]", "no `healthCheck`", "START"),
        Row("success", waits(0, "init", "SUCCESS"), waits(1, "web", "SUCCESS"), "containerDefinitions[side].dependsOn[web]", "essential", "essential: false"),
    ];
    check(rows, instances, definition);
}

#[test]
#[rustfmt::skip] // one row a line
fn port_and_volume_rules_name_member_and_remedy() {
    let ports = |list: Value| json!({ "/containerDefinitions/0/portMappings": list });
    let mount = |name: &str| json!({ "/volumes": [{"name": "v"}], "/containerDefinitions/0/mountPoints": [{"sourceVolume": name, "containerPath": "/v"}] });
    let volume = |value: Value| json!({ "/volumes": [value] });
    let efs = |iam: &str, transit: &str| {
        volume(
            json!({"name": "v", "efsVolumeConfiguration": {"fileSystemId": "fs-1", "transitEncryption": transit, "authorizationConfig": {"iam": iam}}}),
        )
    };
    let p = "containerDefinitions[web].portMappings";
    let at = |tail: &str| -> &'static str { Box::leak(format!("{p}{tail}").into_boxed_str()) };
    let all = "containerDefinitions[].portMappings";
    let rows = vec![
        Row("range", ports(json!([{"containerPort": 65535}])), ports(json!([{"containerPort": 70000}])), at("[70000].containerPort"), "65535", "range"),
        Row("protocol", ports(json!([{"containerPort": 53, "protocol": "udp"}])), ports(json!([{"containerPort": 80, "protocol": "http"}])), at("[80].protocol"), "tcp or udp", "appProtocol"),
        Row("span", ports(json!([{"containerPortRange": "80-90"}])), ports(json!([{"containerPortRange": "90-80"}])), at("[0].containerPortRange"), "last port", "8000-8010"),
        Row("no ports", json!({"/networkMode": "none"}), json!({"/networkMode": "none", "/containerDefinitions/0/portMappings": [{"containerPort": 80}]}), at(""), "network mode none", "leave"),
        Row("host port", ports(json!([{"containerPort": 80, "hostPort": 8080}])), json!({"/networkMode": "host", "/containerDefinitions/0/portMappings": [{"containerPort": 80, "hostPort": 8080}]}), at("[80].hostPort"), "equal `containerPort`", "leave"),
        Row("two protocols", ports(json!([{"containerPort": 80}, {"containerPort": 81, "protocol": "udp"}])), ports(json!([{"containerPort": 80}, {"containerPort": 80, "protocol": "udp"}])), at("[80].protocol"), "tcp and udp", "one protocol"),
        Row("host port twice", ports(json!([{"containerPort": 80, "hostPort": 0}, {"containerPort": 80, "hostPort": 0}])), ports(json!([{"containerPort": 80, "hostPort": 1}, {"containerPort": 81, "hostPort": 1}])), all, "hostPort 1/tcp", "of its own"),
        Row("port name", ports(json!([{"containerPort": 80, "name": "a"}, {"containerPort": 81, "name": "b"}])), ports(json!([{"containerPort": 80, "name": "a"}, {"containerPort": 81, "name": "a"}])), all, "`a` twice", "of its own"),
        Row("mount", mount("v"), mount("w"), "containerDefinitions[web].mountPoints[/v].sourceVolume", "`w`", "add it to `volumes`"),
        Row("volumes from", json!({"/containerDefinitions/0/volumesFrom": [{"sourceContainer": "side"}]}), json!({"/containerDefinitions/0/volumesFrom": [{"sourceContainer": "db"}]}), "containerDefinitions[web].volumesFrom[db]", "`db`", "sourceContainer"),
        Row("volume twice", volume(json!({"name": "v"})), json!({"/volumes": [{"name": "v"}, {"name": "v"}]}), "volumes[v].name", "twice", "of its own"),
        Row("two sources", volume(json!({"name": "v", "host": {"sourcePath": "/a"}})), volume(json!({"name": "v", "host": {"sourcePath": "/a"}, "configuredAtLaunch": true})), "volumes[v]", "several things", "keep one"),
        Row("efs", efs("ENABLED", "ENABLED"), efs("ENABLED", "DISABLED"), "volumes[v].efsVolumeConfiguration.transitEncryption", "ENABLED", "set it"),
        Row("at launch", volume(json!({"name": "v", "configuredAtLaunch": true})), json!({"/volumes": [{"name": "v", "configuredAtLaunch": true}, {"name": "w", "configuredAtLaunch": true}]}), "volumes", "2 volumes", "keep one"),
    ];
    check(rows, instances, definition);
}

#[test]
fn a_definition_above_64_kib_is_refused_with_its_length() {
    let filled = |length: usize| {
        with(instances(), &json!({"/containerDefinitions/0/environment": [{"name": "A", "value": "x".repeat(length)}]}))
    };
    assert_eq!(definition(filled(64_000)), vec![]);
    let found = definition(filled(66_000));
    assert_eq!(found.len(), 1);
    assert!(found[0].problem.contains("Max allowed length is '65536' bytes"), "{}", found[0]);
}
