//! What goes wrong beside single calls: how it begins, and how it ends.

use std::time::Duration;

use ecs_sim::fixtures::ImageFate;
use ecs_sim::lag::Profile;
use serde_json::json;

use crate::dice::Dice;
use crate::facts;
use crate::faults::{Armed, Damage, Wire};
use crate::plan::{Disturbance, Outside, Trouble};
use crate::process::Process;
use crate::seen::What;
use crate::stage::{Stage, server};
use crate::support::driver::Key;
use crate::support::world::{NAMESPACE, World, key};

/// Images of the stories.
const IMAGES: [&str; 4] = ["nginx:1", "nginx:2", "nginx:3", "nginx:5"];

/// Begins or ends a disturbance, if this is its slot.
pub async fn go(stage: &mut Stage<'_>, what: &Disturbance, slot: usize, from: usize) {
    let ends = |long: usize| slot == from + long.max(1);
    if slot == from {
        stage.tap.word(format!("begins: {what}"));
        Box::pin(begin(stage, what)).await;
        return;
    }
    match what {
        Disturbance::Stale(long) | Disturbance::Past(long) if ends(*long) => {
            stage.process.operator.look_through(stage.tap.world.api.clone());
        }
        Disturbance::SecondLeader(long) if ends(*long) => hand_over(stage),
        Disturbance::Skew(_, long) if ends(*long) => unskew(stage),
        Disturbance::Lag(long) if ends(*long) => lag(stage, Profile::None),
        Disturbance::Poison(long) if ends(*long) => antidote(stage),
        Disturbance::Ecs(trouble, long) if ends(*long) => ecs(stage, *trouble, false),
        _ => {}
    }
}

async fn begin(stage: &mut Stage<'_>, what: &Disturbance) {
    let world = stage.tap.world.clone();
    let now = stage.tap.now();
    match what {
        Disturbance::Strike(_) => {}
        Disturbance::Crash => stage.restart(),
        Disturbance::Stale(_) => {
            let frozen = world.api.with(|api| api.fork());
            stage.process.operator.look_through(server(&world, &frozen));
        }
        Disturbance::Past(_) => {
            stage.restart();
            if let Some(past) = stage.past.first() {
                stage.process.operator.look_through(server(&world, past));
            }
        }
        Disturbance::SecondLeader(_) => {
            if stage.second.is_none() {
                stage.second = Some(Process::start(&stage.tap, stage.started, 0));
                stage.started += 1;
                stage.tap.jitter.lock().unwrap().0 = crate::oracles::ON_THE_WAY;
            }
        }
        Disturbance::Skew(seconds, _) => {
            stage.skew = *seconds;
            stage.restart();
        }
        Disturbance::AwsAway(seconds) => {
            let away = Armed::away(Wire::Aws, Damage::Empty(503), now + seconds * 1000);
            stage.tap.faults.lock().unwrap().push(away);
        }
        Disturbance::KubeAway(seconds) => {
            let away = Armed::away(Wire::Kube, Damage::Reset, now + seconds * 1000);
            stage.tap.faults.lock().unwrap().push(away);
        }
        Disturbance::Lag(_) => lag(stage, Profile::Mild),
        Disturbance::Poison(_) => poison(stage),
        Disturbance::Restore => restore(stage),
        Disturbance::Outside(what) => outside(stage, *what).await,
        Disturbance::Ecs(trouble, _) => ecs(stage, *trouble, true),
        Disturbance::Repeat => {
            for key in stage.process.all() {
                stage.pass(&key).await;
            }
        }
    }
}

/// Ends everything that has not ended.
pub async fn heal(stage: &mut Stage<'_>) {
    hand_over(stage);
    if stage.skew != 0 {
        unskew(stage);
    }
    lag(stage, Profile::None);
    antidote(stage);
    for trouble in [Trouble::Capacity, Trouble::Images, Trouble::Targets] {
        ecs(stage, trouble, false);
    }
    stage.process.operator.look_through(stage.tap.world.api.clone());
    stage.tap.world.wait(Duration::from_secs(2)).await;
}

fn unskew(stage: &mut Stage<'_>) {
    stage.skew = 0;
    stage.restart();
}

fn lag(stage: &Stage<'_>, profile: Profile) {
    stage.tap.world.aws.sim(|sim| {
        sim.lag.profile = profile;
        sim.record_region(&key());
    });
}

/// The second process is the only one from now on.
fn hand_over(stage: &mut Stage<'_>) {
    if let Some(second) = stage.second.take() {
        stage.process.fence();
        stage.process = second;
        stage.tap.jitter.lock().unwrap().0 = 0;
    }
}

/// Both processes run passes at once. Now and then the first learns in the middle of its own that its time is over.
pub async fn both(stage: &mut Stage<'_>, key: &Key, dice: &mut Dice) {
    let Some(mut second) = stage.second.take() else { return };
    let mut keys = second.due();
    if keys.is_empty() {
        keys = second.all();
    }
    let other = if keys.is_empty() { key.clone() } else { dice.one(&keys).clone() };
    let number = stage.passes + 1;
    stage.passes += 2;
    let fenced = dice.chance(15).then(|| (stage.process.fencing(), dice.between(1, 120)));
    let over = fenced.is_some();
    let fence = async {
        if let Some((fence, after)) = fenced {
            tokio::time::sleep(Duration::from_millis(after.unsigned_abs())).await;
            fence();
        }
    };
    let (first, beside, ()) = tokio::join!(
        biased;
        Box::pin(stage.process.pass(key, number)),
        Box::pin(second.pass(&other, number + 1)),
        fence
    );
    if !beside {
        second = Process::start(&stage.tap, stage.started, 0);
        stage.started += 1;
    }
    if over {
        stage.process = second;
        stage.tap.jitter.lock().unwrap().0 = 0;
        return;
    }
    if !first {
        stage.restart();
    }
    stage.second = Some(second);
}

fn poison(stage: &Stage<'_>) {
    stage.tap.world.api.with(|api| {
        for (kind, spec) in [
            ("EcsService", json!({"clusterRef": 7, "desiredCount": "many"})),
            ("EcsTaskDefinition", json!({"containerDefinitions": "none"})),
        ] {
            let object = json!({
                "apiVersion": "ecs-operator.dev/v1alpha1", "kind": kind,
                "metadata": {
                    "name": "poison", "namespace": NAMESPACE, "generation": 1,
                    "uid": format!("ffffffff-0000-4000-8000-{}", kind.len()),
                    "creationTimestamp": "2026-01-05T08:00:00Z",
                },
                "spec": spec,
            });
            api.plant(&facts::plural(kind), NAMESPACE, "poison", Some(object));
        }
    });
}

fn antidote(stage: &Stage<'_>) {
    stage.tap.world.api.with(|api| {
        for kind in ["EcsService", "EcsTaskDefinition"] {
            api.plant(&facts::plural(kind), NAMESPACE, "poison", None);
        }
    });
}

/// Kubernetes forgets what happened since the beginning of the schedule.
fn restore(stage: &mut Stage<'_>) {
    if let Some(past) = stage.past.first() {
        stage.tap.world.api.with(|api| api.restore(past));
        stage.restart();
    }
}

fn ecs(stage: &Stage<'_>, trouble: Trouble, on: bool) {
    stage.tap.world.aws.sim(|sim| match trouble {
        Trouble::Capacity => sim.with_fleet(&key(), |fleet| fleet.set_capacity("prod", on.then_some(0))),
        Trouble::Images => {
            for image in IMAGES {
                let fate = if on { ImageFate::Missing } else { ImageFate::Runs };
                sim.set_image(image, fate);
            }
        }
        Trouble::Targets => {
            if let Some(balanced) = &stage.plan.workload.base.beginning().balanced {
                for group in &balanced.groups {
                    sim.with_fleet(&key(), |fleet| fleet.fail_target_group(group, on));
                }
            }
        }
    });
}

async fn outside(stage: &mut Stage<'_>, what: Outside) {
    let world = stage.tap.world.clone();
    let cli = world.cli();
    let services: Vec<String> = world.aws.sim(|sim| {
        let all = sim.region(&key()).services.services.values();
        let live = all.filter(|service| service.key.cluster == "prod" && service.status.as_str() == "ACTIVE");
        live.map(|service| service.key.service.clone()).collect()
    });
    match what {
        Outside::Scale => {
            for name in &services {
                let _ = cli.update_service().cluster("prod").service(name).desired_count(5).send().await;
            }
        }
        Outside::Delete => {
            if let Some(name) = services.first() {
                let _ = cli.delete_service().cluster("prod").service(name).force(true).send().await;
            }
        }
        Outside::StopTasks => {
            for name in &services {
                let found = cli.list_tasks().cluster("prod").service_name(name).send().await;
                if let Some(task) = found.ok().and_then(|found| found.task_arns().first().cloned()) {
                    let _ = cli.stop_task().cluster("prod").task(task).send().await;
                }
            }
        }
        // A service that names its revision would ask for one that is gone.
        Outside::Deregister if stage.plan.workload.name == "by name" => {}
        Outside::Deregister => {
            if let Ok(found) = cli.list_task_definitions().family_prefix("web").send().await {
                for arn in found.task_definition_arns() {
                    let _ = cli.deregister_task_definition().task_definition(arn).send().await;
                }
            }
        }
        // In a family that is not ours yet this would ask for an adoption.
        Outside::Register
            if stage.plan.workload.base == crate::workloads::Base::Empty
                || stage.plan.workload.name == "delete and make anew" => {}
        Outside::Register => {
            use aws_sdk_ecs::types::ContainerDefinition;
            let container = ContainerDefinition::builder().name("web").image("stranger:1").memory(64).build();
            let _ = cli.register_task_definition().family("web").container_definitions(container).send().await;
        }
        Outside::Weights => {
            if let Some(balanced) = &stage.plan.workload.base.beginning().balanced {
                let turned = [(balanced.groups[0].as_str(), 50), (balanced.groups[1].as_str(), 50)];
                world.aws.sim(|sim| sim.set_weights(&key(), &balanced.rule, &turned, "somebody"));
            }
        }
    }
    stage.tap.trace.note(stage.tap.now(), None, What::Word(format!("somebody did {what:?}")));
}

/// What nobody asked us to look after, in words.
pub fn bystanders(world: &World) -> Vec<String> {
    world.aws.sim(|sim| {
        let region = sim.region(&key());
        let services = region.services.services.values().filter(|service| service.key.cluster == "others");
        let services = services
            .map(|s| format!("{} {} {} {:?} {}", s.key.service, s.status.as_str(), s.desired, s.tags, json!(s.config)));
        let families = region.families.get("other").into_iter().flat_map(|family| family.revisions.values());
        let families = families.map(|r| format!("{} {} {:?}", r.arn, r.status, r.tags));
        let clusters = region.clusters.get("others").map(|c| format!("{} {} {:?}", c.name, c.status, c.tags));
        services.chain(families).chain(clusters).collect()
    })
}
