//! What a plan may know of the object besides its spec: plain values, taken from a pass. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use crate::api::policy::{AdoptionPolicy, DeletionPolicy, DriftPolicy, ManagementMode};
use crate::api::status::Origin;
use crate::controllers::kind::Kind;
use crate::controllers::ownership::Owner;
use crate::controllers::pass::Pass;
use crate::controllers::tagging::Tagging;

/// The circumstances of a pass.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Facts {
    /// Who we are in tags.
    pub owner: Owner,
    /// Does the object carry our finalizer?
    pub claimed: bool,
    /// Is it being deleted?
    pub deleting: bool,
    /// How soon to look again while others keep it from going.
    pub blocked: Duration,
    /// What deletion does in AWS.
    pub deletion: DeletionPolicy,
    /// Which existing resources may be taken over.
    pub adoption: AdoptionPolicy,
    /// What to do about differences.
    pub drift: DriftPolicy,
    /// How much the operator may do.
    pub mode: ManagementMode,
    /// Generation of the object.
    pub generation: i64,
    /// Was the spec edited since the last pass that finished?
    pub edited: bool,
    /// Was this generation `Ready` after the last pass?
    pub was_ready: bool,
    /// Where the resource came from, if it is known.
    pub origin: Option<Origin>,
    /// ARN in the status.
    pub arn: Option<String>,
    /// Top-level members that were set in AWS before.
    pub owned_fields: BTreeSet<String>,
    /// When the pass began.
    pub now: Timestamp,
}

impl Facts {
    /// The circumstances of this pass.
    pub fn of<K: Kind>(pass: &Pass<'_, K>) -> Self {
        Self {
            owner: pass.owner.clone(),
            claimed: pass.claimed(),
            deleting: pass.deleting(),
            blocked: pass.blocked(),
            deletion: pass.deletion_policy(),
            adoption: pass.policies.adoption,
            drift: pass.policies.drift,
            mode: pass.mode(),
            generation: pass.generation(),
            edited: pass.edited(),
            was_ready: pass.was_ready(),
            origin: pass.common.origin,
            arn: pass.common.arn.clone(),
            owned_fields: pass.common.owned_fields.iter().cloned().collect(),
            now: pass.now,
        }
    }

    /// The same with what the tags tell of the origin, where the status does not say it.
    #[must_use]
    pub fn told<K: Kind>(self, origin: Option<Origin>, pass: &Pass<'_, K>) -> Self {
        let origin = self.origin.or(origin);
        Self { origin, deletion: pass.deletion_policy_of(origin), ..self }
    }

    /// Are these the tags that are wanted, ours among them and none of ours beside them?
    #[must_use]
    pub fn tags_agree(&self, wanted: &BTreeMap<String, String>, present: &BTreeMap<String, String>) -> bool {
        Tagging::of("", "", wanted, present, &self.owner, &self.owned_fields).is_none()
    }

    /// What is set in AWS: what is declared, and what left the spec until a look found nothing of it to take back. Before
    /// the finalizer nothing was set: a spec that is still being written leaves nothing behind.
    #[must_use]
    pub fn owned(&self, declared: BTreeSet<String>, is_brought_about: bool) -> BTreeSet<String> {
        if is_brought_about || !self.claimed { declared } else { &declared | &self.owned_fields }
    }

    /// Is a difference to be set back? A person's edit of the spec always is.
    #[must_use]
    pub fn corrects(&self) -> bool {
        self.edited || self.drift == DriftPolicy::Correct
    }
}
