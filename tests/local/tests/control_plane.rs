//! The control plane starts, does what Kubernetes does, and leaves nothing behind.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use ecs_local::binaries::{Binaries, Tool, kubernetes_version};
use ecs_local::{ControlPlane, Options, shared};

/// True if a process of the group is left. Dead ones that init has not yet
/// reaped, which `kill -0` would count, are not.
fn alive(group: u32) -> bool {
    let listing = Command::new("ps").args(["-A", "-o", "pgid=,stat="]).output();
    let listing = listing.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    listing.unwrap_or_default().lines().any(|line| {
        let mut words = line.split_whitespace();
        words.next() == Some(group.to_string().as_str()) && words.next().is_some_and(|state| !state.starts_with('Z'))
    })
}

fn eventually(what: &str, condition: impl FnMut() -> bool) {
    within(30, what, condition);
}

fn within(seconds: u32, what: &str, mut condition: impl FnMut() -> bool) {
    let met = (0..seconds * 10).any(|_| {
        let met = condition();
        if !met {
            sleep(Duration::from_millis(100));
        }
        met
    });
    assert!(met, "not within {seconds} s: {what}");
}

#[tokio::test]
async fn server_reports_the_pinned_version() {
    let plane = shared().await.unwrap();
    let text = plane.run_kubectl(&["get", "--raw", "/version"]).unwrap();
    let version: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(version["gitVersion"], kubernetes_version().unwrap());
    assert_eq!(version["minor"], "34");
}

#[tokio::test]
async fn namespace_is_emptied_and_deleted() {
    let plane = shared().await.unwrap();
    plane.run_kubectl(&["create", "namespace", "short-lived"]).unwrap();
    plane.run_kubectl(&["create", "configmap", "inside", "--namespace=short-lived"]).unwrap();
    let deletion = ["delete", "namespace", "short-lived", "--timeout=30s"];
    plane.run_kubectl(&deletion).unwrap();
    let error = plane.run_kubectl(&["get", "namespace", "short-lived"]).unwrap_err();
    assert!(error.to_string().contains("NotFound"), "{error}");
}

#[tokio::test]
async fn owner_s_deletion_collects_what_it_owns() {
    let plane = shared().await.unwrap();
    plane.run_kubectl(&["create", "namespace", "owners"]).unwrap();
    plane.run_kubectl(&["create", "deployment", "owner", "--image=none", "-n=owners"]).unwrap();
    let list = || plane.run_kubectl(&["get", "replicasets", "-n=owners", "-o=name"]).unwrap();
    eventually("a replica set is made", || !list().is_empty());
    plane.run_kubectl(&["delete", "deployment", "owner", "-n=owners"]).unwrap();
    eventually("the replica set is collected", || list().is_empty());
}

#[tokio::test]
async fn account_without_a_role_is_refused_and_gets_a_token() {
    let plane = shared().await.unwrap();
    plane.run_kubectl(&["create", "namespace", "accounts"]).unwrap();
    plane.run_kubectl(&["create", "serviceaccount", "nobody", "-n=accounts"]).unwrap();
    let token = plane.run_kubectl(&["create", "token", "nobody", "-n=accounts"]).unwrap();
    assert_eq!(token.trim().split('.').count(), 3);
    let identity = "--as=system:serviceaccount:accounts:nobody";
    let error = plane.run_kubectl(&["get", "secrets", "-n=accounts", identity]).unwrap_err();
    assert!(error.to_string().contains("Forbidden"), "{error}");
}

#[tokio::test]
async fn second_control_plane_starts_beside_and_stops_without_a_trace() {
    shared().await.unwrap();
    let options = Options { existing: false, ..Options::default() };
    let plane = ControlPlane::start(options).await.unwrap();
    let dir = plane.kubeconfig_path().parent().unwrap().to_owned();
    let groups = plane.process_groups();
    assert_eq!(groups.len(), 3);
    assert!(groups.iter().all(|group| alive(*group)));
    let begun = tokio::time::Instant::now();
    drop(plane);
    // About 1 s when all obey; each that must be killed adds 3 s or more.
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    // Drop has waited; a last `sleep 0.1` of a supervisor may linger.
    within(1, "the servers are gone", || !groups.iter().any(|group| alive(*group)));
    assert!(!dir.exists());
}

#[tokio::test]
async fn second_look_finds_the_same_programs_unbuilt() {
    shared().await.unwrap();
    let written = || {
        let binaries = Binaries::find_or_build(&Tool::ALL).unwrap();
        Tool::ALL.map(|tool| fs::metadata(binaries.path(tool)).unwrap().modified().unwrap())
    };
    assert_eq!(written(), written());
}

#[tokio::test]
async fn wrong_flag_fails_with_the_server_s_own_words() {
    let options = Options { existing: false, controllers: false, api_server_flags: vec!["--no-such-flag".to_owned()] };
    let error = ControlPlane::start(options).await.unwrap_err().to_string();
    assert!(error.contains("kube-apiserver ended"), "{error}");
    assert!(error.contains("unknown flag: --no-such-flag"), "{error}");
}

#[test]
fn servers_die_with_a_process_that_is_killed() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ecs-local"));
    command.args(["up", "--no-controllers"]).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut up = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(up.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let kubeconfig = line.trim().strip_prefix("export KUBECONFIG=").unwrap();
    let dir = Path::new(kubeconfig).parent().unwrap();
    let group = |name: &str| -> u32 { fs::read_to_string(dir.join(name)).unwrap().parse().unwrap() };
    let groups = [group("etcd.pid"), group("kube-apiserver.pid")];
    assert!(groups.iter().all(|group| alive(*group)));
    up.kill().unwrap();
    up.wait().unwrap();
    eventually("the servers are gone", || !groups.iter().any(|group| alive(*group)));
    eventually("their directory is gone", || !dir.exists());
}
