//! `scale`: the number of tasks, by the scale subresource.

use clap::Args;

use super::ask::{Done, able, refuse, tell, warn};
use crate::plugin::cluster::{edit, read};
use crate::plugin::exit::{Exit, PluginError};
use crate::plugin::kind::Kind;
use crate::plugin::setting::Setting;
use crate::plugin::tree::Object;

const EXAMPLES: &str = "\
Examples:
  kubectl ecs scale web --tasks 4
  kubectl ecs scale sg/shop-prod --tasks 0

It sets `spec.desiredCount`, for a group `spec.capacity.desired`. `kubectl scale --replicas` does the same.";

/// Arguments of `scale`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// NAME, KIND NAME or KIND/NAME
    #[arg(value_name = "KIND NAME", num_args = 1..=2, required = true)]
    pub object: Vec<String>,
    /// How many tasks
    #[arg(long, visible_alias = "replicas", value_name = "NUMBER", value_parser = clap::value_parser!(i32).range(0..))]
    pub tasks: i32,
}

/// Does it.
pub async fn run(arguments: Arguments, setting: &Setting) -> Result<Exit, PluginError> {
    let (kube, object) = (setting.kube().await?, read::one(setting, &arguments.object).await?);
    let judged = |object: &Object| judge(object, arguments.tasks).map(drop);
    let object = edit::scale(&kube, object, arguments.tasks, judged).await?;
    let before = judge(&object, arguments.tasks)?;
    let field = if object.kind == Kind::Group {
        ["f:spec", "f:capacity", "f:desired"].as_slice()
    } else {
        &["f:spec", "f:desiredCount"]
    };
    warn(&object, field)?;
    let before = before.map(|before| before.to_string()).unwrap_or_default();
    let did = format!("{before} → {} tasks", arguments.tasks);
    tell(
        setting,
        &Done { object: object.address(), did: did.trim_start_matches(" → ").to_owned(), ..Done::default() },
    )?;
    Ok(Exit::Good)
}

/// The number there is now, or why it cannot be set.
fn judge(object: &Object, tasks: i32) -> Result<Option<i64>, PluginError> {
    able(object, "scale", &[Kind::Service, Kind::Group])?;
    if object.deleting {
        return refuse(object, "it is being deleted");
    }
    if object.kind == Kind::Group {
        return group(object, tasks);
    }
    if object.text("/spec/schedulingStrategy") == Some("DAEMON") {
        return refuse(object, "a DAEMON service runs one task on each instance");
    }
    match object.text("/status/effective/scalingMode").or_else(|| object.text("/spec/scaling/mode")) {
        Some("External") => refuse(
            object,
            "Application Auto Scaling owns its count: change spec.scaling.minCapacity and maxCapacity, in Git",
        ),
        Some("CreateOnly") => refuse(
            object,
            "with spec.scaling.mode CreateOnly the count is set in AWS: `aws ecs update-service --desired-count`",
        ),
        _ => Ok(object.number("/spec/desiredCount")),
    }
}

fn group(object: &Object, tasks: i32) -> Result<Option<i64>, PluginError> {
    if object.spec.get("disabled").and_then(serde_json::Value::as_bool) == Some(true) {
        return refuse(object, "the group is out of service (spec.disabled)");
    }
    let bound = |member: &str| object.number(&format!("/spec/capacity/{member}"));
    if bound("min").is_some_and(|min| i64::from(tasks) < min) || bound("max").is_some_and(|max| i64::from(tasks) > max)
    {
        let word = |bound: Option<i64>| bound.map_or_else(|| "open".to_owned(), |bound| bound.to_string());
        return refuse(
            object,
            format!(
                "{tasks} is outside of spec.capacity, {} to {}: change the bounds, in Git",
                word(bound("min")),
                word(bound("max"))
            ),
        );
    }
    Ok(bound("desired"))
}
