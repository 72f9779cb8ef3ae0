//! Where a call goes: which account, which region.

use std::fmt;

/// Which configured AWS account, and with whose set of credentials. The operator's own identity is `default`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountKey {
    name: String,
    /// `None` = the operator's own credentials; else the namespace the set is for, empty for all.
    set: Option<String>,
}

impl AccountKey {
    /// The set of credentials that all namespaces share in an account.
    pub fn named(name: impl Into<String>) -> Self {
        Self::for_namespace(name, "")
    }

    /// The set of credentials of one namespace in an account.
    pub fn for_namespace(name: impl Into<String>, namespace: impl Into<String>) -> Self {
        Self { name: name.into(), set: Some(namespace.into()) }
    }

    /// Name of the account, whichever the set.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Is it the operator's own identity?
    pub fn is_own(&self) -> bool {
        self.set.is_none()
    }
}

impl Default for AccountKey {
    fn default() -> Self {
        Self { name: "default".to_owned(), set: None }
    }
}

impl fmt::Display for AccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match self.set.as_deref() {
            None | Some("") => Ok(()),
            Some(set) => write!(f, "@{set}"),
        }
    }
}

/// An account and a region: what clients and batches are kept apart by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    /// The account.
    pub account: AccountKey,
    /// The region, such as `eu-central-1`.
    pub region: String,
}

impl Scope {
    /// The scope of the default account in `region`.
    pub fn new(region: impl Into<String>) -> Self {
        Self { account: AccountKey::default(), region: region.into() }
    }

    /// The scope of `account` in `region`.
    pub fn of(account: AccountKey, region: impl Into<String>) -> Self {
        Self { account, region: region.into() }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.region)
    }
}
