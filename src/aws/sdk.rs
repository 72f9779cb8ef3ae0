//! The clients of one account and region: one attempt each, the same time limits, a retry budget of their own.

use std::time::Duration;

use aws_config::{Region, SdkConfig};
use aws_sdk_ecs::config::retry::{RetryConfig, RetryPartition};
use aws_sdk_ecs::config::timeout::TimeoutConfig;

use super::agent::Agent;
use super::clients::{AwsSettings, behavior};
use super::fence::LastCheck;
use super::form::FormClient;
use super::request_id::RequestId;
use super::scope::Scope;
use super::{iam, network};

/// All clients of a scope; cheap to clone.
#[derive(Clone)]
pub(super) struct Clients {
    pub(super) ecs: aws_sdk_ecs::Client,
    pub(super) autoscaling: aws_sdk_applicationautoscaling::Client,
    pub(super) balancing: aws_sdk_elasticloadbalancingv2::Client,
    pub(super) cloudwatch: aws_sdk_cloudwatch::Client,
    pub(super) ec2: FormClient,
    pub(super) iam: FormClient,
}

/// A client of one SDK crate with the settings that all share.
macro_rules! client {
    ($sdk:ident, $name:literal, $config:ident, $scope:ident, $timeouts:ident, $fence:ident) => {{
        let mut config = $sdk::config::Builder::from($config)
            .behavior_version(behavior())
            .region(Region::new($scope.region.clone()))
            // One attempt: repeats belong to the caller, who knows tokens and limits.
            .retry_config(RetryConfig::standard().with_max_attempts(1))
            .timeout_config($timeouts.clone())
            // The SDK's own retry budget is one per region for the whole process: one of our own per scope.
            .retry_partition(RetryPartition::custom(format!("{}-{}", $name, $scope)).build())
            .interceptor(Agent)
            .interceptor(RequestId);
        if let Some(fence) = $fence {
            config = config.interceptor(LastCheck(fence.clone()));
        }
        $sdk::Client::from_conf(config.build())
    }};
}

/// The time limits of a call.
pub(super) fn timeouts(settings: &AwsSettings) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(5))
        .operation_attempt_timeout(settings.attempt_timeout)
        .operation_timeout(settings.operation_timeout)
        .build()
}

/// Makes the clients of a scope.
pub(super) fn make(config: &SdkConfig, scope: &Scope, settings: &AwsSettings) -> Clients {
    let timeouts = timeouts(settings);
    let fence = settings.fence.as_ref();
    Clients {
        ecs: client!(aws_sdk_ecs, "ecs", config, scope, timeouts, fence),
        autoscaling: client!(aws_sdk_applicationautoscaling, "application-autoscaling", config, scope, timeouts, fence),
        balancing: client!(aws_sdk_elasticloadbalancingv2, "elasticloadbalancing", config, scope, timeouts, fence),
        cloudwatch: client!(aws_sdk_cloudwatch, "cloudwatch", config, scope, timeouts, fence),
        ec2: FormClient::new(config, network::ec2(config, &scope.region), timeouts.clone()),
        iam: FormClient::new(config, iam::speaks(config, &scope.region), timeouts),
    }
}
