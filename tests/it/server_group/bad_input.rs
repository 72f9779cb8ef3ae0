//! Edits that cannot work: refused in the status, and what runs goes on.

use ecs_operator::api::ServerGroup;
use ecs_operator::api::condition::ConditionType;
use ecs_sim::fixtures::Network;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, Patch, PatchParams};
use serde_json::{Value, json};

use super::{MINUTE, balanced, balancer, group, idle, ready, running, served, status, told, weighted, worlds, writes};
use crate::behaviour::line;
use crate::support::manifests::manifest;
use crate::support::world::{NAMESPACE, World, key};

/// A group whose template is an artifact.
pub(crate) fn artifact(artifact: &Value) -> Value {
    let spec = json!({
        "clusterRef": {"name": "prod"},
        "capacity": {"desired": 2},
        "template": {
            "launchType": "FARGATE",
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-0a"]}},
            "artifact": artifact,
        },
    });
    manifest("ServerGroup", "shop-prod", spec)
}

pub(crate) fn document(image: &str) -> String {
    json!({
        "family": "whatever", "networkMode": "awsvpc", "cpu": 256, "memory": 512,
        "requiresCompatibilities": ["FARGATE"],
        "containerDefinitions": [{"name": "web", "image": image}],
    })
    .to_string()
}

#[tokio::test(start_paused = true)]
async fn an_artifact_that_is_no_task_definition_is_refused_without_a_call_and_the_version_goes_on() {
    let (world, mut operator) = worlds(581).await;
    world.apply::<ServerGroup>(&artifact(&json!({"inline": document("nginx:1")}))).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v000 is current, 2/2 tasks.");
    let cases = [
        ("{", "artifact"),
        ("[]", "artifact"),
        ("a: 1\n---\nb: 2", "document"),
        (r#"{"containerDefinitions": []}"#, "containerDefinitions"),
        (r#"{"containerDefinitions": [{"name": "web", "image": "x", "imagee": "y"}]}"#, "imagee"),
        (
            r#"{"networkMode": "bridge", "containerDefinitions": [{"name": "web", "image": "x"}]}"#,
            "network mode `bridge`, expected `awsvpc`",
        ),
        (r#"{"containerDefinitions": [{"name": "web"}]}"#, "image"),
    ];
    for (text, named) in cases {
        world.aws.take_sent();
        world.apply::<ServerGroup>(&artifact(&json!({"inline": text}))).await;
        operator.pass(&("ServerGroup", NAMESPACE.to_owned(), "shop-prod".to_owned())).await;
        operator.look();
        operator.pass(&("ServerGroup", NAMESPACE.to_owned(), "shop-prod".to_owned())).await;
        let sent: Vec<String> = world.aws.take_sent().into_iter().map(|call| call.operation).collect();
        assert_eq!(sent, Vec::<String>::new(), "{text}");
        let said = ready(&world).await;
        assert!(said.starts_with("False InvalidSpec: ") && said.contains(named), "{text}: {said}");
        assert!(line(&status(&world).await.conditions, ConditionType::Stalled).starts_with("True"), "{text}");
    }
    operator.rest().await;
    assert_eq!(writes(&world), Vec::<String>::new());
    assert_eq!(running(&world, "shop-prod-v000").await, 2);
    assert_eq!(status(&world).await.current_version.as_deref(), Some("shop-prod-v000"));
    assert!(!told(&world, "SpecRejected").is_empty());
    // Back to what runs: nothing happens.
    world.apply::<ServerGroup>(&artifact(&json!({"inline": document("nginx:1")}))).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v000 is current, 2/2 tasks.");
    assert_eq!(writes(&world), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_target_group_that_is_missing_or_idle_is_named_and_nothing_begins() {
    let (world, mut operator, rule) = balanced(582, &json!({})).await;
    let to = |group: &str| {
        let mapping = json!([{"containerPort": 80, "targetGroup": "blue", "alternateTargetGroup": group}]);
        weighted("nginx:2", &rule, &json!({"template": {"targetGroupMappings": mapping}}))
    };
    world.aws.take_sent();
    world.apply::<ServerGroup>(&to("nowhere")).await;
    operator.rest().await;
    let said = ready(&world).await;
    assert!(said.starts_with("False InvalidSpec: ") && said.contains("no target group named `nowhere`"), "{said}");
    assert_eq!(writes(&world), Vec::<String>::new());
    assert_eq!(idle(&world, &mut operator).await, Vec::<String>::new());
    assert_eq!((running(&world, "shop-prod-v000").await, status(&world).await.last_sequence), (2, Some(0)));
    world.apply::<ServerGroup>(&to("green")).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v001 is current, 2/2 tasks.");
}

fn network(world: &World) {
    world.aws.sim(|sim| {
        let fixtures = &mut sim.region(&key()).fixtures;
        let subnet = |zone: &str, name: &str| Network::subnet("vpc-1", zone).tagged(&[("Name", name)]);
        for id in ["subnet-0a", "subnet-0b"] {
            fixtures.subnets.insert(id.to_owned(), Network::subnet("vpc-1", "eu-west-1a"));
        }
        fixtures.subnets.insert("subnet-0d".to_owned(), subnet("eu-west-1a", "inner.a.shop"));
        fixtures.subnets.insert("subnet-0e".to_owned(), subnet("eu-west-1b", "inner.b.shop"));
        fixtures.security_groups.insert("sg-0d".to_owned(), Network::security_group("vpc-1", "web"));
        fixtures.security_groups.insert("sg-0f".to_owned(), Network::security_group("vpc-2", "other"));
    });
}

/// A group that names its network.
fn named(subnet: &str, security_group: &str) -> Value {
    let mut group = group("nginx:2", &json!({}));
    let template = group["spec"]["template"].as_object_mut().unwrap();
    template.remove("networkConfiguration");
    template.insert("subnetNames".to_owned(), json!([subnet]));
    template.insert("securityGroupNames".to_owned(), json!([security_group]));
    group
}

#[tokio::test(start_paused = true)]
pub(crate) async fn names_of_networks_that_do_not_resolve_are_told_and_nothing_is_dropped() {
    let (world, mut operator) = served(583, &json!({})).await;
    network(&world);
    world.aws.take_sent();
    for (subnet, security_group, why) in [
        ("nowhere", "web", "`subnetNames`: no subnet has the tag Name `nowhere`"),
        ("inner.a.shop", "other", "`securityGroupNames`: security group `other` not found in VPC `vpc-1`"),
        ("inner.a.shop", "nowhere", "`securityGroupNames`: security group `nowhere` not found in VPC `vpc-1`"),
    ] {
        world.apply::<ServerGroup>(&named(subnet, security_group)).await;
        operator.rest().await;
        let said = ready(&world).await;
        assert!(said.starts_with("False InvalidSpec: ") && said.contains(why), "{said}");
        assert_eq!(writes(&world), Vec::<String>::new());
        assert_eq!((running(&world, "shop-prod-v000").await, status(&world).await.last_sequence), (2, Some(0)));
    }
    world.apply::<ServerGroup>(&named("inner.a.shop", "web")).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v001 is current, 2/2 tasks.");
    let found = world.cli().describe_services().cluster("prod").services("shop-prod-v001").send().await.unwrap();
    let vpc = found.services()[0].network_configuration().unwrap().awsvpc_configuration().unwrap().clone();
    assert_eq!((vpc.subnets(), vpc.security_groups()), (&["subnet-0d".to_owned()][..], &["sg-0d".to_owned()][..]));
}

pub(crate) async fn config_map(world: &World, text: &str) {
    let api: Api<ConfigMap> = Api::namespaced(world.person.clone(), NAMESPACE);
    let map = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "shop", "namespace": NAMESPACE},
        "data": {"task.json": text},
    });
    api.patch("shop", &PatchParams::apply("kubectl").force(), &Patch::Apply(map)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_config_map_is_waited_for_and_its_text_makes_versions() {
    let (world, mut operator) = worlds(584).await;
    world.aws.take_sent();
    let refers = artifact(&json!({"configMapKeyRef": {"name": "shop", "key": "task.json"}}));
    world.apply::<ServerGroup>(&refers).await;
    operator.rest().await;
    let said = ready(&world).await;
    assert!(said.starts_with("False DependencyNotReady") && said.contains("ConfigMap `shop` does not exist"), "{said}");
    assert_eq!(writes(&world), Vec::<String>::new());
    config_map(&world, &document("nginx:1")).await;
    operator.settle(15 * MINUTE, 30 * MINUTE).await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v000 is current, 2/2 tasks.");
    config_map(&world, &document("nginx:2")).await;
    operator.sweep().await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v001 is current, 2/2 tasks.");
    // A text that is wrong is refused; one that went away is waited for; what runs goes on.
    config_map(&world, "{").await;
    operator.sweep().await;
    operator.rest().await;
    assert!(ready(&world).await.starts_with("False InvalidSpec"), "{}", ready(&world).await);
    let api: Api<ConfigMap> = Api::namespaced(world.person.clone(), NAMESPACE);
    api.delete("shop", &kube::api::DeleteParams::default()).await.unwrap();
    operator.sweep().await;
    operator.rest().await;
    assert!(ready(&world).await.starts_with("False DependencyNotReady"), "{}", ready(&world).await);
    assert_eq!(running(&world, "shop-prod-v001").await, 2);
    assert_eq!(status(&world).await.last_sequence, Some(1));
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_is_no_longer_as_it_was_is_told_of_and_the_version_goes_on() {
    let (world, mut operator) = worlds(585).await;
    let rule = balancer(&world);
    world.apply::<ServerGroup>(&weighted("nginx:1", &rule, &json!({}))).await;
    operator.rest().await;
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
    world
        .edit::<ServerGroup>("shop-prod", json!({"spec": {"traffic": {"listenerRules": [format!("{}0", rule.rule)]}}}))
        .await;
    operator.rest().await;
    let said = ready(&world).await;
    assert!(said.starts_with("False InvalidSpec: RuleMismatch") && said.contains("does not exist"), "{said}");
    assert_eq!(running(&world, "shop-prod-v000").await, 2);
}
