//! The page of events.

use super::table::{cell, code, table};
use crate::controllers::events::EventReason;

pub(super) fn page() -> String {
    let rows = EventReason::ALL.iter().map(|reason| {
        let kind = if reason.is_warning() { "Warning" } else { "Normal" };
        vec![code(reason.as_str()), kind.to_owned(), cell(reason.doc())]
    });
    format!(
        "# Events\n\nIn `events.k8s.io/v1`, about the object, in its namespace: `kubectl events --for ecsservice/web`.\n\n{}",
        table(&["Reason", "Type", "Means"], rows)
    )
}
