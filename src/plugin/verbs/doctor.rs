//! `doctor`: what may be wrong around the operator, each thing with its remedy.

use clap::Args;
use serde::Serialize;

use super::show;
use crate::plugin::doctor::{self, Check, Finding, Wanted};
use crate::plugin::exit::{Exit, PluginError};
use crate::plugin::setting::Setting;

const EXAMPLES: &str = "\
Examples:
  kubectl ecs doctor
  kubectl ecs doctor -A --role arn:aws:iam::123456789012:role/ecs-operator
  kubectl ecs doctor -o json | jq '.checks[] | select(.finding == \"bad\")'

It changes nothing. What it may not ask is said with …, and is no failure. In AWS it asks, with your own
credentials: sts:GetCallerIdentity, iam:SimulatePrincipalPolicy, servicequotas:ListServiceQuotas.";

/// Arguments of `doctor`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Do not ask AWS
    #[arg(long)]
    pub no_aws: bool,
    /// Do not ask Kubernetes
    #[arg(long, conflicts_with = "no_aws")]
    pub no_kubernetes: bool,
    /// ARN of the operator's role; default: the one that its service account names
    #[arg(long, value_name = "ARN")]
    pub role: Option<String>,
    /// Installation id of the operator, which its permissions name
    #[arg(long, value_name = "ID", default_value = "default")]
    pub installation: String,
}

/// What was looked at.
#[derive(Serialize)]
struct Told<'a> {
    checks: &'a [Check],
}

/// Looks, and says.
pub async fn run(arguments: Arguments, setting: &Setting) -> Result<Exit, PluginError> {
    let wanted = Wanted {
        no_aws: arguments.no_aws,
        no_kubernetes: arguments.no_kubernetes,
        role: arguments.role,
        installation: arguments.installation,
    };
    let checks = doctor::examine(setting, &wanted).await;
    show(setting, &Told { checks: &checks }, |look| doctor::lines(&checks, look))?;
    let bad = checks.iter().any(|check| check.finding == Finding::Bad);
    Ok(if bad { Exit::Failed } else { Exit::Good })
}
