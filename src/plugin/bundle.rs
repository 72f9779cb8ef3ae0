//! Files for a bug report: gathered, redacted, packed. A secret that is known is in none of them.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use serde_json::Value;

use super::clean;
use super::tree::Object;
use crate::controllers::hidden::Hidden;

/// The files, by name.
#[derive(Debug, Default)]
pub struct Bundle {
    files: Vec<(String, String)>,
    hidden: Hidden,
}

impl Bundle {
    /// What these objects hide is hidden in every file.
    #[must_use]
    pub fn hiding(objects: &[Object]) -> Self {
        let hidden = objects.iter().fold(Hidden::default(), |hidden, object| {
            let (spec, inside) = (Hidden::of(&object.spec), Hidden::of(&clean::opened(&object.spec)));
            hidden.and(spec).and(inside)
        });
        Self { files: Vec::new(), hidden }
    }

    /// Adds a file.
    pub fn add(&mut self, name: &str, text: &str) {
        // Line by line: a value may be cut at the end of each.
        let text: Vec<String> = text.lines().map(|line| self.hidden.out_of(line)).collect();
        self.files.push((self.hidden.out_of(&safe(name)), text.join("\n") + "\n"));
    }

    /// Adds a value as JSON.
    pub fn add_value(&mut self, name: &str, value: &Value) {
        let text = serde_json::to_string_pretty(value).unwrap_or_default();
        self.add(name, &text);
    }

    /// Names and sizes.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// The archive, below a folder of this name.
    pub fn packed(&self, folder: &str, now: Timestamp) -> std::io::Result<Vec<u8>> {
        let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
        for (name, text) in &self.files {
            let mut header = tar::Header::new_gnu();
            header.set_size(u64::try_from(text.len()).unwrap_or_default());
            header.set_mode(0o600);
            header.set_mtime(u64::try_from(now.as_second()).unwrap_or_default());
            archive.append_data(&mut header, format!("{folder}/{name}"), text.as_bytes())?;
        }
        let mut packed = archive.into_inner()?;
        packed.flush()?;
        packed.finish()
    }
}

/// A path without parts that lead elsewhere.
fn safe(name: &str) -> String {
    let parts = name.split('/').filter(|part| !matches!(*part, "" | "." | ".."));
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    parts.map(|part| part.replace(|c| !known(c), "_")).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn what_is_packed_is_what_was_added() {
        let mut bundle = Bundle::default();
        bundle.add("../a/b.txt", "one\ntwo");
        let packed = bundle.packed("report", Timestamp::UNIX_EPOCH).unwrap();
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(packed.as_slice()));
        let mut found = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            found.push((entry.path().unwrap().display().to_string(), text));
        }
        assert_eq!(found, [("report/a/b.txt".to_owned(), "one\ntwo\n".to_owned())]);
    }
}
