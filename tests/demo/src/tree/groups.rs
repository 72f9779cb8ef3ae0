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

#[cfg(test)]
mod tests {
    use super::super::{lines, plain};
    use super::*;
    use crate::observe::{DeploymentView, EcsView, Object, TaskView};

    fn version(name: &str, state: &str, role: &str, weight: i32, tasks: i32) -> VersionView {
        VersionView {
            name: format!("shop-web-{name}"),
            state: state.to_owned(),
            role: role.to_owned(),
            weight: Some(weight),
            asked: tasks,
            running: tasks,
            images: "shop:1".to_owned(),
        }
    }

    fn snapshot(rollout: Option<RolloutView>) -> Snapshot {
        let ready = if rollout.is_none() { "True" } else { "False" };
        let object = |name: &str, ready: &str, group: &str| Object {
            name: name.to_owned(),
            ready: ready.to_owned(),
            reason: "Progressing".to_owned(),
            cluster: "demo".to_owned(),
            group: group.to_owned(),
            current: true,
            ..Object::default()
        };
        let task = TaskView { id: "12345678".to_owned(), status: "RUNNING".to_owned(), ..TaskView::default() };
        let view = EcsView {
            deployments: vec![DeploymentView { tasks: vec![task], ..DeploymentView::default() }],
            ..EcsView::default()
        };
        let versions = vec![
            version("v002", "Active", "Candidate", 25, 1),
            version("v001", "Active", "Current", 75, 4),
            version("v000", "Disabled", "Previous", 0, 0),
        ];
        Snapshot {
            clusters: vec![object("demo", "True", "")],
            task_definitions: vec![object("shop-web-v002", "False", "shop-web")],
            services: vec![object("web", "True", ""), object("shop-web-v002", "False", "shop-web")],
            groups: vec![Group { object: object("shop-web", ready, ""), rollout, versions, ..Group::default() }],
            ecs: [("shop-web-v002".to_owned(), view)].into(),
        }
    }

    #[test]
    fn versions_stand_below_their_group_with_the_step_and_the_reason_to_go_back() {
        let rollout = RolloutView {
            to: "shop-web-v002".to_owned(),
            step: "back Shifting 1/3".to_owned(),
            message: "x ".repeat(80),
            back: Some(
                "errors = 7.5: success `result < 1.0` does not hold and more words than one line has".to_owned(),
            ),
        };
        for width in [80, 160] {
            let text: Vec<String> = lines(&snapshot(Some(rollout.clone())), width, 40).iter().map(plain).collect();
            assert!(text.iter().all(|line| line.chars().count() <= width), "{text:#?}");
            let all = text.join("\n");
            assert!(all.contains("\n│     back Shifting 1/3: x x"), "{all}");
            assert!(all.contains("│     because errors = 7.5"), "{all}");
            assert_eq!(all.matches("v002").count(), 1, "the objects of a version do not stand for themselves: {all}");
            let row = text.iter().find(|line| line.contains("v002")).unwrap();
            let words: Vec<&str> = row.split_whitespace().collect();
            assert_eq!(words, ["│", "├─", "v002", "Active", "Candidate", "25", "%", "1/1", "shop:1"]);
            assert!(all.contains("│  │  └─ 12345678"), "{all}");
        }
    }

    #[test]
    fn a_settled_group_folds_to_one_line_when_there_is_no_room() {
        let folded: Vec<String> = lines(&snapshot(None), 80, 4).iter().map(plain).collect();
        assert_eq!(folded.len(), 4, "{folded:#?}");
        assert!(folded[2].starts_with("├─ shop-web ") && folded[3].starts_with("└─ web "), "{folded:#?}");
    }
}
