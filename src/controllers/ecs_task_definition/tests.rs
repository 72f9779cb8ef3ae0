//! Which revision is used, made, taken, kept or retired.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_ecs::types::TaskDefinition;
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Described, Desired, Observed, Step, plan};
use crate::api::EcsTaskDefinition;
use crate::api::condition::Reason;
use crate::api::names::tag;
use crate::api::policy::{AdoptionPolicy, DeletionPolicy, DriftPolicy, ManagementMode};
use crate::controllers::context::Stores;
use crate::controllers::facts::Facts;
use crate::controllers::ownership::Owner;
use crate::controllers::report::{Plan, Requeue};
use crate::controllers::revisions::Revision;

const NOTHING: Vec<String> = Vec::new();

fn desired(more: &Value) -> Desired {
    let mut spec = json!({"containerDefinitions": [{"name": "web", "image": "nginx:1", "memory": 64}]});
    for (name, value) in more.as_object().unwrap() {
        spec[name] = value.clone();
    }
    let object = json!({
        "apiVersion": "ecs-operator.dev/v1alpha1", "kind": "EcsTaskDefinition",
        "metadata": {"name": "web", "namespace": "shop", "uid": "u", "generation": 1}, "spec": spec,
    });
    let object: EcsTaskDefinition = serde_json::from_value(object).unwrap();
    Desired::resolve(&object, &Stores::empty(), None)
}

fn facts() -> Facts {
    Facts {
        owner: Owner {
            installation: "i".into(),
            namespace: "shop".into(),
            kind: "EcsTaskDefinition",
            name: "web".into(),
            uid: "u".into(),
        },
        claimed: true,
        deleting: false,
        deletion: DeletionPolicy::Delete,
        adoption: AdoptionPolicy::IfTagged,
        drift: DriftPolicy::Correct,
        mode: ManagementMode::Manage,
        generation: 1,
        edited: false,
        was_ready: false,
        origin: None,
        arn: None,
        owned_fields: BTreeSet::new(),
        blocked: std::time::Duration::from_secs(5),
        now: Timestamp::UNIX_EPOCH,
    }
}

fn revision(number: i32, hash: &str, tags: BTreeMap<String, String>) -> Described {
    Described {
        arn: format!("arn:aws:ecs:eu-west-1:1:task-definition/web:{number}"),
        revision: number,
        content: Revision {
            definition: Arc::new(TaskDefinition::builder().build()),
            tags,
            content_hash: hash.to_owned(),
        },
    }
}

/// A revision that we registered.
fn ours(number: i32, hash: &str) -> Described {
    let mut tags = facts().owner.tags();
    tags.insert(tag::CONTENT_HASH.into(), hash.to_owned());
    revision(number, hash, tags)
}

/// Revisions, newest first.
fn seen(active: Vec<Described>) -> Observed {
    Observed { active, listed: true, gone_for_sure: false }
}

fn steps(plan: &Plan<Step>) -> Vec<String> {
    plan.steps.iter().map(ToString::to_string).collect()
}

#[test]
fn new_content_is_registered_once_and_old_content_is_used_again() {
    let desired = desired(&json!({}));
    let hash = desired.content_hash.as_str();
    let made = plan(&desired, &seen(vec![ours(1, "other")]), &facts());
    assert_eq!(steps(&made), ["add the finalizer", "RegisterTaskDefinition web: web=nginx:1"]);
    let Step::Register(request) = &made.steps[1] else { panic!("{made}") };
    let tags = request.get_tags().clone().unwrap_or_default();
    assert!(tags.iter().any(|t| t.key() == Some(tag::CONTENT_HASH) && t.value() == Some(hash)));
    let back = plan(&desired, &seen(vec![ours(2, "other"), ours(1, hash)]), &facts());
    assert_eq!((steps(&back), back.verdict.ready), (NOTHING, true));
    assert!(back.verdict.message.contains("web:1"));
}

#[test]
fn a_family_of_another_owner_is_not_joined() {
    let desired = desired(&json!({}));
    let mut tags = facts().owner.tags();
    tags.insert(tag::NAMESPACE.into(), "elsewhere".into());
    let theirs = seen(vec![revision(1, &desired.content_hash, tags)]);
    let always = Facts { adoption: AdoptionPolicy::Always, ..facts() };
    let plan_ = plan(&desired, &theirs, &always);
    assert_eq!((steps(&plan_), plan_.verdict.reason), (NOTHING, Reason::OwnedByAnother));
    let deleted = plan(&desired, &Observed { gone_for_sure: true, ..theirs }, &Facts { deleting: true, ..always });
    assert_eq!(steps(&deleted), ["remove the finalizer (all revisions are deregistered)"]);
}

#[test]
fn a_revision_made_by_hand_is_adopted_when_its_content_fits_and_never_deregistered() {
    let desired = desired(&json!({}));
    let by_hand = || seen(vec![revision(1, &desired.content_hash, BTreeMap::new())]);
    assert_eq!(plan(&desired, &by_hand(), &facts()).verdict.reason, Reason::AdoptionRequired);
    let always = Facts { adoption: AdoptionPolicy::Always, ..facts() };
    let taken = steps(&plan(&desired, &by_hand(), &always));
    assert!(taken.len() == 2 && taken[1].starts_with("TagResource"), "{taken:?}");
    let adopted = seen(vec![revision(1, &desired.content_hash, facts().owner.tags())]);
    assert_eq!(steps(&plan(&desired, &adopted, &always)), NOTHING);
    let deleting = Facts { deleting: true, ..always };
    assert_eq!(steps(&plan(&desired, &adopted, &deleting)), NOTHING);
    let sure = Observed { gone_for_sure: true, ..adopted };
    let calls = steps(&plan(&desired, &sure, &deleting));
    assert_eq!(calls, ["remove the finalizer (the adopted revision stays ACTIVE)"]);
}

#[test]
fn only_a_revision_that_was_made_for_the_object_keeps_it() {
    let adopted = revision(1, "hash", facts().owner.tags());
    let other = Owner { uid: "other".into(), ..facts().owner };
    assert!(ours(2, "hash").is_made_for(&facts().owner) && !ours(2, "hash").is_made_for(&other));
    assert!(!adopted.is_made_for(&facts().owner));
}

#[test]
fn deletion_waits_for_dependants_and_takes_own_revisions_only() {
    let mut desired = desired(&json!({}));
    let all = seen(vec![ours(3, "c"), revision(2, "b", BTreeMap::new()), ours(1, "a")]);
    let deleting = Facts { deleting: true, ..facts() };
    let calls = steps(&plan(&desired, &all, &deleting));
    let arn = |number| format!("DeregisterTaskDefinition arn:aws:ecs:eu-west-1:1:task-definition/web:{number}");
    assert_eq!(calls, [arn(1), arn(3)]);
    desired.dependants = vec!["shop".into()];
    let plan_ = plan(&desired, &all, &deleting);
    assert_eq!((steps(&plan_), plan_.verdict.reason), (NOTHING, Reason::DeletionBlocked));
    let retain = Facts { deletion: DeletionPolicy::Retain, ..deleting };
    assert_eq!(steps(&plan(&desired, &all, &retain)), ["remove the finalizer (its revisions stay ACTIVE)"]);
}

#[test]
fn observe_mode_plans_nothing_and_plan_mode_the_same_as_manage() {
    let desired = desired(&json!({}));
    let observe = Facts { mode: ManagementMode::Observe, claimed: false, ..facts() };
    let missing = plan(&desired, &seen(vec![ours(1, "other")]), &observe);
    assert_eq!((steps(&missing), missing.verdict.reason), (NOTHING, Reason::ResourceMissing));
    let there = seen(vec![revision(1, &desired.content_hash, BTreeMap::new())]);
    assert!(plan(&desired, &there, &observe).verdict.ready);
    let none = seen(Vec::new());
    assert_eq!(
        plan(&desired, &none, &Facts { mode: ManagementMode::Plan, ..facts() }),
        plan(&desired, &none, &facts())
    );
}

#[test]
fn more_than_five_at_once_are_left_for_a_pass_that_comes_sooner() {
    use std::time::Duration;
    let deleting = Facts { deleting: true, ..facts() };
    let removal = |count: i32| {
        let all = seen((1..=count).rev().map(|number| ours(number, "old")).collect());
        let plan = plan(&desired(&json!({})), &all, &deleting);
        (plan.steps.len(), plan.requeue)
    };
    assert_eq!(removal(5), (5, Requeue::After(Duration::from_secs(1))));
    assert_eq!(removal(6), (5, Requeue::After(Duration::from_secs(5))));
    let upkeep = |count: i32| {
        let desired = desired(&json!({"revisionHistoryLimit": 0}));
        let mut all = vec![ours(count + 1, &desired.content_hash)];
        all.extend((1..=count).rev().map(|number| ours(number, "old")));
        let plan = plan(&desired, &seen(all), &facts());
        (plan.steps.len(), plan.requeue)
    };
    assert_eq!(upkeep(5), (5, Requeue::Sweep));
    assert_eq!(upkeep(6), (5, Requeue::After(Duration::from_secs(10))));
}

#[test]
fn only_what_leaves_the_object_alone_is_no_call() {
    let made = plan(&desired(&json!({})), &seen(Vec::new()), &facts());
    assert_eq!(made.steps.iter().map(Step::is_call).collect::<Vec<_>>(), [false, true]);
    assert!(!Step::Release(String::new()).is_call());
}

#[test]
fn a_family_is_ours_once_we_have_had_a_revision_of_it() {
    let desired = desired(&json!({}));
    let theirs = seen(vec![revision(1, "other", BTreeMap::new())]);
    let refused = |facts: &Facts| plan(&desired, &theirs, facts).verdict.reason == Reason::AdoptionRequired;
    let had = Facts { arn: Some("arn".into()), ..facts() };
    assert!(refused(&facts()) && !refused(&had));
    assert!(refused(&Facts { claimed: false, ..had }), "one that was only looked at is not ours");
}

#[test]
fn a_secret_in_the_environment_is_in_no_printed_plan() {
    let secret = json!([{"name": "web", "image": "nginx:1", "memory": 64,
        "environment": [{"name": "PASSWORD", "value": "canary-5f2b"}]}]);
    let desired = desired(&json!({"containerDefinitions": secret}));
    let plan = plan(&desired, &seen(Vec::new()), &facts());
    assert_eq!(plan.steps.len(), 2);
    assert!(!plan.to_string().contains("canary"), "{plan}");
}

proptest! {
    #[test]
    fn only_own_surplus_that_nobody_uses_is_retired(
        kinds in prop::collection::vec(0..3_u8, 1..30), limit in 0..6_i32, used in prop::collection::btree_set(1..30_i32, 0..4)
    ) {
        let mut desired = desired(&json!({"revisionHistoryLimit": limit}));
        desired.in_use = used.clone();
        let count = i32::try_from(kinds.len()).unwrap();
        let mut all = vec![ours(count + 1, &desired.content_hash)];
        for (number, kind) in (1..=count).rev().zip(&kinds) {
            all.push(match kind {
                0 => ours(number, "old"),
                1 => revision(number, "theirs", BTreeMap::new()),
                _ => revision(number, "adopted", facts().owner.tags()),
            });
        }
        let mut own: Vec<i32> = all.iter().filter(|r| r.content.content_hash == "old").map(|r| r.revision).collect();
        let mut gone = Vec::new();
        // Until nothing is left to do: then exactly the history, and what is in use, stands.
        loop {
            let plan = plan(&desired, &seen(all.clone()), &facts());
            let retired: Vec<String> = plan.steps.iter().map(|step| match step {
                Step::Deregister(arn) => arn.clone(),
                other => panic!("{other}"),
            }).collect();
            if retired.is_empty() {
                break;
            }
            prop_assert!(retired.len() <= 5);
            gone.extend(all.iter().filter(|r| retired.contains(&r.arn)).map(|r| r.revision));
            all.retain(|r| !retired.contains(&r.arn));
        }
        own.sort_by_key(|number| std::cmp::Reverse(*number));
        let surplus = own.split_off(own.len().min(usize::try_from(limit).unwrap()));
        let mut expected: Vec<i32> = surplus.into_iter().filter(|number| !used.contains(number)).collect();
        expected.sort_unstable();
        gone.sort_unstable();
        prop_assert_eq!(gone, expected);
    }
}
