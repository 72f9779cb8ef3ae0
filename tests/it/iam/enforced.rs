//! The operator under the documents: the simulated AWS refuses what they do not allow.
//!
//! Every other story of these tests runs under `everything` as well: a denial fails the story.

use std::collections::BTreeSet;

use ecs_operator::api::{EcsCluster, EcsService, EcsTaskDefinition, ServerGroup};
use ecs_operator::aws::Op;
use ecs_operator::iam::{Grant, Profile, grants, permission};
use ecs_sim::rights::Policy;
use serde_json::json;

use super::stories::{
    a_group_on_instances_behind_a_listener, a_service_with_metrics_of_its_own, a_shop_that_uses_everything,
    an_alarm_of_an_earlier_group, laden_edits, laden_shop, ready,
};
use crate::support::paused::run;
use crate::support::wire::{documents, take_audit};
use crate::support::world::{REGION, World};
use crate::{accounts, behaviour, hints, reconcile, scaling, server_group};

const EVERYTHING: &[Profile] = &[Profile::EverythingEcs, Profile::EverythingElse];

fn everything() -> Policy {
    documents("default", EVERYTHING)
}

/// The stories that between them use every right once.
fn stories() {
    run(a_shop_that_uses_everything());
    run(a_group_on_instances_behind_a_listener());
    run(an_alarm_of_an_earlier_group());
    run(a_service_with_metrics_of_its_own());
    accounts::credentials::a_fixed_external_id_is_shared_and_tags_are_told_apart();
    server_group::roles::roles_by_name_become_arns_with_their_path();
    hints::forged_and_foreign_messages_do_nothing();
    reconcile::everything_is_deleted_in_any_order_and_nothing_is_left();
    reconcile::an_image_change_registers_once_and_rolls();
    behaviour::ownership::an_adopted_service_is_tagged_first_then_brought_in_line_and_retained_at_the_end();
    behaviour::rollouts::a_gate_opens_when_the_annotation_names_it_and_not_before();
    behaviour::rollouts::an_abort_of_a_rolling_deployment_stops_it_with_a_rollback();
    behaviour::failures::an_edit_of_a_cluster_that_has_to_wait_is_made_in_the_end();
    scaling::a_policy_that_leaves_the_spec_is_deleted_and_a_foreign_one_stays();
    scaling::scaling_that_leaves_the_spec_is_torn_down();
    server_group::alarms::each_version_has_the_declared_alarms_and_takes_them_along();
    server_group::copies::the_first_version_takes_over_the_size_and_the_scaling_of_the_source();
    server_group::failures::a_metric_that_turns_bad_in_a_canary_fails_it();
    server_group::asks::a_task_is_stopped_once_and_replaced_and_a_foreign_one_is_not_touched();
    server_group::asks::services_of_spinnaker_become_versions_only_when_that_is_asked();
    server_group::bad_input::names_of_networks_that_do_not_resolve_are_told_and_nothing_is_dropped();
    server_group::rollouts::weights_move_only_to_healthy_targets_and_the_old_version_goes_afterwards();
}

/// Up to the first call that only one statement allows, a run without that statement is the same run.
#[test]
fn every_right_that_the_documents_give_is_needed_and_none_is_missing() {
    take_audit();
    stories();
    let audit = take_audit();
    assert_eq!(audit.denied, Vec::<String>::new());
    let all: Vec<Grant> = Grant::ALL
        .iter()
        .copied()
        .filter(|&grant| {
            matches!(grant, Grant::AssumeRoles | Grant::ReadQueue) || EVERYTHING.iter().any(|part| part.has(grant))
        })
        .collect();
    let given: BTreeSet<String> = all.iter().flat_map(|grant| grant.actions()).collect();
    let unasked: Vec<&String> = given.difference(&audit.asked).collect();
    assert!(unasked.is_empty(), "nobody asked for {unasked:?}");
    let missing: Vec<&String> = audit.asked.difference(&given).collect();
    assert!(missing.is_empty(), "no document gives {missing:?}");
    let rights =
        all.iter().flat_map(|grant| grant.actions().into_iter().map(|action| (grant.sid().to_owned(), action)));
    let surplus: Vec<(String, String)> = rights.filter(|right| !audit.needed.contains(right)).collect();
    assert!(surplus.is_empty(), "another statement gives it each time: {surplus:?}");
    for op in Op::ALL.iter().filter(|op| grants(**op).iter().any(|grant| all.contains(grant))) {
        assert!(audit.asked.contains(&permission(*op)), "{op}");
    }
}

/// A shop under a policy: what was denied.
async fn denied(policy: Policy, edits: bool) -> Vec<String> {
    let world = World::ready(911).await;
    world.aws.restrict("default", policy);
    let mut operator = world.operator();
    take_audit();
    laden_shop(&world, &mut operator).await;
    if edits {
        laden_edits(&world, &mut operator).await;
    }
    let audit = take_audit();
    if !audit.denied.is_empty() {
        let told = world.api.with(|api| api.all("events.events.k8s.io"));
        let told = told.iter().any(|event| {
            event["reason"] == "AccessDenied"
                || event["note"].as_str().is_some_and(|note| note.contains("not authorized"))
        });
        let status = ready(&world).await;
        assert!(
            told || status.contains("not authorized") || !status.starts_with("True"),
            "{status}: {:?}",
            audit.denied
        );
    }
    audit.denied
}

#[test]
fn without_any_one_statement_a_shop_is_denied_something() {
    assert_eq!(run(denied(everything(), true)), Vec::<String>::new());
    for sid in [
        "Read",
        "ReadAny",
        "RegisterTaskDefinitions",
        "CreateServices",
        "ChangeServices",
        "CreateClusters",
        "ChangeClusters",
        "TagNew",
        "ReadScaling",
        "ChangeScaling",
        "TagScaling",
        "PassTaskRoles",
        "PassInfrastructureRoles",
    ] {
        let found = run(denied(everything().without(sid), matches!(sid, "ChangeServices" | "ChangeClusters")));
        let grant = Grant::ALL.iter().find(|grant| grant.sid() == sid).unwrap();
        let of_it = |line: &String| grant.actions().iter().any(|action| line.starts_with(&format!("{action} on ")));
        assert!(found.iter().any(of_it), "{sid}: {found:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_profile_of_services_suffices_in_somebody_elses_cluster() {
    let world = World::ready(912).await;
    world.cli().create_cluster().cluster_name("theirs").capacity_providers("FARGATE").send().await.unwrap();
    world.aws.restrict("default", documents("default", &[Profile::Services]));
    let mut operator = world.operator();
    take_audit();
    let mut web = super::stories::laden();
    web["spec"].as_object_mut().unwrap().remove("clusterRef");
    web["spec"]["cluster"] = json!("theirs");
    world.apply::<EcsTaskDefinition>(&super::stories::with_roles("nginx:1")).await;
    world.apply::<EcsService>(&web).await;
    operator.rest().await;
    assert!(ready(&world).await.starts_with("True"), "{}", ready(&world).await);
    world.edit::<EcsService>("web", json!({"spec": {"tags": {"team": null, "owner": "b"}, "scaling": null}})).await;
    world.apply::<EcsTaskDefinition>(&super::stories::with_roles("nginx:2")).await;
    operator.rest().await;
    operator.sweep().await;
    operator.rest().await;
    world.delete::<EcsService>("web").await;
    world.delete::<EcsTaskDefinition>("web").await;
    operator.rest().await;
    assert!(world.get::<EcsService>("web").await.is_none());
    assert_eq!(take_audit().denied, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn to_observe_and_to_plan_reading_suffices() {
    let world = World::ready(913).await;
    let mut operator = world.operator();
    laden_shop(&world, &mut operator).await;
    world.apply::<ServerGroup>(&crate::server_group::alarms::stepped("nginx:1", &json!({}))).await;
    operator.rest().await;
    world.aws.restrict("default", documents("default", &[Profile::ReadOnly]));
    for mode in ["Observe", "Plan"] {
        take_audit();
        world.annotate::<EcsCluster>("prod", "mode", mode).await;
        world.annotate::<EcsTaskDefinition>("web", "mode", mode).await;
        world.annotate::<EcsService>("web", "mode", mode).await;
        world.annotate::<ServerGroup>("shop-prod", "mode", mode).await;
        let count = if mode == "Observe" { 3 } else { 4 };
        world.edit::<EcsService>("web", json!({"spec": {"desiredCount": count, "tags": {"team": "b"}}})).await;
        world.apply::<EcsTaskDefinition>(&super::stories::with_roles(&format!("nginx:{mode}"))).await;
        operator.rest().await;
        // A process that knows nothing yet reads everything.
        let mut another = world.operator();
        another.rest().await;
        another.sweep().await;
        let audit = take_audit();
        assert_eq!(audit.denied, Vec::<String>::new(), "{mode}");
        assert!(audit.asked.len() > 6, "{mode}: {:?}", audit.asked);
    }
}

#[tokio::test(start_paused = true)]
async fn another_installation_may_read_ours_and_change_nothing() {
    let world = World::ready(914).await;
    let mut operator = world.operator();
    laden_shop(&world, &mut operator).await;
    world.aws.restrict("other", documents("other", EVERYTHING));
    let other = aws_sdk_ecs::Client::new(&world.aws.config_of(REGION, "other"));
    let found = other.describe_services().cluster("prod").services("web").send().await.unwrap();
    let arn = found.services()[0].service_arn().unwrap().to_owned();
    let refusal = other.update_service().cluster("prod").service("web").desired_count(0).send().await.unwrap_err();
    let said = refusal.into_service_error().to_string();
    assert!(said.contains("AccessDeniedException"), "{said}");
    let gone = other.delete_cluster().cluster("prod").send().await;
    assert!(gone.is_err());
    // Not even the marks: what is somebody's is not adopted.
    let mark = aws_sdk_ecs::types::Tag::builder().key("ecs-operator.dev/installation").value("other").build();
    assert!(other.tag_resource().resource_arn(&arn).tags(mark).send().await.is_err());
    // Without its own mark it makes nothing either.
    assert!(other.create_cluster().cluster_name("bare").send().await.is_err());
    let denied = take_audit().denied;
    let actions: Vec<&str> = denied.iter().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(actions, ["ecs:UpdateService", "ecs:DeleteCluster", "ecs:TagResource", "ecs:CreateCluster"]);
}
