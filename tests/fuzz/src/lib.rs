//! Mutated texts against whatever of the operator reads texts of others: it must end soon, and never by a panic.

pub mod mutate;
pub mod seeds;
pub mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use fastrand::Rng;

use mutate::mutated;
use seeds::Seeds;
use targets::Target;

/// No input of 256 KiB may take longer, even in a build without optimisation on a busy machine.
pub const LONGEST: Duration = Duration::from_secs(20);

/// An input that a target did not stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fallen {
    /// Which target.
    pub target: &'static str,
    /// Seed that makes the input again.
    pub seed: u64,
    /// What happened.
    pub why: String,
    /// The input.
    pub input: String,
}

/// What one target stood.
#[derive(Clone, Debug, Default)]
pub struct Stood {
    /// Inputs.
    pub inputs: u64,
    /// Inputs that the target took for good.
    pub taken: u64,
    /// The slowest.
    pub slowest: Duration,
    /// Those it did not stand.
    pub fallen: Vec<Fallen>,
}

/// The input of a seed for a target: a seed text, mutated.
pub fn input(seeds: &Seeds, target: &Target, seed: u64) -> String {
    let mut rng = Rng::with_seed(seed);
    let pool = seeds.of(target.diet);
    let base = pool.get(rng.usize(0..pool.len().max(1))).cloned().unwrap_or_default();
    mutated(base, pool, &mut rng)
}

/// Gives a target the inputs of so many seeds.
#[expect(clippy::disallowed_methods, reason = "how long a parser takes is a matter of wall time")]
pub fn run(seeds: &Seeds, target: &Target, first: u64, count: u64) -> Stood {
    let mut stood = Stood::default();
    for seed in first..first.saturating_add(count) {
        let input = input(seeds, target, seed);
        let began = Instant::now();
        let ended = catch_unwind(AssertUnwindSafe(|| (target.take)(&input)));
        let took = began.elapsed();
        stood.inputs += 1;
        stood.slowest = stood.slowest.max(took);
        let why = match ended {
            Ok(Ok(taken)) => {
                stood.taken += u64::from(taken);
                (took > LONGEST).then(|| format!("it took {took:?}"))
            }
            Ok(Err(broken)) => Some(broken),
            Err(_) => Some("it panicked".to_owned()),
        };
        stood.fallen.extend(why.map(|why| Fallen { target: target.name, seed, why, input }));
    }
    stood
}
