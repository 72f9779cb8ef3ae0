//! `exec`: a command in a container that runs, by ECS Exec and AWS's Session Manager plugin.

use std::io::ErrorKind;

use clap::Args;
use serde_json::json;

use super::ask::refuse;
use crate::plugin::cloud::act::Session;
use crate::plugin::cluster::{read, services_of};
use crate::plugin::exit::{Exit, PluginError};
use crate::plugin::kind::Kind;
use crate::plugin::setting::Setting;
use crate::plugin::terminal::note;
use crate::plugin::tree::{Object, TaskSeen};

const EXAMPLES: &str = "\
Examples:
  kubectl ecs exec web                                   # /bin/sh in the newest task
  kubectl ecs exec sg/shop-prod -c app -- ls -l /srv
  kubectl ecs exec web --task 0123abcd -- env

It needs AWS credentials that may ExecuteCommand, AWS's session-manager-plugin on the PATH, and tasks that were started
with `enableExecuteCommand: true`.";

/// Arguments of `exec`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// NAME, KIND NAME or KIND/NAME of a service or a server group
    #[arg(value_name = "KIND NAME", num_args = 1..=2, required = true)]
    pub object: Vec<String>,
    /// The container; default: the first
    #[arg(long, short)]
    pub container: Option<String>,
    /// Id of the task, or its first digits; default: the newest that runs
    #[arg(long, value_name = "ID")]
    pub task: Option<String>,
    /// The command; default: /bin/sh
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

/// AWS's own program for sessions.
const PROGRAM: &str = "session-manager-plugin";

/// Runs it; its end is ours.
pub async fn run(arguments: Arguments, setting: &Setting) -> Result<Exit, PluginError> {
    let (kube, object) = (setting.kube().await?, read::one(setting, &arguments.object).await?);
    let cloud = setting.cloud().await?;
    let mut running: Vec<(Object, TaskSeen)> = Vec::new();
    for service in services_of(&kube, &object).await? {
        let tasks = cloud.tasks(&service).await?;
        running.extend(
            tasks
                .into_iter()
                .filter(|task| task.last_status == "RUNNING" && !task.is_leaving())
                .map(|task| (service.clone(), task)),
        );
    }
    running.retain(|(_, task)| arguments.task.as_ref().is_none_or(|id| task.id.starts_with(id.as_str())));
    running.sort_by_key(|(_, task)| task.started_at);
    let Some((service, task)) = running.pop() else { return refuse(&object, "no such task runs") };
    if !task.exec {
        let member =
            if object.kind == Kind::Group { "spec.template.enableExecuteCommand" } else { "spec.enableExecuteCommand" };
        return refuse(
            &object,
            format!("task {} was started without ECS Exec: set {member}: true, and new tasks have it", task.id),
        );
    }
    let names: Vec<&str> = task.containers.iter().map(|container| container.name.as_str()).collect();
    let container = arguments.container.as_deref().or(names.first().copied());
    if container.is_some_and(|container| !names.contains(&container)) {
        return refuse(&object, format!("task {} has no such container; there are {}", task.id, names.join(", ")));
    }
    found()?;
    let command = if arguments.command.is_empty() { "/bin/sh".to_owned() } else { quoted(&arguments.command) };
    let place = cloud.place(&service)?;
    let scope = cloud.check(&place).await?;
    note(&format!("task {}, container {}", task.id, container.unwrap_or("?")))?;
    let session = cloud.execute(&place, &scope, &task.arn, container, &command).await?;
    hand_over(&session, &place.cluster, &task, container)
}

/// Before a session is asked for, the program that takes it over must be there.
fn found() -> Result<(), PluginError> {
    let there = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(PROGRAM).is_file()));
    if there {
        return Ok(());
    }
    Err(PluginError::Cloud(format!(
        "{PROGRAM} is not on the PATH; AWS tells how to install it: \
         https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html"
    )))
}

fn hand_over(session: &Session, cluster: &str, task: &TaskSeen, container: Option<&str>) -> Result<Exit, PluginError> {
    let cluster = crate::plugin::tree::short(cluster);
    let target = format!("ecs:{cluster}_{}_{}", task.id, container.unwrap_or_default());
    let status = std::process::Command::new(PROGRAM)
        .arg(session.session.to_string())
        .args([session.region.as_str(), "StartSession", ""])
        .arg(json!({ "Target": target }).to_string())
        .arg(format!("https://ssm.{}.amazonaws.com", session.region))
        .status();
    match status {
        Ok(status) if status.success() => Ok(Exit::Good),
        Ok(status) => Ok(Exit::Other(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))),
        Err(error) if error.kind() == ErrorKind::NotFound => found().map(|()| Exit::Unreachable),
        Err(error) => Err(PluginError::Cloud(format!("{PROGRAM}: {error}"))),
    }
}

/// ECS takes a command as one text.
fn quoted(words: &[String]) -> String {
    let plain =
        |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c));
    let quote = |word: &String| if plain(word) { word.clone() } else { format!("'{}'", word.replace('\'', "'\\''")) };
    words.iter().map(quote).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_of_a_command_stay_apart() {
        let words = ["sh", "-c", "echo 'a b' > /tmp/x"].map(str::to_owned);
        assert_eq!(quoted(&words), r"sh -c 'echo '\''a b'\'' > /tmp/x'");
    }
}
