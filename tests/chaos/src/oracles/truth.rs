//! S1, S2, S8, S10: traffic is served, secrets stay where they are, and what the status says is so.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Setting;
use crate::seen::{Seen, What};
use crate::workloads::TAINT;

/// Nobody has asked for the end of everything yet.
fn goes_on(seen: &Seen) -> bool {
    !matches!(&seen.what, What::Word(word) if word == "everything is deleted")
}

/// S1: traffic always has somewhere to go; and where everything is at rest it goes to one group.
pub(super) fn one_group_serves(trace: &[Seen], setting: Setting) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut swept = false;
    for seen in trace.iter().take_while(|seen| goes_on(seen)) {
        swept = match &seen.what {
            What::Sweep(_) => true,
            What::Word(word) if word == "at rest" => false,
            _ => swept,
        };
        let What::Traffic { groups } = &seen.what else { continue };
        let serving = groups.iter().filter(|(weight, _)| *weight > 0).count();
        // Without a healthy target anywhere there is nobody to serve: the group is gone.
        let healthy = groups.iter().any(|(_, healthy)| *healthy > 0);
        if serving == 0 || (swept && healthy && serving != 1) {
            wrong.push(format!("{serving} groups serve: {seen}"));
        }
        if setting.ours_only
            && setting.healthy > 0
            && groups.iter().any(|(weight, healthy)| *weight > 0 && *healthy == 0)
        {
            wrong.push(format!("traffic goes to a group without a healthy target: {seen}"));
        }
    }
    wrong
}

/// S2: once there are enough healthy targets there always are, unless somebody else takes them.
pub(super) fn enough_are_healthy(trace: &[Seen], setting: Setting) -> Vec<String> {
    if !setting.ours_only || setting.healthy == 0 {
        return Vec::new();
    }
    let mut wrong = Vec::new();
    for seen in trace.iter().take_while(|seen| goes_on(seen)) {
        let What::Traffic { groups } = &seen.what else { continue };
        let healthy: i64 = groups.iter().map(|(_, healthy)| healthy).sum();
        if healthy < setting.healthy {
            wrong.push(format!("{healthy} targets are healthy: {seen}"));
        }
    }
    wrong
}

/// S8: what is marked as secret is in no status, no event and no line of the log.
pub(super) fn no_secrets(trace: &[Seen], _: Setting) -> Vec<String> {
    let told = trace.iter().filter(|seen| {
        let call = seen.kube().filter(|call| call.path.ends_with("/status") || call.path.ends_with("/events"));
        call.is_some_and(|call| call.body.to_string().contains(TAINT))
            || matches!(&seen.what, What::Word(word) if word.contains(TAINT))
    });
    told.map(|seen| format!("a secret was told: {seen}")).collect()
}

fn says_ready(status: &Value) -> bool {
    let conditions = status["conditions"].as_array().into_iter().flatten();
    conditions.into_iter().any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}

fn without_note(status: &Value) -> Value {
    let mut status = status.clone();
    if let Some(members) = status.as_object_mut() {
        members.remove("inFlight");
    }
    status
}

/// S10: no generation is observed that is not there, and `Ready` is said only of what was so in the same pass.
pub(super) fn ready_is_true(trace: &[Seen], setting: Setting) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut told = BTreeMap::new();
    for seen in trace {
        let Some(call) = seen.kube().filter(|call| call.took && call.path.ends_with("/status")) else { continue };
        let status = &call.body["status"];
        // A note of what is about to be asked says nothing new of the rest.
        let rest = without_note(status);
        let noted = status["inFlight"].is_object() && told.get(&call.path).is_none_or(|before| *before == rest);
        told.insert(&call.path, rest);
        if noted {
            continue;
        }
        let observed = status["observedGeneration"].as_i64();
        let generation = call.object["metadata"]["generation"].as_i64();
        if observed > generation {
            wrong.push(format!("generation {observed:?} of {generation:?} was observed: {seen}"));
        }
        let differs = call.differs.as_ref().filter(|differs| !differs.is_empty());
        if let Some(differs) = differs.filter(|_| says_ready(status) && observed == generation && !setting.misled) {
            wrong.push(format!("Ready, and {}: {seen}", differs.join("; ")));
        }
    }
    wrong
}
