//! Server groups become versions: names, documents, specs of children, and what is refused before.

mod documents;
mod names;
mod scaling;
mod templates;
mod versions;

use std::path::Path;

use ecs_operator::api::ServerGroup;
use ecs_operator::api::policy::{AdoptionPolicy, DeletionPolicy, DriftPolicy, ManagementMode};
use ecs_operator::api::status::Slot;
use ecs_operator::controllers::context::Stores;
use ecs_operator::controllers::facts::Facts;
use ecs_operator::controllers::ownership::Owner;
use ecs_operator::controllers::server_group::desired::{ConfigMapText, Desired};
use ecs_operator::controllers::server_group::render::{Resolved, VersionOf};
use serde_json::{Value, json};

fn fixture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/server-group").join(name);
    std::fs::read_to_string(path).unwrap()
}

/// A spec as a person wrote it.
fn spec(name: &str) -> Value {
    serde_saphyr::from_str(&fixture(name)).unwrap()
}

/// A spec whose artifact is this text.
fn with_document(text: &str) -> Value {
    let mut spec = spec("artifact.yaml");
    spec["template"]["artifact"]["inline"] = json!(text);
    spec
}

fn group(name: &str, spec: &Value) -> ServerGroup {
    serde_json::from_value(json!({
        "apiVersion": "ecs-operator.dev/v1alpha1", "kind": "ServerGroup",
        "metadata": { "name": name, "namespace": "shop" }, "spec": spec,
    }))
    .unwrap()
}

fn read_with(spec: &Value, config_map: Option<&ConfigMapText>) -> Desired {
    Desired::resolve(&group("shop", spec), &Stores::empty(), config_map)
}

fn read(spec: &Value) -> Desired {
    read_with(spec, None)
}

/// What is said against a spec; empty when nothing is.
fn refused(desired: &Desired) -> String {
    let owner = Owner {
        installation: "i".into(),
        namespace: "shop".into(),
        kind: "ServerGroup",
        name: "shop".into(),
        uid: "u".into(),
    };
    let facts = Facts {
        owner,
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
        owned_fields: std::collections::BTreeSet::new(),
        blocked: std::time::Duration::from_secs(5),
        now: jiff::Timestamp::UNIX_EPOCH,
    };
    desired.refusal(&facts).map(|refusal| refusal.message).unwrap_or_default()
}

fn version(desired: &Desired, sequence: i32, slot: Option<Slot>) -> VersionOf {
    VersionOf { name: desired.moniker.version_name(sequence), sequence, slot }
}

fn arn(name: &str) -> String {
    format!("arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/{name}/0123456789abcdef")
}

/// What the controller found for the names in the fixtures.
fn resolved() -> Resolved {
    Resolved {
        target_groups: ["shop-web", "api-a", "api-b"].map(|name| (name.to_owned(), arn(name))).into(),
        ..Resolved::default()
    }
}

/// On Fargate subnets, groups and roles had names too.
fn resolved_on_fargate() -> Resolved {
    Resolved {
        subnets: Some(vec!["subnet-1".into(), "subnet-2".into()]),
        security_groups: Some(vec!["sg-1".into()]),
        execution_role_arn: Some("arn:aws:iam::123456789012:role/ecsTaskExecutionRole".into()),
        ..resolved()
    }
}
