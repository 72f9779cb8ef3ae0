//! `export`: objects of the cluster as the manifests that make them.

use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use crate::plugin::clean;
use crate::plugin::cli::Format;
use crate::plugin::cluster::read;
use crate::plugin::exit::{Exit, PluginError};
use crate::plugin::import::text;
use crate::plugin::kind::{Kind, Target};
use crate::plugin::page::written;
use crate::plugin::setting::Setting;
use crate::plugin::terminal::{note, print};
use crate::plugin::tree::Object;

const EXAMPLES: &str = "\
Examples:
  kubectl ecs export > shop.yaml
  kubectl ecs export sg/shop-prod
  kubectl ecs export services -A -d manifests/

Without status, UIDs, managed fields, finalizers and one-time requests. What a server group made is left out: it makes
it again.";

/// The order in which they are applied.
const ORDER: [Kind; 5] = [Kind::Account, Kind::Cluster, Kind::Definition, Kind::Service, Kind::Group];

/// Arguments of `export`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// NAME, KIND NAME, KIND/NAME or KIND; default: all of the namespace
    #[arg(value_name = "KIND NAME", num_args = 0..=2)]
    pub object: Vec<String>,
    /// Folder for one file an object; default: all to standard output
    #[arg(long, short = 'd', value_name = "FOLDER")]
    pub directory: Option<PathBuf>,
    /// Without `metadata.namespace`, to be applied elsewhere
    #[arg(long)]
    pub no_namespace: bool,
}

/// Reads and writes.
pub async fn run(arguments: Arguments, setting: &Setting) -> Result<Exit, PluginError> {
    let mut objects = wanted(&arguments, setting).await?;
    let rank = |kind: Kind| ORDER.iter().position(|other| *other == kind);
    objects.sort_by(|a, b| {
        rank(a.kind).cmp(&rank(b.kind)).then_with(|| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)))
    });
    if objects.is_empty() {
        return Err(PluginError::Missing("there is nothing of ours here".to_owned()));
    }
    let manifests: Vec<(String, Value)> =
        objects.iter().map(|object| (file(object), clean::manifest(object, !arguments.no_namespace))).collect();
    if let Some(folder) = &arguments.directory {
        if let Some((there, _)) = manifests.iter().find(|(file, _)| folder.join(file).exists()) {
            return Err(PluginError::Refused(format!("{there} is there already: choose another folder")));
        }
        std::fs::create_dir_all(folder)?;
        for (file, value) in &manifests {
            let path = folder.join(file);
            std::fs::write(&path, text::value(value)?)?;
            print(&format!("{}\n", path.display()))?;
        }
    } else if setting.format() == Some(Format::Json) {
        print(&written(&text::list(manifests.into_iter().map(|(_, value)| value)), Format::Json)?)?;
    } else {
        for (_, value) in &manifests {
            print(&format!("---\n{}", text::value(value)?))?;
        }
    }
    Ok(Exit::Good)
}

fn file(object: &Object) -> String {
    let within = if object.namespace.is_empty() { String::new() } else { format!("{}-", object.namespace) };
    format!("{within}{}-{}.yaml", object.kind.singular(), object.name)
}

async fn wanted(arguments: &Arguments, setting: &Setting) -> Result<Vec<Object>, PluginError> {
    let target = Target::parse(&arguments.object)?;
    if target.name.is_some() {
        return Ok(vec![read::one(setting, &arguments.object).await?]);
    }
    let (kube, place) = (setting.kube().await?, setting.place().await?);
    let mut found = Vec::new();
    for kind in ORDER.into_iter().filter(|kind| target.kind.is_none_or(|wanted| wanted == *kind)) {
        // Accounts belong to no namespace: only who asks for everything, or for them, means them.
        if kind == Kind::Account && place.is_some() && target.kind.is_none() {
            continue;
        }
        found.extend(read::list(&kube, place.as_deref(), kind).await?);
    }
    let made = found.iter().filter(|object| object.owner.is_some()).count();
    if made > 0 && arguments.directory.is_none() {
        note(&format!("{made} objects that server groups made are left out"))?;
    }
    found.retain(|object| object.owner.is_none() && !object.deleting);
    Ok(found)
}
