//! The sample manifests to start with, in `docs/samples/start`, as they are on disk.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::DemoError;

/// One file of samples.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Where it is.
    pub path: PathBuf,
    /// Its documents.
    pub manifests: Vec<Value>,
}

/// Where the samples are.
pub fn directory() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).join("docs/samples/start")
}

/// All samples, in the order of their names.
pub fn load() -> Result<Vec<Sample>, DemoError> {
    let directory = directory();
    let reading = || DemoError::io(format!("reading {}", directory.display()));
    let mut paths = Vec::new();
    for entry in fs::read_dir(&directory).map_err(reading())? {
        let path = entry.map_err(reading())?.path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            paths.push(path);
        }
    }
    paths.sort();
    paths.into_iter().map(read).collect()
}

fn read(path: PathBuf) -> Result<Sample, DemoError> {
    let text = fs::read_to_string(&path).map_err(DemoError::io(format!("reading {}", path.display())))?;
    match serde_saphyr::from_multiple(&text) {
        Ok(manifests) => Ok(Sample { path, manifests }),
        Err(error) => Err(DemoError::Sample { file: path.display().to_string(), problem: error.to_string() }),
    }
}

/// A member of a manifest's text fields, or nothing.
pub fn text<'a>(manifest: &'a Value, pointer: &str) -> &'a str {
    manifest.pointer(pointer).and_then(Value::as_str).unwrap_or("")
}
