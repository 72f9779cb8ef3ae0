//! Services that were there before the group, made by Spinnaker or by hand under the same naming rules: taken in as
//! versions when `adoptionPolicy: Always` asks for it.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::Service;
use futures::future::join_all;

use super::desired::Desired;
use super::name;
use super::resolve::{self, Unresolved};
use super::rollout::sight::{Adoptable, Adoption};
use super::traffic::{Pair, slot_behind};
use crate::api::policy::AdoptionPolicy;
use crate::api::reference::LocalRef;
use crate::api::status::Slot;
use crate::api::{EcsServiceSpec, ServerGroup, ServerGroupStatus};
use crate::aws::AwsError;
use crate::controllers::context::tag_map;
use crate::controllers::ownership::is_marked;
use crate::controllers::pass::Pass;

/// A service that is to become a version.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// Its number.
    pub(super) sequence: i32,
    /// Tasks it is asked for.
    pub(super) desired: i32,
    /// The spec that asks for what it is.
    pub(super) spec: EcsServiceSpec,
}

/// What was read of services that are there already.
#[derive(Debug, Default)]
pub(super) struct AdoptionRead {
    /// For the state machine.
    pub(super) adoption: Adoption,
    /// The services, by name.
    pub(super) services: BTreeMap<String, Found>,
    /// A read that failed.
    pub(super) error: Option<AwsError>,
}

/// Services that are there already: looked for until the group has made or taken its first version.
pub(super) async fn look(desired: &Desired, status: &ServerGroupStatus, pass: &Pass<'_, ServerGroup>) -> AdoptionRead {
    let first = status.last_sequence.is_none() && status.versions.is_empty();
    match read(desired, status, first, pass).await {
        Ok(read) => read,
        Err(error) => {
            let adoption = if first { Adoption::Unread } else { Adoption::Nothing };
            AdoptionRead { adoption, error: Some(error), ..AdoptionRead::default() }
        }
    }
}

async fn read(
    desired: &Desired,
    status: &ServerGroupStatus,
    first: bool,
    pass: &Pass<'_, ServerGroup>,
) -> Result<AdoptionRead, AwsError> {
    let Some(cluster) = desired.cluster.value().filter(|_| pass.policies.adoption == AdoptionPolicy::Always) else {
        return Ok(AdoptionRead::default());
    };
    let names = if first {
        let prefix = format!("{}-v", desired.group);
        pass.cx.aws.service_names(&pass.scope(), cluster, &prefix, pass.priority).await?
    } else {
        let waiting = status.versions.iter().filter(|version| version.adopted && version.created_at.is_none());
        waiting.map(|version| version.name.clone()).collect()
    };
    let services = services(desired, cluster, &names, pass).await?;
    let adoption =
        if first && !services.is_empty() { adoption(desired, &services, pass).await? } else { Adoption::Nothing };
    Ok(AdoptionRead { adoption, services, error: None })
}

/// What becomes of the services; under weighted traffic that needs the target groups that they are behind.
async fn adoption(
    desired: &Desired,
    services: &BTreeMap<String, Found>,
    pass: &Pass<'_, ServerGroup>,
) -> Result<Adoption, AwsError> {
    let pairs = match desired.traffic {
        None => Vec::new(),
        Some(_) => match resolve::pairs(desired, pass).await {
            Ok(pairs) => pairs,
            Err(Unresolved::Problem(why)) => return Ok(Adoption::Refused(why)),
            Err(Unresolved::Read(error)) => return Err(error),
        },
    };
    let adoptable = |(name, found): (&String, &Found)| Adoptable {
        name: name.clone(),
        sequence: found.sequence,
        desired: found.desired,
        slot: slot(&found.spec, &pairs),
    };
    Ok(Adoption::Services(services.iter().map(adoptable).collect()))
}

/// The slot that the service of a spec is in.
pub(super) fn slot(spec: &EcsServiceSpec, pairs: &[Pair]) -> Option<Slot> {
    let balancers = spec.load_balancers.iter().flatten();
    let groups: Vec<&str> = balancers.filter_map(|balancer| balancer.target_group_arn.as_deref()).collect();
    slot_behind(&groups, pairs)
}

/// The services of the group's name, by name, that nobody else's object owns.
async fn services(
    desired: &Desired,
    cluster: &str,
    names: &[String],
    pass: &Pass<'_, ServerGroup>,
) -> Result<BTreeMap<String, Found>, AwsError> {
    let scope = pass.scope();
    let reads = names.iter().map(|service| {
        let scope = scope.clone();
        async move { pass.cx.aws.describe_service(&scope, cluster, service, pass.priority).await }
    });
    let mut found = BTreeMap::new();
    for read in join_all(reads).await {
        let Some(service) = read? else { continue };
        let Some(service_name) = service.service_name.clone() else { continue };
        let (moniker, sequence) = name::parse(&service_name);
        let Some(sequence) = sequence.filter(|_| moniker.group_name() == desired.group) else { continue };
        if service.status.as_deref() == Some("ACTIVE") && !is_marked(&tag_map(service.tags())) {
            found.insert(
                service_name,
                Found { sequence, desired: service.desired_count, spec: spec(&service, desired) },
            );
        }
    }
    Ok(found)
}

/// The spec that asks for exactly what runs.
fn spec(service: &Service, desired: &Desired) -> EcsServiceSpec {
    let seen = EcsServiceSpec::observed(service);
    let strategy = seen.capacity_provider_strategy.clone().filter(|list| !list.is_empty());
    let linked = |role: &String| role.contains(":role/aws-service-role/") || role.ends_with("AWSServiceRoleForECS");
    EcsServiceSpec {
        cluster_ref: desired.spec.cluster_ref.clone(),
        cluster: desired.spec.cluster.clone(),
        account_ref: desired.account.clone().map(|name| LocalRef { name }),
        region: desired.spec.region.clone(),
        adoption_policy: Some(AdoptionPolicy::Always),
        role: seen.role.clone().filter(|role| !linked(role)),
        launch_type: seen.launch_type.clone().filter(|_| strategy.is_none()),
        capacity_provider_strategy: strategy,
        load_balancers: seen.load_balancers.clone().filter(|list| !list.is_empty()),
        service_registries: seen.service_registries.clone().filter(|list| !list.is_empty()),
        placement_constraints: seen.placement_constraints.clone().filter(|list| !list.is_empty()),
        placement_strategy: seen.placement_strategy.clone().filter(|list| !list.is_empty()),
        tags: None,
        ..seen
    }
}
