//! Crash anywhere in a rollout: each story is told once without a fault, then once for every call to AWS, every write to
//! Kubernetes and every way in which that can go wrong. Traffic is served throughout, and each telling ends the same.

use std::sync::OnceLock;
use std::time::Duration;

use ecs_operator::api::ServerGroup;
use ecs_operator::api::condition::{ConditionType, find};
use ecs_sim::cloudwatch::Series;
use ecs_sim::elbv2::control::Balanced;
use ecs_sim::fixtures::TargetState;
use ecs_sim::kube::Call;
use serde_json::{Value, json};

use super::{balancer, children, status, weighted, worlds};
use crate::support::manifests::errors;
use crate::support::mishap::{Place, Telling, Trace, run};
use crate::support::wire::{AwsWire, Sent};
use crate::support::world::{Snapshot, World, key};

/// Tasks of a version at full size.
const TASKS: i64 = 2;

/// What a person asks for, and what is there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Story {
    /// A first version, where there is nothing.
    Deploy,
    /// A second version in place of the first.
    RedBlack,
    /// A second version whose metrics turn bad when it has half of the traffic.
    Canary,
    /// The end of a group of two versions, of which one serves.
    Deletion,
}

/// Where a story begins.
struct Beginning {
    worlds: Snapshot,
    balanced: Balanced,
}

impl Story {
    fn beginning(self) -> &'static Beginning {
        static EMPTY: OnceLock<Beginning> = OnceLock::new();
        static ONE: OnceLock<Beginning> = OnceLock::new();
        static TWO: OnceLock<Beginning> = OnceLock::new();
        match self {
            Self::Deploy => EMPTY.get_or_init(|| {
                run(async {
                    let (world, _) = worlds(7).await;
                    let balanced = balancer(&world);
                    Beginning { worlds: world.snapshot(), balanced }
                })
            }),
            Self::RedBlack | Self::Canary => ONE.get_or_init(|| Self::Deploy.end()),
            Self::Deletion => TWO.get_or_init(|| Self::RedBlack.end()),
        }
    }

    /// What the next story begins with.
    fn end(self) -> Beginning {
        let beginning = self.beginning();
        run(async {
            let mut telling = Telling::new(World::from(&beginning.worlds), Place::Nowhere);
            self.ask(&telling.world, &beginning.balanced).await;
            telling.rest().await;
            Beginning { worlds: telling.world.snapshot(), balanced: beginning.balanced.clone() }
        })
    }

    async fn ask(self, world: &World, balanced: &Balanced) {
        let manifest = |image: &str, strategy: Value| {
            let quick =
                json!({"gate": {"minHealthySeconds": 2}, "traffic": {"settleSeconds": 4}, "strategy": strategy});
            weighted(image, balanced, &quick)
        };
        match self {
            Self::Deploy => world.apply::<ServerGroup>(&manifest("nginx:1", json!({"redBlack": {}}))).await,
            Self::RedBlack => world.apply::<ServerGroup>(&manifest("nginx:2", json!({"redBlack": {}}))).await,
            Self::Canary => {
                let points = (-6..60).map(|at| (at * 10, if at < 4 { 1.0 } else { 9.0 })).collect();
                let dimensions = [("ServiceName", "shop-prod-v001")];
                world.aws.sim(|sim| sim.set_series(&key(), "Shop", "Errors", &dimensions, Series::Points(points)));
                world.apply::<ServerGroup>(&manifest("nginx:2", canary())).await
            }
            Self::Deletion => return world.delete::<ServerGroup>("shop-prod").await,
        };
    }

    /// The telling without a fault.
    fn told(self) -> &'static Ending {
        static TOLD: [OnceLock<Ending>; 4] = [const { OnceLock::new() }; 4];
        TOLD[self as usize].get_or_init(|| run(tell(self, self.beginning(), Place::Nowhere)))
    }
}

fn canary() -> Value {
    let analysis = json!({"intervalSeconds": 10, "count": 20, "metrics": [errors(10)]});
    json!({"canary": {"steps": [{"setWeight": 50}, {"analysis": analysis}]}})
}

/// How a telling ended.
struct Ending {
    /// In words that two tellings must share.
    state: String,
    /// Revisions that ECS still has.
    revisions: usize,
    /// Calls that took effect, of which another one would be one too many.
    effects: [usize; 3],
    /// All calls.
    trace: Trace,
}

async fn tell(story: Story, beginning: &Beginning, place: Place) -> Ending {
    let balanced = &beginning.balanced;
    let mut telling = Telling::new(World::from(&beginning.worlds), place);
    story.ask(&telling.world, balanced).await;
    let aws = telling.world.aws.of_a_person();
    tokio::select! {
        biased;
        () = telling.rest() => {}
        () = watch(story, &aws, balanced) => {}
    }
    assert!(place == Place::Nowhere || telling.fired(), "{story:?} {place:?} was never reached");
    if story != Story::Deletion {
        served(story, &telling.world, beginning);
    }
    let trace = telling.trace();
    let sent = telling.world.aws.take_sent();
    let took = |name: &str| sent.iter().filter(|call| call.operation == name && call.status == Some(200)).count();
    let effects = [took("CreateService"), took("RegisterTaskDefinition"), took("ModifyRule")];
    let state = state(&telling.world, balanced).await;
    telling.world.api.take_log();
    // A cluster counts its tasks when it is visited.
    let counts = |call: &Call| call.path.ends_with("/ecsclusters/prod/status");
    for tolerated in [true, false, false] {
        telling.sweep(1).await;
        let more: Vec<Sent> = telling.world.aws.take_sent().into_iter().filter(Sent::is_write).collect();
        assert!(more.is_empty(), "{story:?} {place:?} goes on: {more:?}\n{state}");
        let log = telling.world.api.take_log();
        let more: Vec<_> = log.iter().filter(|call| call.is_write() && !(tolerated && counts(call))).collect();
        assert!(more.is_empty(), "{story:?} {place:?} goes on: {more:?}\n{state}");
    }
    let left = telling.world.cli().list_task_definitions().send().await.unwrap();
    Ending { state, revisions: left.task_definition_arns().len(), effects, trace }
}

/// Once there are enough healthy targets, there always are.
async fn watch(story: Story, aws: &AwsWire, balanced: &Balanced) {
    let mut enough = false;
    loop {
        let healthy = aws.sim(|sim| {
            let targets = balanced.groups.iter().flat_map(|group| sim.targets(&key(), group)).collect::<Vec<_>>();
            targets.iter().filter(|(_, _, state)| *state == TargetState::Healthy).count()
        });
        let healthy = i64::try_from(healthy).unwrap();
        enough |= healthy >= TASKS;
        assert!(!enough || healthy >= TASKS || story == Story::Deletion, "{story:?}: only {healthy} healthy targets");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

/// No weight was given to a target group that could not carry it.
fn served(story: Story, world: &World, beginning: &Beginning) {
    let (rule, began) = (&beginning.balanced.rule, beginning.worlds.at.as_millisecond());
    let gaps = world.aws.sim(|sim| sim.unserved(&key()));
    let later = |gap: &&ecs_sim::elbv2::Unserved| gap.until.is_none_or(|until| until > began);
    let expected = usize::from(story == Story::Deploy);
    assert_eq!(gaps.iter().filter(later).count(), expected, "{story:?}: {gaps:?}");
    assert!(gaps.iter().all(|gap| gap.until.is_some()), "{story:?}: {gaps:?}");
    for change in world.aws.sim(|sim| sim.weight_log(&key(), rule)) {
        for (group, weight) in change.weights.iter().filter(|_| change.at > began) {
            let need = (weight * TASKS + 99) / 100;
            assert!(change.healthy[group] >= need, "{story:?}: {change:?}");
        }
    }
}

/// What is left at the end, in words that two tellings must share.
async fn state(world: &World, balanced: &Balanced) -> String {
    let group = status(world).await;
    let mut lines = Vec::new();
    let ready = find(&group.conditions, ConditionType::Ready);
    lines.push(format!(
        "Ready {:?}, current {:?}, last {:?}, {:?}, {:?}, rollout {}",
        ready.map(|ready| (&ready.status, &ready.reason)),
        group.current_version,
        group.last_sequence,
        group.ready,
        group.traffic,
        group.rollout.is_some()
    ));
    for version in &group.versions {
        lines.push(format!(
            "{} {:?} {:?} slot {:?} weight {:?} capacity {} running {} warm {} remembers {:?} failed {:?}",
            version.name,
            version.state,
            version.role,
            version.slot,
            version.weight,
            version.capacity,
            version.running,
            version.warm,
            version.remembered.as_ref().map(|memory| (memory.min, memory.desired, memory.max)),
            version.failure.as_ref().map(|failure| &failure.reason),
        ));
    }
    lines.push(format!("held {:?}", group.hold.map(|hold| (hold.version, hold.reason))));
    lines.extend(group.history.iter().map(|entry| format!("once {} {}", entry.version, entry.result)));
    lines.push(format!("{:?}", children(world).await));
    let weights = world.aws.sim(|sim| sim.weights(&key(), &balanced.rule));
    lines.push(format!("weights {:?}", balanced.groups.iter().map(|group| weights[group]).collect::<Vec<_>>()));
    let names = (0..5).map(|number| format!("shop-prod-v{number:03}")).collect();
    let found = world.cli().describe_services().cluster("prod").set_services(Some(names)).send().await.unwrap();
    let mut services: Vec<String> = found
        .services()
        .iter()
        .map(|service| {
            let counts = format!("{}/{}", service.running_count, service.desired_count);
            format!("{:?} {:?} {counts}", service.service_name, service.status)
        })
        .collect();
    services.sort();
    lines.extend(services);
    lines.join("\n")
}

async fn same_end(story: Story, told: &Ending, place: Place) {
    let ending = tell(story, story.beginning(), place).await;
    assert_eq!(ending.state, told.state, "{story:?} {place:?}");
    let [services, revisions, shifts] = ending.effects;
    assert!(services <= told.effects[0], "{story:?} {place:?}: {services} services were created");
    assert!(shifts <= told.effects[2], "{story:?} {place:?}: weights were written {shifts} times");
    // An answer that is lost leaves a revision that nobody knows of; it goes with the others.
    let most = told.effects[1] + 1;
    assert!(revisions <= most, "{story:?} {place:?}: {revisions} revisions were registered");
    assert!(ending.revisions <= told.revisions + 1, "{story:?} {place:?}: {} revisions are left", ending.revisions);
    assert!(
        told.revisions > 0 || ending.revisions == 0,
        "{story:?} {place:?}: {} revisions are left",
        ending.revisions
    );
}

/// Tells a story once for each thing that can go wrong.
fn survives(story: Story, in_aws: bool) {
    let told = story.told();
    let places = if in_aws { told.trace.crashes_in_aws() } else { told.trace.crashes_in_kube() };
    assert!(places.len() > 20, "{story:?}: only {} places", places.len());
    for place in places {
        run(same_end(story, told, place));
    }
}

#[test]
fn without_a_fault_the_stories_end_as_they_should() {
    let ends = |story: Story, parts: &[&str]| {
        let state = &story.told().state;
        assert!(parts.iter().all(|part| state.contains(part)), "{story:?}: {state}");
    };
    ends(Story::Deploy, &["\"True\", \"Succeeded\"", "weights [100, 0]", "v000 Active \"Current\""]);
    ends(Story::RedBlack, &["\"True\", \"Succeeded\"", "weights [0, 100]", "v001 Active", "v000 Disabled"]);
    ends(Story::Canary, &["\"DeploymentRolledBack\"", "weights [100, 0]", "v001 Failed", "held Some"]);
    ends(Story::Deletion, &["Ready None", "[]\n"]);
    assert_eq!(Story::Canary.told().effects, [1, 1, 2], "half of the traffic, and back");
    assert_eq!(Story::Deletion.told().revisions, 0);
}

#[test]
fn a_deployment_survives_whatever_call_to_aws_goes_wrong() {
    survives(Story::Deploy, true);
}

#[test]
fn a_deployment_survives_whatever_write_to_kubernetes_goes_wrong() {
    survives(Story::Deploy, false);
}

#[test]
fn a_rollout_survives_whatever_call_to_aws_goes_wrong() {
    survives(Story::RedBlack, true);
}

#[test]
fn a_rollout_survives_whatever_write_to_kubernetes_goes_wrong() {
    survives(Story::RedBlack, false);
}

#[test]
fn a_canary_that_goes_back_survives_whatever_call_to_aws_goes_wrong() {
    survives(Story::Canary, true);
}

#[test]
fn a_canary_that_goes_back_survives_whatever_write_to_kubernetes_goes_wrong() {
    survives(Story::Canary, false);
}

#[test]
fn a_deletion_survives_whatever_goes_wrong() {
    survives(Story::Deletion, true);
    survives(Story::Deletion, false);
}
