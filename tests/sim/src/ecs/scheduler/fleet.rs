//! The state the scheduler moves: services, tasks and traffic of one Region.

use std::collections::{BTreeMap, BTreeSet};

use super::due::Due;
use super::knobs::Knobs;
use super::target::Traffic;
use crate::bus::Notice;
use crate::ecs::service::state::{Service, UsedToken};
use crate::ecs::task::state::Task;
use crate::fixtures::{Fixtures, ImageFate};
use crate::rng::Rng;

/// Cluster name and service name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Cluster name.
    pub cluster: String,
    /// Service name.
    pub service: String,
}

impl Key {
    /// The key of a service.
    pub fn new(cluster: &str, service: &str) -> Self {
        Self { cluster: cluster.to_owned(), service: service.to_owned() }
    }
}

/// Services, tasks and traffic of one account and Region.
#[derive(Clone, Debug)]
pub struct Fleet {
    /// The latest incarnation of each service.
    pub services: BTreeMap<Key, Service>,
    /// Tasks by id, stopped ones until they are forgotten.
    pub tasks: BTreeMap<String, Task>,
    /// Rule weights.
    pub traffic: Traffic,
    /// What a test can turn.
    pub knobs: Knobs,
    /// Broken invariants, in words; a test asserts that there are none.
    pub violations: Vec<String>,
    /// What `EventBridge` will carry.
    pub notices: Vec<Notice>,
    pub(crate) arn_prefix: String,
    pub(crate) account: String,
    pub(crate) fixtures: Fixtures,
    pub(crate) images: BTreeMap<String, ImageFate>,
    pub(crate) tokens: BTreeMap<(String, String), UsedToken>,
    pub(crate) run_tokens: BTreeMap<(String, String), (String, Vec<String>)>,
    pub(crate) pulled: BTreeSet<(String, String)>,
    /// Next dynamic port by instance.
    pub(crate) host_ports: BTreeMap<String, i64>,
    pub(crate) now: i64,
    pub(crate) due: BTreeMap<(i64, u64), Due>,
    pub(crate) sequence: u64,
    pub(crate) rng: Rng,
    pub(crate) planned: Option<i64>,
}

impl Default for Fleet {
    fn default() -> Self {
        Self {
            services: BTreeMap::new(),
            tasks: BTreeMap::new(),
            traffic: Traffic::default(),
            knobs: Knobs::default(),
            violations: Vec::new(),
            notices: Vec::new(),
            arn_prefix: String::new(),
            account: String::new(),
            fixtures: Fixtures::default(),
            images: BTreeMap::new(),
            tokens: BTreeMap::new(),
            run_tokens: BTreeMap::new(),
            pulled: BTreeSet::new(),
            host_ports: BTreeMap::new(),
            now: 0,
            due: BTreeMap::new(),
            sequence: 0,
            rng: Rng::new(0),
            planned: None,
        }
    }
}

impl Fleet {
    /// Virtual time in milliseconds.
    pub fn now(&self) -> i64 {
        self.now
    }

    pub(crate) fn arn(&self, tail: &str) -> String {
        format!("{}{tail}", self.arn_prefix)
    }

    pub(crate) fn image(&self, image: &str) -> ImageFate {
        self.images.get(image).copied().unwrap_or_default()
    }
}
