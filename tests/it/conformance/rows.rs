//! How an object comes into each situation of the truth table: stories on the simulated worlds.

use std::time::Duration;

use ecs_operator::api::{AwsAccount, EcsCluster, EcsService, EcsTaskDefinition, ServerGroup};
use ecs_sim::fixtures::ImageFate;
use kube::api::{Api, Patch, PatchParams};
use serde_json::{Value, json};

use super::recorded::plain;
use crate::behaviour::rollouts::at_the_gate;
use crate::behaviour::{shop, with};
use crate::server_group::{group, served, until};
use crate::support::driver::Operator;
use crate::support::manifests::{cluster, service, web};
use crate::support::wire::Fault;
use crate::support::world::{NAMESPACE, World};

const MINUTE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);

/// An object in a situation of the table, and what tools shall say of it.
pub struct Row {
    /// The row's number.
    pub number: u8,
    /// Name of the file: the situation, then the kind where there are several.
    pub name: String,
    /// The object, without what differs from run to run.
    pub object: Value,
    /// Status and reason of `Ready`; empty where there is none yet.
    pub ready: &'static str,
    /// What kstatus says, and with it Flux and Helm.
    pub kstatus: &'static str,
    /// What Argo CD shows.
    pub argo: &'static str,
}

/// kstatus and Argo CD, as they go together.
type Says = (&'static str, &'static str);
const BUSY: Says = ("InProgress", "Progressing");
const GOOD: Says = ("Current", "Healthy");
const BAD: Says = ("Failed", "Degraded");
const GOING: Says = ("Terminating", "Progressing");

/// The rows so far.
#[derive(Default)]
struct Table(Vec<Row>);

impl Table {
    fn take(&mut self, world: &World, at: (u8, &str), object: &str, ready: &'static str, says: Says) {
        let (plural, name) = object.split_once('/').unwrap();
        let found = world.api.with(|api| api.get(&format!("{plural}.ecs-operator.dev"), NAMESPACE, name));
        let object = plain(found.unwrap());
        let (number, name) = (at.0, format!("{:02}-{}", at.0, at.1));
        self.0.push(Row { number, name, object, ready, kstatus: says.0, argo: says.1 });
    }
}

const WEB: &str = "ecsservices/web";
const DEFINITION: &str = "ecstaskdefinitions/web";
const PROD: &str = "ecsclusters/prod";
const GROUP: &str = "servergroups/shop-prod";
const PROGRESSING: &str = "False Progressing";
const SUCCEEDED: &str = "True Succeeded";

/// All rows.
pub async fn rows() -> Vec<Row> {
    let mut table = Table::default();
    Box::pin(new_and_edited(&mut table)).await;
    Box::pin(rolling(&mut table)).await;
    Box::pin(waiting(&mut table)).await;
    Box::pin(outages(&mut table)).await;
    Box::pin(gates(&mut table)).await;
    Box::pin(refused(&mut table)).await;
    Box::pin(failed(&mut table)).await;
    Box::pin(denied(&mut table)).await;
    Box::pin(owners(&mut table)).await;
    Box::pin(strangers(&mut table)).await;
    Box::pin(steady(&mut table)).await;
    Box::pin(planned(&mut table)).await;
    Box::pin(dying(&mut table)).await;
    Box::pin(scaled(&mut table)).await;
    Box::pin(paused(&mut table)).await;
    Box::pin(deleted(&mut table)).await;
    table.0.sort_by(|a, b| a.name.cmp(&b.name));
    table.0
}

async fn new_and_edited(table: &mut Table) {
    let world = World::ready(101).await;
    world.apply::<EcsCluster>(&cluster("prod")).await;
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:1")).await;
    world.apply::<EcsService>(&service("web", "prod", "web")).await;
    world.apply::<ServerGroup>(&group("nginx:1", &json!({}))).await;
    for (name, object) in
        [("new-cluster", PROD), ("new-definition", DEFINITION), ("new-service", WEB), ("new-group", GROUP)]
    {
        table.take(&world, (1, name), object, "", BUSY);
    }
    let (world, _) = shop(102, &json!({})).await;
    world.edit::<EcsService>("web", json!({"spec": {"desiredCount": 3}})).await;
    table.take(&world, (2, "edited"), WEB, SUCCEEDED, BUSY);
}

async fn rolling(table: &mut Table) {
    let world = World::ready(103).await;
    let mut operator = world.operator();
    world.apply::<EcsCluster>(&cluster("prod")).await;
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:1")).await;
    world.apply::<EcsService>(&service("web", "prod", "web")).await;
    operator.settle(3 * SECOND, 6 * SECOND).await;
    table.take(&world, (3, "first-scaling"), WEB, PROGRESSING, BUSY);
    operator.rest().await;
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:2")).await;
    operator.settle(3 * SECOND, 6 * SECOND).await;
    table.take(&world, (3, "rolling-out"), WEB, PROGRESSING, BUSY);
    let (world, mut operator) = served(104, &json!({})).await;
    world.apply::<ServerGroup>(&group("nginx:2", &json!({}))).await;
    operator.settle(5 * SECOND, 10 * SECOND).await;
    table.take(&world, (3, "rolling-out-group"), GROUP, PROGRESSING, BUSY);
}

async fn waiting(table: &mut Table) {
    let world = World::ready(105).await;
    world.apply::<EcsService>(&service("web", "prod", "web")).await;
    world.operator().rest().await;
    table.take(&world, (4, "reference-absent"), WEB, "False DependencyNotReady", BUSY);
}

async fn outages(table: &mut Table) {
    let retries = "False ProgressingWithRetry";
    let (world, mut operator) = shop(106, &json!({})).await;
    world.aws.set_plan(Some(Box::new(|_, operation| match operation {
        "UpdateService" => Fault::Refuse(400, "ThrottlingException", "Rate exceeded"),
        _ => Fault::Pass,
    })));
    world.edit::<EcsService>("web", json!({"spec": {"desiredCount": 3}})).await;
    operator.settle(10 * SECOND, MINUTE).await;
    table.take(&world, (5, "throttled-with-work"), WEB, retries, BUSY);
    let (world, mut operator) = shop(107, &json!({})).await;
    world.aws.set_plan(Some(Box::new(|_, _| Fault::Refuse(500, "ServerException", "Service Unavailable."))));
    operator.sweep().await;
    operator.settle(10 * SECOND, MINUTE).await;
    table.take(&world, (6, "short-outage"), WEB, SUCCEEDED, GOOD);
    operator.settle(10 * MINUTE, 20 * MINUTE).await;
    table.take(&world, (6, "long-outage"), WEB, retries, BUSY);
}

async fn gates(table: &mut Table) {
    let waits = "False AwaitingApproval";
    let says = ("InProgress", "Suspended");
    let (world, ..) = at_the_gate(108).await;
    table.take(&world, (7, "gate"), WEB, waits, says);
    let steps = json!({"strategy": {"canary": {"steps": [{"setCapacity": {"count": 1}}, {"pause": {}}]}}});
    let (world, mut operator) = served(109, &steps).await;
    world.apply::<ServerGroup>(&group("nginx:2", &steps)).await;
    until(&world, &mut operator, waits).await;
    table.take(&world, (7, "gate-group"), GROUP, waits, says);
}

async fn refused(table: &mut Table) {
    let invalid = "False InvalidSpec";
    let world = World::ready(110).await;
    world.apply::<EcsTaskDefinition>(&with(web("web", "nginx:1"), &json!({"cpu": "300"}))).await;
    world.operator().rest().await;
    table.take(&world, (8, "invalid-definition"), DEFINITION, invalid, BAD);
    let (world, mut operator) = shop(111, &json!({})).await;
    world.aws.set_plan(Some(Box::new(|_, operation| match operation {
        "UpdateService" => Fault::Refuse(400, "InvalidParameterException", "The subnet ID 'subnet-x' does not exist"),
        _ => Fault::Pass,
    })));
    world.edit::<EcsService>("web", json!({"spec": {"enableExecuteCommand": true}})).await;
    operator.settle(2 * MINUTE, 30 * MINUTE).await;
    table.take(&world, (8, "refused-by-ecs"), WEB, invalid, BAD);
}

/// A service whose next image cannot be pulled, or never starts.
async fn next_image(seed: u64, members: &Value, fate: ImageFate) -> (World, Operator) {
    let (world, operator) = shop(seed, members).await;
    world.aws.sim(|sim| sim.set_image("nginx:2", fate));
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:2")).await;
    (world, operator)
}

async fn failed(table: &mut Table) {
    let (world, mut operator) = next_image(112, &json!({}), ImageFate::Missing).await;
    operator.rest().await;
    table.take(&world, (9, "rolled-back"), WEB, "False DeploymentRolledBack", BAD);
    let world = World::ready(113).await;
    world.aws.sim(|sim| sim.set_image("nginx:1", ImageFate::Missing));
    world.apply::<EcsCluster>(&cluster("prod")).await;
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:1")).await;
    world.apply::<EcsService>(&service("web", "prod", "web")).await;
    world.operator().rest().await;
    table.take(&world, (9, "failed"), WEB, "False DeploymentFailed", BAD);
    let (world, mut operator) = served(114, &json!({})).await;
    world.aws.sim(|sim| sim.set_image("nginx:2", ImageFate::Missing));
    world.apply::<ServerGroup>(&group("nginx:2", &json!({}))).await;
    operator.rest().await;
    table.take(&world, (9, "rolled-back-group"), GROUP, "False DeploymentRolledBack", BAD);
    let (world, mut operator) = next_image(115, &json!({"progressDeadlineSeconds": 180}), ImageFate::Hangs).await;
    operator.settle(2 * MINUTE, 2 * MINUTE).await;
    operator.settle(2 * MINUTE, 4 * MINUTE).await;
    table.take(&world, (10, "no-progress"), WEB, "False ProgressDeadlineExceeded", BAD);
}

async fn denied(table: &mut Table) {
    let (world, mut operator) = shop(116, &json!({})).await;
    world.aws.set_plan(Some(Box::new(|_, operation| match operation {
        "UpdateService" => {
            Fault::Refuse(400, "AccessDeniedException", "User: x is not authorized to perform: ecs:UpdateService")
        }
        _ => Fault::Pass,
    })));
    world.edit::<EcsService>("web", json!({"spec": {"desiredCount": 3}})).await;
    operator.settle(2 * MINUTE, MINUTE).await;
    table.take(&world, (11, "denied-just-now"), WEB, "False ProgressingWithRetry", BUSY);
    operator.settle(2 * MINUTE, 3 * MINUTE).await;
    table.take(&world, (11, "denied"), WEB, "False AccessDenied", BAD);
}

async fn owners(table: &mut Table) {
    let (world, mut operator) = shop(117, &json!({})).await;
    let second = with(service("other", "prod", "web"), &json!({"serviceName": "web", "adoptionPolicy": "Always"}));
    world.apply::<EcsService>(&second).await;
    operator.rest().await;
    table.take(&world, (12, "owned-by-another"), "ecsservices/other", "False OwnedByAnother", BAD);
    let world = World::ready(118).await;
    world.cli().create_cluster().cluster_name("prod").send().await.unwrap();
    world.apply::<EcsCluster>(&cluster("prod")).await;
    world.operator().rest().await;
    table.take(&world, (12, "adoption-required"), PROD, "False AdoptionRequired", BAD);
}

async fn strangers(table: &mut Table) {
    let elsewhere = with(cluster("prod"), &json!({"accountRef": {"name": "billing"}}));
    let account = |allowed: &str, default: bool| {
        let mut spec = json!({"allowedNamespaces": {"names": [allowed]}});
        if default {
            spec["defaultFor"] = json!({"names": [allowed]});
        }
        spec
    };
    let world = World::ready(127).await;
    admit(&world, "billing", account("billing", false)).await;
    world.apply::<EcsCluster>(&elsewhere).await;
    world.operator().rest().await;
    table.take(&world, (13, "account-refused"), PROD, "False AccountNotAllowed", BAD);
    let world = World::ready(128).await;
    for name in ["one", "two"] {
        admit(&world, name, account(NAMESPACE, true)).await;
    }
    world.apply::<EcsCluster>(&cluster("prod")).await;
    world.operator().rest().await;
    table.take(&world, (13, "account-ambiguous"), PROD, "False AccountAmbiguous", BAD);
    let world = World::ready(129).await;
    let role = |account: &str| format!("arn:aws:iam::{account}:role/ecs-operator");
    for account in ["111122223333", "444455556666"] {
        let own = ecs_sim::sts::Role::trusting(&[ecs_sim::world::DEFAULT_ACCOUNT]);
        let own = ecs_sim::sts::Role { external_id: Some(format!("default:{NAMESPACE}")), ..own };
        world.aws.sim(|sim| sim.add_role(&role(account), own));
    }
    let mut spec = account(NAMESPACE, true);
    for account in ["111122223333", "444455556666"] {
        spec["roleArn"] = role(account).into();
        admit(&world, "shop", spec.clone()).await;
        if account.starts_with('1') {
            world.apply::<EcsCluster>(&cluster("prod")).await;
        }
        world.operator().rest().await;
    }
    table.take(&world, (13, "account-changed"), PROD, "False AccountChanged", BAD);
}

async fn admit(world: &World, name: &str, spec: Value) {
    let api: Api<AwsAccount> = Api::all(world.person.clone());
    let account = json!({
        "apiVersion": "ecs-operator.dev/v1alpha1", "kind": "AwsAccount", "metadata": {"name": name}, "spec": spec,
    });
    api.patch(name, &PatchParams::apply("admin").force(), &Patch::Apply(&account)).await.unwrap();
}

async fn steady(table: &mut Table) {
    let (world, _) = shop(119, &json!({})).await;
    for (name, object) in [("steady-cluster", PROD), ("steady-definition", DEFINITION), ("steady-service", WEB)] {
        table.take(&world, (14, name), object, SUCCEEDED, GOOD);
    }
    let (world, _) = served(120, &json!({})).await;
    table.take(&world, (14, "steady-group"), GROUP, SUCCEEDED, GOOD);
    let (world, mut operator) = shop(121, &json!({"driftPolicy": "Warn"})).await;
    world.cli().update_service().cluster("prod").service("web").desired_count(3).send().await.unwrap();
    world.wait(MINUTE).await;
    operator.sweep().await;
    operator.rest().await;
    table.take(&world, (15, "drift-left"), WEB, SUCCEEDED, GOOD);
}

async fn planned(table: &mut Table) {
    let pending = ("Failed", "Suspended");
    let (world, mut operator) = shop(122, &json!({})).await;
    world.edit::<EcsService>("web", json!({"spec": {"managementMode": "Plan", "desiredCount": 4}})).await;
    operator.rest().await;
    table.take(&world, (16, "planned"), WEB, "False PlanPending", pending);
}

async fn dying(table: &mut Table) {
    let (world, mut operator) = shop(123, &json!({})).await;
    world.wait(10 * MINUTE).await;
    world.aws.sim(|sim| sim.set_image("nginx:1", ImageFate::Missing));
    let tasks = world.cli().list_tasks().cluster("prod").service_name("web").send().await.unwrap();
    for task in tasks.task_arns() {
        world.cli().stop_task().cluster("prod").task(task).send().await.unwrap();
    }
    world.wait(3 * MINUTE).await;
    operator.sweep().await;
    operator.settle(30 * SECOND, 3 * MINUTE).await;
    table.take(&world, (17, "tasks-dying"), WEB, "False TasksUnhealthy", BUSY);
    operator.settle(5 * MINUTE, 30 * MINUTE).await;
    table.take(&world, (17, "tasks-dead"), WEB, "False TasksUnhealthy", BAD);
    // Nobody has to do anything once tasks run again.
    world.aws.sim(|sim| sim.set_image("nginx:1", ImageFate::Runs));
    world.wait(10 * MINUTE).await;
    operator.sweep().await;
    operator.rest().await;
    table.take(&world, (17, "tasks-back"), WEB, SUCCEEDED, GOOD);
}

async fn scaled(table: &mut Table) {
    let scaling = json!({"scaling": {"minCapacity": 1, "maxCapacity": 10, "targetTracking": [{
        "policyName": "cpu", "targetValue": 60,
        "predefinedMetricSpecification": {"predefinedMetricType": "ECSServiceAverageCPUUtilization"},
    }]}});
    let (world, mut operator) = shop(124, &scaling).await;
    world.cli().update_service().cluster("prod").service("web").desired_count(5).send().await.unwrap();
    world.wait(MINUTE).await;
    operator.sweep().await;
    operator.rest().await;
    table.take(&world, (18, "count-moved-by-autoscaling"), WEB, SUCCEEDED, GOOD);
}

async fn paused(table: &mut Table) {
    let (world, mut operator) = shop(125, &json!({})).await;
    world.annotate::<EcsService>("web", "paused", "true").await;
    operator.rest().await;
    table.take(&world, (20, "paused"), WEB, SUCCEEDED, ("Current", "Suspended"));
    world.edit::<EcsService>("web", json!({"spec": {"desiredCount": 3}})).await;
    operator.rest().await;
    table.take(&world, (20, "paused-and-edited"), WEB, SUCCEEDED, ("InProgress", "Suspended"));
}

async fn deleted(table: &mut Table) {
    let (world, mut operator) = shop(126, &json!({})).await;
    world.delete::<EcsCluster>("prod").await;
    operator.settle(20 * SECOND, MINUTE).await;
    table.take(&world, (21, "deletion-blocked"), PROD, "False DeletionBlocked", GOING);
    world.delete::<EcsService>("web").await;
    operator.next().await;
    table.take(&world, (21, "deleting"), WEB, "False Deleting", GOING);
}
