//! `diff`: the members in which manifests and AWS differ, and nothing else.

use clap::Args;
use serde::Serialize;

use super::plan::{Planning, exit, foretell};
use super::show;
use crate::plugin::cli::Format;
use crate::plugin::exit::{Exit, PluginError};
use crate::plugin::foresee::value::{Foretold, Member};
use crate::plugin::render::plan as draw;
use crate::plugin::setting::Setting;
use crate::plugin::terminal::print;

const EXAMPLES: &str = "\
Examples:
  kubectl ecs diff -f shop/web.yaml
  kubectl ecs diff -f shop/ --exit-code -o json

Exit codes: 0 nothing refused, 1 a manifest is refused; with --exit-code 2 there are differences.";

/// Arguments of `diff`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// What.
    #[command(flatten)]
    pub planning: Planning,
}

/// The differences of an object.
#[derive(Serialize)]
struct Differences<'a> {
    kind: &'static str,
    namespace: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<&'a str>,
    changes: Vec<&'a Member>,
}

#[derive(Serialize)]
struct All<'a> {
    objects: Vec<Differences<'a>>,
}

/// Shows them.
pub async fn run(arguments: Arguments, setting: &Setting) -> Result<Exit, PluginError> {
    let forecast = foretell(&arguments.planning, setting).await?;
    let one = |object| -> Differences<'_> {
        let object: &Foretold = object;
        Differences {
            kind: object.kind,
            namespace: &object.namespace,
            name: &object.name,
            refused: object.refused.then_some(object.message.as_str()),
            changes: draw::changes(object).collect(),
        }
    };
    if setting.format() == Some(Format::Markdown) {
        print(&draw::markdown(&forecast))?;
    } else {
        let all = All { objects: forecast.objects.iter().map(one).collect() };
        show(setting, &all, |look| draw::differences(&forecast, look))?;
    }
    Ok(exit(&arguments.planning, &forecast))
}
