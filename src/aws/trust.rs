//! Trust policies of roles: does one let a service in? Pure.

use serde_json::Value;

/// What has to be allowed.
const ASSUME: &str = "sts:assumerole";

/// Does a statement of the document allow the service to assume the role? Conditions and denials are not weighed:
/// who writes them knows what they are for.
pub(super) fn lets_in(document: &str, service: &str) -> bool {
    let Ok(policy) = serde_json::from_str::<Value>(document) else { return false };
    listed(policy.get("Statement")).into_iter().any(|statement| {
        let effect = statement.get("Effect").and_then(Value::as_str);
        let acts = texts(statement.get("Action")).any(|action| fits(&action.to_ascii_lowercase(), ASSUME));
        effect == Some("Allow") && acts && names(statement.get("Principal"), service)
    })
}

fn names(principal: Option<&Value>, service: &str) -> bool {
    match principal {
        Some(Value::String(everybody)) => everybody == "*",
        Some(principal) => texts(principal.get("Service")).any(|named| {
            // China's own suffix names the same service.
            named == "*" || named.strip_suffix(".cn").unwrap_or(named).eq_ignore_ascii_case(service)
        }),
        None => false,
    }
}

/// One thing or a list of them.
fn listed(value: Option<&Value>) -> Vec<&Value> {
    match value {
        Some(Value::Array(items)) => items.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    }
}

fn texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    listed(value).into_iter().filter_map(Value::as_str)
}

/// IAM's patterns: `*` is any text, `?` any character.
fn fits(pattern: &str, text: &str) -> bool {
    let mut rest = pattern.chars();
    match (rest.next(), text.chars().next()) {
        (None, first) => first.is_none(),
        (Some('*'), _) => {
            let tails = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            tails.filter_map(|at| text.get(at..)).any(|tail| fits(rest.as_str(), tail))
        }
        (Some(wanted), Some(first)) => {
            (wanted == '?' || wanted == first) && fits(rest.as_str(), text.get(first.len_utf8()..).unwrap_or_default())
        }
        (Some(_), None) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TASKS: &str = "ecs-tasks.amazonaws.com";

    fn with(statement: &Value) -> bool {
        lets_in(&json!({ "Version": "2012-10-17", "Statement": statement }).to_string(), TASKS)
    }

    fn allow(action: &Value, principal: &Value) -> Value {
        json!({ "Effect": "Allow", "Action": action, "Principal": principal })
    }

    #[test]
    fn any_allowing_statement_is_enough_with_texts_or_lists() {
        let tasks = json!({ "Service": TASKS });
        let both = json!({ "Service": ["ec2.amazonaws.com", TASKS] });
        let other = allow(&json!("sts:AssumeRole"), &json!({ "Service": "ec2.amazonaws.com" }));
        for action in ["sts:AssumeRole", "sts:*", "*", "STS:assume*", "sts:AssumeRol?"] {
            assert!(with(&allow(&json!(action), &tasks)), "{action}");
            assert!(with(&json!([other, allow(&json!(["sts:TagSession", action]), &both)])), "{action}");
        }
        assert!(with(&json!([allow(&json!("sts:AssumeRole"), &json!("*"))])));
        assert!(with(&allow(&json!("sts:AssumeRole"), &json!({ "Service": "ecs-tasks.amazonaws.com.cn" }))));
    }

    #[test]
    fn another_effect_action_or_principal_is_not_trust() {
        let tasks = json!({ "Service": TASKS });
        let assume = json!("sts:AssumeRole");
        assert!(!with(&json!({ "Effect": "Deny", "Action": assume, "Principal": tasks })));
        for action in ["sts:TagSession", "sts:AssumeRoleWithSAML", "sts:AssumeRole?", "ecs:*", ""] {
            assert!(!with(&allow(&json!(action), &tasks)), "{action}");
        }
        for principal in [json!({ "Service": "ecs.amazonaws.com" }), json!({ "AWS": "*" }), json!(TASKS), json!({})] {
            assert!(!with(&allow(&assume, &principal)), "{principal}");
        }
        assert!(
            !with(&json!([])) && !lets_in("", TASKS) && !lets_in("[]", TASKS) && !lets_in("{\"Statement\":3}", TASKS)
        );
    }
}
