//! Asks STS who the operator is in the account, for each namespace that uses it; and which namespaces are selected.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::Namespace;
use kube::ResourceExt;
use kube::api::{Api, ListParams};
use kube::core::PartialObjectMeta;

use crate::api::AwsAccount;
use crate::api::aws_account::NamespaceSelection;
use crate::aws::AwsError;
use crate::controllers::accounts::{Asked, Installation, Known, Refused, Selected, asking, resolve};
use crate::controllers::pass::Pass;

/// So many namespaces are tried; the others show in their objects.
const TRIED: usize = 50;

/// What was found of an account.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The account id.
    pub(super) id: Option<String>,
    /// Namespaces for which credentials came.
    pub(super) works: Vec<String>,
    /// Namespaces for which none came, and why.
    pub(super) fails: BTreeMap<String, AwsError>,
    /// Why the account as a whole cannot be used.
    pub(super) refused: Option<Refused>,
}

impl Seen {
    /// The first failure.
    pub(super) fn error(&self) -> Option<AwsError> {
        self.fails.values().next().cloned()
    }
}

/// Looks which namespaces the selectors select, and remembers it. Did that change?
pub(super) async fn select(pass: &Pass<'_, AwsAccount>) -> Result<bool, kube::Error> {
    let spec = &pass.object.spec;
    if !spec.selects() {
        return Ok(pass.cx.accounts.select(&pass.owner.name, &Selected::default()));
    }
    let api: Api<Namespace> = Api::all(pass.cx.kube.clone());
    let listed = api.list_metadata(&ListParams::default()).await?;
    let selected = Selected {
        allowed: matching(spec.allowed_namespaces.as_ref(), &listed.items),
        default: matching(spec.default_for.as_ref(), &listed.items),
    };
    Ok(pass.cx.accounts.select(&pass.owner.name, &selected))
}

fn matching(selection: Option<&NamespaceSelection>, listed: &[PartialObjectMeta<Namespace>]) -> BTreeSet<String> {
    let Some(selector) = selection.and_then(|selection| selection.selector.as_ref()) else { return BTreeSet::new() };
    listed.iter().filter(|namespace| selector.matches(namespace.labels())).map(ResourceExt::name_any).collect()
}

/// Assumes the role for the namespaces that use the account, or for the first that may.
pub(super) async fn observe(pass: &Pass<'_, AwsAccount>) -> Seen {
    let mut seen = Seen::default();
    let name = &pass.owner.name;
    let mut accounts = pass.cx.accounts.accounts(&pass.cx.stores.accounts, false);
    let own = accounts.known.iter().position(|known| known.name == *name);
    let Some(known) = own.and_then(|at| accounts.known.get_mut(at)) else { return seen };
    // The pass has claimed it; the store may not know yet.
    known.claimed = true;
    let known = known.clone();
    let here = Installation {
        id: &pass.cx.config.installation,
        region: &pass.cx.config.region,
        ambient: &pass.cx.config.ambient,
    };
    for namespace in namespaces(&known, pass) {
        let asked = Asked { namespace: namespace.clone(), account: Some(name.clone()), ..Asked::default() };
        let place = match resolve(&asked, &accounts, here) {
            Ok(place) => place,
            Err(refused) => {
                seen.refused = Some(refused);
                return seen;
            }
        };
        if let Some(role) = &place.role {
            pass.cx.aws.declare(&place.key, role);
        }
        let answer = pass.cx.aws.identity(&place.scope()).await;
        let trouble = pass.cx.aws.identity_trouble(&place.key).await;
        match (answer, trouble) {
            (Ok(id), None) => {
                seen.id = Some(id);
                seen.works.push(namespace);
            }
            // Old credentials still serve, and an admin had better know.
            (Ok(id), Some(error)) => {
                seen.id = Some(id);
                seen.fails.insert(namespace, error);
            }
            (Err(error), _) => {
                seen.fails.insert(namespace, error);
            }
        }
    }
    seen
}

/// Namespaces with objects that ask for the account; if there are none, the first that may.
fn namespaces(known: &Known, pass: &Pass<'_, AwsAccount>) -> Vec<String> {
    let asking = asking(known, &pass.cx.stores);
    if asking.is_empty() {
        return known.allowed().into_iter().take(1).collect();
    }
    asking.into_iter().take(TRIED).collect()
}
