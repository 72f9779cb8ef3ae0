//! Standard output: text once, or a picture drawn again in place, only the lines that changed.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use super::page::Page;

/// Writes text as it is.
pub fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Writes a line for people beside the output, to standard error.
pub fn note(text: &str) -> io::Result<()> {
    writeln!(io::stderr(), "{text}")
}

/// What stands on the terminal. Dropping it shows the cursor again.
#[derive(Debug, Default)]
pub struct Screen {
    shown: Vec<String>,
    page: Option<Page>,
}

impl Screen {
    /// Draws the lines over those drawn before.
    pub fn draw(&mut self, lines: Vec<String>, page: Page) -> io::Result<()> {
        let before = self.page.replace(page);
        let resized = before.is_some_and(|before| (before.width, before.height) != (page.width, page.height));
        let text = repaint(&self.shown, &lines, before.is_none(), resized);
        self.shown = lines;
        if text.is_empty() { Ok(()) } else { print(&text) }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if self.page.is_some() {
            let _shown = print("\x1b[?25h");
        }
    }
}

/// The text that turns the lines that stand there into the new ones. The cursor rests below the last line.
fn repaint(shown: &[String], lines: &[String], first: bool, resized: bool) -> String {
    let mut text = String::new();
    if first {
        text.push_str("\x1b[?25l");
    }
    // A terminal that changed its width has broken the lines anew: nobody knows where they stand.
    let shown = if resized {
        text.push_str("\x1b[2J\x1b[H");
        &[]
    } else {
        shown
    };
    if shown == lines {
        return text;
    }
    if !shown.is_empty() {
        let _infallible = write!(text, "\x1b[{}A", shown.len());
    }
    let mut skipped = 0;
    for (at, line) in lines.iter().enumerate() {
        if shown.get(at) == Some(line) {
            skipped += 1;
            continue;
        }
        skip(&mut text, skipped);
        skipped = 0;
        let _infallible = write!(text, "\r{line}\x1b[K\n");
    }
    skip(&mut text, skipped);
    if shown.len() > lines.len() {
        text.push_str("\x1b[J");
    }
    text
}

fn skip(text: &mut String, lines: usize) {
    if lines > 0 {
        let _infallible = write!(text, "\x1b[{lines}B");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn only_lines_that_changed_are_written_again() {
        let text = repaint(&lines("a b c d"), &lines("a x c d"), false, false);
        assert_eq!(text, "\x1b[4A\x1b[1B\rx\x1b[K\n\x1b[2B");
        assert_eq!(repaint(&lines("a b"), &lines("a b"), false, false), "");
        assert_eq!(repaint(&lines("a b c"), &lines("a"), false, false), "\x1b[3A\x1b[1B\x1b[J");
        assert_eq!(repaint(&lines("a"), &lines("a b"), false, false), "\x1b[1A\x1b[1B\rb\x1b[K\n");
    }

    #[test]
    fn another_size_of_the_terminal_begins_anew() {
        let text = repaint(&lines("a b"), &lines("a b"), false, true);
        assert!(text.starts_with("\x1b[2J\x1b[H\ra") || text.starts_with("\x1b[2J\x1b[H"), "{text:?}");
        assert!(text.contains("\ra\x1b[K\n\rb\x1b[K\n"), "{text:?}");
    }
}
