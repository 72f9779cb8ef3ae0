//! The whole simulated world: accounts, the clock, planned events, and the entry points.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::ecs::{account_setting, capacity_provider, cluster, deployment, paging, service, task, task_definition};
use crate::fault::Faults;
use crate::fixtures::{Fixtures, ImageFate};
use crate::lag::Lag;
use crate::queue::{Event, EventKind, Queue};
use crate::rng::Rng;
use crate::throttle::Throttle;
use crate::{autoscaling, cloudwatch, rights, sts};

/// The account of every access key that nobody minted.
pub const DEFAULT_ACCOUNT: &str = "123456789012";

/// One account in one Region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RegionKey {
    /// Twelve digits.
    pub account: String,
    /// For example `eu-west-1`.
    pub region: String,
}

impl RegionKey {
    /// The key of `account` in `region`.
    pub fn new(account: impl Into<String>, region: impl Into<String>) -> Self {
        Self { account: account.into(), region: region.into() }
    }

    /// An ARN in this account and Region.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}:{}:{}:{resource}", self.partition(), self.region, self.account)
    }

    /// `aws`, `aws-cn` or `aws-us-gov`.
    pub fn partition(&self) -> &'static str {
        if self.region.starts_with("cn-") {
            "aws-cn"
        } else if self.region.starts_with("us-gov-") {
            "aws-us-gov"
        } else {
            "aws"
        }
    }
}

/// All state of one account in one Region.
#[derive(Debug, Clone, Default)]
pub struct Region {
    /// Clusters by name.
    pub clusters: BTreeMap<String, cluster::Cluster>,
    /// Capacity providers by name, without the reserved ones.
    pub capacity_providers: BTreeMap<String, capacity_provider::CapacityProvider>,
    /// Task definition families by name.
    pub families: BTreeMap<String, task_definition::Family>,
    /// Account settings.
    pub settings: account_setting::Settings,
    /// Services.
    pub services: service::Services,
    /// Service deployments and revisions.
    pub deployments: deployment::Deployments,
    /// Tasks.
    pub tasks: task::Tasks,
    /// Things ECS refers to.
    pub fixtures: Fixtures,
    /// Application Auto Scaling.
    pub autoscaling: autoscaling::Autoscaling,
    /// CloudWatch metrics; its alarms are among the fixtures.
    pub metrics: cloudwatch::Metrics,
}

/// What can be turned without changing the story.
#[derive(Debug, Clone, Default)]
pub struct Knobs {
    /// Fate of containers by image; an image that is not named runs.
    pub images: BTreeMap<String, ImageFate>,
    /// How long attaching capacity providers to a cluster takes, both ends included; absent = 5 to 30 s.
    pub attaching_ms: Option<(i64, i64)>,
    /// Registrations of one family closer together than this are refused as concurrent; 0 = never.
    pub register_window_ms: i64,
    /// Answers are not checked against the model (scale runs).
    pub skip_answer_checks: bool,
    /// Requests are not written down (scale runs).
    pub no_transcript: bool,
}

impl Knobs {
    /// The fate of `image`.
    pub fn image(&self, image: &str) -> ImageFate {
        self.images.get(image).copied().unwrap_or_default()
    }
}

/// What an operation or an event sees beside its Region.
pub struct Cx<'a> {
    /// Virtual time, milliseconds since the epoch.
    pub now: i64,
    /// Account and Region.
    pub key: &'a RegionKey,
    /// ARN of the caller; `ecs.amazonaws.com` for events.
    pub caller: &'a str,
    /// The run's random numbers.
    pub rng: &'a mut Rng,
    /// Planned events.
    pub queue: &'a mut Queue,
    /// Open listings.
    pub tokens: &'a mut paging::Tokens,
    /// Settings of the run.
    pub knobs: &'a Knobs,
}

impl Cx<'_> {
    /// Plans `kind` in this Region, `delay_ms` from now.
    pub fn after(&mut self, delay_ms: i64, kind: EventKind) {
        self.queue.push(Event { at: self.now + delay_ms.max(0), key: self.key.clone(), kind });
    }

    /// An ARN of ECS in this account and Region.
    pub fn arn(&self, resource: &str) -> String {
        self.key.arn("ecs", resource)
    }

    /// Now, as ECS writes times.
    pub fn timestamp(&self) -> Value {
        timestamp(self.now)
    }
}

/// A time in milliseconds as the JSON protocol writes it: seconds with fractions.
#[allow(clippy::cast_precision_loss)]
pub fn timestamp(millis: i64) -> Value {
    Value::from(millis as f64 / 1000.0)
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The account, twelve digits.
    pub account: String,
    /// The ARN of the user or role session.
    pub arn: String,
}

/// The simulated world. A clone is a snapshot.
#[derive(Debug, Clone)]
pub struct Sim {
    pub(crate) now: i64,
    pub(crate) accounts: BTreeMap<RegionKey, Region>,
    pub(crate) queue: Queue,
    pub(crate) rng: Rng,
    /// Events and the queues they go to.
    pub bus: crate::bus::Bus,
    pub(crate) tokens: paging::Tokens,
    pub(crate) access_keys: BTreeMap<String, Principal>,
    /// Ends of sessions by access key, virtual milliseconds.
    pub(crate) sessions: BTreeMap<String, i64>,
    pub(crate) roles: BTreeMap<String, sts::Role>,
    /// What access keys may do; a key that is not named may do all.
    pub(crate) policies: BTreeMap<String, rights::Policy>,
    /// What those policies were asked.
    pub audit: rights::Audit,
    /// Settings of the run.
    pub knobs: Knobs,
    /// Scripted faults.
    pub faults: Faults,
    /// Request throttling; off by default.
    pub throttle: Throttle,
    /// Visibility lag; off by default.
    pub lag: Lag,
    /// One JSON line per request.
    pub transcript: Vec<String>,
    /// `service:action` of calls that nobody answers; a test should find it empty.
    pub unknown_actions: Vec<String>,
    /// Answers that did not fit the service model; a test should find it empty.
    pub shape_faults: Vec<String>,
}

impl Sim {
    /// An empty world at `now` (milliseconds since the epoch).
    pub fn new(seed: u64, now: i64) -> Self {
        Self {
            now,
            accounts: BTreeMap::new(),
            queue: Queue::default(),
            rng: Rng::new(seed),
            bus: crate::bus::Bus::default(),
            tokens: paging::Tokens::default(),
            access_keys: BTreeMap::new(),
            sessions: BTreeMap::new(),
            roles: BTreeMap::new(),
            policies: BTreeMap::new(),
            audit: rights::Audit::default(),
            knobs: Knobs::default(),
            faults: Faults::default(),
            throttle: Throttle::default(),
            lag: Lag::default(),
            transcript: Vec::new(),
            unknown_actions: Vec::new(),
            shape_faults: Vec::new(),
        }
    }

    /// Virtual time, milliseconds since the epoch.
    pub fn now(&self) -> i64 {
        self.now
    }

    /// Time of the next planned event.
    pub fn next_event_at(&self) -> Option<i64> {
        self.queue.next_at()
    }

    /// Accounts and Regions in use.
    pub fn regions(&self) -> impl Iterator<Item = (&RegionKey, &Region)> {
        self.accounts.iter()
    }

    /// The state of one account and Region, created empty on first use.
    pub fn region(&mut self, key: &RegionKey) -> &mut Region {
        self.accounts.entry(key.clone()).or_default()
    }

    /// Runs every event up to and including `to`. Time never goes back.
    pub fn advance_to(&mut self, to: i64) {
        while let Some(event) = self.queue.pop_due(to) {
            self.now = self.now.max(event.at);
            self.run_event(event);
        }
        self.now = self.now.max(to);
    }

    /// Runs the next event, whenever it is. False if none is planned.
    pub fn step(&mut self) -> bool {
        let Some(at) = self.queue.next_at() else {
            return false;
        };
        let Some(event) = self.queue.pop_due(at) else {
            return false;
        };
        self.now = self.now.max(at);
        self.run_event(event);
        true
    }

    /// Calls an ECS operation with an input that is already validated.
    pub fn call_ecs(
        &mut self,
        key: &RegionKey,
        caller: &str,
        operation: &str,
        input: &Value,
    ) -> Result<Value, crate::Refusal> {
        self.with_cx(key, caller, None, |region, cx| crate::ecs::dispatch(region, cx, operation, input))
    }

    /// Runs `work` on the Region, or on `instead` of it.
    pub(crate) fn with_cx<T>(
        &mut self,
        key: &RegionKey,
        caller: &str,
        instead: Option<&mut Region>,
        work: impl FnOnce(&mut Region, &mut Cx) -> T,
    ) -> T {
        let present = self.accounts.entry(key.clone()).or_default();
        let mut cx = Cx {
            now: self.now,
            key,
            caller,
            rng: &mut self.rng,
            queue: &mut self.queue,
            tokens: &mut self.tokens,
            knobs: &self.knobs,
        };
        work(instead.unwrap_or(present), &mut cx)
    }

    /// Keeps the state of a Region as lagging reads may see it from now on.
    pub fn record_region(&mut self, key: &RegionKey) {
        self.record_lag(key);
    }

    pub(crate) fn record_lag(&mut self, key: &RegionKey) {
        let region = self.accounts.entry(key.clone()).or_default();
        self.lag.record(key, self.now, region);
    }

    fn run_event(&mut self, event: Event) {
        let Event { key, kind, .. } = event;
        self.with_cx(&key, "ecs.amazonaws.com", None, |region, cx| match kind {
            EventKind::Cluster(wake) => cluster::wake(region, cx, wake),
            EventKind::CapacityProvider(wake) => capacity_provider::wake(region, cx, wake),
            EventKind::TaskDefinition(wake) => task_definition::wake(region, cx, wake),
            EventKind::Service(wake) => service::wake(region, cx, wake),
            EventKind::Autoscaling(wake) => autoscaling::wake(region, cx, wake),
        });
        self.record_lag(&key);
    }
}
