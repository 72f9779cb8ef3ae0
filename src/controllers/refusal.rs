//! Specs that cannot work, refused before any call to AWS. Pure.

use kube::ResourceExt;
use serde_json::Value;

use crate::api::rules::violations;
use crate::controllers::kind::Kind;

/// Problems shown in one message.
const SHOWN: usize = 5;

/// Why a spec is refused: every problem with its field and remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// All problems in one text.
    pub message: String,
}

impl Refusal {
    /// From single problems, in the words of the manifest; none = not refused.
    #[must_use]
    pub fn of(problems: &[String]) -> Option<Self> {
        if problems.is_empty() {
            return None;
        }
        let mut message = problems.iter().take(SHOWN).cloned().collect::<Vec<_>>().join("; ");
        if problems.len() > SHOWN {
            message = format!("{message}; and {} more", problems.len() - SHOWN);
        }
        Some(Self { message })
    }
}

/// The rules of the schema, evaluated again: an object may be older than a rule.
pub fn check<K: Kind>(object: &K) -> Option<Refusal> {
    Refusal::of(&problems(object))
}

/// As [`check`], one text a problem.
pub fn problems<K: Kind>(object: &K) -> Vec<String> {
    let Ok(mut value) = serde_json::to_value(object) else { return Vec::new() };
    // Only what a rule may read: names and spec.
    if let Some(members) = value.as_object_mut() {
        members.remove("status");
        members.insert("metadata".to_owned(), serde_json::json!({"name": object.name_any()}));
    }
    violations(K::KIND, &value, None::<&Value>)
        .into_iter()
        .map(|violation| {
            if violation.path.is_empty() {
                violation.message
            } else {
                format!("`{}` {}", violation.path, violation.message)
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::EcsService;

    #[test]
    fn five_problems_are_shown_and_the_rest_is_counted() {
        let shown = |count: usize| {
            let problems: Vec<String> = (0..count).map(|n| n.to_string()).collect();
            Refusal::of(&problems).map(|refusal| refusal.message)
        };
        assert_eq!(shown(0), None);
        assert_eq!(shown(5).as_deref(), Some("0; 1; 2; 3; 4"));
        assert_eq!(shown(7).as_deref(), Some("0; 1; 2; 3; 4; and 2 more"));
    }

    #[test]
    fn a_spec_that_breaks_a_rule_is_refused_by_its_field_and_a_good_one_is_not() {
        let service = |spec: Value| -> EcsService {
            let object = serde_json::json!({
                "apiVersion": "ecs-operator.dev/v1alpha1", "kind": "EcsService", "metadata": {"name": "web"}, "spec": spec,
            });
            serde_json::from_value(object).unwrap()
        };
        let good = service(serde_json::json!({"cluster": "prod", "taskDefinition": "web:1"}));
        assert_eq!((problems(&good), check(&good)), (Vec::new(), None));
        let bad =
            service(serde_json::json!({"cluster": "prod", "clusterRef": {"name": "prod"}, "taskDefinition": "web:1"}));
        let found = problems(&bad);
        assert!(!found.is_empty() && found.iter().any(|problem| problem.contains("cluster")), "{found:?}");
        assert_eq!(check(&bad), Refusal::of(&found));
    }
}
