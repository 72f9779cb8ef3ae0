//! Credentials: refused, expired, shared, of the wrong account.

use ecs_sim::sts::Role;

use super::*;

fn assumed(world: &World) -> Vec<String> {
    let calls = world.aws.identities();
    calls.into_iter().filter(|call| call.operation == "AssumeRole").map(|call| call.body.to_string()).collect()
}

/// T11
#[tokio::test(start_paused = true)]
async fn a_role_that_refuses_is_told_by_the_account_and_nothing_is_fallen_back_to() {
    let world = World::ready(20).await;
    trust(&world, SHOP, "another:id");
    admit(&world, &shop_account()).await;
    let mut operator = world.operator();
    open_shop(&world).await;
    operator.rest().await;
    assert_eq!((calls(&world), clusters(&world, OWN).len()), (0, 0));
    let (status, why, told) = account_ready(&world, "shop-prod").await;
    assert_eq!((status.as_str(), why.as_str()), ("False", "AccessDenied"), "{told}");
    assert!(told.contains("namespace `shop`") && told.contains("external id"), "{told}");
    for object in [reason::<EcsCluster>(&world, "prod").await, reason::<EcsTaskDefinition>(&world, "web").await] {
        assert_eq!(object, "DependencyNotReady");
    }
    assert!(message::<EcsCluster>(&world, "prod").await.contains("`shop-prod`"));
    trust(&world, SHOP, "default:shop");
    operator.settle(2 * MINUTE, 20 * MINUTE).await;
    assert_eq!(kinds_ready(&world).await, ["True", "True", "True"]);
    assert_eq!(account_ready(&world, "shop-prod").await.1, "Succeeded");
}

#[tokio::test(start_paused = true)]
async fn many_objects_ask_for_one_session() {
    let world = two_accounts(21).await;
    admit(&world, &shop_account()).await;
    let mut operator = strict(&world);
    for number in 0..12 {
        world.apply::<EcsTaskDefinition>(&web(&format!("web-{number}"), "nginx:1")).await;
    }
    operator.rest().await;
    let sessions = assumed(&world);
    assert_eq!(sessions.len(), 1, "{sessions:?}");
    assert!(sessions[0].contains("RoleSessionName=ecs-operator%40shop"), "{sessions:?}");
    assert!(sessions[0].contains("ExternalId=default%3Ashop"), "{sessions:?}");
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_session_is_never_seen_by_an_object() {
    let world = two_accounts(22).await;
    admit(&world, &shop_account()).await;
    let mut operator = strict(&world);
    open_shop(&world).await;
    operator.rest().await;
    let before = world.get::<EcsCluster>("prod").await.unwrap().metadata.resource_version;
    world.aws.take_sent();
    for _ in 0..40 {
        operator.settle(Duration::from_secs(1), 6 * MINUTE).await;
        world.wait(5 * MINUTE).await;
    }
    let refused = world.aws.sent().into_iter().filter(|call| call.status != Some(200)).count();
    assert_eq!((refused, kinds_ready(&world).await), (0, ["True", "True", "True"].map(str::to_owned)));
    let after = world.get::<EcsCluster>("prod").await.unwrap().metadata.resource_version;
    assert_eq!(before, after, "no status was written meanwhile");
    let sessions = assumed(&world).len();
    assert!((4..=8).contains(&sessions), "{sessions} sessions in more than three hours");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_while_a_session_still_lasts_is_the_accounts_alone() {
    let world = two_accounts(23).await;
    admit(&world, &shop_account()).await;
    let mut operator = strict(&world);
    open_shop(&world).await;
    operator.rest().await;
    trust(&world, SHOP, "changed");
    world.wait(48 * MINUTE).await;
    operator.sweep().await;
    operator.sweep().await;
    assert_eq!(account_ready(&world, "shop-prod").await.1, "AccessDenied");
    assert_eq!(kinds_ready(&world).await, ["True", "True", "True"]);
    world.wait(15 * MINUTE).await;
    operator.sweep().await;
    assert_eq!(reason::<EcsCluster>(&world, "prod").await, "DependencyNotReady");
}

#[tokio::test(start_paused = true)]
pub(crate) async fn a_fixed_external_id_is_shared_and_tags_are_told_apart() {
    let world = World::ready(24).await;
    trust(&world, SHOP, "secret-1");
    let fixed = json!({ "externalId": { "mode": "Fixed", "value": "secret-1" }, "defaultFor": { "names": ["shop"] } });
    admit(&world, &account("shop-prod", SHOP, fixed)).await;
    let mut operator = strict(&world);
    world.apply::<EcsCluster>(&cluster("prod")).await;
    operator.rest().await;
    assert_eq!(reason::<EcsCluster>(&world, "prod").await, "Succeeded");
    assert!(assumed(&world)[0].contains("RoleSessionName=ecs-operator&"), "{:?}", assumed(&world));
    edit_account(&world, "shop-prod", json!({ "spec": { "sessionTags": "Namespace" } })).await;
    operator.rest().await;
    let last = assumed(&world).pop().unwrap();
    assert!(last.contains("RoleSessionName=ecs-operator%40shop") && last.contains("Tags"), "{last}");
    assert_eq!(reason::<EcsCluster>(&world, "prod").await, "Succeeded");
}

/// T12
#[tokio::test(start_paused = true)]
async fn the_longest_namespace_has_a_name_and_an_id_of_its_own() {
    use ecs_operator::controllers::accounts::{external_id, session_name};
    let long = |last: char| format!("{}{last}", "n".repeat(62));
    let names: Vec<String> = ['a', 'b'].into_iter().map(|last| session_name(Some(&long(last)))).collect();
    assert!(names[0] != names[1] && names.iter().all(|name| (2..=64).contains(&name.len())), "{names:?}");
    assert_ne!(external_id("default", &long('a')), external_id("default", &long('b')));
    let world = World::ready(25).await;
    let namespace = long('a');
    let role_of = Role { external_id: Some(external_id("default", &namespace)), ..Role::trusting(&[OWN]) };
    world.aws.sim(|sim| sim.add_role(&role(SHOP), role_of));
    let namespaces: Api<k8s_openapi::api::core::v1::Namespace> = Api::all(world.person.clone());
    let made = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
    namespaces.patch(&namespace, &PatchParams::apply("t").force(), &Patch::Apply(made)).await.unwrap();
    let names = json!({ "names": [namespace] });
    admit(&world, &account("long", SHOP, json!({ "allowedNamespaces": names, "defaultFor": names }))).await;
    let mut object = cluster("prod");
    object["metadata"]["namespace"] = json!(namespace);
    let api: Api<EcsCluster> = Api::namespaced(world.person.clone(), &namespace);
    api.patch("prod", &PatchParams::apply("t").force(), &Patch::Apply(&object)).await.unwrap();
    strict(&world).rest().await;
    let status = api.get("prod").await.unwrap().status.unwrap();
    assert_eq!(ready(&status).1, "Succeeded", "{}", ready(&status).2);
}
