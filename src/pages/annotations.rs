//! The page of annotations, labels and tags.

use super::table::{cell, code, table};
use crate::api::names::{annotation, label, tag};

pub(super) fn page() -> String {
    let list = |head: &str, names: &[(&str, &str)]| {
        let means = if head == "Annotation" { "Value and effect" } else { "Value" };
        table(&[head, means], names.iter().map(|(name, doc)| vec![code(name), cell(doc)]))
    };
    format!(
        "# Annotations, labels and tags\n\n## Annotations\n\nA value acts once; removing an annotation undoes nothing that was done.\n\n{}\
         ## Labels\n\nOn the objects that a server group makes.\n\n{}\
         ## Tags\n\nOn every AWS resource that the operator makes or takes over. Keys that start with `{}` are not to be used otherwise.\n\n{}",
        list("Annotation", annotation::ALL),
        list("Label", label::ALL),
        tag::PREFIX,
        list("Tag", tag::ALL),
    )
}
