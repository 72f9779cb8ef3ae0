//! An error answer: code, message and HTTP status.

use thiserror::Error;

use crate::model::Service;
use crate::wire::call::Protocol;

/// A request that AWS would refuse.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{code}: {message}")]
pub struct Refusal {
    /// The error code as it appears in `__type`, without namespace.
    pub code: String,
    /// The text of the error.
    pub message: String,
    /// The HTTP status.
    pub status: u16,
}

impl Refusal {
    /// An error with HTTP status 400.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), status: 400 }
    }

    /// `InvalidParameterException`.
    pub fn invalid_parameter(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterException", message)
    }

    /// `ClientException`.
    pub fn client(message: impl Into<String>) -> Self {
        Self::new("ClientException", message)
    }

    /// `ServerException`, HTTP 500.
    pub fn server(message: impl Into<String>) -> Self {
        Self { status: 500, ..Self::new("ServerException", message) }
    }

    /// `SerializationException`: the body does not fit the request shape.
    pub fn serialization(message: impl Into<String>) -> Self {
        Self::new("SerializationException", message)
    }

    /// `ClusterNotFoundException`.
    pub fn cluster_not_found() -> Self {
        Self::new("ClusterNotFoundException", "Cluster not found.")
    }

    /// `ServiceNotFoundException`.
    pub fn service_not_found() -> Self {
        Self::new("ServiceNotFoundException", "Service not found.")
    }

    /// `ServiceNotActiveException`.
    pub fn service_not_active() -> Self {
        Self::new("ServiceNotActiveException", "Service was not ACTIVE.")
    }

    /// `ResourceNotFoundException`.
    pub fn resource_not_found(message: impl Into<String>) -> Self {
        Self::new("ResourceNotFoundException", message)
    }

    /// `UpdateInProgressException`.
    pub fn update_in_progress(message: impl Into<String>) -> Self {
        Self::new("UpdateInProgressException", message)
    }

    /// `ConflictException`.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new("ConflictException", message)
    }

    /// Too many calls; in no operation's list of errors and yet what callers get.
    pub fn throttling(service: Service) -> Self {
        match service {
            Service::Ecs | Service::ApplicationAutoscaling | Service::Elbv2 => {
                Self::new("ThrottlingException", "Rate exceeded")
            }
            Service::Sqs => Self::new("RequestThrottled", "Rate exceeded"),
            Service::CloudWatch | Service::Sts | Service::Iam => Self::new("Throttling", "Rate exceeded"),
            Service::Ec2 => Self { status: 503, ..Self::new("RequestLimitExceeded", "Request limit exceeded.") },
        }
    }

    /// The session of the caller is over.
    pub fn expired(service: Option<Service>, protocol: Protocol) -> Self {
        let message = "The security token included in the request is expired";
        match (service, protocol) {
            (Some(Service::Ec2), _) => Self::new("RequestExpired", message),
            (_, Protocol::Query) => Self { status: 403, ..Self::new("ExpiredToken", message) },
            (_, Protocol::Json | Protocol::Cbor) => Self::new("ExpiredTokenException", message),
        }
    }

    /// `UnknownOperationException`.
    pub fn unknown_operation() -> Self {
        Self::new("UnknownOperationException", "")
    }
}
