//! Tags: at most 44 of the user's, and what AWS takes as key and value.

use std::collections::BTreeMap;

use super::Found;
use crate::diff::tags::is_reserved;

/// Tags that users may set: AWS allows 50, the operator keeps six for itself.
const MOST: usize = 44;

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Tag.html>. An empty map is no
/// problem, since the operator's own tags are sent with it.
pub(super) fn check(tags: Option<&BTreeMap<String, String>>, found: &mut Found) {
    let Some(tags) = tags else {
        return;
    };
    if tags.len() > MOST {
        found.add("tags", format!("has {} entries", tags.len()), format!("keep at most {MOST}"));
    }
    for (key, value) in tags {
        let path = format!("tags[{key}]");
        if key.is_empty() || key.chars().count() > 128 {
            found.add(&path, "has a key outside 1 to 128 characters", "choose another key");
        } else if is_reserved(key) {
            found.add(&path, "has a key that AWS keeps for itself", "choose a key that does not begin with `aws:`");
        } else if !key.chars().all(is_tag_character) {
            found.add(&path, "has a key with characters that AWS refuses", ALLOWED);
        }
        if value.chars().count() > 256 {
            found.add(&path, "has a value of more than 256 characters", "shorten it");
        } else if !value.chars().all(is_tag_character) {
            found.add(&path, "has a value with characters that AWS refuses", ALLOWED);
        }
    }
}

const ALLOWED: &str = "use letters, digits, spaces and `_ . : / = + - @`";

fn is_tag_character(c: char) -> bool {
    c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c)
}
