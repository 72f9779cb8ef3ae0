//! Plain manifests rendered from the chart: the generated files of `charts/kustomize`, and all of it in one file.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::binaries::{Binaries, Tool};
use crate::error::LocalError;

/// The namespace of plain manifests.
pub const NAMESPACE: &str = "ecs-operator-system";

const HEAD: &str = "# Generated from the chart by `cargo run -p ecs-local -- manifests`; do not edit.\n";
const NAMESPACE_OBJECT: &str = "apiVersion: v1
kind: Namespace
metadata:
  name: ecs-operator-system
  labels:
    pod-security.kubernetes.io/enforce: restricted
";
/// Of the chart's labels, those that are Helm's.
const HELMS: [&str; 2] = ["helm.sh/chart:", "app.kubernetes.io/managed-by:"];

/// Templates of the chart that a file of `charts/kustomize` holds.
const FILES: [(&str, &[&str]); 2] = [
    ("rbac/rbac.yaml", &["serviceaccount.yaml", "rbac/"]),
    ("manager/manager.yaml", &["deployment.yaml", "service.yaml", "poddisruptionbudget.yaml"]),
];

/// The directory of the chart and the kustomize bases.
pub fn charts() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).join("charts")
}

/// The generated files below `charts/kustomize`: path and text.
pub fn kustomize() -> Result<Vec<(String, String)>, LocalError> {
    let all = render(&["crds.enabled=false"])?;
    let mut files = Vec::new();
    for (path, templates) in FILES {
        let chosen: Vec<&Document> = all.iter().filter(|document| document.is_of(templates)).collect();
        let namespace = if path.starts_with("manager/") { NAMESPACE_OBJECT } else { "" };
        files.push((path.to_owned(), text(namespace, &chosen)));
    }
    let scope = format!("scope.namespaces={{{NAMESPACE}}}");
    let narrow = render(&["crds.enabled=false", "accounts.enabled=false", &scope])?;
    let roles: Vec<&Document> = narrow.iter().filter(|document| document.is_of(&["rbac/operator.yaml"])).collect();
    files.push(("overlays/namespaced/roles.yaml".to_owned(), text("", &roles)));
    Ok(files)
}

/// Everything in one file: the namespace, the CRDs, the operator.
pub fn install() -> Result<String, LocalError> {
    let all = render(&["crds.enabled=true"])?;
    Ok(text(NAMESPACE_OBJECT, &all.iter().collect::<Vec<_>>()))
}

/// One object of a rendered chart.
struct Document {
    /// The template it comes from, below `templates/`.
    template: String,
    text: String,
}

impl Document {
    fn is_of(&self, templates: &[&str]) -> bool {
        templates.iter().any(|name| self.template == *name || (name.ends_with('/') && self.template.starts_with(name)))
    }
}

fn text(first: &str, documents: &[&Document]) -> String {
    let first = (!first.is_empty()).then_some(first);
    let parts: Vec<&str> = first.into_iter().chain(documents.iter().map(|document| document.text.as_str())).collect();
    format!("{HEAD}{}", parts.join("---\n"))
}

fn render(values: &[&str]) -> Result<Vec<Document>, LocalError> {
    let mut arguments = vec!["template", "ecs-operator", "--namespace", NAMESPACE];
    for value in ["installationId=default", "crds.keep=false"].iter().chain(values) {
        arguments.extend(["--set", value]);
    }
    let charts = charts().join("ecs-operator");
    let helm = Binaries::find_or_build(&[Tool::Helm])?.path(Tool::Helm);
    let output = Command::new(&helm).args(&arguments).arg(&charts).output().map_err(LocalError::io("starting helm"))?;
    if !output.status.success() {
        let answer = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(LocalError::Helm { command: arguments.join(" "), answer });
    }
    Ok(split(&String::from_utf8_lossy(&output.stdout)))
}

/// The objects of Helm's output, without Helm's labels.
fn split(rendered: &str) -> Vec<Document> {
    let mut documents = Vec::new();
    for part in rendered.split("---\n# Source: ecs-operator/templates/").skip(1) {
        let (template, body) = part.split_once('\n').unwrap_or((part, ""));
        let kept = body.lines().filter(|line| !HELMS.iter().any(|label| line.trim_start().starts_with(label)));
        let text: String = kept.flat_map(|line| [line, "\n"]).collect();
        documents.push(Document { template: template.to_owned(), text: format!("{}\n", text.trim()) });
    }
    documents
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_told_apart_and_lose_the_labels_of_helm() {
        let rendered = "---\n# Source: ecs-operator/templates/rbac/lease.yaml\nkind: Role\nlabels:\n  helm.sh/chart: x-1\n  a: b\n\n\
                        ---\n# Source: ecs-operator/templates/service.yaml\nkind: Service\n";
        let documents = split(rendered);
        assert_eq!(documents[0].text, "kind: Role\nlabels:\n  a: b\n");
        assert!(
            documents[0].is_of(&["rbac/"]) && !documents[1].is_of(&["rbac/"]) && documents[1].is_of(&["service.yaml"])
        );
    }
}
