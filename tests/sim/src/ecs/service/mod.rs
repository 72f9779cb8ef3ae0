//! Services: the five operations, and the bridge between a Region and its fleet.

mod create;
mod normal;
pub mod state;
mod update;
mod validate;
mod view;

use serde_json::{Value, json};

use super::cluster::{self, Cluster};
use super::scheduler::json::{count, text, texts};
use super::scheduler::{Fleet, Key};
use super::tags::Tags;
use crate::queue::EventKind;
use crate::refusal::Refusal;
use crate::world::{Cx, Region};
use state::ServiceStatus;

pub(crate) use validate::{network as check_network, strategy as check_strategy};
pub(crate) use view::{Counts, object, resolve_platform};

/// Services, deployments and tasks of one account and Region.
pub type Services = Fleet;

/// What services, deployments and tasks do by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wake {
    /// Something of the fleet is due.
    Due,
}

/// Runs an event.
pub fn wake(region: &mut Region, cx: &mut Cx, wake: Wake) {
    match wake {
        Wake::Due => with_fleet(region, cx, |fleet, _, cx| fleet.advance_to(cx.now)),
    }
}

/// Lends the fleet its fixtures and the clock, and plans the next event afterwards.
pub(crate) fn with_fleet<R>(
    region: &mut Region,
    cx: &mut Cx,
    run: impl FnOnce(&mut Fleet, &Region, &mut Cx) -> R,
) -> R {
    let mut fleet = std::mem::take(&mut region.services);
    fleet.fixtures = std::mem::take(&mut region.fixtures);
    if fleet.arn_prefix.is_empty() {
        fleet.arn_prefix = cx.arn("");
        fleet.account.clone_from(&cx.key.account);
        fleet.rng = crate::rng::Rng::new(cx.rng.next_u64());
    }
    fleet.now = fleet.now.max(cx.now);
    fleet.planned = fleet.planned.filter(|at| *at > cx.now);
    if fleet.images != cx.knobs.images {
        fleet.images.clone_from(&cx.knobs.images);
        fleet.look_again();
    }
    let answer = run(&mut fleet, region, cx);
    if let Some(at) = fleet.next_due()
        && fleet.planned.is_none_or(|planned| planned > at)
    {
        fleet.planned = Some(at);
        cx.after(at - cx.now, EventKind::Service(Wake::Due));
    }
    region.fixtures = std::mem::take(&mut fleet.fixtures);
    region.services = fleet;
    answer
}

/// `(pending tasks, running tasks, active services)` of a cluster, for `DescribeClusters`.
pub fn counts(region: &Region, cluster: &str) -> (i64, i64, i64) {
    let fleet = &region.services;
    let tasks = || fleet.tasks.values().filter(|t| t.cluster == cluster && t.is_live());
    let running = count(tasks().filter(|t| t.started_at.is_some()).count());
    let services = fleet.services.values();
    let active = services.filter(|s| s.key.cluster == cluster && s.status == ServiceStatus::Active).count();
    (count(tasks().count()) - running, running, count(active))
}

/// Whether anything in a cluster keeps it from being deleted: `(services, tasks)`.
pub fn occupancy(region: &Region, cluster: &str) -> (usize, usize) {
    let fleet = &region.services;
    let services = fleet.services.values();
    let blocking = services.filter(|s| s.key.cluster == cluster && s.status != ServiceStatus::Inactive).count();
    let tasks = fleet.tasks.values().filter(|t| t.cluster == cluster && t.stopped_at.is_none()).count();
    (blocking, tasks)
}

/// Whether a service, deployment or task refers to the revision with this ARN.
pub fn uses_task_definition(region: &Region, arn: &str) -> bool {
    let fleet = &region.services;
    let used = |s: &state::Service| {
        s.deployments.iter().any(|d| s.revision(&d.revision).is_some_and(|r| r.definition.arn == arn))
    };
    fleet.services.values().any(used) || fleet.tasks.values().any(|t| t.stopped_at.is_none() && t.definition.arn == arn)
}

/// The tags of the service or task with this ARN, if it exists.
pub fn tags_mut<'a>(region: &'a mut Region, arn: &str) -> Option<&'a mut Tags> {
    let tail = arn
        .strip_prefix(region.services.arn_prefix.as_str())
        .filter(|_| !region.services.arn_prefix.is_empty())?
        .to_owned();
    let mut parts = tail.split('/');
    let (kind, cluster, name) = (parts.next()?, parts.next()?, parts.next()?);
    match kind {
        "service" => {
            let service = region.services.services.get_mut(&Key::new(cluster, name))?;
            (service.status != ServiceStatus::Inactive).then_some(&mut service.tags)
        }
        "task" => region.services.tasks.get_mut(name).filter(|t| t.cluster == cluster).map(|t| &mut t.tags),
        _ => None,
    }
}

/// The key behind a service's name or ARN in a cluster; `None` for an ARN of elsewhere.
pub(crate) fn locate(fleet: &Fleet, home: &Cluster, reference: &str) -> Option<Key> {
    let name = if reference.starts_with("arn:") {
        reference.strip_prefix(&fleet.arn(&format!("service/{}/", home.name)))?
    } else {
        reference
    };
    Some(Key::new(&home.name, name)).filter(|key| fleet.services.contains_key(key))
}

/// `CreateService`.
pub fn create(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    with_fleet(region, cx, |fleet, region, cx| create::create(fleet, region, cx, input))
}

/// `UpdateService`.
pub fn update(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    with_fleet(region, cx, |fleet, region, cx| update::update(fleet, region, cx, input))
}

/// `DescribeServices`.
pub fn describe(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    with_fleet(region, cx, |fleet, region, cx| {
        let home = cluster::resolve(region, cx, input)?;
        let names = texts(input, "/services");
        if names.is_empty() {
            return Err(Refusal::invalid_parameter("Services cannot be empty."));
        }
        if names.len() > 10 {
            return Err(Refusal::invalid_parameter("service names can have at most 10 items."));
        }
        let prefix = fleet.arn(&format!("service/{}/", home.name));
        if names.iter().any(|name| name.starts_with("arn:") && !name.starts_with(&prefix)) {
            return Err(Refusal::invalid_parameter(
                "Invalid identifier: Unexpected service identifier for the cluster.",
            ));
        }
        let mut asked: Vec<(String, String)> = names
            .into_iter()
            .map(|reference| (reference.strip_prefix(&prefix).unwrap_or(&reference).to_owned(), reference))
            .collect();
        asked.sort();
        asked.dedup_by(|one, other| one.0 == other.0);
        cx.rng.shuffle(&mut asked);
        let tags = super::includes(input, "TAGS");
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for (name, reference) in asked {
            match fleet.services.get(&Key::new(&home.name, &name)) {
                Some(service) => found.push(fleet.service_view(service, tags)),
                None if reference.starts_with("arn:") => failures.push(super::failure(&reference, "MISSING")),
                // A name comes back as an ARN of the old form, without the cluster.
                None => failures.push(super::failure(&fleet.arn(&format!("service/{name}")), "MISSING")),
            }
        }
        Ok(json!({ "services": found, "failures": failures }))
    })
}

/// `ListServices`.
pub fn list(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    with_fleet(region, cx, |fleet, region, cx| {
        let home = cluster::resolve(region, cx, input)?;
        let launch_type = text(input, "/launchType");
        let scheduling = text(input, "/schedulingStrategy");
        let foreign = text(input, "/resourceManagementType") == Some("ECS");
        let wanted = |s: &&state::Service| {
            s.key.cluster == home.name
                && s.status == ServiceStatus::Active
                && !foreign
                && launch_type.is_none_or(|t| s.word("launchType") == t)
                && scheduling.is_none_or(|t| s.word("schedulingStrategy") == t)
        };
        let arns = fleet.services.values().filter(wanted).map(|s| Value::from(s.arn.clone())).collect();
        let page = super::paging::page(cx, "ListServices", input, arns, 10, 100)?;
        Ok(page.into_answer("serviceArns"))
    })
}

/// `DeleteService`.
pub fn delete(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    with_fleet(region, cx, |fleet, region, cx| {
        let home = cluster::resolve(region, cx, input)?;
        let key =
            locate(fleet, home, text(input, "/service").unwrap_or_default()).ok_or_else(Refusal::service_not_found)?;
        let service = fleet.services.get_mut(&key).ok_or_else(Refusal::service_not_found)?;
        match service.status {
            ServiceStatus::Inactive => return Err(Refusal::service_not_found()),
            ServiceStatus::Draining => {}
            ServiceStatus::Active => {
                if !super::flag(input, "force") && !service.is_daemon() {
                    if service.desired > 0 {
                        return Err(Refusal::invalid_parameter(
                            "The service cannot be stopped while it is scaled above 0.",
                        ));
                    }
                    if service.deployments.len() > 1 {
                        return Err(Refusal::invalid_parameter(
                            "The service cannot be stopped while deployments are active.",
                        ));
                    }
                }
                service.status = ServiceStatus::Draining;
                service.desired = 0;
                service.excess = count(service.tasks.len());
                let now = cx.now;
                for rollout in service.rollouts.iter_mut().filter(|r| !r.status.is_done()) {
                    rollout.status = super::deployment::state::RolloutStatus::Stopped;
                    rollout.finished_at = Some(now);
                }
            }
        }
        fleet.tick_at(&key, cx.now);
        let service = fleet.services.get(&key).ok_or_else(Refusal::service_not_found)?;
        Ok(json!({ "service": fleet.service_view(service, false) }))
    })
}
