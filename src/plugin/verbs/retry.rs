//! `retry`: what failed and is held is tried again.

use clap::Args;

use super::ask::{Asked, able, ask, listens, refuse};
use crate::api::condition::ConditionType;
use crate::api::names::annotation;
use crate::plugin::cluster::read;
use crate::plugin::exit::{Exit, PluginError};
use crate::plugin::kind::Kind;
use crate::plugin::setting::Setting;
use crate::plugin::tree::Object;

const EXAMPLES: &str = "\
Examples:
  kubectl ecs retry web                 # the image is there now: try the same content again
  kubectl ecs retry sg/shop-prod --wait

The same as setting the annotation `ecs-operator.dev/retry` to the rollout (a group: the version) that failed.";

/// Arguments of `retry`.
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
    ask(setting, object, annotation::RETRY, &arguments.asked.waiting, |object| {
        able(object, "retry", &[Kind::Service, Kind::Group])?;
        listens(object)?;
        let held = if object.kind == Kind::Group {
            object.group().hold.map(|hold| hold.version)
        } else {
            object.service().held.map(|held| held.rollout)
        };
        match held {
            Some(held) if handled(object, &held) => {
                refuse(object, format!("{held} was tried again already: change the spec"))
            }
            Some(held) => Ok((held.clone(), format!("{held} will be tried again"))),
            None => refuse(object, "nothing failed and is held"),
        }
    })
    .await
}

fn handled(object: &Object, value: &str) -> bool {
    object.text("/status/lastHandled/retry") == Some(value)
}

/// The reason of `Ready`.
pub(super) fn ready_reason(object: &Object) -> Option<String> {
    object.condition(ConditionType::Ready).map(|ready| ready.reason)
}
