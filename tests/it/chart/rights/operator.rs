//! The operator as a process, as the chart's Pod would start it.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ecs_operator::controllers::clock::Clock;
use ecs_sim::Sim;
use ecs_sim::ecs::scheduler::timing::Timing;
use ecs_sim::http::Server;
use serde_json::Value;

use super::super::plane::Charted;
use crate::support::world::key;

/// The process, and the AWS it speaks to.
pub struct Operator {
    child: Child,
    log: PathBuf,
    _world: Server,
}

/// A token of a service account.
pub async fn token(charted: &Charted, namespace: &str, account: &str) -> String {
    let ran = charted.plane.kubectl(&["create", "token", account, "-n", namespace], None).await;
    ran.unwrap().trim().to_owned()
}

impl Operator {
    /// Starts it with the environment of the Deployment that stands in the cluster, and the token of its account.
    pub async fn start(charted: &Charted, namespace: &str, name: &str) -> Self {
        let mut sim = Sim::new(7, Clock::system().exact().as_millisecond());
        sim.with_fleet(&key(), |fleet| fleet.knobs.timing = Timing::brisk());
        let world = Server::start(sim, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), 1.0).await.unwrap();
        let get = ["get", "deployment", name, "-n", namespace, "-o", "json"];
        let pod = charted.plane.kubectl(&get, None).await.json()["spec"]["template"]["spec"].take();
        let token = token(charted, namespace, pod["serviceAccountName"].as_str().unwrap()).await;
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let kubeconfig = directory.join(format!("kubeconfig-{}", std::process::id()));
        let text = serde_saphyr::to_string(&kubeconfig_of(charted, &token)).unwrap();
        std::fs::write(&kubeconfig, text).unwrap();
        let log = directory.join(format!("operator-{}.log", std::process::id()));
        let output = File::create(&log).unwrap();
        let variables = pod["containers"][0]["env"].as_array().unwrap().iter().map(|entry| {
            let value = match entry["valueFrom"]["fieldRef"]["fieldPath"].as_str() {
                Some("metadata.name") => "ecs-operator-0",
                Some("metadata.namespace") => namespace,
                Some(other) => panic!("{other}"),
                None => entry["value"].as_str().unwrap(),
            };
            (entry["name"].as_str().unwrap().to_owned(), value.to_owned())
        });
        let child = Command::new(env!("CARGO_BIN_EXE_ecs-operator"))
            .env_clear()
            .envs(variables)
            .env("KUBECONFIG", kubeconfig)
            .env("ECS_OPERATOR_ADMIN_ADDRESS", "127.0.0.1:0")
            .env("ECS_OPERATOR_FOLLOW_INTERVAL_SECONDS", "1")
            .env("ECS_OPERATOR_SWEEP_INTERVAL_SECONDS", "10")
            .env("ECS_OPERATOR_ALLOW_INSECURE_ENDPOINT", "true")
            .env("AWS_ENDPOINT_URL", format!("http://{}", world.address))
            .env("AWS_ACCESS_KEY_ID", "AKIAOPERATOR")
            .env("AWS_SECRET_ACCESS_KEY", "not-a-secret")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap();
        Self { child, log, _world: world }
    }

    /// Asks it to end, as a kubelet does; what it logged.
    pub async fn stop(mut self) -> String {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        for _ in 0..150 {
            if let Some(status) = self.child.try_wait().unwrap() {
                let log = std::fs::read_to_string(&self.log).unwrap();
                assert!(status.success(), "{status}: {log}");
                return log;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        panic!("the operator does not end");
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The admin's kubeconfig with another token, as a value: its type hides tokens when written.
fn kubeconfig_of(charted: &Charted, token: &str) -> Value {
    let text = std::fs::read_to_string(charted.plane.kubeconfig()).unwrap();
    let mut kubeconfig: Value = serde_saphyr::from_str(&text).unwrap();
    for user in kubeconfig["users"].as_array_mut().unwrap() {
        user["user"] = serde_json::json!({"token": token});
    }
    kubeconfig
}
