//! Reads the cluster as ECS has it.

use aws_sdk_ecs::types::Cluster;

use super::Desired;
use crate::api::EcsCluster;
use crate::api::status::Origin;
use crate::controllers::context::tag_map;
use crate::controllers::ownership::Owner;
use crate::controllers::pass::Pass;
use crate::controllers::seen::Seen;

/// What ECS says.
#[derive(Clone, Debug)]
pub struct Observed {
    /// The cluster.
    pub cluster: Seen<Cluster>,
    /// Has ECS shown it before?
    pub known: bool,
    /// Have looks found it gone for long enough? (Reads are eventually consistent.)
    pub gone_for_sure: bool,
}

impl Observed {
    /// What the cluster's tags tell of where it came from.
    pub(super) fn origin(&self, owner: &Owner) -> Option<Origin> {
        let live = self.cluster.present().filter(|cluster| cluster.status.as_deref() != Some("INACTIVE"));
        live.and_then(|cluster| owner.origin(&tag_map(cluster.tags())))
    }
}

/// Describes the cluster; with others in one call where possible.
pub(super) async fn observe(desired: &Desired, pass: &Pass<'_, EcsCluster>) -> Observed {
    let name = pass.common.arn.as_deref().unwrap_or(&desired.name);
    let read = pass.cx.aws.describe_cluster(&pass.scope(), name, pass.priority).await;
    let cluster = Seen::from_read(read);
    let gone_for_sure = pass.gone_for_sure(&cluster, Cluster::status);
    Observed { cluster, known: pass.common.arn.is_some(), gone_for_sure }
}
