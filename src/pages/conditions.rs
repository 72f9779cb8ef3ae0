//! The page of condition types and reasons.

use super::table::{code, meaning, table};
use crate::api::condition::{ConditionType, Reason};

pub(super) fn page() -> String {
    let row = |word: &str, doc: &str| {
        let [means, when] = meaning(doc);
        vec![code(word), means, when]
    };
    let types = ConditionType::ALL.iter().map(|kind| row(kind.as_str(), kind.doc()));
    let reasons = Reason::ALL.iter().map(|reason| row(reason.as_str(), reason.doc()));
    format!(
        "# Conditions\n\nIn `status.conditions` of every kind. A time moves only with its status.\n\n## Types\n\n{}## Reasons\n\n{}",
        table(&["Type", "Means", "Stands"], types),
        table(&["Reason", "Means", "Set when"], reasons),
    )
}
