//! Why the demo could not go on.

use std::io;

use thiserror::Error;

/// Why the demo could not go on.
#[derive(Debug, Error)]
pub enum DemoError {
    /// The control plane.
    #[error("the control plane: {0}")]
    Local(#[from] ecs_local::LocalError),
    /// A call of Kubernetes.
    #[error("Kubernetes: {0}")]
    Kube(#[from] kube::Error),
    /// The kubeconfig of the control plane.
    #[error("kubeconfig: {0}")]
    Kubeconfig(#[from] kube::config::KubeconfigError),
    /// A call of the simulated AWS.
    #[error("AWS: {0}")]
    Aws(String),
    /// The CRDs could not be generated.
    #[error("CRDs: {0}")]
    Schema(#[from] ecs_operator::api::schema::SchemaError),
    /// Clients cannot be built without it.
    #[error(transparent)]
    Tls(#[from] ecs_operator::runtime::tls::TlsError),
    /// A file, a process or a socket.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// What the system said.
        source: io::Error,
    },
    /// A sample manifest that cannot be used.
    #[error("{file}: {problem}")]
    Sample {
        /// Which file.
        file: String,
        /// What is wrong.
        problem: String,
    },
    /// The world did not get there in time.
    #[error("not within {limit} s: {what}.\n{seen}")]
    Late {
        /// What was waited for.
        what: String,
        /// Seconds.
        limit: u64,
        /// What is the case instead.
        seen: String,
    },
    /// The world got there, but not as it should have.
    #[error("{0}")]
    Unexpected(String),
}

impl DemoError {
    /// Says what was tried when the system refused.
    pub fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    /// The whole chain of an SDK's error.
    pub fn aws(error: &dyn std::error::Error) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(inner) = source {
            text.push_str(": ");
            text.push_str(&inner.to_string());
            source = inner.source();
        }
        Self::Aws(text)
    }
}
