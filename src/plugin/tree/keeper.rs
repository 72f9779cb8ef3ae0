//! Who else keeps an object as it is: Argo CD, Flux, Helm; and which fields are theirs. Pure.

use serde_json::Value;

use super::object::Object;
use crate::plugin::setting::FIELD_MANAGER;

/// The tool that keeps an object, as its marks tell.
pub fn keeper(object: &Object) -> Option<String> {
    let annotation = |key: &str| object.annotations.get(key);
    let label = |key: &str| object.labels.get(key);
    if let Some(id) = annotation("argocd.argoproj.io/tracking-id") {
        return Some(format!("Argo CD's application {}", id.split(':').next().unwrap_or_default()));
    }
    if let Some(name) = label("argocd.argoproj.io/instance") {
        return Some(format!("Argo CD's application {name}"));
    }
    for (kind, key) in [("Kustomization", "kustomize.toolkit.fluxcd.io"), ("HelmRelease", "helm.toolkit.fluxcd.io")] {
        if let Some(name) = label(&format!("{key}/name")) {
            let namespace = label(&format!("{key}/namespace")).map(|namespace| format!("{namespace}/"));
            return Some(format!("Flux's {kind} {}{name}", namespace.unwrap_or_default()));
        }
    }
    if let Some(name) = annotation("meta.helm.sh/release-name") {
        return Some(format!("the Helm release {name}"));
    }
    None
}

/// Did somebody else than us write this field? `path` as managed fields spell it, such as `["f:spec", "f:capacity"]`.
pub fn is_written(object: &Object, path: &[&str]) -> bool {
    let others = object.managed.iter().filter(|entry| {
        let manager = entry.get("manager").and_then(Value::as_str).unwrap_or_default();
        manager != FIELD_MANAGER && entry.get("subresource").is_none()
    });
    others.into_iter().any(|entry| has(entry, path))
}

fn has(entry: &Value, path: &[&str]) -> bool {
    let fields = entry.get("fieldsV1");
    path.iter().try_fold(fields, |at, member| Some(at?.get(member))).flatten().is_some()
}

/// A warning where an edit of this field will be undone, or may be.
pub fn warning(object: &Object, path: &[&str]) -> Option<String> {
    let keeper = keeper(object)?;
    let field: Vec<&str> = path.iter().map(|member| member.trim_start_matches("f:")).collect();
    let field = field.join(".");
    if is_written(object, path) {
        return Some(format!("{keeper} keeps this object and sets {field}: it will undo this; change it in Git too"));
    }
    let spec = path.first().is_some_and(|first| *first == "f:spec");
    spec.then(|| format!("{keeper} keeps this object; as long as {field} is not in Git, this edit stays"))
}
