//! One test's surroundings: a namespace, a simulated AWS of its own, and an operator that sees that namespace only.

use std::time::Duration;

use ecs_operator::aws::{Aws, AwsSettings};
use ecs_operator::controllers::clock::Clock;
use ecs_operator::controllers::context::{Config, Context};
use ecs_operator::controllers::relations::Wakes;
use ecs_operator::controllers::{Controllers, Sight};
use ecs_operator::runtime::admin::Health;
use ecs_operator::runtime::leader::Lead;
use ecs_operator::runtime::metrics::Metrics;
use ecs_operator::runtime::operator::Operator;
use ecs_sim::Sim;
use ecs_sim::ecs::scheduler::timing::Timing;
use serde_json::Value;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::plane::{Plane, Ran, plane};
use crate::support::wire::AwsWire;
use crate::support::world::{REGION, key};

/// Longer than anything takes here, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// One test's surroundings.
pub struct Stage {
    /// The control plane that all share.
    pub plane: &'static Plane,
    /// The namespace.
    pub namespace: String,
    /// The simulated AWS.
    pub aws: AwsWire,
    operator: Option<DropGuard>,
}

impl Stage {
    /// A new namespace and an empty AWS; no operator yet.
    pub async fn new(namespace: &str) -> Self {
        let plane = plane().await;
        plane.kubectl(&["create", "namespace", namespace], None).await.unwrap();
        Self::within(plane, namespace)
    }

    /// In a namespace that exists.
    pub fn within(plane: &'static Plane, namespace: &str) -> Self {
        let clock = Clock::system();
        let aws = AwsWire::new(Sim::new(7, clock.exact().as_millisecond()), clock);
        aws.sim(|sim| sim.with_fleet(&key(), |fleet| fleet.knobs.timing = Timing::brisk()));
        Self { plane, namespace: namespace.to_owned(), aws, operator: None }
    }

    /// The same with an operator at work.
    pub async fn operated(namespace: &str) -> Self {
        let mut stage = Self::new(namespace).await;
        stage.operate().await;
        stage
    }

    /// Starts the operator, which ends with this value.
    pub async fn operate(&mut self) {
        self.operate_by(self.plane.operator().await);
    }

    /// Starts the operator with a client of its own.
    pub fn operate_by(&mut self, kube: kube::Client) {
        let aws = Aws::new(self.aws.config(REGION), AwsSettings::default());
        let metrics = Metrics::with_aws(aws.metrics(), true);
        let sight = Sight { namespaces: vec![self.namespace.clone()], ..Sight::default() };
        let controllers = Controllers::new(&kube, sight, &metrics.watches);
        let (wakes, woken) = Wakes::new();
        let config = Config {
            region: REGION.to_owned(),
            follow: Duration::from_millis(400),
            sweep: Duration::from_secs(5),
            // A stage is cleared at once; the brake has stories of its own.
            deletion_brake: 1.0,
            ..Config::default()
        };
        let context = Context::new(kube, aws, Clock::system(), controllers.stores(), config, metrics, wakes);
        let (lead, health) = (Lead::alone(), Health::default());
        let operator = Operator { controllers, context, woken, concurrency: 8, lead, election: None, health };
        let stop = CancellationToken::new();
        tokio::spawn(operator.run(stop.clone()));
        self.operator = Some(stop.drop_guard());
    }

    /// Runs kubectl in the namespace.
    pub async fn kubectl(&self, arguments: &[&str]) -> Ran {
        let arguments = [&["--namespace", self.namespace.as_str()], arguments].concat();
        self.plane.kubectl(&arguments, None).await
    }

    /// Runs a command of kubectl that takes manifests, with these. No `List`: kubectl checks its items itself, by
    /// rules of its own.
    pub async fn send(&self, arguments: &[&str], manifests: &[Value]) -> Ran {
        let documents: Vec<String> = manifests.iter().map(|manifest| self.here(manifest).to_string()).collect();
        let arguments = [arguments, &["-f", "-"]].concat();
        self.plane.kubectl(&arguments, Some(documents.join("\n---\n"))).await
    }

    /// `kubectl apply`.
    pub async fn apply(&self, manifests: &[Value]) -> Ran {
        self.send(&["apply"], manifests).await
    }

    /// The manifest, in this test's namespace.
    fn here(&self, manifest: &Value) -> Value {
        let mut manifest = manifest.clone();
        manifest["metadata"]["namespace"] = self.namespace.as_str().into();
        manifest
    }

    /// An object (`ecss/web`), with its managed fields.
    pub async fn get(&self, object: &str) -> Value {
        self.kubectl(&["get", object, "-o", "json", "--show-managed-fields"]).await.json()
    }

    /// Waits until the objects are ready.
    pub async fn ready(&self, objects: &[&str]) {
        let arguments = [&["wait", "--for=condition=Ready", "--timeout=90s"], objects].concat();
        let ran = self.kubectl(&arguments).await;
        if !ran.ok {
            let all = self.kubectl(&["get", "ecs", "-o", "wide"]).await.out;
            panic!("{}\n{all}\n{:?}", ran.err, self.aws.sent());
        }
    }

    /// Waits until the object's `Ready` has this status and reason; gives its message.
    pub async fn until(&self, object: &str, status: &str, reason: &str) -> String {
        let mut seen = String::new();
        for _ in 0..PATIENCE.as_millis() / 200 {
            let found = self.kubectl(&["get", object, "-o", "json"]).await;
            let found: Value = serde_json::from_str(&found.out).unwrap_or_default();
            let ready = condition(&found, "Ready");
            if ready["status"] == status && ready["reason"] == reason {
                return ready["message"].as_str().unwrap_or_default().to_owned();
            }
            seen = ready.to_string();
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        panic!("{object} is not {status} {reason}: {seen}");
    }

    /// What is left in ECS: clusters, services and active revisions.
    pub async fn left(&self) -> Vec<String> {
        let ecs = aws_sdk_ecs::Client::new(&self.aws.of_a_person().config(REGION));
        let clusters = ecs.list_clusters().send().await.unwrap();
        let mut left = Vec::new();
        for cluster in clusters.cluster_arns() {
            let services = ecs.list_services().cluster(cluster).send().await.unwrap();
            left.extend(services.service_arns().iter().cloned());
            left.push(cluster.clone());
        }
        left.extend(ecs.list_task_definitions().send().await.unwrap().task_definition_arns().iter().cloned());
        left
    }
}

/// A condition of an object.
pub fn condition<'a>(object: &'a Value, wanted: &str) -> &'a Value {
    let conditions = object["status"]["conditions"].as_array().map_or(&[][..], Vec::as_slice);
    conditions.iter().find(|condition| condition["type"] == wanted).unwrap_or(&Value::Null)
}
