//! Crash anywhere: one story of the three kinds, told once without a fault, then once for every call to AWS and every
//! write to Kubernetes and every way in which that call can go wrong. Each telling must end in the same place.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ecs_operator::api::condition::{ConditionType, find};
use ecs_operator::api::{EcsCluster, EcsService, EcsTaskDefinition};
use ecs_sim::fixtures::ImageFate;
use serde_json::json;
use tokio::sync::Notify;

use crate::support::driver::Operator;
use crate::support::manifests::{cluster, service, web};
use crate::support::wire::{Fault, Sent};
use crate::support::world::World;

/// What happens to the n-th call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mishap {
    /// The process dies before the call is sent.
    CrashBefore,
    /// The process dies after the call took effect, before its answer is seen.
    CrashAfter,
    /// The connection breaks before the call arrives.
    Reset,
    /// The call takes effect and the connection breaks.
    Lost,
    /// ECS asks to slow down.
    Throttled,
    /// ECS breaks.
    ServerError,
}

/// Where it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Nowhere,
    Aws(usize, Mishap),
    Kube(usize, Mishap),
}

/// A telling of the story.
struct Telling {
    world: World,
    operator: Option<Operator>,
    died: Arc<Notify>,
    fired: Arc<Mutex<bool>>,
}

impl Telling {
    async fn new(place: Place) -> Self {
        let world = World::ready(7).await;
        let died = Arc::new(Notify::new());
        let fired = Arc::new(Mutex::new(false));
        if let Place::Aws(at, mishap) = place {
            let (died, fired) = (died.clone(), fired.clone());
            world.aws.set_plan(Some(Box::new(move |number, _| {
                if number != at || std::mem::replace(&mut *fired.lock().unwrap(), true) {
                    return Fault::Pass;
                }
                match mishap {
                    Mishap::CrashBefore => {
                        died.notify_one();
                        Fault::Hang
                    }
                    Mishap::CrashAfter => {
                        died.notify_one();
                        Fault::LostHang
                    }
                    Mishap::Reset => Fault::Before,
                    Mishap::Lost => Fault::Lost,
                    Mishap::Throttled => Fault::Refuse(400, "ThrottlingException", "Rate exceeded"),
                    Mishap::ServerError => Fault::Refuse(500, "ServerException", "Service Unavailable."),
                }
            })));
        }
        if let Place::Kube(at, mishap) = place {
            let (died, fired, mut number) = (died.clone(), fired.clone(), 0);
            world.api.set_fault_hook(Some(Box::new(move |call| {
                if !ours(call) {
                    return ecs_sim::kube::Fault::Pass;
                }
                number += 1;
                if number - 1 != at || std::mem::replace(&mut *fired.lock().unwrap(), true) {
                    return ecs_sim::kube::Fault::Pass;
                }
                match mishap {
                    Mishap::CrashBefore => {
                        died.notify_one();
                        ecs_sim::kube::Fault::Hang
                    }
                    Mishap::CrashAfter => {
                        died.notify_one();
                        ecs_sim::kube::Fault::ApplyThenHang
                    }
                    Mishap::Reset => ecs_sim::kube::Fault::Before,
                    Mishap::Lost => ecs_sim::kube::Fault::ApplyThenReset,
                    Mishap::Throttled => ecs_sim::kube::Fault::Status(409, "Conflict"),
                    Mishap::ServerError => ecs_sim::kube::Fault::Status(500, "InternalError"),
                }
            })));
        }
        let operator = Some(world.operator());
        Self { world, operator, died, fired }
    }

    /// Runs the operator until nothing is due; a process that dies is started again with empty memory.
    async fn rest(&mut self) {
        loop {
            let mut operator = self.operator.take().unwrap_or_else(|| self.world.operator());
            let quiet = Duration::from_secs(120);
            tokio::select! {
                biased;
                () = self.died.notified() => {}
                _ = operator.settle(quiet, Duration::from_secs(3600)) => {
                    self.operator = Some(operator);
                    return;
                }
            }
        }
    }

    /// What is left at the end of a chapter, in words that two tellings must share.
    async fn state(&self) -> String {
        let ready = |conditions: &[k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition]| {
            find(conditions, ConditionType::Ready)
                .map_or_else(|| "-".to_owned(), |c| format!("{} {}", c.status, c.reason))
        };
        let service = self.world.status::<EcsService>("web").await;
        let definition = self.world.status::<EcsTaskDefinition>("web").await;
        let live = self.world.cli().describe_services().cluster("prod").services("web").send().await;
        let live = live.ok().and_then(|answer| answer.services.and_then(|all| all.into_iter().next()));
        let image = match live.as_ref().and_then(|live| live.task_definition.clone()) {
            Some(arn) => {
                let answer = self.world.cli().describe_task_definition().task_definition(arn).send().await.unwrap();
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
}

/// The story; gives the state after each chapter, and what was changed in AWS, by operation.
async fn tell(telling: &mut Telling) -> Vec<String> {
    let mut states = Vec::new();
    telling.world.apply::<EcsService>(&service("web", "prod", "web")).await;
    telling.world.apply::<EcsTaskDefinition>(&web("web", "nginx:1")).await;
    telling.world.apply::<EcsCluster>(&cluster("prod")).await;
    telling.rest().await;
    states.push(telling.state().await);
    telling.world.apply::<EcsTaskDefinition>(&web("web", "nginx:2")).await;
    telling.rest().await;
    states.push(telling.state().await);
    telling.world.edit::<EcsService>("web", json!({"spec": {"desiredCount": 3}})).await;
    telling.world.annotate::<EcsService>("web", "restarted-at", "once").await;
    telling.rest().await;
    states.push(telling.state().await);
    telling.world.aws.sim(|sim| sim.set_image("nginx:missing", ImageFate::Missing));
    telling.world.apply::<EcsTaskDefinition>(&web("web", "nginx:missing")).await;
    telling.rest().await;
    states.push(telling.state().await);
    telling.world.apply::<EcsTaskDefinition>(&web("web", "nginx:2")).await;
    telling.rest().await;
    states.push(telling.state().await);
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
    states.push(format!("{gone:?} {:?} {}", left.task_definition_arns(), telling.state().await));
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
    let mut telling = Telling::new(place).await;
    let states = tell(&mut telling).await;
    assert!(*telling.fired.lock().unwrap(), "{place:?} was never reached");
    assert_eq!(states, told.states, "{place:?}");
    let (services, registered, forced) = effects(&telling.world);
    assert!(services <= told.effects.0, "{place:?}: {services} services were created");
    assert!(registered <= told.effects.1 + 1, "{place:?}: {registered} revisions were registered");
    assert!(forced <= told.effects.2, "{place:?}: {forced} deployments were forced");
}

fn run(future: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(future);
}

/// The telling without a fault.
struct Told {
    /// The state after each chapter.
    states: Vec<String>,
    /// Creations, registrations and forced deployments.
    effects: (usize, usize, usize),
    /// Every call to AWS: is it a write?
    calls: Vec<bool>,
    /// Every write to Kubernetes: is it an event?
    writes: Vec<bool>,
}

fn fault_free() -> Told {
    let mut found = None;
    run(async {
        let mut telling = Telling::new(Place::Nowhere).await;
        let states = tell(&mut telling).await;
        assert!(states[0].contains("True Succeeded"), "{states:#?}");
        assert!(states[1].contains("nginx:2"), "{states:#?}");
        assert!(states[2].contains("desired Some(3)"), "{states:#?}");
        assert!(states[3].contains("DeploymentRolledBack"), "{states:#?}");
        assert!(states[4].contains("True Succeeded"), "{states:#?}");
        assert!(states[5].starts_with("[true, true, true] []"), "{states:#?}");
        let log = telling.world.api.log();
        found = Some(Told {
            states,
            effects: effects(&telling.world),
            calls: telling.world.aws.sent().iter().map(Sent::is_write).collect(),
            writes: log.iter().filter(|call| ours(call)).map(|call| call.path.contains("/events")).collect(),
        });
    });
    found.unwrap()
}

/// Is it a write of the operator's? People's own calls are not disturbed.
fn ours(call: &ecs_sim::kube::Call) -> bool {
    call.is_write()
        && (call.query.contains("ecs-operator")
            || call.path.contains("/events")
            || call.content_type.contains("json-patch"))
}

/// What can go wrong with a call. A read that is lost is a read that never was.
fn mishaps(write: bool) -> &'static [Mishap] {
    if write {
        &[Mishap::CrashBefore, Mishap::CrashAfter, Mishap::Reset, Mishap::Lost, Mishap::Throttled, Mishap::ServerError]
    } else {
        &[Mishap::CrashBefore, Mishap::Reset, Mishap::Throttled]
    }
}

#[test]
fn the_story_ends_the_same_whatever_call_to_aws_goes_wrong() {
    let told = fault_free();
    for (at, write) in told.calls.iter().enumerate() {
        for mishap in mishaps(*write) {
            run(same_end(Place::Aws(at, *mishap), &told));
        }
    }
}

#[test]
fn the_story_ends_the_same_whatever_write_to_kubernetes_goes_wrong() {
    let told = fault_free();
    for (at, event) in told.writes.iter().enumerate() {
        for mishap in mishaps(!*event) {
            run(same_end(Place::Kube(at, *mishap), &told));
        }
    }
}
