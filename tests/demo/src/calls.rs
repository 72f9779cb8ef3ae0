//! AWS calls by kind, out of the record that the simulated AWS keeps of every request.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

/// Calls by action.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calls(BTreeMap<String, usize>);

impl Calls {
    /// The calls that `actor` (an access key) made.
    pub fn of(actor: &str, record: &[String]) -> Self {
        let mut calls = BTreeMap::new();
        for line in record {
            let Ok(call) = serde_json::from_str::<Value>(line) else { continue };
            if call.get("actor").and_then(Value::as_str) == Some(actor)
                && let Some(action) = call.get("action").and_then(Value::as_str)
            {
                *calls.entry(action.to_owned()).or_default() += 1;
            }
        }
        Self(calls)
    }

    /// How often one action was called.
    pub fn number(&self, action: &str) -> usize {
        self.0.get(action).copied().unwrap_or(0)
    }

    fn list(&self, read: bool) -> Vec<String> {
        let wanted = self.0.iter().filter(|(action, _)| is_read(action) == read);
        wanted.map(|(action, number)| format!("{action} {number}")).collect()
    }
}

fn is_read(action: &str) -> bool {
    action.starts_with("Describe") || action.starts_with("List")
}

impl fmt::Display for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> =
            [self.list(false), self.list(true)].iter().filter(|part| !part.is_empty()).map(|p| p.join(", ")).collect();
        if parts.is_empty() { f.write_str("none") } else { f.write_str(&parts.join("; ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_actor_s_calls_count_and_writes_come_first() {
        let line = |actor: &str, action: &str| format!(r#"{{"actor":"{actor}","action":"{action}"}}"#);
        let record = [line("a", "DescribeServices"), line("a", "UpdateService"), line("b", "UpdateService")];
        let calls = Calls::of("a", &record);
        assert_eq!(calls.to_string(), "UpdateService 1; DescribeServices 1");
        assert_eq!((calls.number("UpdateService"), calls.number("RunTask")), (1, 0));
        assert_eq!(Calls::default().to_string(), "none");
    }
}
