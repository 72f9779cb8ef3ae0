//! `version`: of the plugin, and what the server has of the operator's kinds.

use clap::Args;
use serde::Serialize;

use super::show;
use crate::api::names::{GROUP, VERSION};
use crate::plugin::exit::{Exit, PluginError};
use crate::plugin::setting::Setting;
use crate::plugin::tree::Tone;

const EXAMPLES: &str = "\
Examples:
  kubectl ecs version
  kubectl ecs version --client -o json";

/// Arguments of `version`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Do not ask the server
    #[arg(long)]
    pub client: bool,
}

#[derive(Serialize)]
struct Versions {
    plugin: &'static str,
    api: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    kinds: Option<Vec<String>>,
}

/// Shows them.
pub async fn run(arguments: Arguments, setting: &Setting) -> Result<Exit, PluginError> {
    let api = format!("{GROUP}/{VERSION}");
    let kinds = if arguments.client {
        None
    } else {
        match setting.kube().await?.list_api_group_resources(&api).await {
            Ok(list) => {
                let kinds = list.resources.into_iter().filter(|resource| !resource.name.contains('/'));
                Some(kinds.map(|resource| resource.kind).collect())
            }
            Err(kube::Error::Api(status)) if status.code == 404 => Some(Vec::new()),
            Err(error) => return Err(PluginError::kubernetes("asking for its kinds")(error)),
        }
    };
    let versions = Versions { plugin: env!("CARGO_PKG_VERSION"), api, kinds };
    show(setting, &versions, |_| {
        let server = match &versions.kinds {
            None => "not asked".to_owned(),
            Some(kinds) if kinds.is_empty() => "not installed: the CRDs are missing".to_owned(),
            Some(kinds) => format!("{} ({})", versions.api, kinds.join(", ")),
        };
        let line = |label: &str, text: String| vec![(Tone::Quiet, format!("{label:8}")), (Tone::Plain, text)];
        vec![line("plugin", versions.plugin.to_owned()), line("server", server)]
    })?;
    let missing = versions.kinds.is_some_and(|kinds| kinds.is_empty());
    Ok(if missing { Exit::Missing } else { Exit::Good })
}
