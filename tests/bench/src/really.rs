//! Scenarios in real time: the subject as a process, a real kube-apiserver, the simulated AWS over loopback HTTP.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use aws_sdk_ecs::types::{AwsVpcConfiguration, LaunchType, NetworkConfiguration, Tag};
use ecs_local::{ControlPlane, Options};
use ecs_operator::api::EcsService;
use ecs_operator::api::schema::crds;
use ecs_operator::controllers::ownership::Owner;
use ecs_sim::http::Server;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition as Crd;
use kube::ResourceExt as _;
use kube::api::{Api, ListParams, Patch, PatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::child::Process;
use crate::error::BenchError;
use crate::journal::{Answer, Call, Counts, described_by, millis, services, updated};
use crate::measures::{Measure, worst};
use crate::stage::{Shape, cluster, furnish, manifest, name, simulated_aws};
use crate::{CHANGED, NAMESPACE, SWEEP};

/// Requests of the bench itself that are under way at once.
const AT_ONCE: usize = 32;
/// How long a subject may take to look at every service; more is «not reached».
const PATIENCE: Duration = Duration::from_mins(20);

/// What runs: once for all subjects and sizes.
pub struct Surroundings {
    plane: ControlPlane,
    kube: kube::Client,
    logs: TempDir,
}

struct Bench<'a> {
    around: &'a Surroundings,
    world: Server,
    shape: Shape,
    title: &'static str,
    role: &'static [&'static str],
    journal: Vec<Call>,
    measures: Vec<Measure>,
}

impl Surroundings {
    /// Starts a control plane with our CRDs.
    pub async fn set_up() -> Result<Self, BenchError> {
        let plane = ControlPlane::start(Options::default()).await?;
        let unusable = |error: kube::config::KubeconfigError| BenchError::Unexpected(error.to_string());
        let kubeconfig = Kubeconfig::from_yaml(plane.kubeconfig_yaml()).map_err(unusable)?;
        let config = kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
        let kube = kube::Client::try_from(config.map_err(unusable)?)?;
        let params = PatchParams::apply("bench").force();
        let unmade = |error: &dyn std::fmt::Display| BenchError::Unexpected(error.to_string());
        for crd in crds().map_err(|error| unmade(&error))? {
            Api::<Crd>::all(kube.clone()).patch(&crd.name_any(), &params, &Patch::Apply(&crd)).await?;
        }
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}});
        Api::<Namespace>::all(kube.clone()).patch(NAMESPACE, &params, &Patch::Apply(namespace)).await?;
        let logs = tempfile::tempdir().map_err(BenchError::io("a temporary directory"))?;
        let around = Self { plane, kube, logs };
        // A CRD is served a moment after it is taken.
        while around.objects().list(&ListParams::default().limit(1)).await.is_err() {
            sleep(Duration::from_millis(200)).await;
        }
        Ok(around)
    }

    fn objects(&self) -> Api<EcsService> {
        Api::namespaced(self.kube.clone(), NAMESPACE)
    }

    /// Removes what the subject before left: finalizers, then objects.
    async fn clear(&self) -> Result<(), BenchError> {
        let api = &self.objects();
        let all = api.list_metadata(&ListParams::default()).await?;
        let freed = all.items.into_iter().map(|object| async move {
            let patch = Patch::Merge(json!({"metadata": {"finalizers": null}}));
            api.patch_metadata(&object.name_any(), &PatchParams::default(), &patch).await?;
            api.delete(&object.name_any(), &kube::api::DeleteParams::background()).await.map(drop)
        });
        Ok(stream::iter(freed).buffer_unordered(AT_ONCE).try_collect::<()>().await?)
    }
}

/// What runs as a process: its column, and its words on the command line.
pub const SUBJECTS: [(&str, &[&str]); 2] = [
    ("operator, share 0.5", &["operator", "--admin-address=127.0.0.1:0", "--sweep-interval-seconds=300"]),
    ("naive poller", &["naive"]),
];

/// Memory, processor time and reaction of a subject with so many services.
pub async fn run(
    around: &Surroundings,
    (title, role): (&'static str, &'static [&'static str]),
    shape: Shape,
) -> Result<Vec<Measure>, BenchError> {
    let world = world(shape).await?;
    let mut bench = Bench { around, world, shape, title, role, journal: Vec::new(), measures: Vec::new() };
    let outcome = bench.tell().await;
    bench.world.stop();
    around.clear().await?;
    outcome.map(|()| bench.measures)
}

#[expect(clippy::disallowed_methods, reason = "the simulated AWS follows the wall clock")]
async fn world(shape: Shape) -> Result<Server, BenchError> {
    let mut sim = simulated_aws(1, jiff::Timestamp::now().as_millisecond());
    sim.knobs.no_transcript = false;
    sim.throttle.on = false;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let world = Server::start(sim, address, 1.0).await.map_err(BenchError::io("serving the simulated AWS"))?;
    furnish(&cli(&world), shape).await?;
    Ok(world)
}

fn cli(world: &Server) -> aws_sdk_ecs::Client {
    let credentials = aws_credential_types::Credentials::new("AKIAPERSON", "none", None, None, "bench");
    let config = aws_sdk_ecs::Config::builder()
        .behavior_version(aws_config::BehaviorVersion::v2026_01_12())
        .region(aws_config::Region::new(crate::REGION))
        .endpoint_url(format!("http://{}", world.address))
        .credentials_provider(credentials);
    aws_sdk_ecs::Client::from_conf(config.build())
}

impl Bench<'_> {
    fn note(&mut self, id: &str, what: &str, value: Option<f64>, note: impl Into<String>) {
        let Shape { services, clusters } = self.shape;
        let round = |value: f64| (value * 1000.0).round() / 1000.0;
        let measure = Measure {
            id: id.to_owned(),
            what: what.to_owned(),
            shape: format!("{services} in {clusters}"),
            services,
            subject: self.title.to_owned(),
            value: value.map(round),
            floor: None,
            note: note.into(),
        };
        measure.tell();
        self.measures.push(measure);
    }

    async fn tell(&mut self) -> Result<(), BenchError> {
        self.declare().await?;
        self.world.with(|sim| sim.throttle.on = true);
        let mut process = self.start()?;
        // A subject that does not come round is measured as it is.
        let comes_round = self.all_looked_at(0).await.is_some();
        self.at_rest(&mut process).await?;
        drop(process);
        let since = self.now();
        let mut process = self.start()?;
        self.edits(since).await?;
        let (took, note) = if comes_round {
            (self.all_looked_at(since).await.map(|last| millis(last - since)), String::new())
        } else {
            (None, format!("nor within {} s of its first start", PATIENCE.as_secs()))
        };
        self.note("real-restart", "real: restart → every service looked at, s", took, note);
        self.note("real-peak", "real: highest resident memory, MiB", Some(process.usage()?.peak), "");
        Ok(())
    }

    fn start(&self) -> Result<Process, BenchError> {
        let endpoint = format!("http://{}", self.world.address);
        let log =
            self.around.logs.path().join(format!("{}-{}.log", self.role.first().unwrap_or(&""), self.shape.services));
        Process::start(self.role, self.around.plane.kubeconfig_path(), &endpoint, &log)
    }

    /// Objects, and the services they made in an earlier life.
    async fn declare(&self) -> Result<(), BenchError> {
        let cli = &cli(&self.world);
        let api = &self.around.objects();
        let shape = self.shape;
        let made = (0..shape.services).map(|number| async move {
            let params = PatchParams::apply("git").force();
            let object = api.patch(&name(number), &params, &Patch::Apply(manifest(number, shape))).await?;
            create(cli, &object, cluster(number, shape)).await
        });
        stream::iter(made).buffer_unordered(AT_ONCE).try_collect::<()>().await
    }

    fn now(&self) -> i64 {
        self.world.with(|sim| sim.now())
    }

    /// Takes over what the simulated AWS wrote down.
    fn read(&mut self) {
        let lines = self.world.with(|sim| std::mem::take(&mut sim.transcript));
        self.journal.extend(lines.iter().filter_map(|line| call(line)));
    }

    /// Waits until every service was described since a moment; when that was, if it was.
    async fn all_looked_at(&mut self, since: i64) -> Option<i64> {
        let names: BTreeSet<String> = (0..self.shape.services).map(name).collect();
        if names.is_empty() {
            sleep(Duration::from_secs(5)).await;
            return Some(since);
        }
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            self.read();
            if let Some(last) = described_by(&self.journal, since, &names) {
                return Some(last);
            }
            sleep(Duration::from_secs(1)).await;
        }
        None
    }

    /// One sweep without an edit, after one for statuses to be written.
    async fn at_rest(&mut self, process: &mut Process) -> Result<(), BenchError> {
        if self.shape.services > 0 {
            sleep(SWEEP).await;
        }
        self.read();
        self.journal.clear();
        let before = process.usage()?;
        let began = Instant::now();
        sleep(if self.shape.services > 0 { SWEEP } else { Duration::from_secs(10) }).await;
        let after = process.usage()?;
        self.read();
        let counts = Counts::of(&self.journal);
        let cores = (after.cpu - before.cpu) / began.elapsed().as_secs_f64();
        let calls = format!("{} calls in one sweep, {} writes", counts.all, counts.writes);
        self.note("real-resident", "real: resident memory at rest, MiB", Some(after.resident), calls);
        self.note("real-anonymous", "real: of it what is not the program's file, MiB", Some(after.anonymous), "");
        self.note("real-cpu", "real: processor at rest, cores", Some(cores), "");
        Ok(())
    }

    /// Waits until the process that has just started looks at services: starting is told with the restart.
    async fn looks(&mut self, since: i64) {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            self.read();
            if self.journal.iter().any(|call| call.at >= since && !call.services.is_empty()) {
                return;
            }
            sleep(Duration::from_millis(200)).await;
        }
    }

    /// Edits while the process that has just started looks at everything.
    async fn edits(&mut self, since: i64) -> Result<(), BenchError> {
        if self.shape.services == 0 {
            return Ok(());
        }
        self.looks(since).await;
        let mut changed = Vec::new();
        for number in 0..CHANGED {
            let service = name((number * 6007 + 11) % self.shape.services);
            let patch = Patch::Merge(json!({"spec": {"desiredCount": 2}}));
            let since = self.now();
            self.around.objects().patch(&service, &PatchParams::default(), &patch).await?;
            changed.push((service, since));
            sleep(Duration::from_secs(1)).await;
        }
        let began = Instant::now();
        let mut waits = Vec::new();
        while waits.len() < CHANGED && began.elapsed() < SWEEP * 2 {
            sleep(Duration::from_secs(1)).await;
            self.read();
            waits = updated(&self.journal, &changed);
        }
        let (worst, note) = worst(&mut waits, CHANGED, "2 sweeps");
        self.note("real-edit", "real: edit after a restart → its UpdateService, worst of 20, s", worst, note);
        Ok(())
    }
}

async fn create(cli: &aws_sdk_ecs::Client, object: &EcsService, cluster: String) -> Result<(), BenchError> {
    let refused = |error: String| BenchError::Aws(error);
    let owner = Owner {
        installation: "default".to_owned(),
        namespace: NAMESPACE.to_owned(),
        kind: "EcsService",
        name: object.name_any(),
        uid: object.uid().unwrap_or_default(),
    };
    let tags = owner.tags().into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
    let network = AwsVpcConfiguration::builder().subnets("subnet-0a1b2c3d").build();
    let network = network.map_err(|error| refused(error.to_string()))?;
    let request = cli.create_service().cluster(cluster).service_name(object.name_any()).task_definition("web:1");
    let request = request.desired_count(1).launch_type(LaunchType::Fargate).set_tags(Some(tags.collect()));
    let network = NetworkConfiguration::builder().awsvpc_configuration(network).build();
    request.network_configuration(network).send().await.map_err(|error| refused(format!("{error:?}")))?;
    Ok(())
}

fn text<'a>(line: &'a Value, place: &str) -> Option<&'a str> {
    line.pointer(place).and_then(Value::as_str)
}

fn call(line: &str) -> Option<Call> {
    let line: Value = serde_json::from_str(line).ok()?;
    if text(&line, "/actor") == Some("AKIAPERSON") {
        return None;
    }
    let number = |place: &str| line.pointer(place).and_then(Value::as_i64);
    let answer = match number("/status") {
        Some(200) => Answer::Done,
        Some(_) if text(&line, "/response/__type").is_some_and(|code| code.contains("Throttling")) => Answer::Throttled,
        _ => Answer::Refused,
    };
    let operation = text(&line, "/action")?.to_owned();
    Some(Call {
        at: number("/time")?,
        operation,
        services: services(line.get("request").unwrap_or(&Value::Null)),
        answer,
    })
}
