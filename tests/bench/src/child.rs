//! The subject as a process of its own, and what the kernel says of it.

use std::env;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::REGION;
use crate::error::BenchError;

/// Clock ticks a second in /proc (`USER_HZ`, 100 on every Linux).
const TICKS: f64 = 100.0;

/// A process; dropping it kills it.
#[derive(Debug)]
pub struct Process {
    child: Child,
}

/// Memory and time of a process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// Resident memory, MiB.
    pub resident: f64,
    /// What of it no file backs, MiB: the pages of the program itself are left out, which the kernel shares and may drop.
    pub anonymous: f64,
    /// Its highest, MiB.
    pub peak: f64,
    /// Seconds of processor time so far.
    pub cpu: f64,
}

impl Process {
    /// Starts this program again in another role. Nothing of our own environment reaches it but the search path.
    pub fn start(role: &[&str], kubeconfig: &Path, endpoint: &str, log: &Path) -> Result<Self, BenchError> {
        let program = env::current_exe().map_err(BenchError::io("finding this program"))?;
        let log = File::create(log).map_err(BenchError::io("a log"))?;
        let child = Command::new(program)
            .args(role)
            .env_clear()
            .envs(env::var_os("PATH").map(|path| ("PATH", path)))
            .env("KUBECONFIG", kubeconfig)
            .env("AWS_ENDPOINT_URL", endpoint)
            .env("ECS_OPERATOR_ALLOW_INSECURE_ENDPOINT", "true")
            .env("AWS_REGION", REGION)
            .env("AWS_ACCESS_KEY_ID", "AKIABENCH")
            .env("AWS_SECRET_ACCESS_KEY", "not-a-secret")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .stdin(Stdio::null())
            .stdout(log.try_clone().map_err(BenchError::io("a log"))?)
            .stderr(log)
            .spawn()
            .map_err(BenchError::io("starting the subject"))?;
        Ok(Self { child })
    }

    /// What it uses.
    pub fn usage(&mut self) -> Result<Usage, BenchError> {
        if let Some(status) = self.child.try_wait().map_err(BenchError::io("asking for the subject"))? {
            return Err(BenchError::Unexpected(format!("the subject ended: {status}")));
        }
        let file = |name: &str| {
            fs::read_to_string(format!("/proc/{}/{name}", self.child.id())).map_err(BenchError::io("reading /proc"))
        };
        let status = file("status")?;
        let mebibytes = |key: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(key));
            let number = line.and_then(|line| line.split_whitespace().next()).and_then(|text| text.parse::<f64>().ok());
            number.unwrap_or_default() / 1024.0
        };
        let stat = file("stat")?;
        // The name may hold spaces; what follows it does not.
        let after = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
        let ticks = after.split(' ').skip(11).take(2).filter_map(|text| text.parse::<f64>().ok()).sum::<f64>();
        Ok(Usage {
            resident: mebibytes("VmRSS:"),
            anonymous: mebibytes("RssAnon:"),
            peak: mebibytes("VmHWM:"),
            cpu: ticks / TICKS,
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _killed = self.child.kill();
        let _waited = self.child.wait();
    }
}
