//! Builds the library's tests of the copy, and tells which mutants do not compile.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::error::Error;
use crate::weave::Woven;

/// What a build came to.
#[derive(Debug)]
pub(crate) enum Built {
    /// The executable with the tests.
    Tests(PathBuf),
    /// Errors.
    Broken(Vec<Trouble>),
}

/// One error of the compiler.
#[derive(Debug)]
pub(crate) struct Trouble {
    /// As people read it.
    rendered: String,
    /// Where it stands, what it is about first.
    spans: Vec<(String, Range<usize>)>,
}

#[derive(Deserialize)]
struct Line {
    reason: String,
    #[serde(default)]
    executable: Option<PathBuf>,
    #[serde(default)]
    message: Option<Message>,
}

#[derive(Deserialize)]
struct Message {
    level: String,
    #[serde(default)]
    rendered: Option<String>,
    #[serde(default)]
    spans: Vec<SpanLine>,
}

#[derive(Deserialize)]
struct SpanLine {
    file_name: String,
    byte_start: usize,
    byte_end: usize,
    is_primary: bool,
    #[serde(default)]
    expansion: Option<Box<Expansion>>,
}

#[derive(Deserialize)]
struct Expansion {
    span: SpanLine,
}

/// Runs cargo in the copy. `jobs` as for cargo.
pub(crate) fn build(copy: &Path, target: &Path, jobs: usize) -> Result<Built, Error> {
    let output = Command::new("cargo")
        .args(["test", "--package", "ecs-operator", "--lib", "--no-run", "--message-format", "json"])
        .arg(format!("-j{jobs}"))
        .current_dir(copy)
        .env("CARGO_TARGET_DIR", target)
        .stderr(Stdio::piped())
        .output()
        .map_err(Error::io("cargo"))?;
    match read(&String::from_utf8_lossy(&output.stdout)) {
        Built::Broken(troubles) if troubles.is_empty() => {
            Err(Error::Compiler(String::from_utf8_lossy(&output.stderr).into_owned()))
        }
        built @ (Built::Tests(_) | Built::Broken(_)) => Ok(built),
    }
}

/// What the lines that cargo printed say.
fn read(printed: &str) -> Built {
    let mut troubles = Vec::new();
    let mut executable = None;
    for line in printed.lines().filter_map(|line| serde_json::from_str::<Line>(line).ok()) {
        if line.reason == "compiler-artifact" && line.executable.is_some() {
            executable = line.executable;
        }
        if let Some(message) = line.message.filter(|message| message.level == "error" && !message.spans.is_empty()) {
            troubles.push(trouble(message));
        }
    }
    match executable {
        Some(path) if troubles.is_empty() => Built::Tests(path),
        _ => Built::Broken(troubles),
    }
}

fn trouble(message: Message) -> Trouble {
    let mut spans = Vec::new();
    let (first, others): (Vec<_>, Vec<_>) = message.spans.into_iter().partition(|span| span.is_primary);
    for span in first.into_iter().chain(others) {
        let mut next = Some(span);
        while let Some(span) = next {
            spans.push((span.file_name, span.byte_start..span.byte_end));
            next = span.expansion.map(|expansion| expansion.span);
        }
    }
    Trouble { rendered: message.rendered.unwrap_or_default(), spans }
}

/// The mutants that the errors are blamed on; an error that none explains is told.
pub(crate) fn blamed(troubles: &[Trouble], files: &BTreeMap<String, Woven>) -> Result<BTreeSet<usize>, Error> {
    let mut found = BTreeSet::new();
    let mut unexplained = Vec::new();
    for trouble in troubles {
        let ids = trouble
            .spans
            .iter()
            .filter_map(|(name, at)| files.get(name).map(|woven| woven.blamed(at)))
            .find(|ids| !ids.is_empty());
        match ids {
            Some(ids) => found.extend(ids),
            None => unexplained.push(trouble.rendered.as_str()),
        }
    }
    // What follows from another error goes with it; so only a build without any mutant to blame ends the run.
    if found.is_empty() { Err(Error::Compiler(unexplained.join("\n"))) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plant::plant;
    use crate::weave::weave;

    fn error(file: &str, at: &Range<usize>) -> String {
        let span = |name: &str, at: &Range<usize>, primary: bool| serde_json::json!({"file_name": name, "byte_start": at.start, "byte_end": at.end, "is_primary": primary});
        let spans = [span("src/other.rs", &(0..1), false), span(file, at, true)];
        let message = serde_json::json!({"level": "error", "rendered": "it is wrong", "spans": spans});
        serde_json::json!({"reason": "compiler-message", "message": message}).to_string()
    }

    #[test]
    fn errors_are_blamed_on_the_mutant_at_their_bytes_and_others_end_the_run() {
        let text = "fn f(a: T) -> impl S { a == b }";
        let planted = plant("room", "src/f.rs", text, 7).unwrap();
        let woven = weave(text, &planted.places, &BTreeSet::new());
        let at = woven.text.find("!=").unwrap();
        let files = BTreeMap::from([("src/f.rs".to_owned(), woven)]);
        let judged = |printed: &str| match read(printed) {
            Built::Broken(troubles) => blamed(&troubles, &files),
            Built::Tests(_) => panic!("it is broken"),
        };
        assert_eq!(judged(&error("src/f.rs", &(at..at + 2))).unwrap(), BTreeSet::from([7]));
        assert!(judged(&error("src/f.rs", &(0..2))).is_err_and(|error| error.to_string().contains("it is wrong")));
        assert!(judged(&error("src/g.rs", &(at..at + 2))).is_err());
    }

    #[test]
    fn an_error_within_a_macro_is_blamed_where_the_macro_is_used() {
        let span = r#"{"file_name":"/std/macros.rs","byte_start":1,"byte_end":2,"is_primary":true,
            "expansion":{"span":{"file_name":"src/f.rs","byte_start":5,"byte_end":6,"is_primary":false,"expansion":null}}}"#;
        let line = format!(r#"{{"reason":"compiler-message","message":{{"level":"error","spans":[{span}]}}}}"#);
        let Built::Broken(troubles) = read(&line.replace('\n', "")) else { panic!("it is broken") };
        assert_eq!(troubles[0].spans[1], ("src/f.rs".to_owned(), 5..6));
    }

    #[test]
    fn a_build_without_errors_gives_the_tests_and_warnings_are_not_errors() {
        let printed = concat!(
            r#"{"reason":"compiler-message","message":{"level":"warning","spans":[]}}"#,
            "\n",
            r#"{"reason":"compiler-artifact","executable":null}"#,
            "\n",
            r#"{"reason":"compiler-artifact","executable":"/target/tests-1"}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#
        );
        assert!(matches!(read(printed), Built::Tests(path) if path.ends_with("tests-1")));
    }
}
