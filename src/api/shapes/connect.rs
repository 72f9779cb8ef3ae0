//! Service Connect.

use aws_sdk_ecs::types as sdk;

use super::ServiceConnectContainerConfiguration;
use super::container::LogConfiguration;
use crate::api::mirror::mirror;

mirror! {
    schema;

    /// Service Connect of a service: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceConnectConfiguration.html>
    ServiceConnectConfiguration = sdk::ServiceConnectConfiguration {
        /// Whether Service Connect is used.
        enabled (required): bool,
        /// Name or ARN of the Cloud Map namespace; the cluster's default when absent.
        namespace: String,
        /// Ports offered to others; a client only needs none.
        services: Vec<ServiceConnectService>,
        /// Where the proxy's output goes.
        log_configuration: LogConfiguration,
        /// Access log of the proxy.
        access_log_configuration: ServiceConnectAccessLogConfiguration,
        /// Settings of the proxy container.
        container_configurations: Vec<ServiceConnectContainerConfiguration>,
    }

    /// A port offered to others.
    ServiceConnectService = sdk::ServiceConnectService {
        /// Port, by the name it has in the task definition.
        port_name (required): String,
        /// Name in Cloud Map; `portName` when absent.
        discovery_name: String,
        /// Names and ports that clients use.
        client_aliases: Vec<ServiceConnectClientAlias>,
        /// Port on which the proxy listens.
        ingress_port_override: i32,
        /// Timeouts of the proxy.
        timeout: TimeoutConfiguration,
        /// TLS between proxies.
        tls: ServiceConnectTlsConfiguration,
    }

    /// A name and port that clients use.
    ServiceConnectClientAlias = sdk::ServiceConnectClientAlias {
        /// Port that clients connect to.
        port (required): i32,
        /// Name that clients connect to.
        dns_name: String,
        /// Requests that count as test traffic.
        test_traffic_rules: ServiceConnectTestTrafficRules,
    }

    /// Requests that count as test traffic.
    ServiceConnectTestTrafficRules = sdk::ServiceConnectTestTrafficRules {
        /// Header that marks them.
        header: ServiceConnectTestTrafficHeaderRules,
    }

    /// Header that marks test traffic.
    ServiceConnectTestTrafficHeaderRules = sdk::ServiceConnectTestTrafficHeaderRules {
        /// Name of the header.
        name (required): String,
        /// Value of the header; any when absent.
        value: ServiceConnectTestTrafficHeaderMatchRules,
    }

    /// Value of a header that marks test traffic.
    ServiceConnectTestTrafficHeaderMatchRules = sdk::ServiceConnectTestTrafficHeaderMatchRules {
        /// The whole value.
        exact (required): String,
    }

    /// Timeouts of the proxy.
    TimeoutConfiguration = sdk::TimeoutConfiguration {
        /// Seconds a connection may be idle; 0 is no limit.
        idle_timeout_seconds: i32,
        /// Seconds a request may take; 0 is no limit.
        per_request_timeout_seconds: i32,
    }

    /// TLS between proxies.
    ServiceConnectTlsConfiguration = sdk::ServiceConnectTlsConfiguration {
        /// Who issues the certificates.
        issuer_certificate_authority: ServiceConnectTlsCertificateAuthority,
        /// Key that encrypts the private key.
        kms_key: String,
        /// Role with which certificates are requested.
        role_arn: String,
    }

    /// A certificate authority.
    ServiceConnectTlsCertificateAuthority = sdk::ServiceConnectTlsCertificateAuthority {
        /// ARN of the authority in AWS Private CA.
        aws_pca_authority_arn: String,
    }

    /// Access log of the proxy.
    ServiceConnectAccessLogConfiguration = sdk::ServiceConnectAccessLogConfiguration {
        /// Format of the lines.
        format (required): String = sdk::ServiceConnectAccessLoggingFormat,
        /// Whether query parameters are logged.
        include_query_parameters: String = sdk::ServiceConnectIncludeQueryParameters,
    }
}
