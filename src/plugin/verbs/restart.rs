//! `restart`: all tasks are replaced by new ones of the same revision.

use clap::Args;

use super::ask::{Asked, able, ask, listens, refuse, stamp};
use crate::api::names::annotation;
use crate::plugin::cluster::read;
use crate::plugin::exit::{Exit, PluginError};
use crate::plugin::kind::Kind;
use crate::plugin::setting::Setting;

const EXAMPLES: &str = "\
Examples:
  kubectl ecs restart web
  kubectl ecs restart sg/shop-prod --wait && kubectl ecs wait sg/shop-prod

The same as setting the annotation `ecs-operator.dev/restarted-at` to any new text.";

/// Arguments of `restart`.
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
    ask(setting, object, annotation::RESTARTED_AT, &arguments.asked.waiting, |object| {
        able(object, "restart", &[Kind::Service, Kind::Group])?;
        listens(object)?;
        if object.kind == Kind::Group && object.text("/status/currentVersion").is_none() {
            return refuse(object, "no version serves yet");
        }
        if object.kind == Kind::Service {
            let status = object.service();
            let reason = super::retry::ready_reason(object);
            if status.held.as_ref().is_some_and(|held| reason.as_deref() == Some(held.reason.as_str())) {
                return refuse(
                    object,
                    format!(
                        "what it should run failed and is held: change it, or `kubectl ecs retry {}`",
                        object.address()
                    ),
                );
            }
        }
        Ok((value.clone(), "all tasks will be replaced".to_owned()))
    })
    .await
}
