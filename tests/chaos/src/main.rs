//! `ecs-chaos`: plays random schedules, or one of them again.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a program of the tests, for people")]

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use ecs_chaos::shrink::shrink;
use ecs_chaos::sites;
use ecs_chaos::stage::play;
use ecs_chaos::tally::{self, lines};

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
        .spawn(move || options.replay.map_or_else(|| many(&options), |seed| again(&options, seed)))
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
    if !options.quiet {
        println!("{}", lines(&outcome.trace, options.whole));
    }
    println!("{plan}trace {:016x}, {} passes", outcome.hash, outcome.passes);
    for broken in &outcome.broken {
        println!("  BROKEN {broken}");
    }
    if outcome.broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn many(options: &Options) -> ExitCode {
    println!("seeds {} to {}", options.seed, options.seed + options.schedules.saturating_sub(1));
    let began = tokio::time::Instant::now();
    let progress = |tally: &tally::Tally| {
        if tally.schedules.is_multiple_of(1000) {
            println!("{} schedules, {} failures, {:?}", tally.schedules, tally.failed(), round(began.elapsed()));
        }
    };
    let stop = |tally: &tally::Tally| options.failures > 0 && tally.failed() >= options.failures;
    let tally = tally::run(options.seed, options.schedules, options.threads, progress, stop);
    for failure in &tally.failures {
        println!("{failure}");
    }
    println!("{tally}\n{:?}", round(began.elapsed()));
    if tally.failed() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn round(time: Duration) -> Duration {
    Duration::from_secs(time.as_secs())
}
