//! A control plane of its own, on which the chart was installed, upgraded, rolled back, uninstalled and installed again.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ecs_local::binaries::{Binaries, Tool};
use ecs_local::{ControlPlane, Options};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, ListParams, Patch, PatchParams};
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;

use super::helm::{CHART, helm_at, project};
use crate::local_api::plane::{Plane, Ran, run};

/// Where the release stands: a namespace that enforces the Pod Security level `restricted`.
pub const HOME: &str = "ecs-operator-system";
/// Values of the release that stays.
const STANDING: &str = "installationId=prod-eu,aws.region=eu-west-1,admissionPolicies.operatorSpec.enabled=true,\
                        rbac.ownerReferencesPermissionEnforcement=true";

/// What was seen on the way.
pub struct Story {
    /// Replicas after install, upgrade and rollback.
    pub replicas: [Value; 3],
    /// Names of the CRDs after the release was uninstalled.
    pub crds_after: String,
    /// An object of ours after the release was uninstalled.
    pub object_after: Value,
    /// What of the release was left besides.
    pub left: String,
    /// Bytes of the largest release record.
    pub record: usize,
}

/// The control plane with the chart.
pub struct Charted {
    /// The control plane.
    pub plane: Plane,
    /// The API server's audit log, of service accounts alone.
    pub audit: PathBuf,
    /// How it came to be.
    pub story: Story,
}

/// The control plane, started by whoever asks first.
pub async fn charted() -> &'static Charted {
    static CHARTED: OnceCell<Charted> = OnceCell::const_new();
    CHARTED.get_or_init(Charted::start).await
}

/// What kustomize makes of a directory. Blocks.
pub fn kustomize(directory: &str) -> String {
    let kubectl = Binaries::find_or_build(&[Tool::Kubectl]).unwrap().path(Tool::Kubectl);
    let arguments = ["kustomize", directory].map(str::to_owned);
    run(&kubectl, Path::new("/dev/null"), &arguments, None).unwrap()
}

impl Charted {
    async fn start() -> Self {
        ecs_operator::runtime::tls::install().unwrap();
        let audit = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("audit-{}.log", std::process::id()));
        let flags = vec![
            format!("--audit-policy-file={}", project("tests/fixtures/audit-policy.yaml").display()),
            format!("--audit-log-path={}", audit.display()),
            // As clusters do that are strict about owner references.
            "--enable-admission-plugins=OwnerReferencesPermissionEnforcement".to_owned(),
        ];
        let options = Options { existing: false, api_server_flags: flags, ..Options::default() };
        let plane = Plane::over(ControlPlane::start(options).await.unwrap());
        let kubeconfig = plane.kubeconfig_as(None);
        std::thread::spawn(move || pods_become_ready(kubeconfig));
        let monitoring = project("tests/fixtures/monitoring/crds.yaml");
        plane.kubectl(&["apply", "-f", monitoring.to_str().unwrap()], None).await.unwrap();
        restricted(&plane, HOME).await;
        let story = tell(&plane).await;
        Self { plane, audit, story }
    }

    /// Runs Helm.
    pub async fn helm(&self, arguments: &[&str]) -> Ran {
        helm_on(&self.plane, arguments).await
    }
}

/// A new namespace that enforces and warns of the Pod Security level `restricted`.
pub async fn restricted(plane: &Plane, namespace: &str) {
    let labels = json!({
        "pod-security.kubernetes.io/enforce": "restricted",
        "pod-security.kubernetes.io/warn": "restricted",
    });
    let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}});
    plane.kubectl(&["create", "-f", "-"], Some(object.to_string())).await.unwrap();
}

async fn helm_on(plane: &Plane, arguments: &[&str]) -> Ran {
    let kubeconfig = plane.kubeconfig().to_owned();
    let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
    let run = move || helm_at(&kubeconfig, &arguments.iter().map(String::as_str).collect::<Vec<_>>());
    spawn_blocking(run).await.unwrap()
}

fn with<'a>(verb: &'a str, values: &'a str) -> [&'a str; 9] {
    [verb, "ecs-operator", CHART, "-n", HOME, "--wait", "--timeout=120s", "--set", values]
}

async fn tell(plane: &Plane) -> Story {
    helm_on(plane, &with("install", "installationId=prod-eu,aws.region=eu-west-1")).await.unwrap();
    let installed = replicas(plane).await;
    let object = json!({
        "apiVersion": "ecs-operator.dev/v1alpha1", "kind": "EcsCluster",
        "metadata": {"name": "kept", "namespace": "default"}, "spec": {"managementMode": "Observe"},
    });
    plane.kubectl(&["create", "-f", "-"], Some(object.to_string())).await.unwrap();
    helm_on(plane, &with("upgrade", &format!("{STANDING},replicas=3,metrics.port=9090"))).await.unwrap();
    let upgraded = replicas(plane).await;
    helm_on(plane, &["rollback", "ecs-operator", "1", "-n", HOME, "--wait", "--timeout=120s"]).await.unwrap();
    let back = replicas(plane).await;
    let record = record(plane).await;
    helm_on(plane, &["uninstall", "ecs-operator", "-n", HOME, "--wait", "--timeout=120s"]).await.unwrap();
    let crds_after = plane.kubectl(&["get", "crd", "-o", "name"], None).await.unwrap();
    let object_after = plane.kubectl(&["get", "ecsc/kept", "-n", "default", "-o", "json"], None).await.json();
    let ours = "app.kubernetes.io/instance=ecs-operator";
    let kinds = "deployments,services,serviceaccounts,roles,rolebindings,poddisruptionbudgets,clusterroles,\
                 clusterrolebindings,validatingadmissionpolicies,validatingadmissionpolicybindings";
    let left = plane.kubectl(&["get", kinds, "-A", "-l", ours, "-o", "name"], None).await.unwrap();
    helm_on(plane, &with("install", STANDING)).await.unwrap();
    Story { replicas: [installed, upgraded, back], crds_after, object_after, left, record }
}

async fn replicas(plane: &Plane) -> Value {
    let deployment = plane.kubectl(&["get", "deployment/ecs-operator", "-n", HOME, "-o", "json"], None).await.json();
    deployment["status"]["readyReplicas"].clone()
}

/// Bytes of the largest record that Helm keeps of the release, as it counts against the limit of a Secret.
async fn record(plane: &Plane) -> usize {
    let listed = plane.kubectl(&["get", "secrets", "-n", HOME, "-l", "owner=helm", "-o", "json"], None).await.json();
    let secrets = listed["items"].as_array().unwrap();
    assert!(secrets.len() >= 3, "a record of each revision");
    secrets.iter().map(|secret| secret["data"].to_string().len()).max().unwrap()
}

/// There is no kubelet: every Pod is said to run and to be ready, as long as the process lives.
fn pods_become_ready(kubeconfig: kube::config::Kubeconfig) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = kube::config::KubeConfigOptions::default();
        let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap();
        let pods: Api<Pod> = Api::all(kube::Client::try_from(config).unwrap());
        loop {
            for pod in pods.list(&ListParams::default()).await.map(|list| list.items).unwrap_or_default() {
                let running = pod.status.as_ref().is_some_and(|status| status.phase.as_deref() == Some("Running"));
                if !running {
                    say_ready(&pods, &pod).await;
                }
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    });
}

async fn say_ready(pods: &Api<Pod>, pod: &Pod) {
    let (Some(name), Some(namespace)) = (&pod.metadata.name, &pod.metadata.namespace) else { return };
    let pods: Api<Pod> = Api::namespaced(pods.clone().into_client(), namespace);
    let conditions = ["PodScheduled", "Initialized", "ContainersReady", "Ready"];
    let conditions: Vec<Value> = conditions.iter().map(|kind| json!({"type": kind, "status": "True"})).collect();
    let status = json!({"status": {"phase": "Running", "conditions": conditions}});
    // It may be gone by now.
    let _ = pods.patch_status(name, &PatchParams::default(), &Patch::Merge(status)).await;
}
