//! Where a call goes: which account, which region.

use std::fmt;

/// Which configured AWS account; the operator's own credentials are `default`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountKey(pub String);

impl Default for AccountKey {
    fn default() -> Self {
        Self("default".to_owned())
    }
}

impl fmt::Display for AccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An account and a region: what clients, throttle buckets and batches are kept apart by.
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
