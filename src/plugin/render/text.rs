//! Pieces of text with a tone; cutting, padding and breaking them by the columns they take. Pure.

use jiff::Timestamp;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::plugin::page::Page;
use crate::plugin::tree::steps::duration;
use crate::plugin::tree::{Health, Tone};

/// A line, piece by piece.
pub type Line = Vec<(Tone, String)>;

/// How lines are made.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Columns there are.
    pub width: usize,
    /// Whether all columns are shown, and nothing is cut.
    pub wide: bool,
    /// The time that ages count to.
    pub now: Timestamp,
}

impl Look {
    /// As the page says, at a time.
    pub fn of(page: Page, now: Timestamp) -> Self {
        Self { width: page.width, wide: page.wide, now }
    }

    /// Time since then.
    pub fn age(&self, since: Option<Timestamp>) -> String {
        since.map(|since| duration(self.now.duration_since(since).as_secs())).unwrap_or_default()
    }
}

/// The tone of a health.
pub fn tone(health: Health) -> Tone {
    match health {
        Health::Idle => Tone::Quiet,
        Health::Healthy => Tone::Good,
        Health::Moving | Health::Unseen => Tone::Moving,
        Health::Waiting | Health::Failed => Tone::Bad,
    }
}

/// Columns a text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// Cut to so many columns; `…` shows that something is missing.
pub fn clip(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut cut = String::new();
    let mut taken = 0;
    for letter in text.chars() {
        let more = letter.width().unwrap_or(0);
        if taken + more + 1 > columns {
            break;
        }
        taken += more;
        cut.push(letter);
    }
    if columns > 0 {
        cut.push('…');
    }
    cut
}

/// Cut or filled to exactly so many columns.
pub fn pad(text: &str, columns: usize) -> String {
    let cut = clip(text, columns);
    let missing = columns.saturating_sub(width(&cut));
    cut + &" ".repeat(missing)
}

/// Broken at blanks into lines of at most so many columns. Words that are longer are cut into pieces.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(8);
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split(' ').filter(|word| !word.is_empty()) {
            for piece in pieces(word, columns) {
                if !line.is_empty() && width(&line) + 1 + width(&piece) > columns {
                    lines.push(std::mem::take(&mut line));
                }
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(&piece);
            }
        }
        lines.push(line);
    }
    lines
}

fn pieces(word: &str, columns: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut taken = 0;
    for letter in word.chars() {
        let more = letter.width().unwrap_or(0);
        if taken + more > columns {
            all.push(String::new());
            taken = 0;
        }
        taken += more;
        if let Some(last) = all.last_mut() {
            last.push(letter);
        }
    }
    all
}

/// The lines as text for a terminal or a file, without blanks at the end.
pub fn painted(lines: &[Line], colour: bool) -> Vec<String> {
    lines.iter().map(|line| paint(line, colour)).collect()
}

fn paint(line: &Line, colour: bool) -> String {
    let mut text = String::new();
    let all = line.iter().rposition(|(_, piece)| !piece.trim_end().is_empty()).map_or(0, |last| last + 1);
    for (at, (tone, piece)) in line.iter().take(all).enumerate() {
        let piece = if at + 1 == all { piece.trim_end() } else { piece };
        match code(*tone).filter(|_| colour && !piece.trim().is_empty()) {
            Some(code) => {
                text.push_str(code);
                text.push_str(piece);
                text.push_str("\x1b[0m");
            }
            None => text.push_str(piece),
        }
    }
    // Blanks that may not be broken are for `wrap` only.
    text.replace('\u{a0}', " ")
}

fn code(tone: Tone) -> Option<&'static str> {
    match tone {
        Tone::Plain => None,
        Tone::Good => Some("\x1b[32m"),
        Tone::Moving => Some("\x1b[36m"),
        Tone::Bad => Some("\x1b[31m"),
        Tone::Quiet => Some("\x1b[2m"),
        Tone::Strong => Some("\x1b[1m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_and_filled_by_columns_not_by_letters() {
        assert_eq!((clip("nginx:1.27", 6).as_str(), pad("ok", 4).as_str()), ("nginx…", "ok  "));
        assert_eq!(width(&pad("日本語", 4)), 4);
        assert_eq!(clip("short", 5), "short");
    }

    #[test]
    fn long_words_are_broken_and_no_line_is_too_long() {
        let lines = wrap("pull image from 123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1 failed", 20);
        assert!(lines.iter().all(|line| width(line) <= 20), "{lines:#?}");
        assert_eq!(
            lines.concat().replace(' ', ""),
            "pullimagefrom123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1failed"
        );
    }

    #[test]
    fn colours_are_codes_only_where_they_are_wanted() {
        let line = vec![(Tone::Good, "ok".to_owned()), (Tone::Plain, "   ".to_owned())];
        assert_eq!(painted(std::slice::from_ref(&line), false), ["ok"]);
        assert_eq!(painted(&[line], true), ["\x1b[32mok\x1b[0m"]);
    }
}
