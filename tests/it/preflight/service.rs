//! Services and clusters by themselves.

use super::*;

#[test]
#[rustfmt::skip] // one row a line
fn service_rules_name_member_and_remedy() {
    let vpc = |member: &str, value: Value| {
        let mut vpc = json!({ "subnets": ["subnet-1"] });
        vpc[member] = value;
        json!({ "/networkConfiguration": { "awsvpcConfiguration": vpc } })
    };
    let with_type = |launch: &str, mut change: Value| {
        change["/launchType"] = json!(launch);
        change
    };
    let v = "networkConfiguration.awsvpcConfiguration";
    let p = |tail: &str| -> &'static str { Box::leak(format!("{v}.{tail}").into_boxed_str()) };
    let ebs = |value: Value| json!({ "/volumeConfigurations": [{ "name": "v", "managedEBSVolume": value }] });
    let registry = json!({ "registryArn": "arn:aws:servicediscovery:eu-west-1:123456789012:service/srv-1" });
    let connect = |ports: Value| json!({ "/serviceConnectConfiguration": { "enabled": true, "services": ports } });
    let rows = vec![
        Row("name", json!({"/serviceName": "a_b"}), json!({"/serviceName": "stack:Name"}), "serviceName", "not a name", "255"),
        Row("cluster", json!({"/cluster": "arn:aws:ecs:eu-west-1:123456789012:cluster/main"}), json!({"/cluster": "a b"}), "cluster", "neither", "255"),
        Row("cluster arn", json!({"/cluster": "main"}), json!({"/cluster": "arn:aws:ecs:eu-west-1:XXXX:cluster/main"}), "cluster", "twelve digits", "ARN"),
        Row("definition", json!({"/taskDefinition": "web"}), json!({"/taskDefinition": "web:Latest"}), "taskDefinition", "family:revision", "number"),
        Row("count", json!({"/desiredCount": 0}), json!({"/desiredCount": -1}), "desiredCount", "negative", "0 or more"),
        Row("role", json!({"/role": "ecsServiceRole"}), json!({"/role": "a b"}), "role", "Role is not valid", "role/<name>"),
        Row("linked role", json!({"/role": ROLE}), json!({"/role": ROLE, "/networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}}), "role", "service-linked", "leave"),
        Row("subnet", vpc("subnets", json!(["subnet-0a"])), vpc("subnets", json!(["SUBNET_ONE"])), p("subnets[0]"), "`subnet-`", "subnet-"),
        Row("no subnet", vpc("securityGroups", json!([])), vpc("subnets", json!([])), p("subnets"), "empty", "name the subnets"),
        Row("groups", vpc("securityGroups", json!(["sg-1"])), vpc("securityGroups", json!(vec!["sg-1"; 6])), p("securityGroups"), "more than 5", "remove"),
        Row("public", with_type("FARGATE", vpc("assignPublicIp", json!("ENABLED"))), with_type("EC2", vpc("assignPublicIp", json!("ENABLED"))), p("assignPublicIp"), "Assign public IP is not supported", "DISABLED"),
        Row("platform", json!({"/launchType": "FARGATE", "/platformVersion": "1.4.0"}), json!({"/launchType": "EC2", "/platformVersion": "LATEST"}), "platformVersion", "Fargate only", "leave"),
        Row("registries", json!({"/serviceRegistries": [registry]}), json!({"/serviceRegistries": [registry, registry]}), "serviceRegistries", "more than one", "keep one"),
        Row("connect", connect(json!([{"portName": "a"}])), connect(json!([{"portName": "a"}, {"portName": "a"}])), "serviceConnectConfiguration.services[a].portName", "twice", "once"),
        Row("aliases", connect(json!([{"portName": "a", "clientAliases": [{"port": 1}]}])), connect(json!([{"portName": "a", "clientAliases": [{"port": 1}, {"port": 2}]}])), "serviceConnectConfiguration.services[a].clientAliases", "more than one", "keep one"),
        Row("ebs", ebs(json!({"roleArn": ROLE, "sizeInGiB": 1})), ebs(json!({"roleArn": ROLE})), "volumeConfigurations[v].managedEBSVolume", "neither", "set one"),
        Row("ebs role", ebs(json!({"roleArn": ROLE, "sizeInGiB": 1})), ebs(json!({"sizeInGiB": 1})), "volumeConfigurations[v].managedEBSVolume.roleArn", "missing", "infrastructure role"),
    ];
    check(rows, replica, service);
}

#[test]
fn an_external_service_has_only_what_its_task_sets_do_not_say() {
    let bare = json!({ "serviceName": "web", "cluster": "main", "deploymentController": { "type": "EXTERNAL" } });
    assert_eq!(service(bare.clone()), vec![]);
    let members = [
        ("launchType", json!("EC2")),
        ("platformVersion", json!("LATEST")),
        (
            "serviceRegistries",
            json!([{"registryArn": "arn:aws:servicediscovery:eu-west-1:123456789012:service/srv-1"}]),
        ),
    ];
    for (member, value) in members {
        let mut document = bare.clone();
        document[member] = value;
        assert!(service(document).iter().any(|p| p.path == member && p.problem.contains("task sets")), "{member}");
    }
}

#[test]
#[rustfmt::skip] // one row a line
fn cluster_rules_name_member_and_remedy() {
    let provider = json!({ "capacityProvider": "FARGATE", "weight": 1 });
    let rows = vec![
        Row("name", json!({"/clusterName": "a-b"}), json!({"/clusterName": "a.b"}), "clusterName", "not a name", "255"),
        Row("insights", json!({"/settings": [{"name": "containerInsights", "value": "enhanced"}]}), json!({"/settings": [{"name": "containerInsights", "value": "on"}]}), "settings[containerInsights].value", "enhanced", "choose"),
        Row("attached", json!({"/capacityProviders": ["FARGATE"], "/defaultCapacityProviderStrategy": [provider]}), json!({"/defaultCapacityProviderStrategy": [provider]}), "defaultCapacityProviderStrategy[FARGATE]", "not attached", "capacityProviders"),
        Row("twice", json!({"/capacityProviders": ["a", "b"]}), json!({"/capacityProviders": ["a", "a"]}), "capacityProviders[a]", "twice", "keep one"),
        Row("exec", json!({"/configuration": {"executeCommandConfiguration": {"logging": "NONE"}}}), json!({"/configuration": {"executeCommandConfiguration": {"logging": "OVERRIDE"}}}), "configuration.executeCommandConfiguration.logConfiguration", "OVERRIDE", "logged"),
    ];
    check(
        rows,
        || json!({ "clusterName": "main" }),
        |document| preflight::cluster(&serde_json::from_value(document).expect("a cluster")),
    );
}
