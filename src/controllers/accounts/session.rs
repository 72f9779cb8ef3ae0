//! Names of sessions and external ids, from installation and namespace. Pure.

use crate::controllers::hash::hash;

/// Most characters of a session's name.
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>
const LONGEST: usize = 64;
/// Digits of the hash that stands for what was cut.
const DIGITS: usize = 8;

/// Name of the session of a namespace; `None` = of all.
#[must_use]
pub fn session_name(namespace: Option<&str>) -> String {
    let wanted = match namespace {
        Some(namespace) => format!("ecs-operator@{namespace}"),
        None => "ecs-operator".to_owned(),
    };
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    let clean: String = wanted.chars().map(|c| if allowed(c) { c } else { '-' }).collect();
    if clean == wanted && clean.len() <= LONGEST {
        return clean;
    }
    let kept: String = clean.chars().take(LONGEST - DIGITS - 1).collect();
    format!("{kept}-{}", hash(&wanted, DIGITS / 2))
}

/// The external id that no tenant can choose.
#[must_use]
pub fn external_id(installation: &str, namespace: &str) -> String {
    format!("{installation}:{namespace}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_sessions_fit_and_stay_distinct() {
        assert_eq!(session_name(Some("shop")), "ecs-operator@shop");
        assert_eq!(session_name(None), "ecs-operator");
        let (a, b) = (format!("{}a", "x".repeat(62)), format!("{}b", "x".repeat(62)));
        let (first, second) = (session_name(Some(&a)), session_name(Some(&b)));
        assert!(first.len() == LONGEST && second.len() == LONGEST && first != second, "{first} {second}");
        assert!(first.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c)));
    }
}
