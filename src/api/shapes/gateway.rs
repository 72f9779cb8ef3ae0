//! Gateway connectors and monitoring of a service.

use aws_sdk_ecs::types as sdk;

use crate::api::mirror::mirror;

mirror! {
    schema;

    /// Exposes a port through a gateway.
    GatewayConnector = sdk::GatewayConnector {
        /// Port, by the name it has in the task definition.
        port_name (required): String,
        /// How the gateway checks the tasks.
        health_check: GatewayConnectorHealthCheck,
        /// Which gateways may connect.
        filters: GatewayConnectorFilters,
    }

    /// Health check of a gateway connector.
    GatewayConnectorHealthCheck = sdk::GatewayConnectorHealthCheck {
        /// Protocol of the check.
        health_check_protocol: String = sdk::GatewayConnectorHealthCheckProtocol,
        /// Port of the check.
        health_check_port: i32,
        /// Path of the check.
        health_check_path: String,
        /// Seconds a check may take.
        health_check_timeout_seconds: i32,
        /// Seconds between checks.
        health_check_interval_seconds: i32,
        /// Successes in a row that make a task healthy.
        healthy_threshold_count: i32,
        /// Failures in a row that make a task unhealthy.
        unhealthy_threshold_count: i32,
        /// Answers that count as success.
        matcher: GatewayConnectorHealthCheckMatcher,
    }

    /// Answers that count as success.
    GatewayConnectorHealthCheckMatcher = sdk::GatewayConnectorHealthCheckMatcher {
        /// HTTP status codes, such as `200-299`.
        http_code: String,
        /// gRPC status codes.
        grpc_code: String,
    }

    /// Which gateways may connect.
    GatewayConnectorFilters = sdk::GatewayConnectorFilters {
        /// Public or private gateways.
        access_types: Vec<String> = sdk::AccessType,
    }

    /// Metrics of a service.
    MonitoringConfiguration = sdk::MonitoringConfiguration {
        /// Metrics and their resolution.
        metric_configurations: Vec<MetricConfiguration>,
    }

    /// Resolution of some metrics.
    MetricConfiguration = sdk::MetricConfiguration {
        /// Names of the metrics.
        metric_names (required): Vec<String>,
        /// Seconds between data points.
        resolution_seconds (required): i32,
    }
}
