//! Tag changes of one resource as a step of a plan. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::api::names::tag;
use crate::controllers::events::{EventReason, Happening};
use crate::controllers::ownership::{Owner, Ownership};
use crate::diff::tags::tag_changes;

/// Why tags are set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The user's tags, or ours, differ.
    Upkeep,
    /// An earlier object of our name made the resource.
    Reclaim,
    /// The resource was nobody's and adoption was asked for.
    Adopt,
}

/// Tags to set and to remove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tagging {
    /// The resource.
    pub arn: String,
    /// The resource in words.
    pub what: String,
    /// Tags to set.
    pub set: BTreeMap<String, String>,
    /// Keys to remove.
    pub remove: Vec<String>,
    /// Why.
    pub why: Why,
}

impl Tagging {
    /// The tags that make a resource ours. What is adopted says so for good: the object and its status can be lost.
    #[must_use]
    pub fn taking_over(arn: &str, what: &str, owner: &Owner, how: &Ownership) -> Self {
        let why = if matches!(how, Ownership::Adopt) { Why::Adopt } else { Why::Reclaim };
        let mut set = owner.tags();
        if why == Why::Adopt {
            set.insert(tag::ORIGIN.to_owned(), tag::ADOPTED.to_owned());
        }
        Self { arn: arn.to_owned(), what: what.to_owned(), set, remove: Vec::new(), why }
    }

    /// The difference between wanted and present tags, if there is one. Of tags that are not wanted only those
    /// go that were ours once (`earlier`, as [`owned_tags`] names them); others belong to somebody else.
    #[must_use]
    pub fn of(
        arn: &str,
        what: &str,
        wanted: &BTreeMap<String, String>,
        present: &BTreeMap<String, String>,
        owner: &Owner,
        earlier: &BTreeSet<String>,
    ) -> Option<Self> {
        let mut all = wanted.clone();
        all.extend(owner.tags());
        let once_ours: BTreeSet<String> = earlier.iter().filter_map(|name| key_of(name)).collect();
        let present = present.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let changes = tag_changes(&all, present, &once_ours);
        (!changes.is_empty()).then(|| Self {
            arn: arn.to_owned(),
            what: what.to_owned(),
            set: changes.set,
            remove: changes.remove.into_iter().collect(),
            why: Why::Upkeep,
        })
    }

    /// The event once it is done; upkeep of our own tags is not worth one.
    #[must_use]
    pub fn happening(&self) -> Option<Happening> {
        match self.why {
            Why::Upkeep => None,
            Why::Adopt => Some(Happening::new(EventReason::Adopted, format!("Took {} over.", self.what))),
            Why::Reclaim => Some(Happening::new(
                EventReason::Reclaimed,
                format!("Took {} back, which an earlier object of this name had made.", self.what),
            )),
        }
    }
}

/// How `status.ownedFields` names the user's tags.
#[must_use]
pub fn owned_tags(tags: &BTreeMap<String, String>) -> BTreeSet<String> {
    tags.keys().map(|key| owned_name(key)).collect()
}

fn owned_name(key: &str) -> String {
    format!("tags[{key}]")
}

/// The key in such a name.
fn key_of(name: &str) -> Option<String> {
    Some(name.strip_prefix("tags[")?.strip_suffix(']')?.to_owned())
}

impl fmt::Display for Tagging {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.set.is_empty() {
            let keys: Vec<&str> = self.set.keys().map(String::as_str).collect();
            write!(f, "TagResource {}: {}", self.what, keys.join(", "))?;
        }
        if !self.remove.is_empty() {
            let glue = if self.set.is_empty() { "" } else { "; " };
            write!(f, "{glue}UntagResource {}: {}", self.what, self.remove.join(", "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner() -> Owner {
        Owner {
            installation: "i".into(),
            namespace: "n".into(),
            kind: "EcsService",
            name: "web".into(),
            uid: "u".into(),
        }
    }

    #[test]
    fn only_what_is_adopted_is_marked_as_such_and_the_mark_is_never_taken_off() {
        let adopted = Tagging::taking_over("arn", "it", &owner(), &Ownership::Adopt);
        assert_eq!(adopted.set.get(tag::ORIGIN).map(String::as_str), Some(tag::ADOPTED));
        let reclaimed = Tagging::taking_over("arn", "it", &owner(), &Ownership::Reclaim);
        assert_eq!((reclaimed.set, reclaimed.remove.len()), (owner().tags(), 0));
        let upkeep = Tagging::of("arn", "it", &BTreeMap::new(), &adopted.set, &owner(), &BTreeSet::new());
        assert_eq!(upkeep, None);
    }
}
