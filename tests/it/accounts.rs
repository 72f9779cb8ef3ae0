//! Accounts and tenants: who may use which account, with which credentials, for what. Stories over simulated accounts.

#![allow(
    clippy::too_many_lines,
    clippy::needless_pass_by_value,
    reason = "a story is told in one piece, with its manifests written inline"
)]

mod arns;
pub(crate) mod credentials;
mod life;
mod names;
mod pure;
mod reach;
mod resolution;
mod sources;

use std::time::Duration;

use ecs_operator::api::status::Status;
use ecs_operator::api::{AwsAccount, EcsCluster, EcsService, EcsTaskDefinition};
use ecs_operator::controllers::context::Config;
use ecs_operator::controllers::kind::Namespaced;
use ecs_sim::RegionKey;
use ecs_sim::sts::Role;
use kube::api::{Api, DeleteParams, Patch, PatchParams};
use serde_json::{Value, json};

use crate::support::driver::Operator;
use crate::support::manifests::{cluster, service, web};
use crate::support::world::{REGION, World};

/// The account of team shop.
const SHOP: &str = "111122223333";
/// Another one.
const OTHER: &str = "444455556666";
/// Who the operator is.
const OWN: &str = ecs_sim::world::DEFAULT_ACCOUNT;
const MINUTE: Duration = Duration::from_secs(60);

fn role(account: &str) -> String {
    format!("arn:aws:iam::{account}:role/ecs-operator")
}

/// A role that lets the operator in with this external id.
fn trust(world: &World, account: &str, external_id: &str) {
    let role_of = Role { external_id: Some(external_id.to_owned()), ..Role::trusting(&[OWN]) };
    world.aws.sim(|sim| {
        sim.add_role(&role(account), role_of);
        let key = RegionKey::new(account, REGION);
        sim.with_fleet(&key, |fleet| fleet.knobs.timing = ecs_sim::ecs::scheduler::timing::Timing::brisk());
    });
}

/// Worlds in which `shop` may use the account of that team.
async fn two_accounts(seed: u64) -> World {
    let world = World::ready(seed).await;
    trust(&world, SHOP, "default:shop");
    world
}

fn accounts(world: &World) -> Api<AwsAccount> {
    Api::all(world.person.clone())
}

/// An account that namespace `shop` may use, and uses without naming it.
fn shop_account() -> Value {
    account("shop-prod", SHOP, json!({ "defaultFor": { "names": ["shop"] } }))
}

fn account(name: &str, id: &str, more: Value) -> Value {
    let mut spec = json!({ "roleArn": role(id), "regions": [REGION], "allowedNamespaces": { "names": ["shop"] } });
    let Value::Object(more) = more else { panic!("members are an object: {more}") };
    for (member, value) in more {
        spec[member] = value;
    }
    json!({ "apiVersion": "ecs-operator.dev/v1alpha1", "kind": "AwsAccount", "metadata": { "name": name }, "spec": spec })
}

async fn admit(world: &World, account: &Value) {
    let name = account["metadata"]["name"].as_str().unwrap();
    accounts(world).patch(name, &PatchParams::apply("admin").force(), &Patch::Apply(account)).await.unwrap();
}

async fn edit_account(world: &World, name: &str, patch: Value) {
    accounts(world).patch(name, &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
}

async fn delete_account(world: &World, name: &str) {
    accounts(world).delete(name, &DeleteParams::background()).await.unwrap();
}

/// Reason and message of an account's `Ready`.
async fn account_ready(world: &World, name: &str) -> (String, String, String) {
    let status = accounts(world).get(name).await.unwrap().status.unwrap_or_default();
    ready(&status)
}

fn ready<S: Status>(status: &S) -> (String, String, String) {
    let found = status.common().conditions.into_iter().find(|condition| condition.type_ == "Ready");
    found.map(|ready| (ready.status, ready.reason, ready.message)).unwrap_or_default()
}

async fn reason<K: Namespaced>(world: &World, name: &str) -> String {
    ready(&world.status::<K>(name).await).1
}

async fn message<K: Namespaced>(world: &World, name: &str) -> String {
    ready(&world.status::<K>(name).await).2
}

/// Names of clusters in an account.
fn clusters(world: &World, account: &str) -> Vec<String> {
    world.aws.sim(|sim| {
        let found = sim.regions().filter(|(key, _)| key.account == account);
        found.flat_map(|(_, region)| active(region)).collect()
    })
}

fn active(region: &ecs_sim::Region) -> Vec<String> {
    let active = region.clusters.values().filter(|cluster| cluster.status == "ACTIVE");
    active.map(|cluster| cluster.name.clone()).collect()
}

/// Calls other than those that ask who one is.
fn calls(world: &World) -> usize {
    world.aws.sent().len()
}

/// An operator whose own identity is for nobody.
fn strict(world: &World) -> Operator {
    let mut config = Config { region: REGION.to_owned(), ..Config::default() };
    config.ambient.namespaces = Vec::new();
    Operator::start_with(world, config)
}

fn with(mut manifest: Value, members: Value) -> Value {
    let Value::Object(members) = members else { panic!("members are an object: {members}") };
    for (member, value) in members {
        manifest["spec"][member] = value;
    }
    manifest
}

/// The whole shop: cluster, task definition, service.
async fn open_shop(world: &World) {
    world.apply::<EcsCluster>(&cluster("prod")).await;
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:1")).await;
    world.apply::<EcsService>(&service("web", "prod", "web")).await;
}

async fn kinds_ready(world: &World) -> [String; 3] {
    [
        ready(&world.status::<EcsCluster>("prod").await).0,
        ready(&world.status::<EcsTaskDefinition>("web").await).0,
        ready(&world.status::<EcsService>("web").await).0,
    ]
}
