//! Policy documents: reading and evaluating them ("Policy evaluation logic", IAM user guide), identity-based ones only.

use std::collections::BTreeMap;

use serde::Deserialize;
use thiserror::Error;

use super::Demand;

/// A document that cannot be enforced.
#[derive(Debug, Error)]
pub enum PolicyError {
    /// No document.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// A condition operator that is not simulated.
    #[error("condition operator `{0}` is not simulated")]
    Operator(String),
}

/// Statements of one or more documents.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    statements: Vec<Statement>,
}

#[derive(Debug, Clone)]
struct Statement {
    sid: String,
    denies: bool,
    actions: Vec<String>,
    resources: Vec<String>,
    conditions: Vec<Condition>,
}

#[derive(Debug, Clone)]
struct Condition {
    all: bool,
    if_exists: bool,
    test: Test,
    /// In lower case.
    key: String,
    values: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Test {
    Equals,
    Like,
    Absent,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Written {
    statement: Vec<WrittenStatement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct WrittenStatement {
    #[serde(default)]
    sid: String,
    effect: String,
    action: Values,
    resource: Values,
    #[serde(default)]
    condition: BTreeMap<String, BTreeMap<String, Values>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Values {
    One(String),
    Many(Vec<String>),
}

impl From<Values> for Vec<String> {
    fn from(values: Values) -> Self {
        match values {
            Values::One(value) => vec![value],
            Values::Many(values) => values,
        }
    }
}

impl Policy {
    /// Reads a document.
    pub fn read(text: &str) -> Result<Self, PolicyError> {
        let written: Written = serde_json::from_str(text)?;
        let statements: Result<_, _> = written.statement.into_iter().map(Statement::read).collect();
        Ok(Self { statements: statements? })
    }

    /// With the statements of another document.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.statements.extend(other.statements);
        self
    }

    /// Without the statement of this name.
    #[must_use]
    pub fn without(mut self, sid: &str) -> Self {
        self.statements.retain(|statement| statement.sid != sid);
        self
    }

    /// The names of its statements.
    pub fn sids(&self) -> Vec<String> {
        self.statements.iter().map(|statement| statement.sid.clone()).collect()
    }

    /// The statements that allow a demand; none when one denies it.
    pub fn allows(&self, demand: &Demand) -> Vec<&str> {
        let fitting: Vec<&Statement> = self.statements.iter().filter(|statement| statement.fits(demand)).collect();
        if fitting.iter().any(|statement| statement.denies) {
            return Vec::new();
        }
        fitting.into_iter().map(|statement| statement.sid.as_str()).collect()
    }
}

impl Statement {
    fn read(written: WrittenStatement) -> Result<Self, PolicyError> {
        let mut conditions = Vec::new();
        for (operator, keys) in written.condition {
            for (key, values) in keys {
                conditions.push(Condition::read(&operator, &key, values.into())?);
            }
        }
        Ok(Self {
            sid: written.sid,
            denies: written.effect == "Deny",
            actions: Vec::from(written.action).iter().map(|action| action.to_lowercase()).collect(),
            resources: written.resource.into(),
            conditions,
        })
    }

    fn fits(&self, demand: &Demand) -> bool {
        let action = demand.action.to_lowercase();
        self.actions.iter().any(|pattern| like(pattern, &action))
            && self.resources.iter().any(|pattern| like(pattern, &demand.resource))
            && self.conditions.iter().all(|condition| condition.holds(demand))
    }
}

impl Condition {
    fn read(operator: &str, key: &str, values: Vec<String>) -> Result<Self, PolicyError> {
        let unknown = || PolicyError::Operator(operator.to_owned());
        let (all, name) = match operator.split_once(':') {
            Some(("ForAllValues", name)) => (true, name),
            Some(("ForAnyValue", name)) => (false, name),
            Some(_) => return Err(unknown()),
            None => (false, operator),
        };
        let (name, if_exists) = name.strip_suffix("IfExists").map_or((name, false), |name| (name, true));
        let test = match name {
            "StringEquals" => Test::Equals,
            "StringLike" | "ArnLike" | "ArnEquals" => Test::Like,
            "Null" => Test::Absent,
            _ => return Err(unknown()),
        };
        Ok(Self { all, if_exists, test, key: key.to_lowercase(), values })
    }

    fn holds(&self, demand: &Demand) -> bool {
        let given = demand.context.get(&self.key);
        if self.test == Test::Absent {
            return self.values.iter().any(|value| (value == "true") == given.is_none());
        }
        let Some(given) = given else { return self.all || self.if_exists };
        let fits = |value: &String| {
            self.values.iter().any(|wanted| match self.test {
                Test::Like => like(wanted, value),
                Test::Equals | Test::Absent => wanted == value,
            })
        };
        if self.all { given.iter().all(fits) } else { given.iter().any(fits) }
    }
}

/// Does a text fit a pattern with `*` and `?`?
fn like(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    // The last `*` of the pattern and how far the text was when it was met.
    let (mut at, mut here, mut star) = (0, 0, None);
    while let Some(letter) = text.get(here) {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, here));
                at += 1;
            }
            Some(wanted) if *wanted == '?' || wanted == letter => {
                at += 1;
                here += 1;
            }
            _ => {
                let Some((back, from)) = star else { return false };
                star = Some((back, from + 1));
                at = back + 1;
                here = from + 1;
            }
        }
    }
    pattern.iter().skip(at).all(|rest| *rest == '*')
}
