//! Two replicas on one simulated AWS and one API server: only the holder of the lease acts, and work goes on.

use std::time::Duration;

use ecs_operator::api::condition::{ConditionType, is_true};
use ecs_operator::api::{EcsCluster, EcsService, EcsTaskDefinition};
use ecs_operator::runtime::operator::OperatorError;
use ecs_sim::fault::{Effect, Rule};
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::support::manifests::{cluster, service, web};
use crate::support::paused::run;
use crate::support::replica::{Journal, Replica, holder};
use crate::support::world::World;

const SECOND: Duration = Duration::from_secs(1);

/// Two replicas, of which `a` leads and has brought up two services.
struct Pair {
    world: World,
    journal: Journal,
    a: Replica,
    b: Replica,
}

impl Pair {
    async fn new(seed: u64) -> Self {
        let (world, journal) = (World::ready(seed).await, Journal::default());
        let a = Replica::start(&world, &journal, "a");
        a.leads(3 * SECOND).await;
        let b = Replica::start(&world, &journal, "b");
        world.apply::<EcsCluster>(&cluster("prod")).await;
        world.apply::<EcsTaskDefinition>(&web("web", "nginx:1")).await;
        world.apply::<EcsService>(&service("one", "prod", "web")).await;
        world.apply::<EcsService>(&service("two", "prod", "web")).await;
        let pair = Self { world, journal, a, b };
        settled(&pair.world).await;
        pair
    }
}

async fn is_ready(world: &World, name: &str) -> bool {
    let object = world.get::<EcsService>(name).await.unwrap();
    let status = object.status.clone().unwrap_or_default();
    status.observed_generation == object.metadata.generation && is_true(&status.conditions, ConditionType::Ready)
}

/// Waits until both services are ready.
async fn settled(world: &World) {
    let began = Instant::now();
    while !(is_ready(world, "one").await && is_ready(world, "two").await) {
        assert!(began.elapsed() < 600 * SECOND, "{:?}", world.status::<EcsService>("one").await);
        sleep(SECOND).await;
    }
}

/// No write, to AWS or to Kubernetes, but of whoever held the lease; gives the number of each operation of AWS that
/// changed something.
fn only_holders_acted(world: &World, journal: &Journal) -> impl Fn(&str) -> usize + use<> {
    for deed in journal.all().iter().filter(|deed| deed.write) {
        assert_eq!(deed.by, deed.holder, "{deed:?}");
    }
    let sent = world.aws.sent();
    move |operation| sent.iter().filter(|call| call.operation == operation && call.status == Some(200)).count()
}

async fn images(world: &World) -> Vec<String> {
    let answer = world.cli().describe_services().cluster("prod").services("one").services("two").send().await.unwrap();
    let mut images = Vec::new();
    for service in answer.services() {
        let arn = service.task_definition().unwrap();
        let found = world.cli().describe_task_definition().task_definition(arn).send().await.unwrap();
        images.push(found.task_definition().unwrap().container_definitions()[0].image().unwrap().to_owned());
    }
    images
}

fn status_metric(replica: &Replica, value: u8) {
    let text = replica.metrics.text().unwrap();
    let line = format!("leader_election_master_status{{name=\"ecs-operator\"}} {value}\n");
    assert!(text.contains(&line), "{line}{text}");
}

#[tokio::test(start_paused = true)]
async fn a_standby_is_warm_and_ready_and_does_nothing() {
    let pair = Pair::new(7).await;
    sleep(60 * SECOND).await;
    assert!(pair.a.health.ready() && pair.b.health.ready());
    assert!(pair.a.lead.holds() && !pair.b.lead.holds());
    status_metric(&pair.a, 1);
    status_metric(&pair.b, 0);
    let aws_or_write = |what: &str| !what.starts_with("GET ") && !what.contains("/leases");
    assert_eq!(pair.journal.of("b", |deed| aws_or_write(&deed.what)), []);
    // Who takes over reads nothing of Kubernetes that it has not.
    let before = pair.journal.of("b", |deed| deed.what.contains("/ecsservices?")).len();
    pair.a.stop().await.unwrap();
    pair.b.leads(4 * SECOND).await;
    sleep(10 * SECOND).await;
    assert_eq!(pair.journal.of("b", |deed| deed.what.contains("/ecsservices?")).len(), before);
    assert!(!pair.journal.of("b", |deed| deed.what == "DescribeServices").is_empty());
    status_metric(&pair.b, 1);
}

/// A new image, and after a while the end of `a`.
async fn rolls_on(after: Duration, graceful: bool) {
    let Pair { world, journal, a, b } = Pair::new(11).await;
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:2")).await;
    sleep(after).await;
    let patience = if graceful {
        a.stop().await.unwrap();
        assert_eq!(holder(&world.api), "", "the lease is given back");
        3 * SECOND
    } else {
        a.kill().await;
        assert_eq!(holder(&world.api), "a");
        20 * SECOND
    };
    let took = b.leads(patience).await;
    assert!(graceful || took > 10 * SECOND, "a lease that was not given back was taken after {took:?}");
    let began = Instant::now();
    while images(&world).await != ["nginx:2", "nginx:2"] {
        assert!(began.elapsed() < 600 * SECOND, "the rollout does not go on after {after:?}");
        sleep(SECOND).await;
    }
    settled(&world).await;
    let count = only_holders_acted(&world, &journal);
    // A crash before the revision was written down registers the same once more.
    let registered = count("RegisterTaskDefinition");
    assert!(registered == 2 || (registered == 3 && !graceful), "{registered} after {after:?}");
    assert_eq!((count("CreateCluster"), count("CreateService")), (1, 2), "after {after:?}");
    assert_eq!(count("UpdateService"), 2, "after {after:?}");
    b.stop().await.unwrap();
}

#[test]
fn a_graceful_stop_hands_over_in_seconds_wherever_a_rollout_stands() {
    for after in [0, 1, 20, 50, 200, 1_000, 5_000, 20_000] {
        run(rolls_on(Duration::from_millis(after), true));
    }
}

#[test]
fn a_crash_hands_over_when_the_lease_ends_wherever_a_rollout_stands() {
    for after in [0, 1, 20, 50, 200, 1_000, 5_000, 20_000] {
        run(rolls_on(Duration::from_millis(after), false));
    }
}

/// `a` sees Kubernetes no more but AWS answers it, slowly: it is in the middle of a pass when its time is over.
#[tokio::test(start_paused = true)]
async fn a_leader_cut_off_from_kubernetes_is_fenced_before_another_acts() {
    let Pair { world, journal, a, b } = Pair::new(13).await;
    a.cut_off();
    let cut = Instant::now();
    let now = world.clock.exact().as_millisecond();
    let slow = Rule { until: Some(now + 14_000), ..Rule::on("DescribeServices", Effect::Latency { ms: 5_000 }) };
    world.aws.sim(|sim| sim.faults.add(slow));
    sleep(SECOND / 2).await;
    world.edit::<EcsService>("one", json!({"spec": {"desiredCount": 3}})).await;
    sleep(9 * SECOND / 2).await;
    world.edit::<EcsService>("two", json!({"spec": {"desiredCount": 3}})).await;
    let lead = a.lead.clone();
    lead.lost().await;
    let lost = Instant::now();
    assert!(lost - cut <= 10 * SECOND, "leadership ends before the lease does");
    assert_eq!(holder(&world.api), "a");
    assert!(!b.lead.holds());
    let ended = a.ended(6 * SECOND).await;
    assert!(matches!(ended, Err(OperatorError::LeaseLost)), "{ended:?}");
    assert!(!b.lead.holds(), "the old leader's process has ended before another leads");
    b.leads(10 * SECOND).await;
    settled(&world).await;
    let _ = only_holders_acted(&world, &journal);
    let late = journal.of("a", |deed| deed.at > lost && deed.write);
    assert_eq!(late, []);
    let under_way = journal.of("a", |deed| deed.at > lost);
    assert!(!under_way.is_empty(), "a was in the middle of a pass when its time was over");
    let answer = world.cli().describe_services().cluster("prod").services("one").services("two").send().await.unwrap();
    assert_eq!(answer.services().iter().map(aws_sdk_ecs::types::Service::desired_count).collect::<Vec<_>>(), [3, 3]);
    let updates: Vec<_> = journal.all().into_iter().filter(|deed| deed.what == "UpdateService").collect();
    assert_eq!(updates.len(), 2, "{updates:?}");
    assert_eq!(updates.last().unwrap().by, "b");
}

/// Requests for the lease go wrong, each once and in every way, while `a` leads and later ends.
#[test]
fn whatever_request_for_the_lease_goes_wrong_one_leads_and_never_two() {
    use ecs_sim::kube::Fault;
    let faults = [
        Fault::Before,
        Fault::ApplyThenReset,
        Fault::Hang,
        Fault::ApplyThenHang,
        Fault::Status(500, "InternalError"),
        Fault::Status(409, "Conflict"),
        Fault::Delay(4_900),
    ];
    for fault in faults {
        for at in 0..16 {
            run(one_leads(at, fault.clone()));
        }
    }
}

async fn one_leads(at: usize, fault: ecs_sim::kube::Fault) {
    let (world, journal) = (World::ready(7).await, Journal::default());
    let (mut number, what) = (0, fault.clone());
    world.api.set_fault_hook(Some(Box::new(move |call| {
        number += usize::from(call.path.contains("/leases"));
        if number == at + 1 && call.path.contains("/leases") { fault.clone() } else { ecs_sim::kube::Fault::Pass }
    })));
    let mut a = Some(Replica::start(&world, &journal, "a"));
    let b = Replica::start(&world, &journal, "b");
    let (began, mut since) = (Instant::now(), Instant::now());
    while began.elapsed() < 35 * SECOND {
        sleep(SECOND / 4).await;
        let leads = a.as_ref().is_some_and(|a| a.lead.holds());
        assert!(!(leads && b.lead.holds()), "both lead: request {at}, {what:?}");
        if leads || b.lead.holds() {
            since = Instant::now();
        }
        assert!(since.elapsed() < 25 * SECOND, "nobody leads: request {at}, {what:?}");
        if began.elapsed() > 7 * SECOND && leads {
            a.take().unwrap().stop().await.unwrap();
        }
    }
}

/// The whole of Kubernetes is away for a while: both processes go on afterwards, or are started again.
#[tokio::test(start_paused = true)]
async fn when_kubernetes_comes_back_one_leads_again() {
    let Pair { world, journal, a, b } = Pair::new(17).await;
    world.api.set_fault_hook(Some(Box::new(|_| ecs_sim::kube::Fault::Status(500, "InternalError"))));
    assert!(matches!(a.ended(20 * SECOND).await, Err(OperatorError::LeaseLost)));
    sleep(120 * SECOND).await;
    assert!(!b.lead.holds());
    world.api.set_fault_hook(None);
    let again = Replica::start(&world, &journal, "again");
    sleep(30 * SECOND).await;
    assert!(b.lead.holds() != again.lead.holds() && b.health.ready() && again.health.ready());
    let _ = only_holders_acted(&world, &journal);
}
