//! Dispatch to the services beside ECS.

use serde_json::Value;

use crate::model::Service;
use crate::refusal::Refusal;
use crate::world::{Cx, Region};
use crate::{autoscaling, cloudwatch, ec2, elbv2};

/// Calls `action` of a service with an input that fits its shape.
pub fn dispatch(
    region: &mut Region,
    cx: &mut Cx,
    service: Service,
    action: &str,
    input: &Value,
) -> Result<Value, Refusal> {
    match service {
        Service::ApplicationAutoscaling => autoscaling::dispatch(region, cx, action, input),
        Service::Elbv2 => elbv2::dispatch(region, cx, action, input),
        Service::CloudWatch => cloudwatch::dispatch(region, cx, action, input),
        Service::Ec2 => ec2::dispatch(region, cx, action, input),
        Service::Sts | Service::Iam | Service::Sqs | Service::Ecs => Err(Refusal::unknown_operation()),
    }
}
