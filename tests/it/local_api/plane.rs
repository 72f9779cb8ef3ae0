//! The one control plane of these tests: first with an earlier release's CRDs and some objects, then upgraded.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use ecs_local::{ControlPlane, Options};
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;

use super::{earlier, guard};
use crate::support::manifests::{cluster, manifest, service, web};

/// What a run of kubectl left.
#[derive(Debug)]
pub struct Ran {
    /// Did it exit with 0?
    pub ok: bool,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Ran {
    /// Its output; fails the test when kubectl failed.
    #[track_caller]
    pub fn unwrap(self) -> String {
        assert!(self.ok, "{}{}", self.out, self.err);
        self.out
    }

    /// Its output as JSON.
    #[track_caller]
    pub fn json(self) -> Value {
        serde_json::from_str(&self.unwrap()).unwrap()
    }
}

/// The control plane, and what installing the CRDs said.
pub struct Plane {
    control: ControlPlane,
    /// A trial of the CRDs on an empty cluster.
    pub trial: String,
    /// The upgrade from the earlier release.
    pub upgrade: String,
}

/// The control plane, started by whoever asks first.
pub async fn plane() -> &'static Plane {
    static PLANE: OnceCell<Plane> = OnceCell::const_new();
    PLANE.get_or_init(Plane::start).await
}

/// The directory of the CRDs that are checked in.
pub fn crds() -> &'static str {
    concat!(env!("CARGO_MANIFEST_DIR"), "/crds")
}

impl Plane {
    /// A control plane of other tests, as it is.
    pub fn over(control: ControlPlane) -> Self {
        Self { control, trial: String::new(), upgrade: String::new() }
    }

    async fn start() -> Self {
        ecs_operator::runtime::tls::install().unwrap();
        let control = ControlPlane::start(Options { existing: false, ..Options::default() }).await.unwrap();
        let mut plane = Self { control, trial: String::new(), upgrade: String::new() };
        let trial = ["apply", "--dry-run=server", "--warnings-as-errors", "-f", crds()];
        plane.trial = plane.kubectl(&trial, None).await.unwrap();
        earlier::install(&plane).await;
        plane.upgrade = plane.kubectl(&["apply", "--warnings-as-errors", "-f", crds()], None).await.unwrap();
        plane.upgraded().await;
        guard::install(&plane).await;
        plane
    }

    /// Waits until the rules of the present CRDs hold: the API server takes them up a moment later.
    async fn upgraded(&self) {
        let group = manifest("ServerGroup", "no.dots", json!({"template": {}}));
        let mut wrong = [cluster("no.dots"), web("no.dots", "nginx"), service("no.dots", "a", "b"), group];
        for manifest in &mut wrong {
            manifest["metadata"]["namespace"] = "default".into();
            let text = manifest.to_string();
            let mut tries = 0;
            while self.kubectl(&["create", "--dry-run=server", "-f", "-"], Some(text.clone())).await.ok {
                tries += 1;
                assert!(tries < 100, "the new rules do not hold");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }

    /// Runs kubectl as admin, with a standard input if one is given.
    pub async fn kubectl(&self, arguments: &[&str], input: Option<String>) -> Ran {
        let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        let program = self.control.kubectl().to_owned();
        let kubeconfig = self.control.kubeconfig_path().to_owned();
        spawn_blocking(move || run(&program, &kubeconfig, &arguments, input)).await.unwrap()
    }

    /// Where the API server is and who signed for it: a kubeconfig that bears a token, for anybody but admin.
    pub fn kubeconfig_with(&self, token: &str) -> String {
        let mut config: Value = serde_saphyr::from_str(self.control.kubeconfig_yaml()).unwrap();
        config["users"][0]["user"] = json!({ "token": token });
        config.to_string()
    }

    /// A client of the calling test's own runtime, under the operator's name: what that may not change is guarded.
    pub async fn operator(&self) -> kube::Client {
        let mut config = self.config(None).await;
        config.auth_info.impersonate = Some(guard::USER.to_owned());
        kube::Client::try_from(config).unwrap()
    }

    /// A client of the admin, and of the calling test's own runtime.
    pub async fn client(&self) -> kube::Client {
        self.client_as(None).await
    }

    /// The kubectl that fits the control plane.
    pub fn program(&self) -> &Path {
        self.control.kubectl()
    }

    /// The kubeconfig file of the admin.
    pub fn kubeconfig(&self) -> &Path {
        self.control.kubeconfig_path()
    }

    /// The kubeconfig of the admin, or of whoever has the token.
    pub fn kubeconfig_as(&self, token: Option<&str>) -> Kubeconfig {
        let mut kubeconfig = Kubeconfig::from_yaml(self.control.kubeconfig_yaml()).unwrap();
        for user in kubeconfig.auth_infos.iter_mut().filter_map(|named| named.auth_info.as_mut()) {
            if let Some(token) = token {
                user.token = Some(token.to_owned().into());
            }
        }
        kubeconfig
    }

    async fn config(&self, token: Option<&str>) -> kube::Config {
        kube::Config::from_custom_kubeconfig(self.kubeconfig_as(token), &KubeConfigOptions::default()).await.unwrap()
    }

    /// A client of the admin, or of whoever has the token.
    pub async fn client_as(&self, token: Option<&str>) -> kube::Client {
        let config = self.config(token).await;
        kube::Client::try_from(config).unwrap()
    }
}

/// Runs a program with a kubeconfig and, if given, a standard input.
pub fn run(program: &Path, kubeconfig: &Path, arguments: &[String], input: Option<String>) -> Ran {
    let mut child = Command::new(program)
        .args(arguments)
        .env("KUBECONFIG", kubeconfig)
        .env("KUBECACHEDIR", kubeconfig.with_file_name("kubectl-cache"))
        .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    if let (Some(mut pipe), Some(input)) = (child.stdin.take(), input) {
        pipe.write_all(input.as_bytes()).unwrap();
    }
    let output = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ran { ok: output.status.success(), out: text(&output.stdout), err: text(&output.stderr) }
}
