//! S7, L2, L3: how many calls are made, and that they end.

use std::collections::BTreeMap;

use super::Setting;
use crate::seen::{Reply, Seen, What, reads};

/// Burst and refill a second that AWS publishes for the bucket of an operation, and the bucket's name.
fn bucket(operation: &str) -> Option<(&'static str, f64, f64)> {
    Some(match operation {
        "CreateService" | "UpdateService" | "DeleteService" => ("service write", 50.0, 5.0),
        "DescribeServices" | "ListServices" => ("service read", 100.0, 20.0),
        "RegisterTaskDefinition" | "DeregisterTaskDefinition" => ("definition write", 20.0, 1.0),
        "DescribeTaskDefinition" | "ListTaskDefinitions" | "ListTaskDefinitionFamilies" => {
            ("definition read", 50.0, 20.0)
        }
        "CreateCluster"
        | "UpdateCluster"
        | "DeleteCluster"
        | "UpdateClusterSettings"
        | "PutClusterCapacityProviders" => ("cluster write", 20.0, 1.0),
        "DescribeClusters" | "ListClusters" => ("cluster read", 50.0, 20.0),
        "TagResource" | "UntagResource" => ("tag write", 20.0, 10.0),
        "DescribeTasks" | "ListTasks" => ("task read", 100.0, 20.0),
        "ModifyRule" | "ModifyListener" => ("balancing write", 20.0, 3.0),
        _ => return None,
    })
}

/// Half of each quota is ours.
const SHARE: f64 = 0.5;

/// S7: no process calls more often than its share of AWS's quotas allows, and no batch is too long.
pub(super) fn within_quota(trace: &[Seen], _: Setting) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut levels: BTreeMap<(usize, &str), (f64, i64)> = BTreeMap::new();
    for seen in trace {
        let (Some(call), Some(pass)) = (seen.aws(), &seen.pass) else { continue };
        if call.body["services"].as_array().is_some_and(|names| names.len() > 10) {
            wrong.push(format!("more than ten names: {seen}"));
        }
        let Some((name, burst, refill)) = bucket(&call.operation) else { continue };
        let (level, at) = levels.entry((pass.by, name)).or_insert((burst * SHARE, seen.at));
        #[expect(clippy::cast_precision_loss, reason = "a schedule is hours long")]
        let seconds = (seen.at - *at) as f64 / 1000.0;
        *level = (*level + seconds * refill * SHARE).min(burst * SHARE) - 1.0;
        *at = seen.at;
        if *level < -1.5 {
            wrong.push(format!("the bucket {name} is overdrawn by {level:.1}: {seen}"));
        }
    }
    wrong
}

/// S7: one request on the wire for each call.
pub(super) fn one_attempt(trace: &[Seen], _: Setting) -> Vec<String> {
    let mut seen_ids: BTreeMap<&str, &Seen> = BTreeMap::new();
    let mut wrong = Vec::new();
    for seen in trace {
        let Some(call) = seen.aws().filter(|call| !call.invocation.is_empty()) else { continue };
        if seen_ids.insert(&call.invocation, seen).is_some() {
            wrong.push(format!("a call was sent twice: {seen}"));
        }
    }
    wrong
}

/// S7: the services that a pass asks after at one instant are asked after in one request.
pub(super) fn full_batches(trace: &[Seen], _: Setting) -> Vec<String> {
    let mut asked: BTreeMap<(usize, i64, String), (usize, usize)> = BTreeMap::new();
    let mut wrong = Vec::new();
    for seen in trace {
        let (Some(call), Some(pass)) = (seen.aws().filter(|call| call.operation == "DescribeServices"), &seen.pass)
        else {
            continue;
        };
        let (requests, names) = asked.entry((pass.number, seen.at, call.body["cluster"].to_string())).or_default();
        // One badly formed name spoils a request, and each is asked after alone.
        *names +=
            if call.reply == Reply::Status(400) { 10 } else { call.body["services"].as_array().map_or(0, Vec::len) };
        *requests += 1;
        if *requests > 1 && *names <= 10 {
            wrong.push(format!("{requests} requests for {names} services at once: {seen}"));
        }
    }
    wrong
}

/// L2: when everything has come to rest, three sweeps write nothing.
pub(super) fn nothing_at_rest(trace: &[Seen], _: Setting) -> Vec<String> {
    let mut sweep = None;
    let mut wrong = Vec::new();
    for seen in trace {
        match &seen.what {
            What::Sweep(number) => sweep = Some(*number),
            What::Word(word) if word == "at rest" => sweep = None,
            What::Aws(call) if sweep.is_some() && !reads(&call.operation) => {
                wrong.push(format!("sweep {sweep:?}: {seen}"));
            }
            // The first sweep counts what moved since the last visit.
            What::Kube(call) if sweep.is_some_and(|number| number > 0) && call.method != "GET" => {
                wrong.push(format!("sweep {sweep:?}: {seen}"));
            }
            _ => {}
        }
    }
    wrong
}

/// L3: no object is visited more than once a second, for a minute.
pub(super) fn no_hot_loop(trace: &[Seen], _: Setting) -> Vec<String> {
    let mut visits: BTreeMap<(&str, &str, i64), Vec<usize>> = BTreeMap::new();
    for seen in trace {
        if let Some(pass) = &seen.pass {
            let visits = visits.entry((pass.key.0, pass.key.2.as_str(), seen.at / 60_000)).or_default();
            if visits.last() != Some(&pass.number) {
                visits.push(pass.number);
            }
        }
    }
    let hot = visits.iter().filter(|(_, visits)| visits.len() > 120);
    hot.map(|((kind, name, _), visits)| format!("{kind} {name} was visited {} times in a minute", visits.len()))
        .collect()
}
