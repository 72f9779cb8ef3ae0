//! A report as lines: header, tree, last events. Pure.

use super::text::{clip, pad, tone, wrap};
use super::{Line, Look, table, tree};
use crate::plugin::tree::{Health, Node, Report, Tone};

/// Columns of the labels.
const LABEL: usize = 10;
/// Fewest lines a tree gets.
const TREE: usize = 6;

/// The report in at most `height` lines.
pub fn lines(report: &Report, look: &Look, height: usize) -> Vec<Line> {
    let mut lines = header(report, look);
    lines.push(Vec::new());
    let room = height.saturating_sub(lines.len());
    let mut drawn = tree::lines(std::slice::from_ref(&report.tree), look, room.max(TREE));
    // The tree first: of the events those are shown that fit, the latest.
    let fit = room.saturating_sub(drawn.len() + 2).min(report.events.len());
    let latest = report.events.get(report.events.len() - fit..).unwrap_or_default();
    lines.append(&mut drawn);
    if !latest.is_empty() {
        lines.push(Vec::new());
        lines.extend(table::happenings(latest, look));
    }
    lines
}

fn header(report: &Report, look: &Look) -> Vec<Line> {
    let mut name = report.name.clone();
    if !report.namespace.is_empty() {
        name = format!("{}/{name}", report.namespace);
    }
    let mut lines = vec![vec![(Tone::Quiet, format!("{} ", report.kind)), (Tone::Strong, name)]];
    let reason = if report.reason.is_empty() { String::new() } else { format!(", {}", report.reason) };
    let health = format!("{} {}{reason}", report.health.sign(), report.health.word());
    row(&mut lines, "Health", &health, tone(report.health), look);
    // Where a rollout stands is told by its step.
    let step = report.header.iter().any(|row| row.label == "Step");
    if report.health != Health::Healthy && !(step && matches!(report.health, Health::Moving | Health::Waiting)) {
        row(&mut lines, "", &report.message, Tone::Plain, look);
    }
    for one in &report.header {
        row(&mut lines, one.label, &one.text, one.tone, look);
    }
    lines
}

fn row(lines: &mut Vec<Line>, label: &str, text: &str, tone: Tone, look: &Look) {
    let room = look.width.saturating_sub(LABEL + 2);
    for (at, piece) in wrap(text, room).into_iter().enumerate() {
        let label = if at == 0 { label } else { "" };
        lines.push(vec![(Tone::Quiet, format!("  {}", pad(label, LABEL))), (tone, piece)]);
    }
}

/// Everything in a place: a summary, then the trees.
pub fn forest(trees: &[(String, Vec<Node>)], look: &Look, height: usize) -> Vec<Line> {
    let roots = |(_, nodes): &(String, Vec<Node>)| nodes.clone();
    let mut counts = std::collections::BTreeMap::<Health, usize>::new();
    trees.iter().flat_map(roots).for_each(|node| tally(&node, &mut counts));
    let words = counts.iter().rev().map(|(health, number)| format!("{number} {}", health.word()));
    let mut lines: Vec<Line> = vec![vec![(Tone::Strong, clip(&words.collect::<Vec<_>>().join(", "), look.width))]];
    for (namespace, nodes) in trees {
        lines.push(Vec::new());
        if trees.len() > 1 {
            lines.push(vec![(
                Tone::Strong,
                if namespace.is_empty() { "no namespace".to_owned() } else { namespace.clone() },
            )]);
        }
        let room = if trees.len() > 1 { usize::MAX } else { height.saturating_sub(lines.len()) };
        lines.append(&mut tree::lines(nodes, look, room));
    }
    if lines.len() > height {
        let hidden = lines.len() + 1 - height;
        lines.truncate(height.saturating_sub(1));
        lines.push(vec![(Tone::Quiet, format!("… {hidden} more lines"))]);
    }
    lines
}

/// Counts objects, not versions and tasks.
fn tally(node: &Node, counts: &mut std::collections::BTreeMap<Health, usize>) {
    if matches!(node.what, "servergroup" | "service" | "cluster" | "account" | "definition") {
        *counts.entry(node.health).or_default() += 1;
    }
    node.children.iter().for_each(|child| tally(child, counts));
}
