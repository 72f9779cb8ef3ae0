//! Spinnaker's named placement strategies. Pure.

use crate::api::server_group::template::{PlacementPreset, Template};
use crate::api::shapes::network::PlacementStrategy;

/// The placement of a template, a preset written out; `None` when it says nothing.
pub(super) fn strategy(template: &Template) -> Option<Vec<PlacementStrategy>> {
    let given = template.placement_strategy.clone().filter(|list| !list.is_empty());
    given.or_else(|| template.placement_preset.map(preset))
}

fn preset(preset: PlacementPreset) -> Vec<PlacementStrategy> {
    let one =
        |kind: &str, field: &str| PlacementStrategy { r#type: Some(kind.to_owned()), field: Some(field.to_owned()) };
    let zones = || one("spread", "attribute:ecs.availability-zone");
    match preset {
        PlacementPreset::AZBalancedSpread => vec![zones(), one("spread", "instanceId")],
        PlacementPreset::AZBalancedBinPackMemory => vec![zones(), one("binpack", "memory")],
        PlacementPreset::AZBalancedBinPackCPU => vec![zones(), one("binpack", "cpu")],
        PlacementPreset::BinPackMemory => vec![one("binpack", "memory")],
        PlacementPreset::BinPackCPU => vec![one("binpack", "cpu")],
        PlacementPreset::OneTaskPerHost => vec![one("spread", "instanceId")],
    }
}
