//! The line at which a member stands, as near as a search for its names finds it. Pure.

use crate::plugin::foresee::manifests::Manifest;

/// The line of a path in the manifest's file: of its deepest part that is found.
#[must_use]
pub(super) fn line(manifest: &Manifest, path: &str) -> usize {
    let lines: Vec<&str> = manifest.at.text.lines().collect();
    let several = lines.iter().filter(|line| line.trim_start().starts_with("kind:")).count() > 1;
    let mut at = if several { named(&lines, 0, manifest.name()).unwrap_or_default() } else { 0 };
    for part in parts(path) {
        let found = match &part {
            Part::Member(name) => lines.iter().enumerate().skip(at).find(|(_, line)| is_member(line, name)),
            Part::Item(name) => named(&lines, at, name).map(|line| (line, &"")),
        };
        match (found, part) {
            (Some((line, _)), _) => at = line,
            // An item by its number: its members are looked for from the list on.
            (None, Part::Item(_)) => {}
            (None, Part::Member(_)) => break,
        }
    }
    manifest.at.line + at
}

enum Part {
    Member(String),
    Item(String),
}

fn parts(path: &str) -> Vec<Part> {
    let mut all = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some((item, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            all.push(Part::Item(item.to_owned()));
            rest = after.trim_start_matches('.');
            continue;
        }
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        if !name.is_empty() {
            all.push(Part::Member(name.to_owned()));
        }
        rest = after.trim_start_matches('.');
    }
    all
}

fn is_member(line: &str, name: &str) -> bool {
    let bare = line.trim_start().trim_start_matches("- ").trim_start_matches(['{', ' ', '"']);
    let member = bare.strip_prefix(name).is_some_and(|rest| rest.trim_start_matches('"').trim_start().starts_with(':'));
    member || line.contains(&format!("\"{name}\":")) || line.contains(&format!(" {name}: "))
}

/// The first line of the item of this name.
fn named(lines: &[&str], from: usize, name: &str) -> Option<usize> {
    let says = |line: &&str| {
        let bare = line.trim_start().trim_start_matches("- ");
        let value = bare.strip_prefix("name:").or_else(|| bare.strip_prefix("\"name\":"));
        value.is_some_and(|value| value.trim().trim_matches([',', '"', '\'']) == name)
            || line.contains(&format!("name: {name}"))
    };
    let found = lines.iter().skip(from).position(says)? + from;
    // Other members may stand before the name; the item begins with a dash.
    let first = (from..=found).rev().find(|at| lines.get(*at).is_some_and(|line| line.trim_start().starts_with("- ")));
    Some(first.unwrap_or(found))
}
