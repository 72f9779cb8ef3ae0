//! Files → manifests of our kinds, each with the place it stands at.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Value, json};

use crate::api::names::{GROUP, VERSION};
use crate::document;
use crate::plugin::exit::PluginError;
use crate::plugin::kind::Kind;

/// One manifest of ours.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// Its kind.
    pub kind: Kind,
    /// The object as it was written.
    pub object: Value,
    /// Where it stands.
    pub at: At,
}

/// A place in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct At {
    /// The file, `-` for standard input.
    pub file: String,
    /// The line at which the document begins, from 1.
    pub line: usize,
    /// The text of the document.
    #[serde(skip)]
    pub text: String,
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Files {
    /// Manifests of ours, in order.
    pub manifests: Vec<Manifest>,
    /// Objects of other groups, which are none of our business.
    pub others: Vec<String>,
    /// Texts that cannot be read, and objects of ours that are none: place, why, remedy.
    pub unreadable: Vec<(At, String, String)>,
}

impl Manifest {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default()
    }

    /// `kind/name`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("{}/{}", self.kind.singular(), self.name())
    }

    /// The same in a namespace, unless it names one or its kind has none.
    #[must_use]
    pub fn within(mut self, namespace: &str) -> Self {
        let has = self.object.pointer("/metadata/namespace").is_some_and(Value::is_string);
        if self.kind.is_namespaced() && !has {
            json_patch::merge(&mut self.object, &json!({"metadata": {"namespace": namespace}}));
        }
        self
    }
}

/// Reads files, folders (with all below them) and `-`.
pub fn read(paths: &[PathBuf]) -> Result<Files, PluginError> {
    let mut files = Files::default();
    for path in paths {
        if path.as_os_str() == "-" {
            let mut bytes = Vec::new();
            std::io::stdin().read_to_end(&mut bytes)?;
            files.add("-", &bytes);
            continue;
        }
        let mut found = Vec::new();
        collect(path, true, &mut found)
            .map_err(|error| PluginError::Missing(format!("{}: {error}", path.display())))?;
        found.sort();
        for path in found {
            let bytes = std::fs::read(&path);
            let bytes = bytes.map_err(|error| PluginError::Missing(format!("{}: {error}", path.display())))?;
            files.add(&path.display().to_string(), &bytes);
        }
    }
    Ok(files)
}

fn collect(path: &Path, asked: bool, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if path.is_dir() {
        for entry in std::fs::read_dir(path)? {
            collect(&entry?.path(), false, found)?;
        }
        return Ok(());
    }
    let known = ["yaml", "yml", "json"];
    let named = path.extension().and_then(|extension| extension.to_str()).is_some_and(|end| known.contains(&end));
    if asked {
        std::fs::metadata(path)?;
    }
    if asked || named {
        found.push(path.to_owned());
    }
    Ok(())
}

impl Files {
    /// Adds the documents of a file.
    pub fn add(&mut self, file: &str, bytes: &[u8]) {
        let at = |line: usize, text: &str| At { file: file.to_owned(), line, text: text.to_owned() };
        let text = match document::decode(bytes) {
            Ok(text) => text,
            Err(refused) => return self.unreadable.push((at(1, ""), refused.reason, refused.remedy)),
        };
        for (line, chunk) in chunks(&text) {
            if chunk.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
                continue;
            }
            // Line breaks before it, so that a parser counts lines as the file does.
            let padded = "\n".repeat(line - 1) + &chunk;
            match document::values(&padded) {
                Ok(values) => values.into_iter().for_each(|value| self.object(value, &at(line, &chunk))),
                Err(refused) => self.unreadable.push((at(line, &chunk), refused.reason, refused.remedy)),
            }
        }
    }

    fn object(&mut self, value: Value, at: &At) {
        let text = |member: &str| value.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (version, kind) = (text("apiVersion"), text("kind"));
        if kind.ends_with("List")
            && let Some(items) = value.get("items").and_then(Value::as_array)
        {
            return items.iter().cloned().for_each(|item| self.object(item, at));
        }
        let ours = version.split('/').next() == Some(GROUP);
        let name = value.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default().to_owned();
        match Kind::named(&kind).filter(|_| version == format!("{GROUP}/{VERSION}")) {
            Some(_) if name.is_empty() => {
                self.unreadable.push((
                    at.clone(),
                    format!("this {kind} has no name"),
                    "set `metadata.name`".to_owned(),
                ));
            }
            Some(kind) => self.manifests.push(Manifest { kind, object: value, at: at.clone() }),
            None if ours => {
                let why = format!("`{kind}` of `{version}` is no kind of ours");
                let kinds = Kind::ALL.map(Kind::name).join(", ");
                self.unreadable.push((at.clone(), why, format!("write one of {kinds} of `{GROUP}/{VERSION}`")));
            }
            None if version.is_empty() || kind.is_empty() => {
                let why = "is no manifest: it has no `apiVersion` and `kind`".to_owned();
                self.unreadable.push((at.clone(), why, "write a manifest, or leave the file out".to_owned()));
            }
            None => self.others.push(format!("{kind}/{name}")),
        }
    }
}

/// The documents of a text, with the lines at which they begin.
fn chunks(text: &str) -> Vec<(usize, String)> {
    let mut all = vec![(1, String::new())];
    for (number, line) in text.lines().enumerate() {
        if line == "---" || line.starts_with("--- ") {
            all.push((number + 2, String::new()));
        } else if let Some((_, chunk)) = all.last_mut() {
            chunk.push_str(line);
            chunk.push('\n');
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_know_their_lines_and_what_is_not_ours_is_left_alone() {
        let text = "# a file\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n---\n\
                    apiVersion: ecs-operator.dev/v1alpha1\nkind: EcsCluster\nmetadata:\n  name: prod\n---\nnonsense: [\n";
        let mut files = Files::default();
        files.add("a.yaml", text.as_bytes());
        assert_eq!(files.others, ["Deployment/web"]);
        let found: Vec<_> = files.manifests.iter().map(|m| (m.address(), m.at.line)).collect();
        assert_eq!(found, [("ecscluster/prod".to_owned(), 7)]);
        let (at, why, _) = &files.unreadable[0];
        assert!(at.line == 12 && why.contains("not YAML"), "{why}");
    }
}
