//! An error answer: code, message and HTTP status.

use thiserror::Error;

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

    /// `ThrottlingException`, in no operation's list of errors and yet what callers get.
    pub fn throttling() -> Self {
        Self::new("ThrottlingException", "Rate exceeded")
    }

    /// `UnknownOperationException`.
    pub fn unknown_operation() -> Self {
        Self::new("UnknownOperationException", "")
    }
}
