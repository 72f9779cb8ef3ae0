//! From the spec and the annotations to what the state machine is asked. Pure.

use super::desired::Desired;
use super::render::images;
use super::rollout::sight::Asked;
use crate::api::policy::ScalingMode;
use crate::controllers::directive::Directive;

/// What is asked now.
pub(super) fn asked(desired: &Desired, directive: &Directive, source_count: Option<i32>) -> Asked {
    let traffic = desired.traffic.as_ref();
    Asked {
        group: desired.group.clone(),
        hash: desired.template_hash.clone(),
        images: images(desired),
        min: desired.capacity.min,
        desired: desired.capacity.desired,
        max: desired.capacity.max,
        managed: desired.scaling.mode == ScalingMode::Managed,
        disabled: desired.disabled,
        to_version: desired.rollback.to_version.clone(),
        on_failure: desired.rollback.on_failure,
        destroy_latest: desired.rollback.destroy_latest,
        reuse_equal: desired.rollback.reuse_equal_version,
        strategy: desired.strategy.clone(),
        gate: desired.gate.clone(),
        weighted: traffic.is_some(),
        settle_seconds: traffic.map_or(0, |traffic| traffic.settle_seconds.into()),
        max_settle_seconds: traffic.map_or(0, |traffic| traffic.max_settle_seconds.into()),
        source_count,
        promote: directive.promote.clone(),
        abort: directive.abort.clone(),
        retry: directive.retry.clone(),
        refused: false,
    }
}
