//! `verify`: whether what manifests name exists in AWS and fits; nothing is changed, and no secret is read.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::plan::readable;
use super::show;
use crate::aws::Scope;
use crate::plugin::exit::{Exit, PluginError};
use crate::plugin::foresee::manifests::Manifest;
use crate::plugin::kind::Kind;
use crate::plugin::render::plan::checked;
use crate::plugin::setting::Setting;
use crate::plugin::verify::observe::{look, wrong};
use crate::plugin::verify::wants::wants;
use crate::plugin::verify::{Check, Verdict};

const EXAMPLES: &str = "\
Examples:
  kubectl ecs verify -f shop/
  helm template shop | kubectl ecs verify -f - -o json

Exit codes: 0 nothing wrong, 1 something wrong. What could not be looked at is said, and is no failure.";

/// Arguments of `verify`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// File or folder of manifests, or - for standard input; may be given more than once
    #[arg(short = 'f', long = "filename", value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// What is right, too
    #[arg(long)]
    pub all: bool,
}

#[derive(Serialize)]
struct Checks {
    checks: Vec<Check>,
}

/// Shows it.
pub async fn run(arguments: Arguments, setting: &Setting) -> Result<Exit, PluginError> {
    let files = readable(&arguments.files)?;
    let cloud = setting.cloud().await?.reading()?;
    let region = cloud.config().region().map(ToString::to_string);
    let region = region.ok_or_else(|| PluginError::Cloud("no AWS Region is known; set AWS_REGION".to_owned()))?;
    let scope = Scope::new(region);
    cloud.aws().identity(&scope).await?;
    let checks = look(&cloud, &scope, &wants(&files.manifests), &coming(&files.manifests)).await;
    let all = Checks { checks };
    show(setting, &all, |look| {
        let shown = |check: &&Check| arguments.all || check.verdict != Verdict::Ok;
        checked(&all.checks, shown, look)
    })?;
    Ok(if wrong(&all.checks) { Exit::Failed } else { Exit::Good })
}

/// Names of the clusters that the files make.
pub fn coming(manifests: &[Manifest]) -> BTreeSet<String> {
    let clusters = manifests.iter().filter(|manifest| manifest.kind == Kind::Cluster);
    let name = |manifest: &Manifest| {
        let named = manifest.object.pointer("/spec/clusterName").and_then(|name| name.as_str());
        named.unwrap_or(manifest.name()).to_owned()
    };
    clusters.map(name).collect()
}
