//! The verbs, one file each: `Arguments` for the command line, `run` with the [`super::setting::Setting`].
//!
//! A verb that shows asks [`super::cluster`] for a snapshot, makes a value of [`super::tree`] of it, and prints that
//! value with [`show`]: lines for people, or JSON or YAML of the same value. A verb that does judges the object first
//! and refuses with the remedy, edits with [`super::cluster::edit`], and says what it did; [`ask`] is the part that all
//! of them share.

pub mod abort;
mod ask;
pub mod completion;
pub mod diff;
pub mod doctor;
pub mod events;
pub mod exec;
pub mod export;
pub mod import;
pub mod lint;
pub mod logs;
pub mod open;
pub mod pause;
pub mod plan;
pub mod promote;
pub mod refresh;
pub mod report;
pub mod restart;
pub mod resume;
pub mod retry;
pub mod scale;
pub mod status;
pub mod stop_task;
pub mod tasks;
pub mod tree;
pub mod undo;
pub mod verify;
pub mod version;
pub mod wait;

use serde::Serialize;

use super::cli::Format;
use super::exit::PluginError;
use super::page::written;
use super::render::text::painted;
use super::render::{Line, Look};
use super::setting::Setting;
use super::terminal::print;

/// Prints a value: as lines for people, or in the form that was asked for.
fn show<T: Serialize>(setting: &Setting, value: &T, lines: impl FnOnce(&Look) -> Vec<Line>) -> Result<(), PluginError> {
    let text = match setting.format() {
        Some(format @ (Format::Json | Format::Yaml)) => written(value, format)?,
        Some(Format::Markdown) => return Err(PluginError::Usage("`-o markdown` is for plan and diff".to_owned())),
        Some(Format::Wide) | None => {
            let look = Look::of(setting.page.measured(), setting.clock.exact());
            painted(&lines(&look), setting.page.colour).into_iter().map(|line| line + "\n").collect()
        }
    };
    Ok(print(&text)?)
}
