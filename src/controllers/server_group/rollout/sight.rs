//! What a rollout is decided by: what the spec asks now, and what was observed. Plain values. Pure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::api::ServerGroupStatus;
use crate::api::condition::Reason;
use crate::api::status::{Instances, Slot, StepKind, StoppedTask, VersionState};
use crate::controllers::server_group::desired::{Gate, Strategy};
use crate::controllers::server_group::measure::Outcome;

/// What the spec and the annotations ask now.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Clone, Debug)]
pub struct Asked {
    /// Name of the group.
    pub group: String,
    /// Hash of the template.
    pub hash: String,
    /// Its images.
    pub images: Vec<String>,
    /// Fewest tasks.
    pub min: i32,
    /// Tasks.
    pub desired: i32,
    /// Most tasks.
    pub max: i32,
    /// Does the spec own the count?
    pub managed: bool,
    /// Is the whole group out of service?
    pub disabled: bool,
    /// Version to go back to.
    pub to_version: Option<String>,
    /// Does a failed rollout restore the old version?
    pub on_failure: bool,
    /// Is a version that failed destroyed?
    pub destroy_latest: bool,
    /// Does a template equal to a retained version's restore that version?
    pub reuse_equal: bool,
    /// The strategy.
    pub strategy: Strategy,
    /// The gate.
    pub gate: Gate,
    /// Do listener weights decide who receives traffic?
    pub weighted: bool,
    /// Seconds to wait after a weight went to zero.
    pub settle_seconds: i64,
    /// Most seconds to wait for stickiness.
    pub max_settle_seconds: i64,
    /// Count of the source service to start the first version with.
    pub source_count: Option<i32>,
    /// A `promote` not answered yet.
    pub promote: Option<String>,
    /// An `abort` not answered yet.
    pub abort: Option<String>,
    /// A `retry` not answered yet.
    pub retry: Option<String>,
    /// Is the spec refused, and this what was asked before? Nothing begins then.
    pub refused: bool,
}

/// The objects of one version, as their controllers last reported.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Child {
    /// Is there an `EcsTaskDefinition`?
    pub task_definition: bool,
    /// Why it cannot be registered.
    pub task_definition_stalled: Option<String>,
    /// Is there an `EcsService`?
    pub service: bool,
    /// Is it being deleted?
    pub deleting: bool,
    /// Does its status describe its present spec?
    pub settled: bool,
    /// Tasks its spec asks for.
    pub asked: i32,
    /// Does ECS have the service, ACTIVE?
    pub active: bool,
    /// ARN of the service.
    pub service_arn: Option<String>,
    /// ARN of its task definition.
    pub task_definition_arn: Option<String>,
    /// Tasks that ECS is asked for.
    pub desired: i32,
    /// Tasks running.
    pub running: i32,
    /// Tasks pending.
    pub pending: i32,
    /// Is it Ready?
    pub ready: bool,
    /// Reason and message of its `Stalled`.
    pub stalled: Option<(String, String)>,
    /// Reason and message of its `Ready` while it is not.
    pub waiting_reason: Option<String>,
    /// The message.
    pub waiting_message: Option<String>,
    /// State of its deployment, as in `status.rollout.state`.
    pub deployment: Option<String>,
    /// ECS's reason for it.
    pub deployment_reason: Option<String>,
    /// Tasks of the deployment that failed.
    pub failed_tasks: i32,
    /// Tasks that stopped lately.
    pub stopped: Vec<StoppedTask>,
    /// Target group that it is found behind, where the version does not say.
    pub slot: Option<Slot>,
}

impl Child {
    /// No task runs or is about to.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let unmade = self.service_arn.is_none() && !self.active && self.asked == 0;
        !self.service || unmade || (self.settled && self.desired == 0 && self.running == 0 && self.pending == 0)
    }

    /// What keeps it from being what it is asked to be, if that is more than time; after a `: `.
    #[must_use]
    pub fn hindrance(&self) -> String {
        const REASONS: [Reason; 5] = [
            Reason::AccessDenied,
            Reason::QuotaExceeded,
            Reason::InvalidSpec,
            Reason::OwnedByAnother,
            Reason::ProgressingWithRetry,
        ];
        let stalled = self.stalled.as_ref().map(|(_, message)| message);
        let hindered = self.waiting_reason.as_deref().is_some_and(|is| REASONS.iter().any(|r| r.as_str() == is));
        let why = stalled.or(self.waiting_message.as_ref().filter(|_| hindered));
        why.map(|why| format!(": {why}")).unwrap_or_default()
    }
}

/// What a listed rule says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleShare {
    /// Its ARN.
    pub arn: String,
    /// Percent of the traffic for the second target group.
    pub b: i32,
    /// Seconds a client stays with a target group.
    pub stickiness_seconds: i64,
}

/// What the listed rules say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Rules {
    /// Not read in this pass.
    #[default]
    Unread,
    /// They cannot be read, or do not forward to our target groups.
    Unusable(Vec<String>),
    /// All of them.
    Show(Vec<RuleShare>),
}

impl Rules {
    /// Seconds that clients need to follow a change of the weights: as long as they stick, within the bound.
    #[must_use]
    pub fn settle_seconds(&self, asked: &Asked) -> i64 {
        let sticky = match self {
            Self::Show(rules) => rules.iter().map(|rule| rule.stickiness_seconds).max().unwrap_or(0),
            Self::Unread | Self::Unusable(_) => 0,
        };
        if sticky > 0 { sticky.min(asked.max_settle_seconds) } else { asked.settle_seconds }
    }
}

/// A service that was there before and is to become a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adoptable {
    /// Its name.
    pub name: String,
    /// Its number.
    pub sequence: i32,
    /// Tasks it is asked for.
    pub desired: i32,
    /// Target group it is behind, under weighted traffic.
    pub slot: Option<Slot>,
}

/// Services that were there before the group, looked for until it has its first version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Adoption {
    /// None is to be taken in.
    #[default]
    Nothing,
    /// Whether any is, could not be read: a version that began now would lose them for good.
    Unread,
    /// They cannot be taken in as the spec stands; the text says why.
    Refused(String),
    /// These become versions.
    Services(Vec<Adoptable>),
}

/// The next free number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Number {
    /// Not looked for in this pass.
    #[default]
    Unread,
    /// This one.
    Free(i32),
    /// None for now.
    Busy(String),
}

/// What was observed.
#[derive(Clone, Debug)]
pub struct Sight {
    /// The time.
    pub now: Timestamp,
    /// The objects of the versions, by version.
    pub children: BTreeMap<String, Child>,
    /// How many tasks are well, by version, where that was read.
    pub health: BTreeMap<String, Instances>,
    /// Which tasks are not, for people.
    pub unwell: Vec<String>,
    /// The listener rules.
    pub rules: Rules,
    /// Alarms of the gate that are in ALARM.
    pub firing: Vec<String>,
    /// A measurement of the step's metrics.
    pub measured: Option<Outcome>,
    /// The next free number.
    pub number: Number,
    /// Services that become versions.
    pub adoption: Adoption,
    /// Why a version of this template cannot be made.
    pub problems: Vec<String>,
    /// Why nothing new can be registered or created. What is there already can be gone back to.
    pub hindrances: Vec<String>,
    /// What an account or the operator does not allow, and which reason says so.
    pub refused: Option<(Reason, String)>,
    /// What will probably keep a new version from working.
    pub cautions: Vec<String>,
    /// What has to come first.
    pub waits: Option<String>,
}

impl Sight {
    /// Nothing but the time.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self {
            now,
            children: BTreeMap::new(),
            health: BTreeMap::new(),
            unwell: Vec::new(),
            rules: Rules::Unread,
            firing: Vec::new(),
            measured: None,
            number: Number::Unread,
            adoption: Adoption::Nothing,
            problems: Vec::new(),
            hindrances: Vec::new(),
            refused: None,
            cautions: Vec::new(),
            waits: None,
        }
    }

    /// The objects of a version.
    #[must_use]
    pub fn child(&self, version: &str) -> Child {
        self.children.get(version).cloned().unwrap_or_default()
    }
}

/// What has to be read for the next decision.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wants {
    /// Tasks and targets of these versions.
    pub health: BTreeSet<String>,
    /// The listener rules.
    pub rules: bool,
    /// The tasks of the current version, if a weight is found to stray.
    pub steers: bool,
    /// The alarms of the gate.
    pub alarms: bool,
    /// The metrics of the step under way.
    pub metrics: bool,
    /// A free number, and all that can be checked before a version is made.
    pub number: bool,
}

/// What the next decision needs to see.
#[must_use]
pub fn wants(asked: &Asked, status: &ServerGroupStatus, paused: bool, now: Timestamp) -> Wants {
    let mut wants = Wants { rules: asked.weighted, ..Wants::default() };
    let Some(rollout) = &status.rollout else {
        wants.number = !paused && !asked.refused && super::start::wanted(asked, status).is_some();
        wants.alarms = wants.number;
        wants.steers = asked.weighted && super::intents::steers(asked, status);
        return wants;
    };
    let made = rollout.step != StepKind::Preparing && rollout.step != StepKind::FreeingSlot;
    if made {
        wants.health.insert(rollout.to.clone());
    }
    let back = rollout.ending.is_some();
    if back || rollout.step == StepKind::Shifting {
        let olds = rollout.replaces.iter().map(|old| old.version.clone());
        wants.health.extend(olds.filter(|old| !is(status, old, VersionState::Destroying)));
    }
    wants.alarms = !back;
    wants.metrics = rollout.step == StepKind::Analysing && !back && super::clock::measurement_due(rollout, now);
    wants
}

fn is(status: &ServerGroupStatus, name: &str, state: VersionState) -> bool {
    status.versions.iter().any(|version| version.name == name && version.state == state)
}
