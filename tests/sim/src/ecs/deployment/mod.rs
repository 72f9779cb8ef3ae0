//! Service deployments and service revisions: listing, describing, stopping, continuing.

pub(crate) mod begin;
pub mod state;
mod view;

use serde_json::{Value, json};

use super::cluster;
use super::scheduler::json::{decimal, text, texts};
use super::scheduler::{Fleet, Key};
use super::service::{locate, with_fleet};
use super::strategy::HookStatus;
use crate::refusal::Refusal;
use crate::world::{Cx, Region};
use state::{Rollout, RolloutStatus};

/// Service deployments live in the fleet beside their services.
#[derive(Debug, Clone, Default)]
pub struct Deployments {}

/// `ListServiceDeployments`.
pub fn list(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    with_fleet(region, cx, |fleet, region, cx| {
        let home = cluster::resolve(region, cx, input)?;
        let key =
            locate(fleet, home, text(input, "/service").unwrap_or_default()).ok_or_else(Refusal::service_not_found)?;
        let service = fleet.services.get(&key).ok_or_else(Refusal::service_not_found)?;
        let states = texts(input, "/status");
        let (after, before) = (time(input, "/createdAt/after"), time(input, "/createdAt/before"));
        let wanted = |r: &&Rollout| {
            (states.is_empty() || states.iter().any(|s| s == r.status.as_str()))
                && after.is_none_or(|at| r.created_at >= at)
                && before.is_none_or(|at| r.created_at <= at)
        };
        let briefs = service.rollouts.iter().rev().filter(wanted).map(|r| view::brief(service, r)).collect();
        let page = super::paging::page(cx, "ListServiceDeployments", input, briefs, 20, 100)?;
        Ok(page.into_answer("serviceDeployments"))
    })
}

/// Seconds since 1970 as milliseconds.
#[expect(clippy::cast_possible_truncation, reason = "times of this century fit")]
fn time(input: &Value, path: &str) -> Option<i64> {
    decimal(input, path).map(|seconds| (seconds * 1000.0).round() as i64)
}

/// `DescribeServiceDeployments`.
pub fn describe(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    with_fleet(region, cx, |fleet, _, cx| {
        let (found, failures) = each(cx, fleet, &texts(input, "/serviceDeploymentArns"), |fleet, arn| {
            let key = find(fleet, arn)?;
            let service = fleet.services.get(&key)?;
            let rollout = service.rollouts.iter().find(|r| r.arn == arn)?;
            Some(fleet.rollout_view(service, rollout))
        })?;
        Ok(json!({ "serviceDeployments": found, "failures": failures }))
    })
}

/// `DescribeServiceRevisions`.
pub fn describe_revisions(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    with_fleet(region, cx, |fleet, _, cx| {
        let (found, failures) = each(cx, fleet, &texts(input, "/serviceRevisionArns"), |fleet, arn| {
            let service = fleet.services.get(&owner(fleet, arn, "service-revision/")?)?;
            service.revision(arn).map(|r| view::revision(service, r))
        })?;
        Ok(json!({ "serviceRevisions": found, "failures": failures }))
    })
}

fn each(
    cx: &mut Cx,
    fleet: &Fleet,
    arns: &[String],
    look: impl Fn(&Fleet, &str) -> Option<Value>,
) -> Result<(Vec<Value>, Vec<Value>), Refusal> {
    if arns.is_empty() || arns.len() > 20 {
        return Err(Refusal::invalid_parameter("Between 1 and 20 ARNs must be specified."));
    }
    let mut arns = arns.to_vec();
    arns.sort();
    arns.dedup();
    cx.rng.shuffle(&mut arns);
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for arn in arns {
        match look(fleet, &arn) {
            Some(view) => found.push(view),
            None => failures.push(super::failure(&arn, "MISSING")),
        }
    }
    Ok((found, failures))
}

/// The service that an ARN of a deployment or revision names.
fn owner(fleet: &Fleet, arn: &str, kind: &str) -> Option<Key> {
    let tail = arn.strip_prefix(&fleet.arn(kind))?;
    let mut parts = tail.split('/');
    let key = Key::new(parts.next()?, parts.next()?);
    fleet.services.contains_key(&key).then_some(key)
}

/// The service that has a service deployment with this ARN.
fn find(fleet: &Fleet, arn: &str) -> Option<Key> {
    let key = owner(fleet, arn, "service-deployment/")?;
    fleet.services.get(&key)?.rollouts.iter().any(|r| r.arn == arn).then_some(key)
}

fn not_found() -> Refusal {
    Refusal::new("ServiceDeploymentNotFoundException", "Service deployment not found.")
}

fn rollout_mut<'a>(fleet: &'a mut Fleet, key: &Key, arn: &str) -> Result<&'a mut Rollout, Refusal> {
    let service = fleet.services.get_mut(key).ok_or_else(not_found)?;
    service.rollouts.iter_mut().find(|r| r.arn == arn).ok_or_else(not_found)
}

/// `StopServiceDeployment`.
pub fn stop(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    with_fleet(region, cx, |fleet, _, cx| {
        let arn = text(input, "/serviceDeploymentArn").unwrap_or_default();
        let key = find(fleet, arn).ok_or_else(not_found)?;
        let rollout = rollout_mut(fleet, &key, arn)?;
        let begun = RolloutStatus::InProgress;
        if rollout.status != RolloutStatus::Pending && rollout.status != begun {
            return Err(Refusal::conflict(format!(
                "The service deployment cannot be stopped in the {} state.",
                rollout.status.as_str()
            )));
        }
        let abort = text(input, "/stopType") == Some("ABORT");
        rollout.status = if abort { RolloutStatus::StopRequested } else { RolloutStatus::RollbackRequested };
        rollout.stopped_at = Some(cx.now);
        rollout.updated_at = cx.now;
        fleet.tick_at(&key, cx.now);
        Ok(json!({ "serviceDeploymentArn": arn }))
    })
}

/// `ContinueServiceDeployment`.
pub fn continue_(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    with_fleet(region, cx, |fleet, _, cx| {
        let arn = text(input, "/serviceDeploymentArn").unwrap_or_default();
        let key = find(fleet, arn).ok_or_else(not_found)?;
        let id = text(input, "/hookId").unwrap_or_default();
        let roll_back = text(input, "/action") == Some("ROLLBACK");
        let rollout = rollout_mut(fleet, &key, arn)?;
        let hooks = rollout.shift.as_mut().map(|s| &mut s.hooks);
        let hook = hooks.and_then(|hooks| hooks.iter_mut().find(|h| h.id == id));
        let waiting = hook.filter(|h| h.status == HookStatus::AwaitingAction);
        let hook =
            waiting.ok_or_else(|| Refusal::invalid_parameter("The lifecycle hook is not awaiting an action."))?;
        hook.status = if roll_back { HookStatus::Failed } else { HookStatus::Succeeded };
        rollout.updated_at = cx.now;
        fleet.tick_at(&key, cx.now);
        Ok(json!({ "serviceDeploymentArn": arn }))
    })
}
