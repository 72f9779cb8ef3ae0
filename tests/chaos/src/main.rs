//! `ecs-chaos`: plays random schedules, or one of them again.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a program of the tests, for people")]

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use ecs_chaos::enumerate::{self, Depth, Numbered};
use ecs_chaos::plan::Plan;
use ecs_chaos::shrink::shrink;
use ecs_chaos::sites;
use ecs_chaos::stage::{Outcome, play};
use ecs_chaos::tally::{self, lines};
use tokio::time::Instant;

/// A third of the time of a schedule goes into the allocation of JSON.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Random, repeatable schedules of faults against the operator.
#[derive(Debug, Parser)]
#[command(name = "ecs-chaos")]
struct Options {
    /// How many schedules.
    #[arg(long, default_value_t = 1000)]
    schedules: u64,
    /// The seed of the first; the next has the next number.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Threads.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Stop after so many failures; 0: never.
    #[arg(long, default_value_t = 0)]
    failures: usize,
    /// Play this seed alone and print what was seen.
    #[arg(long)]
    replay: Option<u64>,
    /// Every story once for each call and each thing that can go wrong with it, in place of random schedules: every
    /// so many-th of these schedules; 1: all.
    #[arg(long)]
    every: Option<usize>,
    /// With --every and --enumerated: how much is told.
    #[arg(long, value_enum, default_value_t = Depth::Faults)]
    depth: Depth,
    /// With --every: these stories only.
    #[arg(long, value_delimiter = ',')]
    story: Vec<String>,
    /// With --story: play this one of its enumerated schedules alone and print what was seen.
    #[arg(long, requires = "story")]
    enumerated: Option<usize>,
    /// With --replay: keep only these disturbances, by number.
    #[arg(long, value_delimiter = ',')]
    keep: Option<Vec<usize>>,
    /// With --replay: leave out what is not needed for the failure.
    #[arg(long)]
    shrink: bool,
    /// With --replay: do not print the trace.
    #[arg(long)]
    quiet: bool,
    /// With --replay: print requests whole.
    #[arg(long)]
    whole: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    // What clients log of broken connections drowns the failures; RUST_LOG brings it back.
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "off".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    std::thread::Builder::new()
        .stack_size(64 << 20)
        .spawn(move || match (options.replay, options.enumerated, options.every) {
            (Some(seed), ..) => again(&options, seed),
            (_, Some(number), _) => one(&options, number),
            (_, _, Some(step)) => every(&options, step),
            _ => many(&options),
        })
        .unwrap()
        .join()
        .unwrap_or(ExitCode::FAILURE)
}

fn again(options: &Options, seed: u64) -> ExitCode {
    let mut plan = sites::plan(seed);
    if let Some(kept) = &options.keep {
        plan = plan.keeping(kept);
    }
    let mut outcome = play(&plan);
    if let Some(first) = outcome.broken.first().filter(|_| options.shrink) {
        let kept = shrink(&plan, first.oracle);
        println!("needed: {kept:?}");
        plan = plan.keeping(&kept);
        outcome = play(&plan);
    }
    shown(options, &plan, &outcome)
}

/// One schedule of the enumeration.
fn one(options: &Options, number: usize) -> ExitCode {
    let told = enumerate::tell();
    let all = enumerate::all(&told, options.depth, &options.story);
    let Some(Numbered { told, plan, .. }) = all.get(number) else {
        println!("there is no schedule {number} of {:?}", options.story);
        return ExitCode::from(2);
    };
    match told.play(plan) {
        Ok(outcome) => shown(options, plan, &outcome),
        Err(panic) => {
            println!("{plan}  BROKEN panic: {panic}");
            ExitCode::FAILURE
        }
    }
}

fn shown(options: &Options, plan: &Plan, outcome: &Outcome) -> ExitCode {
    if !options.quiet {
        println!("{}", lines(&outcome.trace, options.whole));
    }
    println!("{plan}trace {:016x}, {} passes", outcome.hash, outcome.passes);
    for broken in &outcome.broken {
        println!("  BROKEN {broken}");
    }
    if outcome.broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn every(options: &Options, step: usize) -> ExitCode {
    let began = Instant::now();
    let told = enumerate::tell();
    let all = enumerate::all(&told, options.depth, &options.story);
    for told in &told {
        let (name, calls) = (told.workload.name, told.outcome.marks.len());
        let schedules = all.iter().filter(|one| one.told.workload.name == name).count();
        println!("{schedules:>8} schedules of {calls:>5} calls  {name}");
    }
    let tally = enumerate::run(&all, step, options.threads, |tally| progress(tally, began));
    finished(&tally, began)
}

fn many(options: &Options) -> ExitCode {
    println!("seeds {} to {}", options.seed, options.seed + options.schedules.saturating_sub(1));
    let began = Instant::now();
    let stop = |tally: &tally::Tally| options.failures > 0 && tally.failed() >= options.failures;
    let tally = tally::run(options.seed, options.schedules, options.threads, |tally| progress(tally, began), stop);
    finished(&tally, began)
}

fn progress(tally: &tally::Tally, began: Instant) {
    if tally.schedules.is_multiple_of(1000) {
        println!("{} schedules, {} failures, {:?}", tally.schedules, tally.failed(), round(began.elapsed()));
    }
}

fn finished(tally: &tally::Tally, began: Instant) -> ExitCode {
    for failure in &tally.failures {
        println!("{failure}");
    }
    println!("{tally}\n{:?}", round(began.elapsed()));
    if tally.failed() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn round(time: Duration) -> Duration {
    Duration::from_secs(time.as_secs())
}
