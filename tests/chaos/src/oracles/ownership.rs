//! S4, S5, S6: whose resources are changed, what is left behind, and what is looked at before something is destroyed.

use std::collections::BTreeMap;

use super::Setting;
use crate::facts::plural;
use crate::seen::{AwsCall, Reply, Seen, What, reads};

const OURS: &str = "default";

/// Does a call destroy something?
fn destroys(call: &AwsCall) -> bool {
    matches!(
        call.operation.as_str(),
        "DeleteService"
            | "DeleteCluster"
            | "DeregisterTaskDefinition"
            | "DeleteAlarms"
            | "DeleteScalingPolicy"
            | "DeleteScheduledAction"
            | "DeregisterScalableTarget"
    )
}

/// S4: what AWS has is changed only if it bears our tag, and only what the object does not leave to others; and in
/// Kubernetes only our kinds and events are written.
pub(super) fn only_ours(trace: &[Seen], setting: Setting) -> Vec<String> {
    let mut wrong = Vec::new();
    for seen in trace {
        if let Some(call) = seen.aws().filter(|call| call.applied && !reads(&call.operation)) {
            if call.delegated && !setting.misled {
                wrong.push(format!("set, and left to somebody else: {seen}"));
            }
            for target in &call.targets {
                let ours = target.owner.as_ref().is_some_and(|(installation, _)| installation == OURS);
                let ours = ours || (setting.adopts && call.operation == "TagResource" && target.owner.is_none());
                if !ours {
                    wrong.push(format!("{} of {}, which is not ours: {seen}", call.operation, target.name));
                }
            }
        }
        if let Some(call) = seen.kube().filter(|call| call.method != "GET") {
            let ours = call.path.contains("/ecs-operator.dev/") || call.path.ends_with("/events");
            if !ours {
                wrong.push(format!("a write to what is not ours: {seen}"));
            }
            if call.method == "DELETE" && !call.body["preconditions"]["uid"].is_string() {
                wrong.push(format!("a deletion by name alone: {seen}"));
            }
        }
    }
    wrong
}

/// S5: when the finalizer goes, AWS holds nothing of the object's but what is retained.
pub(super) fn nothing_is_left(trace: &[Seen], setting: Setting) -> Vec<String> {
    let mut wrong = Vec::new();
    for seen in trace {
        let Some(call) = seen.kube().filter(|call| call.took) else { continue };
        let retained = |what: &&String| !(setting.retains && what.starts_with("service "));
        let left: Vec<&String> = call.left.iter().flatten().filter(retained).collect();
        if !left.is_empty() {
            wrong.push(format!("the finalizer of {} went, and {left:?}", seen.name()));
        }
    }
    wrong
}

/// S6: a destructive call follows a direct read of the object in the same pass, of the UID that owns what is destroyed.
pub(super) fn looked_before(trace: &[Seen], _: Setting) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut looked: BTreeMap<usize, String> = BTreeMap::new();
    for seen in trace {
        let Some(pass) = &seen.pass else { continue };
        if let Some(call) = seen.kube().filter(|call| call.method == "GET" && call.reply == Reply::Status(200)) {
            let group = plural(pass.key.0);
            let kind = group.split('.').next().unwrap_or_default();
            if call.path.ends_with(&format!("/{kind}/{}", pass.key.2)) {
                let uid = call.object["metadata"]["uid"].as_str().unwrap_or_default();
                looked.insert(pass.number, uid.to_owned());
            }
        }
        if let Some(call) = seen.aws().filter(|call| call.applied && destroys(call)) {
            for target in &call.targets {
                let owner = target.owner.as_ref().map_or("", |(_, uid)| uid.as_str());
                if looked.get(&pass.number).is_none_or(|uid| uid != owner) {
                    let read = looked.get(&pass.number);
                    wrong.push(format!(
                        "{} of {} owned by {owner}, and {read:?} was read: {seen}",
                        call.operation, target.name
                    ));
                }
            }
        }
    }
    wrong
}

/// A call is on its way so long at most, in milliseconds; nothing calls it back.
pub const ON_THE_WAY: i64 = 40;

/// S6: who may not write any more writes nothing, but what was on its way arrives.
pub(super) fn fenced(trace: &[Seen], _: Setting) -> Vec<String> {
    let mut over: Vec<(usize, i64)> = Vec::new();
    let mut wrong = Vec::new();
    for seen in trace {
        if let What::Fenced(by) = &seen.what {
            over.push((*by, seen.at + ON_THE_WAY));
        }
        let late = seen.pass.as_ref().is_some_and(|pass| over.iter().any(|(by, at)| *by == pass.by && *at < seen.at));
        let aws = seen.aws().is_some_and(|call| call.applied && !reads(&call.operation));
        if late && (aws || seen.kube().is_some_and(|call| call.took && call.method != "GET")) {
            wrong.push(format!("written without a lease: {seen}"));
        }
    }
    wrong
}
