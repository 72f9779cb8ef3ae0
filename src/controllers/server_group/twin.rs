//! Objects that make the same name of group: of two in the same place the older acts. Pure.

use kube::{Resource as _, ResourceExt};

use super::name::Moniker;
use crate::api::ServerGroup;
use crate::controllers::arn::{is_arn, short};
use crate::controllers::context::{Stores, some};
use crate::controllers::reference::cluster;

/// An older object with the same name of group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Twin {
    /// It is in the same place: the name is its.
    Here(String),
    /// Where it is cannot be told yet.
    Somewhere(String),
}

/// Where the versions of a group are, as far as that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Whereabouts {
    /// Id of the account.
    pub(super) account: Option<String>,
    /// The Region.
    pub(super) region: Option<String>,
    /// Short name of the cluster.
    pub(super) cluster: Option<String>,
}

impl Whereabouts {
    /// As the ARN of the cluster says, and what else is recorded or asked for.
    pub(super) fn of(group: &ServerGroup, stores: &Stores) -> Self {
        let (spec, namespace) = (&group.spec, group.namespace().unwrap_or_default());
        let (cluster, region) = cluster(spec.cluster_ref.as_ref(), spec.cluster.as_deref(), stores, &namespace, true);
        let recorded = group.status.as_ref().and_then(|status| status.account.clone()).unwrap_or_default();
        let arn = cluster.value().filter(|cluster| is_arn(cluster));
        let part = |index: usize| arn.and_then(|arn| arn.split(':').nth(index)).map(str::to_owned);
        Self {
            account: part(4).or(recorded.id),
            region: part(3).or(recorded.region).or(spec.region.clone()).or(region),
            cluster: cluster.value().map(|cluster| short(cluster).to_owned()),
        }
    }

    /// Is it the same place? `None` while what is known of both is equal and something is not known.
    fn is(&self, other: &Self) -> Option<bool> {
        let parts = [(&self.account, &other.account), (&self.region, &other.region), (&self.cluster, &other.cluster)];
        let mut known = true;
        for (own, other) in parts {
            match (own, other) {
                (Some(own), Some(other)) if own != other => return Some(false),
                (Some(_), Some(_)) => {}
                (None, _) | (_, None) => known = false,
            }
        }
        known.then_some(true)
    }
}

/// The older object that has the name of a group which is `here`; none while the group does not know its own cluster.
pub(super) fn twin(group: &ServerGroup, name: &str, here: &Whereabouts, stores: &Stores) -> Option<Twin> {
    here.cluster.as_ref()?;
    let age = |group: &ServerGroup| (group.meta().creation_timestamp.clone(), group.uid().unwrap_or_default());
    let own = age(group);
    let older = |other: &ServerGroup| {
        other.uid() != group.uid()
            && age(other) <= own
            && Moniker::of(other).is_ok_and(|moniker| moniker.group_name() == name)
    };
    let mut somewhere = None;
    for other in some(&stores.server_groups, older) {
        let named = format!("{}/{}", other.namespace().unwrap_or_default(), other.name_any());
        match here.is(&Whereabouts::of(&other, stores)) {
            Some(true) => return Some(Twin::Here(named)),
            Some(false) => {}
            None => somewhere = somewhere.or(Some(named)),
        }
    }
    somewhere.map(Twin::Somewhere)
}
