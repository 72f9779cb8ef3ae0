//! A group with two versions, as the stores would hold them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::api::{ServerGroup, ServerGroupStatus};
use crate::controllers::context::Stores;
use crate::controllers::directive::Directive;
use crate::controllers::ownership::Owner;
use crate::controllers::server_group::asked::asked;
use crate::controllers::server_group::children::Children;
use crate::controllers::server_group::desired::Desired;
use crate::controllers::server_group::observe::Observed;
use crate::controllers::server_group::plan::plan;
use crate::controllers::server_group::render::Resolved;
use crate::controllers::server_group::rollout::sight::{Asked, Sight};
use crate::controllers::server_group::scale::ScaleSeen;
use crate::controllers::server_group::step::Step;

pub(super) const UID: &str = "group-uid";
pub(super) const V0: &str = "shop-prod-v000";
pub(super) const V1: &str = "shop-prod-v001";

/// `more` is laid over `base`, members deep down included.
#[expect(clippy::needless_pass_by_value, reason = "a value in place reads better")]
pub(super) fn laid(mut base: Value, more: Value) -> Value {
    json_patch::merge(&mut base, &more);
    base
}

pub(super) fn group(more: Value) -> ServerGroup {
    let base = json!({
        "apiVersion": "ecs-operator.dev/v1alpha1",
        "kind": "ServerGroup",
        "metadata": {
            "name": "shop-prod", "namespace": "shop", "uid": UID, "finalizers": ["ecs-operator.dev/finalizer"],
        },
        "spec": {
            "cluster": "prod",
            "region": "eu-west-1",
            "capacity": {"desired": 2},
            "template": {
                "inputs": {"image": "nginx:1", "cpu": 256, "memory": 512},
                "launchType": "FARGATE",
                "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-0a"]}},
            },
        },
    });
    serde_json::from_value(laid(base, more)).unwrap()
}

/// One of the two objects of a version.
fn child(kind: &str, version: &str, more: Value) -> Value {
    let base = json!({
        "apiVersion": "ecs-operator.dev/v1alpha1",
        "kind": kind,
        "metadata": {
            "name": version, "namespace": "shop", "uid": format!("{kind}-{version}"), "generation": 1,
            "ownerReferences": [{
                "apiVersion": "ecs-operator.dev/v1alpha1", "kind": "ServerGroup", "name": "shop-prod", "uid": UID,
                "controller": true,
            }],
        },
        "spec": {},
    });
    laid(base, more)
}

pub(super) fn service(version: &str, more: Value) -> Value {
    child("EcsService", version, laid(json!({"spec": {"serviceName": version, "desiredCount": 2}}), more))
}

pub(super) fn definition(version: &str, more: Value) -> Value {
    child("EcsTaskDefinition", version, more)
}

/// On its way out.
pub(super) fn leaving() -> Value {
    json!({"metadata": {"deletionTimestamp": "2026-01-05T08:00:00Z"}})
}

pub(super) fn children(objects: &[Value]) -> Children {
    Children::of(UID, "shop", &Stores::holding(objects))
}

pub(super) fn status(value: Value) -> ServerGroupStatus {
    serde_json::from_value(value).unwrap()
}

/// A version that is made, by default Active with two tasks.
pub(super) fn version(name: &str, more: Value) -> Value {
    let base = json!({"name": name, "state": "Active", "capacity": 2, "createdAt": "2026-01-05T08:00:00Z"});
    laid(base, more)
}

/// A group at rest whose one version is current.
pub(super) fn at_rest() -> ServerGroupStatus {
    status(json!({"currentVersion": V0, "versions": [version(V0, json!({}))]}))
}

/// All that a pass over a group goes by.
pub(super) struct Stage {
    pub(super) group: ServerGroup,
    pub(super) desired: Desired,
    pub(super) asked: Asked,
    pub(super) status: ServerGroupStatus,
    pub(super) observed: Observed,
}

impl Stage {
    #[expect(clippy::needless_pass_by_value, reason = "a value in place reads better")]
    pub(super) fn new(spec: Value, status: ServerGroupStatus, objects: &[Value]) -> Self {
        let group = group(json!({ "spec": spec }));
        let desired = Desired::resolve(&group, &Stores::holding(objects), None);
        let children = children(objects);
        let mut sight = Sight::at(Timestamp::from_second(1_767_600_000).unwrap());
        sight.children = children.seen(&status.versions);
        let observed = Observed {
            sight,
            children,
            rules: Vec::new(),
            resolved: Resolved { subnets: Some(vec!["subnet-0a".to_owned()]), ..Resolved::default() },
            adopted: BTreeMap::new(),
            terminating: BTreeMap::new(),
            scale: ScaleSeen::default(),
            error: None,
        };
        let asked = asked(&desired, &Directive::default(), None);
        Self { group, desired, asked, status, observed }
    }

    pub(super) fn steps(&self) -> Vec<Step> {
        let owner = Owner {
            installation: "ecs-operator".to_owned(),
            namespace: "shop".to_owned(),
            kind: "ServerGroup",
            name: "shop-prod".to_owned(),
            uid: UID.to_owned(),
        };
        plan(&self.group, &self.desired, &self.asked, &self.status, &self.observed, &owner)
    }

    pub(super) fn printed(&self) -> Vec<String> {
        printed(&self.steps())
    }
}

pub(super) fn printed(steps: &[Step]) -> Vec<String> {
    steps.iter().map(ToString::to_string).collect()
}
