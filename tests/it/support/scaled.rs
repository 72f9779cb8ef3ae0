//! Scaling of a service that a person made.

use aws_sdk_applicationautoscaling::types::{
    AdjustmentType, PolicyType, ScalableDimension, ScalableTargetAction, ServiceNamespace, StepAdjustment,
    StepScalingPolicyConfiguration,
};
use aws_sdk_cloudwatch::types::{ComparisonOperator, Dimension, Statistic};

use super::world::World;

const ECS: ServiceNamespace = ServiceNamespace::Ecs;
const COUNT: ScalableDimension = ScalableDimension::EcsServiceDesiredCount;

/// Bounds for the service, and then a policy `<service>-up`, its alarm `<service>-busy` and an action `night`.
pub async fn made_by_hand(world: &World, cluster: &str, service: &str) {
    let register = world.scaling().register_scalable_target().service_namespace(ECS).scalable_dimension(COUNT);
    let register = register.resource_id(format!("service/{cluster}/{service}")).min_capacity(1).max_capacity(9);
    register.send().await.unwrap();
    added_by_hand(world, cluster, service, &format!("{service}-up"), &format!("{service}-busy")).await;
}

/// A step policy with an alarm and a scheduled action, added to a service that has bounds.
pub async fn added_by_hand(world: &World, cluster: &str, service: &str, policy: &str, alarm: &str) {
    let resource = format!("service/{cluster}/{service}");
    let step = StepAdjustment::builder().metric_interval_lower_bound(0.0).scaling_adjustment(2).build().unwrap();
    let steps = StepScalingPolicyConfiguration::builder().adjustment_type(AdjustmentType::ChangeInCapacity);
    let put = world.scaling().put_scaling_policy().service_namespace(ECS).scalable_dimension(COUNT);
    let put = put.resource_id(&resource).policy_name(policy).policy_type(PolicyType::StepScaling);
    let put = put.step_scaling_policy_configuration(steps.step_adjustments(step).cooldown(90).build());
    let arn = put.send().await.unwrap().policy_arn;
    let dimension = |name: &str, value: &str| Dimension::builder().name(name).value(value).build();
    let put = world.cloudwatch().put_metric_alarm().alarm_name(alarm).namespace("AWS/ECS");
    let put = put.metric_name("CPUUtilization").dimensions(dimension("ClusterName", cluster));
    let put = put.dimensions(dimension("ServiceName", service)).statistic(Statistic::Maximum).period(60);
    let put = put.evaluation_periods(5).datapoints_to_alarm(4).threshold(77.0).alarm_actions(arn);
    put.comparison_operator(ComparisonOperator::GreaterThanThreshold).send().await.unwrap();
    let bounds = ScalableTargetAction::builder().min_capacity(1).build();
    let put = world.scaling().put_scheduled_action().service_namespace(ECS).scalable_dimension(COUNT);
    let put = put.resource_id(&resource).scheduled_action_name("night").schedule("cron(0 20 * * ? *)");
    put.scalable_target_action(bounds).send().await.unwrap();
}
