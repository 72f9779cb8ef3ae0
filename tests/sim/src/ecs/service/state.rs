//! What the simulator remembers of a service.

use std::collections::{BTreeSet, VecDeque};

use crate::ecs::deployment::state::{Deployment, Revision, Rollout};
use crate::ecs::scheduler::Key;
use crate::ecs::scheduler::json::{Object, number, text};
use crate::ecs::tags::Tags;

/// `status` of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceStatus {
    /// Exists.
    Active,
    /// Deleted, tasks still run.
    Draining,
    /// Deleted, its name is free.
    Inactive,
}

impl ServiceStatus {
    /// The word of the ECS API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Draining => "DRAINING",
            Self::Inactive => "INACTIVE",
        }
    }
}

/// A `clientToken` that created a service.
#[derive(Clone, Debug)]
pub(crate) struct UsedToken {
    pub body: String,
    pub key: Key,
    pub incarnation: u64,
}

/// One service event: display text only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// UUID form.
    pub id: String,
    /// Virtual time in milliseconds.
    pub at: i64,
    /// Text.
    pub message: String,
}

/// One service.
#[derive(Clone, Debug)]
pub struct Service {
    /// Cluster and name.
    pub key: Key,
    /// Tells apart services of one name.
    pub incarnation: u64,
    /// Long ARN.
    pub arn: String,
    /// ARN of the cluster.
    pub cluster_arn: String,
    /// `status`.
    pub status: ServiceStatus,
    /// Declared members in normal form, defaults applied.
    pub config: Object,
    /// `desiredCount`; of a DAEMON the number of instances.
    pub desired: i64,
    /// PRIMARY first, then older ones.
    pub deployments: Vec<Deployment>,
    /// Service revisions, oldest first.
    pub revisions: Vec<Revision>,
    /// Service deployments, oldest first.
    pub rollouts: Vec<Rollout>,
    /// ARN of the revision of the last completed deployment.
    pub completed: Option<String>,
    /// Newest first, at most 100.
    pub events: VecDeque<Event>,
    /// Tags.
    pub tags: Tags,
    /// Virtual time in milliseconds.
    pub created_at: i64,
    /// ARN of the creator.
    pub created_by: String,
    /// Ids of tasks that are not STOPPED.
    pub tasks: BTreeSet<String>,
    pub(crate) tick_at: Option<i64>,
    pub(crate) excess: i64,
    pub(crate) was_steady: bool,
    pub(crate) short_at: Option<i64>,
}

impl Service {
    /// Whether the service runs one task per container instance.
    pub fn is_daemon(&self) -> bool {
        self.word("schedulingStrategy") == "DAEMON"
    }

    /// `deploymentController.type`, ECS when absent.
    pub fn controller(&self) -> &str {
        self.config.get("deploymentController").and_then(|c| text(c, "/type")).unwrap_or("ECS")
    }

    /// `deploymentConfiguration.strategy`.
    pub fn strategy(&self) -> &str {
        self.config.get("deploymentConfiguration").and_then(|c| text(c, "/strategy")).unwrap_or("ROLLING")
    }

    pub(crate) fn word(&self, member: &str) -> &str {
        self.config.get(member).and_then(serde_json::Value::as_str).unwrap_or_default()
    }

    pub(crate) fn word_is_true(&self, member: &str) -> bool {
        self.config.get(member).and_then(serde_json::Value::as_bool).unwrap_or(false)
    }

    /// Healthy tasks that must remain and live tasks there may be.
    pub fn bounds(&self) -> (i64, i64) {
        let config = self.config.get("deploymentConfiguration");
        let percent = |member: &str, default| config.and_then(|c| number(c, member)).unwrap_or(default);
        let (most, least) = if self.is_daemon() { (100, 0) } else { (200, 100) };
        let (most, least) = (percent("/maximumPercent", most), percent("/minimumHealthyPercent", least));
        let lo = (self.desired * least + 99).div_euclid(100);
        (lo, (self.desired * most).div_euclid(100))
    }

    /// Grace period for failing checks, in milliseconds.
    pub(crate) fn grace(&self) -> i64 {
        self.config.get("healthCheckGracePeriodSeconds").and_then(serde_json::Value::as_i64).unwrap_or(0) * 1000
    }

    /// The PRIMARY deployment.
    pub fn primary(&self) -> Option<&Deployment> {
        self.deployments.iter().find(|d| d.primary)
    }

    pub(crate) fn primary_mut(&mut self) -> Option<&mut Deployment> {
        self.deployments.iter_mut().find(|d| d.primary)
    }

    /// The revision with this ARN.
    pub fn revision(&self, arn: &str) -> Option<&Revision> {
        self.revisions.iter().find(|r| r.arn == arn)
    }

    /// The service deployment that is not done yet.
    pub fn ongoing(&self) -> Option<&Rollout> {
        self.rollouts.iter().rev().find(|r| !r.status.is_done())
    }

    pub(crate) fn ongoing_mut(&mut self) -> Option<&mut Rollout> {
        self.rollouts.iter_mut().rev().find(|r| !r.status.is_done())
    }
}
