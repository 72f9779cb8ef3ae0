//! Task definitions for Fargate.

use super::*;

#[test]
#[rustfmt::skip] // one row a line
fn fargate_rules_name_member_and_remedy() {
    let size = |cpu: Value, memory: Value| json!({ "/cpu": cpu, "/memory": memory });
    let at = |member: &str, value: Value| json!({ format!("/containerDefinitions/0/{member}"): value });
    let linux = |member: &str, value: Value| at("linuxParameters", json!({ member: value }));
    let mine = || linux("initProcessEnabled", json!(true));
    let logs = json!({"logDriver": "awslogs", "options": {"awslogs-group": "g", "awslogs-region": "r"}});
    let with_role = |mut change: Value| {
        change["/executionRoleArn"] = json!(ROLE);
        change
    };
    let ok = || json!({});
    let c = "containerDefinitions[web]";
    let p = |tail: &str| -> &'static str { Box::leak(format!("{c}.{tail}").into_boxed_str()) };
    let rows = vec![
        Row("smallest", size(json!(256), json!("2 GB")), size(json!("128"), json!("256")), "cpu", "No Fargate configuration exists", "256, 512"),
        Row("units", size(json!(".5 vCPU"), json!("1 gb")), size(json!("1 vCPU"), json!("1 GB")), "cpu", "No Fargate configuration exists", "2048 to 8192"),
        Row("step", size(json!("8192"), json!("20480")), size(json!("8192"), json!("17408")), "cpu", "No Fargate", "steps of 4096"),
        Row("largest", size(json!("16 vCPU"), json!("120 GB")), size(json!("16384"), json!("131072")), "cpu", "No Fargate", "122880"),
        Row("words", ok(), size(json!("one"), json!("512")), "cpu", "neither a number", "vCPU"),
        Row("no cpu", ok(), json!({"/cpu": null}), "cpu", "missing", "set `cpu`"),
        Row("network", ok(), json!({"/networkMode": "bridge"}), "networkMode", "awsvpc", "awsvpc"),
        Row("pid", json!({"/pidMode": "task"}), json!({"/pidMode": "host"}), "pidMode", "host", "task"),
        Row("ipc", ok(), json!({"/ipcMode": "task"}), "ipcMode", "not supported", "leave"),
        Row("placement", json!({"/placementConstraints": []}), json!({"/placementConstraints": [{}]}), "placementConstraints", "not supported", "leave"),
        Row("host path", json!({"/volumes": [{"name": "v", "host": {}}]}), json!({"/volumes": [{"name": "v", "host": {"sourcePath": "/"}}]}), "volumes[v].host.sourcePath", "not supported", "leave"),
        Row("docker volume", json!({"/volumes": [{"name": "v"}]}), json!({"/volumes": [{"name": "v", "dockerVolumeConfiguration": {}}]}), "volumes[v].dockerVolumeConfiguration", "not supported", "EFS"),
        Row("logs role", with_role(at("logConfiguration", logs.clone())), at("logConfiguration", logs), "executionRoleArn", "awslogs", "name a role"),
        Row("secrets role", with_role(at("secrets", json!([{"name": "A", "valueFrom": "a"}]))), at("secrets", json!([{"name": "A", "valueFrom": "a"}])), "executionRoleArn", "secrets", "name a role"),
        Row("ecr role", with_role(at("image", json!("123456789012.dkr.ecr.eu-west-1.amazonaws.com/a"))), at("image", json!("123456789012.dkr.ecr.eu-west-1.amazonaws.com/a")), "executionRoleArn", "Amazon ECR", "name a role"),
        Row("privileged", at("privileged", json!(false)), at("privileged", json!(true)), p("privileged"), "not supported", "leave"),
        Row("stop", at("stopTimeout", json!(120)), at("stopTimeout", json!(121)), p("stopTimeout"), "120", "lower"),
        Row("driver", at("logConfiguration", json!({"logDriver": "splunk"})), at("logConfiguration", json!({"logDriver": "journald"})), p("logConfiguration.logDriver"), "does not have", "awsfirelens"),
        Row("gpu", ok(), at("resourceRequirements", json!([{"type": "GPU", "value": "1"}])), p("resourceRequirements"), "GPU", "EC2"),
        Row("devices", mine(), linux("devices", json!([{}])), p("linuxParameters.devices"), "not supported", "leave"),
        Row("tmpfs", mine(), linux("tmpfs", json!([{}])), p("linuxParameters.tmpfs"), "not supported", "leave"),
        Row("shared memory", mine(), linux("sharedMemorySize", json!(64)), p("linuxParameters.sharedMemorySize"), "not supported", "leave"),
        Row("swap", mine(), linux("maxSwap", json!(1)), p("linuxParameters.maxSwap"), "not supported", "leave"),
    ];
    check(rows, fargate, definition);
}
