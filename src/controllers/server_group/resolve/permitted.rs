//! Whether the account lets the namespace use what the names in a template stand for, and what its document names. Pure.

use serde_json::json;

use crate::api::condition::Reason;
use crate::controllers::accounts::{Place, Refused, check};
use crate::controllers::server_group::desired::Desired;
use crate::controllers::server_group::render::{Resolved, VersionOf, task_definition};

/// Why the first thing that is not allowed is not. ARNs in the spec itself were looked at before the pass began.
pub(super) fn refusal(desired: &Desired, resolved: &Resolved, place: &Place) -> Option<(Reason, String)> {
    let named = |(name, arn): (&String, &String)| {
        let refused = check(&json!({"targetGroupMappings": {"targetGroup": arn}}), None, place)?;
        Some(told(refused, &format!("target group `{name}`")))
    };
    resolved.target_groups.iter().find_map(named).or_else(|| {
        let version = VersionOf { name: desired.moniker.version_name(0), ..VersionOf::default() };
        let definition = task_definition(desired, &version, resolved).ok()?;
        let refused = check(&serde_json::to_value(definition).ok()?, None, place)?;
        Some(told(refused, "artifact")).filter(|_| desired.document.is_some())
    })
}

fn told(refused: Refused, what: &str) -> (Reason, String) {
    match refused {
        Refused::Stuck(reason, why) => (reason, format!("{what}: {why}")),
        Refused::Waits(why) => (Reason::DependencyNotReady, why),
    }
}
