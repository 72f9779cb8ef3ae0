//! What the verbs that do have in common: who may be asked, the edit of an annotation, the operator's answer.

use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use kube::Client;
use serde::Serialize;
use tokio::time::{Instant, sleep};

use super::show;
use crate::api::condition::ConditionType;
use crate::api::names::annotation;
use crate::controllers::events::EventReason;
use crate::plugin::cluster::{edit, events, read};
use crate::plugin::exit::{Exit, PluginError};
use crate::plugin::kind::Kind;
use crate::plugin::setting::Setting;
use crate::plugin::terminal::note;
use crate::plugin::tree::{Object, Tone, health, keeper};

/// The object, and whether to wait for the operator's answer.
#[derive(Debug, Args)]
pub struct Asked {
    /// NAME, KIND NAME or KIND/NAME
    #[arg(value_name = "KIND NAME", num_args = 1..=2, required = true)]
    pub object: Vec<String>,
    /// How to wait.
    #[command(flatten)]
    pub waiting: Waiting,
}

/// Whether to wait for the operator's answer.
#[derive(Debug, Args)]
pub struct Waiting {
    /// Wait until the operator has answered
    #[arg(long)]
    pub wait: bool,
    /// How long to wait: 30s, 5m, 1h
    #[arg(long, default_value = "2m", value_parser = duration, value_name = "TIME")]
    pub timeout: Duration,
}

/// Between two looks.
const LOOK: Duration = Duration::from_millis(400);

/// Reads `90`, `90s`, `5m`, `1h`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no time such as 30s, 5m or 1h");
    let (number, unit) = match text.strip_suffix(['s', 'm', 'h']) {
        Some(number) => (number, text.chars().last().unwrap_or('s')),
        None => (text, 's'),
    };
    let number: u32 = number.parse().map_err(|_| wrong())?;
    let seconds = match unit {
        'h' => 3_600,
        'm' => 60,
        _ => 1,
    };
    Ok(Duration::from_secs(u64::from(number) * seconds))
}

/// What was done, for people and programs.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Done {
    /// `kind/name`
    pub object: String,
    /// What was done.
    pub did: String,
    /// The annotation that was set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub annotation: Option<&'static str>,
    /// Its value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The operator's answer: `answered`, `ignored`, `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<&'static str>,
}

/// Prints what was done.
pub(super) fn tell(setting: &Setting, done: &Done) -> Result<(), PluginError> {
    show(setting, done, |_| {
        let answer = match done.answer {
            Some("answered") => "; the operator has answered",
            _ => "",
        };
        vec![vec![(Tone::Strong, done.object.clone()), (Tone::Plain, format!(": {}{answer}", done.did))]]
    })
}

/// Warns where a tool that follows Git undoes the edit.
pub(super) fn warn(object: &Object, path: &[&str]) -> Result<(), PluginError> {
    match keeper::warning(object, path) {
        Some(text) => Ok(note(&format!("warning: {text}"))?),
        None => Ok(()),
    }
}

/// A refusal that names the object.
pub(super) fn refuse<T>(object: &Object, why: impl std::fmt::Display) -> Result<T, PluginError> {
    Err(PluginError::Refused(format!("{}: {why}", object.address())))
}

/// Only these kinds, and no version that belongs to a group.
pub(super) fn able(object: &Object, verb: &str, kinds: &[Kind]) -> Result<(), PluginError> {
    if !kinds.contains(&object.kind) {
        let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
        return refuse(object, format!("`{verb}` is for {}", names.join(" and ")));
    }
    match &object.owner_name {
        Some(group) if object.owner.is_some() => refuse(
            object,
            format!("it is a version of a server group, which steers it: `kubectl ecs {verb} servergroup/{group}`"),
        ),
        _ => Ok(()),
    }
}

/// The operator would act on a request now.
pub(super) fn listens(object: &Object) -> Result<(), PluginError> {
    if object.deleting {
        return refuse(object, "it is being deleted");
    }
    if health::paused(object) || object.is(ConditionType::Paused) {
        return refuse(object, format!("it is paused: `kubectl ecs resume {}` first", object.address()));
    }
    let mode = object.text("/status/effective/managementMode");
    if let Some(mode) = mode.filter(|mode| *mode != "Manage") {
        let whence = format!("see spec.managementMode and the annotation {}", annotation::MODE);
        return refuse(object, format!("its management mode is {mode}, so nothing is changed in AWS; {whence}"));
    }
    if object.status.get("lastHandled").is_none() {
        return refuse(
            object,
            "the operator has not looked at it yet, and would take a request made now for one answered before; is it running?",
        );
    }
    Ok(())
}

/// A value that was never used before.
pub(super) fn stamp(setting: &Setting) -> String {
    setting.clock.exact().to_string()
}

/// Sets an annotation as `judge` says, tells it, and waits for the answer where that is wanted.
pub(super) async fn ask(
    setting: &Setting,
    object: Object,
    key: &'static str,
    waiting: &Waiting,
    judge: impl Fn(&Object) -> Result<(String, String), PluginError>,
) -> Result<Exit, PluginError> {
    let kube = setting.kube().await?;
    let begun = setting.clock.now();
    let edited = edit::edit(&kube, object, |object| {
        let (value, _) = judge(object)?;
        Ok(edit::annotation(key, Some(&value)))
    });
    let before = edited.await?;
    let value = before.annotations.get(key).cloned().unwrap_or_default();
    let (_, did) = judge(&before).unwrap_or_else(|_| (value.clone(), format!("asked by {key}")));
    warn(&before, &["f:metadata", "f:annotations", &format!("f:{key}")])?;
    let mut done =
        Done { object: before.address(), did, annotation: Some(key), value: Some(value.clone()), answer: None };
    if !waiting.wait {
        tell(setting, &done)?;
        return Ok(Exit::Good);
    }
    match answered(&kube, &before, key, &value, waiting.timeout, begun).await? {
        Answer::Given => {
            done.answer = Some("answered");
            tell(setting, &done)?;
            Ok(Exit::Good)
        }
        Answer::Ignored(why) => {
            Err(PluginError::Failed(format!("{}: the operator ignored it: {why}", before.address())))
        }
        Answer::None => {
            note(&format!("{}: asked, and not answered in time: is the operator running?", before.address()))?;
            Ok(Exit::Moving)
        }
    }
}

enum Answer {
    Given,
    Ignored(String),
    None,
}

/// The member of `status.lastHandled` that answers an annotation.
fn record(key: &str) -> &'static str {
    match key {
        annotation::RECONCILE_REQUESTED_AT => "reconcileRequestedAt",
        annotation::RESTARTED_AT => "restartedAt",
        annotation::PROMOTE => "promote",
        annotation::ABORT => "abort",
        annotation::RETRY => "retry",
        _ => "terminateTasks",
    }
}

async fn answered(
    kube: &Client,
    object: &Object,
    key: &str,
    value: &str,
    limit: Duration,
    begun: Timestamp,
) -> Result<Answer, PluginError> {
    let until = Instant::now() + limit;
    let pointer = format!("/status/lastHandled/{}", record(key));
    loop {
        let seen = read::get(kube, &object.namespace, object.kind, &object.name).await?;
        let Some(seen) = seen else { return Err(PluginError::Missing(format!("{} is gone", object.address()))) };
        if seen.text(&pointer) == Some(value) {
            break;
        }
        if Instant::now() >= until {
            return Ok(Answer::None);
        }
        sleep(LOOK).await;
    }
    // The event is written right after the status.
    sleep(LOOK).await;
    let told = events::list(kube, Some(&object.namespace)).await.into_iter().rfind(|event| {
        let new = event.at.is_some_and(|at| at >= begun);
        new && event.reason == EventReason::RequestIgnored.as_str()
            && event.about == object.address()
            && event.note.contains(key)
    });
    Ok(told.map_or(Answer::Given, |event| Answer::Ignored(event.note)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_numbers_with_a_unit() {
        let said = ["90", "90s", "5m", "1h"].map(|text| duration(text).unwrap().as_secs());
        assert_eq!(said, [90, 90, 300, 3_600]);
        assert!(["", "m", "-1s", "1d", "soon"].iter().all(|text| duration(text).is_err()));
    }
}
