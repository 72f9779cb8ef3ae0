//! The Go build: what is missing in the cache → `go build`, one process at a time, with progress on stderr.

use std::env;
use std::fmt::Write as _;
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::binaries::Tool;
use crate::error::LocalError;
use crate::server::{Stopwatch, tail};

/// How often a long step says that it is still at work.
const REPORT_EVERY: Duration = Duration::from_secs(20);
const TICK: Duration = Duration::from_millis(200);
/// Static programs, paths of this machine left out, no symbols.
const FLAGS: [&str; 3] = ["-trimpath", "-buildvcs=false", "-mod=readonly"];

/// Builds the tools that the cache lacks, and returns all their paths.
pub(crate) fn build_missing(tools: &[Tool]) -> Result<Vec<(Tool, PathBuf)>, LocalError> {
    let mut found = Vec::new();
    for &tool in tools {
        found.push((tool, cache_dir(tool)?.join(tool.name())));
    }
    if found.iter().all(|(_, path)| path.is_file()) {
        return Ok(found);
    }
    let _lock = lock_cache()?;
    // Another process may have built some of them while we waited.
    let missing: Vec<_> = found.iter().filter(|(_, path)| !path.is_file()).collect();
    for (index, (tool, path)) in missing.iter().enumerate() {
        let turn = format!("building {} ({} of {})", tool.name(), index + 1, missing.len());
        build(*tool, path, &turn)?;
    }
    Ok(found)
}

/// The version of k8s.io/kubernetes in go.mod.
pub(crate) fn pinned_kubernetes() -> Result<String, LocalError> {
    go_mod_word(&module_dir(Tool::KubeApiserver), "k8s.io/kubernetes")
}

fn module_dir(tool: Tool) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("go").join(tool.module())
}

/// The word after `key` at the start of a line of go.mod.
fn go_mod_word(module: &Path, key: &'static str) -> Result<String, LocalError> {
    let path = module.join("go.mod");
    let text = fs::read_to_string(&path).map_err(LocalError::io(format!("reading {}", path.display())))?;
    let found = text.lines().find_map(|line| {
        let mut words = line.split_whitespace().skip_while(|word| *word == "require");
        (words.next() == Some(key)).then(|| words.next()).flatten()
    });
    found.map(str::to_owned).ok_or(LocalError::Unpinned { path, wanted: key })
}

fn cache_root() -> PathBuf {
    let set = |name| env::var_os(name).filter(|dir| !dir.is_empty()).map(PathBuf::from);
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let workspace = here.ancestors().nth(2).unwrap_or(here);
    set("ECS_OPERATOR_CACHE").unwrap_or_else(|| {
        let target = set("CARGO_TARGET_DIR").map(|dir| workspace.join(dir));
        target.unwrap_or_else(|| workspace.join("target")).join("local-control-plane")
    })
}

/// One directory for each content of go.mod, go.sum and flags, so that a
/// change of any of them builds anew.
fn cache_dir(tool: Tool) -> Result<PathBuf, LocalError> {
    let module = module_dir(tool);
    let mut hash = Sha256::new();
    for file in ["go.mod", "go.sum"] {
        let path = module.join(file);
        let bytes = fs::read(&path).map_err(LocalError::io(format!("reading {}", path.display())))?;
        hash.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(bytes);
    }
    hash.update(FLAGS.join(" "));
    hash.update(linker_flags(tool, &module)?);
    hash.update(tool.tags().unwrap_or_default());
    hash.update(env::consts::OS);
    hash.update(env::consts::ARCH);
    Ok(cache_root().join(hex(&hash.finalize(), 8)))
}

/// The first `bytes` of a digest in hexadecimal digits.
pub(crate) fn hex(digest: &[u8], bytes: usize) -> String {
    digest.iter().take(bytes).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// No symbols, and the version stamped: an unstamped server calls itself
/// v0.0.0-master, which kubectl and charts cannot place.
fn linker_flags(tool: Tool, module: &Path) -> Result<String, LocalError> {
    if tool == Tool::Helm {
        let version = go_mod_word(module, "helm.sh/helm/v4")?;
        return Ok(format!("-s -w -X helm.sh/helm/v4/internal/version.version={version}"));
    }
    if tool == Tool::Promtool {
        let version = go_mod_word(module, "github.com/prometheus/prometheus")?;
        return Ok(format!("-s -w -X github.com/prometheus/common/version.Version={version}"));
    }
    let version = go_mod_word(module, "k8s.io/kubernetes")?;
    let mut parts = version.trim_start_matches('v').split('.');
    let (major, minor) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let mut flags = String::from("-s -w");
    for package in ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"] {
        for (name, value) in
            [("gitVersion", version.as_str()), ("gitMajor", major), ("gitMinor", minor), ("gitTreeState", "clean")]
        {
            let _ = write!(flags, " -X {package}.{name}={value}");
        }
    }
    Ok(flags)
}

/// Holds the cache's lock file; the lock ends with the returned file.
fn lock_cache() -> Result<File, LocalError> {
    let root = cache_root();
    fs::create_dir_all(&root).map_err(LocalError::io(format!("making {}", root.display())))?;
    let path = root.join("lock");
    let what = format!("locking {}", path.display());
    let file =
        File::options().create(true).truncate(false).write(true).open(&path).map_err(LocalError::io(what.clone()))?;
    let mut report = Report::new("waiting for another process that builds the control plane");
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => report.tick(),
            Err(TryLockError::Error(source)) => return Err(LocalError::Io { what, source }),
        }
    }
}

/// Builds to a name of its own and renames, so that a killed build leaves no
/// half-written program under the real name.
fn build(tool: Tool, path: &Path, turn: &str) -> Result<(), LocalError> {
    let module = module_dir(tool);
    let dir = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(dir).map_err(LocalError::io(format!("making {}", dir.display())))?;
    let partial = path.with_extension("partial");
    let log_path = path.with_extension("log");
    let log = File::create(&log_path).map_err(LocalError::io(format!("writing {}", log_path.display())))?;
    let mut report = Report::new(turn);
    let spawned = Command::new("go")
        .current_dir(&module)
        .env("CGO_ENABLED", "0")
        .env("GOWORK", "off")
        .env_remove("GOOS")
        .env_remove("GOARCH")
        .arg("build")
        .args(FLAGS)
        .args(tool.tags().map(|tags| format!("-tags={tags}")))
        .args(["-ldflags", &linker_flags(tool, &module)?, "-o"])
        .arg(&partial)
        .arg(tool.package())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(LocalError::GoMissing { needed: go_mod_word(&module, "go")? });
        }
        Err(source) => {
            return Err(LocalError::Io { what: "starting go".to_owned(), source });
        }
    };
    let status = loop {
        match child.try_wait().map_err(LocalError::io("waiting for go"))? {
            Some(status) => break status,
            None => report.tick(),
        }
    };
    if !status.success() {
        let (tool, status) = (tool.name(), status.to_string());
        return Err(LocalError::Build { tool, status, tail: tail(&log_path) });
    }
    fs::rename(&partial, path).map_err(LocalError::io(format!("writing {}", path.display())))?;
    report.done();
    Ok(())
}

/// Lines on stderr about one long step. They are written past the capture of
/// the test harness, which would hide them for minutes.
struct Report {
    step: String,
    begun: Stopwatch,
    next: Duration,
}

impl Report {
    fn new(step: &str) -> Self {
        Self { step: step.to_owned(), begun: Stopwatch::start(), next: Duration::from_secs(1) }
    }

    fn tick(&mut self) {
        thread::sleep(TICK);
        let elapsed = self.begun.elapsed();
        if elapsed >= self.next {
            self.line("");
            self.next = elapsed + REPORT_EVERY;
        }
    }

    fn done(&self) {
        self.line(": done");
    }

    fn line(&self, end: &str) {
        let line = format!("{}, {}{end}\n", self.step, spell(self.begun.elapsed()));
        let _ = io::stderr().write_all(line.as_bytes());
    }
}

/// A duration as people say it: `45 s`, `1 m 20 s`.
fn spell(duration: Duration) -> String {
    match (duration.as_secs() / 60, duration.as_secs() % 60) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, seconds) => format!("{minutes} m {seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_spelled_in_minutes_and_seconds() {
        assert_eq!(spell(Duration::from_secs(59)), "59 s");
        assert_eq!(spell(Duration::from_secs(80)), "1 m 20 s");
    }

    #[test]
    fn version_is_read_from_the_module_and_stamped() {
        let version = pinned_kubernetes().unwrap();
        assert!(version.starts_with("v1."), "{version}");
        let flags = linker_flags(Tool::KubeApiserver, &module_dir(Tool::KubeApiserver)).unwrap();
        assert!(flags.contains(&format!("k8s.io/component-base/version.gitVersion={version}")));
    }

    #[test]
    fn missing_line_of_the_module_is_named() {
        let error = go_mod_word(&module_dir(Tool::Etcd), "example.com/nothing").unwrap_err();
        assert!(error.to_string().ends_with("go.mod has no line for example.com/nothing"), "{error}");
    }
}
