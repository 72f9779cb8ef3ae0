//! A service beside its task definition, and ARNs beside an identity.

use ecs_operator::preflight::Foreign;

use super::*;

#[test]
#[rustfmt::skip] // one row a line
fn service_and_task_definition_must_fit() {
    let pair = |document: Value| {
        let service = serde_json::from_value(document["service"].clone()).expect("a service");
        let definition = serde_json::from_value(document["definition"].clone()).expect("a task definition");
        preflight::service_with_task_definition(&service, &definition)
    };
    let base = || {
        let mut definition = fargate();
        definition["containerDefinitions"][0]["portMappings"] =
            json!([{ "containerPort": 80, "name": "http" }, { "containerPortRange": "90-99" }]);
        let mut service = replica();
        service["launchType"] = json!("FARGATE");
        service["networkConfiguration"] = json!({ "awsvpcConfiguration": { "subnets": ["subnet-1"] } });
        json!({ "service": service, "definition": definition })
    };
    let balancer = |name: &str, port: i32| json!({ "/service/loadBalancers": [{ "targetGroupArn": GROUP, "containerName": name, "containerPort": port }] });
    let registry =
        |port: i32| json!({ "/service/serviceRegistries": [{ "containerName": "web", "containerPort": port }] });
    let connect = |port: &str| json!({ "/service/serviceConnectConfiguration": { "enabled": true, "services": [{ "portName": port }] } });
    let volume = |at_launch: bool| json!({ "/definition/volumes": [{ "name": "v", "configuredAtLaunch": at_launch }], "/service/volumeConfigurations": [{ "name": "v" }] });
    let ok = || json!({});
    let none = |more: Value| {
        let mut row = json!({"/service/launchType": "EC2", "/service/networkConfiguration": null, "/definition/networkMode": "none", "/definition/requiresCompatibilities": ["EC2"], "/definition/containerDefinitions/0/portMappings": null});
        row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        row
    };
    let rows = vec![
        Row("network", ok(), json!({"/service/networkConfiguration": null}), "networkConfiguration", "awsvpc", "subnets"),
        Row("bridge", ok(), json!({"/service/launchType": "EC2", "/definition/networkMode": "bridge"}), "networkConfiguration", "bridge", "leave"),
        Row("not for fargate", json!({"/definition/requiresCompatibilities": ["EC2"]}), json!({"/definition/requiresCompatibilities": ["EC2"], "/definition/cpu": "100"}), "launchType", "No Fargate configuration", "use EC2"),
        Row("outside", ok(), json!({"/service/launchType": "EXTERNAL"}), "launchType", "EXTERNAL", "bridge"),
        Row("no ports", none(json!({})), none(json!({"/service/loadBalancers": [{"targetGroupArn": GROUP, "containerName": "web", "containerPort": 80}]})), "loadBalancers[0]", "network mode none", "networkMode"),
        Row("no registry", none(json!({})), none(json!({"/service/serviceRegistries": [{"containerName": "web", "containerPort": 80}]})), "serviceRegistries[0]", "network mode none", "networkMode"),
        Row("container", balancer("web", 80), balancer("app", 80), "loadBalancers[0].containerName", "`app`", "web"),
        Row("port", balancer("web", 95), balancer("web", 8080), "loadBalancers[0].containerPort", "8080", "portMappings"),
        Row("registry", registry(80), registry(81), "serviceRegistries[0].containerPort", "81", "portMappings"),
        Row("connect", connect("http"), connect("grpc"), "serviceConnectConfiguration.services[grpc].portName", "`grpc`", "name: grpc"),
        Row("volume", volume(true), volume(false), "volumeConfigurations[v].name", "configuredAtLaunch", "configuredAtLaunch: true"),
        Row("open volume", volume(true), json!({"/definition/volumes": [{"name": "v", "configuredAtLaunch": true}]}), "volumeConfigurations", "lacks `v`", "name: v"),
    ];
    check(rows, base, pair);
}

#[test]
fn arns_of_another_partition_region_or_account_are_refused_where_they_cannot_work() {
    let at = |document: &Value| preflight::arns(document, Some("123456789012"), "eu-west-1", Foreign::Usual);
    let found = |document: Value| at(&document).into_iter().map(|p| (p.path, p.problem)).collect::<Vec<_>>();
    let group = |region: &str, account: &str| json!({ "loadBalancers": [{ "targetGroupArn": format!("arn:aws:elasticloadbalancing:{region}:{account}:targetgroup/web/1") }] });
    assert_eq!(found(group("eu-west-1", "123456789012")), vec![]);
    assert!(found(group("eu-west-2", "123456789012"))[0].1.contains("Region eu-west-2"));
    assert!(found(group("eu-west-1", "210987654321"))[0].1.contains("account 210987654321"));
    assert_eq!(
        preflight::arns(&group("eu-west-1", "210987654321"), None, "eu-west-1", Foreign::Usual),
        vec![],
        "account unknown"
    );
    assert_eq!(found(json!({ "taskRoleArn": "arn:aws:iam::210987654321:role/web" }))[0].0, "taskRoleArn");
    assert!(found(json!({ "taskRoleArn": "arn:aws-cn:iam::123456789012:role/web" }))[0].1.contains("partition aws-cn"));
    // Secrets and parameters are read across Regions and accounts, but not across partitions.
    let secret = |partition: &str| json!({ "containerDefinitions": [{ "name": "web", "secrets": [{ "name": "A", "valueFrom": format!("arn:{partition}:secretsmanager:us-east-1:210987654321:secret:a") }] }] });
    assert_eq!(found(secret("aws")), vec![]);
    assert_eq!(found(secret("aws-us-gov"))[0].0, "containerDefinitions[web].secrets[A].valueFrom");
    // What users put into their own text is theirs.
    assert_eq!(
        found(
            json!({ "containerDefinitions": [{ "environment": [{ "name": "role", "value": "arn:aws-cn:iam::1:role/x" }] }] })
        ),
        vec![]
    );
    assert_eq!(preflight::partition("cn-north-1"), "aws-cn");
}
