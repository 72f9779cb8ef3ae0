//! Specs that are refused while a rollout is under way: it goes on as it began, and asks wait or act on it.

use ecs_operator::api::ServerGroup;
use ecs_operator::api::condition::ConditionType;
use ecs_sim::fixtures::ImageFate;
use serde_json::{Value, json};

use super::bad_input::{artifact, config_map, document};
use super::operations::half;
use super::scaling::held;
use super::{MINUTE, group, idle, ready, running, served, status, told, until, weighted, weights_of_b, worlds};
use crate::behaviour::line;
use crate::support::driver::Operator;
use crate::support::world::World;

const V0: &str = "shop-prod-v000";
const V1: &str = "shop-prod-v001";

/// A group of a document, which Application Auto Scaling may scale.
fn scaled(document: &str) -> Value {
    let mut group = artifact(&json!({"inline": document}));
    let more = json!({"spec": {
        "capacity": {"min": 2, "desired": 2, "max": 10},
        "scaling": {"mode": "External"},
        "gate": {"progressDeadlineSeconds": 300},
    }});
    json_patch::merge(&mut group, &more);
    group
}

/// `v000` serves, `v001` has begun, and then the spec becomes one that is refused.
async fn refused_midway(seed: u64, fate: Option<ImageFate>) -> (World, Operator) {
    let (world, mut operator) = worlds(seed).await;
    world.apply::<ServerGroup>(&scaled(&document("nginx:1"))).await;
    operator.rest().await;
    if let Some(fate) = fate {
        world.aws.sim(|sim| sim.set_image("nginx:2", fate));
    }
    world.apply::<ServerGroup>(&scaled(&document("nginx:2"))).await;
    until(&world, &mut operator, "False Progressing: shop-prod-v001").await;
    world.apply::<ServerGroup>(&scaled("{")).await;
    until(&world, &mut operator, "False InvalidSpec: artifact").await;
    let stands = status(&world).await;
    assert!(stands.rollout.is_some() && ready(&world).await.contains(V1), "{}", ready(&world).await);
    assert!(line(&stands.conditions, ConditionType::Stalled).starts_with("True InvalidSpec"));
    (world, operator)
}

#[tokio::test(start_paused = true)]
async fn a_rollout_goes_on_to_its_end_while_the_spec_is_refused_and_nothing_begins_after_it() {
    let (world, mut operator) = refused_midway(701, None).await;
    operator.settle(MINUTE, 20 * MINUTE).await;
    let stands = status(&world).await;
    assert_eq!((stands.rollout, stands.current_version.as_deref()), (None, Some(V1)), "{}", ready(&world).await);
    let said = ready(&world).await;
    assert!(said.starts_with("False InvalidSpec: artifact"), "{said}");
    assert_eq!((running(&world, V0).await, running(&world, V1).await), (0, 2));
    assert_eq!(held(&world, V1).await, (2, 10, [false; 3]), "the autoscaler is let go of");
    assert_eq!(idle(&world, &mut operator).await, Vec::<String>::new());
    world.apply::<ServerGroup>(&scaled(&document("nginx:2"))).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v001 is current, 2/2 tasks.");
    assert_eq!(status(&world).await.accepted_spec, None);
}

#[tokio::test(start_paused = true)]
async fn a_rollout_that_fails_is_undone_while_the_spec_is_refused() {
    let (world, mut operator) = refused_midway(702, Some(ImageFate::Hangs)).await;
    operator.settle(MINUTE, 20 * MINUTE).await;
    let stands = status(&world).await;
    assert_eq!((stands.rollout, stands.current_version.as_deref()), (None, Some(V0)), "{}", ready(&world).await);
    assert!(stands.hold.is_some_and(|hold| hold.version == V1 && hold.reason == "ProgressDeadlineExceeded"));
    assert_eq!((running(&world, V0).await, running(&world, V1).await), (2, 0));
    assert!(ready(&world).await.starts_with("False InvalidSpec: artifact"), "{}", ready(&world).await);
    assert_eq!(held(&world, V0).await.2, [false; 3]);
    assert_eq!(idle(&world, &mut operator).await, Vec::<String>::new());
    // The next spec that can be gone by is rolled out.
    world.apply::<ServerGroup>(&scaled(&document("nginx:3"))).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v002 is current, 2/2 tasks.");
}

#[tokio::test(start_paused = true)]
async fn a_template_that_does_not_resolve_leaves_the_rollout_alone_and_an_abort_acts_on_it_at_once() {
    let (world, mut operator, rule) = half(703).await;
    let mapping = json!([{"containerPort": 80, "targetGroup": "blue", "alternateTargetGroup": "nowhere"}]);
    let strategy = json!({"canary": {"steps": [{"setWeight": 50}, {"pause": {}}]}});
    let edit = json!({"template": {"targetGroupMappings": mapping}, "strategy": strategy});
    world.apply::<ServerGroup>(&weighted("nginx:3", &rule, &edit)).await;
    operator.settle(MINUTE, 5 * MINUTE).await;
    let said = ready(&world).await;
    assert!(said.starts_with("False InvalidSpec: ") && said.contains("no target group named `nowhere`"), "{said}");
    assert!(said.contains("promote"), "{said}");
    let stands = status(&world).await;
    assert!(stands.rollout.as_ref().is_some_and(|rollout| rollout.to == V1 && rollout.ending.is_none()));
    assert_eq!(weights_of_b(&world, &rule), [0, 50]);
    world.annotate::<ServerGroup>("shop-prod", "abort", V1).await;
    operator.settle(MINUTE, 20 * MINUTE).await;
    assert_eq!(weights_of_b(&world, &rule), [0, 50, 0]);
    assert_eq!((running(&world, V0).await, running(&world, V1).await), (2, 0));
    let stands = status(&world).await;
    assert_eq!((stands.rollout, stands.history[0].result.as_str()), (None, "Aborted"));
    assert!(ready(&world).await.contains("no target group named `nowhere`"), "{}", ready(&world).await);
    world.apply::<ServerGroup>(&weighted("nginx:3", &rule, &json!({}))).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v002 is current, 2/2 tasks.");
}

#[tokio::test(start_paused = true)]
async fn rules_that_an_edit_misnames_do_not_stop_the_traffic_under_way() {
    let (world, mut operator, rule) = half(704).await;
    let waits = status(&world).await.rollout.unwrap().promote_with.unwrap();
    let wrong = json!({"spec": {"traffic": {"listenerRules": [format!("{}0", rule.rule)]}}});
    world.edit::<ServerGroup>("shop-prod", wrong).await;
    operator.settle(MINUTE, 5 * MINUTE).await;
    let said = ready(&world).await;
    assert!(said.starts_with("False InvalidSpec: RuleMismatch") && said.contains("does not exist"), "{said}");
    world.annotate::<ServerGroup>("shop-prod", "promote", &waits).await;
    operator.settle(MINUTE, 20 * MINUTE).await;
    assert_eq!(weights_of_b(&world, &rule), [0, 50, 100]);
    assert_eq!(status(&world).await.current_version.as_deref(), Some(V1));
    assert!(ready(&world).await.starts_with("False InvalidSpec: RuleMismatch"), "{}", ready(&world).await);
}

#[tokio::test(start_paused = true)]
async fn a_document_that_goes_away_does_not_turn_the_rollout_round() {
    let (world, mut operator) = worlds(705).await;
    let refers = artifact(&json!({"configMapKeyRef": {"name": "shop", "key": "task.json"}}));
    config_map(&world, &document("nginx:1")).await;
    world.apply::<ServerGroup>(&refers).await;
    operator.rest().await;
    config_map(&world, &document("nginx:2")).await;
    operator.sweep().await;
    until(&world, &mut operator, "False Progressing: shop-prod-v001").await;
    // The new version is made: nothing of the document is needed any more.
    while running(&world, V1).await < 0 {
        assert!(operator.next().await.is_some(), "{}", ready(&world).await);
    }
    let maps = kube::api::Api::<k8s_openapi::api::core::v1::ConfigMap>::namespaced(
        world.person.clone(),
        crate::support::world::NAMESPACE,
    );
    maps.delete("shop", &kube::api::DeleteParams::default()).await.unwrap();
    operator.sweep().await;
    let said = ready(&world).await;
    assert!(said.starts_with("False DependencyNotReady: ConfigMap `shop`") && said.contains(V1), "{said}");
    operator.settle(MINUTE, 20 * MINUTE).await;
    let stands = status(&world).await;
    assert_eq!((stands.rollout, stands.current_version.as_deref()), (None, Some(V1)), "{}", ready(&world).await);
    assert_eq!(running(&world, V1).await, 2);
    config_map(&world, &document("nginx:2")).await;
    operator.sweep().await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v001 is current, 2/2 tasks.");
}

#[tokio::test(start_paused = true)]
async fn asks_wait_until_the_spec_can_be_gone_by() {
    let (world, mut operator) = served(706, &json!({})).await;
    world.aws.sim(|sim| sim.set_image("nginx:2", ImageFate::Missing));
    world.apply::<ServerGroup>(&group("nginx:2", &json!({}))).await;
    until(&world, &mut operator, "False DeploymentRolledBack").await;
    operator.rest().await;
    world.apply::<ServerGroup>(&artifact(&json!({"inline": "{"}))).await;
    operator.rest().await;
    for (key, value) in [("retry", V1), ("promote", "shop-prod-v001/full"), ("abort", V1), ("restarted-at", "now")] {
        world.annotate::<ServerGroup>("shop-prod", key, value).await;
    }
    operator.sweep().await;
    operator.rest().await;
    assert!(ready(&world).await.starts_with("False InvalidSpec"), "{}", ready(&world).await);
    let answered = status(&world).await.last_handled.unwrap_or_default();
    assert_eq!((answered.retry, answered.promote, answered.abort, answered.restarted_at), (None, None, None, None));
    assert_eq!(told(&world, "RequestIgnored"), Vec::<String>::new());
    world.aws.sim(|sim| sim.set_image("nginx:2", ImageFate::Runs));
    let edit = json!({"spec": group("nginx:2", &json!({}))["spec"]});
    let mut edit = edit;
    edit["spec"]["template"]["artifact"] = Value::Null;
    world.edit::<ServerGroup>("shop-prod", edit).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v002 is current, 2/2 tasks.");
    assert_eq!(status(&world).await.last_handled.unwrap().retry.as_deref(), Some(V1));
}
