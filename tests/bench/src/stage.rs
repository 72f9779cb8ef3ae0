//! Both worlds in this process, on one paused clock, with services declared in them.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_ecs::types::{Compatibility, ContainerDefinition, NetworkMode};
use ecs_operator::api::EcsService;
use ecs_operator::api::names::{GROUP, VERSION};
use ecs_operator::api::schema::crds;
use ecs_operator::controllers::clock::Clock;
use ecs_sim::ecs::scheduler::timing::Timing;
use ecs_sim::kube::{Apiserver, MemApi};
use ecs_sim::world::DEFAULT_ACCOUNT;
use ecs_sim::{RegionKey, Sim};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{Api, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use crate::error::BenchError;
use crate::wire::Wire;
use crate::{NAMESPACE, REGION};

/// One way to AWS and back, in virtual time.
const LATENCY: Duration = Duration::from_millis(40);

/// How much there is.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Services in all.
    pub services: usize,
    /// Clusters they are spread over.
    pub clusters: usize,
}

/// Both worlds.
pub struct Stage {
    /// AWS.
    pub aws: Wire,
    /// Kubernetes.
    pub api: Apiserver,
    /// The time of both.
    pub clock: Clock,
    /// A person with kubectl.
    pub person: kube::Client,
    /// A person with AWS's command line.
    pub cli: aws_sdk_ecs::Client,
    /// What was declared.
    pub shape: Shape,
}

/// The key of the world's Region.
pub fn key() -> RegionKey {
    RegionKey::new(DEFAULT_ACCOUNT, REGION)
}

/// Name of a service.
pub fn name(number: usize) -> String {
    format!("service-{number:05}")
}

/// Name of the cluster of a service.
pub fn cluster(number: usize, shape: Shape) -> String {
    format!("cluster-{:04}", number % shape.clusters.max(1))
}

/// The manifest of a service, as it is at first.
pub fn manifest(number: usize, shape: Shape) -> Value {
    edited(number, shape, 1, "web:1")
}

/// The manifest of a service with another count or task definition.
pub fn edited(number: usize, shape: Shape, count: i32, definition: &str) -> Value {
    json!({
        "apiVersion": format!("{GROUP}/{VERSION}"), "kind": "EcsService",
        "metadata": {"name": name(number), "namespace": NAMESPACE},
        "spec": {
            "cluster": cluster(number, shape), "taskDefinition": definition, "desiredCount": count, "launchType": "FARGATE",
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-0a1b2c3d"]}},
        },
    })
}

/// The simulated AWS with clusters and two revisions of one family, throttling as AWS does.
pub async fn furnish(cli: &aws_sdk_ecs::Client, shape: Shape) -> Result<(), BenchError> {
    let refused = |error: String| BenchError::Aws(error);
    for number in 0..shape.clusters {
        let name = cluster(number, shape);
        cli.create_cluster().cluster_name(name).send().await.map_err(|error| refused(format!("{error:?}")))?;
    }
    for image in ["web:1", "web:2"] {
        let container = ContainerDefinition::builder().name("app").image(image).essential(true).build();
        let request = cli.register_task_definition().family("web").container_definitions(container);
        let request = request.network_mode(NetworkMode::Awsvpc).cpu("256").memory("512");
        let request = request.requires_compatibilities(Compatibility::Fargate);
        request.send().await.map_err(|error| refused(format!("{error:?}")))?;
    }
    Ok(())
}

/// A simulated AWS that throttles as AWS does and keeps no transcript.
pub fn simulated_aws(seed: u64, start: i64) -> Sim {
    let mut sim = Sim::new(seed, start);
    sim.with_fleet(&key(), |fleet| fleet.knobs.timing = Timing::brisk());
    sim.throttle.on = true;
    sim.knobs.no_transcript = true;
    sim
}

impl Stage {
    /// Worlds with clusters and a task definition, and no service yet.
    pub async fn new(shape: Shape, seed: u64) -> Result<Self, BenchError> {
        let start: Timestamp =
            "2026-01-05T08:00:00Z".parse().map_err(|error| BenchError::Unexpected(format!("{error}")))?;
        let mut memory = MemApi::new(start);
        for crd in crds().map_err(|error| BenchError::Unexpected(format!("{error}")))? {
            let crd = serde_json::to_value(crd)?;
            memory.install_crd(&crd, start).map_err(|error| BenchError::Unexpected(format!("a CRD: {error:?}")))?;
        }
        let clock = Clock::starting_at(start);
        let now = clock.clone();
        let api = Apiserver::new(memory, move || now.exact());
        let aws = Wire::new(simulated_aws(seed, start.as_millisecond()), clock.clone(), LATENCY);
        let person = kube::Client::new(api.clone(), NAMESPACE);
        let cli = aws_sdk_ecs::Client::new(&aws.of_a_person().config());
        fastrand::seed(seed);
        furnish(&cli, shape).await?;
        let namespace = serde_json::from_value(json!({"metadata": {"name": NAMESPACE}}))?;
        Api::<Namespace>::all(person.clone()).create(&PostParams::default(), &namespace).await?;
        Ok(Self { aws, api, clock, person, cli, shape })
    }

    /// Services, as Kubernetes has them.
    pub fn objects(&self) -> Api<EcsService> {
        Api::namespaced(self.person.clone(), NAMESPACE)
    }

    /// Applies the manifests of all services.
    pub async fn declare(&self) -> Result<(), BenchError> {
        for number in 0..self.shape.services {
            self.apply(&manifest(number, self.shape)).await?;
        }
        Ok(())
    }

    /// Applies one manifest.
    pub async fn apply(&self, manifest: &Value) -> Result<(), BenchError> {
        let name = manifest.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
        self.objects().patch(name, &PatchParams::apply("git").force(), &Patch::Apply(manifest)).await?;
        Ok(())
    }

    /// All services' names.
    pub fn names(&self) -> BTreeSet<String> {
        (0..self.shape.services).map(name).collect()
    }

    /// Services that are there in ECS.
    pub fn created(&self) -> usize {
        self.aws.sim(|sim| sim.region(&key()).services.services.len())
    }

    /// Writes to Kubernetes since this was last asked; what the bench itself did before is forgotten.
    pub fn take_kube_writes(&self) -> usize {
        self.api.take_log().into_iter().filter(|call| call.is_write() && !call.path.contains("/events")).count()
    }

    /// Lets virtual time go on until something holds, looking every `step`; how long it took, or `None` after `limit`.
    pub async fn until(&self, step: Duration, limit: Duration, holds: impl Fn(&Self) -> bool) -> Option<Duration> {
        let began = tokio::time::Instant::now();
        loop {
            if holds(self) {
                return Some(began.elapsed());
            }
            if began.elapsed() >= limit {
                return None;
            }
            tokio::time::sleep(step).await;
        }
    }
}
