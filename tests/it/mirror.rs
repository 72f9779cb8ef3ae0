//! Our shapes against the SDK's: nothing is missing, and nothing is lost on the way.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    clippy::wildcard_enum_match_arm,
    reason = "helpers of tests fail by panicking"
)]

mod arbitrary;
mod round_trip;

use std::collections::BTreeSet;

use aws_sdk_ecs::operation::create_cluster::CreateClusterInput;
use aws_sdk_ecs::operation::create_service::CreateServiceInput;
use aws_sdk_ecs::operation::put_cluster_capacity_providers::PutClusterCapacityProvidersInput;
use aws_sdk_ecs::operation::register_task_definition::RegisterTaskDefinitionInput;
use aws_sdk_ecs::operation::update_cluster::UpdateClusterInput;
use aws_sdk_ecs::operation::update_cluster_settings::UpdateClusterSettingsInput;
use aws_sdk_ecs::operation::update_service::UpdateServiceInput;
use ecs_operator::api::ecs_cluster::EcsClusterSpec;
use ecs_operator::api::ecs_service::EcsServiceSpec;
use ecs_operator::api::ecs_task_definition::EcsTaskDefinitionSpec;
use ecs_operator::api::shapes::coverage;

/// Members on one side only, with the reason.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("CreateServiceInput", "clientToken", "derived from the object, not chosen"),
    ("UpdateServiceInput", "service", "the service's own name"),
    ("UpdateServiceInput", "forceNewDeployment", "an act, not a state: the annotation `restarted-at`"),
    ("UpdateClusterInput", "cluster", "the cluster's own name"),
    ("UpdateClusterSettingsInput", "cluster", "the cluster's own name"),
    ("PutClusterCapacityProvidersInput", "cluster", "the cluster's own name"),
    ("StepScalingPolicy", "policyName", "stands beside the configuration in AWS's request"),
    ("TargetTrackingPolicy", "policyName", "stands beside the configuration in AWS's request"),
    ("PredictiveScalingPolicy", "policyName", "stands beside the configuration in AWS's request"),
    ("ScheduledAction", "serviceNamespace", "always `ecs`"),
    ("ScheduledAction", "resourceId", "follows from cluster and service"),
    ("ScheduledAction", "scalableDimension", "always `ecs:service:DesiredCount`"),
];

fn explained(shape: &str, member: &str) -> bool {
    EXCEPTIONS.iter().any(|(s, m, _)| (*s, *m) == (shape, member))
}

#[test]
fn every_member_of_every_shape_has_a_line() {
    let all = coverage();
    assert!(all.len() > 80, "only {} shapes", all.len());
    let names: BTreeSet<&str> = all.iter().map(|c| c.shape).collect();
    assert_eq!(names.len(), all.len(), "a shape is declared twice");
    for shape in all {
        assert!(!shape.aws.is_empty(), "{}: the SDK names no members", shape.shape);
        let ours: BTreeSet<&str> = shape.ours.iter().copied().collect();
        let aws: BTreeSet<&str> = shape.aws.iter().map(String::as_str).collect();
        let odd: Vec<_> = ours.symmetric_difference(&aws).filter(|m| !explained(shape.shape, m)).collect();
        assert!(odd.is_empty(), "{}: {odd:?} not on both sides; add a line or a reason", shape.shape);
    }
}

macro_rules! members_of {
    ($($input:ident => $spec:ident),* $(,)?) => {
        [$((
            stringify!($input),
            $input::SCHEMA.members().iter().map(|m| m.member_name().unwrap().to_owned()).collect::<Vec<_>>(),
            $spec::MEMBERS,
        )),*]
    };
}

#[test]
fn every_input_member_is_in_the_spec() {
    for (input, members, spec) in members_of! {
        CreateClusterInput => EcsClusterSpec,
        UpdateClusterInput => EcsClusterSpec,
        UpdateClusterSettingsInput => EcsClusterSpec,
        PutClusterCapacityProvidersInput => EcsClusterSpec,
        RegisterTaskDefinitionInput => EcsTaskDefinitionSpec,
        CreateServiceInput => EcsServiceSpec,
        UpdateServiceInput => EcsServiceSpec,
    } {
        assert!(!members.is_empty());
        for member in &members {
            assert!(
                spec.contains(&member.as_str()) || explained(input, member),
                "{input}.{member} is not in the spec; add a line or a reason"
            );
        }
    }
}

#[test]
fn no_exception_outlives_its_reason() {
    let mut known: BTreeSet<(String, String)> = BTreeSet::new();
    for shape in coverage() {
        let all = shape.aws.iter().cloned().chain(shape.ours.iter().map(|m| (*m).to_owned()));
        known.extend(all.map(|member| (shape.shape.to_owned(), member)));
    }
    for (input, members, _) in members_of! {
        UpdateClusterInput => EcsClusterSpec,
        UpdateClusterSettingsInput => EcsClusterSpec,
        PutClusterCapacityProvidersInput => EcsClusterSpec,
        CreateServiceInput => EcsServiceSpec,
        UpdateServiceInput => EcsServiceSpec,
    } {
        known.extend(members.into_iter().map(|member| (input.to_owned(), member)));
    }
    for (shape, member, _) in EXCEPTIONS {
        assert!(known.contains(&((*shape).to_owned(), (*member).to_owned())), "{shape}.{member} is gone");
    }
}

#[test]
fn members_serialize_under_the_names_they_declare() {
    let spec: EcsServiceSpec = serde_json::from_value(serde_json::json!({
        "enableECSManagedTags": true,
        "volumeConfigurations": [{ "name": "v", "managedEBSVolume": { "roleArn": "r", "sizeInGiB": 1 } }],
    }))
    .unwrap();
    assert_eq!(spec.enable_ecs_managed_tags, Some(true));
    let volume = spec.volume_configurations.as_ref().unwrap()[0].managed_ebs_volume.as_ref().unwrap();
    assert_eq!(volume.size_in_gib, Some(1));
}
