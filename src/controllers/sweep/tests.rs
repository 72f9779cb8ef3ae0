//! The sweep's books: who stands where, and who is next.

use super::*;
use crate::aws::Scope;

fn name(n: usize) -> Name {
    ("EcsService", "shop".to_owned(), format!("s{n:02}"))
}

fn look(cluster: &str, digest: u64) -> Look {
    let (scope, cluster) = (Scope::new("eu-west-1"), cluster.to_owned());
    Look::Service { scope, cluster, name: "s".to_owned(), digest, target: None }
}

fn numbers(some: &[(Name, Look)]) -> Vec<&str> {
    some.iter().map(|(name, _)| name.2.as_str()).collect()
}

#[test]
fn a_round_takes_the_names_in_order_and_never_mixes_its_end_with_the_next_beginning() {
    let sweeps = Sweeps::default();
    for n in [4, 1, 3, 0, 2] {
        sweeps.rest(name(n), look("c", 1));
    }
    let shelf = look("c", 1).shelf("EcsService");
    let (one, first) = sweeps.next(&shelf, None, 2);
    assert!(first && numbers(&one) == ["s00", "s01"]);
    // What leaves and what comes meanwhile does not disturb the order.
    sweeps.leave(&name(1));
    sweeps.rest(name(9), look("c", 1));
    let (two, first) = sweeps.next(&shelf, Some(&name(1)), 3);
    assert!(!first && numbers(&two) == ["s02", "s03", "s04"]);
    let (three, _) = sweeps.next(&shelf, Some(&name(4)), 3);
    assert_eq!(numbers(&three), ["s09"]);
    let (four, first) = sweeps.next(&shelf, Some(&name(9)), 3);
    assert!(first && numbers(&four) == ["s00", "s02", "s03"]);
}

#[test]
fn an_object_stands_on_one_shelf_and_an_empty_shelf_goes() {
    let sweeps = Sweeps::default();
    sweeps.rest(name(1), look("c", 1));
    sweeps.rest(name(1), look("d", 1));
    let (c, d) = (look("c", 1).shelf("EcsService"), look("d", 1).shelf("EcsService"));
    assert_eq!(sweeps.take_new(), [c.clone(), d.clone()]);
    assert!(sweeps.count(&c).is_none() && sweeps.count(&d).is_some_and(|(count, _)| count == 1));
    sweeps.leave(&name(1));
    assert!(sweeps.count(&d).is_none() && sweeps.resting() == 0);
    // Whoever comes again finds somebody to look after it.
    sweeps.rest(name(1), look("d", 1));
    assert_eq!(sweeps.take_new(), [d]);
}

#[test]
fn a_look_is_out_of_date_once_its_object_moved() {
    let sweeps = Sweeps::default();
    sweeps.rest(name(1), look("c", 1));
    assert!(sweeps.still(&name(1), &look("c", 1)));
    sweeps.rest(name(1), look("c", 2));
    assert!(!sweeps.still(&name(1), &look("c", 1)));
    sweeps.leave(&name(1));
    assert!(!sweeps.still(&name(1), &look("c", 2)));
}

#[test]
fn a_digest_tells_counts_and_tags_and_neither_events_nor_order() {
    use aws_sdk_ecs::types::{Service, ServiceEvent, Tag};
    let tag = |key: &str| Tag::builder().key(key).value("v").build();
    let service = |running, tags: [&str; 2]| {
        Service::builder().service_name("s").running_count(running).tags(tag(tags[0])).tags(tag(tags[1]))
    };
    let one = digest_of_service(&service(1, ["a", "b"]).build());
    let event = ServiceEvent::builder().message("has reached a steady state").build();
    assert_eq!(one, digest_of_service(&service(1, ["b", "a"]).events(event).build()));
    assert_ne!(one, digest_of_service(&service(2, ["a", "b"]).build()));
    assert_ne!(one, digest_of_service(&service(1, ["a", "c"]).build()));
    assert_ne!(one, digest_of_service(&service(1, ["a", "b"]).desired_count(1).build()));
    assert_ne!(digest_of_target(None), digest_of_target(Some(&target())));
}

fn target() -> aws_sdk_applicationautoscaling::types::ScalableTarget {
    use aws_sdk_applicationautoscaling::types::{ScalableDimension, ScalableTarget, ServiceNamespace};
    let target = ScalableTarget::builder().service_namespace(ServiceNamespace::Ecs).resource_id("service/c/s");
    let target = target.scalable_dimension(ScalableDimension::EcsServiceDesiredCount);
    let target = target.min_capacity(1).max_capacity(2).role_arn("r");
    target.creation_time(aws_sdk_ecs::primitives::DateTime::from_secs(0)).build().unwrap()
}
