//! The operator as a child process: started, killed, started again.

use std::env;
use std::fs::OpenOptions;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::error::DemoError;

/// Longer than the operator takes to end its passes.
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// What the operator is told by its environment.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// A kubeconfig file.
    pub kubeconfig: PathBuf,
    /// Where AWS is.
    pub endpoint: String,
    /// AWS Region.
    pub region: String,
    /// Access key, by which its calls are told from others.
    pub access_key: String,
    /// The one namespace it looks at.
    pub namespace: String,
    /// Where its log goes; later lives are appended.
    pub log: PathBuf,
}

/// The operator, running or not. Dropping it kills it; so does the end of this process.
#[derive(Debug)]
pub struct Operator {
    program: PathBuf,
    surroundings: Surroundings,
    child: Option<Child>,
}

impl Operator {
    /// Not yet started. `program` is the demo's own binary.
    pub fn new(program: PathBuf, surroundings: Surroundings) -> Self {
        Self { program, surroundings, child: None }
    }

    /// Starts it. Nothing of our own environment reaches it but the search path: no proxy and
    /// above all no AWS profile.
    pub fn start(&mut self) -> Result<(), DemoError> {
        let it = &self.surroundings;
        let failed = || DemoError::io(format!("starting {}", self.program.display()));
        let log = OpenOptions::new().create(true).append(true).open(&it.log).map_err(failed())?;
        let child = Command::new(&self.program)
            .args(["operator", "--follow-interval-seconds=1", "--sweep-interval-seconds=10"])
            .args(["--admin-address=127.0.0.1:0", "--namespaces", &it.namespace])
            .env_clear()
            .envs(env::var_os("PATH").map(|path| ("PATH", path)))
            .env("KUBECONFIG", &it.kubeconfig)
            .env("AWS_ENDPOINT_URL", &it.endpoint)
            .env("ECS_OPERATOR_ALLOW_INSECURE_ENDPOINT", "true")
            .env("AWS_REGION", &it.region)
            .env("AWS_ACCESS_KEY_ID", &it.access_key)
            .env("AWS_SECRET_ACCESS_KEY", "not-a-secret")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .stdin(Stdio::piped())
            .stdout(log.try_clone().map_err(failed())?)
            .stderr(log)
            // A group of its own: Ctrl-C in the terminal is for us alone.
            .process_group(0)
            .spawn()
            .map_err(failed())?;
        self.child = Some(child);
        Ok(())
    }

    /// SIGKILL: it ends in the middle of whatever it does.
    pub fn kill(&mut self) -> Result<(), DemoError> {
        if let Some(mut child) = self.child.take() {
            child.kill().map_err(DemoError::io("killing the operator"))?;
            child.wait().map_err(DemoError::io("waiting for the operator"))?;
        }
        Ok(())
    }

    /// SIGTERM, as Kubernetes ends a pod, and its answer.
    pub async fn stop(&mut self) -> Result<(), DemoError> {
        let Some(child) = &mut self.child else { return Ok(()) };
        let waiting = || DemoError::io("waiting for the operator");
        let id = child.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status().map_err(DemoError::io("starting `kill`"))?;
        let begun = Instant::now();
        loop {
            if let Some(status) = child.try_wait().map_err(waiting())? {
                self.child = None;
                return if status.success() { Ok(()) } else { Err(ended(status)) };
            }
            if begun.elapsed() > STOP_LIMIT {
                return Err(DemoError::Unexpected("the operator did not end after SIGTERM".to_owned()));
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// An error if it should be running and is not.
    pub fn check(&mut self) -> Result<(), DemoError> {
        let Some(child) = &mut self.child else { return Ok(()) };
        match child.try_wait().map_err(DemoError::io("asking for the operator"))? {
            Some(status) => Err(ended(status)),
            None => Ok(()),
        }
    }

    /// Is it running, as far as we know?
    pub fn is_running(&self) -> bool {
        self.child.is_some()
    }
}

fn ended(status: ExitStatus) -> DemoError {
    let how = status.signal().map_or_else(|| status.to_string(), |signal| format!("signal {signal}"));
    DemoError::Unexpected(format!("the operator ended by itself ({how})"))
}

impl Drop for Operator {
    fn drop(&mut self) {
        let _gone = self.kill();
    }
}
