//! For tests that look at log lines: each runs in a process of its own.
//!
//! `tracing` keeps, for the whole process, whether a log line interests anybody. As long as only one subscriber was
//! ever set, the first thread that comes to the line decides with its *own* subscriber; a thread of another test has
//! none, and with that the line is off for the thread that listens. The most verbose level is kept the same way.

use std::process::Command;

/// Set for the process that runs a single test.
const ALONE: &str = "ECS_OPERATOR_TEST_ALONE";

/// Runs `body` on a current-thread runtime with a paused clock, in a process that runs nothing else.
///
/// `test` is the name of the calling test, as the test harness prints it.
pub(crate) fn alone(test: &str, body: impl Future<Output = ()>) {
    if std::env::var_os(ALONE).is_some() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        return runtime.unwrap().block_on(body);
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    let output = command.args(["--exact", test, "--nocapture"]).env(ALONE, "1").output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let ran = output.status.success() && told.contains("1 passed");
    assert!(ran, "{test}: {told}{}", String::from_utf8_lossy(&output.stderr));
}
