//! ARNs and roles in specs: of another account, partition or Region; not on a list.

use super::*;

const ELSEWHERE: &str = "arn:aws:secretsmanager:eu-west-1:444455556666:secret:db";

async fn refused_definition(world: &World, operator: &mut Operator, name: &str, members: Value) -> (String, String) {
    world.apply::<EcsTaskDefinition>(&with(web(name, "nginx:1"), members)).await;
    operator.settle(Duration::from_secs(5), MINUTE).await;
    (reason::<EcsTaskDefinition>(world, name).await, message::<EcsTaskDefinition>(world, name).await)
}

/// T5
#[tokio::test(start_paused = true)]
async fn arns_of_other_accounts_partitions_and_regions_are_refused_before_any_call() {
    let world = two_accounts(40).await;
    let roles =
        json!({ "defaultFor": { "names": ["shop"] }, "allowedTaskRoles": ["arn:aws:iam::111122223333:role/*"] });
    admit(&world, &account("shop-prod", SHOP, roles)).await;
    let mut operator = strict(&world);
    let secret = |arn: &str| json!({ "containerDefinitions": [{ "name": "web", "image": "x", "memory": 64, "secrets": [{ "name": "A", "valueFrom": arn }] }] });
    let cases = [
        ("task", json!({ "taskRoleArn": "arn:aws:iam::444455556666:role/x" }), "taskRoleArn"),
        ("run", json!({ "executionRoleArn": "arn:aws:iam::444455556666:role/x" }), "executionRoleArn"),
        ("part", json!({ "taskRoleArn": "arn:aws-cn:iam::111122223333:role/x" }), "partition"),
        ("secret", secret(ELSEWHERE), "444455556666"),
    ];
    for (name, members, part) in cases {
        let (why, told) = refused_definition(&world, &mut operator, name, members).await;
        assert!(why == "InvalidSpec" && told.contains(part), "{name}: {why}: {told}");
    }
    let balancer = |region: &str, account: &str| json!({ "loadBalancers": [{ "containerName": "web", "containerPort": 80, "targetGroupArn": format!("arn:aws:elasticloadbalancing:{region}:{account}:targetgroup/web/1") }] });
    for (name, members) in [("far", balancer("us-east-1", SHOP)), ("foreign", balancer(REGION, OTHER))] {
        world.apply::<EcsService>(&with(service(name, "prod", "web"), members)).await;
        operator.settle(Duration::from_secs(5), MINUTE).await;
        assert_eq!(
            reason::<EcsService>(&world, name).await,
            "InvalidSpec",
            "{}",
            message::<EcsService>(&world, name).await
        );
    }
    assert_eq!(calls(&world), 0);
    // A listed account is not foreign.
    edit_account(&world, "shop-prod", json!({ "spec": { "foreignAccounts": [OTHER], "defaultExecutionRoleArn": "arn:aws:iam::111122223333:role/run" } })).await;
    operator.settle(Duration::from_secs(10), MINUTE).await;
    assert_ne!(
        reason::<EcsTaskDefinition>(&world, "secret").await,
        "InvalidSpec",
        "{}",
        message::<EcsTaskDefinition>(&world, "secret").await
    );
    assert_eq!(
        reason::<EcsTaskDefinition>(&world, "task").await,
        "InvalidSpec",
        "a role is never passed across accounts"
    );
}

/// T6
#[tokio::test(start_paused = true)]
async fn roles_are_checked_directly_and_inside_existing_revisions() {
    let world = two_accounts(41).await;
    let lists = json!({
        "defaultFor": { "names": ["shop"] },
        "allowedTaskRoles": ["arn:aws:iam::111122223333:role/shop/*"],
        "defaultExecutionRoleArn": "arn:aws:iam::111122223333:role/run",
    });
    admit(&world, &account("shop-prod", SHOP, lists)).await;
    let mut operator = strict(&world);
    for (name, role) in [("arn", "arn:aws:iam::111122223333:role/admin"), ("bare", "admin")] {
        let (why, told) = refused_definition(&world, &mut operator, name, json!({ "taskRoleArn": role })).await;
        assert!(why == "RoleNotAllowed" && told.contains("allowedTaskRoles") && told.contains("role/admin"), "{told}");
    }
    let (why, _) = refused_definition(&world, &mut operator, "run", json!({ "executionRoleArn": "other" })).await;
    assert_eq!((why.as_str(), calls(&world)), ("RoleNotAllowed", 0));
    // The default execution role needs no list of its own.
    world.apply::<EcsCluster>(&cluster("prod")).await;
    let (why, told) = refused_definition(
        &world,
        &mut operator,
        "web",
        json!({ "taskRoleArn": "arn:aws:iam::111122223333:role/shop/web" }),
    )
    .await;
    assert_eq!(why, "Succeeded", "{told}");
    let sent = world.aws.sent();
    let registered = sent.iter().find(|call| call.operation == "RegisterTaskDefinition").unwrap();
    assert_eq!(registered.body["executionRoleArn"], "arn:aws:iam::111122223333:role/run");
    // A person registered a revision with a role that tenants may not use.
    let privileged = with(
        web("x", "nginx:1"),
        json!({ "accountRef": { "name": "all" }, "family": "admin", "taskRoleArn": "arn:aws:iam::111122223333:role/admin" }),
    );
    admit(&world, &account("all", SHOP, json!({ "allowedTaskRoles": ["arn:aws:iam::111122223333:role/*"] }))).await;
    world.apply::<EcsTaskDefinition>(&privileged).await;
    operator.rest().await;
    let arn = world.status::<EcsTaskDefinition>("x").await.arn.unwrap();
    world.aws.take_sent();
    for (name, named) in [("by-arn", arn.as_str()), ("by-name", "admin:1"), ("by-family", "admin")] {
        let mut object = with(service(name, "prod", "x"), json!({ "taskDefinition": named }));
        object["spec"].as_object_mut().unwrap().remove("taskDefinitionRef");
        world.apply::<EcsService>(&object).await;
    }
    world.apply::<EcsService>(&service("by-ref", "prod", "x")).await;
    operator.rest().await;
    for name in ["by-arn", "by-name", "by-family", "by-ref"] {
        assert_eq!(
            reason::<EcsService>(&world, name).await,
            "RoleNotAllowed",
            "{name}: {}",
            message::<EcsService>(&world, name).await
        );
    }
    assert!(world.aws.sent().iter().all(|call| call.operation != "CreateService"));
}

/// T13
#[tokio::test(start_paused = true)]
async fn target_groups_rules_and_clusters_can_be_kept_from_a_tenant() {
    let world = two_accounts(42).await;
    let lists = json!({
        "defaultFor": { "names": ["shop"] },
        "allowedTargetGroups": ["arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/shop-*"],
        "allowedListenerRules": [],
        "allowedClusters": ["arn:aws:ecs:eu-west-1:111122223333:cluster/shop-*"],
    });
    admit(&world, &account("shop-prod", SHOP, lists)).await;
    let mut operator = strict(&world);
    let balancer = |group: &str| json!({ "loadBalancers": [{ "containerName": "web", "containerPort": 80, "targetGroupArn": format!("arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/{group}/1") }] });
    world.apply::<EcsCluster>(&cluster("prod")).await;
    world.apply::<EcsCluster>(&cluster("shop-prod")).await;
    world.apply::<EcsService>(&with(service("theirs", "shop-prod", "web"), balancer("billing-web"))).await;
    world.apply::<EcsService>(&with(service("ours", "shop-prod", "web"), balancer("shop-web"))).await;
    let mut outside = with(service("outside", "x", "web"), json!({ "cluster": "billing" }));
    outside["spec"].as_object_mut().unwrap().remove("clusterRef");
    world.apply::<EcsService>(&outside).await;
    operator.rest().await;
    assert_eq!(clusters(&world, SHOP), ["shop-prod"]);
    for (told, list) in [
        (message::<EcsCluster>(&world, "prod").await, "allowedClusters"),
        (message::<EcsService>(&world, "theirs").await, "allowedTargetGroups"),
        (message::<EcsService>(&world, "outside").await, "allowedClusters"),
    ] {
        assert!(told.contains(list) && told.contains("does not allow"), "{told}");
    }
    assert_ne!(reason::<EcsService>(&world, "ours").await, "AccountNotAllowed");
}

/// T8
#[test]
fn no_namespaced_kind_has_a_member_for_credentials_or_endpoints() {
    fn members(value: &Value, found: &mut Vec<String>) {
        for (name, below) in value["properties"].as_object().into_iter().flatten() {
            found.push(name.to_lowercase());
            members(below, found);
        }
        if let Some(items) = value.get("items") {
            members(items, found);
        }
    }
    for kind in ["EcsCluster", "EcsTaskDefinition", "EcsService", "ServerGroup"] {
        let schema = ecs_operator::api::schema::schema(kind).unwrap().unwrap();
        let mut found = Vec::new();
        members(&schema["properties"]["spec"], &mut found);
        assert!(found.len() > 10, "{kind}");
        for forbidden in ["endpoint", "externalid", "accesskey", "profile", "sessionname", "assume"] {
            let named: Vec<_> = found.iter().filter(|name| name.contains(forbidden)).collect();
            assert!(named.is_empty(), "{kind}: {named:?}");
        }
    }
}
