//! Roles that are words of a template rather than names.

use serde_json::{Map, Value};

use crate::preflight::Problem;

/// A bare name is a role's name to ECS, so `TASK_ROLE` or `REPLACE_ME_ROLE_ARN` would be looked up.
/// Whoever has a role of such a name can write its ARN.
pub(super) fn find(spec: &Map<String, Value>, problems: &mut Vec<Problem>) {
    for member in ["taskRoleArn", "executionRoleArn", "role"] {
        let text = spec.get(member).and_then(Value::as_str).unwrap_or_default();
        let template =
            text.contains('_') && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
        if template {
            let problem = format!(
                "is `{text}`, which ECS reads as a role's name and which looks like a placeholder: \"Role is not valid\""
            );
            problems.push(Problem::new(member, problem, "write arn:aws:iam::<account>:role/<name>"));
        }
    }
}
