//! A snapshot → the lines of the tree, fitted to a width and a height. Pure.

mod groups;

pub use ecs_operator::plugin::tree::Tone;

use crate::groups::Group;
use crate::observe::{DeploymentView, Object, Snapshot, TaskView};
use crate::words::{clip, clip_image, count, pad, short, wrap};

/// A line, piece by piece.
pub type Line = Vec<(Tone, String)>;

/// How much of it is shown.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Depth {
    /// Every task.
    Tasks,
    /// Services with nothing under way without their tasks.
    Deployments,
    /// Services with nothing under way as one line.
    Services,
}

/// Stopped tasks shown for a deployment; the newest.
const STOPPED: usize = 2;
/// Longest name, `├─ ` included.
const NARROW: usize = 22;
const WIDE: usize = 30;
const READY: usize = 10;
const REASON: usize = 21;

/// The tree in at most `height` lines of `width` characters.
pub fn lines(snapshot: &Snapshot, width: usize, height: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    for depth in [Depth::Tasks, Depth::Deployments, Depth::Services] {
        lines = draw(snapshot, width, depth);
        if lines.len() <= height {
            return lines;
        }
    }
    let hidden = lines.len().saturating_sub(height.saturating_sub(1));
    lines.truncate(height.saturating_sub(1));
    lines.push(vec![(Tone::Quiet, format!("… {}", count(hidden, "more line")))]);
    lines
}

struct Canvas {
    width: usize,
    lines: Vec<Line>,
}

impl Canvas {
    /// Width of the first column.
    fn names(&self) -> usize {
        if self.width < 120 { NARROW } else { WIDE }
    }

    /// Width of the last column.
    fn rest(&self) -> usize {
        self.width.saturating_sub(self.names() + READY + REASON + 3)
    }

    fn row(&mut self, branch: &str, name: (Tone, &str), ready: (Tone, &str), reason: &str, detail: &str) {
        let room = self.names().saturating_sub(branch.chars().count());
        let rest = self.rest();
        let mut line = vec![
            (Tone::Quiet, branch.to_owned()),
            (name.0, pad(name.1, room)),
            (ready.0, format!(" {}", pad(ready.1, READY))),
            (Tone::Plain, format!(" {}", pad(reason, REASON))),
            (Tone::Plain, format!(" {}", clip(detail, rest))),
        ];
        if let Some((_, last)) = line.last_mut() {
            last.truncate(last.trim_end().len());
        }
        self.lines.push(line);
    }

    fn object(&mut self, branch: &str, object: &Object) {
        let ready = if object.ready.is_empty() { "-" } else { object.ready.as_str() };
        let (tone, reason) = match (object.ready.as_str(), object.current) {
            (_, _) if object.deleting => (Tone::Moving, object.reason.as_str()),
            ("True", true) => (Tone::Good, object.reason.as_str()),
            (_, false) => (Tone::Moving, "(not seen yet)"),
            _ if waits(&object.reason) => (Tone::Moving, object.reason.as_str()),
            _ => (Tone::Bad, object.reason.as_str()),
        };
        self.row(branch, (Tone::Strong, &object.name), (tone, ready), reason, &object.detail);
    }

    /// What there is to say about an object that is not as it should be.
    fn message(&mut self, indent: &str, object: &Object) {
        if object.ready != "False" || !object.current || object.reason == "Progressing" {
            return;
        }
        let room = self.width.saturating_sub(indent.chars().count());
        for line in wrap(&object.message, room).into_iter().take(8) {
            self.lines.push(vec![(Tone::Quiet, indent.to_owned()), (Tone::Plain, line)]);
        }
    }
}

/// Reasons that pass by themselves.
fn waits(reason: &str) -> bool {
    ["Progressing", "ProgressingWithRetry", "DependencyNotReady", "Deleting", "DeletionBlocked", ""].contains(&reason)
}

fn draw(snapshot: &Snapshot, width: usize, depth: Depth) -> Vec<Line> {
    let mut canvas = Canvas { width, lines: Vec::new() };
    canvas.row("", (Tone::Quiet, "NAME"), (Tone::Quiet, "READY"), "REASON", "");
    if let Some(heading) = canvas.lines.first_mut() {
        for (tone, _) in heading {
            *tone = Tone::Quiet;
        }
    }
    for cluster in &snapshot.clusters {
        canvas.object("", cluster);
        canvas.message("   ", cluster);
        let inside = Runs::of(snapshot, |object| object.cluster == cluster.name);
        inside.draw(&mut canvas, snapshot, depth);
    }
    let known = |object: &Object| snapshot.clusters.iter().any(|cluster| cluster.name == object.cluster);
    let outside = Runs::of(snapshot, |object| !known(object));
    if outside.number() > 0 {
        canvas.row("", (Tone::Quiet, "(no cluster yet)"), (Tone::Plain, ""), "", "");
        outside.draw(&mut canvas, snapshot, depth);
    }
    let own = |definition: &&Object| !definition.is_ready() && definition.group.is_empty();
    for definition in snapshot.task_definitions.iter().filter(own) {
        let name = format!("{} (definition)", definition.name);
        canvas.object("", &Object { name, ..definition.clone() });
        canvas.message("   ", definition);
    }
    canvas.lines
}

/// What runs in one cluster. Services that a server group made stand below it.
struct Runs<'a> {
    services: Vec<&'a Object>,
    groups: Vec<&'a Group>,
}

impl<'a> Runs<'a> {
    fn of(snapshot: &'a Snapshot, here: impl Fn(&Object) -> bool) -> Self {
        let services = snapshot.services.iter().filter(|service| service.group.is_empty() && here(service));
        let groups = snapshot.groups.iter().filter(|group| here(&group.object));
        Self { services: services.collect(), groups: groups.collect() }
    }

    fn number(&self) -> usize {
        self.services.len() + self.groups.len()
    }

    fn draw(&self, canvas: &mut Canvas, snapshot: &Snapshot, depth: Depth) {
        let last = self.number();
        for (index, group) in self.groups.iter().enumerate() {
            groups::group(canvas, snapshot, group, index + 1 == last, depth);
        }
        for (index, service) in self.services.iter().enumerate() {
            self::service(canvas, snapshot, service, self.groups.len() + index + 1 == last, depth);
        }
    }
}

fn service(canvas: &mut Canvas, snapshot: &Snapshot, service: &Object, last: bool, depth: Depth) {
    let (branch, below) = branches("", last);
    canvas.object(&branch, service);
    canvas.message(&format!("{below}   "), service);
    let Some(ecs) = snapshot.ecs.get(&service.name) else { return };
    let settled = service.is_ready() && ecs.deployments.len() == 1;
    if settled && depth >= Depth::Services {
        return;
    }
    deployments(canvas, &below, &ecs.deployments, !settled || depth < Depth::Deployments);
}

fn deployments(canvas: &mut Canvas, before: &str, all: &[DeploymentView], with_tasks: bool) {
    for (index, deployment) in all.iter().enumerate() {
        let (branch, below) = branches(before, index + 1 == all.len());
        self::deployment(canvas, &branch, deployment);
        if with_tasks {
            tasks(canvas, &below, deployment);
        }
    }
}

/// The branch to an item, and what stands before its own items.
fn branches(before: &str, last: bool) -> (String, String) {
    if last {
        (format!("{before}└─ "), format!("{before}   "))
    } else {
        (format!("{before}├─ "), format!("{before}│  "))
    }
}

fn deployment(canvas: &mut Canvas, branch: &str, it: &DeploymentView) {
    let tone = match it.state.as_str() {
        "COMPLETED" => Tone::Good,
        "FAILED" => Tone::Bad,
        _ => Tone::Moving,
    };
    let failed = if it.failed > 0 { format!(", {} failed", it.failed) } else { String::new() };
    let detail = format!("{}/{} running{failed}", it.running, it.desired);
    canvas.row(branch, (Tone::Plain, &it.task_definition), (tone, &it.status), &it.state, &detail);
}

fn tasks(canvas: &mut Canvas, before: &str, deployment: &DeploymentView) {
    let (stopped, alive): (Vec<&TaskView>, Vec<&TaskView>) = deployment.tasks.iter().partition(|task| task.failed);
    let skipped = stopped.len().saturating_sub(STOPPED);
    let shown: Vec<&TaskView> = alive.into_iter().chain(stopped.into_iter().skip(skipped)).collect();
    for (index, task) in shown.iter().enumerate() {
        let (branch, _) = branches(before, index + 1 == shown.len());
        let tone = match (task.health.as_str(), task.failed) {
            (_, true) | ("UNHEALTHY", _) => Tone::Bad,
            ("HEALTHY", _) => Tone::Good,
            _ => Tone::Quiet,
        };
        let image = clip_image(&task.image, canvas.rest());
        let detail = if task.failed { task.reason.as_str() } else { image.as_str() };
        canvas.row(&branch, (Tone::Plain, &short(&task.id)), (tone, &task.health), &task.status, detail);
    }
}

/// A line without its tones.
pub fn plain(line: &Line) -> String {
    line.iter().map(|(_, text)| text.as_str()).collect::<String>().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::EcsView;

    fn snapshot() -> Snapshot {
        let object = |name: &str, ready: &str, reason: &str| Object {
            name: name.to_owned(),
            ready: ready.to_owned(),
            reason: reason.to_owned(),
            message: "ECS says no, at length, and gives a reason that does not fit on one line of eighty".to_owned(),
            current: true,
            cluster: "prod".to_owned(),
            ..Object::default()
        };
        let task = |id: &str, failed: bool| TaskView {
            id: id.repeat(8),
            status: if failed { "STOPPED" } else { "RUNNING" }.to_owned(),
            health: "UNKNOWN".to_owned(),
            reason: "CannotPullContainerError".to_owned(),
            image: "nginx".to_owned(),
            failed,
            ..TaskView::default()
        };
        let view = |tasks: Vec<TaskView>| EcsView {
            deployments: vec![DeploymentView {
                task_definition: "web:2".to_owned(),
                status: "PRIMARY".to_owned(),
                state: "COMPLETED".to_owned(),
                tasks,
                ..DeploymentView::default()
            }],
            ..EcsView::default()
        };
        Snapshot {
            clusters: vec![object("prod", "True", "Succeeded")],
            services: vec![object("bad", "False", "DeploymentRolledBack"), object("web", "True", "Succeeded")],
            ecs: [
                ("bad".to_owned(), view(vec![task("1", true), task("2", true), task("3", true), task("4", false)])),
                ("web".to_owned(), view(vec![task("5", false), task("6", false)])),
            ]
            .into(),
            ..Snapshot::default()
        }
    }

    #[test]
    fn trouble_is_explained_and_the_oldest_failures_are_left_out() {
        let text: Vec<String> = lines(&snapshot(), 80, 40).iter().map(plain).collect();
        assert!(text.iter().all(|line| line.chars().count() <= 80), "{text:#?}");
        let all = text.join("\n");
        assert!(all.contains("├─ bad                 False      DeploymentRolledBack"), "{all}");
        assert!(all.contains("ECS says no") && all.contains("of eighty"), "{all}");
        assert!(!all.contains("11111111") && all.contains("33333333"), "{all}");
        assert!(all.contains("STOPPED               CannotPull"), "{all}");
        assert!(all.contains("│  └─ web:2 "), "{all}");
    }

    #[test]
    fn what_is_settled_folds_first_when_there_is_no_room() {
        let full = lines(&snapshot(), 80, 40).len();
        let folded: Vec<String> = lines(&snapshot(), 80, full - 1).iter().map(plain).collect();
        assert_eq!(folded.len(), full - 2);
        assert!(folded.join("\n").contains("44444444") && !folded.join("\n").contains("55555555"), "{folded:#?}");
        let cut: Vec<String> = lines(&snapshot(), 80, 4).iter().map(plain).collect();
        assert_eq!(cut.len(), 4);
        assert!(cut[3].contains("more lines"), "{cut:#?}");
    }
}
