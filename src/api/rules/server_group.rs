//! Rules of `ServerGroup`.

use super::{Rule, tag_keys};

/// All rules.
pub(super) const RULES: &[Rule] = &[tag_keys!()];
