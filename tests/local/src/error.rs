//! What can go wrong while a control plane is built, started or asked.

use std::path::PathBuf;
use std::time::Duration;

/// A failure of the local control plane. Messages say what to do, or end with
/// the last lines that the failing program wrote.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// The Go compiler is not on the `PATH`.
    #[error(
        "the local control plane is built with Go, and `go` was not found: \
         install Go {needed} or later, or set KUBEBUILDER_ASSETS or KUBECONFIG"
    )]
    GoMissing {
        /// The version that go.mod asks for.
        needed: String,
    },
    /// `go build` failed.
    #[error("building {tool} failed ({status}):\n{tail}")]
    Build {
        /// The program being built.
        tool: &'static str,
        /// How the compiler ended.
        status: String,
        /// The end of its output.
        tail: String,
    },
    /// The directory in `KUBEBUILDER_ASSETS` lacks a program.
    #[error("KUBEBUILDER_ASSETS is {dir}, which has no {tool}")]
    AssetMissing {
        /// The directory.
        dir: PathBuf,
        /// The program that is not there.
        tool: &'static str,
    },
    /// The Go module does not pin what it should.
    #[error("{path} has no line for {wanted}")]
    Unpinned {
        /// The go.mod read.
        path: PathBuf,
        /// The line that was looked for.
        wanted: &'static str,
    },
    /// A server ended while it was needed.
    #[error("{server} ended ({status}); the end of its log:\n{tail}")]
    Ended {
        /// The server.
        server: &'static str,
        /// How it ended.
        status: String,
        /// The end of its log.
        tail: String,
    },
    /// A server did not become usable in time.
    #[error("{server} was not ready after {} s: {answer}\nthe end of its log:\n{tail}", .after.as_secs_f32())]
    NotReady {
        /// The server.
        server: &'static str,
        /// How long was waited.
        after: Duration,
        /// The last answer to the question whether it is ready.
        answer: String,
        /// The end of its log.
        tail: String,
    },
    /// kubectl refused a command.
    #[error("kubectl {command} failed: {answer}")]
    Kubectl {
        /// The arguments.
        command: String,
        /// What kubectl wrote.
        answer: String,
    },
    /// Helm refused a command.
    #[error("helm {command} failed: {answer}")]
    Helm {
        /// The arguments.
        command: String,
        /// What Helm wrote.
        answer: String,
    },
    /// A certificate or key could not be made.
    #[error("making certificates: {0}")]
    Certificate(#[from] rcgen::Error),
    /// A file or a child could not be used.
    #[error("{what}: {source}")]
    Io {
        /// What was being done, with the path.
        what: String,
        /// The cause.
        source: std::io::Error,
    },
    /// The thread that starts the servers was cancelled or panicked.
    #[error("starting the control plane was cut off: {0}")]
    CutOff(#[from] tokio::task::JoinError),
}

impl LocalError {
    /// An [`LocalError::Io`] maker for `map_err`: says what was being done.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}
