//! `events`: what happened to an object and to all below it, as Kubernetes and ECS tell it.

use std::collections::BTreeSet;
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use tokio::time::timeout;

use super::show;
use crate::plugin::cluster::{events, objects_of, read};
use crate::plugin::exit::{Exit, PluginError};
use crate::plugin::kind::Kind;
use crate::plugin::render::table;
use crate::plugin::setting::Setting;
use crate::plugin::terminal::note;
use crate::plugin::tree::happening::merged;
use crate::plugin::tree::{Happening, Object};

const EXAMPLES: &str = "\
Examples:
  kubectl ecs events sg/shop-prod
  kubectl ecs events                # of everything in the namespace
  kubectl ecs events web --no-aws   # those of Kubernetes only

With AWS credentials, the events that ECS keeps of the services are among them.";

/// Arguments of `events`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// NAME, KIND NAME or KIND/NAME; default: everything in the namespace
    #[arg(value_name = "KIND NAME", num_args = 0..=2)]
    pub object: Vec<String>,
    /// Do not ask ECS
    #[arg(long)]
    pub no_aws: bool,
}

/// ECS's part is an extra and may not take longer.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Serialize)]
struct Events {
    events: Vec<Happening>,
}

/// Shows them.
pub async fn run(arguments: Arguments, setting: &Setting) -> Result<Exit, PluginError> {
    let (kube, place) = (setting.kube().await?, setting.place().await?);
    let mut services = Vec::new();
    let mut told = if arguments.object.is_empty() {
        events::list(&kube, place.as_deref()).await
    } else {
        let object = read::one(setting, &arguments.object).await?;
        let place = Some(object.namespace.as_str()).filter(|namespace| !namespace.is_empty());
        let below = objects_of(&kube, &object).await?;
        let own: BTreeSet<String> = below.iter().map(Object::address).chain([object.address()]).collect();
        services.extend(below.into_iter().chain([object.clone()]).filter(|object| object.kind == Kind::Service));
        let versions = |about: &str| {
            object.kind == Kind::Group
                && about.rsplit('/').next().is_some_and(|name| own.contains(&format!("ecsservice/{name}")))
        };
        let all = events::list(&kube, place).await;
        all.into_iter().filter(|event| own.contains(&event.about) || versions(&event.about)).collect()
    };
    if !arguments.no_aws && !services.is_empty() {
        match timeout(PATIENCE, of_ecs(setting, &services)).await {
            Ok(Ok(ecs)) => told = merged(told, ecs),
            Ok(Err(error)) => note(&format!("ECS's own events are left out: {error}"))?,
            Err(_) => note("ECS's own events are left out: no answer in time")?,
        }
    }
    let events = Events { events: told };
    show(setting, &events, |look| table::happenings(&events.events, look))?;
    Ok(Exit::Good)
}

async fn of_ecs(setting: &Setting, services: &[Object]) -> Result<Vec<Happening>, PluginError> {
    let cloud = setting.cloud().await?;
    let mut all = Vec::new();
    for service in services {
        all.extend(cloud.events(service).await?);
    }
    Ok(all)
}
