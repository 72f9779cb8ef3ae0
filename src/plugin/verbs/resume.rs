//! `resume`: a pause ends.

use clap::Args;

use super::pause::set;
use crate::plugin::exit::{Exit, PluginError};
use crate::plugin::setting::Setting;

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
    set(setting, &arguments.object, "resume", None, ("it is not paused", "resumed")).await
}
