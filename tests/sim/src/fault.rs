//! Scripted faults: rules that match calls, and what they do to them.

use serde::Deserialize;
use serde_json::Value;

use crate::rng::Rng;
use crate::wire::call::Call;

/// What happens to a matching call.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Effect {
    /// An error of any code; nothing is applied.
    Error {
        /// The code.
        code: String,
        /// The message.
        #[serde(default)]
        message: String,
        /// The HTTP status.
        #[serde(default = "bad_request")]
        status: u16,
    },
    /// A status without a body; nothing is applied.
    Status {
        /// The HTTP status.
        status: u16,
    },
    /// HTTP 500 with an HTML page; nothing is applied.
    Html,
    /// HTTP 200 with bytes that are no JSON; applied.
    Garbage,
    /// Half of the true answer; applied.
    Truncated,
    /// The connection is closed before the call is looked at.
    ResetBefore,
    /// The call is applied, then the connection is closed.
    ApplyThenDrop,
    /// The call is applied twice; the second answer is given.
    ApplyTwice,
    /// The answer comes late.
    Latency {
        /// Virtual milliseconds.
        ms: i64,
    },
    /// No answer ever comes.
    Hang {
        /// Whether the call is applied.
        #[serde(default)]
        applied: bool,
    },
}

fn bad_request() -> u16 {
    400
}

/// When a fault fires. Absent conditions always hold; texts are globs with `*`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// The service's signing name.
    #[serde(default)]
    pub service: Option<String>,
    /// The action.
    #[serde(default)]
    pub action: Option<String>,
    /// Any text of the input: a name or an ARN.
    #[serde(default)]
    pub resource: Option<String>,
    /// Who calls.
    #[serde(default)]
    pub actor: Option<String>,
    /// Only the n-th call that matches the above, from 1.
    #[serde(default)]
    pub nth: Option<u64>,
    /// In so many of 100 cases.
    #[serde(default)]
    pub percent: Option<u8>,
    /// Not before this virtual time, milliseconds.
    #[serde(default)]
    pub from: Option<i64>,
    /// Only before this virtual time, milliseconds.
    #[serde(default)]
    pub until: Option<i64>,
    /// At most so many times.
    #[serde(default)]
    pub times: Option<u64>,
    /// What happens.
    pub effect: Effect,
}

impl Rule {
    /// A rule that always fires for `action`.
    pub fn on(action: impl Into<String>, effect: Effect) -> Self {
        Self {
            service: None,
            action: Some(action.into()),
            resource: None,
            actor: None,
            nth: None,
            percent: None,
            from: None,
            until: None,
            times: None,
            effect,
        }
    }

    /// The same rule, firing once.
    #[must_use]
    pub fn once(self) -> Self {
        Self { times: Some(1), ..self }
    }
}

#[derive(Debug, Clone)]
struct Armed {
    id: u64,
    rule: Rule,
    matched: u64,
    fired: u64,
}

/// The rules of a run, in order; the first that fires acts.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    rules: Vec<Armed>,
    added: u64,
}

impl Faults {
    /// Adds a rule behind the others and gives its id.
    pub fn add(&mut self, rule: Rule) -> u64 {
        self.added += 1;
        self.rules.push(Armed { id: self.added, rule, matched: 0, fired: 0 });
        self.added
    }

    /// Removes one rule, or all.
    pub fn clear(&mut self, id: Option<u64>) {
        self.rules.retain(|armed| id.is_some_and(|id| armed.id != id));
    }

    /// How often the rule with this id fired.
    pub fn fired(&self, id: u64) -> u64 {
        self.rules.iter().find(|armed| armed.id == id).map_or(0, |armed| armed.fired)
    }

    /// What happens to `call`, if anything.
    pub fn effect(&mut self, call: &Call, now: i64, rng: &mut Rng) -> Option<Effect> {
        for armed in &mut self.rules {
            if !matches(&armed.rule, call, now) {
                continue;
            }
            armed.matched += 1;
            let rule = &armed.rule;
            let due = rule.nth.is_none_or(|nth| nth == armed.matched)
                && rule.times.is_none_or(|times| armed.fired < times)
                && rule.percent.is_none_or(|percent| rng.chance(percent));
            if due {
                armed.fired += 1;
                return Some(rule.effect.clone());
            }
        }
        None
    }
}

fn matches(rule: &Rule, call: &Call, now: i64) -> bool {
    let fits = |pattern: &Option<String>, text: &str| pattern.as_ref().is_none_or(|pattern| glob(pattern, text));
    fits(&rule.service, &call.service)
        && fits(&rule.action, &call.action)
        && fits(&rule.actor, &call.actor)
        && rule.from.is_none_or(|from| now >= from)
        && rule.until.is_none_or(|until| now < until)
        && rule.resource.as_ref().is_none_or(|pattern| any_text(&call.input, pattern))
}

fn any_text(value: &Value, pattern: &str) -> bool {
    match value {
        Value::String(text) => glob(pattern, text),
        Value::Array(items) => items.iter().any(|item| any_text(item, pattern)),
        Value::Object(members) => members.values().any(|member| any_text(member, pattern)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Whether `text` fits `pattern`, in which `*` stands for anything.
pub fn glob(pattern: &str, text: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(rest) = text.strip_prefix(head) else {
        return false;
    };
    if tail.is_empty() {
        return true;
    }
    rest.char_indices().map(|(at, _)| at).chain([rest.len()]).any(|at| glob(tail, rest.get(at..).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_any_run_of_characters() {
        assert!(glob("*service/*/web-*", "arn:aws:ecs:eu:1:service/c/web-v001"));
        assert!(glob("Describe*", "DescribeServices") && glob("a", "a") && glob("*", ""));
        assert!(!glob("Describe*", "ListServices") && !glob("a*c", "ab"));
    }
}
