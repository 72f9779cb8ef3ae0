//! Runs tests of the copy: each alone to see what it reaches, then those that reach a mutant with it switched on.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use crate::error::Error;

/// Tests that take longer together are not run in the first call.
const FIRST: Duration = Duration::from_millis(200);
/// No run is given up before.
const PATIENCE: Duration = Duration::from_secs(20);

/// The executable with the tests of the copy.
pub(crate) struct Tests {
    /// Where cargo put it.
    pub(crate) executable: PathBuf,
    /// The copy.
    pub(crate) copy: PathBuf,
    /// Highest id of a mutant.
    pub(crate) all: usize,
    /// Processes at a time.
    pub(crate) workers: usize,
}

/// A test, alone and without a mutant.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    /// As `--list` has it.
    pub(crate) name: String,
    /// How long it took, with the start of the process.
    pub(crate) took: Duration,
}

/// What became of a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// A test failed, or the process fell.
    Caught,
    /// Nothing ended in time.
    TimedOut,
    /// All tests that reach it are content.
    Missed,
    /// No test comes by.
    Unreached,
}

#[expect(clippy::disallowed_methods, reason = "how long a test takes is a matter of wall time")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}

impl Tests {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.executable);
        command
            .current_dir(&self.copy)
            .env("CARGO_MANIFEST_DIR", &self.copy)
            .env("RUST_BACKTRACE", "0")
            // The same inputs each time, no search for smaller ones, nothing written beside the sources.
            .env("PROPTEST_RNG_SEED", "1")
            .env("PROPTEST_MAX_SHRINK_ITERS", "0")
            .env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "1")
            .env("INSTA_UPDATE", "no")
            .env("ECS_MUTANTS_ALL", self.all.to_string())
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// Names of all tests.
    pub(crate) fn list(&self) -> Result<Vec<String>, Error> {
        let output = self.command().arg("--list").output().map_err(Error::io("the tests"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        Ok(text.lines().filter_map(|line| line.strip_suffix(": test")).map(ToOwned::to_owned).collect())
    }

    /// Runs each test alone: which mutants does it reach, and how long does it take?
    pub(crate) fn record(&self, names: &[String], folder: &Path) -> Result<BTreeMap<usize, Vec<Known>>, Error> {
        let reached: Mutex<BTreeMap<usize, Vec<Known>>> = Mutex::default();
        let red = Mutex::new(Vec::new());
        self.each(names.len(), "recorded", |index| {
            let Some(name) = names.get(index) else { return Ok(()) };
            let path = folder.join(format!("{index}"));
            std::fs::remove_file(&path).ok();
            let began = now();
            let mut command = self.command();
            let status =
                command.args(["--exact", name]).env("ECS_MUTANTS_RECORD", &path).stdout(Stdio::null()).status();
            if !status.map_err(Error::io(name))?.success() {
                locked(&red).push(name.clone());
            }
            let known = Known { name: name.clone(), took: began.elapsed() };
            let ids = std::fs::read_to_string(&path).unwrap_or_default();
            let mut reached = locked(&reached);
            for id in ids.lines().filter_map(|id| id.parse().ok()) {
                reached.entry(id).or_default().push(known.clone());
            }
            Ok(())
        })?;
        let red = std::mem::take(&mut *locked(&red));
        if !red.is_empty() {
            return Err(Error::Red(red.join(", ")));
        }
        let mut reached = std::mem::take(&mut *locked(&reached));
        for tests in reached.values_mut() {
            tests.sort_by(|a, b| (a.took, &a.name).cmp(&(b.took, &b.name)));
        }
        Ok(reached)
    }

    /// Tries every mutant of `ids` against the tests that reach it.
    pub(crate) fn judge(
        &self,
        ids: &[usize],
        reached: &BTreeMap<usize, Vec<Known>>,
    ) -> Result<Vec<(usize, End)>, Error> {
        let ends = Mutex::new(Vec::new());
        self.each(ids.len(), "tried", |index| {
            if let Some(id) = ids.get(index) {
                let end = self.end(*id, reached.get(id).map(Vec::as_slice).unwrap_or_default())?;
                locked(&ends).push((*id, end));
            }
            Ok(())
        })?;
        let mut ends = std::mem::take(&mut *locked(&ends));
        ends.sort_by_key(|(id, _)| *id);
        Ok(ends)
    }

    fn end(&self, id: usize, tests: &[Known]) -> Result<End, Error> {
        if tests.is_empty() {
            return Ok(End::Unreached);
        }
        for part in in_parts(tests) {
            let end = self.call(id, part)?;
            if end != End::Missed {
                return Ok(end);
            }
        }
        Ok(End::Missed)
    }

    /// One process; ended at the first failure.
    fn call(&self, id: usize, tests: &[Known]) -> Result<End, Error> {
        let limit = PATIENCE.max(tests.iter().map(|test| test.took).sum::<Duration>() * 10);
        let mut child = self
            .command()
            .args(["--test-threads=1", "--exact"])
            .args(tests.iter().map(|test| &test.name))
            .env("ECS_MUTANTS_ON", id.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(Error::io("the tests"))?;
        let end = watch(&mut child, limit);
        // It may have ended by itself.
        child.kill().ok();
        let status = child.wait().map_err(Error::io("the tests"))?;
        Ok(end.unwrap_or(if status.success() { End::Missed } else { End::Caught }))
    }

    /// Calls `one` with each number below `count`, by several workers.
    fn each(&self, count: usize, verb: &str, one: impl Fn(usize) -> Result<(), Error> + Sync) -> Result<(), Error> {
        let next = AtomicUsize::new(0);
        let failed = Mutex::new(None);
        let step = (count / 10).max(1);
        std::thread::scope(|scope| {
            for _ in 0..self.workers {
                scope.spawn(|| {
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        if index >= count || locked(&failed).is_some() {
                            return;
                        }
                        if let Err(error) = one(index) {
                            *locked(&failed) = Some(error);
                        }
                        if (index + 1).is_multiple_of(step) {
                            eprintln!("  {verb}: {} of {count}", index + 1);
                        }
                    }
                });
            }
        });
        let failed = locked(&failed).take();
        failed.map_or(Ok(()), Err)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Reads what the tests print; `None` when the process ended without telling of a failure.
fn watch(child: &mut Child, limit: Duration) -> Option<End> {
    let out = child.stdout.take()?;
    let (failed, outcome) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            if is_failure(&line) {
                failed.send(()).ok();
            }
        }
    });
    match outcome.recv_timeout(limit) {
        Ok(()) => Some(End::Caught),
        Err(mpsc::RecvTimeoutError::Timeout) => Some(End::TimedOut),
        Err(mpsc::RecvTimeoutError::Disconnected) => None,
    }
}

fn is_failure(line: &str) -> bool {
    line.starts_with("test ") && line.ends_with("... FAILED")
}

/// The fastest tests first; each part may take ten times as long as the one before.
fn in_parts(tests: &[Known]) -> Vec<&[Known]> {
    let mut parts = Vec::new();
    let mut rest = tests;
    let mut allowed = FIRST;
    while !rest.is_empty() {
        let mut taken = Duration::ZERO;
        let fits = |test: &&Known| {
            taken += test.took;
            taken <= allowed
        };
        let (part, others) = rest.split_at(rest.iter().take_while(fits).count().max(1));
        parts.push(part);
        rest = others;
        allowed *= 10;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fastest_tests_come_first_and_every_test_once() {
        let tests: Vec<Known> = [50, 60, 70, 80, 5000, 5001]
            .iter()
            .map(|took| Known { name: took.to_string(), took: Duration::from_millis(*took) })
            .collect();
        let parts = in_parts(&tests);
        let names: Vec<Vec<&str>> =
            parts.iter().map(|part| part.iter().map(|test| test.name.as_str()).collect()).collect();
        assert_eq!(names, [vec!["50", "60", "70"], vec!["80"], vec!["5000", "5001"]]);
    }

    #[test]
    fn only_the_line_of_a_test_tells_of_a_failure() {
        assert!(is_failure("test diff::tests::one ... FAILED"));
        assert!(!is_failure("test diff::tests::one ... ok"));
        assert!(!is_failure("test result: FAILED. 1 passed; 1 failed"));
        assert!(!is_failure("the deployment ... FAILED"));
    }
}
