//! Spec → request → what ECS would describe → spec.

use std::collections::BTreeSet;

use aws_sdk_applicationautoscaling::types as aas;
use aws_sdk_ecs::types as ecs;
use ecs_operator::api::ecs_cluster::EcsClusterSpec;
use ecs_operator::api::ecs_service::EcsServiceSpec;
use ecs_operator::api::ecs_task_definition::EcsTaskDefinitionSpec;
use ecs_operator::api::schema::schema;
use ecs_operator::api::shapes::policy::{
    PredictiveScalingPolicy, ScheduledAction, StepScalingPolicy, TargetTrackingPolicy,
};
use proptest::prelude::*;
use proptest::strategy::BoxedStrategy;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::arbitrary;

/// Arbitrary specs of a kind, without the members that are ours.
fn specs<T: DeserializeOwned + std::fmt::Debug + 'static>(kind: &str, path: &str, ours: &[&str]) -> BoxedStrategy<T> {
    let mut schema = schema(kind).unwrap().unwrap().pointer(path).unwrap().clone();
    for member in ours {
        assert!(schema["properties"].as_object_mut().unwrap().remove(*member).is_some(), "{member}");
    }
    arbitrary::value("", &schema).prop_map(|value| serde_json::from_value(value).unwrap()).boxed()
}

const SPEC: &str = "/properties/spec";
const POLICIES: &[&str] =
    &["accountRef", "region", "managementMode", "deletionPolicy", "adoptionPolicy", "driftPolicy", "tags"];

fn task_definitions() -> BoxedStrategy<EcsTaskDefinitionSpec> {
    specs("EcsTaskDefinition", SPEC, &[POLICIES, &["revisionHistoryLimit", "family"]].concat())
}

/// ECS-only members, and those that a description of a service does not have.
fn services() -> BoxedStrategy<EcsServiceSpec> {
    let ours = [
        "serviceName",
        "clusterRef",
        "cluster",
        "taskDefinitionRef",
        "taskDefinition",
        "scaling",
        "deletionMode",
        "progressDeadlineSeconds",
        "gatewayConnectors",
        "monitoring",
        "schedulingStrategy",
    ];
    specs("EcsService", SPEC, &[POLICIES, &ours].concat())
}

fn described(spec: &EcsServiceSpec) -> ecs::Service {
    let input = spec.to_create("cluster", "service", Some("family:1")).unwrap().build().unwrap();
    let primary = ecs::Deployment::builder()
        .status("PRIMARY")
        .set_service_connect_configuration(input.service_connect_configuration)
        .set_volume_configurations(input.volume_configurations)
        .set_vpc_lattice_configurations(input.vpc_lattice_configurations)
        .build();
    ecs::Service::builder()
        .set_cluster_arn(input.cluster)
        .set_service_name(input.service_name)
        .set_task_definition(input.task_definition)
        .set_desired_count(input.desired_count)
        .set_launch_type(input.launch_type)
        .set_capacity_provider_strategy(input.capacity_provider_strategy)
        .set_platform_version(input.platform_version)
        .set_role_arn(input.role)
        .set_deployment_controller(input.deployment_controller)
        .set_deployment_configuration(input.deployment_configuration)
        .set_network_configuration(input.network_configuration)
        .set_load_balancers(input.load_balancers)
        .set_service_registries(input.service_registries)
        .set_placement_constraints(input.placement_constraints)
        .set_placement_strategy(input.placement_strategy)
        .set_availability_zone_rebalancing(input.availability_zone_rebalancing)
        .set_health_check_grace_period_seconds(input.health_check_grace_period_seconds)
        .set_enable_ecs_managed_tags(input.enable_ecs_managed_tags)
        .set_propagate_tags(input.propagate_tags)
        .set_enable_execute_command(input.enable_execute_command)
        .deployments(ecs::Deployment::builder().status("ACTIVE").build())
        .deployments(primary)
        .build()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_task_definition_comes_back_as_it_was_registered(spec in task_definitions()) {
        let input = spec.to_register("web").unwrap().build().unwrap();
        prop_assert_eq!(input.family(), Some("web"));
        #[expect(deprecated, reason = "the API still has the member")]
        let wire = ecs::TaskDefinition::builder()
            .set_family(input.family)
            .set_container_definitions(input.container_definitions)
            .set_cpu(input.cpu)
            .set_memory(input.memory)
            .set_network_mode(input.network_mode)
            .set_requires_compatibilities(input.requires_compatibilities)
            .set_execution_role_arn(input.execution_role_arn)
            .set_task_role_arn(input.task_role_arn)
            .set_volumes(input.volumes)
            .set_placement_constraints(input.placement_constraints)
            .set_runtime_platform(input.runtime_platform)
            .set_ephemeral_storage(input.ephemeral_storage)
            .set_pid_mode(input.pid_mode)
            .set_ipc_mode(input.ipc_mode)
            .set_proxy_configuration(input.proxy_configuration)
            .set_inference_accelerators(input.inference_accelerators)
            .set_enable_fault_injection(input.enable_fault_injection)
            .build();
        let expected = EcsTaskDefinitionSpec { family: Some("web".to_owned()), ..spec };
        prop_assert_eq!(EcsTaskDefinitionSpec::observed(&wire), expected);
    }

    #[test]
    fn a_service_comes_back_as_it_was_created(spec in services()) {
        let observed = EcsServiceSpec::observed(&described(&spec));
        let expected = EcsServiceSpec {
            cluster: Some("cluster".to_owned()),
            service_name: Some("service".to_owned()),
            task_definition: Some("family:1".to_owned()),
            desired_count: Some(spec.desired_count.unwrap_or_default()),
            enable_ecs_managed_tags: Some(spec.enable_ecs_managed_tags.unwrap_or_default()),
            enable_execute_command: Some(spec.enable_execute_command.unwrap_or_default()),
            ..spec
        };
        prop_assert_eq!(observed, expected);
    }

    #[test]
    fn an_update_says_the_same_as_the_creation(spec in services()) {
        let names: BTreeSet<&str> = EcsServiceSpec::MEMBERS.iter().copied().collect();
        let create = spec.to_create("c", "s", Some("f:1")).unwrap().build().unwrap();
        let update = spec.to_update(&names, "c", "s", Some("f:1")).unwrap().build().unwrap();
        prop_assert_eq!(create.task_definition, update.task_definition);
        prop_assert_eq!(create.network_configuration, update.network_configuration);
        prop_assert_eq!(create.deployment_configuration, update.deployment_configuration);
        prop_assert_eq!(create.load_balancers.unwrap_or_default(), update.load_balancers.unwrap());
        prop_assert_eq!(create.volume_configurations.unwrap_or_default(), update.volume_configurations.unwrap());
        prop_assert_eq!(create.desired_count, update.desired_count);
        prop_assert_eq!(update.force_new_deployment, None);
        prop_assert_eq!(create.enable_execute_command.unwrap_or_default(), update.enable_execute_command.unwrap());
    }

    #[test]
    fn a_cluster_comes_back_as_it_was_created(
        spec in specs::<EcsClusterSpec>("EcsCluster", SPEC, &[POLICIES, &["clusterName"]].concat()),
    ) {
        let input = spec.to_create("main").unwrap().build().unwrap();
        let defaults = input.service_connect_defaults.map(|d| ecs::ClusterServiceConnectDefaults::builder().namespace(d.namespace).build());
        let wire = ecs::Cluster::builder()
            .set_cluster_name(input.cluster_name)
            .set_settings(input.settings)
            .set_configuration(input.configuration)
            .set_capacity_providers(input.capacity_providers)
            .set_default_capacity_provider_strategy(input.default_capacity_provider_strategy)
            .set_service_connect_defaults(defaults)
            .build();
        prop_assert_eq!(EcsClusterSpec::observed(&wire), EcsClusterSpec { cluster_name: Some("main".to_owned()), ..spec });
    }

    #[test]
    fn scaling_policies_come_back_as_they_were_put(
        tracking in policies::<TargetTrackingPolicy>("targetTracking"),
        step in policies::<StepScalingPolicy>("stepScaling"),
        predictive in policies::<PredictiveScalingPolicy>("predictiveScaling"),
        action in policies::<ScheduledAction>("scheduledActions"),
    ) {
        let resource = "service/c/s";
        for (kind, put) in [
            (0, tracking.to_put(resource).unwrap()), (1, step.to_put(resource).unwrap()), (2, predictive.to_put(resource).unwrap()),
        ] {
            let input = put.build().unwrap();
            prop_assert_eq!(input.resource_id(), Some(resource));
            let policy = aas::ScalingPolicy::builder()
                .policy_arn("arn").creation_time(aws_smithy_types::DateTime::from_secs(0))
                .set_policy_name(input.policy_name)
                .set_service_namespace(input.service_namespace)
                .set_resource_id(input.resource_id)
                .set_scalable_dimension(input.scalable_dimension)
                .set_policy_type(input.policy_type)
                .set_target_tracking_scaling_policy_configuration(input.target_tracking_scaling_policy_configuration)
                .set_step_scaling_policy_configuration(input.step_scaling_policy_configuration)
                .set_predictive_scaling_policy_configuration(input.predictive_scaling_policy_configuration)
                .build().unwrap();
            prop_assert_eq!(TargetTrackingPolicy::observed(&policy), (kind == 0).then(|| tracking.clone()));
            prop_assert_eq!(StepScalingPolicy::observed(&policy), (kind == 1).then(|| step.clone()));
            prop_assert_eq!(PredictiveScalingPolicy::observed(&policy), (kind == 2).then(|| predictive.clone()));
        }
        let input = action.to_put(resource).unwrap().build().unwrap();
        let wire = aas::ScheduledAction::builder()
            .scheduled_action_arn("arn").creation_time(aws_smithy_types::DateTime::from_secs(0))
            .set_scheduled_action_name(input.scheduled_action_name)
            .set_service_namespace(input.service_namespace)
            .set_schedule(input.schedule)
            .set_timezone(input.timezone)
            .set_resource_id(input.resource_id)
            .set_start_time(input.start_time)
            .set_end_time(input.end_time)
            .set_scalable_target_action(input.scalable_target_action)
            .build().unwrap();
        prop_assert_eq!(ScheduledAction::observed(&wire), action);
    }
}

fn policies<T: DeserializeOwned + std::fmt::Debug + 'static>(list: &str) -> BoxedStrategy<T> {
    specs("EcsService", &format!("{SPEC}/properties/scaling/properties/{list}/items"), &[])
}

#[test]
fn an_incomplete_request_names_the_member() {
    let error = |spec: Value| {
        let spec: EcsTaskDefinitionSpec = serde_json::from_value(spec).unwrap();
        spec.to_register("f").unwrap_err().to_string()
    };
    assert_eq!(error(json!({})), "`containerDefinitions` is required");
    assert_eq!(
        error(json!({ "containerDefinitions": [{ "name": "a" }] })),
        "`containerDefinitions[0].image` is required"
    );
    assert_eq!(
        error(json!({ "containerDefinitions": [{ "name": "a", "image": "x", "memory": "1 GB" }] })),
        "`containerDefinitions[0].memory` must be a whole number"
    );
    assert_eq!(
        error(
            json!({ "containerDefinitions": [{ "name": "a", "image": "x", "secrets": [{ "name": "A", "valueFrom": "b" }, { "name": "B" }] }] })
        ),
        "`containerDefinitions[0].secrets[1].valueFrom` is required"
    );
}

#[test]
fn an_unknown_enum_value_is_kept() {
    let wire = ecs::PortMapping::builder().protocol("sctp".into()).build();
    let ours = ecs_operator::api::shapes::container::PortMapping::from_sdk(&wire);
    assert_eq!(ours.protocol.as_deref(), Some("sctp"));
    assert_eq!(ours.to_sdk().unwrap(), wire);
}

#[test]
fn an_update_sends_named_members_only_and_clears_what_left_the_spec() {
    let spec = EcsServiceSpec { desired_count: Some(3), ..EcsServiceSpec::default() };
    let update = spec
        .to_update(&BTreeSet::from(["loadBalancers", "serviceConnectConfiguration"]), "c", "s", None)
        .unwrap()
        .build()
        .unwrap();
    assert_eq!(update.desired_count, None);
    assert_eq!(update.load_balancers.as_deref(), Some(&[][..]));
    assert!(!update.service_connect_configuration.unwrap().enabled);
    assert_eq!(update.placement_strategy, None);
}

#[test]
fn a_daemon_never_sends_a_count() {
    let spec = EcsServiceSpec {
        desired_count: Some(1),
        scheduling_strategy: Some("DAEMON".to_owned()),
        ..EcsServiceSpec::default()
    };
    assert_eq!(spec.to_create("c", "s", None).unwrap().build().unwrap().desired_count, None);
    assert_eq!(
        spec.to_update(&BTreeSet::from(["desiredCount"]), "c", "s", None).unwrap().build().unwrap().desired_count,
        None
    );
}
