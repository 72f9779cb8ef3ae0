//! What the driver needs to know of a kind.

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::api::names::FINALIZER;
use crate::api::policy::{AdoptionPolicy, DeletionPolicy, DriftPolicy, ManagementMode};
use crate::api::status::Status;
use crate::api::{
    AwsAccount, AwsAccountStatus, EcsCluster, EcsClusterStatus, EcsService, EcsServiceStatus, EcsTaskDefinition,
    EcsTaskDefinitionStatus, ServerGroup, ServerGroupStatus,
};
use crate::controllers::arn::short;
use crate::controllers::context::Stores;
use crate::controllers::ecs_service;

/// The members of a spec that every kind has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policies {
    /// The `AwsAccount` to act in.
    pub account: Option<String>,
    /// The `EcsCluster` referred to.
    pub cluster: Option<String>,
    /// AWS Region; the operator's own when unset.
    pub region: Option<String>,
    /// How much the operator may do.
    pub management: Option<ManagementMode>,
    /// What deletion does in AWS.
    pub deletion: Option<DeletionPolicy>,
    /// Which existing resources may be taken over.
    pub adoption: AdoptionPolicy,
    /// What to do about differences.
    pub drift: DriftPolicy,
}

/// A kind of ours.
pub trait Kind:
    kube::Resource<DynamicType = ()> + Clone + std::fmt::Debug + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// Its status.
    type Status: Status + Send + Sync;
    /// Does it stand in a namespace, and for something in an AWS account?
    const PLACED: bool = true;
    /// Its name, as in manifests.
    const KIND: &'static str;
    /// The status, if one was written.
    fn status(&self) -> Option<&Self::Status>;
    /// The common policies of its spec.
    fn policies(&self) -> Policies;
    /// Does a later pass go on from the status? Then it is never written over a newer one.
    const RESUMES_FROM_STATUS: bool = false;
    /// Is it going back from something that failed? Then its calls come first.
    fn in_danger(&self) -> bool {
        false
    }
    /// The object as a service, if it is one.
    fn as_service(&self) -> Option<&EcsService> {
        None
    }
    /// The cluster with whose other objects it is described: its name, or that of the `EcsCluster`.
    fn neighbourhood(&self) -> Option<String> {
        self.policies().cluster
    }
    /// Does a reference lead elsewhere than what was last seen in AWS? Then what was true is not any more.
    fn moved_on(&self, _: &Stores) -> bool {
        false
    }
    /// An `AwsAccount` that it reads in besides its own.
    fn beside(&self) -> Option<&str> {
        None
    }
    /// Fills the drift policy in where the spec has none.
    fn default_drift(&mut self, _: DriftPolicy) {}
    /// The status as a service's, if it is one.
    fn service_status(_: &Self::Status) -> Option<&EcsServiceStatus> {
        None
    }
    /// The status as a group's, if it is one.
    fn group_status(_: &Self::Status) -> Option<&ServerGroupStatus> {
        None
    }
    /// An object whose spec cannot be read: enough to delete it.
    fn bare(metadata: ObjectMeta, status: Option<Self::Status>) -> Self;
}

/// A kind of ours whose objects stand in namespaces.
pub trait Namespaced: Kind + kube::Resource<Scope = NamespaceResourceScope> {}

impl<K: Kind + kube::Resource<Scope = NamespaceResourceScope>> Namespaced for K {}

macro_rules! kind {
    ($kind:ident, $status:ident $(, $cluster:ident)? $(; $($more:item)+)?) => {
        impl Kind for $kind {
            type Status = $status;
            const KIND: &'static str = stringify!($kind);
            fn status(&self) -> Option<&$status> {
                self.status.as_ref()
            }
            fn policies(&self) -> Policies {
                Policies {
                    account: self.spec.account_ref.as_ref().map(|account| account.name.clone()),
                    cluster: None$(.or(self.spec.$cluster.as_ref().map(|cluster| cluster.name.clone())))?,
                    region: self.spec.region.clone(),
                    management: self.spec.management_mode,
                    deletion: self.spec.deletion_policy,
                    adoption: self.spec.adoption_policy.unwrap_or_default(),
                    drift: self.spec.drift_policy.unwrap_or_default(),
                }
            }
            fn default_drift(&mut self, policy: DriftPolicy) {
                self.spec.drift_policy.get_or_insert(policy);
            }
            fn bare(metadata: ObjectMeta, status: Option<$status>) -> Self {
                Self { metadata, spec: Default::default(), status }
            }
            $($($more)+)?
        }
    };
}

kind!(EcsCluster, EcsClusterStatus);
kind!(EcsTaskDefinition, EcsTaskDefinitionStatus);
kind!(
    ServerGroup,
    ServerGroupStatus,
    cluster_ref;
    const RESUMES_FROM_STATUS: bool = true;
    fn beside(&self) -> Option<&str> {
        Some(self.spec.source.as_ref()?.account_ref.as_ref()?.name.as_str())
    }
    fn group_status(status: &ServerGroupStatus) -> Option<&ServerGroupStatus> {
        Some(status)
    }
    fn in_danger(&self) -> bool {
        let rollout = self.status.as_ref().and_then(|status| status.rollout.as_ref());
        rollout.is_some_and(|rollout| rollout.ending.is_some())
    }
);
kind!(
    EcsService,
    EcsServiceStatus,
    cluster_ref;
    fn as_service(&self) -> Option<&EcsService> {
        Some(self)
    }
    fn neighbourhood(&self) -> Option<String> {
        self.policies().cluster.or_else(|| self.spec.cluster.as_deref().map(|name| short(name).to_owned()))
    }
    fn moved_on(&self, stores: &Stores) -> bool {
        ecs_service::moved_on(self, stores)
    }
    fn service_status(status: &EcsServiceStatus) -> Option<&EcsServiceStatus> {
        Some(status)
    }
    fn in_danger(&self) -> bool {
        let rollout = self.status.as_ref().and_then(|status| status.rollout.as_ref());
        rollout.is_some_and(|rollout| rollout.state == "ROLLING_BACK")
    }
);

impl Kind for AwsAccount {
    type Status = AwsAccountStatus;
    const KIND: &'static str = "AwsAccount";
    const PLACED: bool = false;
    fn status(&self) -> Option<&AwsAccountStatus> {
        self.status.as_ref()
    }
    fn policies(&self) -> Policies {
        Policies::default()
    }
    fn bare(metadata: ObjectMeta, status: Option<AwsAccountStatus>) -> Self {
        Self { metadata, spec: crate::api::AwsAccountSpec::default(), status }
    }
}

/// Does an object carry our finalizer? Without it AWS holds nothing of it.
pub fn claimed(object: &impl kube::Resource) -> bool {
    object.meta().finalizers.iter().flatten().any(|name| name == FINALIZER)
}
