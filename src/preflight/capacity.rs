//! Capacity provider strategies of services and clusters, and what Fargate does not combine with.

use super::names::{filled, items, twice};
use super::{Found, Rule};
use crate::api::ecs_cluster::EcsClusterSpec;
use crate::api::ecs_service::EcsServiceSpec;
use crate::api::shapes::cluster::CapacityProviderStrategyItem;

pub(super) const SERVICE: &[Rule<EcsServiceSpec>] = &[one_way, of_service, placement];
pub(super) const CLUSTER: &[Rule<EcsClusterSpec>] = &[of_cluster, attached];

type Strategy = Option<Vec<CapacityProviderStrategyItem>>;

fn one_way(spec: &EcsServiceSpec, found: &mut Found) {
    if spec.launch_type.is_some() && filled(spec.capacity_provider_strategy.as_ref()) {
        found.add("capacityProviderStrategy", "cannot stand beside `launchType`", "keep one of them");
    }
}

fn of_service(spec: &EcsServiceSpec, found: &mut Found) {
    strategy("capacityProviderStrategy", &spec.capacity_provider_strategy, found);
}

fn of_cluster(spec: &EcsClusterSpec, found: &mut Found) {
    strategy("defaultCapacityProviderStrategy", &spec.default_capacity_provider_strategy, found);
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html>
fn strategy(path: &str, strategy: &Strategy, found: &mut Found) {
    let list: Vec<&CapacityProviderStrategyItem> = items(strategy.as_ref()).collect();
    if list.len() > 20 {
        found.add(path, "has more than 20 items", "keep at most 20");
    }
    if list.iter().filter(|item| item.base.is_some_and(|base| base > 0)).count() > 1 {
        found.add(path, "has more than one item with a `base`", "keep `base` on one item");
    }
    let unset = |item: &&CapacityProviderStrategyItem| item.weight.unwrap_or(0) == 0;
    // A single item without a weight is what many examples show; it is left to ECS.
    let decided = list.len() > 1 || list.iter().any(|item| item.weight.is_some());
    if decided && list.iter().all(unset) {
        found.add(path, "has no item with a `weight` above 0", "give one item a weight");
    }
    let names = || list.iter().filter_map(|item| item.capacity_provider.as_deref());
    if names().any(is_fargate) && !names().all(is_fargate) {
        found.add(path, "mixes Fargate with other capacity providers", "use either FARGATE and FARGATE_SPOT or others");
    }
    for name in twice(names()) {
        found.add(format!("{path}[{name}]"), "occurs twice", "keep one item for each capacity provider");
    }
    for item in &list {
        let label = item.capacity_provider.as_deref().unwrap_or_default();
        if item.weight.is_some_and(|weight| !(0..=1000).contains(&weight)) {
            found.add(format!("{path}[{label}].weight"), "must be 0 to 1000", "choose a weight in that range");
        }
        if item.base.is_some_and(|base| !(0..=100_000).contains(&base)) {
            found.add(format!("{path}[{label}].base"), "must be 0 to 100000", "choose a base in that range");
        }
    }
}

fn is_fargate(provider: &str) -> bool {
    matches!(provider, "FARGATE" | "FARGATE_SPOT")
}

/// Whether the service asks for Fargate by launch type or by capacity provider.
pub(super) fn on_fargate(spec: &EcsServiceSpec) -> bool {
    let providers = items(spec.capacity_provider_strategy.as_ref());
    spec.launch_type.as_deref() == Some("FARGATE")
        || providers.filter_map(|item| item.capacity_provider.as_deref()).any(is_fargate)
}

fn placement(spec: &EcsServiceSpec, found: &mut Found) {
    if on_fargate(spec) {
        let lists = [
            ("placementConstraints", filled(spec.placement_constraints.as_ref())),
            ("placementStrategy", filled(spec.placement_strategy.as_ref())),
        ];
        for (member, _) in lists.into_iter().filter(|(_, filled)| *filled) {
            found.add(member, "is not supported on Fargate", "leave it out");
        }
    }
    let lengths = [
        ("placementConstraints", spec.placement_constraints.as_ref().map_or(0, Vec::len), 10),
        ("placementStrategy", spec.placement_strategy.as_ref().map_or(0, Vec::len), 5),
    ];
    for (member, length, most) in lengths {
        if length > most {
            found.add(member, format!("has more than {most} items"), format!("keep at most {most}"));
        }
    }
}

/// The default strategy may only name providers that the cluster has.
fn attached(spec: &EcsClusterSpec, found: &mut Found) {
    for item in items(spec.default_capacity_provider_strategy.as_ref()) {
        let Some(name) = item.capacity_provider.as_deref() else {
            continue;
        };
        if !items(spec.capacity_providers.as_ref()).any(|provider| provider == name) {
            let path = format!("defaultCapacityProviderStrategy[{name}]");
            found.add(path, "is not attached to the cluster", "add it to `capacityProviders`");
        }
    }
}
