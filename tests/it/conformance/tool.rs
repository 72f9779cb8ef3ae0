//! The Go program with the libraries of other tools: built once for each content of its module, then asked.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use sha2::{Digest, Sha256};

const FLAGS: [&str; 5] = ["build", "-trimpath", "-buildvcs=false", "-mod=readonly", "-ldflags=-s -w"];

/// Asks the program; an answer that is an error fails the test.
pub fn ask(requests: &[Value]) -> Vec<Value> {
    let answers = try_ask(requests);
    for (request, answer) in requests.iter().zip(&answers) {
        assert!(
            answer.get("error").is_none(),
            "{answer} of {} {}",
            request["ask"],
            request["object"]["metadata"]["name"]
        );
    }
    answers
}

/// As [`ask`]; an answer may be an error.
pub fn try_ask(requests: &[Value]) -> Vec<Value> {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    let program = PROGRAM.get_or_init(program);
    let mut child = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let text = serde_json::to_vec(requests).unwrap();
    let writer = std::thread::spawn(move || input.write_all(&text));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{}", output.status);
    let answers: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answers.len(), requests.len());
    answers
}

/// The built program, from the cache under `target` if its sources are as they were.
fn program() -> PathBuf {
    let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/go");
    let mut sources: Vec<PathBuf> = fs::read_dir(&module).unwrap().map(|entry| entry.unwrap().path()).collect();
    sources.sort();
    let mut hash = Sha256::new();
    for source in &sources {
        hash.update(source.file_name().unwrap().as_encoded_bytes());
        hash.update(fs::read(source).unwrap());
    }
    hash.update(FLAGS.join(" "));
    let key = hash.finalize().iter().take(8).fold(String::new(), |mut key, byte| {
        let _ = write!(key, "{byte:02x}");
        key
    });
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target"),
        |target| Path::new(env!("CARGO_MANIFEST_DIR")).join(target),
    );
    let directory = target.join("conformance");
    fs::create_dir_all(&directory).unwrap();
    let lock = File::create(directory.join("lock")).unwrap();
    lock.lock().unwrap();
    let path = directory.join(key);
    if !path.is_file() {
        build(&module, &path);
    }
    path
}

/// Builds under another name first, so that a build that is interrupted leaves nothing behind that looks whole.
fn build(module: &Path, path: &Path) {
    let told =
        "building tests/conformance/go (kstatus, Argo CD's differ, Flux's expressions); minutes the first time\n";
    let _ = std::io::stderr().write_all(told.as_bytes());
    let partial = path.with_extension("partial");
    let built = Command::new("go")
        .current_dir(module)
        .env("CGO_ENABLED", "0")
        .env("GOWORK", "off")
        .env("GOFLAGS", "")
        .args(FLAGS)
        .arg("-o")
        .arg(&partial)
        .arg(".")
        .output();
    match built {
        Ok(built) if built.status.success() => fs::rename(&partial, path).unwrap(),
        Ok(built) => panic!("tests/conformance/go does not build:\n{}", String::from_utf8_lossy(&built.stderr)),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let pinned = fs::read_to_string(module.join("go.mod")).unwrap();
            let needed = pinned.lines().find_map(|line| line.strip_prefix("go ")).unwrap_or("1.26");
            panic!("`go` is not on the PATH; these tests need Go {needed} or newer: https://go.dev/dl/")
        }
        Err(error) => panic!("starting go: {error}"),
    }
}
