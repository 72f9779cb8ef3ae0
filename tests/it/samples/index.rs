//! The index of the samples names every file, once, and no other.

use std::collections::BTreeMap;

use super::{load, root};

#[test]
fn the_index_names_every_sample_and_nothing_else() {
    let text = std::fs::read_to_string(root().join("README.md")).unwrap();
    let mut told: BTreeMap<String, String> = BTreeMap::new();
    for row in text.lines().filter(|line| line.starts_with("| [")) {
        let (file, shows) = row.trim_matches('|').split_once('|').unwrap();
        let file = file.split("](").nth(1).unwrap().trim().trim_end_matches(')').to_owned();
        assert!(shows.trim().len() > 8, "{file} does not say what it shows");
        assert!(told.insert(file.clone(), shows.to_owned()).is_none(), "{file} stands in the index twice");
    }
    let files: Vec<String> = load().into_iter().map(|sample| sample.file).collect();
    let named: Vec<String> = told.into_keys().collect();
    assert_eq!(named, files, "docs/samples/README.md differs from the directory");
}
