//! The end of a schedule: everything is made well, and must come to rest, stay so, and go when it is asked to.

use std::time::Duration;

use serde_json::Value;

use crate::disturb;
use crate::facts;
use crate::plan::Disturbance;
use crate::seen::What;
use crate::stage::Stage;
use crate::support::world::key;
use crate::workloads::{self, Act};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const KINDS: [&str; 4] = ["EcsCluster", "EcsTaskDefinition", "EcsService", "ServerGroup"];
/// No schedule needs so many passes.
const PASSES: usize = 3000;

impl Stage<'_> {
    /// Runs what is due until nothing is within `quiet` and `enough` holds, for `limit` at most.
    async fn settle(&mut self, quiet: Duration, limit: Duration, enough: impl Fn(&Self) -> bool) -> bool {
        let began = tokio::time::Instant::now();
        loop {
            let next = self.process.first();
            let idle = next.as_ref().is_none_or(|(_, after)| *after > quiet);
            if idle && enough(self) {
                return true;
            }
            if began.elapsed() > limit || self.passes > PASSES {
                return false;
            }
            // What was applied to an object that was being deleted went with it.
            if self
                .git
                .keys()
                .any(|(kind, name)| self.tap.world.api.with(|api| facts::stored(api, kind, name)).is_none())
            {
                self.commit().await;
                self.tap.world.wait(SECOND).await;
                continue;
            }
            match next {
                Some((key, after)) => {
                    self.tap.world.wait(after).await;
                    self.process.operator.look();
                    self.pass(&key).await;
                }
                None => return enough(self),
            }
        }
    }

    /// Waits until what is applied anew is gone, as `kubectl delete` does: where the service stays, what is applied to
    /// an object that is going never reaches it, and the story would end elsewhere.
    pub(crate) async fn gone(&mut self, act: &Act) {
        let Act::Apply(manifest) = act else { return };
        if !self.plan.throughout || self.plan.workload.kept.is_none() {
            return;
        }
        let (kind, name) = workloads::name_of(manifest);
        let going = |stage: &Self| {
            let object = stage.tap.world.api.with(|api| facts::stored(api, &kind, &name));
            object.is_some_and(|object| object["metadata"]["deletionTimestamp"].is_string())
        };
        if going(self) {
            self.settle(SECOND, MINUTE * 30, |stage| !going(stage)).await;
        }
    }

    /// Everything is made well, and Git is applied once more.
    pub(crate) async fn recover(&mut self) {
        disturb::heal(self).await;
        self.tap.expose(self.plan.throughout);
        self.tap.trace.note(self.tap.now(), None, What::Healed);
        // What was not asked before the slots were over is asked now.
        let wanted = self.git.clone();
        for kind in ["ServerGroup", "EcsService", "EcsTaskDefinition", "EcsCluster"] {
            for object in self.tap.world.api.with(|api| api.all(&facts::plural(kind))) {
                let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
                let owned = object["metadata"]["ownerReferences"].is_array();
                if !owned && !wanted.contains_key(&(kind.to_owned(), name.clone())) {
                    workloads::delete(&self.tap.world, kind, &name).await;
                }
            }
        }
        self.commit().await;
    }

    /// What Git says is applied, as Argo CD does.
    async fn commit(&mut self) {
        for manifest in self.git.values() {
            // What is being deleted may not be applied.
            let _refused = workloads::apply(&self.tap.world, manifest).await;
        }
    }

    /// Asks for a retry of what is held because it failed while ECS was in trouble, and lets go on what waits for a person.
    async fn retry(&mut self) -> bool {
        let mut asked = false;
        for (kind, member, of, request) in [
            ("EcsService", "held", "rollout", "retry"),
            ("ServerGroup", "hold", "version", "retry"),
            ("EcsService", "rollout", "promoteWith", "promote"),
        ] {
            for object in self.tap.world.api.with(|api| api.all(&facts::plural(kind))) {
                let Some(value) = object["status"][member][of].as_str() else { continue };
                let name = object["metadata"]["name"].as_str().unwrap_or_default();
                self.tap.word(format!("{request} {value}"));
                workloads::annotate(&self.tap.world, kind, name, request, value).await;
                asked = true;
            }
        }
        asked
    }

    /// A restored store may bring back what holds up a deletion: it is deleted too, as the message says.
    async fn unblock(&mut self) -> bool {
        let restored = self.plan.restores();
        let all = self.tap.world.api.with(|api| api.shared(&facts::plural("EcsTaskDefinition")));
        let blocked = |object: &Value| {
            let conditions = object["status"]["conditions"].as_array().into_iter().flatten();
            conditions.into_iter().any(|condition| condition["reason"] == "DeletionBlocked")
        };
        let blocked: Vec<_> =
            all.iter().filter(|object| blocked(object)).map(|o| o["metadata"]["name"].clone()).collect();
        if !restored || blocked.is_empty() {
            return false;
        }
        for service in self.tap.world.api.with(|api| api.shared(&facts::plural("EcsService"))) {
            if blocked.contains(&service["spec"]["taskDefinitionRef"]["name"]) {
                let name = service["metadata"]["name"].as_str().unwrap_or_default();
                self.tap.word(format!("delete {name}, which holds up a deletion"));
                workloads::delete(&self.tap.world, "EcsService", name).await;
            }
        }
        true
    }

    /// What objects ask for and AWS does not have.
    fn missing(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for kind in KINDS {
            for object in self.tap.world.api.with(|api| api.shared(&facts::plural(kind))) {
                let name = object["metadata"]["name"].as_str().unwrap_or_default();
                if object["metadata"]["deletionTimestamp"].is_string() {
                    wrong.push(format!("{kind} {name} is still being deleted"));
                    continue;
                }
                // What belongs to a version that is not current is the group's business.
                if object["metadata"]["ownerReferences"].is_array() {
                    continue;
                }
                if !self.git.contains_key(&(kind.to_owned(), name.to_owned())) {
                    continue;
                }
                let world = &self.tap.world;
                let restored = self.plan.restores();
                // Versions that a restored store does not know of are left to people, with the count that people gave them.
                let known = |wrong: &String| !(restored && wrong.ends_with(" tasks, not 0"));
                let differs = |wrong: Vec<String>| wrong.into_iter().filter(known).collect::<Vec<_>>();
                wrong.extend(differs(
                    world.aws.sim(|sim| facts::differs(sim.region(&key()), &world.api, kind, &object)),
                ));
                let ready = object["status"]["conditions"].as_array().into_iter().flatten();
                let ready = ready.filter(|c| c["type"] == "Ready").map(|c| format!("{} {}", c["status"], c["reason"]));
                let ready = ready.collect::<String>();
                if !ready.contains("True") {
                    wrong.push(format!("{kind} {name} is {ready}"));
                }
            }
        }
        for (kind, name) in self.git.keys() {
            if self.tap.world.api.with(|api| facts::stored(api, kind, name)).is_none() {
                wrong.push(format!("there is no {kind} {name}"));
            }
        }
        wrong
    }

    /// How long it may take to come to rest after the last fault.
    fn patience(&self) -> Duration {
        let strikes = self.plan.disturbances.iter();
        let held = strikes
            .clone()
            .any(|(_, what)| matches!(what, Disturbance::Strike(strike) if strike.kind.damage.holds_back()));
        // Whether a settled revision is still ACTIVE is looked at once an hour.
        let taken = Disturbance::Outside(crate::plan::Outside::Deregister);
        let held = held || self.plan.disturbances.iter().any(|(_, what)| *what == taken);
        let skewed = self.plan.disturbances.iter().any(|(_, what)| matches!(what, Disturbance::Skew(..)));
        let group = self.plan.workload.base.beginning().balanced.is_some();
        // What ECS refused three times is asked for once an hour.
        let hours = strikes.clone().map(|(_, what)| match what {
            Disturbance::Strike(strike) if strike.kind.damage.holds_back() => strike.times.saturating_sub(2),
            _ => 0,
        });
        let hours = hours.sum::<usize>().max(usize::from(held || skewed));
        let long = 80 * hours + if group { 40 } else { 25 };
        MINUTE * u32::try_from(long).unwrap()
    }

    pub(crate) async fn end(&mut self) {
        let patience = self.patience();
        let mut there = false;
        for _ in 0..3 {
            there = Box::pin(self.settle(MINUTE, patience, |stage| stage.missing().is_empty())).await;
            if there || !(self.retry().await || self.unblock().await) {
                break;
            }
            self.commit().await;
        }
        if !there {
            let missing = self.missing().join("; ");
            self.breaks("L1", format!("it does not come to rest: {missing} (after {} passes)", self.passes));
            return;
        }
        // What somebody asked of ECS in the last slot takes its time, and only a sweep finds it.
        self.tap.world.wait(MINUTE).await;
        let outside = self.plan.disturbances.iter().any(|(_, what)| matches!(what, Disturbance::Outside(_)));
        if outside {
            self.look_at_all().await;
        }
        let quiet = if outside { MINUTE } else { SECOND };
        Box::pin(self.settle(quiet, patience, |stage| stage.missing().is_empty())).await;
        self.tap.expose(false);
        Box::pin(self.rest()).await;
        self.rested = self.state();
        self.tap.expose(self.plan.throughout);
        self.orphans();
        self.kept();
        // What a restored store does not know of is left in ECS, as is what was retained.
        let restored = self.plan.restores();
        if self.plan.tear_down && !restored && self.plan.workload.kept.is_none() {
            Box::pin(self.tear_down()).await;
        }
    }

    async fn look_at_all(&mut self) {
        for key in self.process.all() {
            self.process.operator.look();
            self.pass(&key).await;
        }
    }

    /// One sweep to count what moved, then three in which nothing is written.
    async fn rest(&mut self) {
        for number in 0..4 {
            self.tap.trace.note(self.tap.now(), None, What::Sweep(number));
            self.look_at_all().await;
            if number == 0 {
                // What the sweep found concerns others, too.
                Box::pin(self.settle(SECOND, MINUTE, |_| true)).await;
            }
            self.tap.world.wait(MINUTE).await;
        }
        self.tap.trace.note(self.tap.now(), None, What::Word("at rest".to_owned()));
    }

    /// What AWS holds for owners that are gone.
    fn orphans(&mut self) {
        let restored = self.plan.restores();
        if restored || self.plan.workload.kept.is_some() {
            return;
        }
        let mut live = Vec::new();
        for kind in KINDS {
            let all = self.tap.world.api.with(|api| api.all(&facts::plural(kind)));
            live.extend(all.iter().map(|object| object["metadata"]["uid"].as_str().unwrap_or_default().to_owned()));
        }
        let owners = self.tap.world.aws.sim(|sim| facts::owners(sim.region(&key()), "default"));
        let lost: Vec<String> = owners.into_iter().filter(|owner| !live.contains(owner)).collect();
        if !lost.is_empty() {
            let held: Vec<String> = lost
                .iter()
                .flat_map(|uid| self.tap.world.aws.sim(|sim| facts::held(sim.region(&key()), uid)))
                .collect();
            self.breaks("S5", format!("nobody owns any more: {}", held.join(", ")));
        }
    }

    /// What is to be kept is kept, unless somebody else took it away.
    fn kept(&mut self) {
        let ours = self.plan.disturbances.iter().all(|(_, what)| what.is_ours());
        let Some(name) = self.plan.workload.kept.filter(|_| ours) else { return };
        let there = self.tap.world.aws.sim(|sim| {
            let found = facts::service(sim.region(&key()), "prod", name);
            found.is_some_and(|found| found.status.as_str() == "ACTIVE" && found.desired > 0)
        });
        if !there {
            self.breaks("S4", format!("the service {name} was to be kept"));
        }
    }

    async fn tear_down(&mut self) {
        self.tap.word("everything is deleted");
        let wanted: Vec<(String, String)> = self.git.keys().cloned().collect();
        for (kind, name) in &wanted {
            workloads::delete(&self.tap.world, kind, name).await;
        }
        self.git.clear();
        let patience = self.patience();
        let gone = Box::pin(self.settle(MINUTE, patience, |stage| stage.left().is_empty())).await;
        if !gone {
            let left = self.left().join("; ");
            self.breaks("L3", format!("it cannot be deleted: {left}"));
            return;
        }
        self.orphans();
    }

    fn left(&self) -> Vec<String> {
        let all = KINDS.iter().flat_map(|kind| self.tap.world.api.with(|api| api.all(&facts::plural(kind))));
        let say = |object: Value| {
            format!("{} {}: {}", object["kind"], object["metadata"]["name"], object["status"]["conditions"])
        };
        all.map(say).collect()
    }
}
