//! How a verb ends: exit codes for scripts, and errors that say what to do.

use std::process::ExitCode;

use thiserror::Error;

use super::tree::Health;
use crate::aws::AwsError;

/// What every `--help` says of exit codes.
pub const CODES: &str = "\
Exit codes:
  0   healthy, or done
  1   failed: somebody has to act; a manifest is refused, or wrong
  2   in progress, or not answered in time; with --exit-code: there are changes
  3   waits for a person: a gate, a pause, a plan
  4   not found
  5   refused: the verb makes no sense for this object now; nothing was changed
  6   Kubernetes or AWS could not be asked
  64  the command line is wrong";

/// Exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Healthy, or done.
    Good,
    /// Failed.
    Failed,
    /// In progress, or time is over.
    Moving,
    /// Waits for a person.
    Waiting,
    /// Not found.
    Missing,
    /// Refused, nothing changed.
    Refused,
    /// Kubernetes or AWS could not be asked.
    Unreachable,
    /// The command line is wrong.
    Usage,
    /// Ended by Ctrl-C.
    Interrupted,
    /// The code of a program that was run.
    Other(u8),
}

impl Exit {
    /// The number.
    pub const fn code(self) -> u8 {
        match self {
            Self::Good => 0,
            Self::Failed => 1,
            Self::Moving => 2,
            Self::Waiting => 3,
            Self::Missing => 4,
            Self::Refused => 5,
            Self::Unreachable => 6,
            Self::Usage => 64,
            Self::Interrupted => 130,
            Self::Other(code) => code,
        }
    }
}

impl From<Health> for Exit {
    fn from(health: Health) -> Self {
        match health {
            Health::Healthy | Health::Idle => Self::Good,
            Health::Waiting => Self::Waiting,
            Health::Moving | Health::Unseen => Self::Moving,
            Health::Failed => Self::Failed,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a verb did not do what it was asked.
#[derive(Debug, Error)]
pub enum PluginError {
    /// The arguments make no sense together.
    #[error("{0}")]
    Usage(String),
    /// No such object.
    #[error("{0}")]
    Missing(String),
    /// The verb makes no sense for the object now.
    #[error("{0}")]
    Refused(String),
    /// What was asked for failed.
    #[error("{0}")]
    Failed(String),
    /// No usable kubeconfig.
    #[error("no Kubernetes: {0}; set KUBECONFIG, or give --kubeconfig and --context")]
    NoKubernetes(String),
    /// Kubernetes refused or did not answer.
    #[error("Kubernetes, {what}: {error}")]
    Kubernetes {
        /// What was being done.
        what: String,
        /// Its answer.
        error: Box<kube::Error>,
    },
    /// AWS refused or did not answer.
    #[error("AWS: {0}")]
    Aws(#[from] AwsError),
    /// Something else about AWS, with the remedy.
    #[error("{0}")]
    Cloud(String),
    /// Output could not be written.
    #[error("output: {0}")]
    Output(#[from] std::io::Error),
    /// A value could not be written as JSON.
    #[error("output: {0}")]
    Json(#[from] serde_json::Error),
    /// A value could not be written as YAML.
    #[error("output: {0}")]
    Yaml(#[from] serde_saphyr::ser_error::Error),
}

impl PluginError {
    /// For `map_err` on calls of Kubernetes.
    pub fn kubernetes(what: impl Into<String>) -> impl FnOnce(kube::Error) -> Self {
        let what = what.into();
        |error| Self::Kubernetes { what, error: Box::new(error) }
    }

    /// Its exit code.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::Missing(_) => Exit::Missing,
            Self::Refused(_) => Exit::Refused,
            Self::Failed(_) => Exit::Failed,
            Self::Output(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Exit::Good,
            Self::NoKubernetes(_)
            | Self::Kubernetes { .. }
            | Self::Aws(_)
            | Self::Cloud(_)
            | Self::Output(_)
            | Self::Json(_)
            | Self::Yaml(_) => Exit::Unreachable,
        }
    }
}
