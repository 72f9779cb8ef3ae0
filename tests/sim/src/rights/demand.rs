//! One question to a policy: an action on a resource, and what is known beside it.

use std::collections::BTreeMap;
use std::fmt;

/// An action on a resource in a context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    /// `service:Name`.
    pub action: String,
    /// An ARN, or `*` where the action knows no resource.
    pub resource: String,
    /// Values by condition key, in lower case.
    pub context: BTreeMap<String, Vec<String>>,
}

impl Demand {
    pub(super) fn new(service: &str, action: &str, resource: impl Into<String>) -> Self {
        Self { action: format!("{service}:{action}"), resource: resource.into(), context: BTreeMap::new() }
    }

    /// With one value of a key.
    pub(super) fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.context.entry(key.to_lowercase()).or_default().push(value.into());
        self
    }

    /// With the tags of the request.
    pub(super) fn requesting(self, tags: &[(String, String)]) -> Self {
        tags.iter().fold(self, |demand, (key, value)| {
            demand.with(&format!("aws:RequestTag/{key}"), value).with("aws:TagKeys", key)
        })
    }

    /// With the tags of the resource.
    pub(super) fn bearing<'a>(self, tags: impl IntoIterator<Item = (&'a String, &'a String)>) -> Self {
        tags.into_iter().fold(self, |demand, (key, value)| demand.with(&format!("aws:ResourceTag/{key}"), value))
    }
}

impl fmt::Display for Demand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {} with {:?}", self.action, self.resource, self.context)
    }
}
