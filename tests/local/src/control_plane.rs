//! Starting a control plane and waiting until it answers.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;

use crate::binaries::{Binaries, Tool};
use crate::credentials::Credentials;
use crate::error::LocalError;
use crate::flags::{self, Ports};
use crate::server::{Server, Stopwatch};

const READY_LIMIT: Duration = Duration::from_secs(90);
/// Another program may take a port between our asking and a server's binding.
const ATTEMPTS: usize = 3;

/// What to start.
#[derive(Clone, Debug)]
pub struct Options {
    /// Also run kube-controller-manager, for namespace deletion, garbage
    /// collection, autoscaling, aggregated roles and default accounts.
    pub controllers: bool,
    /// Use the cluster of `KUBECONFIG`, if that is set, rather than start one.
    pub existing: bool,
    /// Further flags for kube-apiserver, such as `--v=4`.
    pub api_server_flags: Vec<String>,
}

impl Default for Options {
    /// With controllers; an existing cluster is used if one is named.
    fn default() -> Self {
        Self { controllers: true, existing: true, api_server_flags: Vec::new() }
    }
}

/// A control plane that answers, and on which we are admin.
///
/// Dropping it stops the servers and removes their directory. They stop in the
/// same way if this process ends without dropping it (statics, `exit`,
/// SIGKILL): a shell beside each waits for the end of a pipe that we hold.
#[derive(Debug)]
pub struct ControlPlane {
    kubectl: PathBuf,
    kubeconfig_path: PathBuf,
    kubeconfig_yaml: String,
    /// The one started last is first, so that they stop in reverse.
    servers: Vec<Server>,
    _dir: Option<TempDir>,
}

impl ControlPlane {
    /// Builds what is missing, starts the servers and waits for `/readyz` and,
    /// with controllers, for their first work. Follows real time even where
    /// tokio's clock is paused. Needs a tokio runtime.
    pub async fn start(options: Options) -> Result<Self, LocalError> {
        spawn_blocking(move || Self::start_blocking(&options)).await?
    }

    /// As [`Self::start`], without a runtime.
    pub fn start_blocking(options: &Options) -> Result<Self, LocalError> {
        let existing = env::var_os("KUBECONFIG").filter(|paths| !paths.is_empty());
        if options.existing && existing.is_some() {
            return Self::existing();
        }
        let mut tools = vec![Tool::Etcd, Tool::KubeApiserver, Tool::Kubectl];
        if options.controllers {
            tools.push(Tool::KubeControllerManager);
        }
        let binaries = Binaries::find_or_build(&tools)?;
        let mut attempt = 1;
        loop {
            match Self::launch(options, &binaries) {
                Err(LocalError::Ended { tail, .. })
                    if attempt < ATTEMPTS && tail.contains("address already in use") =>
                {
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    /// The kubeconfig file. It holds everything needed and lives as long as
    /// this value.
    pub fn kubeconfig_path(&self) -> &Path {
        &self.kubeconfig_path
    }

    /// The text of that file.
    pub fn kubeconfig_yaml(&self) -> &str {
        &self.kubeconfig_yaml
    }

    /// The path of a kubectl of the right version.
    pub fn kubectl(&self) -> &Path {
        &self.kubectl
    }

    /// The process groups of the servers, last started first; none for a
    /// cluster that was there before.
    pub fn process_groups(&self) -> Vec<u32> {
        self.servers.iter().map(Server::group).collect()
    }

    /// Runs kubectl as admin and returns what it wrote to stdout. Blocks.
    pub fn run_kubectl(&self, arguments: &[&str]) -> Result<String, LocalError> {
        kubectl(&self.kubectl, &self.kubeconfig_path, arguments)
    }

    fn existing() -> Result<Self, LocalError> {
        let program = match find_on_path(Tool::Kubectl.name()) {
            Some(program) => program,
            None => Binaries::find_or_build(&[Tool::Kubectl])?.path(Tool::Kubectl),
        };
        let dir = new_dir()?;
        // One file of its own, even where KUBECONFIG is a list of files.
        let view = ["config", "view", "--raw", "--minify", "--flatten"];
        let kubeconfig_yaml = run(&program, None, &view)?;
        let kubeconfig_path = dir.path().join("kubeconfig");
        fs::write(&kubeconfig_path, &kubeconfig_yaml).map_err(LocalError::io("writing a kubeconfig"))?;
        kubectl(&program, &kubeconfig_path, &["get", "--raw", "/readyz"])?;
        Ok(Self { kubectl: program, kubeconfig_path, kubeconfig_yaml, servers: Vec::new(), _dir: Some(dir) })
    }

    fn launch(options: &Options, binaries: &Binaries) -> Result<Self, LocalError> {
        let temporary = new_dir()?;
        let dir = temporary.path().to_owned();
        let keep = env::var_os("ECS_OPERATOR_KEEP_LOGS").is_some();
        let owned = if keep {
            let _ = temporary.keep();
            None
        } else {
            Some(temporary)
        };
        let ports = Ports::free().map_err(LocalError::io("looking for free ports"))?;
        let keys = Credentials::generate(&dir)?;
        let kubeconfig_path = dir.join("kubeconfig");
        let kubeconfig_yaml = keys.kubeconfig(&format!("https://127.0.0.1:{}", ports.api));
        fs::write(&kubeconfig_path, &kubeconfig_yaml).map_err(LocalError::io("writing a kubeconfig"))?;

        let mut plane = Self {
            kubectl: binaries.path(Tool::Kubectl),
            kubeconfig_path,
            kubeconfig_yaml,
            servers: Vec::new(),
            _dir: owned,
        };
        // etcd stops last, so the directory goes with it and not before.
        let start = |plane: &mut Self, tool: Tool, flags: &[String]| {
            let remove = !keep && tool == Tool::Etcd;
            let server = Server::start(tool.name(), &binaries.path(tool), flags, &dir, remove)?;
            plane.servers.insert(0, server);
            Ok::<_, LocalError>(())
        };
        start(&mut plane, Tool::Etcd, &flags::etcd(ports, &dir.join("etcd")))?;
        let more = &options.api_server_flags;
        let api = flags::kube_apiserver(ports, &dir, &keys, options.controllers, more);
        start(&mut plane, Tool::KubeApiserver, &api)?;
        plane.wait_for(&["get", "--raw", "/readyz"])?;
        if options.controllers {
            let flags = flags::kube_controller_manager(&plane.kubeconfig_path, &keys);
            start(&mut plane, Tool::KubeControllerManager, &flags)?;
            plane.wait_for(&["get", "serviceaccount", "default", "--namespace=default"])?;
        }
        Ok(plane)
    }

    /// Asks with kubectl until it answers, or a server ends, or it takes too long.
    fn wait_for(&mut self, question: &[&str]) -> Result<(), LocalError> {
        let begun = Stopwatch::start();
        loop {
            let answer = self.run_kubectl(question);
            // After the question: another's API server may sit on our port.
            self.servers.iter_mut().try_for_each(Server::check)?;
            let Err(error) = answer else { return Ok(()) };
            if begun.elapsed() > READY_LIMIT {
                let (server, tail) = self
                    .servers
                    .first()
                    .map_or(("the control plane", String::new()), |last| (last.name(), last.log_tail()));
                return Err(LocalError::NotReady { server, after: READY_LIMIT, answer: error.to_string(), tail });
            }
            thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        // One by one: the API server should not complain of a vanished store.
        self.servers.drain(..).for_each(drop);
    }
}

/// The control plane of this test process, started by whoever asks first and
/// stopped when the process ends. Each test takes a namespace of its own in it.
/// A failed start is kept and told to all.
pub async fn shared() -> Result<&'static ControlPlane, &'static LocalError> {
    static SHARED: OnceCell<Result<ControlPlane, LocalError>> = OnceCell::const_new();
    SHARED.get_or_init(|| ControlPlane::start(Options::default())).await.as_ref()
}

/// A directory that only we can enter.
fn new_dir() -> Result<TempDir, LocalError> {
    tempfile::Builder::new().prefix("ecs-local-").tempdir().map_err(LocalError::io("making a temporary directory"))
}

fn kubectl(program: &Path, kubeconfig: &Path, arguments: &[&str]) -> Result<String, LocalError> {
    run(program, Some(kubeconfig), arguments)
}

fn run(program: &Path, kubeconfig: Option<&Path>, arguments: &[&str]) -> Result<String, LocalError> {
    let mut command = Command::new(program);
    if let Some(path) = kubeconfig {
        command.env("KUBECONFIG", path);
    }
    let output = command
        .arg("--request-timeout=5s")
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(LocalError::io(format!("starting {}", program.display())))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let answer = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(LocalError::Kubectl { command: arguments.join(" "), answer })
}

fn find_on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file())
}
