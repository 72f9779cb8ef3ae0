//! What the operator is measured against: a controller as one writes it first. Each object has a timer of its own; a
//! look describes one service and its task definition, what failed is tried again after a time of its own, and the status
//! is patched each time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_sdk_ecs::types::{AwsVpcConfiguration, LaunchType, NetworkConfiguration, Service};
use ecs_operator::api::EcsService;
use futures::StreamExt as _;
use kube::api::{Api, Patch, PatchParams};
use kube::runtime::controller::{Action, Controller};
use kube::runtime::{PredicateConfig, WatchStreamExt as _, predicates, reflector, watcher};
use kube::{Resource as _, ResourceExt as _};
use serde_json::json;
use tokio::time::Instant;

use crate::NAMESPACE;

/// Delays after failures are those of controller-runtime's queues: doubled from this one up to that …
const FIRST: Duration = Duration::from_millis(5);
const LAST: Duration = Duration::from_secs(1000);
/// … and for all objects together one in this time, after so many at once.
const APART: Duration = Duration::from_millis(100);
const AT_ONCE: u32 = 100;

/// Why a look failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// AWS.
    #[error("AWS: {0}")]
    Aws(String),
    /// Kubernetes.
    #[error("Kubernetes: {0}")]
    Kubernetes(#[from] kube::Error),
}

struct Clients {
    ecs: aws_sdk_ecs::Client,
    objects: Api<EcsService>,
    interval: Duration,
    failures: Mutex<Failures>,
}

impl Clients {
    fn failures(&self) -> MutexGuard<'_, Failures> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What failed, and how often.
#[derive(Default)]
struct Failures {
    counts: HashMap<String, u32>,
    /// When what is to be tried again so far would be done with, one after the other.
    until: Option<Instant>,
}

impl Failures {
    /// How long an object waits after one more failure.
    fn delay(&mut self, name: String, now: Instant) -> Duration {
        let count = self.counts.entry(name).or_default();
        let own = pause(*count);
        *count = count.saturating_add(1);
        let until = self.until.unwrap_or(now).max(now) + APART;
        self.until = Some(until);
        own.max((until - now).saturating_sub(APART * AT_ONCE))
    }
}

/// How long to wait after so many failures before.
fn pause(failures: u32) -> Duration {
    FIRST.saturating_mul(1 << failures.min(18)).min(LAST)
}

/// Runs until dropped.
pub async fn run(kube: kube::Client, ecs: aws_sdk_ecs::Client, interval: Duration) {
    let objects: Api<EcsService> = Api::namespaced(kube, NAMESPACE);
    let clients = Arc::new(Clients { ecs, objects: objects.clone(), interval, failures: Mutex::default() });
    let again = |object: Arc<EcsService>, _: &Failure, clients: Arc<Clients>| {
        Action::requeue(clients.failures().delay(object.name_any(), Instant::now()))
    };
    // Without the filter a change of its own status would wake it, and it would never rest.
    let (store, writer) = reflector::store();
    let told = watcher(objects, watcher::Config::default()).default_backoff().reflect(writer).applied_objects();
    let edits = told.predicate_filter(predicates::generation, PredicateConfig::default());
    Controller::for_stream(edits, store).run(look, again, clients).for_each(|_| std::future::ready(())).await;
}

async fn look(object: Arc<EcsService>, clients: Arc<Clients>) -> Result<Action, Failure> {
    let (name, spec) = (object.name_any(), &object.spec);
    let cluster = spec.cluster.clone().unwrap_or_default();
    let answer = clients.ecs.describe_services().cluster(&cluster).services(&name).send().await.map_err(aws)?;
    let there = answer.services().iter().find(|service| service.status() == Some("ACTIVE"));
    let service = match there {
        None => Some(create(&object, &cluster, &clients).await?),
        Some(service) => {
            let wanted = spec.task_definition.clone().unwrap_or_default();
            let asked = clients.ecs.describe_task_definition().task_definition(&wanted).send().await.map_err(aws)?;
            let arn = asked.task_definition().and_then(|definition| definition.task_definition_arn());
            if service.task_definition() != arn || Some(service.desired_count()) != spec.desired_count {
                let request = clients.ecs.update_service().cluster(&cluster).service(&name).task_definition(&wanted);
                request.set_desired_count(spec.desired_count).send().await.map_err(aws)?;
            }
            None
        }
    };
    let seen = service.as_ref().or(there);
    let status = json!({"status": {
        "observedGeneration": object.meta().generation,
        "arn": seen.and_then(Service::service_arn),
        "runningCount": seen.map(Service::running_count),
    }});
    clients.objects.patch_status(&name, &PatchParams::default(), &Patch::Merge(status)).await?;
    clients.failures().counts.remove(&name);
    Ok(Action::requeue(clients.interval))
}

async fn create(object: &EcsService, cluster: &str, clients: &Clients) -> Result<Service, Failure> {
    let network = AwsVpcConfiguration::builder().subnets("subnet-0a1b2c3d").build().map_err(aws)?;
    let request = clients.ecs.create_service().cluster(cluster).service_name(object.name_any());
    let request = request.set_task_definition(object.spec.task_definition.clone());
    let request = request.set_desired_count(object.spec.desired_count).launch_type(LaunchType::Fargate);
    let network = NetworkConfiguration::builder().awsvpc_configuration(network).build();
    let answer = request.network_configuration(network).send().await.map_err(aws)?;
    answer.service.ok_or_else(|| Failure::Aws("CreateService answered without a service".to_owned()))
}

fn aws(error: impl std::fmt::Debug) -> Failure {
    Failure::Aws(format!("{error:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_thousand_seconds() {
        let pauses: Vec<u128> = [0, 1, 2, 17, 18, 19, u32::MAX].map(|count| pause(count).as_millis()).to_vec();
        assert_eq!(pauses, [5, 10, 20, 655_360, 1_000_000, 1_000_000, 1_000_000]);
    }

    #[test]
    fn what_fails_together_is_tried_again_one_after_the_other() {
        let (mut failures, now) = (Failures::default(), Instant::now());
        let delays: Vec<u128> =
            (0..102).map(|number| failures.delay(format!("app-{number}"), now).as_millis()).collect();
        assert_eq!((delays[99], delays[100], delays[101]), (5, 100, 200));
        // An object of long failure waits for longer than its turn.
        let delays: Vec<Duration> = (0..20).map(|_| failures.delay("app".to_owned(), now)).collect();
        assert_eq!(delays[19], LAST);
        // Turns come back.
        assert_eq!(failures.delay("app-200".to_owned(), now + APART * 300), FIRST);
    }
}
