//! The shapes of a service's network: subnets, load balancers, registries, Service Connect, gateways.
//!
//! Defaults: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html> and
//! the types it refers to.

use super::container::LOG_CONFIGURATION;
use crate::diff::shape::{
    Default, Kind, STRINGS, Shape, Spell, UPPERS, flag, keyed, number, scalar, sequence, set, structure, text, upper,
};

pub(in crate::diff) const NETWORK: Shape = Shape { members: &[structure("awsvpcConfiguration", &AWSVPC)] };

pub(in crate::diff) const AWSVPC: Shape = Shape {
    members: &[
        set("subnets", &STRINGS),
        set("securityGroups", &STRINGS),
        upper("assignPublicIp").or(Default::Text("DISABLED")),
    ],
};

pub(in crate::diff) const LOAD_BALANCER: Shape = Shape {
    members: &[
        text("targetGroupArn"),
        text("loadBalancerName"),
        text("containerName"),
        number("containerPort"),
        structure("advancedConfiguration", &ADVANCED),
    ],
};

/// Also used for VPC Lattice, which knows no role here.
pub(in crate::diff) const ADVANCED: Shape = Shape {
    members: &[
        text("alternateTargetGroupArn"),
        text("productionListenerRule"),
        text("testListenerRule"),
        scalar("roleArn", Spell::Role),
    ],
};

pub(in crate::diff) const REGISTRY: Shape =
    Shape { members: &[text("registryArn"), number("port"), text("containerName"), number("containerPort")] };

pub(in crate::diff) const LATTICE: Shape = Shape {
    members: &[
        scalar("roleArn", Spell::Role),
        text("targetGroupArn"),
        text("portName"),
        structure("advancedConfiguration", &ADVANCED),
    ],
};

pub(in crate::diff) const SERVICE_CONNECT: Shape = Shape {
    members: &[
        flag("enabled"),
        scalar("namespace", Spell::Namespace),
        keyed("services", &[&["portName"]], &Kind::Struct(&CONNECT_SERVICE)),
        structure("logConfiguration", &LOG_CONFIGURATION),
        structure("accessLogConfiguration", &ACCESS_LOG),
        sequence("containerConfigurations", &Kind::Struct(&CONNECT_CONTAINER)),
    ],
};

/// The discovery name falls back to the port name: see the service's rules.
pub(in crate::diff) const CONNECT_SERVICE: Shape = Shape {
    members: &[
        text("portName"),
        text("discoveryName"),
        keyed("clientAliases", &[&["port"], &["dnsName"]], &Kind::Struct(&CLIENT_ALIAS)),
        number("ingressPortOverride"),
        structure("timeout", &TIMEOUT),
        structure("tls", &TLS),
    ],
};

pub(in crate::diff) const CLIENT_ALIAS: Shape =
    Shape { members: &[number("port"), text("dnsName"), structure("testTrafficRules", &TEST_TRAFFIC)] };

pub(in crate::diff) const TEST_TRAFFIC: Shape = Shape { members: &[structure("header", &HEADER)] };

pub(in crate::diff) const HEADER: Shape = Shape { members: &[text("name"), structure("value", &HEADER_VALUE)] };

pub(in crate::diff) const HEADER_VALUE: Shape = Shape { members: &[text("exact")] };

pub(in crate::diff) const TIMEOUT: Shape =
    Shape { members: &[number("idleTimeoutSeconds"), number("perRequestTimeoutSeconds")] };

pub(in crate::diff) const TLS: Shape = Shape {
    members: &[structure("issuerCertificateAuthority", &AUTHORITY), text("kmsKey"), scalar("roleArn", Spell::Role)],
};

pub(in crate::diff) const AUTHORITY: Shape = Shape { members: &[text("awsPcaAuthorityArn")] };

pub(in crate::diff) const ACCESS_LOG: Shape =
    Shape { members: &[upper("format"), upper("includeQueryParameters").or(Default::Text("DISABLED"))] };

pub(in crate::diff) const CONNECT_CONTAINER: Shape = Shape { members: &[text("logLevel")] };

pub(in crate::diff) const GATEWAY_CONNECTOR: Shape = Shape {
    members: &[text("portName"), structure("healthCheck", &GATEWAY_HEALTH), structure("filters", &GATEWAY_FILTERS)],
};

pub(in crate::diff) const GATEWAY_HEALTH: Shape = Shape {
    members: &[
        upper("healthCheckProtocol"),
        number("healthCheckPort"),
        text("healthCheckPath"),
        number("healthCheckTimeoutSeconds"),
        number("healthCheckIntervalSeconds"),
        number("healthyThresholdCount"),
        number("unhealthyThresholdCount"),
        structure("matcher", &GATEWAY_MATCHER),
    ],
};

pub(in crate::diff) const GATEWAY_MATCHER: Shape = Shape { members: &[text("httpCode"), text("grpcCode")] };

pub(in crate::diff) const GATEWAY_FILTERS: Shape = Shape { members: &[set("accessTypes", &UPPERS)] };
