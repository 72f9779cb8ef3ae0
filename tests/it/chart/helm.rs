//! Helm, and what it renders.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use ecs_local::binaries::{Binaries, Tool};
use serde_json::Value;

use crate::local_api::plane::{Ran, run};

/// The chart.
pub const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/charts/ecs-operator");

/// A file or directory of the project.
pub fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Values files of the matrix, sorted.
pub fn matrix() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(project("tests/fixtures/chart-values")).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 6, "{files:?}");
    files
}

/// Runs Helm, as the admin of the kubeconfig. Blocks.
pub fn helm_at(kubeconfig: &Path, arguments: &[&str]) -> Ran {
    static HELM: OnceLock<PathBuf> = OnceLock::new();
    let program = HELM.get_or_init(|| Binaries::find_or_build(&[Tool::Helm]).unwrap().path(Tool::Helm));
    let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
    run(program, kubeconfig, &arguments, None)
}

/// Runs Helm without a cluster.
pub fn helm(arguments: &[&str]) -> Ran {
    helm_at(Path::new("/dev/null"), arguments)
}

/// What the chart renders for the release `ecs-operator` in a namespace.
pub fn template(namespace: &str, more: &[&str]) -> Ran {
    helm(&[&["template", "ecs-operator", CHART, "--namespace", namespace], more].concat())
}

/// The objects of a text of YAML documents.
pub fn objects(text: &str) -> Vec<Value> {
    let documents = text.split("\n---\n").map(|document| document.trim_start_matches("---\n"));
    let values = documents.map(|document| serde_saphyr::from_str::<Value>(document).unwrap());
    values.filter(|value| !value.is_null()).collect()
}

/// The objects that the chart renders.
pub fn rendered(namespace: &str, more: &[&str]) -> Vec<Value> {
    objects(&template(namespace, more).unwrap())
}

/// The one object of a kind and name.
pub fn the<'a>(objects: &'a [Value], kind: &str, name: &str) -> &'a Value {
    let found = objects.iter().find(|object| object["kind"] == kind && object["metadata"]["name"] == name);
    found.unwrap_or_else(|| panic!("no {kind} {name}"))
}
