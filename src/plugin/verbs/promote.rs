//! `promote`: the gate opens at which a rollout waits.

use clap::Args;

use super::ask::{Asked, able, ask, listens, refuse};
use crate::api::names::annotation;
use crate::plugin::cluster::read;
use crate::plugin::exit::{Exit, PluginError};
use crate::plugin::kind::Kind;
use crate::plugin::setting::Setting;
use crate::plugin::tree::Object;

const EXAMPLES: &str = "\
Examples:
  kubectl ecs promote sg/shop-prod           # the step that waits
  kubectl ecs promote sg/shop-prod --full    # all steps that are left; health still counts
  kubectl ecs promote web --wait             # a PAUSE hook of ECS's own strategies

The same as setting the annotation `ecs-operator.dev/promote` to `status.rollout.promoteWith`, or to `<version>/full`.";

/// Arguments of `promote`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The object.
    #[command(flatten)]
    pub asked: Asked,
    /// Skip the steps that are left (server groups)
    #[arg(long)]
    pub full: bool,
}

/// Asks for it.
pub async fn run(arguments: Arguments, setting: &Setting) -> Result<Exit, PluginError> {
    let object = read::one(setting, &arguments.asked.object).await?;
    let full = arguments.full;
    ask(setting, object, annotation::PROMOTE, &arguments.asked.waiting, |object| {
        able(object, "promote", &[Kind::Service, Kind::Group])?;
        listens(object)?;
        let value = if object.kind == Kind::Group { group(object, full)? } else { service(object, full)? };
        let did =
            if full { format!("{value}: the steps that are left are skipped") } else { format!("{value} may go on") };
        Ok((value, did))
    })
    .await
}

fn group(object: &Object, full: bool) -> Result<String, PluginError> {
    let Some(rollout) = object.group().rollout else { return refuse(object, "no rollout is under way") };
    if rollout.ending.is_some() {
        return refuse(object, format!("the rollout of {} goes back", rollout.to));
    }
    match rollout.promote_with {
        _ if full => Ok(format!("{}/full", rollout.to)),
        Some(gate) => Ok(gate),
        None => refuse(
            object,
            format!("no step waits for a person ({}); `--full` skips the steps that are left", rollout.message),
        ),
    }
}

fn service(object: &Object, full: bool) -> Result<String, PluginError> {
    if full {
        return refuse(object, "ECS's own strategies cannot skip what is left; `--full` is for server groups");
    }
    match object.service().rollout.and_then(|rollout| rollout.promote_with) {
        Some(gate) => Ok(gate),
        None => refuse(object, "no gate waits"),
    }
}
