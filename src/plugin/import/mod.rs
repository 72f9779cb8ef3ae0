//! What others made → manifests of our kinds that take it over; pure.
//!
//! [`Piece`]s come from AWS ([`super::cloud`]) or from files ([`files`]); [`arrange`] makes objects of them, with names
//! that Kubernetes takes and references to each other; [`text`] writes them.

pub mod arrange;
pub mod files;
mod group;
mod names;
mod pipecd;
mod secrets;
pub mod text;

use serde_json::{Map, Value};

use crate::document::Kind;

/// One cluster, task definition or service that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// Its kind.
    pub kind: Kind,
    /// Its name in ECS.
    pub name: String,
    /// Name of the Kubernetes object that stood for it, which others may refer to.
    pub object: Option<String>,
    /// Its members in our words; references to others by name or ARN.
    pub spec: Map<String, Value>,
    /// The revision of a task definition, where it is known.
    pub revision: Option<i32>,
    /// Fewest and most tasks, where Application Auto Scaling keeps them.
    pub bounds: Option<(i32, i32)>,
    /// Where it was found.
    pub origin: String,
    /// What a reader of the manifest should know.
    pub remarks: Vec<String>,
    /// What is not in the manifest, or keeps it from being applied, with its path.
    pub left: Vec<String>,
}

impl Piece {
    /// With nothing to say.
    pub fn new(kind: Kind, name: impl Into<String>, spec: Map<String, Value>, origin: impl Into<String>) -> Self {
        Self {
            kind,
            name: name.into(),
            object: None,
            spec,
            revision: None,
            bounds: None,
            origin: origin.into(),
            remarks: Vec::new(),
            left: Vec::new(),
        }
    }

    /// A text of its spec.
    fn text(&self, member: &str) -> Option<&str> {
        self.spec.get(member)?.as_str()
    }
}

/// How the manifests are to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// Taken over at once, not only looked at.
    pub manage: bool,
    /// `metadata.namespace`.
    pub namespace: Option<String>,
    /// `spec.region`.
    pub region: Option<String>,
    /// `spec.accountRef`.
    pub account: Option<String>,
    /// The cluster of services that name none.
    pub cluster: Option<String>,
    /// Services named `…-vNNN` become versions of a server group.
    pub server_groups: bool,
}

/// An object as it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// Its kind.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Where it was found.
    pub origin: String,
    /// What a reader should know.
    pub remarks: Vec<String>,
    /// What is not in it, or keeps it from being applied.
    pub left: Vec<String>,
    /// The object.
    pub value: Value,
}

impl Manifest {
    /// `kind/name`, as kubectl takes it.
    pub fn address(&self) -> String {
        format!("{}/{}", self.kind.to_lowercase(), self.name)
    }
}
