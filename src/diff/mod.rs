//! What differs between the document that is wanted and the one that ECS describes; pure.
//!
//! Both sides are `serde_json::Value`s with AWS's own member names. They are brought to a normal
//! form (`normalize`), compared member by member, and reported in the words of the manifest. Values
//! that may be secret never reach a [`Change`].

mod compare;
pub mod effect;
mod normal;
pub mod normalize;
pub mod removed;
mod render;
mod shape;
mod spell;
pub mod tags;
#[cfg(test)]
mod tests;
pub mod tidy;

pub use normalize::{cluster, service, task_definition};

use std::fmt;

/// Longest printed change, in characters.
const LONGEST_CHANGE: usize = 200;
/// Longest path inside a printed change, in characters.
const LONGEST_PATH: usize = 110;

/// Which members take part in a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Only members that the desired document has; the others belong to somebody else or to ECS.
    /// A list or map that is present is owned as a whole.
    Declared,
    /// All members: what is absent means ECS's default. For documents that are replaced as a whole.
    Whole,
}

/// One member that differs. Text is bounded, on one line and free of secrets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// Where, as in the manifest: `containerDefinitions[web].image`.
    pub path: String,
    /// What ECS has; `None` when absent there.
    pub from: Option<String>,
    /// What is wanted; `None` when it has to go.
    pub to: Option<String>,
}

impl Change {
    /// The member of the spec at which the path begins: `deploymentConfiguration`.
    pub fn member(&self) -> &str {
        top_level(&self.path)
    }

    /// The same of something that is not there yet, so that no default stands in the place of nothing.
    #[must_use]
    pub fn of_nothing(self) -> Self {
        Self { from: None, ..self }
    }
}

/// `path: from → to`, at most 200 characters.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = render::shorten(&self.path, LONGEST_PATH);
        let from = self.from.as_deref().unwrap_or("(absent)");
        let to = self.to.as_deref().unwrap_or("(absent)");
        // ": " and " → " take five characters.
        let room = LONGEST_CHANGE.saturating_sub(path.chars().count() + 5);
        let (left, right) = share(from.chars().count(), to.chars().count(), room);
        let (from, to) = (render::shorten(from, left), render::shorten(to, right));
        write!(f, "{path}: {from} → {to}")
    }
}

/// Divides the room: a short text leaves what it does not need to the other.
fn share(left: usize, right: usize, room: usize) -> (usize, usize) {
    let half = room / 2;
    if left <= half {
        (left, room - left)
    } else if right <= half {
        (room - right, right)
    } else {
        (half, half)
    }
}

/// The first member of a path.
pub(crate) fn top_level(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or(path)
}
