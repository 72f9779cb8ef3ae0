//! What an account must have: long ARNs, and roles that exist and trust the tasks.

use ecs_operator::api::ServerGroup;
use ecs_sim::fault::{Effect, Rule};
use ecs_sim::sts::Role;
use serde_json::{Value, json};

use super::{MINUTE, children, group, idle, ready, running, served, status, told, worlds};
use crate::support::driver::Operator;
use crate::support::world::{World, key};

const TASKS: &str = "ecs-tasks.amazonaws.com";
const SETTLED: &str = "True Succeeded: shop-prod-v000 is current, 2/2 tasks.";

fn switch(world: &World, name: &str, value: &str) {
    world.aws.sim(|sim| sim.set_account_setting(&key(), None, name, value)).unwrap();
}

fn role(world: &World, tail: &str, role: Role) {
    world.aws.sim(|sim| sim.add_role(&arn(tail), role));
}

fn arn(tail: &str) -> String {
    format!("arn:aws:iam::123456789012:role/{tail}")
}

/// A group whose tasks have these roles.
fn with_roles(image: &str, execution: &str, task: &str) -> Value {
    group(image, &json!({"template": {"executionRoleArn": execution, "inputs": {"taskRoleArn": task}}}))
}

fn deny(world: &World, action: &str, code: &str) {
    let effect = Effect::Error { code: code.to_owned(), message: "not yours".to_owned(), status: 403 };
    world.aws.sim(|sim| sim.faults.add(Rule::on(action, effect)));
}

/// How often each of the looked-for operations was called since this was last asked.
fn reads(world: &World) -> (usize, usize) {
    let sent = world.aws.take_sent();
    let count = |name: &str| sent.iter().filter(|call| call.operation == name).count();
    (count("ListAccountSettings"), count("GetRole"))
}

/// Execution and task role of a revision, as they were registered.
async fn registered(world: &World, revision: &str) -> (Option<String>, Option<String>) {
    let found = world.cli().describe_task_definition().task_definition(revision).send().await.unwrap();
    let definition = found.task_definition.unwrap();
    (definition.execution_role_arn, definition.task_role_arn)
}

/// Nothing was registered, created or recorded.
async fn untouched(world: &World) {
    assert_eq!(children(world).await, Vec::<String>::new());
    let status = status(world).await;
    assert_eq!((status.versions.len(), status.last_sequence, status.rollout.is_some()), (0, None, false));
    let families = world.cli().list_task_definition_families().send().await.unwrap();
    assert!(families.families().is_empty(), "{families:?}");
}

async fn settles(world: &World, operator: &mut Operator) {
    operator.settle(10 * MINUTE, 30 * MINUTE).await;
    assert_eq!(ready(world).await, SETTLED);
}

#[tokio::test(start_paused = true)]
async fn a_group_waits_until_long_arns_are_on_and_says_with_which_command() {
    let (world, mut operator) = worlds(621).await;
    switch(&world, "serviceLongArnFormat", "disabled");
    world.apply::<ServerGroup>(&group("nginx:1", &json!({}))).await;
    operator.rest().await;
    let said = ready(&world).await;
    for part in [
        "False InvalidSpec: the account setting `serviceLongArnFormat` is disabled in account 123456789012",
        "Region eu-west-1",
        "aws ecs put-account-setting-default --region eu-west-1 --name serviceLongArnFormat --value enabled",
    ] {
        assert!(said.contains(part), "{said}");
    }
    assert!(!said.contains("--principal-arn") && !said.contains("taskLongArnFormat"), "{said}");
    assert_eq!(idle(&world, &mut operator).await, Vec::<String>::new());
    untouched(&world).await;
    // Somebody runs the command: the next visits find out.
    switch(&world, "serviceLongArnFormat", "enabled");
    settles(&world, &mut operator).await;
}

#[tokio::test(start_paused = true)]
async fn a_request_to_reconcile_looks_at_the_settings_at_once() {
    let (world, mut operator) = worlds(622).await;
    let user = world.aws.sim(|sim| sim.principal("AKIAdefault").arn);
    world.aws.sim(|sim| sim.set_account_setting(&key(), Some(&user), "taskLongArnFormat", "disabled")).unwrap();
    world.apply::<ServerGroup>(&group("nginx:1", &json!({}))).await;
    operator.rest().await;
    let said = ready(&world).await;
    let command = format!(
        "aws ecs put-account-setting --region eu-west-1 --name taskLongArnFormat --value enabled --principal-arn {user}"
    );
    assert!(said.starts_with("False InvalidSpec: ") && said.contains(&command), "{said}");
    world.aws.take_sent();
    operator.sweep().await;
    let memory = reads(&world).0;
    world.aws.sim(|sim| sim.set_account_setting(&key(), Some(&user), "taskLongArnFormat", "enabled")).unwrap();
    let before = world.clock.exact();
    world.annotate::<ServerGroup>("shop-prod", "reconcile-requested-at", "now").await;
    operator.settle(MINUTE / 2, MINUTE).await;
    let status = status(&world).await;
    let begun = status.versions.first().and_then(|version| version.created_at.clone()).expect("a version is made");
    assert!(begun.0.duration_since(before).as_secs() < 5, "{memory} reads before");
}

#[tokio::test(start_paused = true)]
async fn settings_that_may_not_be_read_hold_nothing_up() {
    let (world, mut operator) = worlds(623).await;
    deny(&world, "ListAccountSettings", "AccessDeniedException");
    world.apply::<ServerGroup>(&group("nginx:1", &json!({}))).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, SETTLED);
    assert_eq!(reads(&world).0, 1, "the refusal is remembered");
}

#[tokio::test(start_paused = true)]
async fn settings_that_cannot_be_read_for_now_are_waited_for_before_a_version_is_recorded() {
    let (world, mut operator) = worlds(624).await;
    let effect = Effect::Error { code: "ServerException".to_owned(), message: "later".to_owned(), status: 500 };
    world.aws.sim(|sim| sim.faults.add(Rule { times: Some(3), ..Rule::on("ListAccountSettings", effect) }));
    switch(&world, "taskLongArnFormat", "disabled");
    world.apply::<ServerGroup>(&group("nginx:1", &json!({}))).await;
    operator.settle(10 * MINUTE, 30 * MINUTE).await;
    assert!(ready(&world).await.starts_with("False InvalidSpec: "), "{}", ready(&world).await);
    untouched(&world).await;
}

#[tokio::test(start_paused = true)]
pub(crate) async fn roles_by_name_become_arns_with_their_path() {
    let (world, mut operator) = worlds(625).await;
    role(&world, "shop/web", Role::serving(&[TASKS]));
    role(&world, "ecs/pull", Role::serving(&[TASKS]));
    world.apply::<ServerGroup>(&with_roles("nginx:1", "ecs/pull", "web")).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, SETTLED);
    assert_eq!(registered(&world, "shop-prod:1").await, (Some(arn("ecs/pull")), Some(arn("shop/web"))));
    assert_eq!(told(&world, "PreflightWarning"), Vec::<String>::new());
    assert_eq!(reads(&world), (1, 2));
    // Nothing changes: nothing is asked.
    assert_eq!(idle(&world, &mut operator).await, Vec::<String>::new());
    for _ in 0..30 {
        operator.sweep().await;
        world.wait(5 * MINUTE).await;
    }
    assert_eq!(reads(&world), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_role_that_is_missing_or_elsewhere_is_refused_and_what_runs_goes_on() {
    let (world, mut operator) = served(626, &json!({})).await;
    role(&world, "shop/web", Role::serving(&[TASKS]));
    for (execution, task, why) in [
        ("pull", "web", "`executionRoleArn`: there is no role named `pull` in account 123456789012"),
        (&arn("shop/web"), "wep", "`inputs.taskRoleArn`: there is no role named `wep` in account 123456789012"),
        (
            &arn("web"),
            "web",
            "`executionRoleArn`: there is no role `arn:aws:iam::123456789012:role/web`; the role of that name is `arn:aws:iam::123456789012:role/shop/web`",
        ),
        ("web", "other/web", "`inputs.taskRoleArn`: there is no role `other/web`"),
    ] {
        world.apply::<ServerGroup>(&with_roles("nginx:2", execution, task)).await;
        operator.rest().await;
        let said = ready(&world).await;
        assert!(said.starts_with("False InvalidSpec: ") && said.contains(why), "{said}");
        assert_eq!((running(&world, "shop-prod-v000").await, status(&world).await.last_sequence), (2, Some(0)));
    }
    // The role is made; nobody touches the group.
    world.apply::<ServerGroup>(&with_roles("nginx:2", "pull", "web")).await;
    operator.rest().await;
    role(&world, "pull", Role::serving(&[TASKS]));
    operator.settle(10 * MINUTE, 30 * MINUTE).await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v001 is current, 2/2 tasks.");
    assert_eq!(registered(&world, "shop-prod:2").await, (Some(arn("pull")), Some(arn("shop/web"))));
    // What is there already is gone back to without any of this.
    world.aws.sim(|sim| sim.remove_role(&arn("pull")));
    switch(&world, "serviceLongArnFormat", "disabled");
    world.apply::<ServerGroup>(&group("nginx:1", &json!({}))).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, SETTLED);
}

#[tokio::test(start_paused = true)]
async fn a_role_that_does_not_trust_tasks_is_warned_of_once_and_goes_on() {
    let (world, mut operator) = worlds(627).await;
    role(&world, "pull", Role::serving(&["ec2.amazonaws.com", TASKS]));
    let policy = json!({"Statement": [{"Effect": "Deny", "Action": "*", "Principal": {"Service": TASKS}}]});
    role(&world, "web", Role::with_policy(policy));
    world.apply::<ServerGroup>(&with_roles("nginx:1", &arn("pull"), &arn("web"))).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, SETTLED);
    let warned = told(&world, "PreflightWarning");
    assert_eq!(warned.len(), 1, "{warned:?}");
    let begins = format!("shop-prod-v000: `inputs.taskRoleArn`: role `{}` does not trust ecs-tasks", arn("web"));
    assert!(warned[0].starts_with(&begins), "{warned:?}");
}

#[tokio::test(start_paused = true)]
async fn without_access_to_iam_names_are_roles_without_path_and_nothing_is_held_up() {
    let (world, mut operator) = worlds(628).await;
    deny(&world, "GetRole", "AccessDenied");
    world.apply::<ServerGroup>(&with_roles("nginx:1", &arn("none"), "web")).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, SETTLED);
    assert_eq!(registered(&world, "shop-prod:1").await, (Some(arn("none")), Some(arn("web"))));
    assert_eq!(reads(&world).1, 2);
    world.apply::<ServerGroup>(&with_roles("nginx:2", &arn("none"), "web")).await;
    operator.rest().await;
    assert_eq!(reads(&world), (0, 0), "both refusals and the settings are remembered");
}

#[tokio::test(start_paused = true)]
async fn while_iam_is_out_of_reach_arns_are_taken_as_they_are_and_names_are_not_guessed() {
    let (world, mut operator) = worlds(629).await;
    world.aws.sim(|sim| sim.faults.add(Rule::on("GetRole", Effect::ResetBefore)));
    world.apply::<ServerGroup>(&with_roles("nginx:1", &arn("pull"), "web")).await;
    operator.settle(2 * MINUTE, 20 * MINUTE).await;
    let said = ready(&world).await;
    assert!(said.starts_with("False ProgressingWithRetry: GetRole"), "{said}");
    untouched(&world).await;
    world.apply::<ServerGroup>(&with_roles("nginx:1", &arn("pull"), &arn("web"))).await;
    operator.settle(2 * MINUTE, 20 * MINUTE).await;
    assert_eq!(ready(&world).await, SETTLED);
}

#[tokio::test(start_paused = true)]
async fn the_roles_of_a_document_are_looked_at_too() {
    let (world, mut operator) = worlds(630).await;
    role(&world, "shop/web", Role::serving(&[TASKS]));
    let artifact = |task: &str| {
        let document = json!({
            "networkMode": "awsvpc", "cpu": 256, "memory": 512, "taskRoleArn": task, "executionRoleArn": "web",
            "containerDefinitions": [{"name": "web", "image": "nginx:1"}],
        });
        let mut group = group("nginx:1", &json!({"template": {"artifact": {"inline": document.to_string()}}}));
        group["spec"]["template"].as_object_mut().unwrap().remove("inputs");
        group
    };
    world.apply::<ServerGroup>(&artifact("none")).await;
    operator.rest().await;
    let said = ready(&world).await;
    assert!(said.contains("artifact: `taskRoleArn`: there is no role named `none`"), "{said}");
    world.apply::<ServerGroup>(&artifact("web")).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, SETTLED);
    assert_eq!(registered(&world, "shop-prod:1").await, (Some(arn("shop/web")), Some(arn("shop/web"))));
}
