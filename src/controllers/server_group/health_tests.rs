//! Tasks beside their targets.

use aws_sdk_ecs::types::KeyValuePair;
use aws_smithy_types::DateTime;
use proptest::prelude::*;

use super::*;

const GROUP: &str = "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/web/1";
const OTHER: &str = "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/grpc/2";
const DEFINITION: &str = "arn:aws:ecs:eu-west-1:1:task-definition/web:7";

fn container(health: &str) -> Container {
    let binding = NetworkBinding::builder().container_port(8080).host_port(32_768).build();
    Container::builder().name("app").health_status(HealthStatus::from(health)).network_bindings(binding).build()
}

/// A running task with an address of its own on an instance of its own.
fn task(number: u8) -> Task {
    let address = KeyValuePair::builder().name("privateIPv4Address").value(format!("10.0.0.{number}")).build();
    let interface = Attachment::builder().r#type("ElasticNetworkInterface").details(address).build();
    Task::builder()
        .task_arn(format!("arn:aws:ecs:eu-west-1:1:task/c/{number}"))
        .task_definition_arn(DEFINITION)
        .container_instance_arn(format!("instance/{number}"))
        .desired_status("RUNNING")
        .last_status("RUNNING")
        .attachments(interface)
        .containers(container("HEALTHY"))
        .build()
}

fn mapping(group: &str, target_type: &str) -> Mapping {
    Mapping {
        container_name: Some("app".to_owned()),
        container_port: 8080,
        target_group: group.to_owned(),
        target_type: target_type.to_owned(),
    }
}

fn expected(mappings: Vec<Mapping>) -> Expected {
    Expected {
        task_definition: Some(DEFINITION.to_owned()),
        checked_containers: BTreeSet::from(["app".to_owned()]),
        mappings,
        ..Expected::default()
    }
}

fn target(id: &str, port: i32, state: &str) -> TargetSeen {
    TargetSeen { id: id.to_owned(), port: Some(port), state: state.to_owned(), reason: None }
}

fn groups(targets: Vec<TargetSeen>) -> BTreeMap<String, Vec<TargetSeen>> {
    BTreeMap::from([(GROUP.to_owned(), targets)])
}

fn look(tasks: &[Task], expected: &Expected, targets: &BTreeMap<String, Vec<TargetSeen>>, in_grace: bool) -> Health {
    let ids = BTreeMap::from([("instance/1".to_owned(), "i-1".to_owned())]);
    instances(tasks, expected, targets, &ids, |_| in_grace)
}

/// The one kind that a single task is counted as.
fn kind(health: &Health) -> &'static str {
    let Instances { total, healthy, starting, unhealthy, draining, unknown } = health.instances;
    assert_eq!(total, 1);
    match (healthy, starting, unhealthy, draining, unknown) {
        (1, 0, 0, 0, 0) => "healthy",
        (0, 1, 0, 0, 0) => "starting",
        (0, 0, 1, 0, 0) => "unhealthy",
        (0, 0, 0, 1, 0) => "draining",
        (0, 0, 0, 0, 1) => "unknown",
        odd => panic!("{odd:?}"),
    }
}

#[test]
fn the_state_of_the_tasks_own_target_decides() {
    let cases = [
        ("healthy", "healthy", "healthy"),
        ("initial", "starting", "starting"),
        ("unhealthy", "unhealthy", "starting"),
        ("unhealthy.draining", "unhealthy", "starting"),
        ("unavailable", "unhealthy", "starting"),
        ("draining", "draining", "draining"),
        ("unused", "unknown", "unknown"),
        ("brand-new", "unknown", "unknown"),
    ];
    for (state, outside, inside) in cases {
        let targets = groups(vec![target("10.0.0.1", 8080, state)]);
        let expected = expected(vec![mapping(GROUP, "ip")]);
        assert_eq!(kind(&look(&[task(1)], &expected, &targets, false)), outside, "{state}");
        assert_eq!(kind(&look(&[task(1)], &expected, &targets, true)), inside, "{state} in the grace period");
    }
}

#[test]
fn a_target_of_another_task_or_of_another_port_makes_no_task_healthy() {
    let expected = expected(vec![mapping(GROUP, "ip")]);
    let others = vec![target("10.0.0.2", 8080, "healthy"), target("10.0.0.1", 9090, "healthy")];
    let health = look(&[task(1)], &expected, &groups(others), false);
    assert_eq!(kind(&health), "starting");
    assert_eq!(health.examples, ["task 1 is not registered in target group web yet"]);
}

#[test]
fn a_task_on_an_instance_is_found_by_instance_and_bound_port() {
    let expected = expected(vec![mapping(GROUP, "instance")]);
    let own = groups(vec![target("i-1", 32_769, "unhealthy"), target("i-1", 32_768, "healthy")]);
    assert_eq!(kind(&look(&[task(1)], &expected, &own, false)), "healthy");
    // Nobody told which instance that is.
    assert_eq!(kind(&look(&[task(2)], &expected, &own, false)), "unknown");
}

#[test]
fn the_port_of_a_container_is_the_instances_in_host_mode_only() {
    let unbound = Container::builder().name("app").health_status(HealthStatus::Healthy).build();
    let mut task = task(1);
    task.containers = Some(vec![unbound]);
    let targets = groups(vec![target("i-1", 8080, "healthy")]);
    let bridge = expected(vec![mapping(GROUP, "instance")]);
    assert_eq!(kind(&look(std::slice::from_ref(&task), &bridge, &targets, false)), "unknown");
    let host = Expected { host_network: true, ..bridge };
    assert_eq!(kind(&look(&[task], &host, &targets, false)), "healthy");
}

#[test]
fn the_worst_of_several_target_groups_decides() {
    let expected = expected(vec![mapping(GROUP, "ip"), mapping(OTHER, "ip")]);
    let mut targets = groups(vec![target("10.0.0.1", 8080, "healthy")]);
    assert_eq!(kind(&look(&[task(1)], &expected, &targets, false)), "unknown", "nobody looked at the other one");
    targets.insert(OTHER.to_owned(), Vec::new());
    assert_eq!(kind(&look(&[task(1)], &expected, &targets, false)), "starting");
    targets.insert(OTHER.to_owned(), vec![target("10.0.0.1", 8080, "unhealthy")]);
    assert_eq!(kind(&look(&[task(1)], &expected, &targets, false)), "unhealthy");
}

#[test]
fn checks_of_containers_count_where_there_are_any() {
    let with = |health: &str| {
        let mut task = task(1);
        task.containers = Some(vec![container(health)]);
        task
    };
    let none = BTreeMap::new();
    let checked = expected(Vec::new());
    for (health, expected) in [("HEALTHY", "healthy"), ("UNKNOWN", "starting"), ("UNHEALTHY", "unhealthy")] {
        assert_eq!(kind(&look(&[with(health)], &checked, &none, true)), expected, "{health}");
    }
    let unchecked = Expected { checked_containers: BTreeSet::new(), ..checked.clone() };
    assert_eq!(kind(&look(&[with("UNKNOWN")], &unchecked, &none, false)), "healthy");
    let ignored = Expected { require: Require { container_health: false, target_health: true }, ..checked };
    assert_eq!(kind(&look(&[with("UNHEALTHY")], &ignored, &none, false)), "healthy");
}

#[test]
fn targets_do_not_count_when_they_are_not_required() {
    let require = Require { container_health: true, target_health: false };
    let expected = Expected { require, ..expected(vec![mapping(GROUP, "ip")]) };
    assert_eq!(kind(&look(&[task(1)], &expected, &groups(Vec::new()), false)), "healthy");
}

#[test]
fn a_task_that_is_not_running_is_starting_or_draining_whatever_its_target_says() {
    let expected = expected(vec![mapping(GROUP, "ip")]);
    let targets = groups(vec![target("10.0.0.1", 8080, "healthy")]);
    let cases = [
        ("RUNNING", "PROVISIONING", "starting"),
        ("RUNNING", "PENDING", "starting"),
        ("RUNNING", "ACTIVATING", "starting"),
        ("STOPPED", "RUNNING", "draining"),
        ("STOPPED", "PENDING", "draining"),
        ("RUNNING", "DEACTIVATING", "draining"),
        ("RUNNING", "STOPPED", "draining"),
        ("RUNNING", "NEW", "unknown"),
    ];
    for (desired, last, wanted) in cases {
        let mut task = task(1);
        task.desired_status = Some(desired.to_owned());
        task.last_status = Some(last.to_owned());
        assert_eq!(kind(&look(&[task], &expected, &targets, true)), wanted, "{desired} {last}");
    }
}

#[test]
fn a_task_of_another_definition_counts_but_is_never_healthy() {
    let mut old = task(1);
    old.task_definition_arn = Some(DEFINITION.replace(":7", ":6"));
    let health = look(&[old, task(2)], &expected(Vec::new()), &BTreeMap::new(), false);
    assert_eq!((health.instances.total, health.instances.healthy, health.instances.unknown), (2, 1, 1));
    assert_eq!(health.examples, ["task 1 runs web:6"]);
}

#[test]
fn an_address_is_the_same_in_both_spellings() {
    let mut six = task(1);
    let address = KeyValuePair::builder().name("privateIPv6Address").value("2001:db8:0:0::1").build();
    six.attachments = Some(vec![Attachment::builder().r#type("ElasticNetworkInterface").details(address).build()]);
    let targets = groups(vec![target("2001:db8::1", 8080, "healthy")]);
    assert_eq!(kind(&look(&[six], &expected(vec![mapping(GROUP, "ip")]), &targets, false)), "healthy");
}

#[test]
fn five_tasks_are_explained_the_failing_ones_first() {
    let mut tasks: Vec<Task> = (1..=6).map(task).collect();
    tasks[5].containers = Some(vec![container("UNHEALTHY")]);
    let health = look(&tasks, &expected(vec![mapping(GROUP, "ip")]), &groups(Vec::new()), false);
    assert_eq!(health.examples.len(), 5);
    assert_eq!(health.examples[0], "task 6 fails the health check of container `app`");
}

#[test]
fn the_grace_period_begins_when_the_task_starts() {
    let mut task = task(1);
    let now = Timestamp::from_second(1_000).unwrap();
    assert!(in_grace(&task, 0, now), "it has not started");
    task.started_at = Some(DateTime::from_secs(900));
    assert!(in_grace(&task, 101, now) && !in_grace(&task, 100, now));
}

fn any_task() -> impl Strategy<Value = Task> {
    let status = prop::sample::select(vec!["PENDING", "RUNNING", "RUNNING", "RUNNING", "DEACTIVATING", "odd", ""]);
    let health = prop::sample::select(vec!["HEALTHY", "UNKNOWN", "UNHEALTHY"]);
    (1..5_u8, status, prop::bool::weighted(0.9), health, prop::bool::weighted(0.8)).prop_map(
        |(number, last, wanted, health, current)| {
            let mut task = task(number);
            task.last_status = Some(last.to_owned());
            task.desired_status = Some(if wanted { "RUNNING" } else { "STOPPED" }.to_owned());
            task.containers = Some(vec![container(health)]);
            if !current {
                task.task_definition_arn = Some("other".to_owned());
            }
            task
        },
    )
}

fn any_target() -> impl Strategy<Value = TargetSeen> {
    let states = vec!["healthy", "healthy", "initial", "unhealthy", "unused", "draining", "unavailable"];
    let hosts = vec!["10.0.0.1", "10.0.0.2", "10.0.0.3", "i-1", "i-2"];
    (prop::sample::select(hosts), prop::sample::select(vec![8080, 32_768, 9]), prop::sample::select(states))
        .prop_map(|(id, port, state)| target(id, port, state))
}

proptest! {
    #[test]
    fn the_numbers_always_add_up(
        tasks in prop::collection::vec(any_task(), 0..12),
        targets in prop::collection::vec(any_target(), 0..12),
        kinds in prop::collection::vec(prop::sample::select(vec!["ip", "instance", "lambda"]), 0..3),
        grace: bool,
    ) {
        let expected = expected(kinds.into_iter().map(|kind| mapping(GROUP, kind)).collect());
        let health = look(&tasks, &expected, &groups(targets), grace);
        let i = health.instances;
        prop_assert_eq!(usize::try_from(i.total).unwrap(), tasks.len());
        prop_assert_eq!(i.total, i.healthy + i.starting + i.unhealthy + i.draining + i.unknown);
        let ill = usize::try_from(i.total - i.healthy).unwrap();
        prop_assert_eq!(health.examples.len(), ill.min(5));
    }

    #[test]
    fn only_a_tasks_own_target_makes_it_healthy(
        targets in prop::collection::vec(any_target(), 0..12),
        kind in prop::sample::select(vec!["ip", "instance"]),
    ) {
        let own = |target: &TargetSeen| match kind {
            "ip" => target.id == "10.0.0.1" && target.port == Some(8080),
            _ => target.id == "i-1" && target.port == Some(32_768),
        };
        let expected = expected(vec![mapping(GROUP, kind)]);
        let foreign: Vec<TargetSeen> = targets.iter().filter(|target| !own(target)).cloned().collect();
        prop_assert_eq!(look(&[task(1)], &expected, &groups(foreign), false).instances.healthy, 0);
        let mine: Vec<TargetSeen> = targets.iter().filter(|target| own(target)).cloned().collect();
        let alone = look(&[task(1)], &expected, &groups(mine), false);
        prop_assert_eq!(look(&[task(1)], &expected, &groups(targets), false), alone);
    }
}
