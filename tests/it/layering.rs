//! Who may know whom, checked in the source: pure rooms stay pure, clients and clocks stay in their rooms.

use std::path::{Path, PathBuf};

use ecs_operator::api::condition::Reason;
use ecs_operator::controllers::events::EventReason;

/// A source file without comments and without what stands under `#[cfg(test)]`.
struct Source {
    /// Path below `src`.
    path: String,
    /// Its lines of code, with their numbers.
    lines: Vec<(usize, String)>,
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
}

fn is_test(path: &str) -> bool {
    path.contains("tests") || path.contains("test_")
}

/// All files that are shipped.
fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    files(&root, &mut found);
    let mut sources = Vec::new();
    for file in found {
        let path = file.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        if is_test(&path) {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        let mut lines = Vec::new();
        let mut all = text.lines().enumerate().peekable();
        while let Some((number, line)) = all.next() {
            let code = line.split("//").next().unwrap_or_default().trim_end();
            if line.trim() == "#[cfg(test)]" {
                if all.peek().is_some_and(|(_, next)| next.trim_end().ends_with('{')) {
                    break;
                }
                all.next();
                continue;
            }
            if !code.trim().is_empty() {
                lines.push((number + 1, code.to_owned()));
            }
        }
        sources.push(Source { path, lines });
    }
    assert!(sources.len() > 100, "the sources are where they are looked for");
    sources
}

/// Where one of `words` stands in a file that `forbidden` names.
fn offences(words: &[&str], forbidden: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources().iter().filter(|source| forbidden(&source.path)) {
        for (number, line) in &source.lines {
            for word in words.iter().filter(|word| line.contains(**word)) {
                found.push(format!("src/{}:{number}: `{word}`", source.path));
            }
        }
    }
    found
}

/// Rooms in which the same arguments always give the same value.
fn is_pure(path: &str) -> bool {
    const PURE: &[&str] = &[
        "plan.rs",
        "status.rs",
        "verdict.rs",
        "removal.rs",
        "rollout.rs",
        "content.rs",
        "desired.rs",
        "step.rs",
        "requests.rs",
        "happened.rs",
        "stopped.rs",
        "record.rs",
        "declared.rs",
        "normal.rs",
    ];
    const COMMON: &[&str] = &[
        "arn.rs",
        "backoff.rs",
        "conclude.rs",
        "directive.rs",
        "document.rs",
        "facts.rs",
        "failure.rs",
        "hash.rs",
        "ownership.rs",
        "refusal.rs",
        "report.rs",
        "tagging.rs",
        "target.rs",
    ];
    const GROUP: &[&str] = &[
        "server_group/alarms.rs",
        "server_group/copying.rs",
        "server_group/name.rs",
        "server_group/scale.rs",
        "server_group/desired",
        "server_group/render/",
        "server_group/rollout/",
        "server_group/children.rs",
        "server_group/health.rs",
        "server_group/traffic.rs",
        "server_group/twin.rs",
    ];
    let Some(room) = path.strip_prefix("controllers/") else {
        const ROOMS: &[&str] = &["diff/", "preflight/", "document/", "plugin/tree/", "plugin/render/"];
        return ROOMS.iter().any(|start| path.starts_with(start));
    };
    if GROUP.iter().any(|start| room.starts_with(start)) {
        return true;
    }
    match room.rsplit_once('/') {
        Some((_, file)) => PURE.contains(&file),
        None => COMMON.contains(&room),
    }
}

fn none(found: &[String], rule: &str) {
    assert!(found.is_empty(), "{rule}:\n{}", found.join("\n"));
}

#[test]
fn pure_rooms_neither_wait_nor_call_nor_look_at_the_clock() {
    let words =
        ["async ", ".await", "Client", "kube::Api", "Instant", "Clock", "::now()", "HashMap", "HashSet", "fastrand"];
    none(&offences(&words, is_pure), "a pure room does not do this");
    assert!(is_pure("controllers/ecs_service/plan.rs") && !is_pure("controllers/ecs_service/act.rs"));
}

#[test]
fn the_clock_is_read_in_one_file() {
    let words = ["SystemTime::now", "Instant::now", "Timestamp::now"];
    let found = offences(&words, |path| path != "controllers/clock.rs");
    // tokio's clock follows the tests' and measures durations, nothing else.
    let found: Vec<String> = found.into_iter().filter(|found| !tokio_instant(found)).collect();
    none(&found, "only `Context` tells the time");
}

/// Does the file mean tokio's `Instant`?
fn tokio_instant(found: &str) -> bool {
    let path = found.split(':').next().unwrap_or_default();
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    found.contains("`Instant::now`") && text.contains("tokio::time::") && !text.contains("std::time::Instant")
}

#[test]
fn only_the_rooms_of_calls_know_the_clients_of_aws() {
    let allowed = |path: &str| {
        path.starts_with("aws/")
            || ["act.rs", "observe.rs", "effects.rs"].iter().any(|file| path.ends_with(file))
            || path.starts_with("runtime/")
    };
    let words = ["aws_sdk_ecs::Client", "aws_sdk_applicationautoscaling::Client", ".aws.ecs(", "aws.call("];
    none(&offences(&words, |path| !allowed(path)), "calls to AWS are made in `act` and `observe`");
}

#[test]
fn only_the_driver_knows_kubes_runtime() {
    let allowed =
        ["mod.rs", "drive.rs", "relations.rs", "events.rs", "context.rs", "watches.rs", "missed.rs", "patience.rs"];
    let found = offences(&["kube::runtime"], |path| {
        let follows = path.starts_with("runtime/") || path == "plugin/cluster/watching.rs";
        !follows && !allowed.iter().any(|file| path == format!("controllers/{file}"))
    });
    none(&found, "kinds know nothing of kube's controllers");
}

#[test]
fn lower_layers_do_not_know_the_upper_ones() {
    for (layer, upper) in [
        ("api/", &["crate::aws", "crate::diff", "crate::controllers", "crate::runtime"][..]),
        ("diff/", &["crate::aws", "crate::controllers", "crate::runtime"]),
        ("aws/", &["crate::controllers", "crate::diff", "crate::runtime"]),
        ("preflight/", &["crate::aws", "crate::controllers", "crate::runtime"]),
    ] {
        none(&offences(upper, |path| path.starts_with(layer)), &format!("`{layer}` lies below"));
    }
    // The kinds know settings and metrics through the context only.
    let kinds = |path: &str| path.starts_with("controllers/ecs_");
    none(&offences(&["crate::runtime"], kinds), "kinds do not know the process");
}

#[test]
fn nothing_behaves_otherwise_under_test() {
    let found = offences(&["cfg!(test)", "cfg(feature", "cfg(not(test))"], |_| true);
    none(&found, "the shipped code is the tested code");
}

#[test]
fn reasons_come_from_the_closed_lists() {
    let quoted: Vec<String> = Reason::ALL
        .iter()
        .map(|reason| reason.as_str())
        .chain(EventReason::ALL.iter().map(|reason| reason.as_str()))
        .map(|word| format!("\"{word}\""))
        .collect();
    let words: Vec<&str> = quoted.iter().map(String::as_str).collect();
    let found = offences(&words, |path| path.starts_with("controllers/"));
    none(&found, "a reason is a member of its enum, not a text");
    let writers = offences(&["reason: Some(\"", "reason: \"", "type_: \""], |path| path.starts_with("controllers/"));
    none(&writers, "conditions and events are made in one place");
}

#[test]
fn files_stay_small_enough_to_be_read() {
    let long: Vec<String> = sources()
        .iter()
        .filter(|source| source.lines.len() > 400)
        .map(|source| format!("src/{}: {} lines of code", source.path, source.lines.len()))
        .collect();
    none(&long, "one idea a file");
}

#[test]
fn every_file_says_first_what_it_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Vec::new();
    files(&root, &mut all);
    let silent: Vec<String> = all
        .iter()
        .filter(|file| !std::fs::read_to_string(file).unwrap().starts_with("//!"))
        .map(|file| file.display().to_string())
        .collect();
    none(&silent, "the first line is a `//!` sentence");
}
