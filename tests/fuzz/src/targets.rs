//! What reads texts of others, and what must hold of it beside that it ends well.

use std::collections::BTreeMap;

use ecs_operator::api::quoted::unquoted;
use ecs_operator::aws::{Scope, classify, region_of_queue};
use ecs_operator::controllers::arn;
use ecs_operator::controllers::hints::{MOST_BYTES, Subject, subjects};
use ecs_operator::diff;
use ecs_operator::document::{self, Kind, Verdict};
use serde_json::Value;

use crate::seeds::Diet;

/// One parser.
pub struct Target {
    /// Its name.
    pub name: &'static str,
    /// What it eats.
    pub diet: Diet,
    /// Was the text taken? `Err`: a law was broken.
    pub take: fn(&str) -> Result<bool, String>,
}

/// All of them.
pub const ALL: &[Target] = &[
    Target { name: "artifact", diet: Diet::Definitions, take: artifact },
    Target { name: "manifests", diet: Diet::Documents, take: manifests },
    Target { name: "normaliser", diet: Diet::Documents, take: normaliser },
    Target { name: "messages", diet: Diet::Messages, take: messages },
    Target { name: "arns", diet: Diet::Arns, take: arns },
    Target { name: "errors", diet: Diet::Errors, take: errors },
];

fn law(holds: bool, says: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(says()) }
}

/// The document of a server group's artifact: what is taken is taken again when it is written out.
fn artifact(text: &str) -> Result<bool, String> {
    let Ok((spec, _)) = document::task_definition(text) else { return Ok(false) };
    let written = serde_json::to_string(&spec).map_err(|error| error.to_string())?;
    let (again, notes) = document::task_definition(&written).map_err(|why| format!("not taken again: {why:?}"))?;
    law(serde_json::to_value(&spec).ok() == serde_json::to_value(&again).ok(), || format!("another one: {written}"))?;
    law(notes.is_empty(), || format!("its own words are noted on: {notes:?}"))?;
    Ok(true)
}

/// Manifests and documents as the plugin and `ecs-documents` read them: what is accepted is accepted again.
fn manifests(text: &str) -> Result<bool, String> {
    let mut taken = false;
    for verdict in document::judge(text) {
        let Verdict::Accepted(intake) = verdict else { continue };
        taken = true;
        let again = document::judge(&intake.manifest.to_string());
        law(again.iter().all(Verdict::is_accepted) && again.len() == 1, || {
            format!("accepted, and then not: {} {again:?}", intake.manifest)
        })?;
    }
    Ok(taken)
}

/// What is normal stays as it is, and equals itself.
fn normaliser(text: &str) -> Result<bool, String> {
    let mut taken = false;
    for intake in document::read(text).into_iter().flatten() {
        let spec = intake.manifest.get("spec").cloned().unwrap_or_default();
        let normalize: fn(&Value) -> Value = match intake.kind {
            Kind::Cluster => diff::cluster::normalize,
            Kind::Service => diff::service::normalize,
            Kind::TaskDefinition => diff::task_definition::normalize,
        };
        taken = true;
        let once = normalize(&spec);
        let twice = normalize(&once);
        law(once == twice, || format!("{once} becomes {twice}"))?;
        if intake.kind == Kind::TaskDefinition {
            let hash = diff::task_definition::content_hash(&spec);
            law(hash == diff::task_definition::content_hash(&once), || format!("another hash: {spec}"))?;
        }
    }
    Ok(taken)
}

/// Events: whom one is about is of the event's own account and Region.
fn messages(text: &str) -> Result<bool, String> {
    let Ok(found) = subjects(text) else { return Ok(false) };
    law(text.len() <= MOST_BYTES, || "too large, and read".to_owned())?;
    let event: BTreeMap<String, Value> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let says = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
    for subject in &found {
        law(subject.account == says("account") && subject.region == says("region"), || format!("{subject:?}"))?;
        law(says("source") == "aws.ecs", || "of somebody else".to_owned())?;
    }
    Ok(!found.is_empty())
}

fn arns(text: &str) -> Result<bool, String> {
    let scope = Scope::new("eu-west-1");
    let account = arn::account_of(text, &scope);
    law(account.region.is_some_and(|region| !region.is_empty()), || "no Region".to_owned())?;
    law(text.ends_with(arn::short(text)), || "another end".to_owned())?;
    if let Some((family, revision)) = arn::family_revision(text) {
        law(text.contains(family) && !family.contains('/'), || format!("{family}:{revision}"))?;
    }
    let _ = region_of_queue(text);
    let Some(subject) = Subject::of(text) else { return Ok(false) };
    law(subject.is(&subject), || format!("{subject:?} is not itself"))?;
    Ok(true)
}

fn errors(text: &str) -> Result<bool, String> {
    let mut lines = text.splitn(3, '\n');
    let (code, message) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let status = lines.next().and_then(|status| status.trim().parse().ok());
    let class = classify(code, message, status);
    law(class == classify(code, message, status), || "another class".to_owned())?;
    let once = unquoted(message);
    law(unquoted(&once) == once, || format!("{once} is unquoted again"))?;
    Ok(status.is_some())
}
