//! One server under a supervisor that ends it when our process ends, in whatever way.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::LocalError;

/// The supervisor. Its standard input is a pipe that only our process holds:
/// end of file means that we let go or died, even by SIGKILL. Then the server
/// gets SIGTERM, three seconds, and SIGKILL. The shell is the server's parent,
/// so the number it signals cannot have gone to somebody else.
///
/// $1 is the directory to remove after a stop that we asked for (empty: none),
/// $2 a file that says that we asked. It may be impossible to make, if another
/// supervisor has removed the directory: hence the subshell, whose failure does
/// not keep the signal from being sent.
const SUPERVISOR: &str = r#"
exec 3<&0
dir=$1; mark=$2; shift 2
"$@" </dev/null 3<&- &
server=$!
(
  while read -r _ <&3; do :; done
  (: >"$mark")
  kill -TERM "$server"
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
    sleep 0.1
    kill -0 "$server" || exit 0
  done
  kill -KILL "$server"
) >/dev/null 2>&1 &
guard=$!
wait "$server"
status=$?
kill "$guard" 2>/dev/null
wait "$guard" 2>/dev/null
if [ -n "$dir" ] && [ -e "$mark" ]; then rm -rf -- "$dir" 2>/dev/null; fi
exit "$status"
"#;

/// Longer than the supervisor needs.
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// A running server. Dropping it stops it and waits until it is gone.
#[derive(Debug)]
pub(crate) struct Server {
    name: &'static str,
    log: PathBuf,
    supervisor: Child,
}

impl Server {
    /// Starts `program` with its output in `<dir>/<name>.log`. With `remove`,
    /// the whole directory goes when the server is stopped.
    pub(crate) fn start(
        name: &'static str,
        program: &Path,
        arguments: &[String],
        dir: &Path,
        remove: bool,
    ) -> Result<Self, LocalError> {
        use std::os::unix::process::CommandExt as _;
        let log = dir.join(format!("{name}.log"));
        let failed = || LocalError::io(format!("starting {name}"));
        let output = File::create(&log).map_err(failed())?;
        let errors = output.try_clone().map_err(failed())?;
        let supervisor = Command::new("/bin/sh")
            .args(["-c", SUPERVISOR, name])
            .arg(if remove { dir.as_os_str() } else { "".as_ref() })
            .arg(dir.join(format!("{name}.stopped")))
            .arg(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(errors)
            // A group of its own: Ctrl-C in the terminal is for us alone.
            .process_group(0)
            .spawn()
            .map_err(failed())?;
        let server = Self { name, log, supervisor };
        let group = dir.join(format!("{name}.pid"));
        fs::write(group, server.group().to_string()).map_err(failed())?;
        Ok(server)
    }

    /// The process group that holds the server and its supervisor.
    pub(crate) fn group(&self) -> u32 {
        self.supervisor.id()
    }

    /// The last lines of the server's log.
    pub(crate) fn log_tail(&self) -> String {
        tail(&self.log)
    }

    /// The name that was given at the start.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// An error with the end of the log, if the server has ended.
    pub(crate) fn check(&mut self) -> Result<(), LocalError> {
        match self.supervisor.try_wait().map_err(LocalError::io(format!("waiting for {}", self.name)))? {
            None => Ok(()),
            Some(status) => Err(self.ended(status)),
        }
    }

    fn ended(&self, status: ExitStatus) -> LocalError {
        LocalError::Ended { server: self.name, status: status.to_string(), tail: self.log_tail() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.supervisor.stdin.take());
        let begun = Stopwatch::start();
        while let Ok(None) = self.supervisor.try_wait() {
            if begun.elapsed() > STOP_LIMIT {
                // Whatever holds the shell up, the server must not stay. The
                // group is still ours: its leader has not been reaped.
                let group = format!("-{}", self.group());
                let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
                let _ = self.supervisor.wait();
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The last forty lines of a file, or why they cannot be read.
pub(crate) fn tail(path: &Path) -> String {
    match fs::read(path) {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes);
            let lines: Vec<_> = text.lines().collect();
            lines.get(lines.len().saturating_sub(40)..).unwrap_or_default().join("\n")
        }
        Err(error) => format!("({}: {error})", path.display()),
    }
}

/// Real time since a moment: servers do not follow a paused clock.
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "servers live in real time")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
