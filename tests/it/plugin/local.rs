//! The plugin as a program of its own, on a real kube-apiserver, with a socket to the simulated AWS.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;
use tokio::task::spawn_blocking;

use super::gate::Gate;
use crate::local_api::stage::Stage;
use crate::support::world::REGION;

/// One test's surroundings.
pub struct Desk {
    /// The namespace, with an operator.
    pub stage: Stage,
    /// The socket to AWS.
    pub gate: Gate,
    endpoint: String,
    /// A folder that is first on the path.
    pub tools: tempdir::Folder,
}

/// What a run left.
#[derive(Debug)]
pub struct Ended {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Ended {
    /// Fails the test unless this is the exit code.
    #[track_caller]
    pub fn with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.out, self.err);
        self
    }

    /// Fails the test unless the verb refused, with this in the reason.
    #[track_caller]
    pub fn refused(self, why: &str) {
        let ended = self.with(5);
        assert!(ended.err.contains(why), "{}", ended.err);
    }

    /// The output as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.out, self.err))
    }
}

impl Desk {
    /// A namespace, an operator, an AWS and its socket.
    pub async fn new(namespace: &str) -> Self {
        let stage = Stage::operated(namespace).await;
        let (gate, endpoint) = Gate::open(&stage.aws).await;
        Self { stage, gate, endpoint, tools: tempdir::Folder::new(namespace) }
    }

    /// Runs `kubectl-ecs`.
    pub async fn ecs(&self, arguments: &[&str]) -> Ended {
        self.run(PathBuf::from(env!("CARGO_BIN_EXE_kubectl-ecs")), arguments).await
    }

    /// Runs a program as the person at the desk.
    pub async fn run(&self, program: PathBuf, arguments: &[&str]) -> Ended {
        let mut command = Command::new(program);
        let path = std::env::var("PATH").unwrap_or_default();
        command
            .args(arguments)
            .args(
                ["-n", &self.stage.namespace]
                    .iter()
                    .filter(|_| !arguments.contains(&"-A") && !arguments.contains(&"--")),
            )
            .env_clear()
            .env("PATH", format!("{}:{path}", self.tools.path.display()))
            .env("KUBECONFIG", self.stage.plane.kubeconfig())
            .env("KUBECACHEDIR", self.stage.plane.kubeconfig().with_file_name("kubectl-cache"))
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .env("AWS_REGION", REGION)
            .env("AWS_ACCESS_KEY_ID", "AKIAPERSON")
            .env("AWS_SECRET_ACCESS_KEY", "none")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .stdin(Stdio::null());
        let output = spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ended { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

/// Folders that go away with the test.
pub mod tempdir {
    use std::path::PathBuf;

    /// A folder.
    pub struct Folder {
        /// Where.
        pub path: PathBuf,
    }

    impl Folder {
        /// An empty folder.
        pub fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("kubectl-ecs-{}-{name}", std::process::id()));
            std::fs::create_dir_all(&path).unwrap();
            Self { path }
        }

        /// Writes a program into it.
        pub fn program(&self, name: &str, text: &str) {
            use std::os::unix::fs::PermissionsExt as _;
            let path = self.path.join(name);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _gone = std::fs::remove_dir_all(&self.path);
        }
    }
}
