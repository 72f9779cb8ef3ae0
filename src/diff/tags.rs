//! Tags: wanted × observed × once ours → what to set and what to remove.

use std::collections::{BTreeMap, BTreeSet};

/// The calls that bring tags in order; both empty when nothing differs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagChanges {
    /// For `TagResource`, which merges.
    pub set: BTreeMap<String, String>,
    /// For `UntagResource`.
    pub remove: BTreeSet<String>,
}

impl TagChanges {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.set.is_empty() && self.remove.is_empty()
    }
}

/// Compares tags. Keys with the prefix `aws:`, in any case, are AWS's and never touched
/// (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Tag.html>); a key is removed only
/// when it is in `owned`, the keys that we set earlier.
pub fn tag_changes<'a>(
    desired: &BTreeMap<String, String>,
    observed: impl IntoIterator<Item = (&'a str, &'a str)>,
    owned: &BTreeSet<String>,
) -> TagChanges {
    let observed: BTreeMap<&str, &str> = observed.into_iter().collect();
    let differs = |key: &str, value: &str| observed.get(key) != Some(&value);
    let set = desired
        .iter()
        .filter(|(key, value)| !is_reserved(key) && differs(key, value))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let left_over =
        |key: &&String| !is_reserved(key) && !desired.contains_key(*key) && observed.contains_key(key.as_str());
    let remove = owned.iter().filter(left_over).cloned().collect();
    TagChanges { set, remove }
}

/// Whether a tag key belongs to AWS.
pub fn is_reserved(key: &str) -> bool {
    key.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("aws:"))
}
