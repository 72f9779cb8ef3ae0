//! Which account an object belongs to: allowed, default, ambiguous, withdrawn, moved.

use ecs_operator::api::ServerGroup;

use super::*;

#[tokio::test(start_paused = true)]
async fn the_default_account_of_a_namespace_gets_all_that_it_makes() {
    let world = two_accounts(1).await;
    admit(&world, &shop_account()).await;
    let mut operator = strict(&world);
    open_shop(&world).await;
    operator.rest().await;
    assert_eq!(kinds_ready(&world).await, ["True", "True", "True"], "{}", message::<EcsService>(&world, "web").await);
    assert_eq!((clusters(&world, SHOP), clusters(&world, OWN)), (vec!["prod".to_owned()], vec![]));
    let recorded = world.status::<EcsService>("web").await.account.unwrap();
    assert_eq!(recorded.name.as_deref(), Some("shop-prod"));
    assert_eq!((recorded.id.as_deref(), recorded.region.as_deref()), (Some(SHOP), Some(REGION)));
    let account = accounts(&world).get("shop-prod").await.unwrap();
    assert_eq!(account.status.unwrap().account_id.as_deref(), Some(SHOP));
    for (kind, name) in [("EcsService", "web"), ("EcsCluster", "prod"), ("EcsTaskDefinition", "web")] {
        match kind {
            "EcsService" => world.delete::<EcsService>(name).await,
            "EcsCluster" => world.delete::<EcsCluster>(name).await,
            _ => world.delete::<EcsTaskDefinition>(name).await,
        }
    }
    operator.rest().await;
    assert!(world.get::<EcsCluster>("prod").await.is_none() && clusters(&world, SHOP).is_empty());
}

/// T1
#[tokio::test(start_paused = true)]
async fn a_namespace_that_is_not_listed_is_refused_without_a_call() {
    let world = two_accounts(2).await;
    admit(&world, &account("shop-prod", SHOP, json!({ "allowedNamespaces": { "names": ["billing"] } }))).await;
    let mut operator = strict(&world);
    world.apply::<EcsCluster>(&with(cluster("named"), json!({ "accountRef": { "name": "shop-prod" } }))).await;
    world.apply::<EcsCluster>(&cluster("unnamed")).await;
    operator.rest().await;
    assert_eq!(calls(&world), 0);
    for name in ["named", "unnamed"] {
        let status = world.status::<EcsCluster>(name).await;
        assert_eq!(ready(&status).1, "AccountNotAllowed");
        assert!(status.conditions.iter().any(|c| c.type_ == "Stalled" && c.status == "True"), "{name}");
        assert!(world.get::<EcsCluster>(name).await.unwrap().metadata.finalizers.is_none(), "{name}: nothing is held");
    }
    let told = message::<EcsCluster>(&world, "named").await;
    assert!(told.contains("`shop-prod`") && told.contains("`shop`") && told.contains("allowedNamespaces"), "{told}");
    let told = message::<EcsCluster>(&world, "unnamed").await;
    assert!(told.contains("defaultFor") && told.contains("ECS_OPERATOR_AMBIENT_NAMESPACES"), "{told}");
    // What an admin adds is taken up at once.
    edit_account(&world, "shop-prod", json!({ "spec": { "allowedNamespaces": { "names": ["billing", "shop"] } } }))
        .await;
    operator.settle(Duration::from_secs(10), MINUTE).await;
    assert_eq!(reason::<EcsCluster>(&world, "named").await, "Succeeded");
    assert_eq!(clusters(&world, SHOP), ["named"]);
}

/// T2
#[tokio::test(start_paused = true)]
async fn two_defaults_are_none_and_nothing_is_fallen_back_to() {
    let world = two_accounts(3).await;
    trust(&world, OTHER, "default:shop");
    admit(&world, &shop_account()).await;
    admit(&world, &account("shop-test", OTHER, json!({ "defaultFor": { "names": ["shop"] } }))).await;
    let mut operator = world.operator();
    world.apply::<EcsCluster>(&cluster("prod")).await;
    operator.rest().await;
    assert_eq!(reason::<EcsCluster>(&world, "prod").await, "AccountAmbiguous");
    let told = message::<EcsCluster>(&world, "prod").await;
    assert!(told.contains("`shop-prod`, `shop-test`"), "{told}");
    assert_eq!(calls(&world), 0);
    edit_account(&world, "shop-test", json!({ "spec": { "defaultFor": null } })).await;
    operator.rest().await;
    assert_eq!(reason::<EcsCluster>(&world, "prod").await, "Succeeded");
    assert_eq!((clusters(&world, SHOP).len(), clusters(&world, OTHER).len(), clusters(&world, OWN).len()), (1, 0, 0));
}

/// T3
#[tokio::test(start_paused = true)]
async fn a_right_that_is_withdrawn_stops_calls_and_deletes_nothing() {
    let world = two_accounts(4).await;
    admit(&world, &shop_account()).await;
    let mut operator = strict(&world);
    open_shop(&world).await;
    operator.rest().await;
    edit_account(&world, "shop-prod", json!({ "spec": { "allowedNamespaces": { "names": [] }, "defaultFor": null } }))
        .await;
    operator.settle(Duration::from_secs(5), MINUTE).await;
    world.aws.take_sent();
    for _ in 0..3 {
        operator.sweep().await;
    }
    assert_eq!(calls(&world), 0);
    assert_eq!(reason::<EcsService>(&world, "web").await, "AccountNotAllowed");
    assert_eq!(clusters(&world, SHOP), ["prod"]);
    // A deletion waits too, and says how to let go.
    world.delete::<EcsService>("web").await;
    operator.settle(Duration::from_secs(5), MINUTE).await;
    assert_eq!(reason::<EcsService>(&world, "web").await, "DeletionBlocked");
    assert!(message::<EcsService>(&world, "web").await.contains("deletionPolicy: Retain"));
    edit_account(&world, "shop-prod", json!({ "spec": { "allowedNamespaces": { "names": ["shop"] } } })).await;
    operator.rest().await;
    assert!(world.get::<EcsService>("web").await.is_none(), "{}", message::<EcsService>(&world, "web").await);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_reached_any_more_can_be_let_go() {
    let world = two_accounts(5).await;
    admit(&world, &shop_account()).await;
    let mut operator = strict(&world);
    world.apply::<EcsCluster>(&cluster("prod")).await;
    operator.rest().await;
    edit_account(&world, "shop-prod", json!({ "spec": { "allowedNamespaces": null, "defaultFor": null } })).await;
    world.delete::<EcsCluster>("prod").await;
    operator.settle(Duration::from_secs(5), MINUTE).await;
    world.edit::<EcsCluster>("prod", json!({ "spec": { "deletionPolicy": "Retain" } })).await;
    operator.settle(Duration::from_secs(5), MINUTE).await;
    assert!(world.get::<EcsCluster>("prod").await.is_none());
    assert_eq!(clusters(&world, SHOP), ["prod"]);
}

#[tokio::test(start_paused = true)]
async fn plan_mode_keeps_what_would_be_let_go() {
    let world = two_accounts(60).await;
    admit(&world, &shop_account()).await;
    let mut operator = strict(&world);
    for name in ["annotated", "capped"] {
        world.apply::<EcsCluster>(&with(cluster(name), json!({ "deletionPolicy": "Retain" }))).await;
    }
    operator.rest().await;
    world.annotate::<EcsCluster>("annotated", "mode", "Plan").await;
    edit_account(&world, "shop-prod", json!({ "spec": { "managementMode": "Plan" } })).await;
    world.delete::<EcsCluster>("capped").await;
    operator.settle(Duration::from_secs(5), MINUTE).await;
    assert_eq!(reason::<EcsCluster>(&world, "capped").await, "DeletionBlocked");
    edit_account(&world, "shop-prod", json!({ "spec": { "allowedNamespaces": null, "defaultFor": null } })).await;
    world.delete::<EcsCluster>("annotated").await;
    operator.settle(Duration::from_secs(5), MINUTE).await;
    assert_eq!(reason::<EcsCluster>(&world, "annotated").await, "DeletionBlocked");
    assert!(message::<EcsCluster>(&world, "annotated").await.contains("`managementMode: Plan`"));
}

#[tokio::test(start_paused = true)]
async fn a_group_that_cannot_be_reached_any_more_can_be_let_go() {
    let world = two_accounts(61).await;
    admit(&world, &shop_account()).await;
    let mut operator = strict(&world);
    world.apply::<EcsCluster>(&cluster("prod")).await;
    world.apply::<ServerGroup>(&crate::server_group::group("nginx:1", &json!({}))).await;
    operator.rest().await;
    assert_eq!(reason::<ServerGroup>(&world, "shop-prod").await, "Succeeded");
    edit_account(&world, "shop-prod", json!({ "spec": { "allowedNamespaces": null, "defaultFor": null } })).await;
    world.delete::<ServerGroup>("shop-prod").await;
    operator.settle(Duration::from_secs(5), MINUTE).await;
    assert_eq!(reason::<ServerGroup>(&world, "shop-prod").await, "DeletionBlocked");
    assert!(message::<ServerGroup>(&world, "shop-prod").await.contains("deletionPolicy: Retain"));
    world.edit::<ServerGroup>("shop-prod", json!({ "spec": { "deletionPolicy": "Retain" } })).await;
    world.aws.take_sent();
    for _ in 0..3 {
        operator.settle(Duration::from_secs(5), MINUTE).await;
        world.api.settle();
    }
    assert!(world.get::<ServerGroup>("shop-prod").await.is_none());
    assert!(world.get::<EcsService>("shop-prod-v000").await.is_none());
    assert!(world.get::<EcsTaskDefinition>("shop-prod-v000").await.is_none());
    assert_eq!(calls(&world), 0);
    let cli = aws_sdk_ecs::Client::new(&world.aws.of_a_person().config_in(SHOP, REGION));
    let found = cli.describe_services().cluster("prod").services("shop-prod-v000").send().await.unwrap();
    assert_eq!((found.services()[0].status(), found.services()[0].running_count), (Some("ACTIVE"), 2));
}

/// T4
#[tokio::test(start_paused = true)]
async fn a_role_that_moves_to_another_account_makes_nothing_there() {
    let world = two_accounts(6).await;
    trust(&world, OTHER, "default:shop");
    admit(&world, &shop_account()).await;
    let mut operator = strict(&world);
    open_shop(&world).await;
    operator.rest().await;
    edit_account(&world, "shop-prod", json!({ "spec": { "roleArn": role(OTHER) } })).await;
    world.apply::<EcsCluster>(&cluster("new")).await;
    operator.settle(Duration::from_secs(5), MINUTE).await;
    world.aws.take_sent();
    operator.sweep().await;
    assert_eq!(calls(&world), 0);
    for told in [reason::<EcsService>(&world, "web").await, reason::<EcsCluster>(&world, "new").await] {
        assert_eq!(told, "AccountChanged");
    }
    assert_eq!(account_ready(&world, "shop-prod").await.1, "AccountChanged");
    assert!(clusters(&world, OTHER).is_empty());
    edit_account(&world, "shop-prod", json!({ "spec": { "roleArn": role(SHOP) } })).await;
    operator.rest().await;
    assert_eq!(kinds_ready(&world).await, ["True", "True", "True"]);
}

/// T7, and the law that annotations of namespaces say nothing about accounts.
#[tokio::test(start_paused = true)]
async fn annotations_and_labels_of_a_namespace_lead_nowhere() {
    let world = two_accounts(7).await;
    admit(&world, &account("shop-prod", SHOP, json!({ "allowedNamespaces": { "names": ["billing"] } }))).await;
    let namespaces: Api<k8s_openapi::api::core::v1::Namespace> = Api::all(world.person.clone());
    let hostile = json!({"metadata": {
        "annotations": {
            "ecs-operator.dev/account": "shop-prod",
            "services.k8s.aws/owner-account-id": SHOP,
            "services.k8s.aws/endpoint-url": "https://evil.example",
        },
        "labels": { "kubernetes.io/metadata.name": "billing" },
    }});
    namespaces.patch("shop", &PatchParams::default(), &Patch::Merge(hostile)).await.unwrap();
    let mut operator = strict(&world);
    world.apply::<EcsCluster>(&cluster("prod")).await;
    operator.rest().await;
    assert_eq!((reason::<EcsCluster>(&world, "prod").await.as_str(), calls(&world)), ("AccountNotAllowed", 0));
}

/// T9
#[tokio::test(start_paused = true)]
async fn the_same_name_from_another_namespace_is_somebody_elses() {
    let world = two_accounts(8).await;
    admit(&world, &account("shared", SHOP, json!({ "externalId": { "mode": "Fixed", "value": "default:shop" }, "allowedNamespaces": { "names": ["shop", "billing"] } }))).await;
    let mut operator = strict(&world);
    let named = with(cluster("prod"), json!({ "accountRef": { "name": "shared" } }));
    world.apply::<EcsCluster>(&named).await;
    operator.rest().await;
    let mut theirs = named.clone();
    theirs["metadata"]["namespace"] = json!("billing");
    let namespaces: Api<k8s_openapi::api::core::v1::Namespace> = Api::all(world.person.clone());
    let billing = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "billing"}});
    namespaces.patch("billing", &PatchParams::apply("t").force(), &Patch::Apply(billing)).await.unwrap();
    let api: Api<EcsCluster> = Api::namespaced(world.person.clone(), "billing");
    api.patch("prod", &PatchParams::apply("t").force(), &Patch::Apply(&theirs)).await.unwrap();
    operator.rest().await;
    assert_eq!(reason::<EcsCluster>(&world, "prod").await, "Succeeded");
    assert_eq!(ready(&api.get("prod").await.unwrap().status.unwrap()).1, "OwnedByAnother");
}

/// T10
#[tokio::test(start_paused = true)]
async fn only_listed_namespaces_take_over_what_exists() {
    let world = two_accounts(9).await;
    admit(&world, &shop_account()).await;
    let mut operator = strict(&world);
    world.apply::<EcsCluster>(&with(cluster("prod"), json!({ "adoptionPolicy": "Always" }))).await;
    operator.rest().await;
    assert_eq!((reason::<EcsCluster>(&world, "prod").await.as_str(), calls(&world)), ("AccountNotAllowed", 0));
    assert!(message::<EcsCluster>(&world, "prod").await.contains("adoptionNamespaces"));
    edit_account(&world, "shop-prod", json!({ "spec": { "adoptionNamespaces": { "names": ["shop"] } } })).await;
    operator.rest().await;
    assert_eq!(reason::<EcsCluster>(&world, "prod").await, "Succeeded");
}

#[tokio::test(start_paused = true)]
async fn regions_and_modes_of_an_account_are_limits() {
    let world = two_accounts(10).await;
    admit(&world, &shop_account()).await;
    let mut operator = strict(&world);
    world.apply::<EcsCluster>(&with(cluster("far"), json!({ "region": "us-east-1" }))).await;
    operator.rest().await;
    assert_eq!((reason::<EcsCluster>(&world, "far").await.as_str(), calls(&world)), ("AccountNotAllowed", 0));
    assert!(message::<EcsCluster>(&world, "far").await.contains("us-east-1"));
    edit_account(&world, "shop-prod", json!({ "spec": { "managementMode": "Plan" } })).await;
    world.apply::<EcsCluster>(&cluster("near")).await;
    operator.rest().await;
    assert_eq!(reason::<EcsCluster>(&world, "near").await, "PlanPending");
    assert!(world.aws.sent().iter().all(|call| !call.is_write()));
}

#[tokio::test(start_paused = true)]
async fn a_service_goes_where_its_cluster_is_and_must_agree() {
    let world = two_accounts(11).await;
    admit(&world, &account("shop-prod", SHOP, json!({}))).await;
    let mut operator = world.operator();
    let there = json!({ "accountRef": { "name": "shop-prod" } });
    world.apply::<EcsService>(&service("web", "prod", "web")).await;
    world.apply::<EcsService>(&with(service("odd", "prod", "web"), json!({ "accountRef": { "name": "other" } }))).await;
    world.apply::<EcsTaskDefinition>(&with(web("web", "nginx:1"), there.clone())).await;
    world.apply::<EcsTaskDefinition>(&web("here", "nginx:1")).await;
    world.apply::<EcsService>(&service("mixed", "prod", "here")).await;
    operator.rest().await;
    world.apply::<EcsCluster>(&with(cluster("prod"), there)).await;
    operator.rest().await;
    assert_eq!(kinds_ready(&world).await, ["True", "True", "True"], "{}", message::<EcsService>(&world, "web").await);
    assert_eq!(world.status::<EcsService>("web").await.account.unwrap().name.as_deref(), Some("shop-prod"));
    assert_eq!(reason::<EcsService>(&world, "odd").await, "InvalidSpec");
    assert_eq!(reason::<EcsService>(&world, "mixed").await, "InvalidSpec");
    assert!(message::<EcsService>(&world, "mixed").await.contains("`accountRef`"));
}

#[tokio::test(start_paused = true)]
async fn namespaces_can_be_selected_by_label() {
    let world = two_accounts(12).await;
    let selected = json!({ "selector": { "matchLabels": { "team": "shop" } } });
    let by_label = json!({ "allowedNamespaces": selected, "defaultFor": selected });
    admit(&world, &account("shop-prod", SHOP, by_label)).await;
    let mut operator = strict(&world);
    world.apply::<EcsCluster>(&cluster("prod")).await;
    operator.rest().await;
    assert_eq!((reason::<EcsCluster>(&world, "prod").await.as_str(), calls(&world)), ("AccountNotAllowed", 0));
    let namespaces: Api<k8s_openapi::api::core::v1::Namespace> = Api::all(world.person.clone());
    let labelled = json!({ "metadata": { "labels": { "team": "shop" } } });
    namespaces.patch("shop", &PatchParams::default(), &Patch::Merge(labelled)).await.unwrap();
    // Labels are looked at once a minute.
    operator.settle(Duration::from_secs(90), 3 * MINUTE).await;
    assert_eq!(reason::<EcsCluster>(&world, "prod").await, "Succeeded");
}
