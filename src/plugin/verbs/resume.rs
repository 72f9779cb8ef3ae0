//! `resume`: a pause ends.

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
  kubectl ecs resume sg/shop-prod

The same as removing the annotation `ecs-operator.dev/paused`.";

/// Arguments of `resume`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// NAME, KIND NAME or KIND/NAME
    #[arg(value_name = "KIND NAME", num_args = 1..=2, required = true)]
    pub object: Vec<String>,
}

/// Does it.
pub async fn run(arguments: Arguments, setting: &Setting) -> Result<Exit, PluginError> {
    let (kube, object) = (setting.kube().await?, read::one(setting, &arguments.object).await?);
    let edited = edit::edit(&kube, object, |object| {
        able(object, "resume", &[Kind::Service, Kind::Group, Kind::Definition, Kind::Cluster])?;
        if !paused(object) {
            return refuse(object, "it is not paused");
        }
        Ok(edit::annotation(annotation::PAUSED, None))
    });
    let edited = edited.await?;
    warn(&edited, &["f:metadata", "f:annotations", &format!("f:{}", annotation::PAUSED)])?;
    let did = "resumed".to_owned();
    tell(setting, &Done { object: edited.address(), did, annotation: Some(annotation::PAUSED), ..Done::default() })?;
    Ok(Exit::Good)
}
