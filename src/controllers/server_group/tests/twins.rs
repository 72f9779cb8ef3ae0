//! Two groups of one name: in one place the older has it, elsewhere they have nothing to do with each other.

use serde_json::{Value, json};

use super::stage::{group, laid};
use crate::api::ServerGroup;
use crate::controllers::context::Stores;
use crate::controllers::server_group::twin::{Twin, Whereabouts, twin};

const NAME: &str = "shop-prod";

/// The older of two, in a namespace of its own.
fn older(more: Value) -> Value {
    let metadata = json!({"namespace": "other", "uid": "older", "creationTimestamp": "2026-01-05T08:00:00Z"});
    serde_json::to_value(group(laid(json!({ "metadata": metadata }), more))).unwrap()
}

fn younger() -> ServerGroup {
    group(json!({"metadata": {"creationTimestamp": "2026-01-05T09:00:00Z"}}))
}

/// In account 1, Region `eu-west-1`, cluster `prod`.
fn here() -> Whereabouts {
    let known = |text: &str| Some(text.to_owned());
    Whereabouts { account: known("1"), region: known("eu-west-1"), cluster: known("prod") }
}

fn recorded(account: &str, region: &str) -> Value {
    json!({"status": {"account": {"id": account, "region": region}}})
}

fn cluster(arn: Option<&str>) -> Value {
    json!({
        "apiVersion": "ecs-operator.dev/v1alpha1", "kind": "EcsCluster",
        "metadata": {"name": "web", "namespace": "other", "uid": "cluster"}, "spec": {}, "status": {"arn": arn},
    })
}

fn found(older: Value, more: &[Value]) -> Option<Twin> {
    let mut objects = vec![older];
    objects.extend(more.iter().cloned());
    twin(&younger(), NAME, &here(), &Stores::holding(&objects))
}

fn has_it() -> Twin {
    Twin::Here("other/shop-prod".to_owned())
}

fn unknown() -> Twin {
    Twin::Somewhere("other/shop-prod".to_owned())
}

#[test]
fn of_two_groups_in_one_place_the_older_has_the_name() {
    assert_eq!(found(older(recorded("1", "eu-west-1")), &[]), Some(has_it()));
    let itself = serde_json::to_value(younger()).unwrap();
    assert_eq!(found(itself, &[]), None);
    let latest = laid(recorded("1", "eu-west-1"), json!({"metadata": {"creationTimestamp": "2026-01-05T10:00:00Z"}}));
    assert_eq!(found(older(latest), &[]), None, "the other is the younger");
    let same_age = laid(recorded("1", "eu-west-1"), json!({"metadata": {"creationTimestamp": "2026-01-05T09:00:00Z"}}));
    assert_eq!(found(older(same_age), &[]), None, "the higher UID counts as the younger");
    let named = laid(recorded("1", "eu-west-1"), json!({"metadata": {"name": "shop-test"}}));
    assert_eq!(found(older(named), &[]), None, "of another name");
}

#[test]
fn another_account_region_or_cluster_is_another_group() {
    assert_eq!(found(older(recorded("2", "eu-west-1")), &[]), None);
    assert_eq!(found(older(recorded("1", "us-east-1")), &[]), None);
    let test = laid(recorded("1", "eu-west-1"), json!({"spec": {"cluster": "test"}}));
    assert_eq!(found(older(test), &[]), None);
    let elsewhere = json!({"spec": {"cluster": "arn:aws:ecs:eu-west-1:2:cluster/prod"}});
    assert_eq!(found(older(elsewhere), &[]), None, "the ARN says it");
}

#[test]
fn the_arn_of_a_cluster_says_its_account_before_anything_is_recorded() {
    let refers = json!({"spec": {"cluster": null, "clusterRef": {"name": "web"}, "region": null}});
    let of = |arn: &str| found(older(refers.clone()), &[cluster(Some(arn))]);
    assert_eq!(of("arn:aws:ecs:eu-west-1:1:cluster/prod"), Some(has_it()));
    assert_eq!(of("arn:aws:ecs:eu-west-1:2:cluster/prod"), None);
    assert_eq!(of("arn:aws:ecs:us-east-1:1:cluster/prod"), None);
    assert_eq!(of("arn:aws:ecs:eu-west-1:1:cluster/test"), None);
}

#[test]
fn what_is_not_known_yet_makes_nobody_a_twin() {
    assert_eq!(found(older(json!({})), &[]), Some(unknown()), "its account is not known");
    let refers = json!({"spec": {"cluster": null, "clusterRef": {"name": "web"}}});
    let there = laid(recorded("1", "eu-west-1"), refers.clone());
    assert_eq!(found(older(there.clone()), &[]), Some(unknown()), "nor is there a cluster");
    assert_eq!(found(older(there), &[cluster(None)]), Some(unknown()), "nor is that made");
    assert_eq!(found(older(laid(recorded("2", "eu-west-1"), refers)), &[]), None, "but in another account it is none");
    let homeless = Whereabouts { cluster: None, ..here() };
    let stores = Stores::holding(&[older(recorded("1", "eu-west-1"))]);
    assert_eq!(twin(&younger(), NAME, &homeless, &stores), None, "it waits for its own cluster");
    let far = json!({"metadata": {"namespace": "another", "uid": "oldest"}});
    assert_eq!(
        found(older(far), &[older(recorded("1", "eu-west-1"))]),
        Some(has_it()),
        "who is known to have it counts"
    );
}
