//! The samples that show every field: what each field is for, put above it from the schema of its kind.
//!
//! In such a file `# text` above a field is written by [`commented`], `## text` by a person, and `#field: value` is YAML
//! that is commented out: take the `#` away, and it stands where it belongs.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

/// A line of YAML below `spec`, in use or commented out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its path, as on the reference page: `spec.settings[].name`.
    pub path: String,
    /// Is it commented out?
    pub out: bool,
}

/// The columns and names that lead to a line.
#[derive(Default)]
struct Place(Vec<(usize, String)>);

impl Place {
    /// Takes the next line of YAML in; the path of its field, if it names one.
    fn enter(&mut self, mut column: usize, line: &str) -> Option<String> {
        let mut rest = line;
        while let Some(item) = rest.strip_prefix("- ") {
            self.step(column, "[]");
            column += 2;
            rest = item;
        }
        let (name, value) = rest.split_once(':')?;
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric());
        if !plain || !(value.is_empty() || value.starts_with(' ')) {
            return None;
        }
        self.step(column, name);
        let mut path = String::new();
        for (_, part) in &self.0 {
            if part != "[]" && !path.is_empty() {
                path.push('.');
            }
            path.push_str(part);
        }
        Some(path)
    }

    fn step(&mut self, column: usize, part: &str) {
        while self.0.last().is_some_and(|(above, _)| *above >= column) {
            self.0.pop();
        }
        self.0.push((column, part.to_owned()));
    }
}

/// The line without its indent and, where it is commented out, without the `#`.
fn yaml(line: &str) -> Option<(usize, bool, &str)> {
    let bare = line.trim_start();
    let indent = line.len() - bare.len();
    let Some(hidden) = bare.strip_prefix('#') else {
        return (!bare.is_empty()).then_some((indent, false, bare));
    };
    if hidden.is_empty() || hidden.starts_with('#') {
        return None;
    }
    // What is commented out at this column goes on below it, further in.
    let deeper = hidden.trim_start();
    let column = indent + hidden.len() - deeper.len();
    let is_prose = column == indent + 1;
    (!is_prose).then_some((column, true, deeper))
}

fn field(place: &mut Place, line: &str) -> Option<Field> {
    let (column, out, text) = yaml(line)?;
    let path = place.enter(column, text)?;
    path.starts_with("spec.").then_some(Field { path, out })
}

/// Every field that a text names, with repetitions.
#[must_use]
pub fn fields(text: &str) -> Vec<Field> {
    let mut place = Place::default();
    text.lines().filter_map(|line| field(&mut place, line)).collect()
}

/// The text with the first sentence of its description above each field where it stands first.
#[must_use]
pub fn commented(schema: &Value, text: &str) -> String {
    let mut place = Place::default();
    let mut seen = BTreeSet::new();
    let mut written = String::new();
    let mut head = true;
    for line in text.lines() {
        head = head && line.starts_with('#');
        if !head && line.trim_start().starts_with("# ") && yaml(line).is_none() {
            continue;
        }
        if let Some(field) = field(&mut place, line)
            && seen.insert(field.path.clone())
            && let Some(told) = sentence(schema, &field.path)
        {
            let indent = line.len() - line.trim_start().len();
            let _ = writeln!(written, "{:indent$}# {told}", "");
        }
        written.push_str(line);
        written.push('\n');
    }
    written
}

/// The first sentence about a field, if the schema has it.
fn sentence(schema: &Value, path: &str) -> Option<String> {
    let told = find(schema, path)?.get("description")?.as_str()?;
    let line = told.lines().next().unwrap_or_default();
    let first = line.split_once(". ").map_or(line, |(first, _)| first);
    Some(format!("{}.", first.trim_end_matches('.')))
}

/// The schema of a field.
#[must_use]
pub fn find<'a>(schema: &'a Value, path: &str) -> Option<&'a Value> {
    let mut node = schema;
    for part in path.split('.') {
        let name = part.trim_end_matches("[]");
        node = node.get("properties")?.get(name)?;
        for _ in 0..(part.len() - name.len()) / 2 {
            node = node.get("items")?;
        }
    }
    Some(node)
}

/// Every field below `spec` of a schema.
#[must_use]
pub fn every_field(schema: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    if let Some(spec) = find(schema, "spec") {
        below(spec, "spec", &mut found);
    }
    found
}

fn below(node: &Value, path: &str, found: &mut BTreeSet<String>) {
    if let Some(items) = node.get("items") {
        below(items, &format!("{path}[]"), found);
    }
    for (name, field) in node.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let path = format!("{path}.{name}");
        below(field, &path, found);
        found.insert(path);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::json;

    use super::*;

    const TEXT: &str = "# Head.\nkind: A\nspec:\n  list:\n    - name: a: b\n      tags:\n        team: x\n    - name: b\n  ## Only one.\n  #other:\n  #  deep: 1\n  # Stale.\n  last: 2\n";

    fn schema() -> Value {
        let text = |words: &str| json!({"description": words});
        json!({"properties": {"spec": {"properties": {
            "list": {"description": "A list. More.", "items": {"properties": {
                "name": text("Its name."), "tags": {"description": "Tags.", "additionalProperties": {}},
            }}},
            "other": {"description": "Another.\nAt length.", "properties": {"deep": text("Deep.")}},
            "last": text("Last."),
        }}}})
    }

    #[test]
    fn each_field_is_told_of_where_it_stands_first_and_old_words_go() {
        let written = commented(&schema(), TEXT);
        let expected = "# Head.\nkind: A\nspec:\n  # A list.\n  list:\n    # Its name.\n    - name: a: b\n      # Tags.\n      tags:\n        team: x\n    - name: b\n  ## Only one.\n  # Another.\n  #other:\n  # Deep.\n  #  deep: 1\n  # Last.\n  last: 2\n";
        assert_eq!(written, expected);
        assert_eq!(commented(&schema(), &written), written);
    }

    #[test]
    fn fields_in_use_and_out_of_use_have_their_paths() {
        let told: Vec<(String, bool)> = fields(TEXT).into_iter().map(|field| (field.path, field.out)).collect();
        let paths: BTreeSet<String> = told.iter().map(|(path, _)| path.clone()).collect();
        assert!(every_field(&schema()).is_subset(&paths), "{paths:?}");
        assert!(told.contains(&("spec.other.deep".to_owned(), true)));
        assert!(told.contains(&("spec.list[].name".to_owned(), false)));
    }
}
