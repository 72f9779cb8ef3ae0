//! What people do with a group that serves: resize, disable, go back, promote, abort, pause, edit by hand, delete.

use std::time::Duration;

use ecs_operator::api::condition::ConditionType;
use ecs_operator::api::status::VersionState;
use ecs_operator::api::{EcsService, ServerGroup};
use ecs_sim::elbv2::control::BalancerSpec;
use serde_json::json;

use super::{
    MINUTE, balanced, children, group, idle, ready, running, served, status, through, told, until, weighted,
    weights_of_b, worlds, writes,
};
use crate::behaviour::line;
use crate::support::wire::Fault;
use crate::support::world::{World, key};

const V0: &str = "shop-prod-v000";
const V1: &str = "shop-prod-v001";

/// Desired counts of the two versions in ECS, and their status there.
async fn desired(world: &World, version: &str) -> (i32, String) {
    let found = world.cli().describe_services().cluster("prod").services(version).send().await.unwrap();
    found.services().first().map_or((-1, "MISSING".to_owned()), |service| {
        (service.desired_count, service.status().unwrap_or_default().to_owned())
    })
}

#[tokio::test(start_paused = true)]
async fn a_resize_changes_the_count_in_place_and_a_rollout_under_way_grows_to_it() {
    let (world, mut operator) = served(531, &json!({})).await;
    world.aws.take_sent();
    world.edit::<ServerGroup>("shop-prod", json!({"spec": {"capacity": {"desired": 5}}})).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v000 is current, 5/5 tasks.");
    assert_eq!(writes(&world), ["UpdateService"]);
    assert_eq!(status(&world).await.last_sequence, Some(0));
    assert_eq!(told(&world, "Scaled"), ["shop-prod-v000: 2 → 5 tasks"]);
    world.edit::<ServerGroup>("shop-prod", json!({"spec": {"capacity": {"desired": 0}}})).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v000 is current, 0/0 tasks.");
    assert_eq!(status(&world).await.versions[0].state, VersionState::Active, "no tasks is not disabled");
}

#[tokio::test(start_paused = true)]
async fn a_disabled_group_has_no_tasks_and_comes_back_as_it_was() {
    let (world, mut operator, rule) = balanced(532, &json!({"capacity": {"desired": 3}})).await;
    world.edit::<ServerGroup>("shop-prod", json!({"spec": {"disabled": true}})).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: Disabled: no version has tasks.");
    assert_eq!(running(&world, V0).await, 0);
    let disabled = status(&world).await.versions[0].clone();
    assert_eq!((disabled.state, disabled.remembered.unwrap().desired), (VersionState::Disabled, 3));
    assert_eq!(weights_of_b(&world, &rule), [0], "weights stay");
    assert_eq!(idle(&world, &mut operator).await, Vec::<String>::new());
    world.edit::<ServerGroup>("shop-prod", json!({"spec": {"disabled": false}})).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v000 is current, 3/3 tasks.");
    let enabled = status(&world).await.versions[0].clone();
    assert_eq!((enabled.state, enabled.remembered), (VersionState::Active, None));
    assert_eq!(status(&world).await.last_sequence, Some(0));
}

#[tokio::test(start_paused = true)]
async fn a_template_edited_while_disabled_is_made_when_the_group_is_enabled() {
    let (world, mut operator) = served(533, &json!({})).await;
    world.edit::<ServerGroup>("shop-prod", json!({"spec": {"disabled": true}})).await;
    operator.rest().await;
    world.apply::<ServerGroup>(&group("nginx:2", &json!({"disabled": true}))).await;
    operator.rest().await;
    assert_eq!(children(&world).await, [V0, "td/shop-prod-v000"]);
    assert!(ready(&world).await.starts_with("True Succeeded: Disabled"), "{}", ready(&world).await);
    world.edit::<ServerGroup>("shop-prod", json!({"spec": {"disabled": false}})).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v001 is current, 2/2 tasks.");
}

#[tokio::test(start_paused = true)]
async fn highlander_leaves_only_the_new_version_and_never_fewer_tasks() {
    let only = json!({"strategy": {"highlander": {}}});
    let (world, mut operator) = served(534, &only).await;
    world.apply::<ServerGroup>(&group("nginx:2", &only)).await;
    let until = tokio::time::Instant::now() + 30 * MINUTE;
    while tokio::time::Instant::now() < until {
        operator.settle(Duration::from_secs(2), Duration::from_secs(2)).await;
        world.wait(Duration::from_secs(1)).await;
        let both = running(&world, V0).await.max(0) + running(&world, V1).await.max(0);
        assert!(both >= 2, "{both}: {}", ready(&world).await);
        if ready(&world).await.starts_with("True Succeeded: shop-prod-v001") {
            break;
        }
    }
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v001 is current, 2/2 tasks.");
    assert_eq!(children(&world).await, [V1, "td/shop-prod-v001"]);
    assert_eq!(desired(&world, V0).await.1, "INACTIVE");
    assert_eq!(status(&world).await.versions.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_warm_standby_takes_over_again_within_seconds_by_weights_alone() {
    let warm = json!({"strategy": {"redBlack": {"warmStandby": true}}});
    let (world, mut operator, rule) = balanced(535, &warm).await;
    world.apply::<ServerGroup>(&weighted("nginx:2", &rule, &warm)).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v001 is current, 2/2 tasks.");
    assert_eq!((running(&world, V0).await, running(&world, V1).await), (2, 2));
    let stands = status(&world).await;
    assert!(stands.versions[1].warm && stands.versions[1].state == VersionState::Disabled, "{:?}", stands.versions[1]);
    assert_eq!(stands.traffic.as_deref(), Some("v001 100"));
    world.aws.take_sent();
    let asked = world.clock.now();
    world.apply::<ServerGroup>(&weighted("nginx:1", &rule, &warm)).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v000 is current, 2/2 tasks.");
    let log = world.aws.sim(|sim| sim.weight_log(&key(), &rule.rule));
    assert_eq!(weights_of_b(&world, &rule), [0, 100, 0]);
    let took = log[2].at / 1000 - asked.as_second();
    assert!(took <= 45, "the old version served again after {took} s");
    assert_eq!(writes(&world).iter().filter(|call| *call != "ModifyRule").count(), 0, "tasks are there already");
    assert_eq!((running(&world, V0).await, running(&world, V1).await), (2, 2));
    assert_eq!(status(&world).await.last_sequence, Some(1), "no new version");
}

#[tokio::test(start_paused = true)]
async fn a_pin_goes_back_to_a_version_and_holds_edits_until_it_is_taken_off() {
    let (world, mut operator) = served(536, &json!({})).await;
    world.apply::<ServerGroup>(&group("nginx:2", &json!({}))).await;
    operator.rest().await;
    let pinned = |image: &str, to: &str| group(image, &json!({"rollback": {"toVersion": to}}));
    world.apply::<ServerGroup>(&pinned("nginx:2", V0)).await;
    through(&world, &mut operator, 30 * MINUTE, (V1, 0)).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: Pinned: shop-prod-v000 is current, 2/2 tasks.");
    assert_eq!((running(&world, V0).await, running(&world, V1).await), (2, 0));
    assert_eq!(status(&world).await.pinned.as_deref(), Some(V0));
    // Edits wait behind the pin.
    world.apply::<ServerGroup>(&pinned("nginx:3", V0)).await;
    operator.rest().await;
    assert_eq!(status(&world).await.last_sequence, Some(1));
    assert!(ready(&world).await.starts_with("True Succeeded: Pinned"), "{}", ready(&world).await);
    // A version that is not there is refused, and nothing changes.
    world.apply::<ServerGroup>(&pinned("nginx:3", "shop-prod-v077")).await;
    operator.rest().await;
    let said = ready(&world).await;
    assert!(said.starts_with("False InvalidSpec: VersionNotFound") && said.contains("retained are"), "{said}");
    assert_eq!(running(&world, V0).await, 2);
    world.apply::<ServerGroup>(&group("nginx:3", &json!({}))).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v002 is current, 2/2 tasks.");
    assert_eq!(status(&world).await.pinned, None);
}

#[tokio::test(start_paused = true)]
async fn a_reverted_template_restores_the_retained_version() {
    let (world, mut operator) = served(537, &json!({})).await;
    world.apply::<ServerGroup>(&group("nginx:2", &json!({}))).await;
    operator.rest().await;
    world.aws.take_sent();
    world.apply::<ServerGroup>(&group("nginx:1", &json!({}))).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v000 is current, 2/2 tasks.");
    assert_eq!(status(&world).await.last_sequence, Some(1));
    assert!(!writes(&world).contains(&"CreateService".to_owned()));
    assert_eq!((running(&world, V0).await, running(&world, V1).await), (2, 0));
}

/// Nothing of the group is left in ECS.
async fn nothing_left(world: &World) {
    assert!(world.get::<ServerGroup>("shop-prod").await.is_none(), "{}", ready(world).await);
    assert_eq!(children(world).await, Vec::<String>::new());
    let services = world.cli().list_services().cluster("prod").send().await.unwrap();
    assert_eq!(services.service_arns(), Vec::<String>::new());
    let active = aws_sdk_ecs::types::TaskDefinitionStatus::Active;
    let left = world.cli().list_task_definitions().status(active).send().await.unwrap();
    assert_eq!(left.task_definition_arns(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn deletion_takes_the_versions_without_traffic_first_and_leaves_nothing() {
    let warm = json!({"strategy": {"redBlack": {"warmStandby": true}}});
    let (world, mut operator, rule) = balanced(538, &warm).await;
    world.apply::<ServerGroup>(&weighted("nginx:2", &rule, &warm)).await;
    operator.rest().await;
    world.aws.take_sent();
    world.delete::<ServerGroup>("shop-prod").await;
    let mut order = Vec::new();
    for _ in 0..600 {
        operator.settle(Duration::from_secs(2), Duration::from_secs(2)).await;
        world.wait(Duration::from_secs(1)).await;
        for version in [V0, V1] {
            if desired(&world, version).await.1 != "ACTIVE" && !order.contains(&version) {
                order.push(version);
                // While the one without traffic goes, the other one serves.
                assert!(version == V1 || desired(&world, V1).await == (2, "ACTIVE".to_owned()));
            }
        }
        if world.get::<ServerGroup>("shop-prod").await.is_none() {
            break;
        }
    }
    assert_eq!(order, [V0, V1]);
    operator.rest().await;
    nothing_left(&world).await;
    assert_eq!(weights_of_b(&world, &rule), [0, 100], "the rules stay as they are");
}

#[tokio::test(start_paused = true)]
async fn deletion_with_reset_sends_the_traffic_to_the_first_target_group_at_the_end() {
    let reset = json!({"traffic": {"onDelete": "Reset"}});
    let (world, mut operator, rule) = balanced(539, &reset).await;
    world.apply::<ServerGroup>(&weighted("nginx:2", &rule, &reset)).await;
    operator.rest().await;
    assert_eq!(weights_of_b(&world, &rule), [0, 100]);
    world.delete::<ServerGroup>("shop-prod").await;
    operator.rest().await;
    nothing_left(&world).await;
    assert_eq!(weights_of_b(&world, &rule), [0, 100, 0]);
}

#[tokio::test(start_paused = true)]
async fn deletion_with_retain_leaves_the_tasks_running() {
    let (world, mut operator, rule) = balanced(540, &json!({"deletionPolicy": "Retain"})).await;
    world.delete::<ServerGroup>("shop-prod").await;
    operator.rest().await;
    assert!(world.get::<ServerGroup>("shop-prod").await.is_none());
    // The garbage collector of Kubernetes takes the children; their own policy keeps what is in ECS.
    for name in [V0] {
        world.delete::<EcsService>(name).await;
        world.delete::<ecs_operator::api::EcsTaskDefinition>(name).await;
    }
    operator.rest().await;
    assert_eq!(children(&world).await, Vec::<String>::new());
    assert_eq!(desired(&world, V0).await, (2, "ACTIVE".to_owned()));
    assert_eq!(running(&world, V0).await, 2);
    assert_eq!(weights_of_b(&world, &rule), [0]);
}

#[tokio::test(start_paused = true)]
async fn deletion_in_the_middle_of_a_canary_leaves_nothing() {
    let canary = json!({"strategy": {"canary": {"steps": [{"setWeight": 50}, {"pause": {}}]}}});
    let (world, mut operator, rule) = balanced(541, &canary).await;
    world.apply::<ServerGroup>(&weighted("nginx:2", &rule, &canary)).await;
    until(&world, &mut operator, "False AwaitingApproval").await;
    world.delete::<ServerGroup>("shop-prod").await;
    operator.rest().await;
    nothing_left(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_current_version_deleted_by_hand_is_replaced_by_the_next_number() {
    let (world, mut operator) = served(542, &json!({})).await;
    world.delete::<EcsService>(V0).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v001 is current, 2/2 tasks.");
    assert_eq!(desired(&world, V0).await.1, "INACTIVE");
    assert_eq!(children(&world).await, [V1, "td/shop-prod-v001"], "nothing is left of the other");
}

#[tokio::test(start_paused = true)]
async fn a_candidate_deleted_by_hand_fails_the_rollout_and_a_previous_version_is_only_forgotten() {
    let canary = json!({"strategy": {"canary": {"steps": [{"setWeight": 50}, {"pause": {}}]}}});
    let (world, mut operator, rule) = balanced(543, &canary).await;
    world.apply::<ServerGroup>(&weighted("nginx:2", &rule, &canary)).await;
    until(&world, &mut operator, "False AwaitingApproval").await;
    world.delete::<EcsService>(V1).await;
    operator.rest().await;
    let said = ready(&world).await;
    assert!(said.starts_with("False ") && said.contains("deleted by hand") && said.contains("v000 serves"), "{said}");
    assert_eq!(weights_of_b(&world, &rule), [0, 50, 0]);
    assert_eq!(running(&world, V0).await, 2);
    world.apply::<ServerGroup>(&weighted("nginx:3", &rule, &json!({}))).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v002 is current, 2/2 tasks.");
    world.delete::<EcsService>(V0).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v002 is current, 2/2 tasks.");
    assert_eq!(children(&world).await, ["shop-prod-v002", "td/shop-prod-v002"]);
}

#[tokio::test(start_paused = true)]
async fn weights_edited_by_hand_are_corrected_and_told_of() {
    let (world, mut operator, rule) = balanced(544, &json!({})).await;
    let (blue, green) = (rule.groups[0].as_str(), rule.groups[1].as_str());
    world.aws.sim(|sim| sim.set_weights(&key(), &rule.rule, &[(blue, 60), (green, 40)], "somebody"));
    operator.sweep().await;
    operator.rest().await;
    assert_eq!(weights_of_b(&world, &rule), [0, 40, 0]);
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v000 is current, 2/2 tasks.");
    // In the policy Warn it is only told of.
    world.edit::<ServerGroup>("shop-prod", json!({"spec": {"driftPolicy": "Warn"}})).await;
    operator.rest().await;
    world.aws.sim(|sim| sim.set_weights(&key(), &rule.rule, &[(blue, 60), (green, 40)], "somebody"));
    operator.sweep().await;
    operator.rest().await;
    assert_eq!(weights_of_b(&world, &rule), [0, 40, 0, 40]);
    let drifted = line(&status(&world).await.conditions, ConditionType::Drifted);
    assert!(drifted.starts_with("True DriftDetected"), "{drifted}");
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_forwards_to_a_third_target_group_is_refused_and_left_alone() {
    let (world, mut operator) = worlds(545).await;
    let three = BalancerSpec {
        interval_seconds: 5,
        healthy_threshold: 2,
        ..BalancerSpec::new("web", &[("blue", 100), ("green", 0), ("grey", 10)])
    };
    let rule = world.balancer(&three);
    world.apply::<ServerGroup>(&weighted("nginx:1", &rule, &json!({}))).await;
    operator.rest().await;
    let said = ready(&world).await;
    assert!(said.starts_with("False InvalidSpec: RuleMismatch: rule `"), "{said}");
    assert!(said.contains("does not forward to exactly") && said.contains("nothing was changed"), "{said}");
    assert_eq!(
        writes(&world),
        Vec::<String>::new().into_iter().chain(["CreateCluster".to_owned()]).collect::<Vec<_>>()
    );
    assert_eq!(children(&world).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_sends_traffic_to_nobody_is_told_of_and_left_alone() {
    let (world, mut operator, rule) = balanced(546, &json!({})).await;
    let (blue, green) = (rule.groups[0].as_str(), rule.groups[1].as_str());
    world.aws.sim(|sim| sim.set_weights(&key(), &rule.rule, &[(blue, 0), (green, 0)], "somebody"));
    operator.sweep().await;
    operator.rest().await;
    let said = ready(&world).await;
    assert!(said.starts_with("False InvalidSpec: RuleMismatch: rule `"), "{said}");
    assert!(said.contains("sends no traffic to either target group"), "{said}");
    assert_eq!(weights_of_b(&world, &rule), [0, 0]);
}

/// A canary that waits at half of the traffic.
pub(super) async fn half(seed: u64) -> (World, crate::support::driver::Operator, ecs_sim::elbv2::control::Balanced) {
    let (world, mut operator, rule) = balanced(seed, &canary()).await;
    world.apply::<ServerGroup>(&weighted("nginx:2", &rule, &canary())).await;
    until(&world, &mut operator, "False AwaitingApproval").await;
    assert_eq!(weights_of_b(&world, &rule), [0, 50]);
    (world, operator, rule)
}

fn canary() -> serde_json::Value {
    let steps = json!([{"setWeight": 50}, {"pause": {}}]);
    json!({"strategy": {"canary": {"steps": steps}}, "gate": {"deadlineSeconds": 600}})
}

#[tokio::test(start_paused = true)]
async fn a_pause_lasts_until_it_is_promoted_and_other_values_are_answered_by_an_event() {
    let (world, mut operator, rule) = half(546).await;
    let waits = status(&world).await.rollout.unwrap().promote_with.unwrap();
    // Longer than the deadline: a pause does not count.
    operator.settle(Duration::from_secs(20), 20 * MINUTE).await;
    assert_eq!(weights_of_b(&world, &rule), [0, 50]);
    world.annotate::<ServerGroup>("shop-prod", "promote", "shop-prod-v000.3").await;
    operator.settle(Duration::from_secs(30), 2 * MINUTE).await;
    let ignored = told(&world, "RequestIgnored");
    assert!(ignored.len() == 1 && ignored[0].contains(&waits), "{ignored:?}");
    assert_eq!(weights_of_b(&world, &rule), [0, 50]);
    world.annotate::<ServerGroup>("shop-prod", "promote", &waits).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v001 is current, 2/2 tasks.");
    assert_eq!(weights_of_b(&world, &rule), [0, 50, 100]);
    assert_eq!(told(&world, "GateOpened").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_promotion_is_answered_once_though_rules_and_targets_cannot_be_read() {
    let (world, mut operator, rule) = half(549).await;
    let waits = status(&world).await.rollout.unwrap().promote_with.unwrap();
    world.aws.set_plan(Some(Box::new(|_, operation| match operation {
        "DescribeRules" | "DescribeTargetHealth" => Fault::Before,
        _ => Fault::Pass,
    })));
    world.annotate::<ServerGroup>("shop-prod", "promote", &waits).await;
    operator.settle(Duration::from_secs(30), 3 * MINUTE).await;
    assert_eq!(status(&world).await.rollout.unwrap().promote_with, None);
    world.aws.set_plan(None);
    until(&world, &mut operator, "True Succeeded: shop-prod-v001 is current, 2/2 tasks.").await;
    assert_eq!(weights_of_b(&world, &rule), [0, 50, 100]);
    assert_eq!(told(&world, "GateOpened").len(), 1);
    assert_eq!(told(&world, "RequestIgnored"), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn an_abort_gives_the_traffic_back_and_holds_the_template() {
    let (world, mut operator, rule) = half(547).await;
    world.annotate::<ServerGroup>("shop-prod", "abort", V0).await;
    operator.settle(Duration::from_secs(30), 2 * MINUTE).await;
    let ignored = told(&world, "RequestIgnored");
    assert!(
        ignored.len() == 1 && ignored[0].contains("the rollout under way is that of shop-prod-v001"),
        "{ignored:?}"
    );
    assert_eq!(weights_of_b(&world, &rule), [0, 50]);
    world.annotate::<ServerGroup>("shop-prod", "abort", V1).await;
    through(&world, &mut operator, 20 * MINUTE, (V0, 2)).await;
    operator.rest().await;
    let said = ready(&world).await;
    assert!(said.starts_with("False DeploymentRolledBack: Aborted"), "{said}");
    assert_eq!(weights_of_b(&world, &rule), [0, 50, 0]);
    assert_eq!((running(&world, V0).await, running(&world, V1).await), (2, 0));
    assert_eq!(status(&world).await.history[0].result, "Aborted");
    assert_eq!(idle(&world, &mut operator).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_newer_template_in_the_middle_of_a_canary_sends_it_back_and_is_rolled_out_itself() {
    let (world, mut operator, rule) = half(548).await;
    world.apply::<ServerGroup>(&weighted("nginx:3", &rule, &json!({"strategy": {"redBlack": {}}}))).await;
    operator.rest().await;
    assert_eq!(
        ready(&world).await,
        "True Succeeded: shop-prod-v002 is current, 2/2 tasks.",
        "{:?}",
        status(&world).await.history
    );
    assert_eq!(weights_of_b(&world, &rule), [0, 50, 0, 100]);
    let results: Vec<_> =
        status(&world).await.history.iter().map(|entry| (entry.version.clone(), entry.result.clone())).collect();
    assert!(results.contains(&(V1.to_owned(), "Superseded".to_owned())), "{results:?}");
    assert!(status(&world).await.hold.is_none());
    let unserved = world.aws.sim(|sim| sim.unserved(&key()));
    let first = world.aws.sim(|sim| sim.weight_log(&key(), &rule.rule))[1].at;
    assert!(unserved.iter().all(|gap| gap.from < first), "{unserved:?}");
}

#[tokio::test(start_paused = true)]
async fn a_paused_group_stays_where_it_is_and_goes_on_later() {
    let (world, mut operator, rule) = half(549).await;
    let waits = status(&world).await.rollout.unwrap().promote_with.unwrap();
    world.annotate::<ServerGroup>("shop-prod", "paused", "true").await;
    world.annotate::<ServerGroup>("shop-prod", "promote", &waits).await;
    world.edit::<ServerGroup>("shop-prod", json!({"spec": {"capacity": {"desired": 6}}})).await;
    operator.settle(Duration::from_secs(20), MINUTE).await;
    assert_eq!(idle(&world, &mut operator).await, Vec::<String>::new());
    assert!(line(&status(&world).await.conditions, ConditionType::Paused).starts_with("True"));
    assert_eq!(weights_of_b(&world, &rule), [0, 50]);
    world
        .edit::<ServerGroup>("shop-prod", json!({"metadata": {"annotations": {"ecs-operator.dev/paused": null}}}))
        .await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v001 is current, 6/6 tasks.");
}

#[tokio::test(start_paused = true)]
async fn plan_mode_shows_what_a_new_template_would_begin_and_writes_nothing() {
    let (world, mut operator, rule) = balanced(550, &json!({})).await;
    world.aws.take_sent();
    world.apply::<ServerGroup>(&weighted("nginx:2", &rule, &json!({"managementMode": "Plan"}))).await;
    operator.rest().await;
    assert_eq!(idle(&world, &mut operator).await, Vec::<String>::new());
    let stands = status(&world).await;
    assert!(ready(&world).await.starts_with("False PlanPending"), "{}", ready(&world).await);
    let steps = stands.plan.unwrap().steps;
    let shown = steps.join("\n");
    for step in ["create EcsTaskDefinition shop-prod-v001", "create EcsService shop-prod-v001: desiredCount 2"] {
        assert!(shown.contains(step), "{shown}");
    }
    assert!(shown.contains("weights 0/100"), "{shown}");
    assert_eq!((stands.last_sequence, stands.rollout), (Some(0), None));
    assert_eq!(children(&world).await, [V0, "td/shop-prod-v000"]);
    world.apply::<ServerGroup>(&weighted("nginx:2", &rule, &json!({"managementMode": "Manage"}))).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v001 is current, 2/2 tasks.");
}

#[tokio::test(start_paused = true)]
async fn a_new_group_in_plan_or_observe_mode_makes_nothing_and_can_be_deleted() {
    for mode in ["Plan", "Observe"] {
        let (world, mut operator) = worlds(551).await;
        world.aws.take_sent();
        world.apply::<ServerGroup>(&group("nginx:1", &json!({"managementMode": mode}))).await;
        operator.rest().await;
        assert_eq!(writes(&world), Vec::<String>::new(), "{mode}");
        assert_eq!(children(&world).await, Vec::<String>::new(), "{mode}");
        let object = world.get::<ServerGroup>("shop-prod").await.unwrap();
        assert_eq!(object.metadata.finalizers.unwrap_or_default(), Vec::<String>::new(), "{mode}");
        if mode == "Plan" {
            let steps = object.status.unwrap().plan.unwrap().steps;
            assert!(steps.join("\n").contains("create EcsService shop-prod-v000"), "{steps:?}");
        }
        world.delete::<ServerGroup>("shop-prod").await;
        operator.rest().await;
        assert!(world.get::<ServerGroup>("shop-prod").await.is_none(), "{mode}");
    }
}
