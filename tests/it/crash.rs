//! Crash anywhere: one story of the three kinds, told once without a fault, then once for every call to AWS and every
//! write to Kubernetes and every way in which that call can go wrong. Each telling must end in the same place.

use ecs_operator::api::condition::{ConditionType, find};
use ecs_operator::api::{EcsCluster, EcsService, EcsTaskDefinition};
use ecs_sim::fixtures::ImageFate;
use serde_json::json;

use crate::support::manifests::{cluster, service, web};
use crate::support::mishap::{Place, Telling, Trace, run};
use crate::support::world::World;

/// What is left at the end of a chapter, in words that two tellings must share.
async fn state(world: &World) -> String {
    let ready = |conditions: &[k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition]| {
        find(conditions, ConditionType::Ready).map_or_else(|| "-".to_owned(), |c| format!("{} {}", c.status, c.reason))
    };
    let service = world.status::<EcsService>("web").await;
    let definition = world.status::<EcsTaskDefinition>("web").await;
    let live = world.cli().describe_services().cluster("prod").services("web").send().await;
    let live = live.ok().and_then(|answer| answer.services.and_then(|all| all.into_iter().next()));
    let image = match live.as_ref().and_then(|live| live.task_definition.clone()) {
        Some(arn) => {
            let answer = world.cli().describe_task_definition().task_definition(arn).send().await.unwrap();
            answer.task_definition.unwrap().container_definitions.unwrap()[0].image.clone().unwrap_or_default()
        }
        None => "-".to_owned(),
    };
    format!(
        "service [{}] {:?} desired {:?} running {:?} image {image}; definition [{}]",
        ready(&service.conditions),
        live.as_ref().and_then(|live| live.status.clone()),
        live.as_ref().map(|live| live.desired_count),
        live.as_ref().map(|live| live.running_count),
        ready(&definition.conditions),
    )
}

/// The story; gives the state after each chapter, and what was changed in AWS, by operation.
async fn tell(telling: &mut Telling) -> Vec<String> {
    let mut states = Vec::new();
    telling.world.apply::<EcsService>(&service("web", "prod", "web")).await;
    telling.world.apply::<EcsTaskDefinition>(&web("web", "nginx:1")).await;
    telling.world.apply::<EcsCluster>(&cluster("prod")).await;
    telling.rest().await;
    states.push(state(&telling.world).await);
    telling.world.apply::<EcsTaskDefinition>(&web("web", "nginx:2")).await;
    telling.rest().await;
    states.push(state(&telling.world).await);
    telling.world.edit::<EcsService>("web", json!({"spec": {"desiredCount": 3}})).await;
    telling.world.annotate::<EcsService>("web", "restarted-at", "once").await;
    telling.rest().await;
    states.push(state(&telling.world).await);
    telling.world.aws.sim(|sim| sim.set_image("nginx:missing", ImageFate::Missing));
    telling.world.apply::<EcsTaskDefinition>(&web("web", "nginx:missing")).await;
    telling.rest().await;
    states.push(state(&telling.world).await);
    telling.world.apply::<EcsTaskDefinition>(&web("web", "nginx:2")).await;
    telling.rest().await;
    states.push(state(&telling.world).await);
    telling.world.delete::<EcsCluster>("prod").await;
    telling.world.delete::<EcsService>("web").await;
    telling.world.delete::<EcsTaskDefinition>("web").await;
    telling.rest().await;
    let left = telling.world.cli().list_task_definitions().send().await.unwrap();
    let gone = [
        telling.world.get::<EcsService>("web").await.is_none(),
        telling.world.get::<EcsTaskDefinition>("web").await.is_none(),
        telling.world.get::<EcsCluster>("prod").await.is_none(),
    ];
    states.push(format!("{gone:?} {:?} {}", left.task_definition_arns(), state(&telling.world).await));
    states
}

/// Calls that changed something, of which a second one would be an effect too many.
fn effects(world: &World) -> (usize, usize, usize) {
    let sent = world.aws.sent();
    let took =
        |operation: &str| sent.iter().filter(|call| call.operation == operation && call.status == Some(200)).count();
    let forced =
        sent.iter().filter(|call| call.body["forceNewDeployment"] == json!(true) && call.status == Some(200)).count();
    (took("CreateService"), took("RegisterTaskDefinition"), forced)
}

async fn same_end(place: Place, told: &Told) {
    let mut telling = Telling::new(World::ready(7).await, place);
    let states = tell(&mut telling).await;
    assert!(telling.fired(), "{place:?} was never reached");
    assert_eq!(states, told.states, "{place:?}");
    let (services, registered, forced) = effects(&telling.world);
    assert!(services <= told.effects.0, "{place:?}: {services} services were created");
    assert!(registered <= told.effects.1 + 1, "{place:?}: {registered} revisions were registered");
    assert!(forced <= told.effects.2, "{place:?}: {forced} deployments were forced");
}

/// The telling without a fault.
struct Told {
    /// The state after each chapter.
    states: Vec<String>,
    /// Creations, registrations and forced deployments.
    effects: (usize, usize, usize),
    /// Its calls.
    trace: Trace,
}

fn fault_free() -> Told {
    run(async {
        let mut telling = Telling::new(World::ready(7).await, Place::Nowhere);
        let states = tell(&mut telling).await;
        assert!(states[0].contains("True Succeeded"), "{states:#?}");
        assert!(states[1].contains("nginx:2"), "{states:#?}");
        assert!(states[2].contains("desired Some(3)"), "{states:#?}");
        assert!(states[3].contains("DeploymentRolledBack"), "{states:#?}");
        assert!(states[4].contains("True Succeeded"), "{states:#?}");
        assert!(states[5].starts_with("[true, true, true] []"), "{states:#?}");
        Told { states, effects: effects(&telling.world), trace: telling.trace() }
    })
}

#[test]
fn the_story_ends_the_same_whatever_call_to_aws_goes_wrong() {
    let told = fault_free();
    for place in told.trace.aws() {
        run(same_end(place, &told));
    }
}

#[test]
fn the_story_ends_the_same_whatever_write_to_kubernetes_goes_wrong() {
    let told = fault_free();
    for place in told.trace.kube() {
        run(same_end(place, &told));
    }
}
