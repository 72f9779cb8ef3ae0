//! `stop-task`: single tasks of a server group are stopped; ECS starts others in their place.

use clap::Args;

use super::ask::{Waiting, able, ask, listens, refuse, stamp};
use crate::api::names::annotation;
use crate::plugin::cluster::read;
use crate::plugin::cluster::services_of;
use crate::plugin::exit::{Exit, PluginError};
use crate::plugin::kind::Kind;
use crate::plugin::setting::Setting;
use crate::plugin::tree::Object;

const EXAMPLES: &str = "\
Examples:
  kubectl ecs stop-task sg/shop-prod 0123456789abcdef0123456789abcdef
  kubectl ecs stop-task sg/shop-prod 01234567 89abcdef --wait   # first digits; needs AWS credentials

The number of tasks stays. The same as setting the annotation `ecs-operator.dev/terminate-tasks`.";

/// Arguments of `stop-task`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The server group, NAME or KIND/NAME
    #[arg(value_name = "NAME")]
    pub object: String,
    /// Ids of tasks, or their first digits
    #[arg(value_name = "TASK", required = true, num_args = 1..)]
    pub tasks: Vec<String>,
    /// How to wait.
    #[command(flatten)]
    pub waiting: Waiting,
}

/// Asks for it.
pub async fn run(arguments: Arguments, setting: &Setting) -> Result<Exit, PluginError> {
    let object = read::one(setting, std::slice::from_ref(&arguments.object)).await?;
    let judge = |object: &Object| {
        if object.kind == Kind::Service && object.owner.is_none() {
            let cluster = object.text("/status/cluster").unwrap_or("CLUSTER");
            return refuse(
                object,
                format!(
                    "a single task of a service is stopped by `aws ecs stop-task --cluster {cluster} --task ID`; all are replaced by `kubectl ecs restart {}`",
                    object.address()
                ),
            );
        }
        able(object, "stop-task", &[Kind::Group])?;
        listens(object)
    };
    judge(&object)?;
    let ids = whole(setting, &object, &arguments.tasks).await?;
    let value = format!("{}@{}", ids.join(","), stamp(setting));
    ask(setting, object, annotation::TERMINATE_TASKS, &arguments.waiting, |object| {
        judge(object)?;
        Ok((value.clone(), format!("{} will be stopped", ids.join(", "))))
    })
    .await
}

fn is_whole(id: &str) -> bool {
    id.bytes().filter(u8::is_ascii_hexdigit).count() == 32 && matches!(id.len(), 32 | 36)
}

/// Whole ids of what was given, by the tasks that ECS has.
async fn whole(setting: &Setting, group: &Object, given: &[String]) -> Result<Vec<String>, PluginError> {
    let given: Vec<&str> = given.iter().map(|id| crate::plugin::tree::short(id)).collect();
    if given.iter().all(|id| is_whole(id)) {
        return Ok(given.into_iter().map(str::to_owned).collect());
    }
    let cloud = setting.cloud().await?;
    let mut known = Vec::new();
    for service in services_of(&setting.kube().await?, group).await? {
        known.extend(cloud.tasks(&service).await?.into_iter().filter(|task| !task.is_leaving()).map(|task| task.id));
    }
    let mut ids = Vec::new();
    for id in given {
        match known.iter().filter(|known| known.starts_with(id)).collect::<Vec<_>>().as_slice() {
            [one] => ids.push((*one).clone()),
            [] => return refuse(group, format!("it has no running task {id}")),
            several => return refuse(group, format!("{id} may be any of {} tasks: give more digits", several.len())),
        }
    }
    Ok(ids)
}
