//! A model of what surrounds the machine: children that do as they are asked after a while, and listener rules.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::super::sight::{Asked, Child, Number, RuleShare, Rules, Sight, wants};
use super::super::{Decision, decide, intents, present};
use crate::api::ServerGroupStatus;
use crate::api::server_group::analysis::{Analysis, Metric};
use crate::api::server_group::strategy::{
    Canary, CanaryStep, Highlander, NoStrategy, RedBlack, RollingRedBlack, Strategy,
};
use crate::api::status::{GroupRollout, Instances, Slot, StepKind, StoppedTask, VersionState};
use crate::controllers::server_group::desired::{self, Gate};
use crate::controllers::server_group::measure::Outcome;

/// A template by its hash: what becomes of its tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Healthy,
    /// Tasks start, and stop at once.
    Dies,
    /// Tasks run, and never get healthy.
    Ill,
}

#[derive(Clone, Debug)]
pub(super) struct Service {
    pub asked: i32,
    pub running: i32,
    pub fate: Fate,
    pub failed: i32,
    pub deleting: bool,
    pub seen: bool,
}

pub(super) struct World {
    pub asked: Asked,
    pub status: ServerGroupStatus,
    pub services: BTreeMap<String, Service>,
    pub b: i32,
    pub now: Timestamp,
    pub fates: BTreeMap<String, Fate>,
    pub firing: Vec<String>,
    pub metric: Outcome,
    pub said: Vec<String>,
    pub blocked: Option<String>,
    /// A version whose tasks are ill for now.
    pub lapse: Option<String>,
    /// Effects that should not have been.
    pub wrong: Vec<String>,
    /// Tasks that start or stop in one tick.
    pub pace: i32,
}

pub(super) const SECONDS: i64 = 10;

pub(super) fn asked(strategy: &Strategy, tasks: i32, weighted: bool) -> Asked {
    Asked {
        group: "shop-prod".to_owned(),
        hash: "h1".to_owned(),
        images: vec!["app:1".to_owned()],
        min: tasks,
        desired: tasks,
        max: tasks,
        managed: true,
        disabled: false,
        to_version: None,
        on_failure: true,
        destroy_latest: false,
        reuse_equal: true,
        strategy: desired::Strategy::of(Some(strategy)),
        gate: Gate::of(None),
        weighted,
        settle_seconds: 15,
        max_settle_seconds: 300,
        source_count: None,
        promote: None,
        abort: None,
        retry: None,
        refused: false,
    }
}

pub(super) fn none() -> Strategy {
    Strategy { none: Some(NoStrategy {}), ..Strategy::default() }
}

pub(super) fn highlander() -> Strategy {
    Strategy { highlander: Some(Highlander::default()), ..Strategy::default() }
}

pub(super) fn red_black() -> Strategy {
    Strategy::default()
}

pub(super) fn warm() -> Strategy {
    Strategy { red_black: Some(RedBlack { warm_standby: Some(true), ..RedBlack::default() }), ..Strategy::default() }
}

pub(super) fn rolling(percents: Vec<i32>) -> Strategy {
    Strategy {
        rolling_red_black: Some(RollingRedBlack { percents: Some(percents), ..RollingRedBlack::default() }),
        ..Strategy::default()
    }
}

pub(super) fn canary(steps: Vec<CanaryStep>) -> Strategy {
    Strategy { canary: Some(Canary { steps: Some(steps), ..Canary::default() }), ..Strategy::default() }
}

pub(super) fn analysis() -> Analysis {
    Analysis {
        count: Some(2),
        interval_seconds: Some(20),
        metrics: Some(vec![Metric { name: Some("errors".to_owned()), ..Metric::default() }]),
        ..Analysis::default()
    }
}

impl World {
    pub(super) fn new(asked: Asked) -> Self {
        Self {
            asked,
            status: ServerGroupStatus::default(),
            services: BTreeMap::new(),
            b: 0,
            now: Timestamp::from_second(1_700_000_000).unwrap(),
            fates: BTreeMap::new(),
            firing: Vec::new(),
            metric: Outcome::Good("fine".to_owned()),
            said: Vec::new(),
            blocked: None,
            lapse: None,
            wrong: Vec::new(),
            pace: 100,
        }
    }

    /// The template becomes another one.
    pub(super) fn template(&mut self, hash: &str) {
        self.asked.hash = hash.to_owned();
    }

    pub(super) fn rollout(&self) -> &GroupRollout {
        self.status.rollout.as_ref().expect("a rollout")
    }

    pub(super) fn current(&self) -> &str {
        self.status.current_version.as_deref().unwrap_or("")
    }

    pub(super) fn healthy(&self, name: &str) -> i32 {
        let well = |service: &&Service| service.fate == Fate::Healthy && self.lapse.as_deref() != Some(name);
        self.services.get(name).filter(well).map_or(0, |service| service.running)
    }

    fn child(&self, name: &str) -> Child {
        let Some(service) = self.services.get(name) else { return Child::default() };
        let state = if service.failed >= 3 { "FAILED" } else { "COMPLETED" };
        Child {
            task_definition: true,
            service: true,
            deleting: service.deleting,
            settled: service.seen,
            asked: service.asked,
            active: service.seen,
            service_arn: service.seen.then(|| format!("arn:{name}")),
            desired: service.asked,
            running: service.running,
            deployment: Some(state.to_owned()),
            failed_tasks: service.failed,
            stopped: (0..service.failed.min(5))
                .map(|n| StoppedTask { id: n.to_string(), reason: "exit 1".to_owned(), ..StoppedTask::default() })
                .collect(),
            ..Child::default()
        }
    }

    pub(super) fn sight(&self) -> Sight {
        let wants = wants(&self.asked, &self.status, false, self.now);
        let mut sight = Sight::at(self.now);
        for version in &self.status.versions {
            sight.children.insert(version.name.clone(), self.child(&version.name));
        }
        if wants.rules {
            sight.rules = Rules::Show(vec![RuleShare { arn: "rule".to_owned(), b: self.b, stickiness_seconds: 0 }]);
        }
        let strays = intents::strays(&self.status, &sight.rules).filter(|_| wants.steers);
        for name in wants.health.iter().chain(&strays) {
            let total = self.services.get(name).map_or(0, |service| service.running);
            let healthy = self.healthy(name);
            sight
                .health
                .insert(name.clone(), Instances { total, healthy, unhealthy: total - healthy, ..Instances::default() });
        }
        if wants.number {
            sight.number = Number::Free(self.status.last_sequence.map_or(0, |last| last + 1));
        }
        if wants.metrics {
            sight.measured = Some(self.metric.clone());
        }
        if wants.alarms {
            sight.firing.clone_from(&self.firing);
        }
        sight
    }

    pub(super) fn decide(&self) -> Decision {
        decide(&self.asked, &self.status, &self.sight(), false)
    }

    /// One pass: moves the machine, or carries out what it asks. Says whether it moved.
    pub(super) fn pass(&mut self) -> bool {
        let decision = self.decide();
        self.blocked = decision.blocked.map(|(_, why)| why);
        if decision.status != self.status {
            self.status = decision.status;
            self.said.extend(decision.said.iter().map(|said| format!("{}: {}", said.reason.as_str(), said.note)));
            self.asked.promote = None;
            self.asked.abort = None;
            self.asked.retry = None;
            return true;
        }
        self.carry_out();
        false
    }

    pub(super) fn carry_out(&mut self) {
        let sight = self.sight();
        for (version, wanted) in intents::children(&self.asked, &self.status, &sight) {
            let fate = self.fates.get(&version.template_hash).copied().unwrap_or(Fate::Healthy);
            match wanted {
                intents::Wanted::Made(intent) => {
                    self.services.entry(version.name).or_insert(Service {
                        asked: intent.count,
                        running: 0,
                        fate,
                        failed: 0,
                        deleting: false,
                        seen: false,
                    });
                }
                intents::Wanted::Kept(intent) => {
                    self.judge_shrink(&version.name, intent.count);
                    if let Some(service) = self.services.get_mut(&version.name)
                        && service.asked != intent.count
                    {
                        service.asked = intent.count;
                        service.seen = false;
                    }
                }
                intents::Wanted::Gone => {
                    if let Some(service) = self.services.get_mut(&version.name) {
                        service.deleting = true;
                    }
                }
            }
        }
        if let Some(b) = intents::weight_of_b(&self.asked, &self.status, &sight) {
            self.judge_weight(b);
            self.b = b;
        }
    }

    /// An old version gives up tasks only while the new one is healthy at that very moment.
    fn judge_shrink(&mut self, name: &str, count: i32) {
        let Some(rollout) = self.status.rollout.as_ref().filter(|rollout| rollout.ending.is_none()) else { return };
        let asked = self.services.get(name).map_or(0, |service| service.asked);
        let old = rollout.replaces.iter().any(|old| old.version == name);
        let capacity = self.status.versions.iter().find(|v| v.name == rollout.to).map_or(0, |v| v.capacity);
        if old && count < asked && self.healthy(&rollout.to) < capacity {
            self.wrong.push(format!("{name} shrinks from {asked} to {count} beside an ill {}", rollout.to));
        }
    }

    /// Traffic goes only to tasks that are healthy at that very moment.
    fn judge_weight(&mut self, b: i32) {
        let gains = if b > self.b { Slot::B } else { Slot::A };
        let names: Vec<String> = self.services.keys().filter(|name| self.slot(name) == gains).cloned().collect();
        let healthy: i32 = names.iter().map(|name| self.healthy(name)).sum();
        if b != self.b && healthy == 0 {
            self.wrong.push(format!("b goes from {} to {b} with no healthy task there", self.b));
        }
    }

    /// Time passes, ECS works.
    pub(super) fn tick(&mut self) {
        self.now = self.now.checked_add(SignedDuration::from_secs(SECONDS)).unwrap();
        let pace = self.pace;
        self.services.retain(|_, service| {
            service.seen = true;
            let goal = if service.deleting { 0 } else { service.asked };
            if service.fate == Fate::Dies {
                service.running = 0;
                service.failed += i32::from(goal > 0);
            } else {
                service.running += (goal - service.running).clamp(-pace, pace);
            }
            !(service.deleting && service.running == 0)
        });
    }

    pub(super) fn is_still(&self) -> bool {
        let calm =
            self.services.values().all(|s| s.seen && !s.deleting && (s.fate == Fate::Dies || s.running == s.asked));
        self.status.rollout.is_none() && calm && self.decide().status == self.status
    }

    /// Passes and time until nothing moves, a person is waited for, or the patience ends.
    pub(super) fn run(&mut self, mut each: impl FnMut(&Self)) {
        for _ in 0..4000 {
            while self.pass() {
                each(self);
            }
            each(self);
            self.tick();
            each(self);
            let waits = self.status.rollout.as_ref().is_some_and(|rollout| rollout.promote_with.is_some());
            if self.is_still() || waits {
                return;
            }
        }
        panic!("no end: {:?}", self.status.rollout.as_ref().map(|rollout| (present(rollout), &rollout.message)));
    }

    pub(super) fn deploy_first(&mut self) {
        self.run(|_| ());
        assert_eq!(self.current(), "shop-prod-v000");
    }

    pub(super) fn serving(&self) -> Vec<&str> {
        let active = self.status.versions.iter().filter(|version| version.state == VersionState::Active);
        active.map(|version| version.name.as_str()).collect()
    }

    pub(super) fn slot(&self, name: &str) -> Slot {
        self.status
            .versions
            .iter()
            .find(|version| version.name == name)
            .and_then(|version| version.slot)
            .unwrap_or_default()
    }

    pub(super) fn at(&self, kind: StepKind) -> bool {
        self.status.rollout.as_ref().is_some_and(|rollout| rollout.step == kind)
    }
}
