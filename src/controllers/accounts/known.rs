//! What is known of the accounts: the objects, and which namespaces their selectors select. Pure but for the memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kube::ResourceExt;

use crate::api::names::FINALIZER;
use crate::api::status::{Account, Status};
use crate::api::{AwsAccount, AwsAccountSpec};
use crate::controllers::context::{StoreOf, Stores, some, unreadable};
use crate::controllers::kind::Kind;

/// Namespaces that the selectors of an account select.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selected {
    /// By `allowedNamespaces`.
    pub allowed: BTreeSet<String>,
    /// By `defaultFor`.
    pub default: BTreeSet<String>,
}

/// An account as a resolution sees it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    /// Name of the object.
    pub name: String,
    /// What it says.
    pub spec: AwsAccountSpec,
    /// The account id, once it was found out.
    pub id: Option<String>,
    /// Does it stay until nobody uses it?
    pub claimed: bool,
    /// Is it being deleted?
    pub deleting: bool,
    /// What its selectors select; `None` while nobody looked, or where it has none.
    pub selected: Option<Selected>,
}

/// All accounts: those that can be read, and names of those that cannot.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Accounts {
    /// By name.
    pub known: Vec<Known>,
    /// Names of objects that this version cannot read.
    pub unreadable: Vec<String>,
    /// Are accounts not read at all?
    pub off: bool,
}

#[derive(Debug, Default)]
struct Memory {
    selected: BTreeMap<String, Selected>,
    versions: BTreeMap<String, String>,
}

/// What the process remembers of accounts besides the objects.
#[derive(Clone, Debug, Default)]
pub struct Knowledge(Arc<Mutex<Memory>>);

impl Knowledge {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers which namespaces an account's selectors select. Did that change?
    pub fn select(&self, account: &str, selected: &Selected) -> bool {
        self.memory().selected.insert(account.to_owned(), selected.clone()).as_ref() != Some(selected)
    }

    /// Notes the version of an account. `None` = the one known; else whether it is the first one looked at.
    pub fn look(&self, account: &str, version: Option<&str>) -> Option<bool> {
        let version = version.unwrap_or_default().to_owned();
        match self.memory().versions.insert(account.to_owned(), version.clone()) {
            Some(known) if known == version => None,
            Some(_) => Some(false),
            None => Some(true),
        }
    }

    /// Forgets an account that is gone.
    pub fn forget(&self, account: &str) {
        let mut memory = self.memory();
        memory.selected.remove(account);
        memory.versions.remove(account);
    }

    /// All accounts of a store.
    pub fn accounts(&self, store: &StoreOf<AwsAccount>, off: bool) -> Accounts {
        let memory = self.memory();
        let known = some(store, |_| true).into_iter().map(|account| Known {
            name: account.name_any(),
            id: account.status.as_ref().and_then(|status| status.account_id.clone()),
            claimed: account.finalizers().iter().any(|name| name == FINALIZER),
            deleting: account.metadata.deletion_timestamp.is_some(),
            selected: memory.selected.get(&account.name_any()).cloned(),
            spec: account.spec,
        });
        Accounts { known: known.collect(), unreadable: unreadable(store), off }
    }
}

impl Known {
    /// Namespaces that may use it, by name or label.
    #[must_use]
    pub fn allowed(&self) -> BTreeSet<String> {
        let mut names = self.selected.as_ref().map(|selected| selected.allowed.clone()).unwrap_or_default();
        names.extend(self.spec.allowed_namespaces.iter().flat_map(|given| given.names.iter().flatten()).cloned());
        names
    }

    /// Namespaces that use it without naming it.
    fn defaults(&self) -> BTreeSet<String> {
        let mut names = self.selected.as_ref().map(|selected| selected.default.clone()).unwrap_or_default();
        names.extend(self.spec.default_for.iter().flat_map(|given| given.names.iter().flatten()).cloned());
        names
    }
}

/// Kind, namespace and name of an object.
pub type Use = (&'static str, String, String);

/// What an object of ours says of accounts.
struct Member {
    of: Use,
    /// `status.account`, which may be the operator's own.
    recorded: Option<Account>,
    named: Option<String>,
    claimed: bool,
}

/// Objects that stand in an account by their status, or may without having said so yet; sorted.
#[must_use]
pub fn uses(account: &str, stores: &Stores) -> Vec<Use> {
    let stands = |member: &Member| match &member.recorded {
        Some(recorded) => recorded.name.as_deref() == Some(account),
        None => member.claimed && member.named.as_deref() == Some(account),
    };
    members(stores).into_iter().filter(stands).map(|member| member.of).collect()
}

/// Namespaces with objects that ask for an account, by name or as its default, and may.
#[must_use]
pub fn asking(known: &Known, stores: &Stores) -> BTreeSet<String> {
    let (allowed, defaults) = (known.allowed(), known.defaults());
    let asks = |member: &Member| {
        let namespace = &member.of.1;
        let recorded = member.recorded.as_ref().is_some_and(|account| account.name.as_ref() == Some(&known.name));
        let named = member.named.as_deref() == Some(known.name.as_str());
        allowed.contains(namespace) && (recorded || named || (member.named.is_none() && defaults.contains(namespace)))
    };
    members(stores).into_iter().filter(asks).map(|member| member.of.1).collect()
}

fn members(stores: &Stores) -> Vec<Member> {
    let mut found = in_store(&stores.clusters);
    found.extend(in_store(&stores.task_definitions));
    found.extend(in_store(&stores.services));
    found.extend(in_store(&stores.server_groups));
    found.sort_by(|a, b| a.of.cmp(&b.of));
    found
}

fn in_store<K: Kind>(store: &StoreOf<K>) -> Vec<Member> {
    let member = |object: K| Member {
        of: (K::KIND, object.namespace().unwrap_or_default(), object.name_any()),
        recorded: object.status().and_then(|status| status.common().account),
        named: object.policies().account,
        claimed: object.finalizers().iter().any(|name| name == FINALIZER),
    };
    some(store, |_| true).into_iter().map(member).collect()
}
