//! What is generated below `charts/`: the copies of the CRDs and the table of the chart's values.

mod crds;
mod values;

use crate::api::schema::{self, SchemaError};

pub use crds::{BEFORE, guarded};
pub use values::{Row, rows};

/// The chart's values, below `charts/`.
pub const VALUES: &str = "ecs-operator/values.yaml";

/// A file that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum PackagingError {
    /// The CRDs cannot be made.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// The values are no YAML.
    #[error("the chart's values cannot be read")]
    Values(#[from] serde_saphyr::Error),
    /// A default cannot be written.
    #[error("a default of the chart's values cannot be written")]
    Default(#[from] serde_json::Error),
    /// A CRD lacks the line that the guards stand by.
    #[error("{0} has no line `metadata:`")]
    NoMetadata(String),
    /// A value without a comment.
    #[error("value `{0}` of the chart has no comment")]
    NoComment(String),
}

/// All generated files: path below `charts/` and text. `values` is the text of [`VALUES`].
pub fn files(values: &str) -> Result<Vec<(String, String)>, PackagingError> {
    let mut files = Vec::new();
    let mut names = Vec::new();
    for (name, text) in schema::files()? {
        let plural = name.rsplit('_').next().unwrap_or(&name);
        files.push((format!("ecs-operator/templates/crds/{plural}"), guarded(&name, &text)?));
        files.push((format!("kustomize/crd/{plural}"), text.clone()));
        names.push(plural.to_owned());
    }
    files.push(("kustomize/crd/kustomization.yaml".to_owned(), crds::kustomization(&names)));
    files.push(("ecs-operator/README.md".to_owned(), values::readme(values)?));
    Ok(files)
}
