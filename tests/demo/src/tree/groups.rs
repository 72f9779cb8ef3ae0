//! A server group as lines: the group, where its rollout stands, its versions and their tasks.

use super::{Canvas, Depth, Tone, branches, deployments, tasks};
use crate::groups::{Group, RolloutView, VersionView};
use crate::observe::Snapshot;
use crate::words::{clip, wrap};

/// Lines for why a rollout goes back.
const WHY: usize = 3;

pub(super) fn group(canvas: &mut Canvas, snapshot: &Snapshot, group: &Group, last: bool, depth: Depth) {
    let (branch, below) = branches("", last);
    canvas.object(&branch, &group.object);
    let indent = format!("{below}   ");
    match &group.rollout {
        Some(rollout) => stands(canvas, &indent, rollout),
        None => canvas.message(&indent, &group.object),
    }
    if group.is_settled() && depth >= Depth::Services {
        return;
    }
    let with_tasks = !group.is_settled() || depth < Depth::Deployments;
    for (index, version) in group.versions.iter().enumerate() {
        let (branch, below) = branches(&below, index + 1 == group.versions.len());
        self::version(canvas, &branch, version);
        let all = snapshot.ecs.get(&version.name).map(|ecs| ecs.deployments.as_slice()).unwrap_or_default();
        match all {
            // A version has one deployment and its line says the same.
            [only] if with_tasks => tasks(canvas, &below, only),
            [_] | [] => {}
            several => deployments(canvas, &below, several, with_tasks),
        }
    }
}

/// Where the rollout stands: one line, so that the tree does not jump; more where it goes back.
fn stands(canvas: &mut Canvas, indent: &str, rollout: &RolloutView) {
    let room = canvas.width.saturating_sub(indent.chars().count());
    let line = clip(&rollout.line(), room);
    canvas.lines.push(vec![(Tone::Quiet, indent.to_owned()), (Tone::Moving, line)]);
    let why = rollout.back.iter().flat_map(|why| wrap(&format!("because {why}"), room));
    for line in why.take(WHY) {
        canvas.lines.push(vec![(Tone::Quiet, indent.to_owned()), (Tone::Plain, line)]);
    }
}

fn version(canvas: &mut Canvas, branch: &str, version: &VersionView) {
    let tone = match (version.state.as_str(), version.role.as_str()) {
        ("Failed", _) => Tone::Bad,
        ("Disabled" | "Standby", _) => Tone::Quiet,
        ("Active", "Candidate") | ("Destroying", _) => Tone::Moving,
        _ => Tone::Good,
    };
    canvas.row(branch, (Tone::Plain, version.short()), (tone, &version.state), &version.share(), &version.tasks());
}
