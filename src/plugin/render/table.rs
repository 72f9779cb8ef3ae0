//! Tables: columns as wide as they need to be, the last one cut at the page's edge. Pure.

use super::text::{clip, pad, tone, width};
use super::{Line, Look};
use crate::plugin::tree::{Happening, Health, TaskSeen, Tone, short};

/// Pages of fewer columns leave out what matters less.
const NARROW: usize = 140;

/// A table with a heading.
pub fn table(heading: &[&str], rows: &[Vec<(Tone, String)>], look: &Look) -> Vec<Line> {
    let number = heading.len();
    let mut columns: Vec<usize> = heading.iter().map(|word| width(word)).collect();
    for row in rows {
        for (column, (_, cell)) in columns.iter_mut().zip(row) {
            *column = (*column).max(width(cell));
        }
    }
    let line = |cells: Vec<(Tone, String)>| -> Line {
        let mut line = Vec::new();
        let mut taken = 0;
        for (at, (tone, cell)) in cells.into_iter().enumerate() {
            let column = columns.get(at).copied().unwrap_or_default();
            let room = look.width.saturating_sub(taken);
            let text = if at + 1 == number { cell } else { pad(&cell, column) + "  " };
            let text = if look.wide { text } else { clip(&text, room) };
            taken += width(&text);
            line.push((tone, text));
        }
        line
    };
    let top = line(heading.iter().map(|word| (Tone::Quiet, (*word).to_owned())).collect());
    std::iter::once(top).chain(rows.iter().map(|row| line(row.clone()))).collect()
}

/// Events, the oldest first.
pub fn happenings(events: &[Happening], look: &Look) -> Vec<Line> {
    let rows: Vec<Vec<(Tone, String)>> = events
        .iter()
        .map(|event| {
            let tone = if event.warning { Tone::Bad } else { Tone::Plain };
            let times = if event.times > 1 { format!(" (×{})", event.times) } else { String::new() };
            let note = event.note.replace('\n', " ");
            vec![
                (Tone::Quiet, look.age(event.at)),
                (tone, event.reason.clone()),
                (Tone::Plain, event.about.clone()),
                (Tone::Plain, format!("{note}{times}")),
            ]
        })
        .collect();
    table(&["AGE", "REASON", "OBJECT", "NOTE"], &rows, look)
}

/// Tasks of services, each with the name of its object.
pub fn tasks(tasks: &[(String, TaskSeen)], look: &Look) -> Vec<Line> {
    // A narrow page has room for what matters most.
    let narrow = look.width < NARROW && !look.wide;
    let mut heading = vec!["TASK", "SERVICE", "STATE", "HEALTH", "REVISION", "AGE"];
    if !narrow {
        heading.extend(["ADDRESS", "ZONE"]);
    }
    heading.push("WHY");
    let rows: Vec<Vec<(Tone, String)>> = tasks
        .iter()
        .map(|(service, task)| {
            let stands = task.standing();
            let id = if narrow { task.id.chars().take(8).collect() } else { task.id.clone() };
            let mut row = vec![
                (Tone::Strong, id),
                (Tone::Plain, service.clone()),
                (tone(stands), task.last_status.clone()),
                (if task.health == "UNHEALTHY" { Tone::Bad } else { Tone::Plain }, task.health.clone()),
                (Tone::Plain, short(&task.task_definition).to_owned()),
                (Tone::Plain, look.age(task.stopped_at.or(task.started_at).or(task.created_at))),
            ];
            if !narrow {
                row.push((Tone::Plain, task.address.clone().unwrap_or_default()));
                row.push((Tone::Plain, task.zone.clone().unwrap_or_default()));
            }
            row.push((if stands == Health::Failed { Tone::Bad } else { Tone::Quiet }, task.why().unwrap_or_default()));
            row
        })
        .collect();
    table(&heading, &rows, look)
}
