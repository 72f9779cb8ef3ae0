//! Names of groups, versions and children.

use std::collections::{BTreeMap, BTreeSet};

use ecs_operator::controllers::server_group::name::{Moniker, child_name, next, parse};
use proptest::prelude::*;
use serde_json::json;

use super::group;

fn moniker(application: &str, stack: Option<&str>, detail: Option<&str>) -> Moniker {
    Moniker { application: application.to_owned(), stack: stack.map(str::to_owned), detail: detail.map(str::to_owned) }
}

#[test]
fn names_are_composed_and_taken_apart_as_spinnaker_does() {
    for (parts, name) in [
        (moniker("app", None, None), "app"),
        (moniker("app", Some("prod"), None), "app-prod"),
        (moniker("app", Some("prod"), Some("blue-1")), "app-prod-blue-1"),
        (moniker("app", None, Some("blue")), "app--blue"),
    ] {
        assert_eq!(parts.group_name(), name);
        assert_eq!(parts.version_name(7), format!("{name}-v007"));
        assert_eq!(parse(name), (parts.clone(), None));
        assert_eq!(parse(&parts.version_name(7)), (parts, Some(7)));
    }
    assert_eq!(parse("app-v1000"), (moniker("app", Some("v1000"), None), None));
    assert_eq!(parse("app-v01"), (moniker("app", Some("v01"), None), None));
    assert_eq!(child_name("My_App-prod-v001"), "my-app-prod-v001");
}

#[test]
fn tags_say_the_parts_that_there_are() {
    let tags = moniker("app", None, Some("blue")).tags(7);
    let expected = [("application", "app"), ("cluster", "app--blue"), ("detail", "blue"), ("sequence", "7")];
    let expected: BTreeMap<String, String> =
        expected.map(|(key, value)| (format!("moniker.spinnaker.io/{key}"), value.to_owned())).into();
    assert_eq!(tags, expected);
}

#[test]
fn the_moniker_is_the_specs_or_that_of_the_objects_name() {
    let of = |name: &str, moniker: serde_json::Value| {
        let mut spec = json!({ "template": {} });
        if !moniker.is_null() {
            spec["moniker"] = moniker;
        }
        Moniker::of(&group(name, &spec))
    };
    assert_eq!(of("shop-prod", json!(null)), Ok(moniker("shop", Some("prod"), None)));
    let blank = json!({ "application": "Shop", "stack": "", "detail": " " });
    assert_eq!(of("other", blank), Ok(moniker("Shop", None, None)));
    for (name, given, part) in [
        ("shop-v001", json!(null), "`metadata.name` must not end in `-v` and three digits"),
        ("shop.prod", json!(null), "unlike `.`"),
        ("x", json!({ "application": "shop", "detail": "v001" }), "must not end in `-v` and three digits"),
        ("x", json!({ "application": "shop", "stack": "v001" }), "must not end in `-v` and three digits"),
        ("x", json!({ "application": "" }), "must not be empty"),
        ("x", json!({ "application": "a".repeat(249) }), "at most 248 characters and has 249"),
    ] {
        let error = of(name, given).unwrap_err();
        assert!(error.contains(part), "{error}");
    }
    assert_eq!(of("x", json!({ "application": "a".repeat(248) })).unwrap().version_name(0).len(), 253);
}

#[test]
fn the_next_sequence_goes_up_and_then_around() {
    let first = |last, occupied: &[i32]| next(last, &occupied.iter().copied().collect(), 1).first().copied();
    assert_eq!(first(None, &[]), Some(0));
    assert_eq!(first(None, &[2, 5]), Some(6));
    assert_eq!(first(None, &[999]), Some(0));
    assert_eq!(first(None, &[997, 999, 0, 1]), Some(2));
    assert_eq!(first(Some(5), &[]), Some(6), "also when the last one is gone");
    assert_eq!(first(Some(999), &[0]), Some(1));
    let busy: BTreeSet<i32> = [12, 13].into();
    assert_eq!(next(Some(11), &busy, 5), [14, 15, 16, 17, 18]);
    assert!(next(Some(3), &(0..1000).collect(), 5).is_empty());
}

proptest! {
    #[test]
    fn every_version_name_reads_back(
        application in "[a-zA-Z0-9_]{1,20}",
        stack in proptest::option::of("[a-zA-Z0-9_]{1,10}"),
        detail in proptest::option::of("[a-zA-Z0-9_][a-zA-Z0-9_-]{0,20}"),
        sequence in 0..1000,
    ) {
        let parts = Moniker { application, stack, detail };
        prop_assert_eq!(parse(&parts.version_name(sequence)), (parts.clone(), Some(sequence)));
    }

    #[test]
    fn next_sequences_are_free_distinct_and_the_nearest(
        last in proptest::option::of(0..1000),
        occupied in proptest::collection::btree_set(0..1000, 0..40),
        count in 1_usize..6,
    ) {
        let found = next(last, &occupied, count);
        prop_assert_eq!(found.len(), count);
        prop_assert!(found.iter().all(|n| (0..1000).contains(n) && !occupied.contains(n)));
        let start = last.or_else(|| occupied.last().copied()).unwrap_or(-1);
        let distance = |n: i32| (n - start - 1).rem_euclid(1000);
        let distances: Vec<i32> = found.iter().map(|n| distance(*n)).collect();
        prop_assert!(distances.windows(2).all(|pair| pair[0] < pair[1]));
        let free = (0..1000).filter(|n| !occupied.contains(n)).filter(|n| distance(*n) < *distances.last().unwrap()).count();
        prop_assert_eq!(free, count - 1, "none is passed over");
    }
}
