//! Everything the play needs: control plane, simulated AWS, CRDs, the operator, and clients of both.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_ecs::config::{BehaviorVersion, Region};
use ecs_local::{ControlPlane, Options};
use ecs_operator::api::schema::crds;
use ecs_sim::ecs::scheduler::timing::Timing;
use ecs_sim::fixtures::ImageFate;
use ecs_sim::http::Server;
use ecs_sim::world::DEFAULT_ACCOUNT;
use ecs_sim::{RegionKey, Sim};
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition as Crd;
use kube::ResourceExt as _;
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::discovery::ApiResource;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::calls::Calls;
use crate::error::DemoError;
use crate::operator::{Operator, Surroundings};
use crate::samples::text;

/// Where all objects of the demo are.
pub const NAMESPACE: &str = "demo";
/// The Region of the simulated AWS that is used.
pub const REGION: &str = "eu-central-1";
const OPERATOR_KEY: &str = "AKIAOPERATOR";
const READER_KEY: &str = "AKIAREADER";
const ESTABLISHED_LIMIT: Duration = Duration::from_secs(30);

/// How to set it up.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The demo's own binary.
    pub program: PathBuf,
    /// Use the cluster of `KUBECONFIG`.
    pub existing_cluster: bool,
}

/// All that is running. Dropping it ends everything.
pub struct Stage {
    /// The operator, first to be dropped.
    pub operator: Operator,
    /// Kubernetes, as an administrator.
    pub kube: kube::Client,
    /// AWS, as a person with its command line.
    pub aws: aws_sdk_ecs::Client,
    world: Server,
    plane: ControlPlane,
    logs: Option<TempDir>,
    log_path: PathBuf,
}

impl Stage {
    /// Starts all of it; `tell` is told of each step that takes time.
    pub async fn set_up(setting: Setting, tell: &mut (dyn FnMut(&str) + Send)) -> Result<Self, DemoError> {
        ecs_operator::runtime::tls::install()?;
        let logs = tempfile::Builder::new().prefix("ecs-demo-").tempdir();
        let logs = logs.map_err(DemoError::io("making a temporary directory"))?;
        tell("Starting the control plane: etcd, kube-apiserver, kube-controller-manager …");
        let options = Options { existing: setting.existing_cluster, ..Options::default() };
        let plane = ControlPlane::start(options).await?;
        let kube = client(plane.kubeconfig_yaml()).await?;
        tell("Starting the simulated AWS …");
        let world = world().await?;
        let endpoint = format!("http://{}", world.address);
        tell("Installing the CRDs …");
        install(&kube).await?;
        let surroundings = Surroundings {
            kubeconfig: plane.kubeconfig_path().to_owned(),
            endpoint: endpoint.clone(),
            region: REGION.to_owned(),
            access_key: OPERATOR_KEY.to_owned(),
            namespace: NAMESPACE.to_owned(),
            log: logs.path().join("operator.log"),
        };
        tell("Starting the operator …");
        let mut operator = Operator::new(setting.program, surroundings);
        operator.start()?;
        let log_path = logs.path().to_owned();
        Ok(Self { operator, kube, aws: aws(&endpoint), world, plane, logs: Some(logs), log_path })
    }

    /// A line for the shell, and where AWS is.
    pub fn addresses(&self) -> String {
        format!(
            "export KUBECONFIG={}\nexport AWS_ENDPOINT_URL=http://{} AWS_REGION={REGION} AWS_ACCESS_KEY_ID={READER_KEY} AWS_SECRET_ACCESS_KEY=none",
            self.plane.kubeconfig_path().display(),
            self.world.address
        )
    }

    /// The kubectl that fits the control plane.
    pub fn kubectl(&self) -> &Path {
        self.plane.kubectl()
    }

    /// Runs kubectl in the demo's namespace. Blocks.
    pub fn run_kubectl(&self, arguments: &[&str]) -> Result<String, DemoError> {
        let namespace = format!("--namespace={NAMESPACE}");
        let all: Vec<&str> = std::iter::once(namespace.as_str()).chain(arguments.iter().copied()).collect();
        Ok(self.plane.run_kubectl(&all)?)
    }

    /// Applies a manifest as a tool does that follows Git: server-side, with its own field manager.
    pub async fn apply(&self, manifest: &Value) -> Result<(), DemoError> {
        let api = self.objects(text(manifest, "/kind"));
        let params = PatchParams::apply("git").force();
        api.patch(text(manifest, "/metadata/name"), &params, &Patch::Apply(manifest)).await?;
        Ok(())
    }

    /// Objects of one of our kinds.
    pub fn objects(&self, kind: &str) -> Api<DynamicObject> {
        let resource = ApiResource {
            group: ecs_operator::api::names::GROUP.to_owned(),
            version: ecs_operator::api::names::VERSION.to_owned(),
            api_version: format!("{}/{}", ecs_operator::api::names::GROUP, ecs_operator::api::names::VERSION),
            kind: kind.to_owned(),
            plural: format!("{}s", kind.to_lowercase()),
        };
        Api::namespaced_with(self.kube.clone(), NAMESPACE, &resource)
    }

    /// Looks at the simulated AWS, or changes it, from outside of its API.
    pub fn world<T>(&self, look: impl FnOnce(&mut Sim) -> T) -> T {
        self.world.with(look)
    }

    /// From now on no registry has this image.
    pub fn lose_image(&self, image: &str) {
        self.world.with(|sim| sim.set_image(image, ImageFate::Missing));
    }

    /// How many requests the simulated AWS has answered.
    pub fn answered(&self) -> usize {
        self.world.with(|sim| sim.transcript.len())
    }

    /// The operator's calls since then.
    pub fn calls_since(&self, answered: usize) -> Calls {
        let record = self.world.with(|sim| sim.transcript.get(answered..).unwrap_or_default().to_vec());
        Calls::of(OPERATOR_KEY, &record)
    }

    /// What the simulated AWS holds against itself or its callers: calls it does not know, answers
    /// that do not fit AWS's model, broken laws.
    pub fn complaints(&self) -> Vec<String> {
        self.world.with(|sim| {
            let mut all = sim.unknown_actions.clone();
            all.extend(sim.shape_faults.iter().cloned());
            all.extend(sim.violations());
            all
        })
    }

    /// Where the logs are.
    pub fn logs(&self) -> &Path {
        &self.log_path
    }

    /// Keeps the logs, those of the control plane too.
    pub fn keep_logs(&mut self) {
        if let Some(logs) = self.logs.take() {
            let _path = logs.keep();
        }
        let Some(directory) = self.plane.kubeconfig_path().parent() else { return };
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|extension| extension == "log") {
                let _copied = fs::copy(&path, self.log_path.join(entry.file_name()));
            }
        }
    }
}

async fn client(kubeconfig: &str) -> Result<kube::Client, DemoError> {
    let kubeconfig = Kubeconfig::from_yaml(kubeconfig)?;
    let config = kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
    Ok(kube::Client::try_from(config)?)
}

fn aws(endpoint: &str) -> aws_sdk_ecs::Client {
    let config = aws_sdk_ecs::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(REGION))
        .endpoint_url(endpoint)
        .credentials_provider(Credentials::new(READER_KEY, "none", None, None, "demo"));
    aws_sdk_ecs::Client::from_conf(config.build())
}

#[expect(clippy::disallowed_methods, reason = "the simulated AWS follows the wall clock")]
async fn world() -> Result<Server, DemoError> {
    let mut sim = Sim::new(1, jiff::Timestamp::now().as_millisecond());
    let region = RegionKey::new(DEFAULT_ACCOUNT, REGION);
    sim.knobs.attaching_ms = Some((500, 1_500));
    sim.with_fleet(&region, |fleet| fleet.knobs.timing = Timing::brisk());
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Server::start(sim, address, 1.0).await.map_err(DemoError::io("serving the simulated AWS"))
}

/// CRDs and the namespace; returns when the API server serves the kinds.
async fn install(kube: &kube::Client) -> Result<(), DemoError> {
    let params = PatchParams::apply("demo").force();
    let api: Api<Crd> = Api::all(kube.clone());
    let crds = crds()?;
    for crd in &crds {
        api.patch(&crd.name_any(), &params, &Patch::Apply(crd)).await?;
    }
    let begun = Instant::now();
    for crd in &crds {
        while !is_established(&api.get(&crd.name_any()).await?) {
            if begun.elapsed() > ESTABLISHED_LIMIT {
                return Err(DemoError::Unexpected(format!("CRD {} is not established", crd.name_any())));
            }
            sleep(Duration::from_millis(100)).await;
        }
    }
    let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": NAMESPACE } });
    Api::<Namespace>::all(kube.clone()).patch(NAMESPACE, &params, &Patch::Apply(namespace)).await?;
    Ok(())
}

fn is_established(crd: &Crd) -> bool {
    let conditions = crd.status.as_ref().and_then(|status| status.conditions.as_ref());
    conditions.is_some_and(|all| all.iter().any(|c| c.type_ == "Established" && c.status == "True"))
}
