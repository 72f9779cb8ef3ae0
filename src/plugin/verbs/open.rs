//! `open`: a link to the AWS console.

use std::process::Stdio;

use clap::Args;
use serde::Serialize;

use super::show;
use crate::plugin::cluster::read;
use crate::plugin::exit::{Exit, PluginError};
use crate::plugin::kind::Kind;
use crate::plugin::setting::Setting;
use crate::plugin::tree::{Object, Tone, short};

const EXAMPLES: &str = "\
Examples:
  kubectl ecs open web
  kubectl ecs open sg/shop-prod --browser";

/// Arguments of `open`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// NAME, KIND NAME or KIND/NAME
    #[arg(value_name = "KIND NAME", num_args = 1..=2, required = true)]
    pub object: Vec<String>,
    /// Open it in the browser
    #[arg(long)]
    pub browser: bool,
}

#[derive(Serialize)]
struct Opened {
    link: String,
}

/// Prints it, and opens it where that is wanted.
pub async fn run(arguments: Arguments, setting: &Setting) -> Result<Exit, PluginError> {
    let object = read::one(setting, &arguments.object).await?;
    let arn = arn(&object).and_then(|arn| link(&arn));
    let Some(link) = arn else {
        return Err(PluginError::Refused(format!("{} is nothing in AWS yet", object.address())));
    };
    if arguments.browser {
        browse(&link)?;
    }
    let opened = Opened { link };
    show(setting, &opened, |_| vec![vec![(Tone::Plain, opened.link.clone())]])?;
    Ok(Exit::Good)
}

/// What is shown of an object; of a group, the service that serves.
fn arn(object: &Object) -> Option<String> {
    if object.kind != Kind::Group {
        return object.text("/status/arn").map(str::to_owned);
    }
    let status = object.group();
    let serves = status.versions.iter().find(|version| Some(&version.name) == status.current_version.as_ref());
    serves.or(status.versions.first()).and_then(|version| version.service.clone())
}

/// The console's page for a cluster, service or task definition.
fn link(arn: &str) -> Option<String> {
    let mut parts = arn.splitn(6, ':').skip(1);
    let (partition, _, region, _, resource) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let host = match partition {
        "aws-cn" => format!("{region}.console.amazonaws.cn"),
        "aws-us-gov" => format!("{region}.console.amazonaws-us-gov.com"),
        _ => format!("{region}.console.aws.amazon.com"),
    };
    let pieces: Vec<&str> = resource.split('/').collect();
    let page = match pieces.as_slice() {
        ["cluster", cluster] => format!("clusters/{cluster}/services"),
        ["service", cluster, service] => format!("clusters/{cluster}/services/{service}/health"),
        ["task-definition", revision] => format!("task-definitions/{}/containers", short(revision).replace(':', "/")),
        _ => return None,
    };
    Some(format!("https://{host}/ecs/v2/{page}?region={region}"))
}

fn browse(link: &str) -> Result<(), PluginError> {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let started = std::process::Command::new(program).arg(link).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    match started {
        Ok(_) => Ok(()),
        Err(error) => Err(PluginError::Cloud(format!("{program} cannot be started ({error}); the link is {link}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::link;

    #[test]
    fn links_lead_to_the_console_of_the_partition() {
        let of = |arn: &str| link(arn).unwrap();
        assert_eq!(
            of("arn:aws:ecs:eu-west-1:123456789012:service/prod/web"),
            "https://eu-west-1.console.aws.amazon.com/ecs/v2/clusters/prod/services/web/health?region=eu-west-1"
        );
        assert_eq!(
            of("arn:aws-cn:ecs:cn-north-1:123456789012:task-definition/web:7"),
            "https://cn-north-1.console.amazonaws.cn/ecs/v2/task-definitions/web/7/containers?region=cn-north-1"
        );
        assert_eq!(link("arn:aws:iam::123456789012:role/web"), None);
    }
}
