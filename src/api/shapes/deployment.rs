//! How a service goes from one revision to the next.

use aws_sdk_ecs::types as sdk;

use crate::api::mirror::mirror;

mirror! {
    schema;

    /// A deployment's strategy and limits: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html>
    DeploymentConfiguration = sdk::DeploymentConfiguration {
        /// Stops a deployment whose tasks keep failing.
        deployment_circuit_breaker: DeploymentCircuitBreaker,
        /// Most tasks during a deployment, in percent of the desired count.
        maximum_percent: i32,
        /// Fewest healthy tasks during a deployment, in percent of the desired count.
        minimum_healthy_percent: i32,
        /// CloudWatch alarms that fail the deployment.
        alarms: DeploymentAlarms,
        /// Strategy; ECS assumes `ROLLING`.
        strategy: String = sdk::DeploymentStrategy,
        /// Minutes both revisions run after all traffic moved.
        bake_time_in_minutes: i32,
        /// Functions and pauses at stages of the deployment.
        lifecycle_hooks: Vec<DeploymentLifecycleHook>,
        /// Steps of strategy `LINEAR`.
        linear_configuration: LinearConfiguration,
        /// Steps of strategy `CANARY`.
        canary_configuration: CanaryConfiguration,
        /// Lets a rolling deployment succeed before the old tasks are gone.
        early_success_criteria: DeploymentEarlySuccessCriteria,
    }

    /// Stops a deployment whose tasks keep failing.
    DeploymentCircuitBreaker = sdk::DeploymentCircuitBreaker {
        /// Whether it is on.
        enable (required): bool,
        /// Whether a failed deployment goes back to the last good one.
        rollback (required): bool,
        /// Whether a healthy task sets the count of failures to zero.
        reset_on_healthy_task: bool,
        /// Failures that make the deployment fail.
        threshold_configuration: ThresholdConfiguration,
    }

    /// Failures that make a deployment fail.
    ThresholdConfiguration = sdk::ThresholdConfiguration {
        /// How `value` is understood.
        r#type (required) "type": String = sdk::ThresholdType,
        /// A count of tasks, or a percentage of the desired count.
        value (required): i32,
    }

    /// CloudWatch alarms that fail a deployment.
    DeploymentAlarms = sdk::DeploymentAlarms {
        /// Names of the alarms.
        alarm_names (required): Vec<String>,
        /// Whether a failed deployment goes back to the last good one.
        rollback (required): bool,
        /// Whether the alarms are watched.
        enable (required): bool,
    }

    /// A function or a pause at stages of a deployment.
    DeploymentLifecycleHook = sdk::DeploymentLifecycleHook {
        /// Kind of hook; ECS assumes `AWS_LAMBDA`.
        target_type: String = sdk::DeploymentLifecycleHookTargetType,
        /// ARN of the Lambda function; none for `PAUSE`.
        hook_target_arn: String,
        /// Role with which ECS calls the function.
        role_arn: String,
        /// Stages at which the hook acts.
        lifecycle_stages: Vec<String> = sdk::DeploymentLifecycleHookStage,
        /// Parameters for the function, as JSON text.
        hook_details: String,
        /// How long the hook may take and what follows.
        timeout_configuration: DeploymentLifecycleHookTimeoutConfiguration,
    }

    /// How long a hook may take.
    DeploymentLifecycleHookTimeoutConfiguration = sdk::DeploymentLifecycleHookTimeoutConfiguration {
        /// Minutes until `action`.
        timeout_in_minutes: i32,
        /// What follows when the time is up.
        action: String = sdk::DeploymentLifecycleHookAction,
    }

    /// Steps of strategy `LINEAR`.
    LinearConfiguration = sdk::LinearConfiguration {
        /// Percent of the traffic moved in each step.
        step_percent: f64,
        /// Minutes between steps.
        step_bake_time_in_minutes: i32,
    }

    /// Steps of strategy `CANARY`.
    CanaryConfiguration = sdk::CanaryConfiguration {
        /// Percent of the traffic moved in the first step.
        canary_percent: f64,
        /// Minutes until the rest follows.
        canary_bake_time_in_minutes: i32,
    }

    /// When a rolling deployment counts as successful early.
    DeploymentEarlySuccessCriteria = sdk::DeploymentEarlySuccessCriteria {
        /// Whether it may.
        enable (required): bool,
        /// Healthy new tasks needed, in percent of the desired count.
        healthy_percent: i32,
        /// Whether success waits for the old tasks to go.
        source_service_revision_cleanup: String = sdk::ServiceRevisionCleanup,
    }

    /// Who carries out deployments.
    DeploymentController = sdk::DeploymentController {
        /// ECS, CodeDeploy or task sets of an outside tool.
        r#type (required) "type": String = sdk::DeploymentControllerType,
    }
}
