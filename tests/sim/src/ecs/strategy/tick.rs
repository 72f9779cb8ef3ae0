//! One look at a traffic shifting deployment: scale both sides, run the stage, go on when it is over.

use super::shift::{HookRun, HookStatus, Stage};
use crate::ecs::scheduler::json::{count, list, number, text, texts};
use crate::ecs::scheduler::knobs::HookAnswer;
use crate::ecs::scheduler::tick::Member;
use crate::ecs::scheduler::{Fleet, Key};
use crate::ecs::service::state::Service;

impl Fleet {
    /// Prepares the rules for a new traffic shifting deployment: all traffic at blue.
    pub(crate) fn start_shift(&mut self, key: &Key) {
        self.shift_traffic(key);
    }

    pub(crate) fn shift_tick(&mut self, key: &Key) {
        self.scale_sides(key);
        // every stage is entered at most once here
        for _ in 0..200 {
            if !self.shift_step(key) {
                break;
            }
            self.scale_sides(key);
        }
    }

    /// Starts and stops tasks so that each deployment has what its side wants.
    fn scale_sides(&mut self, key: &Key) {
        let Some(service) = self.services.get(key) else {
            return;
        };
        let Some(shift) = service.ongoing().and_then(|r| r.shift.as_ref()) else {
            return;
        };
        let want = |primary: bool, blue: bool| {
            let stays = if primary {
                shift.undone || shift.stage >= Stage::ScaleUp
            } else {
                blue && !shift.undone && shift.stage < Stage::CleanUp
            };
            if stays { service.desired } else { 0 }
        };
        let wants: Vec<(String, i64)> = service
            .deployments
            .iter()
            .map(|d| (d.id.clone(), want(d.primary, service.completed.as_ref() == Some(&d.revision))))
            .collect();
        for (deployment, wanted) in wants {
            self.scale_to(key, &deployment, wanted);
        }
    }

    fn scale_to(&mut self, key: &Key, deployment: &str, wanted: i64) {
        let live = |fleet: &Self| {
            let mut mine = fleet.roster(key);
            mine.retain(|m| m.live && m.deployment == deployment);
            mine
        };
        let good = count(live(self).iter().filter(|m| !m.failing).count());
        self.start(key, deployment, wanted - good);
        let mut mine: Vec<Member> = live(self);
        let surplus = count(mine.len()) - wanted;
        mine.sort_by_key(|m| (!m.failing, m.healthy, -m.created_at));
        for victim in mine.iter().take(usize::try_from(surplus).unwrap_or(0)) {
            self.stop_member(key, victim, true);
        }
    }

    /// Does what is due in the present stage; says whether another look is worth while.
    fn shift_step(&mut self, key: &Key) -> bool {
        let now = self.now;
        let whole = self.primary_is_whole(key);
        let Some(service) = self.services.get(key) else {
            return false;
        };
        let Some(shift) = service.ongoing().and_then(|r| r.shift.as_ref()) else {
            return false;
        };
        if shift.undone {
            self.drop_old(key);
            if whole && self.services.get(key).is_some_and(|s| s.deployments.len() == 1) {
                self.complete(key);
            }
            return false;
        }
        if !shift.entered {
            self.enter_stage(key);
            return true;
        }
        self.ask_hooks(key);
        let Some(shift) = self.services.get(key).and_then(Service::ongoing).and_then(|r| r.shift.as_ref()) else {
            return false;
        };
        if shift.refused() {
            self.give_up(key, "Service deployment rolled back because of a lifecycle hook.", true);
            return false;
        }
        if shift.waits_for_hook() || now < shift.until {
            return false;
        }
        self.leave_stage(key, whole)
    }

    /// Goes on if the stage has what it waits for.
    fn leave_stage(&mut self, key: &Key, whole: bool) -> bool {
        let Some(service) = self.services.get(key) else {
            return false;
        };
        let Some(shift) = service.ongoing().and_then(|r| r.shift.as_ref()) else {
            return false;
        };
        let blue_is_gone = service.deployments.len() == 1;
        match shift.stage {
            Stage::ScaleUp if !whole => return false,
            Stage::ProductionShift if shift.production < 1000 => {
                self.next_production_step(key);
                return true;
            }
            Stage::CleanUp => {
                if blue_is_gone && whole {
                    self.complete(key);
                }
                return false;
            }
            Stage::Reconcile if service.deployments.len() > 2 => return false,
            Stage::Reconcile
            | Stage::PreScaleUp
            | Stage::ScaleUp
            | Stage::PostScaleUp
            | Stage::TestShift
            | Stage::PostTestShift
            | Stage::ProductionShift
            | Stage::PostProductionShift
            | Stage::Bake => {}
        }
        if let Some(shift) = self.shift_mut(key)
            && let Some(next) = shift.stage.next()
        {
            shift.stage = next;
            shift.entered = false;
            return true;
        }
        false
    }

    fn shift_mut(&mut self, key: &Key) -> Option<&mut super::Shift> {
        self.services.get_mut(key)?.ongoing_mut()?.shift.as_mut()
    }

    fn enter_stage(&mut self, key: &Key) {
        let wait = self.knobs.timing.stage.draw(&mut self.rng);
        let (now, minute) = (self.now, self.knobs.timing.bake_minute);
        let Some(rollout) = self.services.get_mut(key).and_then(Service::ongoing_mut) else {
            return;
        };
        let bake = number(&rollout.config, "/bakeTimeInMinutes").unwrap_or(0) * minute;
        rollout.updated_at = now;
        let Some(shift) = &mut rollout.shift else {
            return;
        };
        shift.entered = true;
        shift.hooks.clear();
        let stage = shift.stage;
        shift.until = if stage == Stage::Bake {
            now + bake
        } else if stage == Stage::CleanUp || stage == Stage::ScaleUp {
            now
        } else {
            now + wait
        };
        if stage == Stage::ProductionShift {
            self.next_production_step(key);
            return;
        }
        if stage == Stage::TestShift {
            shift.test = 1000;
            self.shift_traffic(key);
        }
        self.start_hooks(key);
    }

    fn next_production_step(&mut self, key: &Key) {
        let (now, minute) = (self.now, self.knobs.timing.bake_minute);
        let wait = self.knobs.timing.stage.draw(&mut self.rng);
        let has_blue = self.services.get(key).is_some_and(|s| s.completed.is_some());
        let Some(rollout) = self.services.get_mut(key).and_then(Service::ongoing_mut) else {
            return;
        };
        let config = rollout.config.clone();
        let Some(shift) = &mut rollout.shift else {
            return;
        };
        let (weight, minutes) = shift.next_step(&config, has_blue);
        shift.production = weight;
        shift.steps += 1;
        shift.until = now + if weight < 1000 { minutes * minute } else { wait };
        shift.hooks.clear();
        self.shift_traffic(key);
        self.start_hooks(key);
    }

    fn start_hooks(&mut self, key: &Key) {
        let now = self.now;
        let Some(service) = self.services.get(key) else {
            return;
        };
        let Some(rollout) = service.ongoing() else {
            return;
        };
        let service_arn = service.arn.clone();
        let Some(stage) = rollout.shift.as_ref().map(|s| s.stage.as_str()) else {
            return;
        };
        let arn = rollout.arn.clone();
        let hooks = list(&rollout.config, "/lifecycleHooks").to_vec();
        let mut runs = Vec::new();
        for hook in hooks.iter().filter(|h| texts(h, "/lifecycleStages").iter().any(|s| s == stage)) {
            let pause = text(hook, "/targetType") == Some("PAUSE");
            let minutes = number(hook, "/timeoutConfiguration/timeoutInMinutes").unwrap_or(1440);
            runs.push(HookRun {
                id: self.rng.uuid(),
                lambda: text(hook, "/hookTargetArn").filter(|_| !pause).map(str::to_owned),
                status: if pause { HookStatus::AwaitingAction } else { HookStatus::InProgress },
                expires_at: pause.then_some(now + minutes * 60_000),
                rolls_back: text(hook, "/timeoutConfiguration/action") != Some("CONTINUE"),
                ask_at: now,
            });
            if pause {
                let detail = serde_json::json!({ "eventName": "HOOK_AWAITING_ACTION", "serviceDeploymentArn": arn });
                self.notice("ECS Hook State Change", service_arn.clone(), detail);
            }
        }
        if let Some(shift) = self.shift_mut(key) {
            shift.hooks = runs;
        }
    }

    fn ask_hooks(&mut self, key: &Key) {
        let now = self.now;
        let poll = self.knobs.timing.hook_poll;
        let Some(mut hooks) = self.shift_mut(key).map(|s| std::mem::take(&mut s.hooks)) else {
            return;
        };
        for hook in &mut hooks {
            match (hook.status, &hook.lambda) {
                (HookStatus::InProgress, Some(lambda)) if hook.ask_at <= now => {
                    let script = self.knobs.hooks.get_mut(lambda);
                    match script.and_then(std::collections::VecDeque::pop_front) {
                        None | Some(HookAnswer::Succeeded) => hook.status = HookStatus::Succeeded,
                        Some(HookAnswer::Failed) => hook.status = HookStatus::Failed,
                        Some(HookAnswer::InProgress(wait)) => {
                            hook.ask_at = now + wait.unwrap_or(poll);
                        }
                    }
                }
                (HookStatus::AwaitingAction, _) if hook.expires_at.is_some_and(|at| at <= now) => {
                    hook.status = HookStatus::TimedOut;
                }
                _ => {}
            }
        }
        if let Some(shift) = self.shift_mut(key) {
            shift.hooks = hooks;
        }
    }
}
