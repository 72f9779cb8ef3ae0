//! `abort`: the rollout under way stops and goes back.

use clap::Args;

use super::ask::{Asked, able, ask, listens, refuse};
use crate::api::names::annotation;
use crate::api::status::StepKind;
use crate::plugin::cluster::read;
use crate::plugin::exit::{Exit, PluginError};
use crate::plugin::kind::Kind;
use crate::plugin::setting::Setting;
use crate::plugin::tree::Object;

const EXAMPLES: &str = "\
Examples:
  kubectl ecs abort sg/shop-prod --wait
  kubectl ecs abort web

What was rolled out is held afterwards: it is not tried again until it changes, or `kubectl ecs retry`. The same as
setting the annotation `ecs-operator.dev/abort` to the rollout (a group: the version).";

/// Arguments of `abort`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The object.
    #[command(flatten)]
    pub asked: Asked,
}

/// Asks for it.
pub async fn run(arguments: Arguments, setting: &Setting) -> Result<Exit, PluginError> {
    let object = read::one(setting, &arguments.asked.object).await?;
    ask(setting, object, annotation::ABORT, &arguments.asked.waiting, |object| {
        able(object, "abort", &[Kind::Service, Kind::Group])?;
        listens(object)?;
        let value = if object.kind == Kind::Group { group(object)? } else { service(object)? };
        Ok((value.clone(), format!("the rollout of {value} will stop and go back")))
    })
    .await
}

fn group(object: &Object) -> Result<String, PluginError> {
    let Some(rollout) = object.group().rollout else { return refuse(object, "no rollout is under way") };
    if rollout.ending.is_some() {
        return refuse(object, format!("the rollout of {} goes back already", rollout.to));
    }
    if matches!(rollout.step, StepKind::DestroyingOld | StepKind::Pruning | StepKind::Finishing) {
        return refuse(
            object,
            format!(
                "{} serves and what it replaced is being destroyed: go back with `kubectl ecs undo {}` when it is done",
                rollout.to,
                object.address()
            ),
        );
    }
    Ok(rollout.to)
}

fn service(object: &Object) -> Result<String, PluginError> {
    match object.service().rollout.filter(|rollout| rollout.finished_at.is_none()) {
        Some(rollout) if rollout.state == "ROLLING_BACK" => refuse(object, "it goes back already"),
        Some(rollout) => Ok(rollout.id),
        None => refuse(object, "no deployment is under way"),
    }
}
