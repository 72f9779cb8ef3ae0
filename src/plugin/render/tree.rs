//! Trees as lines: name, state, tasks, weight, age, detail; folded where the page is not high enough. Pure.

use super::text::{clip, pad, tone, width, wrap};
use super::{Line, Look};
use crate::plugin::tree::{Health, Node, Tone};

/// How much is shown.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Depth {
    /// Everything.
    All,
    /// Nothing below what is settled.
    Unsettled,
}

/// Lines for why something is not as it should be.
const NOTES: usize = 4;

/// One row before its columns are known.
struct Cells<'a> {
    branch: String,
    below: String,
    node: &'a Node,
}

/// The trees in at most `height` lines.
pub fn lines(roots: &[Node], look: &Look, height: usize) -> Vec<Line> {
    let mut drawn = draw(roots, look, Depth::All);
    if drawn.len() > height {
        drawn = draw(roots, look, Depth::Unsettled);
    }
    if drawn.len() > height {
        let room = height.saturating_sub(1);
        let hidden = drawn.len() - room;
        drawn.truncate(room);
        drawn.push(vec![(
            Tone::Quiet,
            format!("… {hidden} more lines; a higher window or one object's name shows them"),
        )]);
    }
    drawn
}

/// Widths of the columns.
struct Columns {
    name: usize,
    state: usize,
    tasks: usize,
    weight: usize,
    age: usize,
}

fn draw(roots: &[Node], look: &Look, depth: Depth) -> Vec<Line> {
    let mut rows = Vec::new();
    for root in roots {
        collect(root, String::new(), "", depth, &mut rows);
    }
    let columns = Columns::of(&rows, look);
    let mut lines = vec![columns.heading()];
    let mut before: &[String] = &[];
    for row in &rows {
        // Tasks that failed for one reason give it once.
        let again = row.node.what == "task" && row.node.notes == before && !before.is_empty();
        lines.push(columns.row(row, look, again));
        if !again {
            notes(row, look, &mut lines);
        }
        before = &row.node.notes;
    }
    lines
}

fn collect<'a>(node: &'a Node, branch: String, below: &str, depth: Depth, rows: &mut Vec<Cells<'a>>) {
    rows.push(Cells { branch, below: below.to_owned(), node });
    if node.settled && depth >= Depth::Unsettled {
        return;
    }
    let last = node.children.len();
    for (at, child) in node.children.iter().enumerate() {
        let (turn, go_on) = if at + 1 == last { ("└─", "  ") } else { ("├─", "│ ") };
        collect(child, format!("{below}{turn}"), &format!("{below}{go_on}"), depth, rows);
    }
}

impl Columns {
    fn of(rows: &[Cells<'_>], look: &Look) -> Self {
        let most = |cell: &dyn Fn(&Cells<'_>) -> String| rows.iter().map(|row| width(&cell(row))).max().unwrap_or(0);
        let used = |wanted: usize, heading: usize| if wanted == 0 { 0 } else { wanted.max(heading) };
        let name = most(&|row| name(row, look)).max(4);
        let state = most(&|row| row.node.state.clone()).max(5);
        // What a narrow page cannot show in full leaves a little for the last column.
        let room = look.width;
        let (name, state) = if look.wide || room > 400 {
            (name, state)
        } else {
            (name.min(room * 9 / 20), state.min((room / 5).max(20)))
        };
        Self {
            name,
            state,
            tasks: used(most(&|row| row.node.tasks.clone()), 5),
            weight: used(most(&|row| weight(row.node)), 6),
            age: used(most(&|row| look.age(row.node.since)), 3),
        }
    }

    fn heading(&self) -> Line {
        let mut text = pad("NAME", self.name) + "  " + &pad("STATE", self.state);
        for (columns, word) in [(self.tasks, "TASKS"), (self.weight, "WEIGHT"), (self.age, "AGE")] {
            if columns > 0 {
                text += "  ";
                text += &pad(word, columns);
            }
        }
        vec![(Tone::Quiet, text)]
    }

    fn row(&self, row: &Cells<'_>, look: &Look, again: bool) -> Line {
        let node = row.node;
        let branch = width(&row.branch);
        let sign = if branch == 0 { node.health.sign().to_owned() } else { format!("{} ", node.health.sign()) };
        let sign = if branch == 0 { format!("{sign} ") } else { sign };
        let room = self.name.saturating_sub(branch + width(&sign));
        let named = if matches!(node.what, "task" | "revision" | "deployment" | "version") {
            Tone::Plain
        } else {
            Tone::Strong
        };
        let mut line = vec![
            (Tone::Quiet, row.branch.clone()),
            (tone(node.health), sign),
            (named, pad(&label(node, look), room)),
            (tone(node.health), format!("  {}", pad(&node.state, self.state))),
        ];
        let cells = [(self.tasks, node.tasks.clone()), (self.weight, weight(node)), (self.age, look.age(node.since))];
        for (columns, text) in cells {
            if columns > 0 {
                line.push((Tone::Plain, format!("  {}", pad(&text, columns))));
            }
        }
        let taken: usize = line.iter().map(|(_, piece)| width(piece)).sum();
        let rest = look.width.saturating_sub(taken + 2);
        if rest > 3 || look.wide {
            let detail = if again { format!("{}, as above", node.detail) } else { node.detail.clone() };
            let detail = if look.wide { detail } else { clip(&detail, rest) };
            line.push((Tone::Plain, format!("  {detail}")));
        }
        line
    }
}

/// A task is told by the first digits of its id.
fn label(node: &Node, look: &Look) -> String {
    let id = if node.what == "task" && !look.wide { clip_id(&node.name) } else { node.name.clone() };
    match node.what {
        "version" => id,
        what => format!("{what} {id}"),
    }
}

fn clip_id(id: &str) -> String {
    if id.len() >= 32 { id.chars().take(8).collect() } else { id.to_owned() }
}

fn name(row: &Cells<'_>, look: &Look) -> String {
    format!("{}  {}", row.branch, label(row.node, look))
}

fn weight(node: &Node) -> String {
    node.weight.map(|weight| format!("{weight} %")).unwrap_or_default()
}

fn notes(row: &Cells<'_>, look: &Look, lines: &mut Vec<Line>) {
    let stem = if row.node.children.is_empty() { "  " } else { "│ " };
    let before = format!("{}{stem}", row.below);
    let room = look.width.saturating_sub(width(&before) + 2);
    let tone = if row.node.health == Health::Failed { Tone::Bad } else { Tone::Plain };
    for note in &row.node.notes {
        let wrapped = wrap(note, room);
        let more = wrapped.len() > NOTES && !look.wide;
        let shown = if more { NOTES } else { wrapped.len() };
        for (at, text) in wrapped.into_iter().take(shown).enumerate() {
            let text = if more && at + 1 == shown { clip(&format!("{text} …"), room) } else { text };
            lines.push(vec![(Tone::Quiet, format!("{before}  ")), (tone, text)]);
        }
    }
}
