//! A forecast as lines, and as Markdown for a comment on a pull request. Pure.

use super::text::{width, wrap};
use super::{Line, Look};
use crate::plugin::foresee::value::{Forecast, Foretold, Member, Outcome};
use crate::plugin::lint::Finding;
use crate::plugin::tree::Tone;
use crate::plugin::verify::{Check, Verdict};

/// Columns before the members of a call.
const INDENT: usize = 6;
/// Objects before which Markdown shows details open.
const OPEN: usize = 3;

/// Sign, word and tone of what becomes of an object.
fn outcome(object: &Foretold) -> (&'static str, &'static str, Tone) {
    if object.refused && object.outcome != Outcome::Replaces {
        return ("✖", "refused", Tone::Bad);
    }
    if object.held {
        return ("‖", "held back", Tone::Moving);
    }
    match object.outcome {
        Outcome::None => ("·", "no change", Tone::Quiet),
        Outcome::Create => ("+", "create", Tone::Good),
        Outcome::InPlace if object.kind == "EcsTaskDefinition" => ("~", "new revision", Tone::Moving),
        Outcome::InPlace => ("~", "in place", Tone::Moving),
        Outcome::Rolls => ("↻", "rolls", Tone::Moving),
        Outcome::Replaces => ("±", "needs replacement", Tone::Bad),
        Outcome::Delete => ("-", "delete", Tone::Bad),
    }
}

fn address(object: &Foretold) -> String {
    format!("{}/{}", object.kind.to_lowercase(), object.name)
}

/// What is said beside the outcome.
fn beside(object: &Foretold) -> String {
    let part = object.part_of.as_ref().map(|group| format!(" (of {group})")).unwrap_or_default();
    let follows =
        if object.asked || object.part_of.is_some() { "" } else { " (not in the files: it follows from them)" };
    format!("{part}{follows}")
}

/// Does the message say something that the calls do not?
fn speaks(object: &Foretold) -> bool {
    let idle = object.calls.is_empty() && object.steps.is_empty();
    let waits = idle && !object.message.is_empty() && !matches!(object.reason.as_str(), "Succeeded" | "Observed");
    object.refused || object.held || waits || (object.kind == "ServerGroup" && !idle)
}

/// The plan: every object with its calls. Those that do not change only where `all`.
pub fn lines(forecast: &Forecast, look: &Look, all: bool) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for object in &forecast.objects {
        if object.outcome == Outcome::None && !speaks(object) && !all {
            continue;
        }
        let (sign, word, tone) = outcome(object);
        let first = [(tone, format!("{sign} ")), (Tone::Strong, address(object)), (tone, format!("  {word}"))];
        head(&mut lines, &first, &beside(object), look);
        if speaks(object) {
            let text = format!("{}: {}", object.reason, object.message);
            indented(&mut lines, 4, &text, if object.refused { Tone::Bad } else { Tone::Plain }, look);
        }
        for step in &object.steps {
            indented(&mut lines, 4, step, Tone::Plain, look);
        }
        for call in &object.calls {
            indented(&mut lines, 4, &format!("{} {}", call.operation, call.target), Tone::Strong, look);
            call.changes.iter().for_each(|change| row(&mut lines, change, look));
        }
        object.stuck.iter().for_each(|change| row(&mut lines, change, look));
    }
    end(&mut lines, forecast, look);
    lines.push(vec![(Tone::Strong, forecast.summary.line())]);
    lines
}

/// The differences alone.
pub fn differences(forecast: &Forecast, look: &Look) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for object in &forecast.objects {
        let changes: Vec<&Member> = changes(object).collect();
        if changes.is_empty() && !object.refused {
            continue;
        }
        head(&mut lines, &[(Tone::Strong, address(object))], &beside(object), look);
        if object.refused {
            indented(&mut lines, 4, &format!("{}: {}", object.reason, object.message), Tone::Bad, look);
        }
        for change in changes {
            row(&mut lines, change, look);
        }
    }
    end(&mut lines, forecast, look);
    lines
}

/// All members of an object that differ.
pub fn changes(object: &Foretold) -> impl Iterator<Item = &Member> {
    object.calls.iter().flat_map(|call| &call.changes).chain(&object.stuck)
}

/// A line, with what stands beside it on a line of its own where it does not fit.
fn head(lines: &mut Vec<Line>, first: &[(Tone, String)], beside: &str, look: &Look) {
    let mut line: Line = first.to_vec();
    let taken: usize = line.iter().map(|(_, piece)| width(piece)).sum();
    if taken + width(beside) <= look.width {
        line.push((Tone::Quiet, beside.to_owned()));
        return lines.push(line);
    }
    lines.push(line);
    indented(lines, 4, beside.trim(), Tone::Quiet, look);
}

fn end(lines: &mut Vec<Line>, forecast: &Forecast, look: &Look) {
    if !lines.is_empty() {
        lines.push(Vec::new());
    }
    for note in &forecast.notes {
        indented(lines, 0, &format!("Note: {note}"), Tone::Quiet, look);
    }
}

fn indented(lines: &mut Vec<Line>, columns: usize, text: &str, tone: Tone, look: &Look) {
    for piece in wrap(text, look.width.saturating_sub(columns)) {
        lines.push(vec![(Tone::Plain, " ".repeat(columns)), (tone, piece)]);
    }
}

fn row(lines: &mut Vec<Line>, change: &Member, look: &Look) {
    let effect = change.effect.map(|effect| format!("  ({effect})")).unwrap_or_default();
    let text = said(change) + &effect;
    let tone = match (&change.from, &change.to) {
        (None, Some(_)) => Tone::Good,
        (Some(_), None) => Tone::Bad,
        _ => Tone::Moving,
    };
    indented(lines, INDENT, &text, tone, look);
}

/// `path: from → to`.
fn said(change: &Member) -> String {
    match (&change.from, &change.to) {
        (None, Some(to)) => format!("{}: {to}", change.path),
        (Some(from), None) => format!("{}: {from} → (absent)", change.path),
        (Some(from), Some(to)) => format!("{}: {from} → {to}", change.path),
        (None, None) => format!("{}: removed", change.path),
    }
}

/// For a comment on a pull request: the summary first, details folded.
pub fn markdown(forecast: &Forecast) -> String {
    let mut lines = vec![format!("**{}**", forecast.summary.line())];
    let shown = forecast.objects.iter().filter(|object| object.outcome != Outcome::None || speaks(object));
    let shown: Vec<&Foretold> = shown.collect();
    let open = if shown.len() <= OPEN { " open" } else { "" };
    for object in shown {
        let (sign, word, _) = outcome(object);
        let (name, beside) = (address(object), beside(object));
        lines
            .push(format!("\n<details{open}><summary>{sign} <code>{name}</code>: {word}{beside}</summary>\n\n```diff"));
        if speaks(object) {
            lines.push(format!("! {}: {}", object.reason, object.message.replace('\n', " ")));
        }
        lines.extend(object.steps.iter().map(|step| format!("# {step}")));
        for call in &object.calls {
            lines.push(format!("# {} {}", call.operation, call.target));
            lines.extend(call.changes.iter().map(patched));
        }
        lines.extend(object.stuck.iter().map(patched));
        lines.push("```\n\n</details>".to_owned());
    }
    lines.extend(forecast.notes.iter().map(|note| format!("\n> {note}")));
    lines.join("\n") + "\n"
}

fn patched(change: &Member) -> String {
    let effect = change.effect.map(|effect| format!("  ({effect})")).unwrap_or_default();
    let line = |sign: char, value: &Option<String>| {
        let value = value.as_ref().map(|value| value.replace('\n', " "));
        value.map(|value| format!("{sign} {}: {value}", change.path))
    };
    let lines = [line('-', &change.from), line('+', &change.to)];
    let lines: Vec<String> = lines.into_iter().flatten().collect();
    lines.join("\n") + &effect
}

/// Findings as `file:line object field why; remedy`, and their number.
pub fn found(findings: &[Finding], objects: usize, look: &Look) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for finding in findings {
        let first = [(Tone::Strong, format!("{}:{} ", finding.file, finding.line))];
        head(&mut lines, &first, &finding.object, look);
        let field = if finding.field.is_empty() { String::new() } else { format!("`{}` ", finding.field) };
        indented(&mut lines, 4, &format!("{field}{}", finding.why), Tone::Bad, look);
        indented(&mut lines, 4, &format!("→ {}", finding.remedy), Tone::Plain, look);
    }
    let text = match findings.len() {
        0 => format!("{objects} objects, nothing found"),
        1 => format!("{objects} objects, 1 finding"),
        many => format!("{objects} objects, {many} findings"),
    };
    lines.push(vec![(Tone::Strong, text)]);
    lines
}

/// Checks of what manifests name, and their numbers.
pub fn checked(checks: &[Check], shown: impl Fn(&&Check) -> bool, look: &Look) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for check in checks.iter().filter(shown) {
        let (sign, tone) = match check.verdict {
            Verdict::Ok => ("✔", Tone::Good),
            Verdict::Wrong => ("✖", Tone::Bad),
            Verdict::NotChecked => ("?", Tone::Quiet),
        };
        let first = [(tone, format!("{sign} ")), (Tone::Strong, check.object.clone())];
        head(&mut lines, &first, &format!(" {}", check.field), look);
        let not = if check.verdict == Verdict::NotChecked { "not checked, " } else { "" };
        indented(&mut lines, 4, &format!("{}: {not}{}", check.what, check.why), Tone::Plain, look);
        if !check.remedy.is_empty() {
            indented(&mut lines, 4, &format!("→ {}", check.remedy), Tone::Plain, look);
        }
    }
    let count = |verdict: Verdict| checks.iter().filter(|check| check.verdict == verdict).count();
    let text = format!(
        "Verify: {} ok, {} wrong, {} not checked",
        count(Verdict::Ok),
        count(Verdict::Wrong),
        count(Verdict::NotChecked)
    );
    lines.push(vec![(Tone::Strong, text)]);
    lines
}
