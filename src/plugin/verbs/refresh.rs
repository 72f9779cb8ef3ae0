//! `refresh`: the operator looks at an object now, lifting back-off and the hold of permanent refusals.

use clap::Args;

use super::ask::{Asked, ask, refuse, stamp};
use crate::api::names::annotation;
use crate::plugin::cluster::read;
use crate::plugin::exit::{Exit, PluginError};
use crate::plugin::setting::Setting;

const EXAMPLES: &str = "\
Examples:
  kubectl ecs refresh web --wait
  kubectl ecs refresh cluster/prod

The same as setting the annotation `ecs-operator.dev/reconcile-requested-at` to any new text.";

/// Arguments of `refresh`.
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
    let value = stamp(setting);
    ask(setting, object, annotation::RECONCILE_REQUESTED_AT, &arguments.asked.waiting, |object| {
        if object.deleting {
            return refuse(object, "it is being deleted");
        }
        Ok((value.clone(), "the operator will look at it now".to_owned()))
    })
    .await
}
