//! The whole simulated world: accounts, the clock, planned events, and the entry points.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::ecs::{
    account_setting, capacity_provider, cluster, deployment, paging, service, task, task_definition,
};
use crate::fixtures::{Fixtures, ImageFate};
use crate::queue::{Event, EventKind, Queue};
use crate::rng::Rng;

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
        Self {
            account: account.into(),
            region: region.into(),
        }
    }

    /// An ARN in this account and Region.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!(
            "arn:{}:{service}:{}:{}:{resource}",
            self.partition(),
            self.region,
            self.account
        )
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
}

/// What can be turned without changing the story.
#[derive(Debug, Clone, Default)]
pub struct Knobs {
    /// Fate of containers by image; an image that is not named runs.
    pub images: BTreeMap<String, ImageFate>,
    /// Registrations of one family closer together than this are refused as concurrent; 0 = never.
    pub register_window_ms: i64,
    /// An absent network mode is described as absent instead of `bridge`.
    pub omit_network_mode: bool,
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
        self.queue.push(Event {
            at: self.now + delay_ms.max(0),
            key: self.key.clone(),
            kind,
        });
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

/// The simulated world.
#[derive(Debug)]
pub struct Sim {
    pub(crate) now: i64,
    pub(crate) accounts: BTreeMap<RegionKey, Region>,
    pub(crate) queue: Queue,
    pub(crate) rng: Rng,
    pub(crate) tokens: paging::Tokens,
    /// Settings of the run.
    pub knobs: Knobs,
}

impl Sim {
    /// An empty world at `now` (milliseconds since the epoch).
    pub fn new(seed: u64, now: i64) -> Self {
        Self {
            now,
            accounts: BTreeMap::new(),
            queue: Queue::default(),
            rng: Rng::new(seed),
            tokens: paging::Tokens::default(),
            knobs: Knobs::default(),
        }
    }

    /// Virtual time, milliseconds since the epoch.
    pub fn now(&self) -> i64 {
        self.now
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

    fn run_event(&mut self, event: Event) {
        let region = self.accounts.entry(event.key.clone()).or_default();
        let mut cx = Cx {
            now: self.now,
            key: &event.key,
            caller: "ecs.amazonaws.com",
            rng: &mut self.rng,
            queue: &mut self.queue,
            tokens: &mut self.tokens,
            knobs: &self.knobs,
        };
        match event.kind {
            EventKind::Cluster(wake) => cluster::wake(region, &mut cx, wake),
            EventKind::CapacityProvider(wake) => capacity_provider::wake(region, &mut cx, wake),
            EventKind::TaskDefinition(wake) => task_definition::wake(region, &mut cx, wake),
            EventKind::Service(wake) => service::wake(region, &mut cx, wake),
        }
    }

    /// Calls an ECS operation with an input that is already validated.
    pub fn call_ecs(
        &mut self,
        key: &RegionKey,
        caller: &str,
        operation: &str,
        input: &Value,
    ) -> Result<Value, crate::Refusal> {
        let region = self.accounts.entry(key.clone()).or_default();
        let mut cx = Cx {
            now: self.now,
            key,
            caller,
            rng: &mut self.rng,
            queue: &mut self.queue,
            tokens: &mut self.tokens,
            knobs: &self.knobs,
        };
        crate::ecs::dispatch(region, &mut cx, operation, input)
    }
}
