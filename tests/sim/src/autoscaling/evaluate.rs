//! The look at the metrics, once a minute: what each policy wants, and the one that wins.

use serde_json::Value;

use super::Metric;
use super::activity::{self, Activity};
use super::policy::{Kind, Policy, range};
use super::target::{Target, service, set};
use crate::ecs::service::state::ServiceStatus;
use crate::ecs::{flag, list, number, text};
use crate::fixtures::AlarmState;
use crate::world::{Cx, Region};

/// Cooldown of a policy that names none, seconds.
const COOLDOWN: i64 = 300;
/// A tracking policy scales in below this share of its target value.
const LOW: f64 = 0.9;

/// The service as a policy sees it.
struct Scene {
    /// Virtual milliseconds.
    now: i64,
    current: i64,
    /// The count before the last scaling out while that cools down, else the current one: what was
    /// added then counts towards what is added now.
    base: i64,
    running: i64,
    deploying: bool,
}

/// What a policy wants.
struct Wish {
    policy: String,
    count: i64,
    cooldowns: (i64, i64),
}

/// Looks at every target.
pub(super) fn all(region: &mut Region, cx: &mut Cx) {
    let ids: Vec<String> = region.autoscaling.targets.keys().cloned().collect();
    for id in ids {
        one(region, cx, &id);
    }
}

fn one(region: &mut Region, cx: &mut Cx, id: &str) {
    let Some(scene) = scene(region, id, cx.now) else { return };
    let wishes = wishes(region, id, &scene);
    // The largest capacity wins, a wish to stay included.
    let Some(wish) = wishes.into_iter().max_by_key(|wish| wish.count) else { return };
    if wish.count == scene.current {
        return;
    }
    let Some(target) = region.autoscaling.targets.get(id) else { return };
    let count = wish.count.clamp(target.min, target.max);
    let out = wish.count > scene.current;
    let cause = format!("monitor alarm in state ALARM triggered policy {}", wish.policy);
    if (out && count <= scene.current) || (!out && count >= scene.current) {
        let code = if out { "AlreadyAtMaxCapacity" } else { "AlreadyAtMinCapacity" };
        let idle = Activity::not_scaled(cx, id, &cause, code, scene.current);
        return activity::note(region, idle);
    }
    if !may(target, &scene, out, cx.now) || !set(region, cx, id, count, &cause) {
        return;
    }
    let Some(target) = region.autoscaling.targets.get_mut(id) else { return };
    if out {
        target.scaled_out = (cx.now + wish.cooldowns.0 * 1000, scene.base);
        target.scaled_in = i64::MIN;
    } else {
        target.scaled_in = cx.now + wish.cooldowns.1 * 1000;
    }
}

fn scene(region: &Region, id: &str, now: i64) -> Option<Scene> {
    let service = service(region, id).filter(|service| service.status == ServiceStatus::Active)?;
    let tasks = service.tasks.iter().filter_map(|task| region.services.tasks.get(task));
    let running = tasks.filter(|task| task.is_live() && task.started_at.is_some()).count();
    let (until, before) = region.autoscaling.targets.get(id)?.scaled_out;
    Some(Scene {
        now,
        current: service.desired,
        base: if now < until { before.min(service.desired) } else { service.desired },
        running: i64::try_from(running).unwrap_or(i64::MAX),
        deploying: service.ongoing().is_some() || service.deployments.len() > 1,
    })
}

/// Whether suspension, cooldowns and deployments allow it.
fn may(target: &Target, scene: &Scene, out: bool, now: i64) -> bool {
    if out {
        return !target.suspended.outward;
    }
    !target.suspended.inward && !scene.deploying && now >= target.scaled_in && now >= target.scaled_out.0
}

fn wishes(region: &mut Region, id: &str, scene: &Scene) -> Vec<Wish> {
    let crate::autoscaling::Autoscaling { targets, settings, .. } = &mut region.autoscaling;
    let Some(target) = targets.get_mut(id) else { return Vec::new() };
    let mut wishes = Vec::new();
    for (name, policy) in &mut target.policies {
        let (count, cooldowns) = match policy.kind {
            Kind::TargetTracking => {
                let value = settings.metric(id, policy.metric()).map(|metric| reading(metric, scene));
                let enough = (settings.points_high, settings.points_low);
                let (count, state) = track(policy, scene, value, enough);
                for (alarm, on) in policy.alarms.iter().zip([state.0, state.1]) {
                    region.fixtures.turn_alarm(alarm, on, "Threshold Crossed", scene.now);
                }
                let seconds = |member: &str| number(&policy.config, member).unwrap_or(COOLDOWN);
                (count, (seconds("ScaleOutCooldown"), seconds("ScaleInCooldown")))
            }
            Kind::Step => {
                let beyond = settings.breaches.get(&(id.to_owned(), name.clone()));
                let seconds = number(&policy.config, "Cooldown").unwrap_or(COOLDOWN);
                (beyond.and_then(|beyond| step(&policy.config, scene, *beyond)), (seconds, seconds))
            }
            Kind::Predictive => continue,
        };
        if let Some(count) = count {
            wishes.push(Wish { policy: name.clone(), count, cooldowns });
        }
    }
    wishes
}

#[allow(clippy::cast_precision_loss)]
fn reading(metric: Metric, scene: &Scene) -> f64 {
    match metric {
        Metric::Value(value) => value,
        Metric::Load(load) => load / (scene.running.max(1) as f64),
    }
}

/// What a tracking policy wants, and the states of its alarms. No wish = it does not take part.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
fn track(
    policy: &mut Policy,
    scene: &Scene,
    value: Option<f64>,
    enough: (u32, u32),
) -> (Option<i64>, (AlarmState, AlarmState)) {
    let goal = policy.config.get("TargetValue").and_then(Value::as_f64).unwrap_or(f64::MAX);
    let Some(value) = value else {
        policy.points = (0, 0);
        return (Some(scene.current), (AlarmState::InsufficientData, AlarmState::InsufficientData));
    };
    let (high, low) = policy.points;
    policy.points = (if value > goal { high + 1 } else { 0 }, if value < goal * LOW { low + 1 } else { 0 });
    let fits = |count: i64| ((count as f64) * value / goal).ceil() as i64;
    let keeps = flag(&policy.config, "DisableScaleIn");
    if policy.points.0 >= enough.0 {
        return (Some(fits(scene.base).max(scene.current)), (AlarmState::Alarm, AlarmState::Ok));
    }
    if policy.points.1 >= enough.1 {
        let wish = (!keeps).then_some(fits(scene.current).min(scene.current));
        return (wish, (AlarmState::Ok, AlarmState::Alarm));
    }
    ((!keeps).then_some(scene.current), (AlarmState::Ok, AlarmState::Ok))
}

/// What a step policy wants when its metric is so far beyond its alarm's threshold.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
fn step(config: &Value, scene: &Scene, beyond: f64) -> Option<i64> {
    let holds = |step: &&Value| {
        let (low, high) = range(step);
        // Above the threshold the lower end belongs to the step, below it the upper one.
        if beyond >= 0.0 { low <= beyond && beyond < high } else { low < beyond && beyond <= high }
    };
    let by = number(list(config, "StepAdjustments").iter().find(holds)?, "ScalingAdjustment")?;
    let from = if by > 0 { scene.base } else { scene.current };
    let wanted = match text(config, "AdjustmentType")? {
        "ExactCapacity" => by,
        "PercentChangeInCapacity" => {
            let exact = (from as f64) * (by as f64) / 100.0;
            // Towards zero, but at least by one.
            let whole = if exact.abs() < 1.0 { exact.signum() } else { exact.trunc() } as i64;
            let least = number(config, "MinAdjustmentMagnitude").unwrap_or(0);
            from + whole.signum() * whole.abs().max(least)
        }
        _ => from + by,
    };
    let exact = text(config, "AdjustmentType") == Some("ExactCapacity");
    Some(if by > 0 && !exact { wanted.max(scene.current) } else { wanted.max(0) })
}
