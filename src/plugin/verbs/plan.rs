//! `plan`: what the operator would do with manifests, told by its own passes; nothing is changed.

use std::path::PathBuf;

use clap::Args;

use super::show;
use crate::controllers::context::Config;
use crate::plugin::cli::Format;
use crate::plugin::exit::{Exit, PluginError};
use crate::plugin::foresee::forecast::{Question, forecast};
use crate::plugin::foresee::manifests::{self, Files};
use crate::plugin::foresee::value::Forecast;
use crate::plugin::render::plan as draw;
use crate::plugin::setting::Setting;
use crate::plugin::terminal::{note, print};

const EXAMPLES: &str = "\
Examples:
  kubectl ecs plan -f shop/
  helm template shop | kubectl ecs plan -f - --exit-code
  kubectl ecs plan -f shop/ --offline -o markdown > comment.md

Exit codes: 0 nothing refused, 1 a manifest is refused; with --exit-code 2 there are changes.";

/// Which manifests, and how they are planned.
#[derive(Debug, Args)]
pub struct Planning {
    /// File or folder of manifests, or - for standard input; may be given more than once
    #[arg(short = 'f', long = "filename", value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Ask AWS only, no Kubernetes: members that were removed from a manifest are not seen, nor versions of groups
    #[arg(long)]
    pub offline: bool,
    /// Exit code 2 when there are changes
    #[arg(long)]
    pub exit_code: bool,
    /// Installation id of the operator, as in its ownership tags
    #[arg(long, value_name = "ID", default_value = "default")]
    pub installation: String,
}

/// Arguments of `plan`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// What.
    #[command(flatten)]
    pub planning: Planning,
    /// Objects that do not change, too
    #[arg(long)]
    pub all: bool,
}

/// Shows it.
pub async fn run(arguments: Arguments, setting: &Setting) -> Result<Exit, PluginError> {
    let planning = arguments.planning;
    let forecast = foretell(&planning, setting).await?;
    if setting.format() == Some(Format::Markdown) {
        print(&draw::markdown(&forecast))?;
    } else {
        show(setting, &forecast, |look| draw::lines(&forecast, look, arguments.all))?;
    }
    Ok(exit(&planning, &forecast))
}

/// Refused manifests before changes.
pub(super) fn exit(planning: &Planning, forecast: &Forecast) -> Exit {
    if forecast.summary.refused > 0 {
        Exit::Failed
    } else if planning.exit_code && forecast.changes() {
        Exit::Moving
    } else {
        Exit::Good
    }
}

/// Reads the manifests and asks.
pub(super) async fn foretell(planning: &Planning, setting: &Setting) -> Result<Forecast, PluginError> {
    let files = readable(&planning.files)?;
    let cloud = setting.cloud().await?;
    let region = cloud.config().region().map(ToString::to_string);
    let region = region.ok_or_else(|| PluginError::Cloud("no AWS Region is known; set AWS_REGION".to_owned()))?;
    let (kube, namespace) = if planning.offline {
        (None, setting.global.namespace.clone().unwrap_or_else(|| "default".to_owned()))
    } else {
        (Some(setting.kube().await?), setting.namespace().await?)
    };
    let manifests = files.manifests.into_iter().map(|manifest| manifest.within(&namespace)).collect();
    let config = Config { installation: planning.installation.clone(), region, ..Config::default() };
    let question = Question { manifests, aws: cloud.config().clone(), clock: setting.clock.clone(), config };
    Box::pin(forecast(question, kube)).await
}

/// The manifests of files, all of which can be read.
pub(super) fn readable(paths: &[PathBuf]) -> Result<Files, PluginError> {
    let files = manifests::read(paths)?;
    if let Some((at, why, remedy)) = files.unreadable.first() {
        return Err(PluginError::Failed(format!("{}:{}: {why}; {remedy}", at.file, at.line)));
    }
    if files.manifests.is_empty() {
        return Err(PluginError::Missing("there is no manifest of ours in these files".to_owned()));
    }
    if !files.others.is_empty() {
        note(&format!("left alone, for they are not ours: {}", files.others.join(", ")))?;
    }
    Ok(files)
}
