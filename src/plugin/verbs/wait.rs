//! `wait`: until an object is ready, or failed, or time is over.

use std::time::Duration;

use clap::{Args, ValueEnum};
use tokio::time::{Instant, timeout_at};

use super::ask::duration;
use crate::plugin::cluster::read;
use crate::plugin::cluster::watching::Following;
use crate::plugin::exit::{Exit, PluginError};
use crate::plugin::setting::Setting;
use crate::plugin::terminal::{note, print};
use crate::plugin::tree::{Health, Node, Object, Snapshot, health, within};

const EXAMPLES: &str = "\
Examples:
  kubectl ecs wait web                                # until what the spec asks for runs and is healthy
  kubectl ecs wait sg/shop-prod --timeout 30m || exit # in a pipeline, after `git push` and a sync
  kubectl ecs wait web --for deleted

Exit codes: 0 ready, 1 failed (what failed is printed), 2 time is over, 4 no such object.";

/// Arguments of `wait`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// NAME, KIND NAME or KIND/NAME
    #[arg(value_name = "KIND NAME", num_args = 1..=2, required = true)]
    pub object: Vec<String>,
    /// What for
    #[arg(long = "for", value_enum, default_value = "ready", value_name = "STATE")]
    pub what: What,
    /// How long: 30s, 5m, 1h
    #[arg(long, default_value = "10m", value_parser = duration, value_name = "TIME")]
    pub timeout: Duration,
}

/// What to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum What {
    /// The spec as it is now is in AWS, and healthy.
    Ready,
    /// The object is gone.
    Deleted,
}

/// Waits.
pub async fn run(arguments: Arguments, setting: &Setting) -> Result<Exit, PluginError> {
    let until = Instant::now() + arguments.timeout;
    let object = match read::one(setting, &arguments.object).await {
        Err(PluginError::Missing(_)) if arguments.what == What::Deleted => return Ok(Exit::Good),
        found => found?,
    };
    let place = Some(object.namespace.as_str()).filter(|namespace| !namespace.is_empty());
    let mut following = Following::new(&setting.kube().await?, place);
    let mut said = String::new();
    loop {
        let Ok(changed) = timeout_at(until, following.next()).await else {
            let snapshot = following.snapshot();
            let found = snapshot.object(object.kind, &object.namespace, &object.name);
            let story = found.map_or_else(|| "it is gone".to_owned(), story);
            note(&format!("{}: time is over; {story}", object.address()))?;
            return Ok(Exit::Moving);
        };
        changed?;
        if !following.is_complete() {
            continue;
        }
        let snapshot = following.snapshot();
        let Some(found) = snapshot.object(object.kind, &object.namespace, &object.name) else {
            if arguments.what == What::Deleted {
                print(&format!("{}: deleted\n", object.address()))?;
                return Ok(Exit::Good);
            }
            return Err(PluginError::Missing(format!("{} is gone", object.address())));
        };
        if arguments.what == What::Deleted {
            continue;
        }
        let stands = health::standing(found);
        match stands.health {
            Health::Healthy | Health::Idle => {
                print(&format!("{}: ready\n", object.address()))?;
                return Ok(Exit::Good);
            }
            Health::Failed => {
                let mut why = vec![format!("{}: failed, {}", object.address(), story(found))];
                reasons(&snapshot, found, &mut why);
                note(&why.join("\n  "))?;
                return Ok(Exit::Failed);
            }
            Health::Waiting if said != stands.message => {
                note(&format!("{}: {}", object.address(), story(found)))?;
                said = stands.message;
            }
            Health::Waiting | Health::Moving | Health::Unseen => {}
        }
    }
}

fn story(object: &Object) -> String {
    let stands = health::standing(object);
    let reason = if stands.reason.is_empty() { String::new() } else { format!("{}: ", stands.reason) };
    format!("{reason}{}", stands.message)
}

/// What the tree says of what failed below.
fn reasons(snapshot: &Snapshot, object: &Object, why: &mut Vec<String>) {
    fn below(node: &Node, why: &mut Vec<String>) {
        for child in &node.children {
            if child.health == Health::Failed {
                why.extend(child.notes.iter().map(|note| format!("{} {}: {note}", child.what, child.name)));
            }
            below(child, why);
        }
    }
    below(&within(snapshot, object), why);
    why.dedup();
}
