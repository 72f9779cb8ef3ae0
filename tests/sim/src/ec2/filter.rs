//! Filters of describe actions: all filters hold, of each any value; `*` and `?` are wildcards.

use serde_json::Value;

use crate::ecs::{list, text};
use crate::fixtures::Network;
use crate::refusal::Refusal;

/// Whether `fact` (name → value, where the name is a plain filter) and tags satisfy the filters of `input`.
///
/// Errors: `InvalidParameterValue` for a filter that is not known or not simulated.
pub(super) fn holds(input: &Value, network: &Network, facts: &[(&str, &str)]) -> Result<bool, Refusal> {
    let mut holds = true;
    for filter in list(input, "Filters") {
        let name = text(filter, "Name").unwrap_or_default();
        let values: Vec<&str> = list(filter, "Values").iter().filter_map(Value::as_str).collect();
        let any = |fact: &str| values.iter().any(|pattern| wild(pattern, fact));
        holds &= if let Some(key) = name.strip_prefix("tag:") {
            network.tags.get(key).is_some_and(|value| any(value))
        } else if name == "tag-key" {
            network.tags.keys().any(|key| any(key))
        } else if let Some((_, fact)) = facts.iter().find(|(known, _)| *known == name) {
            any(fact)
        } else {
            return Err(Refusal::new("InvalidParameterValue", format!("The filter '{name}' is invalid")));
        };
    }
    Ok(holds)
}

/// Whether `text` fits `pattern`: `*` any run, `?` any one character, a backslash makes the next one plain.
fn wild(pattern: &str, text: &str) -> bool {
    let mut rest = pattern.chars();
    match rest.next() {
        None => text.is_empty(),
        Some('*') => {
            let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.into_iter().any(|at| wild(rest.as_str(), text.get(at..).unwrap_or_default()))
        }
        Some(letter) => {
            let plain = if letter == '\\' { rest.next().unwrap_or(letter) } else { letter };
            let mut left = text.chars();
            let first = left.next();
            first.is_some_and(|first| (letter == '?') || first == plain) && wild(rest.as_str(), left.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::wild;

    #[test]
    fn wildcards_stand_for_runs_and_single_characters() {
        assert!(wild("a.*.c", "a.b.c") && wild("subnet-?", "subnet-1") && wild("*", "") && wild("\\*", "*"));
        assert!(!wild("subnet-?", "subnet-") && !wild("a", "ab") && !wild("\\*", "x"));
    }
}
