//! What a process looks at: some namespaces of many, `ConfigMap`s or none.

use std::time::Duration;

use ecs_operator::api::condition::ConditionType;
use ecs_operator::api::{EcsCluster, ServerGroup};
use ecs_operator::controllers::Sight;
use ecs_operator::controllers::context::Config;
use ecs_sim::kube::Fault;
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{Api, Patch, PatchParams};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::behaviour::line;
use crate::support::manifests::{cluster, manifest};
use crate::support::replica::{Journal, Replica};
use crate::support::world::{NAMESPACE, REGION, World};

const SECOND: Duration = Duration::from_secs(1);

async fn put(world: &World, namespace: &str, name: &str) {
    let params = PatchParams::apply("kubectl").force();
    let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
    let namespaces: Api<Namespace> = Api::all(world.person.clone());
    namespaces.patch(namespace, &params, &Patch::Apply(object)).await.unwrap();
    let mut cluster = cluster(name);
    cluster["metadata"]["namespace"] = json!(namespace);
    let api: Api<EcsCluster> = Api::namespaced(world.person.clone(), namespace);
    api.patch(name, &params, &Patch::Apply(&cluster)).await.unwrap();
}

async fn clusters(world: &World) -> Vec<String> {
    let answer = world.cli().list_clusters().send().await.unwrap();
    let name = |arn: &String| arn.rsplit('/').next().unwrap_or_default().to_owned();
    let mut names: Vec<String> = answer.cluster_arns().iter().map(name).collect();
    names.sort();
    names
}

fn config() -> Config {
    Config { region: REGION.to_owned(), ..Config::default() }
}

#[tokio::test(start_paused = true)]
async fn objects_of_the_named_namespaces_are_looked_after_and_no_list_goes_beyond_them() {
    let (world, journal) = (World::ready(7).await, Journal::default());
    put(&world, "one", "first").await;
    put(&world, "unnamed", "never").await;
    let sight = Sight { namespaces: vec!["one".to_owned(), "two".to_owned()], ..Sight::default() };
    let replica = Replica::with(&world, &journal, "a", sight, config());
    replica.leads(3 * SECOND).await;
    sleep(10 * SECOND).await;
    put(&world, "two", "second").await;
    // The history is gone: both namespaces are listed anew, and what went in between is let go of.
    world.api.with(ecs_sim::kube::MemApi::compact);
    sleep(20 * SECOND).await;
    put(&world, "one", "third").await;
    sleep(20 * SECOND).await;
    assert_eq!(clusters(&world).await, ["first", "second", "third"]);
    for deed in journal
        .of("a", |deed| deed.what.starts_with("GET ") && !deed.what.contains("/leases"))
        // Accounts are in no namespace.
        .into_iter()
        .filter(|deed| !deed.what.contains("/awsaccounts"))
    {
        let within = ["/namespaces/one/", "/namespaces/two/"].iter().any(|part| deed.what.contains(part));
        assert!(within, "{deed:?}");
    }
    let api: Api<EcsCluster> = Api::namespaced(world.person.clone(), "one");
    api.delete("first", &kube::api::DeleteParams::default()).await.unwrap();
    sleep(60 * SECOND).await;
    assert_eq!(clusters(&world).await, ["second", "third"]);
}

fn group(artifact: &Value) -> Value {
    let spec = json!({
        "clusterRef": {"name": "prod"},
        "template": {
            "launchType": "FARGATE",
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-0a"]}},
            "artifact": artifact,
        },
    });
    manifest("ServerGroup", "shop-prod", spec)
}

#[tokio::test(start_paused = true)]
async fn without_config_maps_a_group_that_names_one_is_told_which_switch_to_set() {
    let (world, journal) = (World::ready(7).await, Journal::default());
    let config = Config { config_maps: false, ..config() };
    let replica = Replica::with(
        &world,
        &journal,
        "a",
        Sight { namespaces: vec![NAMESPACE.to_owned()], ..Sight::default() },
        config,
    );
    replica.leads(3 * SECOND).await;
    world.apply::<EcsCluster>(&cluster("prod")).await;
    world.apply::<ServerGroup>(&group(&json!({"configMapKeyRef": {"name": "shop", "key": "task.json"}}))).await;
    sleep(30 * SECOND).await;
    let ready = line(&world.status::<ServerGroup>("shop-prod").await.conditions, ConditionType::Ready);
    assert!(ready.starts_with("False InvalidSpec"), "{ready}");
    assert!(ready.contains("`shop`") && ready.contains("ECS_OPERATOR_CONFIG_MAPS=true"), "{ready}");
    assert_eq!(journal.of("a", |deed| deed.what.contains("/configmaps")), []);
    // It can be deleted all the same.
    world.delete::<ServerGroup>("shop-prod").await;
    sleep(30 * SECOND).await;
    assert!(world.get::<ServerGroup>("shop-prod").await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_namespace_that_may_not_be_watched_is_reported_tried_ever_more_rarely_and_keeps_no_other_waiting() {
    let (world, journal) = (World::ready(7).await, Journal::default());
    put(&world, "one", "first").await;
    put(&world, "two", "second").await;
    world.api.set_fault_hook(Some(Box::new(|call| {
        let forbidden = call.method == "GET" && call.path.contains("/namespaces/two/");
        if forbidden { Fault::Status(403, "Forbidden") } else { Fault::Pass }
    })));
    let sight = Sight { namespaces: vec!["one".to_owned(), "two".to_owned()], ..Sight::default() };
    let replica = Replica::with(&world, &journal, "a", sight, config());
    replica.leads(5 * SECOND).await;
    assert!(replica.health.ready());
    sleep(300 * SECOND).await;
    assert_eq!(clusters(&world).await, ["first"]);
    let up = |namespace: &str| {
        let series = format!(r#"ecs_operator_watch_up{{kind="EcsCluster",namespace="{namespace}"}} "#);
        let text = replica.metrics.text().unwrap();
        text.lines().find_map(|line| line.strip_prefix(&series)).map(str::to_owned)
    };
    assert_eq!((up("one").as_deref(), up("two").as_deref()), (Some("1"), Some("0")));
    let tries = journal.of("a", |deed| deed.what.contains("/namespaces/two/ecsclusters")).len();
    assert!((5..30).contains(&tries), "{tries} in five minutes");
    world.api.set_fault_hook(None);
    sleep(90 * SECOND).await;
    assert_eq!(clusters(&world).await, ["first", "second"]);
    assert_eq!(up("two").as_deref(), Some("1"));
}

#[tokio::test(start_paused = true)]
async fn who_may_watch_nothing_is_not_ready() {
    let (world, journal) = (World::ready(7).await, Journal::default());
    world.api.set_fault_hook(Some(Box::new(|call| {
        if call.path.contains("/ecsservices") { Fault::Status(403, "Forbidden") } else { Fault::Pass }
    })));
    let sight = Sight { namespaces: vec!["one".to_owned(), "two".to_owned()], ..Sight::default() };
    let replica = Replica::with(&world, &journal, "a", sight, config());
    sleep(120 * SECOND).await;
    assert!(!replica.health.ready() && !replica.lead.holds());
}
