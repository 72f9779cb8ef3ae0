//! Does what manifests name exist in AWS, and does it fit? Read with the person's own credentials; no value of a secret is read.

pub mod observe;
pub mod wants;

use serde::Serialize;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// It is there and fits.
    Ok,
    /// It is not there, or does not fit.
    Wrong,
    /// Nobody could look.
    NotChecked,
}

/// A check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// `kind/name`.
    pub object: String,
    /// The member that names it.
    pub field: String,
    /// What is named: `role ecsTaskRole`.
    pub what: String,
    /// How it ended.
    pub verdict: Verdict,
    /// Why it is wrong, or was not checked; what was found.
    pub why: String,
    /// What to do.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub remedy: String,
}

/// What came of looking: verdict, why, remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// How it ended.
    pub verdict: Verdict,
    /// Why.
    pub why: String,
    /// What to do.
    pub remedy: String,
}

impl Found {
    /// It fits.
    #[must_use]
    pub fn ok(why: impl Into<String>) -> Self {
        Self { verdict: Verdict::Ok, why: why.into(), remedy: String::new() }
    }

    /// It does not.
    #[must_use]
    pub fn wrong(why: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { verdict: Verdict::Wrong, why: why.into(), remedy: remedy.into() }
    }

    /// Nobody could look.
    #[must_use]
    pub fn unchecked(why: impl Into<String>) -> Self {
        Self { verdict: Verdict::NotChecked, why: why.into(), remedy: String::new() }
    }
}
