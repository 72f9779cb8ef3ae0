//! `ecs-mutants`: plants small faults in the pure rooms of the operator, all in one build, and counts those that the unit
//! tests of the library catch.

#![allow(clippy::print_stdout, reason = "a program of the tests, for people")]
#![allow(clippy::wildcard_enum_match_arm, reason = "of Rust's syntax only a part is looked at")]

mod compile;
mod copy;
mod error;
mod plant;
mod rooms;
mod table;
mod trial;
mod values;
mod weave;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use crate::compile::Built;
use crate::error::Error;
use crate::plant::{Mutant, Place};
use crate::trial::{End, Tests};
use crate::weave::Woven;

/// Small faults in the pure rooms of the operator, each tried against the unit tests of the library.
#[derive(Debug, Parser)]
#[command(name = "ecs-mutants")]
struct Options {
    /// Per cent of a room's mutants that have to be caught.
    #[arg(long, default_value_t = 85.0)]
    at_least: f64,
    /// Only mutants whose line in the list has this text: a room's file, a function.
    #[arg(long)]
    only: Vec<String>,
    /// Only mutants that the last run did not catch.
    #[arg(long)]
    again: bool,
    /// Print the mutants and do nothing else.
    #[arg(long)]
    list: bool,
    /// Processes of tests at a time.
    #[arg(long, default_value_t = 2)]
    workers: usize,
    /// Jobs of cargo.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
}

/// A source file of a room with its places.
struct Source {
    name: String,
    text: String,
    places: Vec<Place>,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options) -> Result<bool, Error> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let root = root.canonicalize().map_err(Error::io(root.display().to_string()))?;
    let tracked = copy::tracked(&root)?;
    let (sources, mutants) = planted(&root, &tracked)?;
    let place = root.join("target/mutants");
    let missed = place.join("missed.txt");
    let before = if options.again { error::read(&missed)? } else { String::new() };
    let before: BTreeSet<&str> = before.lines().filter_map(|line| Some(line.split_once(' ')?.1)).collect();
    let chosen = |mutant: &&Mutant| {
        let line = mutant.to_string();
        let named = options.only.is_empty() || options.only.iter().any(|part| line.contains(part));
        named && (!options.again || before.contains(line.as_str()))
    };
    if options.list {
        mutants.iter().filter(chosen).for_each(|mutant| println!("{mutant}"));
        return Ok(true);
    }
    let copy = place.join("source");
    copy::bring(&root, &copy, &tracked, |name| {
        name == copy::LIBRARY || sources.iter().any(|source| source.name == name)
    })?;
    copy::wire(&root, &copy)?;
    let known = place.join("unviable.txt");
    let unviable = remembered(&known, &sources, &mutants);
    let (executable, unviable) = built(&copy, &place.join("target"), &sources, unviable, options.jobs)?;
    remember(&known, &sources, &mutants, &unviable)?;
    let tests = Tests { executable, copy, all: mutants.len(), workers: options.workers };
    let names = tests.list()?;
    eprintln!("{} mutants, {} of them do not compile; {} tests", mutants.len(), unviable.len(), names.len());
    let record = place.join("record");
    std::fs::create_dir_all(&record).map_err(Error::io(record.display().to_string()))?;
    let reached = tests.record(&names, &record)?;
    let viable = mutants.iter().filter(chosen).map(|mutant| mutant.id).filter(|id| !unviable.contains(id));
    let ends: BTreeMap<usize, End> = tests.judge(&viable.collect::<Vec<_>>(), &reached)?.into_iter().collect();
    tell(&mutants, &ends, &missed)?;
    let scores = table::scores(mutants.iter().filter(chosen), &ends);
    print!("{}", table::print(&scores));
    Ok(scores.values().all(|score| score.per_cent() >= options.at_least))
}

/// All files of the rooms, and all mutants of them.
fn planted(root: &Path, tracked: &[String]) -> Result<(Vec<Source>, Vec<Mutant>), Error> {
    let mut sources = Vec::new();
    let mut mutants = Vec::new();
    for (room, name) in rooms::files(tracked)? {
        let text = error::read(&root.join(&name))?;
        let planted = plant::plant(room, &name, &text, mutants.len() + 1)
            .map_err(|source| Error::Source { path: name.clone(), source })?;
        mutants.extend(planted.mutants);
        let places = planted.places;
        sources.push(Source { name, text, places });
    }
    Ok((sources, mutants))
}

/// Weaves and builds, each time without what did not compile, until the rest does.
fn built(
    copy: &Path,
    target: &Path,
    sources: &[Source],
    mut unviable: BTreeSet<usize>,
    jobs: usize,
) -> Result<(PathBuf, BTreeSet<usize>), Error> {
    loop {
        let mut files: BTreeMap<String, Woven> = BTreeMap::new();
        for source in sources {
            let woven = weave::weave(&source.text, &source.places, &unviable);
            error::write(&copy.join(&source.name), woven.text.as_bytes())?;
            files.insert(source.name.clone(), woven);
        }
        match compile::build(copy, target, jobs)? {
            Built::Tests(executable) => return Ok((executable, unviable)),
            Built::Broken(troubles) => {
                unviable.extend(compile::blamed(&troubles, &files)?);
                eprintln!("  left out, for they do not compile: {}", unviable.len());
            }
        }
    }
}

/// A mutant in a file as it stands: what does not compile today will not tomorrow.
fn key(sources: &[Source], mutant: &Mutant) -> String {
    let mut hasher = DefaultHasher::new();
    sources.iter().find(|source| source.name == mutant.file).map(|source| &source.text).hash(&mut hasher);
    format!("{:016x} {mutant}", hasher.finish())
}

/// What did not compile when it was built last, so that it need not be found out again.
fn remembered(path: &Path, sources: &[Source], mutants: &[Mutant]) -> BTreeSet<usize> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let known: BTreeSet<&str> = text.lines().collect();
    mutants.iter().filter(|mutant| known.contains(key(sources, mutant).as_str())).map(|mutant| mutant.id).collect()
}

fn remember(path: &PathBuf, sources: &[Source], mutants: &[Mutant], unviable: &BTreeSet<usize>) -> Result<(), Error> {
    let left_out = mutants.iter().filter(|mutant| unviable.contains(&mutant.id));
    let text: String = left_out.map(|mutant| key(sources, mutant) + "\n").collect();
    error::write(path, text.as_bytes())
}

/// Prints what was not caught, and keeps it in a file.
fn tell(mutants: &[Mutant], ends: &BTreeMap<usize, End>, path: &PathBuf) -> Result<(), Error> {
    let mut text = String::new();
    for mutant in mutants {
        match ends.get(&mutant.id) {
            Some(End::Missed) => text.extend(["missed ", &mutant.to_string(), "\n"]),
            Some(End::Unreached) => text.extend(["unreached ", &mutant.to_string(), "\n"]),
            Some(End::TimedOut) => eprintln!("took too long: {mutant}"),
            Some(End::Caught) | None => {}
        }
    }
    print!("{text}");
    error::write(path, text.as_bytes())
}
