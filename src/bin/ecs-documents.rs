//! Files of published ECS documents → a table of verdicts, and a comparison with what is expected.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use ecs_operator::document::{self, Verdict};
use serde::Deserialize;
use serde_json::{Value, json};

/// Reads task definitions, services and clusters in the forms people publish, and says of each
/// whether the operator takes it. Makes no call.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Files, or folders of which every file but `*.md` is read.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Expected verdicts, as JSON or YAML: path below the folder → verdict and text of the reason.
    #[arg(long)]
    expect: Option<PathBuf>,
    /// Writes the manifest of each accepted object into this folder.
    #[arg(long)]
    write: Option<PathBuf>,
    /// Prints one JSON list instead of a table.
    #[arg(long)]
    json: bool,
}

/// What the table says of one file.
struct Row {
    file: String,
    verdicts: Vec<Verdict>,
}

/// What a file is expected to be.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    /// `accepted` or `refused`.
    verdict: String,
    /// Texts that the reasons must contain.
    #[serde(default)]
    reasons: Vec<String>,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let mut rows = Vec::new();
    for path in &arguments.paths {
        rows.extend(read(path)?);
    }
    print(&rows, arguments.json)?;
    if let Some(folder) = &arguments.write {
        write(&rows, folder)?;
    }
    let Some(expect) = &arguments.expect else {
        return Ok(ExitCode::SUCCESS);
    };
    let text = fs::read_to_string(expect).with_context(|| format!("cannot read {}", expect.display()))?;
    let expected: BTreeMap<String, Expected> =
        serde_saphyr::from_str(&text).with_context(|| format!("cannot understand {}", expect.display()))?;
    let differences = differences(&rows, &expected);
    for difference in &differences {
        writeln!(io::stderr(), "{difference}")?;
    }
    writeln!(io::stderr(), "{} documents, {} expected, {} differ", rows.len(), expected.len(), differences.len())?;
    Ok(if differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The files of a path, sorted, each named by its path below it.
fn read(path: &Path) -> Result<Vec<Row>> {
    let mut files = Vec::new();
    collect(path, &mut files)?;
    files.sort();
    files
        .into_iter()
        .map(|file| {
            let below = file.strip_prefix(path).ok().filter(|below| !below.as_os_str().is_empty());
            let name = below.unwrap_or(&file).to_string_lossy().into_owned();
            let bytes = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            let verdicts = match document::decode(&bytes) {
                Ok(text) => document::judge(&text),
                Err(refused) => vec![Verdict::Unreadable(refused)],
            };
            Ok(Row { file: name, verdicts })
        })
        .collect()
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path).with_context(|| format!("cannot list {}", path.display()))? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "md") {
            collect(&path, files)?;
        }
    }
    Ok(())
}

/// Kind, verdict and reasons of one object.
fn cells(verdict: &Verdict) -> (&str, &'static str, Vec<String>) {
    match verdict {
        Verdict::Accepted(intake) => (intake.kind.as_str(), "accepted", Vec::new()),
        Verdict::Refused { kind, problems, .. } => {
            (kind.as_str(), "refused", problems.iter().map(ToString::to_string).collect())
        }
        Verdict::Unreadable(refused) => ("-", "refused", vec![refused.to_string()]),
    }
}

fn notes(verdict: &Verdict) -> &[String] {
    match verdict {
        Verdict::Accepted(intake) => &intake.notes,
        Verdict::Refused { notes, .. } => notes,
        Verdict::Unreadable(_) => &[],
    }
}

fn print(rows: &[Row], as_json: bool) -> Result<()> {
    let mut out = io::stdout().lock();
    let lines = rows.iter().flat_map(|row| row.verdicts.iter().map(move |verdict| (&row.file, verdict)));
    if as_json {
        let list: Vec<Value> = lines
            .map(|(file, verdict)| {
                let (kind, word, reasons) = cells(verdict);
                json!({ "file": file, "kind": kind, "verdict": word, "reasons": reasons, "notes": notes(verdict) })
            })
            .collect();
        serde_json::to_writer_pretty(&mut out, &list)?;
        writeln!(out)?;
        return Ok(());
    }
    let width = rows.iter().map(|row| row.file.len()).max().unwrap_or_default();
    writeln!(out, "{:width$}  {:17}  {:8}  REASON", "FILE", "KIND", "VERDICT")?;
    for (file, verdict) in lines {
        let (kind, word, reasons) = cells(verdict);
        let first = reasons.first().map_or("", String::as_str);
        let more = reasons.len().saturating_sub(1);
        let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
        writeln!(out, "{file:width$}  {kind:17}  {word:8}  {first}{more}")?;
    }
    Ok(())
}

fn write(rows: &[Row], folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for verdict in rows.iter().flat_map(|row| &row.verdicts) {
        if let Verdict::Accepted(intake) = verdict {
            let file = folder.join(format!("{}-{}.json", intake.kind.as_str().to_lowercase(), intake.name));
            let text = serde_json::to_string_pretty(&intake.manifest)? + "\n";
            fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
        }
    }
    Ok(())
}

/// Where verdicts and expectations differ. A file is accepted when every object in it is.
fn differences(rows: &[Row], expected: &BTreeMap<String, Expected>) -> Vec<String> {
    let mut found = Vec::new();
    for row in rows {
        let Some(want) = expected.get(&row.file) else {
            found.push(format!("{}: has no expectation", row.file));
            continue;
        };
        let accepted = row.verdicts.iter().all(Verdict::is_accepted);
        let word = if accepted { "accepted" } else { "refused" };
        let reasons = row.verdicts.iter().flat_map(|verdict| cells(verdict).2).collect::<Vec<_>>().join("\n");
        if word != want.verdict {
            found.push(format!("{}: is {word}, expected {}: {reasons}", row.file, want.verdict));
        }
        for reason in want.reasons.iter().filter(|reason| !reasons.contains(reason.as_str())) {
            found.push(format!("{}: no reason contains \"{reason}\": {reasons}", row.file));
        }
    }
    let files: BTreeSet<&str> = rows.iter().map(|row| row.file.as_str()).collect();
    let gone = expected.keys().filter(|file| !files.contains(file.as_str()));
    found.extend(gone.map(|file| format!("{file}: is expected and not there")));
    found
}
