//! Why a measurement could not be made.

/// Why a measurement could not be made.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// Kubernetes refused or failed.
    #[error("Kubernetes: {0}")]
    Kubernetes(#[from] kube::Error),
    /// The simulated AWS refused what the bench itself asked for.
    #[error("the simulated AWS: {0}")]
    Aws(String),
    /// The control plane could not be started.
    #[error(transparent)]
    Local(#[from] ecs_local::LocalError),
    /// A file or a process.
    #[error("{0}: {1}")]
    Io(String, #[source] std::io::Error),
    /// Numbers that cannot be written or read.
    #[error("JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The system under test did not do what is measured.
    #[error("{0}")]
    Unexpected(String),
}

impl BenchError {
    /// For `map_err`, with what was being done.
    pub fn io(doing: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let doing = doing.into();
        move |error| Self::Io(doing, error)
    }
}
