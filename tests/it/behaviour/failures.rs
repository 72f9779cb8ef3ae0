//! What goes wrong around the operator, and what must never leak out of it.

use std::time::Duration;

use ecs_operator::api::condition::ConditionType;
use ecs_operator::api::{EcsCluster, EcsService, EcsTaskDefinition};
use ecs_operator::controllers::backoff::VANISHED;
use serde_json::{Value, json};

use super::{MINUTE, line, ready, shop, stands, told, with, writes};
use crate::support::manifests::{cluster, service, web};
use crate::support::wire::{Fault, Plan};
use crate::support::world::World;

#[tokio::test(start_paused = true)]
async fn a_service_deleted_behind_our_back_is_made_again() {
    let (world, mut operator) = shop(81, &json!({})).await;
    world.cli().delete_service().cluster("prod").service("web").force(true).send().await.unwrap();
    operator.sweep().await;
    operator.rest().await;
    assert_eq!(writes(&world), ["CreateService"]);
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
    let status = world.status::<EcsService>("web").await;
    assert_eq!((status.status.as_deref(), status.running_count), (Some("ACTIVE"), Some(2)));
}

#[tokio::test(start_paused = true)]
async fn missing_references_are_waited_for_and_arrive() {
    let world = World::ready(82).await;
    let mut operator = world.operator();
    world.apply::<EcsService>(&service("web", "prod", "web")).await;
    operator.rest().await;
    let said = ready(&world).await;
    assert!(said.starts_with("False DependencyNotReady") && said.contains("EcsCluster `prod`"), "{said}");
    assert!(stands(&world, ConditionType::Reconciling).await && !stands(&world, ConditionType::Stalled).await);
    world.apply::<EcsCluster>(&cluster("prod")).await;
    operator.rest().await;
    let said = ready(&world).await;
    assert!(said.starts_with("False DependencyNotReady") && said.contains("EcsTaskDefinition `web`"), "{said}");
    let finalizers = world.get::<EcsService>("web").await.unwrap().metadata.finalizers;
    assert_eq!(finalizers.unwrap_or_default(), Vec::<String>::new());
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:1")).await;
    operator.rest().await;
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
}

/// Looks at what was not made yet say nothing about what was made since and is not visible yet.
#[tokio::test(start_paused = true)]
async fn what_is_made_after_a_long_wait_and_not_seen_at_once_is_not_taken_for_gone() {
    for deleted in [false, true] {
        let world = World::ready(89).await;
        let mut operator = world.operator();
        world.apply::<EcsCluster>(&cluster("prod")).await;
        world.apply::<EcsService>(&service("web", "prod", "web")).await;
        for _ in 0..VANISHED.looks {
            operator.sweep().await;
            world.wait(MINUTE).await;
        }
        let mut unseen = 0;
        world.aws.set_plan(Some(Box::new(move |_, operation| match operation {
            "CreateService" => {
                unseen = 3;
                if deleted { Fault::Lost } else { Fault::Pass }
            }
            "DescribeServices" if unseen > 0 => {
                unseen -= 1;
                Fault::Refuse(400, "ClusterNotFoundException", "Cluster not found.")
            }
            _ => Fault::Pass,
        })));
        world.apply::<EcsTaskDefinition>(&web("web", "nginx:1")).await;
        while !writes(&world).contains(&"CreateService".to_owned()) {
            operator.next().await;
        }
        if deleted {
            world.delete::<EcsService>("web").await;
        }
        operator.rest().await;
        assert_eq!(writes(&world), if deleted { vec!["UpdateService", "DeleteService"] } else { vec![] });
        assert_eq!(world.get::<EcsService>("web").await.is_none(), deleted);
    }
}

/// The answer of the creation was lost with the process, the spec is another by now, and reads lag.
#[tokio::test(start_paused = true)]
async fn a_service_that_was_made_unheard_and_edited_since_is_found_and_changed() {
    const DENIED: &str = r#"{"services": [], "failures": [
        {"arn": "arn:aws:ecs:eu-west-1:123456789012:service/prod/web", "reason": "MISSING"}]}"#;
    let world = World::ready(96).await;
    let mut operator = world.operator();
    world.apply::<EcsCluster>(&cluster("prod")).await;
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:1")).await;
    operator.rest().await;
    let mut made = 0;
    world.aws.set_plan(Some(Box::new(move |_, operation| match operation {
        "CreateService" => {
            made += 1;
            if made == 1 { Fault::Lost } else { Fault::Pass }
        }
        "DescribeServices" if made == 1 => Fault::Answer(DENIED),
        _ => Fault::Pass,
    })));
    world.apply::<EcsService>(&service("web", "prod", "web")).await;
    while !writes(&world).contains(&"CreateService".to_owned()) {
        operator.next().await;
    }
    drop(operator);
    world.edit::<EcsService>("web", json!({"spec": {"desiredCount": 3}})).await;
    let mut operator = world.operator();
    operator.settle(MINUTE, 5 * MINUTE).await;
    // ECS refused the second one: it was made with another content.
    assert_eq!(writes(&world), ["CreateService", "UpdateService"]);
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
    assert_eq!(world.status::<EcsService>("web").await.running_count, Some(3));
}

/// ECS denies that the cluster is there, at so many looks.
fn denied(times: usize) -> Plan {
    const DENIED: &str = r#"{"clusters": [], "failures": [
        {"arn": "arn:aws:ecs:eu-west-1:123456789012:cluster/prod", "reason": "MISSING"}]}"#;
    let mut denials = 0;
    Box::new(move |_, operation| {
        if operation == "DescribeClusters" && denials < times {
            denials += 1;
            return Fault::Answer(DENIED);
        }
        Fault::Pass
    })
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_ecs_denies_for_a_while_is_not_made_again_and_holds_nobody_up() {
    let (world, mut operator) = shop(94, &json!({})).await;
    world.aws.set_plan(Some(denied(5)));
    operator.sweep().await;
    operator.rest().await;
    assert_eq!(writes(&world), Vec::<String>::new());
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
    assert!(world.status::<EcsCluster>("prod").await.arn.is_some());
}

#[tokio::test(start_paused = true)]
async fn what_a_cluster_needs_is_sent_although_ecs_refused_to_make_what_it_denied() {
    let (world, mut operator) = shop(95, &json!({})).await;
    world.aws.set_plan(Some(denied(16)));
    let settings = json!([{"name": "containerInsights", "value": "enabled"}]);
    world.edit::<EcsCluster>("prod", json!({"spec": {"capacityProviders": ["FARGATE"], "settings": settings}})).await;
    operator.rest().await;
    let status = world.status::<EcsCluster>("prod").await;
    assert_eq!(status.capacity_providers, ["FARGATE"]);
    // The third refusal is final, for creations.
    let refused = ["CreateCluster"; 3];
    assert_eq!(writes(&world), [&refused[..], &["UpdateClusterSettings", "PutClusterCapacityProviders"]].concat());
}

/// ECS shows a cluster that was deleted as `INACTIVE`: one of which it suddenly knows nothing is more likely there.
#[tokio::test(start_paused = true)]
async fn a_cluster_that_ecs_denies_for_a_while_is_deleted_and_not_forgotten() {
    let world = World::ready(93).await;
    let mut operator = world.operator();
    world.apply::<EcsCluster>(&cluster("prod")).await;
    operator.rest().await;
    world.delete::<EcsCluster>("prod").await;
    world.aws.set_plan(Some(denied(5)));
    operator.rest().await;
    assert!(world.get::<EcsCluster>("prod").await.is_none());
    let left = world.cli().describe_clusters().clusters("prod").send().await.unwrap();
    assert!(left.clusters().iter().all(|cluster| cluster.status() == Some("INACTIVE")), "{left:?}");
}

/// ECS stops a running task rather than one that starts: three of three are soon two.
#[tokio::test(start_paused = true)]
async fn a_count_taken_back_while_a_task_starts_is_not_ready_before_it_is_settled() {
    let (world, mut operator) = shop(90, &json!({"desiredCount": 3})).await;
    world.edit::<EcsService>("web", json!({"spec": {"desiredCount": 4}})).await;
    while writes(&world).is_empty() {
        operator.next().await;
    }
    world.edit::<EcsService>("web", json!({"spec": {"desiredCount": 3}})).await;
    loop {
        operator.next().await;
        let status = world.status::<EcsService>("web").await;
        let live = world.cli().describe_services().cluster("prod").services("web").send().await.unwrap();
        let live = &live.services()[0];
        if ready(&world).await.starts_with("True") && status.observed_generation == Some(3) {
            assert_eq!((live.running_count, live.pending_count), (3, 0));
            break;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_cannot_be_looked_at_is_not_ready_once_its_task_definition_has_a_new_revision() {
    let (world, mut operator) = shop(91, &json!({})).await;
    world.aws.set_plan(Some(Box::new(|_, operation| match operation {
        "DescribeServices" => Fault::Refuse(500, "ServerException", "Service Unavailable."),
        _ => Fault::Pass,
    })));
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:2")).await;
    operator.settle(Duration::from_secs(10), MINUTE).await;
    let said = ready(&world).await;
    assert!(said.starts_with("False ProgressingWithRetry") && said.contains("DescribeServices"), "{said}");
    assert!(!stands(&world, ConditionType::Synced).await);
    world.aws.set_plan(None);
    operator.settle(10 * MINUTE, 20 * MINUTE).await;
    assert!(ready(&world).await.starts_with("True") && ready(&world).await.contains("web:2"));
}

#[tokio::test(start_paused = true)]
async fn a_denied_call_is_stalled_after_a_while_and_heals_by_itself() {
    let world = World::ready(83).await;
    let mut operator = world.operator();
    world.aws.set_plan(Some(Box::new(|_, operation| match operation {
        "CreateService" => {
            Fault::Refuse(400, "AccessDeniedException", "User: x is not authorized to perform: ecs:CreateService")
        }
        _ => Fault::Pass,
    })));
    world.apply::<EcsCluster>(&cluster("prod")).await;
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:1")).await;
    world.apply::<EcsService>(&service("web", "prod", "web")).await;
    operator.settle(2 * MINUTE, MINUTE).await;
    let said = ready(&world).await;
    assert!(said.starts_with("False ProgressingWithRetry") && said.contains("ecs:CreateService"), "{said}");
    operator.settle(2 * MINUTE, 3 * MINUTE).await;
    assert!(ready(&world).await.starts_with("False AccessDenied"), "{}", ready(&world).await);
    assert!(stands(&world, ConditionType::Stalled).await);
    assert_eq!(told(&world, "AccessDenied"), 1);
    world.aws.set_plan(None);
    operator.settle(10 * MINUTE, 20 * MINUTE).await;
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
}

async fn version(world: &World) -> Option<String> {
    world.get::<EcsService>("web").await.unwrap().metadata.resource_version
}

#[tokio::test(start_paused = true)]
async fn a_ready_service_stays_ready_through_a_short_outage() {
    let (world, mut operator) = shop(84, &json!({})).await;
    let before = version(&world).await;
    world.aws.set_plan(Some(Box::new(|_, _| Fault::Refuse(500, "ServerException", "Service Unavailable."))));
    operator.sweep().await;
    operator.settle(Duration::from_secs(10), MINUTE).await;
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
    assert_eq!(version(&world).await, before, "nothing new is known, so nothing is written");
    operator.settle(10 * MINUTE, 20 * MINUTE).await;
    assert!(ready(&world).await.starts_with("False ProgressingWithRetry"), "{}", ready(&world).await);
    world.aws.set_plan(None);
    operator.settle(10 * MINUTE, 20 * MINUTE).await;
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
}

/// Refuses the first few calls of an operation for a passing reason.
fn refuse_at_first(world: &World, refused: &'static str) {
    let mut left = 3;
    world.aws.set_plan(Some(Box::new(move |_, operation| {
        if operation == refused && left > 0 {
            left -= 1;
            return Fault::Refuse(500, "ServerException", "Service Unavailable.");
        }
        Fault::Pass
    })));
}

#[tokio::test(start_paused = true)]
async fn an_edit_that_fails_at_first_is_made_in_the_end() {
    for policy in ["Correct", "Warn"] {
        let (world, mut operator) = shop(85, &json!({"driftPolicy": policy})).await;
        refuse_at_first(&world, "UpdateService");
        world.edit::<EcsService>("web", json!({"spec": {"desiredCount": 4}})).await;
        operator.rest().await;
        let status = world.status::<EcsService>("web").await;
        assert_eq!(status.desired_count, Some(4), "{policy}: {}", ready(&world).await);
        assert!(ready(&world).await.starts_with("True"), "{policy}: {}", ready(&world).await);
        assert!(!stands(&world, ConditionType::Drifted).await, "{policy}");
        // A new process knows nothing of the failures, only what the status tells.
        refuse_at_first(&world, "UpdateService");
        world.edit::<EcsService>("web", json!({"spec": {"desiredCount": 5}})).await;
        operator.sweep().await;
        world.operator().rest().await;
        let status = world.status::<EcsService>("web").await;
        assert_eq!(status.desired_count, Some(5), "{policy}: {}", ready(&world).await);
    }
}

#[tokio::test(start_paused = true)]
pub(crate) async fn an_edit_of_a_cluster_that_has_to_wait_is_made_in_the_end() {
    for policy in ["Correct", "Warn"] {
        let (world, mut operator) = shop(87, &json!({})).await;
        world.edit::<EcsCluster>("prod", json!({"spec": {"driftPolicy": policy}})).await;
        operator.rest().await;
        world.edit::<EcsCluster>("prod", json!({"spec": {"capacityProviders": ["FARGATE"]}})).await;
        operator.sweep().await;
        let both = json!({"spec": {"capacityProviders": ["FARGATE_SPOT", "FARGATE"]}});
        world.edit::<EcsCluster>("prod", both).await;
        operator.sweep().await;
        let waits = line(&world.status::<EcsCluster>("prod").await.conditions, ConditionType::Ready);
        assert!(waits.contains("still attaching"), "{policy}: {waits}");
        operator.rest().await;
        let clusters = world.cli().describe_clusters().clusters("prod").send().await.unwrap().clusters.unwrap();
        let mut providers = clusters[0].capacity_providers().to_vec();
        providers.sort();
        assert_eq!(providers, ["FARGATE", "FARGATE_SPOT"], "{policy}");
    }
}

/// Everything that is stored, its specs and what people themselves wrote aside.
fn stored(world: &World) -> String {
    let mut all = String::new();
    for resource in [
        "ecsclusters.ecs-operator.dev",
        "ecstaskdefinitions.ecs-operator.dev",
        "ecsservices.ecs-operator.dev",
        "events.events.k8s.io",
    ] {
        for mut object in world.api.with(|api| api.all(resource)) {
            object.as_object_mut().unwrap().remove("spec");
            all.push_str(&object.to_string());
        }
    }
    all
}

#[tokio::test(start_paused = true)]
async fn a_secret_in_the_environment_of_a_container_is_told_nowhere() {
    const CANARY: &str = "canary-5f2b";
    let secret = |image: &str, value: String, more: Value| {
        let mut manifest = with(web("web", image), &more);
        manifest["spec"]["containerDefinitions"][0]["environment"] = json!([{"name": "PASSWORD", "value": value}]);
        manifest
    };
    let world = World::ready(86).await;
    let mut operator = world.operator();
    world.apply::<EcsCluster>(&cluster("prod")).await;
    world.apply::<EcsService>(&service("web", "prod", "web")).await;
    // Planned, registered, changed, refused by ECS with the value in its words, refused by our own rules, rolled back.
    let plan = json!({"managementMode": "Plan"});
    world.apply::<EcsTaskDefinition>(&secret("nginx:1", format!("{CANARY}-1"), plan)).await;
    operator.rest().await;
    assert!(!stored(&world).contains(CANARY), "planned");
    world.apply::<EcsTaskDefinition>(&secret("nginx:1", format!("{CANARY}-2"), json!({}))).await;
    operator.rest().await;
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
    world.aws.sim(|sim| sim.set_image("nginx:missing", ecs_sim::fixtures::ImageFate::Missing));
    world.apply::<EcsTaskDefinition>(&secret("nginx:missing", format!("{CANARY}-3"), json!({}))).await;
    operator.rest().await;
    assert!(ready(&world).await.starts_with("False DeploymentRolledBack"), "{}", ready(&world).await);
    world.aws.set_plan(Some(Box::new(|_, operation| match operation {
        "RegisterTaskDefinition" => {
            Fault::Refuse(400, "ClientException", "Invalid environment value: 'canary-5f2b-4' is too odd.")
        }
        _ => Fault::Pass,
    })));
    world.apply::<EcsTaskDefinition>(&secret("nginx:1", format!("{CANARY}-4"), json!({}))).await;
    operator.rest().await;
    let refused = line(&world.status::<EcsTaskDefinition>("web").await.conditions, ConditionType::Ready);
    assert!(refused.contains("Invalid environment value: '(value of PASSWORD)' is too odd."), "{refused}");
    assert!(!stored(&world).contains(CANARY), "refused by ECS");
    world.aws.set_plan(None);
    let bad = json!({"cpu": "300"});
    world.apply::<EcsTaskDefinition>(&secret("nginx:1", format!("{CANARY}-5"), bad)).await;
    operator.rest().await;
    let text = stored(&world);
    assert!(text.contains("web:2") && text.contains("RolledBack"), "the search looks at the right place");
    assert!(!text.contains(CANARY));
}
