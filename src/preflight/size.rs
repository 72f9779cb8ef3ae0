//! The encoded size of a task definition.

use serde_json::Value;

use super::{Found, Rule};
use crate::api::ecs_task_definition::EcsTaskDefinitionSpec as Spec;

pub(super) const RULES: &[Rule<Spec>] = &[encoded];

/// Largest task definition, in bytes of JSON.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html>
const LARGEST: usize = 65_536;

/// Members of the spec that are ours and not sent.
const OURS: &[&str] =
    &["region", "managementMode", "deletionPolicy", "adoptionPolicy", "driftPolicy", "revisionHistoryLimit", "tags"];

fn encoded(spec: &Spec, found: &mut Found) {
    let Ok(Value::Object(mut document)) = serde_json::to_value(spec) else {
        return;
    };
    document.retain(|member, _| !OURS.contains(&member.as_str()));
    let length = Value::Object(document).to_string().len();
    if length > LARGEST {
        let problem = format!("is {length} bytes long when encoded. Max allowed length is '{LARGEST}' bytes");
        found.add("containerDefinitions", problem, "move environment variables to `environmentFiles` or `secrets`");
    }
}
