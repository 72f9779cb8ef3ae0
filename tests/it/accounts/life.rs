//! The life of an account: in use, deleted, gone.

use super::*;

/// T14
#[tokio::test(start_paused = true)]
async fn an_account_in_use_stays_until_nobody_uses_it() {
    let world = two_accounts(30).await;
    admit(&world, &shop_account()).await;
    let mut operator = strict(&world);
    open_shop(&world).await;
    operator.rest().await;
    delete_account(&world, "shop-prod").await;
    operator.rest().await;
    let (status, why, told) = account_ready(&world, "shop-prod").await;
    assert_eq!((status.as_str(), why.as_str()), ("False", "DeletionBlocked"));
    assert!(told.contains("EcsService shop/web") && told.contains("3 objects"), "{told}");
    assert_eq!(kinds_ready(&world).await, ["True", "True", "True"], "what runs goes on");
    world.apply::<EcsCluster>(&cluster("late")).await;
    operator.settle(Duration::from_secs(5), MINUTE).await;
    assert_eq!(reason::<EcsCluster>(&world, "late").await, "DependencyNotReady");
    world.delete::<EcsService>("web").await;
    world.delete::<EcsTaskDefinition>("web").await;
    world.delete::<EcsCluster>("prod").await;
    operator.rest().await;
    assert!(world.get::<EcsCluster>("prod").await.is_none());
    assert!(clusters(&world, SHOP).is_empty());
    assert!(accounts(&world).get_opt("shop-prod").await.unwrap().is_none());
    assert_eq!(reason::<EcsCluster>(&world, "late").await, "AccountNotAllowed");
}

#[tokio::test(start_paused = true)]
async fn what_an_account_that_is_gone_held_waits_for_it() {
    let world = two_accounts(31).await;
    admit(&world, &shop_account()).await;
    let mut operator = strict(&world);
    world.apply::<EcsCluster>(&cluster("prod")).await;
    operator.rest().await;
    // Somebody took the finalizer away.
    delete_account(&world, "shop-prod").await;
    edit_account(&world, "shop-prod", json!({ "metadata": { "finalizers": [] } })).await;
    world.delete::<EcsCluster>("prod").await;
    world.aws.take_sent();
    operator.settle(Duration::from_secs(5), MINUTE).await;
    assert_eq!(reason::<EcsCluster>(&world, "prod").await, "DeletionBlocked");
    assert!(message::<EcsCluster>(&world, "prod").await.contains("AwsAccount `shop-prod` does not exist"));
    assert_eq!((calls(&world), clusters(&world, SHOP).len()), (0, 1));
    admit(&world, &shop_account()).await;
    operator.rest().await;
    assert!(world.get::<EcsCluster>("prod").await.is_none() && clusters(&world, SHOP).is_empty());
}

#[tokio::test(start_paused = true)]
async fn accounts_and_objects_may_come_in_any_order() {
    let world = two_accounts(32).await;
    let mut operator = strict(&world);
    let named = with(cluster("prod"), json!({ "accountRef": { "name": "shop-prod" } }));
    world.apply::<EcsCluster>(&named).await;
    operator.settle(Duration::from_secs(5), MINUTE).await;
    assert_eq!(reason::<EcsCluster>(&world, "prod").await, "DependencyNotReady");
    admit(&world, &account("shop-prod", SHOP, json!({}))).await;
    operator.settle(Duration::from_secs(10), MINUTE).await;
    assert_eq!(reason::<EcsCluster>(&world, "prod").await, "Succeeded");
}

#[tokio::test(start_paused = true)]
async fn a_settled_account_is_written_no_more() {
    let world = two_accounts(33).await;
    admit(&world, &shop_account()).await;
    let mut operator = strict(&world);
    world.apply::<EcsCluster>(&cluster("prod")).await;
    operator.rest().await;
    let version = async || accounts(&world).get("shop-prod").await.unwrap().metadata.resource_version;
    let before = version().await;
    for _ in 0..20 {
        operator.sweep().await;
        world.wait(MINUTE).await;
    }
    assert_eq!(version().await, before);
}
