//! The pages people read: links lead somewhere, quoted texts and names exist in the code, each reason has its entry.

use std::path::{Path, PathBuf};

use clap::CommandFactory;
use ecs_operator::api::condition::Reason;
use ecs_operator::runtime::config::Config;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Files below a folder whose names end so.
fn below(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(below(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn pages() -> Vec<(PathBuf, String)> {
    let mut files = below(&root().join("docs"), ".md");
    files.extend(["README.md", "CHANGELOG.md", "SECURITY.md"].map(|name| root().join(name)));
    files.into_iter().map(|file| (file.clone(), std::fs::read_to_string(file).unwrap())).collect()
}

/// All sources of the operator in one text, with the breaks of long texts taken out.
fn source() -> String {
    below(&root().join("src"), ".rs").iter().map(|file| std::fs::read_to_string(file).unwrap()).collect()
}

#[test]
fn links_between_pages_lead_to_files() {
    let mut links = 0;
    for (file, text) in pages() {
        for link in text.split("](").skip(1) {
            let target = link.split(')').next().unwrap().split('#').next().unwrap();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            assert!(file.parent().unwrap().join(target).exists(), "{}: {target}", file.display());
            links += 1;
        }
    }
    assert!(links > 60, "{links}");
}

#[test]
fn every_reason_has_an_entry_in_troubleshooting() {
    let page = std::fs::read_to_string(root().join("docs/troubleshooting.md")).unwrap();
    let heads: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    let reasons: Vec<&str> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
    for reason in &reasons {
        assert!(heads.contains(reason), "no entry for {reason}");
    }
    for head in heads {
        assert!(reasons.contains(&head), "{head} is no reason");
    }
}

#[test]
fn texts_quoted_from_the_operator_are_texts_of_the_operator() {
    let page = std::fs::read_to_string(root().join("docs/troubleshooting.md")).unwrap().replace('\n', " ");
    let source = source();
    let mut quotes = 0;
    for quote in page.split('“').skip(1) {
        let quote = quote.split('”').next().unwrap();
        for part in quote.split('…').map(str::trim).filter(|part| part.len() > 3) {
            // Texts of AWS and of the page's own introduction are not ours.
            if part == "later" {
                continue;
            }
            assert!(source.contains(part), "“{quote}”: {part}");
            quotes += 1;
        }
    }
    assert!(quotes >= 8, "{quotes}");
}

#[test]
fn variables_named_on_pages_are_variables_of_the_operator() {
    let command = Config::command();
    let known: Vec<String> =
        command.get_arguments().filter_map(|arg| arg.get_env()).map(|env| env.to_string_lossy().into_owned()).collect();
    // The changelog also tells of what is no more.
    for (file, text) in pages().into_iter().filter(|(file, _)| !file.ends_with("CHANGELOG.md")) {
        for name in text.split(|c: char| !c.is_ascii_uppercase() && c != '_') {
            // The tests have one of their own.
            if name.starts_with("ECS_OPERATOR_") && name.len() > "ECS_OPERATOR_".len() && name != "ECS_OPERATOR_RECORD"
            {
                // `ECS_OPERATOR_AMBIENT_*` stands for several.
                let is = |known: &String| known == name || (name.ends_with('_') && known.starts_with(name));
                assert!(known.iter().any(is), "{}: {name}", file.display());
            }
        }
    }
}
