//! `scale`.

use clap::Args;

use crate::plugin::exit::{Exit, PluginError};
use crate::plugin::setting::Setting;

const EXAMPLES: &str = "\
Examples:
  kubectl ecs scale";

/// Arguments of `scale`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {}

/// Does it.
pub async fn run(_arguments: Arguments, _setting: &Setting) -> Result<Exit, PluginError> {
    Err(PluginError::Refused("not there yet".to_owned()))
}
