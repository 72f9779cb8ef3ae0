//! A group's source in another Region or account: only where the namespace may go.

use ecs_operator::api::ServerGroup;

use super::*;
use crate::server_group::group;

const FAR: &str = "us-east-1";

fn from(source: Value) -> Value {
    group(
        "nginx:1",
        &json!({ "source": source, "scaling": { "mode": "External" }, "capacity": { "min": 1, "desired": 1, "max": 9 } }),
    )
}

/// A cluster with a service of some tasks, as somebody made it in an account and Region.
async fn made(world: &World, account: &str, region: &str, tasks: i32) {
    let cli = aws_sdk_ecs::Client::new(&world.aws.of_a_person().config_in(account, region));
    cli.create_cluster().cluster_name("prod").send().await.unwrap();
    let container = aws_sdk_ecs::types::ContainerDefinition::builder().name("web").image("nginx:1").memory(64).build();
    let register = cli.register_task_definition().family("legacy").container_definitions(container);
    register.send().await.unwrap();
    let create = cli.create_service().cluster("prod").service_name("legacy").task_definition("legacy");
    create.desired_count(tasks).send().await.unwrap();
}

/// Operations that went to a Region.
fn asked_of(world: &World, region: &str) -> Vec<String> {
    world.aws.sent().iter().filter(|call| call.region == region).map(|call| call.operation.clone()).collect()
}

async fn told(world: &World) -> (String, String) {
    let (_, reason, message) = ready(&world.status::<ServerGroup>("shop-prod").await);
    (reason, message)
}

#[tokio::test(start_paused = true)]
async fn a_source_is_read_in_the_regions_of_the_account_and_nowhere_else() {
    let world = two_accounts(50).await;
    admit(&world, &shop_account()).await;
    made(&world, SHOP, FAR, 3).await;
    let mut operator = strict(&world);
    world.apply::<EcsCluster>(&cluster("prod")).await;
    world.apply::<ServerGroup>(&from(json!({ "serviceName": "legacy", "region": FAR }))).await;
    operator.settle(Duration::from_secs(30), 2 * MINUTE).await;
    let (reason, message) = told(&world).await;
    assert_eq!(reason, "AccountNotAllowed", "{message}");
    assert!(message.contains("`source`") && message.contains(FAR) && message.contains("spec.regions"), "{message}");
    assert_eq!(asked_of(&world, FAR), Vec::<String>::new());
    assert!(world.status::<ServerGroup>("shop-prod").await.versions.is_empty());
    // With the Region the count is taken over.
    edit_account(&world, "shop-prod", json!({ "spec": { "regions": [REGION, FAR] } })).await;
    operator.settle(Duration::from_secs(60), 5 * MINUTE).await;
    let status = world.status::<ServerGroup>("shop-prod").await;
    assert_eq!(status.versions.first().map(|version| version.capacity), Some(3), "{:?}", told(&world).await);
    let there = asked_of(&world, FAR);
    assert!(!there.is_empty() && there.iter().all(|operation| operation.starts_with("Describe")), "{there:?}");
}

#[tokio::test(start_paused = true)]
async fn a_source_in_another_account_is_read_only_if_that_allows_the_namespace() {
    let world = two_accounts(51).await;
    trust(&world, OTHER, "default:shop");
    admit(&world, &shop_account()).await;
    admit(&world, &account("billing", OTHER, json!({ "allowedNamespaces": { "names": ["billing"] } }))).await;
    made(&world, OTHER, REGION, 4).await;
    let mut operator = strict(&world);
    world.apply::<EcsCluster>(&cluster("prod")).await;
    let source = json!({ "serviceName": "legacy", "accountRef": { "name": "billing" } });
    world.apply::<ServerGroup>(&from(source)).await;
    operator.settle(Duration::from_secs(30), 2 * MINUTE).await;
    let (reason, message) = told(&world).await;
    assert!(reason == "AccountNotAllowed" && message.contains("`billing`"), "{reason}: {message}");
    let entered = world.aws.identities().iter().any(|call| {
        call.operation == "AssumeRole"
            && call.body.to_string().contains(OTHER)
            && call.body.to_string().contains("ecs-operator%40shop")
    });
    assert!(!entered, "nothing is asked there");
    // Its clusters are held against its own list.
    let allowed = json!({ "allowedNamespaces": { "names": ["billing", "shop"] }, "allowedClusters": [] });
    edit_account(&world, "billing", json!({ "spec": allowed })).await;
    operator.settle(Duration::from_secs(60), 5 * MINUTE).await;
    let (reason, message) = told(&world).await;
    assert!(reason == "AccountNotAllowed" && message.contains("allowedClusters"), "{reason}: {message}");
    edit_account(&world, "billing", json!({ "spec": { "allowedClusters": null } })).await;
    operator.settle(Duration::from_secs(60), 5 * MINUTE).await;
    let status = world.status::<ServerGroup>("shop-prod").await;
    assert_eq!(status.versions.first().map(|version| version.capacity), Some(4), "{:?}", told(&world).await);
    assert_eq!(status.account.unwrap().name.as_deref(), Some("shop-prod"));
    let cli = aws_sdk_ecs::Client::new(&world.aws.of_a_person().config_in(OTHER, REGION));
    let there = cli.list_services().cluster("prod").send().await.unwrap();
    assert_eq!(there.service_arns().len(), 1, "nothing is made there");
}

/// A group of this name, in the cluster `prod` of an account.
fn named(name: &str, account: &str) -> Value {
    let mut manifest = group(
        "nginx:1",
        &json!({
            "clusterRef": null, "cluster": "prod", "accountRef": { "name": account },
            "moniker": { "application": "shop", "stack": "prod" },
        }),
    );
    manifest["metadata"]["name"] = json!(name);
    manifest
}

#[tokio::test(start_paused = true)]
async fn groups_of_one_name_in_two_accounts_are_two_groups() {
    let world = two_accounts(52).await;
    trust(&world, OTHER, "default:shop");
    admit(&world, &shop_account()).await;
    admit(&world, &account("billing", OTHER, json!({}))).await;
    for id in [SHOP, OTHER] {
        made(&world, id, REGION, 1).await;
    }
    let mut operator = strict(&world);
    for (name, account) in [("shop-prod", "shop-prod"), ("another", "billing"), ("third", "billing")] {
        world.apply::<ServerGroup>(&named(name, account)).await;
        operator.settle(Duration::from_secs(30), 5 * MINUTE).await;
        world.wait(MINUTE).await;
    }
    operator.settle(Duration::from_secs(30), 5 * MINUTE).await;
    for (name, id) in [("shop-prod", SHOP), ("another", OTHER)] {
        let status = world.status::<ServerGroup>(name).await;
        assert_eq!(status.versions.len(), 1, "{name}: {:?}", ready(&status));
        assert_eq!(status.account.unwrap().id.as_deref(), Some(id), "{name}");
    }
    let (_, reason, message) = ready(&world.status::<ServerGroup>("third").await);
    assert!(reason == "OwnedByAnother" && message.contains("`shop/another` is older"), "{reason}: {message}");
}
