//! `undo`: back to what ran before.

use clap::Args;
use serde_json::{Value, json};

use super::ask::{Done, able, refuse, tell, warn};
use crate::api::status::{Version, VersionState};
use crate::plugin::cluster::{edit, read};
use crate::plugin::exit::{Exit, PluginError};
use crate::plugin::kind::Kind;
use crate::plugin::setting::Setting;
use crate::plugin::terminal::note;
use crate::plugin::tree::Object;

const EXAMPLES: &str = "\
Examples:
  kubectl ecs undo sg/shop-prod                       # the version before serves again, within seconds
  kubectl ecs undo sg/shop-prod --to shop-prod-v003
  kubectl ecs undo sg/shop-prod --unpin               # what the template says, again
  kubectl ecs undo web                                # a service that names `family:revision` itself

A group is pinned by `spec.rollback.toVersion` and does not follow its template until it is unpinned. Revert in Git too.";

/// Arguments of `undo`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// NAME, KIND NAME or KIND/NAME
    #[arg(value_name = "KIND NAME", num_args = 1..=2, required = true)]
    pub object: Vec<String>,
    /// The version, or `family:revision`; default: what ran before
    #[arg(long, value_name = "VERSION")]
    pub to: Option<String>,
    /// Follow the template again (server groups)
    #[arg(long, conflicts_with = "to")]
    pub unpin: bool,
}

/// Does it.
pub async fn run(arguments: Arguments, setting: &Setting) -> Result<Exit, PluginError> {
    let (kube, object) = (setting.kube().await?, read::one(setting, &arguments.object).await?);
    let kind = object.kind;
    let edited = edit::edit(&kube, object, |object| {
        able(object, "undo", &[Kind::Service, Kind::Group])?;
        if object.deleting {
            return refuse(object, "it is being deleted");
        }
        if kind == Kind::Group { group(object, &arguments) } else { service(object, &arguments) }
    });
    let edited = edited.await?;
    let (path, did) = if kind == Kind::Group {
        let pin = edited.text("/spec/rollback/toVersion");
        let did = pin.map_or_else(
            || "follows its template again".to_owned(),
            |pin| format!("{pin} will serve, pinned by spec.rollback.toVersion"),
        );
        (["f:spec", "f:rollback", "f:toVersion"].as_slice(), did)
    } else {
        let to = edited.text("/spec/taskDefinition").unwrap_or_default();
        (["f:spec", "f:taskDefinition"].as_slice(), format!("{to} will run"))
    };
    warn(&edited, path)?;
    tell(setting, &Done { object: edited.address(), did, ..Done::default() })?;
    if !arguments.unpin && kind == Kind::Group {
        note(&format!("revert the change in Git, then `kubectl ecs undo {} --unpin`", edited.address()))?;
    }
    Ok(Exit::Good)
}

fn group(object: &Object, arguments: &Arguments) -> Result<Value, PluginError> {
    let status = object.group();
    let pin = object.text("/spec/rollback/toVersion");
    if arguments.unpin {
        return match pin {
            Some(_) => Ok(json!({"spec": {"rollback": {"toVersion": null}}})),
            None => refuse(object, "it is not pinned"),
        };
    }
    if let Some(rollout) =
        status.rollout.as_ref().filter(|rollout| rollout.strategy != "restore" && arguments.to.is_none())
    {
        return refuse(
            object,
            format!("the rollout of {} is under way: `kubectl ecs abort {}` goes back", rollout.to, object.address()),
        );
    }
    let current = status.current_version.as_deref();
    let usable = |version: &&Version| {
        Some(version.name.as_str()) != current && matches!(version.state, VersionState::Active | VersionState::Disabled)
    };
    let names =
        || status.versions.iter().filter(usable).map(|version| version.name.as_str()).collect::<Vec<_>>().join(", ");
    let to = match &arguments.to {
        Some(to) => {
            let Some(version) = status.versions.iter().find(|version| version.name == *to) else {
                return refuse(object, format!("it has no version {to}; there are {}", names()));
            };
            if !usable(&version) {
                return refuse(
                    object,
                    format!("{to} serves already, failed or is being destroyed; there are {}", names()),
                );
            }
            to.clone()
        }
        None => match status.versions.iter().filter(usable).max_by_key(|version| version.sequence) {
            Some(version) => version.name.clone(),
            None => return refuse(object, "no other version is kept; revert the change in Git"),
        },
    };
    if pin == Some(to.as_str()) {
        return refuse(object, format!("it is pinned to {to} already"));
    }
    Ok(json!({"spec": {"rollback": {"toVersion": to}}}))
}

fn service(object: &Object, arguments: &Arguments) -> Result<Value, PluginError> {
    if arguments.unpin {
        return refuse(object, "`--unpin` is for server groups");
    }
    if let Some(name) = object.text("/spec/taskDefinitionRef/name") {
        return refuse(
            object,
            format!(
                "it runs what ecstaskdefinition/{name} says: revert that in Git; while a deployment is under way, `kubectl ecs abort {}`",
                object.address()
            ),
        );
    }
    let before = object.service().rollout.and_then(|rollout| rollout.previous_task_definition);
    match arguments.to.clone().or(before) {
        Some(to)
            if object.text("/spec/taskDefinition").is_some_and(|now| now == to || now.ends_with(&format!("/{to}"))) =>
        {
            refuse(object, format!("it runs {to} already"))
        }
        Some(to) => Ok(json!({"spec": {"taskDefinition": to}})),
        None => refuse(object, "what ran before is not known; give --to FAMILY:REVISION"),
    }
}
