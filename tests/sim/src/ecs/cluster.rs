//! Clusters.

use serde_json::Value;

use super::tags::Tags;
use crate::refusal::Refusal;
use crate::world::{Cx, Region};

/// What a cluster does by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wake {
    /// Capacity provider attachments are done.
    Attached {
        /// The cluster's name.
        cluster: String,
    },
    /// An INACTIVE cluster is forgotten.
    Forget {
        /// The cluster's name.
        cluster: String,
        /// The incarnation that was deleted.
        incarnation: u64,
    },
}

/// One cluster.
#[derive(Debug, Clone, Default)]
pub struct Cluster {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// ACTIVE or INACTIVE.
    pub status: String,
    /// Rises with every creation under this name.
    pub incarnation: u64,
    /// Attached capacity providers, in order.
    pub capacity_providers: Vec<String>,
    /// The default strategy, items with weight and base filled in.
    pub default_strategy: Vec<Value>,
    /// `UPDATE_IN_PROGRESS`, `UPDATE_COMPLETE`, `UPDATE_FAILED` or empty.
    pub attachments_status: String,
    /// Settings, one element per name.
    pub settings: Vec<Value>,
    /// The configuration, if any.
    pub configuration: Option<Value>,
    /// Service Connect defaults, if any.
    pub service_connect_defaults: Option<Value>,
    /// Tags.
    pub tags: Tags,
}

/// The name inside a cluster's name or ARN; `default` if absent.
pub fn name_of(reference: Option<&str>) -> &str {
    match reference {
        None | Some("") => "default",
        Some(text) => text.rsplit_once("cluster/").map_or(text, |(_, name)| name),
    }
}

/// The ACTIVE cluster that the member `cluster` of `input` names (name or ARN; absent = `default`).
pub fn resolve<'a>(region: &'a Region, cx: &Cx, input: &Value) -> Result<&'a Cluster, Refusal> {
    let reference = super::text(input, "cluster");
    find(region, cx, reference)
        .filter(|cluster| cluster.status == "ACTIVE")
        .ok_or_else(Refusal::cluster_not_found)
}

/// The cluster with this name or ARN, whatever its status. An ARN must match whole.
pub fn find<'a>(region: &'a Region, _cx: &Cx, reference: Option<&str>) -> Option<&'a Cluster> {
    let cluster = region.clusters.get(name_of(reference))?;
    match reference {
        Some(text) if text.starts_with("arn:") && text != cluster.arn => None,
        _ => Some(cluster),
    }
}

/// Runs an event.
pub fn wake(_region: &mut Region, _cx: &mut Cx, _wake: Wake) {}
