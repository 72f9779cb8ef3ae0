//! A whole process of the operator in this one: watches, election, controllers, on wires of its own that are watched.

use std::future::pending;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context as Poller, Poll};
use std::time::Duration;

use ecs_operator::aws::{Aws, AwsSettings};
use ecs_operator::controllers::context::{Config, Context};
use ecs_operator::controllers::relations::Wakes;
use ecs_operator::controllers::{Controllers, Sight};
use ecs_operator::runtime::admin::Health;
use ecs_operator::runtime::leader::{Election, Lead, Place, Timing};
use ecs_operator::runtime::metrics::Metrics;
use ecs_operator::runtime::operator::{Operator, OperatorError};
use ecs_sim::kube::{Apiserver, ReplyBody};
use http::{Request, Response};
use kube::client::{Body, ClientBuilder};
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tower::Service;

use super::wire::is_write;
use super::world::{NAMESPACE, REGION, World};

/// The lease that all ask for.
pub const LEASE: &str = "ecs-operator";

/// Something a replica did.
#[derive(Clone, Debug, PartialEq)]
pub struct Deed {
    /// Which replica.
    pub by: &'static str,
    /// When.
    pub at: Instant,
    /// Who held the lease then, as stored.
    pub holder: String,
    /// An AWS operation, or a method and a path of Kubernetes.
    pub what: String,
    /// Does it change anything? Asking for the lease does not count.
    pub write: bool,
}

/// What all replicas did, in order.
#[derive(Clone, Debug, Default)]
pub struct Journal(Arc<Mutex<Vec<Deed>>>);

impl Journal {
    /// All of it.
    pub fn all(&self) -> Vec<Deed> {
        self.0.lock().unwrap().clone()
    }

    /// What one replica did whose deed reads so.
    pub fn of(&self, by: &str, what: impl Fn(&Deed) -> bool) -> Vec<Deed> {
        self.all().into_iter().filter(|deed| deed.by == by && what(deed)).collect()
    }

    fn note(&self, by: &'static str, api: &Apiserver, what: String, write: bool) {
        let deed = Deed { by, at: Instant::now(), holder: holder(api), what, write };
        self.0.lock().unwrap().push(deed);
    }
}

/// Who holds the lease, as stored; empty when nobody does.
pub fn holder(api: &Apiserver) -> String {
    let leases = api.with(|api| api.all("leases.coordination.k8s.io"));
    let lease = leases.into_iter().next().unwrap_or(Value::Null);
    lease["spec"]["holderIdentity"].as_str().unwrap_or_default().to_owned()
}

/// A replica's way to Kubernetes. When it is cut, no request arrives or is answered; what a watch that stands already
/// tells still comes through, so that a replica without its lease sees work it must not do.
#[derive(Clone)]
struct Line {
    by: &'static str,
    api: Apiserver,
    cut: Arc<AtomicBool>,
    journal: Journal,
}

impl Service<Request<Body>> for Line {
    type Response = Response<ReplyBody>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Response<ReplyBody>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Poller<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let what = format!("{} {}", request.method(), request.uri());
        let write = request.method() != "GET" && !what.contains("/leases");
        self.journal.note(self.by, &self.api, what, write);
        if self.cut.load(Ordering::SeqCst) {
            return Box::pin(pending());
        }
        let (answer, cut) = (self.api.call(request), self.cut.clone());
        Box::pin(async move {
            let answer = answer.await;
            if cut.load(Ordering::SeqCst) { pending().await } else { answer }
        })
    }
}

/// A process.
pub struct Replica {
    /// Its name, which is its identity too.
    pub name: &'static str,
    /// May it act?
    pub lead: Lead,
    /// What its probes answer.
    pub health: Health,
    /// What it counts.
    pub metrics: Metrics,
    cut: Arc<AtomicBool>,
    stop: CancellationToken,
    task: JoinHandle<Result<(), OperatorError>>,
}

impl Replica {
    /// Starts a process.
    pub fn start(world: &World, journal: &Journal, name: &'static str) -> Self {
        let config = Config { region: REGION.to_owned(), instance: name.to_owned(), ..Config::default() };
        Self::with(world, journal, name, Sight::default(), config)
    }

    /// Starts a process with settings.
    pub fn with(world: &World, journal: &Journal, name: &'static str, sight: Sight, config: Config) -> Self {
        let (lead, health, cut) = (Lead::standby(), Health::default(), Arc::new(AtomicBool::new(false)));
        let (api, told) = (world.api.clone(), journal.clone());
        let witness = Arc::new(move |operation: &str| told.note(name, &api, operation.to_owned(), is_write(operation)));
        let wire = world.aws.witnessed(witness);
        let gate = AwsSettings { fence: Some(lead.fence()), ..AwsSettings::default() };
        let aws = Aws::new(wire.config(REGION), gate);
        let metrics = Metrics::with_aws(aws.metrics(), true);
        let line = Line { by: name, api: world.api.clone(), cut: cut.clone(), journal: journal.clone() };
        let kube = lead
            .guard(ClientBuilder::new(line.clone(), "default").with_layer(&metrics.requests.layer("memory")))
            .build();
        let place = Place {
            namespace: NAMESPACE.to_owned(),
            name: LEASE.to_owned(),
            identity: name.to_owned(),
            timing: Timing::default(),
        };
        let clock = world.clock.clone();
        let own = kube::Client::new(line, "default");
        let election = Some(Election::new(own, place, lead.clone(), clock.clone(), metrics.leader.clone()));
        let controllers = Controllers::new(&kube, sight, &metrics.watches);
        let (wakes, woken) = Wakes::new();
        let context = Context::new(kube, aws, clock, controllers.stores(), config, metrics.clone(), wakes);
        let operator = Operator {
            controllers,
            context,
            woken,
            concurrency: 16,
            lead: lead.clone(),
            election,
            health: health.clone(),
        };
        let stop = CancellationToken::new();
        let task = tokio::spawn(operator.run(stop.clone()));
        Self { name, lead, health, metrics, cut, stop, task }
    }

    /// Waits until it leads, at most so long; gives the time that took.
    pub async fn leads(&self, within: Duration) -> Duration {
        let began = Instant::now();
        assert!(timeout(within, self.lead.gained()).await.is_ok(), "{} does not lead within {within:?}", self.name);
        began.elapsed()
    }

    /// SIGTERM, and its answer.
    pub async fn stop(self) -> Result<(), OperatorError> {
        self.stop.cancel();
        self.task.await.unwrap()
    }

    /// SIGKILL.
    pub async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }

    /// Cuts its way to Kubernetes.
    pub fn cut_off(&self) {
        self.cut.store(true, Ordering::SeqCst);
    }

    /// Waits for its end, at most so long.
    pub async fn ended(self, within: Duration) -> Result<(), OperatorError> {
        timeout(within, self.task).await.unwrap().unwrap()
    }
}
