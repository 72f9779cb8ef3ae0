//! Two processes of the built operator on a real API server, with the rights of one role in two namespaces.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ecs_operator::controllers::clock::Clock;
use ecs_sim::Sim;
use ecs_sim::ecs::scheduler::timing::Timing;
use ecs_sim::http::Server;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::plane::{Plane, plane};
use crate::support::manifests::cluster;
use crate::support::world::{REGION, key};

const ONE: &str = "led-one";
const TWO: &str = "led-two";

/// A process; killed when dropped.
struct Process {
    name: &'static str,
    child: Child,
    port: u16,
    log: PathBuf,
}

impl Process {
    fn start(name: &'static str, kubeconfig: &Path, endpoint: &str) -> Self {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let log = kubeconfig.with_file_name(format!("led-{name}.log"));
        let child = Command::new(env!("CARGO_BIN_EXE_ecs-operator"))
            .args(["--follow-interval-seconds=1", "--sweep-interval-seconds=10"])
            .env_clear()
            .env("ECS_OPERATOR_ADMIN_ADDRESS", format!("127.0.0.1:{port}"))
            .env("ECS_OPERATOR_NAMESPACES", format!("{ONE},{TWO}"))
            .env("ECS_OPERATOR_LEADER_ELECT", "true")
            .env("ECS_OPERATOR_LEASE_NAME", "blue")
            .env("ECS_OPERATOR_CONFIG_MAPS", "false")
            .env("ECS_OPERATOR_ACCOUNTS", "false")
            .env("POD_NAMESPACE", ONE)
            .env("POD_NAME", name)
            .env("KUBECONFIG", kubeconfig)
            .env("AWS_ENDPOINT_URL", endpoint)
            .env("ECS_OPERATOR_ALLOW_INSECURE_ENDPOINT", "true")
            .env("AWS_REGION", REGION)
            .env("AWS_ACCESS_KEY_ID", "AKIDOPERATOR")
            .env("AWS_SECRET_ACCESS_KEY", "not-a-secret")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .stdin(Stdio::null())
            .stderr(std::fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        Self { name, child, port, log }
    }

    /// What a path answers: status line and body.
    fn get(&self, path: &str) -> String {
        let mut answer = String::new();
        if let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)) {
            let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).unwrap();
            stream.read_to_string(&mut answer).unwrap();
        }
        answer
    }

    fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// SIGTERM; its exit code.
    async fn terminate(&mut self) -> Option<i32> {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        for _ in 0..300 {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            sleep(Duration::from_millis(100)).await;
        }
        panic!("{} did not end", self.name);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn role(namespace: &str) -> [Value; 2] {
    let ours = ["ecsclusters", "ecsservices", "ecstaskdefinitions", "servergroups"];
    let statuses = ours.map(|plural| format!("{plural}/status"));
    let group = "ecs-operator.dev";
    let mut rules = vec![
        json!({"apiGroups": [group], "resources": ours, "verbs": ["get", "list", "watch", "patch"]}),
        json!({"apiGroups": [group], "resources": statuses, "verbs": ["get", "patch"]}),
        json!({"apiGroups": [group], "resources": ["ecsservices", "ecstaskdefinitions"], "verbs": ["create", "delete"]}),
        json!({"apiGroups": ["events.k8s.io"], "resources": ["events"], "verbs": ["create", "patch"]}),
    ];
    if namespace == ONE {
        let leases = |rule: Value| {
            let mut rule = rule;
            rule["apiGroups"] = json!(["coordination.k8s.io"]);
            rule["resources"] = json!(["leases"]);
            rule
        };
        rules.push(leases(json!({"verbs": ["create"]})));
        rules.push(leases(json!({"verbs": ["get", "update"], "resourceNames": ["blue"]})));
    }
    let metadata = json!({"name": "operator", "namespace": namespace});
    let api = "rbac.authorization.k8s.io";
    [
        json!({"apiVersion": format!("{api}/v1"), "kind": "Role", "metadata": metadata, "rules": rules}),
        json!({
            "apiVersion": format!("{api}/v1"), "kind": "RoleBinding", "metadata": metadata,
            "roleRef": {"apiGroup": api, "kind": "Role", "name": "operator"},
            "subjects": [{"kind": "ServiceAccount", "name": "operator", "namespace": ONE}],
        }),
    ]
}

async fn rights(plane: &Plane) -> PathBuf {
    let account = json!({
        "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "operator", "namespace": ONE},
    });
    let mut manifests = vec![account.to_string()];
    for namespace in [ONE, TWO] {
        plane.kubectl(&["create", "namespace", namespace], None).await.unwrap();
        manifests.extend(role(namespace).iter().map(ToString::to_string));
    }
    plane.kubectl(&["apply", "-f", "-"], Some(manifests.join("\n---\n"))).await.unwrap();
    let token = plane.kubectl(&["create", "token", "operator", "-n", ONE], None).await.unwrap();
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("led.kubeconfig");
    std::fs::write(&path, plane.kubeconfig_with(token.trim())).unwrap();
    path
}

async fn apply(plane: &Plane, namespace: &str, name: &str) {
    let mut manifest = cluster(name);
    manifest["metadata"]["namespace"] = namespace.into();
    plane.kubectl(&["apply", "-f", "-"], Some(manifest.to_string())).await.unwrap();
}

async fn ready(plane: &Plane, namespace: &str, name: &str, logs: &[&Process]) {
    let object = format!("ecsc/{name}");
    let ran = plane.kubectl(&["wait", "--for=condition=Ready", "--timeout=60s", "-n", namespace, &object], None).await;
    assert!(ran.ok, "{}\n{}", ran.err, logs.iter().map(|process| process.log()).collect::<String>());
}

async fn holder(plane: &Plane) -> String {
    let path = ["get", "lease", "blue", "-n", ONE, "-o", "jsonpath={.spec.holderIdentity}"];
    plane.kubectl(&path, None).await.out
}

/// Waits until the probe says so.
async fn until(process: &Process, path: &str, said: &str) {
    for _ in 0..300 {
        if process.get(path).contains(said) {
            return;
        }
        sleep(Duration::from_millis(100)).await;
    }
    panic!("{}: no `{said}` at {path}: {}\n{}", process.name, process.get(path), process.log());
}

#[tokio::test]
async fn when_the_leading_process_is_killed_the_other_takes_over_with_the_rights_of_one_role() {
    let plane = plane().await;
    let kubeconfig = rights(plane).await;
    let mut sim = Sim::new(7, Clock::system().exact().as_millisecond());
    sim.with_fleet(&key(), |fleet| fleet.knobs.timing = Timing::brisk());
    let world = Server::start(sim, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), 1.0).await.unwrap();
    let endpoint = format!("http://{}", world.address);
    let mut first = Process::start("first", &kubeconfig, &endpoint);
    until(&first, "/metrics", "leader_election_master_status{name=\"blue\"} 1").await;
    let mut second = Process::start("second", &kubeconfig, &endpoint);
    until(&second, "/readyz", "200 OK").await;
    until(&second, "/livez", "200 OK").await;
    until(&second, "/metrics", "leader_election_master_status{name=\"blue\"} 0").await;
    apply(plane, ONE, "led-a").await;
    apply(plane, TWO, "led-b").await;
    ready(plane, ONE, "led-a", &[&first, &second]).await;
    ready(plane, TWO, "led-b", &[&first, &second]).await;
    assert!(holder(plane).await.starts_with("first_"));
    first.child.kill().unwrap();
    first.child.wait().unwrap();
    let began = Instant::now();
    apply(plane, TWO, "led-c").await;
    ready(plane, TWO, "led-c", &[&first, &second]).await;
    let took = began.elapsed();
    assert!(holder(plane).await.starts_with("second_"));
    assert!(took > Duration::from_secs(8), "the lease of a killed process is waited for, not {took:?}");
    assert_eq!(second.terminate().await, Some(0), "{}", second.log());
    assert_eq!(holder(plane).await, "", "the lease is given back");
    for process in [&first, &second] {
        let log = process.log();
        assert!(!log.contains("WARN") && !log.to_lowercase().contains("forbidden"), "{log}");
    }
}
