//! `ecs-fuzz`: gives the parsers many mutated inputs, or shows one again.

#![allow(clippy::print_stdout, reason = "a program of the tests, for people")]

use std::process::ExitCode;

use clap::Parser;
use ecs_fuzz::seeds::Seeds;
use ecs_fuzz::targets::ALL;
use ecs_fuzz::{input, run};

/// Mutated texts against the parsers of the operator.
#[derive(Debug, Parser)]
#[command(name = "ecs-fuzz")]
struct Options {
    /// Inputs for each target.
    #[arg(long, default_value_t = 100_000)]
    inputs: u64,
    /// The seed of the first; the next has the next number.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only this target.
    #[arg(long)]
    target: Option<String>,
    /// Print the input of the seed for the target, and what becomes of it.
    #[arg(long)]
    replay: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let seeds = Seeds::gather();
    let mut well = true;
    println!("{:12} {:>9} {:>9} {:>8} {:>10}", "target", "inputs", "taken", "fallen", "slowest");
    for target in ALL.iter().filter(|target| options.target.as_deref().is_none_or(|name| name == target.name)) {
        if options.replay {
            println!(
                "{}\n{:?}",
                input(&seeds, target, options.seed),
                (target.take)(&input(&seeds, target, options.seed))
            );
            continue;
        }
        std::panic::set_hook(Box::new(|_| ()));
        let stood = run(&seeds, target, options.seed, options.inputs);
        drop(std::panic::take_hook());
        println!(
            "{:12} {:>9} {:>9} {:>8} {:>7} ms",
            target.name,
            stood.inputs,
            stood.taken,
            stood.fallen.len(),
            stood.slowest.as_millis()
        );
        for fallen in stood.fallen.iter().take(3) {
            let why: String = fallen.why.chars().take(600).collect();
            println!("  seed {}: {why} (--target {} --seed {} --replay)", fallen.seed, target.name, fallen.seed);
        }
        well &= stood.fallen.is_empty();
    }
    if well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
