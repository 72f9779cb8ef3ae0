//! `tasks`: the tasks as ECS has them now, and those that stopped lately.

use clap::Args;
use serde::Serialize;

use super::show;
use crate::plugin::cluster::{read, services_of};
use crate::plugin::exit::{Exit, PluginError};
use crate::plugin::render::table;
use crate::plugin::setting::Setting;
use crate::plugin::tree::TaskSeen;

const EXAMPLES: &str = "\
Examples:
  kubectl ecs tasks sg/shop-prod
  kubectl ecs tasks web --stopped
  kubectl ecs tasks web -o json | jq -r '.tasks[].arn'

It asks ECS with your AWS credentials: ListTasks and DescribeTasks.";

/// Arguments of `tasks`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// NAME, KIND NAME or KIND/NAME of a service or a server group
    #[arg(value_name = "KIND NAME", num_args = 1..=2, required = true)]
    pub object: Vec<String>,
    /// Those too that stopped because they were asked to
    #[arg(long)]
    pub stopped: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    service: &'a str,
    #[serde(flatten)]
    task: &'a TaskSeen,
}

#[derive(Serialize)]
struct Tasks<'a> {
    tasks: Vec<Line<'a>>,
}

/// Shows them.
pub async fn run(arguments: Arguments, setting: &Setting) -> Result<Exit, PluginError> {
    let (kube, object) = (setting.kube().await?, read::one(setting, &arguments.object).await?);
    let cloud = setting.cloud().await?;
    let mut all = Vec::new();
    for service in services_of(&kube, &object).await? {
        let tasks = cloud.tasks(&service).await?.into_iter();
        let shown = tasks.filter(|task| arguments.stopped || !task.is_leaving() || task.failed());
        all.extend(shown.map(|task| (service.name.clone(), task)));
    }
    let tasks = Tasks { tasks: all.iter().map(|(service, task)| Line { service, task }).collect() };
    show(setting, &tasks, |look| table::tasks(&all, look))?;
    Ok(Exit::Good)
}
