//! `tree`: the tree of an object or of a place, without a header.

use clap::Args;
use serde::Serialize;

use super::show;
use crate::plugin::cluster::read;
use crate::plugin::exit::{Exit, PluginError};
use crate::plugin::render;
use crate::plugin::setting::Setting;
use crate::plugin::tree::{Node, forest, within};

const EXAMPLES: &str = "\
Examples:
  kubectl ecs tree
  kubectl ecs tree sg/shop-prod
  kubectl ecs tree cluster/prod -o yaml";

/// Arguments of `tree`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// NAME, KIND NAME or KIND/NAME; default: everything in the namespace
    #[arg(value_name = "KIND NAME", num_args = 0..=2)]
    pub object: Vec<String>,
}

#[derive(Serialize)]
struct Trees {
    trees: Vec<Node>,
}

/// Shows it.
pub async fn run(arguments: Arguments, setting: &Setting) -> Result<Exit, PluginError> {
    let (kube, place) = (setting.kube().await?, setting.place().await?);
    let trees = if arguments.object.is_empty() {
        forest(&read::everything(&kube, place.as_deref()).await?)
    } else {
        let object = read::one(setting, &arguments.object).await?;
        let snapshot = read::everything(&kube, Some(&object.namespace)).await?;
        vec![within(&snapshot, &object)]
    };
    let trees = Trees { trees };
    show(setting, &trees, |look| render::tree::lines(&trees.trees, look, usize::MAX))?;
    Ok(Exit::Good)
}
