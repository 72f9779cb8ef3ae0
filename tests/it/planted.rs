//! The known bugs of `tests/planted` can still be planted: what their patches change still stands in the sources.

use std::fs::read_to_string;
use std::path::Path;

#[test]
fn every_known_bug_can_still_be_planted_and_stands_in_the_table() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = read_to_string(root.join("docs/testing.md")).unwrap();
    let (mut bugs, mut wrong) = (0, Vec::new());
    for bug in root.join("tests/planted/bugs").read_dir().unwrap() {
        let path = bug.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if !page.contains(&format!("| `{name}` | ")) {
            wrong.push(format!("{name} has no row in docs/testing.md; tests/planted/run prints it"));
        }
        for (file, lines) in places(&read_to_string(&path).unwrap()) {
            let source = read_to_string(root.join(&file)).unwrap_or_default();
            if !format!("\n{source}").contains(&lines) {
                wrong.push(format!("{name}: {file} has no such lines any more:{lines}"));
            }
        }
        bugs += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(page.matches("\n| `b").count() + page.matches("\n| `c").count(), bugs);
}

/// Where a patch changes something: the file, and the lines that stand there before.
fn places(patch: &str) -> Vec<(String, String)> {
    let (mut file, mut all) = ("", Vec::new());
    for line in patch.lines().filter(|line| !line.starts_with("--- ")) {
        if let Some(name) = line.strip_prefix("+++ b/") {
            file = name;
        } else if line.starts_with("@@ ") {
            all.push((file.to_owned(), "\n".to_owned()));
        } else if let Some((_, lines)) = all.last_mut()
            && !line.starts_with('+')
        {
            lines.push_str(line.get(1..).unwrap_or_default());
            lines.push('\n');
        }
    }
    all
}
