//! Names that only AWS resolves, hosts of metrics, and who a call says it is made for.

use ecs_operator::api::ServerGroup;
use ecs_sim::elbv2::control::BalancerSpec;

use super::*;
use crate::server_group::group;

/// The story of a group that is refused before it takes a number.
async fn refused(world: &World, operator: &mut Operator, manifest: Value, reason: &str, parts: &[&str]) {
    world.apply::<ServerGroup>(&manifest).await;
    operator.settle(Duration::from_secs(30), 2 * MINUTE).await;
    let status = world.status::<ServerGroup>("shop-prod").await;
    let (_, why, message) = ready(&status);
    assert_eq!(why, reason, "{message}");
    for part in parts {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert!(status.conditions.iter().any(|c| c.type_ == "Stalled" && c.status == "True"), "{message}");
    assert!(status.versions.is_empty() && status.last_sequence.is_none(), "no version, no number");
}

#[tokio::test(start_paused = true)]
async fn a_group_is_refused_for_what_its_names_and_its_document_stand_for() {
    let world = World::ready(60).await;
    world.balancer(&BalancerSpec::new("web", &[("blue", 100), ("green", 0)]));
    let lists = json!({
        "roleArn": null, "defaultFor": { "names": ["shop"] }, "allowedTargetGroups": [format!("arn:aws:elasticloadbalancing:{REGION}:{OWN}:targetgroup/green/*")],
        "allowedTaskRoles": [format!("arn:aws:iam::{OWN}:role/shop/*")],
    });
    admit(&world, &account("own", OWN, lists)).await;
    let mut operator = strict(&world);
    world.apply::<EcsCluster>(&cluster("prod")).await;
    operator.rest().await;
    let behind =
        |name: &str| json!({ "template": { "targetGroupMappings": [{ "containerPort": 80, "targetGroup": name }] } });
    let parts = ["`blue`", "allowedTargetGroups"];
    refused(&world, &mut operator, group("nginx:1", &behind("blue")), "AccountNotAllowed", &parts).await;
    let document = json!({
        "networkMode": "awsvpc", "cpu": "256", "memory": "512", "requiresCompatibilities": ["FARGATE"],
        "taskRoleArn": format!("arn:aws:iam::{OWN}:role/admin"),
        "containerDefinitions": [{ "name": "web", "image": "nginx:1", "essential": true }],
    });
    let artifact = json!({ "template": { "inputs": null, "artifact": { "inline": document.to_string() } } });
    let parts = ["artifact", "role/admin", "allowedTaskRoles"];
    refused(&world, &mut operator, group("nginx:1", &artifact), "RoleNotAllowed", &parts).await;
    // What is allowed is made.
    world.apply::<ServerGroup>(&group("nginx:1", &behind("green"))).await;
    operator.rest().await;
    let status = world.status::<ServerGroup>("shop-prod").await;
    assert_eq!(status.current_version.as_deref(), Some("shop-prod-v000"), "{:?}", ready(&status));
}

#[tokio::test(start_paused = true)]
async fn alarms_set_off_no_actions_that_cloudwatch_does_in_its_own_name() {
    let world = World::ready(61).await;
    let mut operator = world.operator();
    world.apply::<EcsCluster>(&cluster("prod")).await;
    operator.rest().await;
    let with_action = |action: String| {
        json!({ "scaling": { "mode": "External", "alarms": [{
            "alarmName": "busy", "namespace": "AWS/EC2", "metricName": "CPUUtilization", "statistic": "Average",
            "dimensions": { "InstanceId": "i-0123" }, "period": 60, "evaluationPeriods": 1, "threshold": 1,
            "comparisonOperator": "GreaterThanThreshold", "alarmActions": [action],
        }] } })
    };
    for action in [
        format!("arn:aws:automate:{REGION}:ec2:terminate"),
        format!("arn:aws:swf:{REGION}:{OWN}:action/actions/AWS_EC2.InstanceId.Stop/1.0"),
        format!("arn:aws:autoscaling:{REGION}:{OWN}:scalingPolicy:1:resource/ecs/service/prod/billing:policyName/down"),
    ] {
        let manifest = group("nginx:1", &with_action(action));
        refused(&world, &mut operator, manifest, "InvalidSpec", &["alarmActions"]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn every_write_says_which_object_it_is_made_for() {
    let world = two_accounts(62).await;
    admit(&world, &shop_account()).await;
    let mut operator = strict(&world);
    open_shop(&world).await;
    operator.rest().await;
    let version = concat!(" ecs-operator/", env!("CARGO_PKG_VERSION"));
    let sent = world.aws.sent();
    assert!(sent.iter().all(|call| call.agent.contains(version)), "{:?}", sent.iter().map(|call| &call.agent));
    for (operation, object) in [
        ("CreateCluster", "(EcsCluster/shop/prod)"),
        ("RegisterTaskDefinition", "(EcsTaskDefinition/shop/web)"),
        ("CreateService", "(EcsService/shop/web)"),
    ] {
        let call = sent.iter().find(|call| call.operation == operation).unwrap();
        assert!(call.agent.ends_with(object), "{operation}: {}", call.agent);
    }
    let shared: Vec<_> = sent.iter().filter(|call| call.operation == "DescribeServices").collect();
    assert!(!shared.is_empty() && shared.iter().all(|call| call.agent.ends_with(version)), "it may be for many");
    assert!(world.aws.identities().iter().all(|call| call.agent.ends_with(version)));
}
