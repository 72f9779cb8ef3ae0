//! What is planned for a cluster in which situation.

use std::collections::BTreeSet;

use aws_sdk_ecs::types::Cluster;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::observe::Observed;
use super::{Desired, Step, plan};
use crate::api::EcsCluster;
use crate::api::condition::Reason;
use crate::api::names::tag;
use crate::api::policy::{AdoptionPolicy, DeletionPolicy, DriftPolicy, ManagementMode};
use crate::aws::AwsError;
use crate::controllers::context::{Stores, tag_list};
use crate::controllers::facts::Facts;
use crate::controllers::ownership::Owner;
use crate::controllers::report::{Course, Plan};
use crate::controllers::seen::Seen;

const NOTHING: Vec<String> = Vec::new();

fn desired(spec: &Value) -> Desired {
    let object = json!({
        "apiVersion": "ecs-operator.dev/v1alpha1", "kind": "EcsCluster",
        "metadata": {"name": "prod", "namespace": "shop", "uid": "u", "generation": 1}, "spec": spec,
    });
    let object: EcsCluster = serde_json::from_value(object).unwrap();
    Desired::resolve(&object, &Stores::empty())
}

fn facts() -> Facts {
    Facts {
        owner: Owner {
            installation: "i".into(),
            namespace: "shop".into(),
            kind: "EcsCluster",
            name: "prod".into(),
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

/// An ACTIVE cluster of ours.
fn live() -> Cluster {
    Cluster::builder()
        .cluster_arn("arn:aws:ecs:eu-west-1:1:cluster/prod")
        .cluster_name("prod")
        .status("ACTIVE")
        .set_tags(Some(tag_list(&facts().owner.tags())))
        .build()
}

/// That cluster, changed.
fn but(change: impl FnOnce(&mut Cluster)) -> Cluster {
    let mut cluster = live();
    change(&mut cluster);
    cluster
}

fn planned(spec: &Value, cluster: Seen<Cluster>, facts: &Facts) -> Plan<Step> {
    plan(&desired(spec), &Observed { cluster, known: false, gone_for_sure: false }, facts)
}

fn steps(plan: &Plan<Step>) -> Vec<String> {
    plan.steps.iter().map(ToString::to_string).collect()
}

#[test]
fn a_cluster_is_claimed_before_it_is_made_and_an_inactive_one_does_not_exist() {
    let inactive = but(|cluster| cluster.status = Some("INACTIVE".into()));
    for seen in [Seen::Absent, Seen::Present(inactive)] {
        assert_eq!(steps(&planned(&json!({}), seen, &facts())), ["add the finalizer", "CreateCluster prod"]);
    }
    let plan = planned(&json!({}), Seen::Present(live()), &facts());
    assert_eq!((steps(&plan), plan.verdict.ready), (NOTHING, true));
}

#[test]
fn a_cluster_that_was_there_is_made_again_only_once_it_is_gone_for_sure() {
    let seen = |gone_for_sure| {
        let observed = Observed { cluster: Seen::Absent, known: true, gone_for_sure };
        let plan = super::plan(&desired(&json!({})), &observed, &facts());
        (steps(&plan).len(), plan.verdict.message)
    };
    let (calls, message) = seen(false);
    assert!(calls == 0 && message.ends_with("looking once more."), "{message}");
    assert_eq!(seen(true).0, 2);
}

#[test]
fn a_cluster_is_being_brought_in_line_until_no_call_is_left() {
    let made = planned(&json!({}), Seen::Absent, &facts());
    assert_eq!(made.steps.iter().map(Step::is_call).collect::<Vec<_>>(), [false, true]);
    assert!(!Step::Release(String::new()).is_call());
    let spec = json!({"settings": [{"name": "containerInsights", "value": "enabled"}]});
    let changed = planned(&spec, Seen::Present(live()), &facts());
    assert_eq!((changed.verdict.ready, changed.verdict.course), (false, Course::Underway));
    assert!(changed.verdict.message.starts_with("1 call to bring cluster"), "{}", changed.verdict.message);
}

#[test]
fn what_cannot_be_read_is_never_made_nor_deleted() {
    let error = AwsError::new("DescribeClusters", "ServerException", "down");
    for deleting in [false, true] {
        let plan = planned(&json!({}), Seen::Unreadable(error.clone()), &Facts { deleting, ..facts() });
        assert_eq!((steps(&plan), plan.verdict.course), (NOTHING, Course::Underway));
    }
}

#[test]
fn whose_it_is_decides_what_is_done() {
    let mut tags = facts().owner.tags();
    let with = |tags: &std::collections::BTreeMap<String, String>| {
        Seen::Present(but(|cluster| cluster.tags = Some(tag_list(tags))))
    };
    tags.insert(tag::UID.into(), "earlier".into());
    let taken = steps(&planned(&json!({}), with(&tags), &facts()));
    assert!(taken.len() == 2 && taken[1].starts_with("TagResource"), "{taken:?}");
    tags.insert(tag::NAME.into(), "another".into());
    let always = Facts { adoption: AdoptionPolicy::Always, ..facts() };
    let plan = planned(&json!({}), with(&tags), &always);
    assert_eq!((steps(&plan), plan.verdict.reason), (NOTHING, Reason::OwnedByAnother));
    let leave = steps(&planned(&json!({}), with(&tags), &Facts { deleting: true, ..always.clone() }));
    assert_eq!(leave, ["remove the finalizer (the cluster is not ours)"]);
    let none = std::collections::BTreeMap::new();
    assert_eq!(planned(&json!({}), with(&none), &facts()).verdict.reason, Reason::AdoptionRequired);
    assert_eq!(planned(&json!({}), with(&none), &always).steps.len(), 2);
}

#[test]
fn each_difference_goes_into_the_call_that_mends_it() {
    let spec = json!({
        "settings": [{"name": "containerInsights", "value": "enabled"}],
        "capacityProviders": ["FARGATE"],
        "defaultCapacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1}],
    });
    let plan = planned(&spec, Seen::Present(live()), &facts());
    let calls = steps(&plan);
    assert_eq!(calls.len(), 2, "{calls:?}");
    assert!(
        calls[0].starts_with("UpdateClusterSettings") && calls[1].starts_with("PutClusterCapacityProviders"),
        "{calls:?}"
    );
    let warn = Facts { drift: DriftPolicy::Warn, ..facts() };
    assert_eq!(steps(&planned(&spec, Seen::Present(live()), &warn)), NOTHING);
    assert_eq!(planned(&spec, Seen::Present(live()), &Facts { edited: true, ..warn }).steps.len(), 2);
    let busy = but(|cluster| cluster.attachments_status = Some("UPDATE_IN_PROGRESS".into()));
    let plan = planned(&spec, Seen::Present(busy), &facts());
    assert_eq!((plan.steps.len(), plan.verdict.reason), (1, Reason::ProgressingWithRetry), "providers wait");
}

#[test]
fn observe_mode_plans_nothing_and_plan_mode_the_same_as_manage() {
    let spec = json!({"capacityProviders": ["FARGATE"]});
    let observe = Facts { mode: ManagementMode::Observe, claimed: false, edited: true, ..facts() };
    assert_eq!(steps(&planned(&spec, Seen::Present(live()), &observe)), NOTHING);
    assert_eq!(planned(&spec, Seen::Absent, &observe).verdict.reason, Reason::ResourceMissing);
    let shown = planned(&spec, Seen::Present(live()), &Facts { mode: ManagementMode::Plan, ..facts() });
    assert_eq!(shown, planned(&spec, Seen::Present(live()), &facts()));
}

#[test]
fn deletion_waits_for_what_runs_then_deletes_then_looks_twice() {
    let deleting = Facts { deleting: true, ..facts() };
    let busy = but(|cluster| cluster.active_services_count = 1);
    let plan = planned(&json!({}), Seen::Present(busy.clone()), &deleting);
    assert_eq!((steps(&plan), plan.verdict.reason), (NOTHING, Reason::DeletionBlocked));
    assert!(plan.verdict.message.contains("1 active service"), "{}", plan.verdict.message);
    let calls = steps(&planned(&json!({}), Seen::Present(live()), &deleting));
    assert_eq!(calls, ["DeleteCluster arn:aws:ecs:eu-west-1:1:cluster/prod"]);
    assert_eq!(steps(&planned(&json!({}), Seen::Absent, &deleting)), NOTHING);
    let gone = Observed { cluster: Seen::Absent, known: true, gone_for_sure: true };
    assert_eq!(
        steps(&super::plan(&desired(&json!({})), &gone, &deleting)),
        ["remove the finalizer (the cluster is gone)"]
    );
    let retain = Facts { deletion: DeletionPolicy::Retain, ..deleting };
    assert_eq!(
        steps(&planned(&json!({}), Seen::Present(busy), &retain)),
        ["remove the finalizer (the cluster stays in ECS)"]
    );
}
