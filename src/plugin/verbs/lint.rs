//! `lint`: what is wrong with manifests, without a call to anything.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::show;
use crate::plugin::exit::{Exit, PluginError};
use crate::plugin::foresee::manifests;
use crate::plugin::lint::{Finding, findings};
use crate::plugin::render::plan::found;
use crate::plugin::setting::Setting;

const EXAMPLES: &str = "\
Examples:
  kubectl ecs lint -f shop/
  helm template shop | kubectl ecs lint -f - -o json

Exit codes: 0 nothing found, 1 something found.";

/// Arguments of `lint`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// File or folder of manifests, or - for standard input; may be given more than once
    #[arg(short = 'f', long = "filename", value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
}

#[derive(Serialize)]
struct Findings {
    /// Objects of ours that were looked at.
    objects: usize,
    findings: Vec<Finding>,
}

/// Shows it.
pub fn run(arguments: &Arguments, setting: &Setting) -> Result<Exit, PluginError> {
    let files = manifests::read(&arguments.files)?;
    let all = Findings { objects: files.manifests.len(), findings: findings(&files) };
    show(setting, &all, |look| found(&all.findings, all.objects, look))?;
    Ok(if all.findings.is_empty() { Exit::Good } else { Exit::Failed })
}
