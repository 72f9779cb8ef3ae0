//! `report`: one archive for a bug report, without the values that people keep to themselves.

use std::path::PathBuf;

use clap::Args;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, ListParams, LogParams};
use kube::{Client, ResourceExt as _};
use serde_json::{Value, json};

use crate::plugin::bundle::Bundle;
use crate::plugin::clean;
use crate::plugin::cluster::{events, read};
use crate::plugin::doctor::{self, OPERATOR, Wanted};
use crate::plugin::exit::{Exit, PluginError};
use crate::plugin::import::text;
use crate::plugin::kind::Kind;
use crate::plugin::setting::Setting;
use crate::plugin::terminal::{note, print};
use crate::plugin::tree::Object;

const EXAMPLES: &str = "\
Examples:
  kubectl ecs report
  kubectl ecs report -A --file /tmp/report.tar.gz
  kubectl ecs report --no-aws --no-logs

Values of environment variables, commands, log options, labels of containers and the like are hidden, in the objects
and wherever else they stand. Names, images, ARNs and account ids stay: look into it before you give it away.";

/// Lines of each pod's log.
const LINES: i64 = 5_000;
/// Bytes of each pod's log.
const BYTES: i64 = 4 << 20;

/// Arguments of `report`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// File to write; default: ecs-report-TIME.tar.gz here
    #[arg(long, short = 'f', value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Do not ask AWS
    #[arg(long)]
    pub no_aws: bool,
    /// Without logs of the operator's pods
    #[arg(long)]
    pub no_logs: bool,
}

/// Gathers, packs and says what is in it.
pub async fn run(arguments: Arguments, setting: &Setting) -> Result<Exit, PluginError> {
    let (kube, place) = (setting.kube().await?, setting.place().await?);
    let mut objects: Vec<Object> = Vec::new();
    for kind in Kind::ALL {
        match read::list(&kube, place.as_deref(), kind).await {
            Ok(found) => objects.extend(found),
            Err(error) => note(&format!("warning: {}: {error}", kind.name()))?,
        }
    }
    let mut bundle = Bundle::hiding(&objects);
    for object in &objects {
        let within = if object.namespace.is_empty() { "cluster" } else { &object.namespace };
        let name = format!("objects/{within}/{}-{}.yaml", object.kind.singular(), object.name);
        bundle.add(&name, &text::value(&clean::shown(object))?);
    }
    let happenings = events::list(&kube, place.as_deref()).await;
    bundle.add_value("events.json", &serde_json::to_value(&happenings)?);
    versions(&mut bundle, &kube).await;
    let wanted = Wanted { no_aws: arguments.no_aws, installation: "default".to_owned(), ..Wanted::default() };
    let checks = doctor::examine(setting, &wanted).await;
    bundle.add_value("doctor.json", &json!({ "checks": checks }));
    if !arguments.no_logs {
        for trouble in logs(&mut bundle, &kube).await {
            note(&format!("warning: {trouble}"))?;
        }
    }
    let now = setting.clock.exact();
    let stamp = now.strftime("%Y%m%dT%H%M%SZ").to_string();
    let folder = format!("ecs-report-{stamp}");
    let path = arguments.file.unwrap_or_else(|| PathBuf::from(format!("{folder}.tar.gz")));
    let packed = bundle.packed(&folder, now)?;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&path);
    let mut file = file.map_err(|error| PluginError::Refused(format!("{}: {error}", path.display())))?;
    std::io::Write::write_all(&mut file, &packed)?;
    for (name, text) in bundle.files() {
        print(&format!("{:>9}  {name}\n", text.len()))?;
    }
    print(&format!("{}\n", path.display()))?;
    Ok(Exit::Good)
}

async fn versions(bundle: &mut Bundle, kube: &Client) {
    let server = kube.apiserver_version().await.ok();
    let server = server.and_then(|version| serde_json::to_value(version).ok()).unwrap_or(Value::Null);
    let pods: Api<Pod> = Api::all(kube.clone());
    let pods = pods.list(&ListParams::default().labels(OPERATOR)).await.map(|list| list.items).unwrap_or_default();
    let operators: Vec<Value> = pods.iter().map(pod).collect();
    let versions = json!({ "plugin": env!("CARGO_PKG_VERSION"), "server": server, "operators": operators });
    bundle.add_value("versions.json", &versions);
}

/// What a pod runs and how it is; no environment, no arguments.
fn pod(pod: &Pod) -> Value {
    let containers = pod.status.iter().flat_map(|status| status.container_statuses.iter().flatten());
    let containers: Vec<Value> = containers
        .map(|container| {
            json!({
                "name": container.name, "image": container.image, "imageID": container.image_id,
                "ready": container.ready, "restarts": container.restart_count, "state": container.state,
                "last": container.last_state,
            })
        })
        .collect();
    json!({ "namespace": pod.namespace(), "name": pod.name_any(), "containers": containers })
}

/// Logs of the operator's pods, those of the container before too; what could not be read.
async fn logs(bundle: &mut Bundle, kube: &Client) -> Vec<String> {
    let all: Api<Pod> = Api::all(kube.clone());
    let pods = match all.list(&ListParams::default().labels(OPERATOR)).await {
        Ok(list) => list.items,
        Err(error) => return vec![format!("the operator's pods cannot be listed: {error}")],
    };
    let mut trouble = Vec::new();
    for pod in pods {
        let (namespace, name) = (pod.namespace().unwrap_or_default(), pod.name_any());
        let api: Api<Pod> = Api::namespaced(kube.clone(), &namespace);
        for previous in [false, true] {
            let params = LogParams {
                tail_lines: Some(LINES),
                limit_bytes: Some(BYTES),
                previous,
                timestamps: true,
                ..LogParams::default()
            };
            let file = format!("logs/{namespace}/{name}{}.log", if previous { "-before" } else { "" });
            match api.logs(&name, &params).await {
                Ok(text) => bundle.add(&file, &text),
                // Most pods have not been restarted.
                Err(_) if previous => {}
                Err(error) => trouble.push(format!("logs of {namespace}/{name}: {error}")),
            }
        }
    }
    trouble
}
