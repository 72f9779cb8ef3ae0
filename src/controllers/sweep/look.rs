//! What a look at an object at rest reads, and what it compares.

use std::hash::{DefaultHasher, Hash, Hasher};

use aws_sdk_applicationautoscaling::types::ScalableTarget;
use aws_sdk_ecs::types::{Cluster, Service};
use futures::future::join_all;

use super::{Name, Shelf};
use crate::api::{EcsCluster, EcsService, EcsServiceSpec, ServerGroup};
use crate::aws::{AwsError, Class, Priority, Scope};
use crate::controllers::context::Context;
use crate::controllers::document::document;
use crate::controllers::kind::Kind;

/// Objects of this kind are not looked at but visited: their passes share requests.
pub(super) const VISITED: &str = <ServerGroup as Kind>::KIND;

/// How an object at rest is looked at, and what was seen last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// A service, with its scalable target where that matters.
    Service {
        /// Account and region.
        scope: Scope,
        /// The cluster, as it is asked for.
        cluster: String,
        /// The service, as it is asked for.
        name: String,
        /// What was seen of it.
        digest: u64,
        /// The scalable target's name and what was seen of it.
        target: Option<(String, u64)>,
    },
    /// A cluster.
    Cluster {
        /// Account and region.
        scope: Scope,
        /// The cluster, as it is asked for.
        name: String,
        /// What was seen of it.
        digest: u64,
    },
    /// A group: its pass reads what it needs, together with those of its neighbours.
    Group {
        /// Account and region.
        scope: Scope,
    },
    /// Nothing in AWS: what matters cannot change.
    Unchanging,
}

impl Look {
    pub(super) fn shelf(&self, kind: &'static str) -> Shelf {
        let (scope, cluster) = match self {
            Self::Service { scope, cluster, .. } => (scope.clone(), cluster.clone()),
            Self::Cluster { scope, .. } | Self::Group { scope } => (scope.clone(), String::new()),
            Self::Unchanging => (Scope::new(""), String::new()),
        };
        Shelf { kind, scope, cluster }
    }
}

/// How many objects of a kind are looked at together: what one request of AWS takes.
pub(super) fn limit(kind: &str) -> usize {
    match kind {
        <EcsService as Kind>::KIND => 10,
        <EcsCluster as Kind>::KIND => 100,
        _ => 20,
    }
}

/// Which of these look different, or cannot be looked at. `visit`: all, without a look.
pub(super) async fn differing(shelf: &Shelf, some: Vec<(Name, Look)>, visit: bool, cx: &Context) -> Vec<(Name, Look)> {
    if visit || ![<EcsService as Kind>::KIND, <EcsCluster as Kind>::KIND].contains(&shelf.kind) {
        return some;
    }
    let looks = some.into_iter().map(|(name, look)| async move {
        let differs = !Box::pin(same(&look, cx)).await;
        differs.then_some((name, look))
    });
    join_all(looks).await.into_iter().flatten().collect()
}

async fn same(look: &Look, cx: &Context) -> bool {
    match look {
        Look::Service { scope, cluster, name, digest, target } => {
            let read = cx.aws.describe_service(scope, cluster, name, Priority::Sweep).await;
            if !unchanged(read, *digest, digest_of_service) {
                return false;
            }
            let Some((resource, before)) = target else { return true };
            let read = cx.aws.describe_scalable_target(scope, resource, Priority::Sweep).await;
            unchanged(read.map(Some), *before, |target| digest_of_target(target.as_ref()))
        }
        Look::Cluster { scope, name, digest } => {
            let read = cx.aws.describe_cluster(scope, name, Priority::Sweep).await;
            unchanged(read, *digest, digest_of_cluster)
        }
        Look::Group { .. } => false,
        Look::Unchanging => true,
    }
}

/// What cannot be read because nobody answers, or too many asked, is looked at again in the next round.
fn unchanged<T>(read: Result<Option<T>, AwsError>, before: u64, digest: impl Fn(&T) -> u64) -> bool {
    match read {
        Ok(Some(now)) => digest(&now) == before,
        Ok(None) => false,
        Err(error) => error.is_outage() || error.class == Class::Throttled,
    }
}

/// What a pass decides by, in one number. Events of the service are not part of it.
#[must_use]
pub fn digest_of_service(service: &Service) -> u64 {
    let mut hasher = DefaultHasher::new();
    document(&EcsServiceSpec::observed(service)).to_string().hash(&mut hasher);
    (&service.status, &service.task_definition, &service.current_service_deployment).hash(&mut hasher);
    (service.desired_count, service.running_count, service.pending_count).hash(&mut hasher);
    let deployments = service.deployments().iter().map(|deployment| {
        format!(
            "{:?}",
            (
                (&deployment.id, &deployment.status, &deployment.rollout_state, &deployment.rollout_state_reason),
                (deployment.desired_count, deployment.running_count, deployment.pending_count),
                (deployment.failed_tasks, &deployment.task_definition),
            )
        )
    });
    in_order(deployments).hash(&mut hasher);
    in_order(service.current_service_revisions().iter().map(|revision| format!("{revision:?}"))).hash(&mut hasher);
    in_order(service.tags().iter().map(|tag| format!("{tag:?}"))).hash(&mut hasher);
    hasher.finish()
}

/// As [`digest_of_service`], of a scalable target; also that there is none has a number.
#[must_use]
pub fn digest_of_target(target: Option<&ScalableTarget>) -> u64 {
    hash_of(&format!("{target:?}"))
}

/// As [`digest_of_service`], of a cluster.
#[must_use]
pub fn digest_of_cluster(cluster: &Cluster) -> u64 {
    let mut cluster = cluster.clone();
    if let Some(tags) = &mut cluster.tags {
        tags.sort_by(|one, other| one.key.cmp(&other.key));
    }
    if let Some(settings) = &mut cluster.settings {
        settings.sort_by_key(|setting| format!("{setting:?}"));
    }
    if let Some(statistics) = &mut cluster.statistics {
        statistics.sort_by(|one, other| one.name.cmp(&other.name));
    }
    if let Some(attachments) = &mut cluster.attachments {
        attachments.sort_by(|one, other| one.id.cmp(&other.id));
    }
    hash_of(&format!("{cluster:?}"))
}

fn in_order(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut texts: Vec<String> = texts.collect();
    texts.sort();
    texts
}

fn hash_of(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
