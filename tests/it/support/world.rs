//! Both worlds: a simulated AWS and an in-memory Kubernetes API server, on one paused clock.

use std::time::Duration;

use ecs_operator::api::names;
use ecs_operator::api::schema::crds;
use ecs_operator::controllers::clock::Clock;
use ecs_operator::controllers::kind::Namespaced;
use ecs_sim::elbv2::control::{Balanced, BalancerSpec};
use ecs_sim::kube::{Apiserver, MemApi};
use ecs_sim::{RegionKey, Sim};
use jiff::Timestamp;
use kube::api::{Api, DeleteParams, Patch, PatchParams};
use serde_json::{Value, json};

use super::driver::Operator;
use super::wire::AwsWire;
use super::witness::Witness;

/// The Region of all tests.
pub const REGION: &str = "eu-west-1";
/// The namespace of all tests.
pub const NAMESPACE: &str = "shop";

/// Both worlds.
pub struct World {
    /// The simulated AWS, and the wire to it.
    pub aws: AwsWire,
    /// The Kubernetes API server.
    pub api: Apiserver,
    /// The time of both.
    pub clock: Clock,
    /// A person with kubectl.
    pub person: kube::Client,
    _witness: Witness,
}

impl World {
    /// Empty worlds; the same seed gives the same history.
    pub fn new(seed: u64) -> Self {
        let start: Timestamp = "2026-01-05T08:00:00Z".parse().unwrap();
        let mut memory = MemApi::new(start);
        for crd in crds_once() {
            memory.install_crd(crd, start).unwrap();
        }
        let world = Self::of(memory, Sim::new(seed, start.as_millisecond()), start, seed);
        world.aws.sim(|sim| {
            sim.with_fleet(&key(), |fleet| fleet.knobs.timing = ecs_sim::ecs::scheduler::timing::Timing::brisk());
        });
        world
    }

    /// These worlds, at this time.
    pub fn of(mut memory: MemApi, sim: Sim, start: Timestamp, seed: u64) -> Self {
        let clock = Clock::starting_at(start);
        let now = clock.clone();
        let witnessed = Witness::watch(&mut memory);
        let api = Apiserver::new(memory, move || now.exact());
        let aws = AwsWire::new(sim, clock.clone());
        let person = kube::Client::new(api.clone(), NAMESPACE);
        fastrand::seed(seed);
        let filter = tracing_subscriber::EnvFilter::from_default_env();
        let _ = tracing_subscriber::fmt().with_env_filter(filter).with_test_writer().try_init();
        let witness = Witness::of(witnessed, api.clone());
        Self { aws, api, clock, person, _witness: witness }
    }

    /// Empty worlds in which the test's namespace exists.
    pub async fn ready(seed: u64) -> Self {
        let world = Self::new(seed);
        let namespaces: Api<k8s_openapi::api::core::v1::Namespace> = Api::all(world.person.clone());
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}});
        let params = PatchParams::apply("test").force();
        namespaces.patch(NAMESPACE, &params, &Patch::Apply(namespace)).await.unwrap();
        world.api.take_log();
        world
    }

    /// A new process of the operator, with empty memory.
    pub fn operator(&self) -> Operator {
        Operator::start(self)
    }

    /// Applies a manifest, as `kubectl apply --server-side` does.
    pub async fn apply<K: Namespaced>(&self, manifest: &Value) -> K {
        self.try_apply(manifest).await.unwrap()
    }

    /// As [`Self::apply`], for manifests that may be refused.
    pub async fn try_apply<K: Namespaced>(&self, manifest: &Value) -> kube::Result<K> {
        let name = manifest["metadata"]["name"].as_str().unwrap();
        self.objects().patch(name, &PatchParams::apply("kubectl").force(), &Patch::Apply(manifest)).await
    }

    /// Changes a member of an object by merge patch.
    pub async fn edit<K: Namespaced>(&self, name: &str, patch: Value) -> K {
        self.objects().patch(name, &PatchParams::default(), &Patch::Merge(patch)).await.unwrap()
    }

    /// Sets an annotation under our group.
    pub async fn annotate<K: Namespaced>(&self, name: &str, key: &str, value: &str) {
        let key = format!("ecs-operator.dev/{key}");
        self.edit::<K>(name, json!({"metadata": {"annotations": {key: value}}})).await;
    }

    /// Deletes an object, if it is there.
    pub async fn delete<K: Namespaced>(&self, name: &str) {
        let _ = self.objects::<K>().delete(name, &DeleteParams::background()).await;
    }

    /// The object now.
    pub async fn get<K: Namespaced>(&self, name: &str) -> Option<K> {
        self.objects().get_opt(name).await.unwrap()
    }

    /// Its status now.
    pub async fn status<K: Namespaced>(&self, name: &str) -> K::Status {
        self.get::<K>(name).await.and_then(|object| object.status().cloned()).unwrap_or_default()
    }

    fn objects<K: Namespaced>(&self) -> Api<K> {
        Api::namespaced(self.person.clone(), NAMESPACE)
    }

    /// Declares a load balancer whose listener and rule bear the installation's tag.
    pub fn balancer(&self, spec: &BalancerSpec) -> Balanced {
        self.aws.sim(|sim| {
            let made = sim.balancer(&key(), spec).unwrap();
            let balancing = &mut sim.region(&key()).fixtures.balancing;
            let tag = (names::tag::INSTALLATION.to_owned(), "default".to_owned());
            balancing.listeners.get_mut(&made.listener).unwrap().tags.extend([tag.clone()]);
            balancing.rules.get_mut(&made.rule).into_iter().for_each(|rule| rule.tags.extend([tag.clone()]));
            made
        })
    }

    /// Calls ECS as a person with the AWS CLI.
    pub fn cli(&self) -> aws_sdk_ecs::Client {
        aws_sdk_ecs::Client::new(&self.aws.of_a_person().config(REGION))
    }

    /// Calls Application Auto Scaling as a person with the AWS CLI.
    pub fn scaling(&self) -> aws_sdk_applicationautoscaling::Client {
        aws_sdk_applicationautoscaling::Client::new(&self.aws.of_a_person().config(REGION))
    }

    /// Calls CloudWatch as a person with the AWS CLI.
    pub fn cloudwatch(&self) -> aws_sdk_cloudwatch::Client {
        aws_sdk_cloudwatch::Client::new(&self.aws.of_a_person().config(REGION))
    }

    /// Lets time pass without the operator.
    pub async fn wait(&self, time: Duration) {
        tokio::time::sleep(time).await;
        self.aws.sim(|_| ());
    }
}

/// The tests' account and Region.
pub fn key() -> RegionKey {
    RegionKey::new(ecs_sim::world::DEFAULT_ACCOUNT, REGION)
}

/// The CRDs; making them takes longer than a whole test.
fn crds_once() -> &'static [Value] {
    static CRDS: std::sync::OnceLock<Vec<Value>> = std::sync::OnceLock::new();
    CRDS.get_or_init(|| crds().unwrap().iter().map(|crd| serde_json::to_value(crd).unwrap()).collect())
}
