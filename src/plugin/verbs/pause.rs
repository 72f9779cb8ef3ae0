//! `pause`: no change in AWS until resumed.

use clap::Args;

use super::ask::{Done, able, refuse, tell, warn};
use crate::api::names::annotation;
use crate::plugin::cluster::{edit, read};
use crate::plugin::exit::{Exit, PluginError};
use crate::plugin::kind::Kind;
use crate::plugin::setting::Setting;
use crate::plugin::tree::health::paused;

const EXAMPLES: &str = "\
Examples:
  kubectl ecs pause sg/shop-prod
  kubectl ecs pause web && kubectl ecs status web

A deployment that ECS carries out itself goes on; deletion still works. The same as setting the annotation
`ecs-operator.dev/paused` to \"true\".";

/// Arguments of `pause`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// NAME, KIND NAME or KIND/NAME
    #[arg(value_name = "KIND NAME", num_args = 1..=2, required = true)]
    pub object: Vec<String>,
}

/// Does it.
pub async fn run(arguments: Arguments, setting: &Setting) -> Result<Exit, PluginError> {
    let did = "paused: nothing is changed in AWS until `kubectl ecs resume`";
    set(setting, &arguments.object, "pause", Some("true"), ("it is paused already", did)).await
}

/// Sets the annotation, or with `None` takes it away; refuses, in the first words, where it stands so already.
pub(super) async fn set(
    setting: &Setting,
    words: &[String],
    verb: &str,
    value: Option<&str>,
    (already, did): (&str, &str),
) -> Result<Exit, PluginError> {
    let (kube, object) = (setting.kube().await?, read::one(setting, words).await?);
    let edited = edit::edit(&kube, object, |object| {
        able(object, verb, &[Kind::Service, Kind::Group, Kind::Definition, Kind::Cluster])?;
        if paused(object) == value.is_some() {
            return refuse(object, already);
        }
        Ok(edit::annotation(annotation::PAUSED, value))
    });
    let (edited, did) = (edited.await?, did.to_owned());
    warn(&edited, &["f:metadata", "f:annotations", &format!("f:{}", annotation::PAUSED)])?;
    tell(setting, &Done { object: edited.address(), did, annotation: Some(annotation::PAUSED), ..Done::default() })?;
    Ok(Exit::Good)
}
