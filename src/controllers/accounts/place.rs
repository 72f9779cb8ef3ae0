//! Which account and Region an object belongs to, or why none. Pure.

use super::allow::Restrictions;
use super::known::{Accounts, Known};
use super::session::{external_id, session_name};
use crate::api::aws_account::{ExternalIdMode, NamespaceSelection, SessionTags};
use crate::api::condition::Reason;
use crate::api::names::tag;
use crate::api::policy::ManagementMode;
use crate::api::status::Account;
use crate::aws::{AccountKey, Role, Scope};

/// What the operator's own identity may be used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ambient {
    /// Namespaces that may use it: names, or `*`.
    pub namespaces: Vec<String>,
    /// Task roles: ARNs, or prefixes ending in `*`.
    pub task_roles: Vec<String>,
    /// Execution roles: ARNs, or prefixes ending in `*`.
    pub execution_roles: Vec<String>,
    /// Are `AwsAccount`s read?
    pub accounts: bool,
}

impl Default for Ambient {
    fn default() -> Self {
        let all = || vec!["*".to_owned()];
        Self { namespaces: all(), task_roles: all(), execution_roles: all(), accounts: true }
    }
}

/// The cluster object that an object refers to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterPlace {
    /// Its name.
    pub name: String,
    /// Where it is, once it is anywhere.
    pub account: Option<Account>,
    /// The Region it asks for.
    pub region: Option<String>,
}

/// What an object says about where it belongs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Its namespace.
    pub namespace: String,
    /// `accountRef`
    pub account: Option<String>,
    /// `region`
    pub region: Option<String>,
    /// The object behind `clusterRef`.
    pub cluster: Option<ClusterPlace>,
    /// `status.account`
    pub recorded: Option<Account>,
    /// Is it being deleted?
    pub deleting: bool,
}

/// What the installation says.
#[derive(Clone, Copy, Debug)]
pub struct Installation<'a> {
    /// Its id.
    pub id: &'a str,
    /// Region of objects that name none.
    pub region: &'a str,
    /// What the operator's own identity may be used for.
    pub ambient: &'a Ambient,
}

/// Why no call is made for an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Until somebody acts.
    Stuck(Reason, String),
    /// Until something arrives.
    Waits(String),
}

/// Where an object's calls go, and what it may ask for there.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Name of the `AwsAccount`; `None` = the operator's own identity.
    pub account: Option<String>,
    /// The account id, as far as it is known without a call.
    pub id: Option<String>,
    /// The Region.
    pub region: String,
    /// Whose credentials make the calls.
    pub key: AccountKey,
    /// The role to assume; `None` = none.
    pub role: Option<Role>,
    /// What the object may ask for.
    pub restrictions: Restrictions,
    /// The most that may be done.
    pub ceiling: ManagementMode,
    /// Execution role of task definitions that name none.
    pub default_execution_role: Option<String>,
    /// Part of the account's request quotas.
    pub share: Option<f64>,
}

impl Place {
    /// Where calls go.
    #[must_use]
    pub fn scope(&self) -> Scope {
        Scope::of(self.key.clone(), self.region.clone())
    }

    /// As a status records it.
    #[must_use]
    pub fn record(&self) -> Account {
        Account { name: self.account.clone(), id: self.id.clone(), region: Some(self.region.clone()) }
    }
}

/// Does an account apply to a namespace?
#[derive(Clone, Copy, PartialEq, Eq)]
enum Applies {
    Yes,
    No,
    /// Nobody looked at the labels of namespaces yet.
    Unknown,
}

fn applies(selection: Option<&NamespaceSelection>, namespace: &str, selected: Option<bool>) -> Applies {
    let Some(selection) = selection else { return Applies::No };
    if selection.names(namespace) {
        return Applies::Yes;
    }
    match (selection.selector.as_ref().is_some_and(|selector| !selector.is_empty()), selected) {
        (false, _) | (true, Some(false)) => Applies::No,
        (true, Some(true)) => Applies::Yes,
        (true, None) => Applies::Unknown,
    }
}

impl Known {
    fn allows(&self, namespace: &str) -> Applies {
        let selected = self.selected.as_ref().map(|selected| selected.allowed.contains(namespace));
        applies(self.spec.allowed_namespaces.as_ref(), namespace, selected)
    }

    fn is_default(&self, namespace: &str) -> Applies {
        let selected = self.selected.as_ref().map(|selected| selected.default.contains(namespace));
        applies(self.spec.default_for.as_ref(), namespace, selected)
    }

    /// The account in the role's ARN.
    #[must_use]
    pub fn role_account(&self) -> Option<&str> {
        self.spec.role_arn.as_deref().and_then(|arn| arn.split(':').nth(4))
    }
}

/// Who was chosen.
enum Chosen<'a> {
    Account(&'a Known),
    Own,
}

/// Where an object belongs.
pub fn resolve(asked: &Asked, accounts: &Accounts, here: Installation<'_>) -> Result<Place, Refused> {
    let chosen = choose(asked, accounts, here.ambient)?;
    if let Chosen::Account(known) = chosen {
        standing(asked, known)?;
    }
    let region = region(asked, &chosen, here)?;
    let place = place(asked, &chosen, region, here);
    unmoved(asked, &place)?;
    Ok(place)
}

fn choose<'a>(asked: &Asked, accounts: &'a Accounts, own: &Ambient) -> Result<Chosen<'a>, Refused> {
    if let Some(recorded) = asked.recorded.as_ref().filter(|_| asked.deleting) {
        return match &recorded.name {
            Some(name) => named(name, asked, accounts),
            None => ambient(asked, own),
        };
    }
    let Some(cluster) = &asked.cluster else { return by_itself(asked, accounts, own) };
    let Some(place) = &cluster.account else {
        // The cluster may turn out to be where the namespace may go.
        return by_itself(asked, accounts, own).map_err(|refused| match refused {
            Refused::Stuck(Reason::AccountNotAllowed, _) if asked.account.is_none() => {
                Refused::Waits(format!("EcsCluster `{}` is not ready yet", cluster.name))
            }
            other @ (Refused::Stuck(..) | Refused::Waits(_)) => other,
        });
    };
    let theirs = place.name.as_deref();
    if let Some(account) = &asked.account
        && theirs != Some(account)
    {
        let where_it_is = theirs.map_or("the operator's own account".to_owned(), |name| format!("AwsAccount `{name}`"));
        return Err(Refused::Stuck(
            Reason::InvalidSpec,
            format!(
                "`accountRef` names AwsAccount `{account}`, but EcsCluster `{}` is in {where_it_is}; name the same account, or leave `accountRef` out",
                cluster.name
            ),
        ));
    }
    match theirs {
        Some(name) => named(name, asked, accounts),
        None => ambient(asked, own),
    }
}

fn by_itself<'a>(asked: &Asked, accounts: &'a Accounts, own: &Ambient) -> Result<Chosen<'a>, Refused> {
    if let Some(name) = &asked.account {
        return named(name, asked, accounts);
    }
    let namespace = &asked.namespace;
    if let Some(name) = accounts.unreadable.first() {
        return Err(Refused::Waits(format!(
            "AwsAccount `{name}` cannot be read by this version of the operator, and may be the default of namespace `{namespace}`"
        )));
    }
    let mut defaults = Vec::new();
    for known in &accounts.known {
        match known.is_default(namespace) {
            Applies::Yes => defaults.push(known),
            Applies::No => {}
            Applies::Unknown => {
                return Err(Refused::Waits(format!("AwsAccount `{}` is not ready yet", known.name)));
            }
        }
    }
    match defaults.as_slice() {
        [] => ambient(asked, own),
        [one] => named(&one.name, asked, accounts),
        several => {
            let names: Vec<String> = several.iter().map(|known| format!("`{}`", known.name)).collect();
            Err(Refused::Stuck(
                Reason::AccountAmbiguous,
                format!(
                    "AwsAccounts {} are all the default of namespace `{namespace}`; name one in `accountRef`, or an admin has to take `{namespace}` out of `spec.defaultFor` of all but one",
                    names.join(", ")
                ),
            ))
        }
    }
}

fn named<'a>(name: &str, asked: &Asked, accounts: &'a Accounts) -> Result<Chosen<'a>, Refused> {
    if accounts.off {
        let message = format!(
            "AwsAccount `{name}` is named, but this operator does not read AwsAccounts (ECS_OPERATOR_ACCOUNTS)"
        );
        return Err(Refused::Stuck(Reason::AccountNotAllowed, message));
    }
    if accounts.unreadable.iter().any(|other| other == name) {
        return Err(Refused::Waits(format!("AwsAccount `{name}` cannot be read by this version of the operator")));
    }
    let Some(known) = accounts.known.iter().find(|known| known.name == name) else {
        return Err(Refused::Waits(format!("AwsAccount `{name}` does not exist yet")));
    };
    let namespace = &asked.namespace;
    match known.allows(namespace) {
        Applies::Yes => Ok(Chosen::Account(known)),
        Applies::Unknown => Err(Refused::Waits(format!("AwsAccount `{name}` is not ready yet"))),
        Applies::No => Err(Refused::Stuck(
            Reason::AccountNotAllowed,
            format!(
                "AwsAccount `{name}` does not allow namespace `{namespace}`; an admin has to add `{namespace}` to its `spec.allowedNamespaces.names`"
            ),
        )),
    }
}

fn ambient<'a>(asked: &Asked, own: &Ambient) -> Result<Chosen<'a>, Refused> {
    let namespace = &asked.namespace;
    if own.namespaces.iter().any(|name| name == "*" || name == namespace) {
        return Ok(Chosen::Own);
    }
    Err(Refused::Stuck(
        Reason::AccountNotAllowed,
        format!(
            "namespace `{namespace}` has no AWS account; an admin has to add `{namespace}` to `spec.allowedNamespaces.names` and `spec.defaultFor.names` of an AwsAccount, or to ECS_OPERATOR_AMBIENT_NAMESPACES"
        ),
    ))
}

/// Is the account fit for use?
fn standing(asked: &Asked, known: &Known) -> Result<(), Refused> {
    let name = &known.name;
    if let (Some(id), Some(role)) = (&known.id, known.role_account())
        && id != role
    {
        return Err(Refused::Stuck(
            Reason::AccountChanged,
            format!(
                "AwsAccount `{name}` is account {id}, and its role is now in account {role}; an admin has to name a role in {id}"
            ),
        ));
    }
    let placed = asked.recorded.is_some();
    if known.deleting && !placed {
        return Err(Refused::Waits(format!("AwsAccount `{name}` is being deleted")));
    }
    if !known.claimed && !placed {
        return Err(Refused::Waits(format!("AwsAccount `{name}` is not ready yet")));
    }
    Ok(())
}

/// The Region, if the account has it.
fn region(asked: &Asked, chosen: &Chosen<'_>, here: Installation<'_>) -> Result<String, Refused> {
    let recorded = asked.recorded.as_ref().and_then(|account| account.region.clone());
    if asked.deleting
        && let Some(recorded) = &recorded
    {
        return Ok(recorded.clone());
    }
    let cluster = asked.cluster.as_ref();
    let theirs = cluster.and_then(|cluster| {
        cluster.account.as_ref().and_then(|account| account.region.clone()).or_else(|| cluster.region.clone())
    });
    if let (Some(own), Some(theirs), Some(cluster)) = (&asked.region, &theirs, cluster)
        && own != theirs
    {
        return Err(Refused::Stuck(
            Reason::InvalidSpec,
            format!(
                "`region` is {own}, but EcsCluster `{}` is in {theirs}; name the same Region, or leave `region` out",
                cluster.name
            ),
        ));
    }
    let regions: Vec<&str> = match chosen {
        Chosen::Own => Vec::new(),
        Chosen::Account(known) => match known.spec.regions.as_deref() {
            None | Some([]) => vec![here.region],
            Some(regions) => regions.iter().map(String::as_str).collect(),
        },
    };
    let wanted = asked.region.clone().or(theirs).or(recorded);
    let region = wanted.unwrap_or_else(|| regions.first().copied().unwrap_or(here.region).to_owned());
    match chosen {
        Chosen::Account(known) if !regions.contains(&region.as_str()) => Err(Refused::Stuck(
            Reason::AccountNotAllowed,
            format!(
                "AwsAccount `{}` does not allow Region {region}, only {}; an admin has to add {region} to its `spec.regions`",
                known.name,
                regions.join(", ")
            ),
        )),
        Chosen::Account(_) | Chosen::Own => Ok(region),
    }
}

fn place(asked: &Asked, chosen: &Chosen<'_>, region: String, here: Installation<'_>) -> Place {
    let known = match chosen {
        Chosen::Own => {
            return Place {
                account: None,
                id: None,
                region,
                key: AccountKey::default(),
                role: None,
                restrictions: Restrictions::of_own(here.ambient),
                ceiling: ManagementMode::Manage,
                default_execution_role: None,
                share: None,
            };
        }
        Chosen::Account(known) => known,
    };
    let spec = &known.spec;
    let fixed = spec.external_id.as_ref().is_some_and(|id| id.mode == Some(ExternalIdMode::Fixed));
    let tagged = spec.session_tags == Some(SessionTags::Namespace);
    let namespace = (!fixed || tagged).then_some(asked.namespace.as_str());
    let role = spec.role_arn.as_ref().map(|arn| Role {
        arn: arn.clone(),
        external_id: match &spec.external_id {
            Some(id) if fixed => id.value.clone(),
            Some(_) | None => Some(external_id(here.id, &asked.namespace)),
        },
        session_name: session_name(namespace),
        tags: if tagged {
            [(tag::INSTALLATION, here.id), (tag::NAMESPACE, asked.namespace.as_str())]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into()
        } else {
            std::collections::BTreeMap::new()
        },
        // A session is good for all Regions, so all of them share it.
        region: here.region.to_owned(),
    });
    let key = match (&role, namespace) {
        (None, _) => AccountKey::default(),
        (Some(_), Some(namespace)) => AccountKey::for_namespace(&known.name, namespace),
        (Some(_), None) => AccountKey::named(&known.name),
    };
    Place {
        account: Some(known.name.clone()),
        id: known.role_account().map(str::to_owned).or_else(|| known.id.clone()),
        region,
        key,
        role,
        restrictions: Restrictions::of(known, &asked.namespace),
        ceiling: spec.management_mode.unwrap_or_default(),
        default_execution_role: spec.default_execution_role_arn.clone(),
        share: spec.aws_quota_share,
    }
}

/// Is the object still where it was?
pub(super) fn unmoved(asked: &Asked, place: &Place) -> Result<(), Refused> {
    let Some(recorded) = &asked.recorded else { return Ok(()) };
    let moved = |was: &Option<String>, is: Option<&String>| match (was, is) {
        (Some(was), Some(is)) if was != is => Some((was.clone(), is.clone())),
        _ => None,
    };
    let what = moved(&recorded.id, place.id.as_ref())
        .map(|(was, is)| format!("account {was}, and would now be in account {is}"))
        .or_else(|| {
            moved(&recorded.region, Some(&place.region))
                .map(|(was, is)| format!("Region {was}, and would now be in Region {is}"))
        });
    let by = place
        .account
        .as_ref()
        .map_or("by the operator's own identity".to_owned(), |name| format!("by AwsAccount `{name}`"));
    match what {
        None => Ok(()),
        Some(what) => Err(Refused::Stuck(
            Reason::AccountChanged,
            format!(
                "what this object made is in {what} ({by}); nothing is made there. An admin has to bring back the account it was in, or delete the object and create it anew"
            ),
        )),
    }
}
