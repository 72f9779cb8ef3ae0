//! Rules of `EcsCluster`.

use super::{Rule, alphabet, immutable, no_dots, strategy, tag_keys};

const STRATEGY: [Rule; 3] = strategy!("spec.defaultCapacityProviderStrategy");

/// All rules.
pub(super) const RULES: &[Rule] = &[
    no_dots!("clusterName"),
    immutable!("clusterName"),
    immutable!("accountRef"),
    immutable!("region"),
    alphabet!("spec.clusterName"),
    tag_keys!(),
    STRATEGY[0],
    STRATEGY[1],
    STRATEGY[2],
    Rule::new(
        "spec",
        "!has(self.defaultCapacityProviderStrategy) || self.defaultCapacityProviderStrategy.all(p, has(self.capacityProviders) && p.capacityProvider in self.capacityProviders)",
        "must name only providers listed in `capacityProviders`",
    )
    .at(".defaultCapacityProviderStrategy"),
    Rule::new(
        "spec.configuration.executeCommandConfiguration",
        "!has(self.logging) || self.logging != 'OVERRIDE' || has(self.logConfiguration)",
        "must have `logConfiguration` when `logging` is `OVERRIDE`",
    )
    .at(".logConfiguration")
    .requires(),
    Rule::new(
        "spec.settings[]",
        "self.name != 'containerInsights' || self.value in ['enabled', 'enhanced', 'disabled']",
        "must be `enabled`, `enhanced` or `disabled` for `containerInsights`",
    )
    .at(".value"),
];
