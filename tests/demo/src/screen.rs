//! Where the demo is seen: a tree drawn in place on a terminal, or a line for each change.

use std::env;
use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write, stdout};

use terminal_size::terminal_size;
use tokio::time::Instant;

use crate::facts::{Facts, changes, facts};
use crate::observe::Snapshot;
use crate::tree::{self, Line, Tone};
use crate::words::{clip, wrap};

/// Where the demo is seen.
pub struct Screen {
    out: Box<dyn Write + Send>,
    live: bool,
    begun: Instant,
    /// Lines of the frame that stands at the bottom.
    drawn: usize,
    frame: String,
    facts: Facts,
    act: String,
    doing: String,
    act_begun: Instant,
}

impl Screen {
    /// Standard output: live on a terminal, unless `NO_COLOR` or `CI` is set.
    pub fn standard() -> Self {
        let unset = |name: &str| env::var_os(name).is_none_or(|value| value.is_empty());
        let dumb = env::var_os("TERM").is_none_or(|term| term == "dumb");
        let live = stdout().is_terminal() && unset("NO_COLOR") && unset("CI") && !dumb;
        Self::new(Box::new(stdout()), live)
    }

    /// Lines only.
    pub fn lines(out: Box<dyn Write + Send>) -> Self {
        Self::new(out, false)
    }

    fn new(out: Box<dyn Write + Send>, live: bool) -> Self {
        let now = Instant::now();
        Self {
            out,
            live,
            begun: now,
            drawn: 0,
            frame: String::new(),
            facts: Facts::new(),
            act: String::new(),
            doing: String::new(),
            act_begun: now,
        }
    }

    /// Columns and rows.
    pub fn size(&self) -> (usize, usize) {
        let real = terminal_size().filter(|_| self.live);
        real.map_or((100, 40), |(width, height)| (usize::from(width.0).max(40), usize::from(height.0).max(8)))
    }

    /// A line that stays.
    pub fn say(&mut self, tone: Tone, text: &str) {
        let (width, _) = self.size();
        let lines = if self.live { wrap_keeping_indent(text, width) } else { vec![text.to_owned()] };
        self.stay(&lines.into_iter().map(|line| vec![(tone, line)]).collect::<Vec<_>>());
    }

    /// Text that stays as it is, to be copied.
    pub fn verbatim(&mut self, text: &str) {
        self.stay(&text.lines().map(|line| vec![(Tone::Plain, line.to_owned())]).collect::<Vec<_>>());
    }

    /// Lines that stay, above the frame.
    fn stay(&mut self, lines: &[Line]) {
        let mut text = self.erase();
        for line in lines {
            text.push_str(&self.paint(line));
            text.push('\n');
        }
        self.put(&text);
    }

    /// An act begins.
    pub fn act(&mut self, title: &str) {
        title.clone_into(&mut self.act);
        self.doing.clear();
        self.act_begun = Instant::now();
        if !self.live {
            self.say(Tone::Strong, &format!("\n== {title}"));
        }
    }

    /// What is done now, as one would type it.
    pub fn doing(&mut self, text: &str) {
        if self.live {
            text.clone_into(&mut self.doing);
        } else {
            let time = self.time();
            self.say(Tone::Plain, &format!("{time} $ {text}"));
        }
    }

    /// The world as it is now.
    pub fn show(&mut self, snapshot: &Snapshot) {
        if self.live {
            self.draw(snapshot);
        } else {
            let now = facts(snapshot);
            let time = self.time();
            for line in changes(&self.facts, &now) {
                self.say(Tone::Plain, &format!("{time}   {line}"));
            }
            self.facts = now;
        }
    }

    fn time(&self) -> String {
        format!("{:6.1}", self.begun.elapsed().as_secs_f64())
    }

    fn draw(&mut self, snapshot: &Snapshot) {
        let (width, height) = self.size();
        let seconds = format!("{} s", self.act_begun.elapsed().as_secs());
        let title = clip(&self.act, width.saturating_sub(seconds.len() + 3));
        let mut lines: Vec<Line> = vec![
            Vec::new(),
            vec![(Tone::Strong, title), (Tone::Quiet, format!("  {seconds}"))],
            vec![(Tone::Quiet, clip(&format!("$ {}", self.doing), width))],
            Vec::new(),
        ];
        let room = height.saturating_sub(lines.len() + 1);
        lines.extend(tree::lines(snapshot, width, room));
        let frame: Vec<String> = lines.iter().map(|line| self.paint(line)).collect();
        let frame = frame.join("\n");
        if frame == self.frame {
            return;
        }
        let mut text = String::new();
        // From the top of the old frame: each line over the old one, then what is left goes.
        if self.drawn > 0 {
            let _written = write!(text, "\x1b[{}A", self.drawn);
        }
        text.push('\r');
        text.push_str(&frame.replace('\n', "\x1b[K\n"));
        text.push_str("\x1b[K\n\x1b[J");
        self.drawn = lines.len();
        self.frame = frame;
        self.put(&text);
    }

    /// What takes the frame away.
    fn erase(&mut self) -> String {
        let lines = std::mem::take(&mut self.drawn);
        self.frame.clear();
        if lines > 0 { format!("\x1b[{lines}A\r\x1b[J") } else { String::new() }
    }

    fn paint(&self, line: &Line) -> String {
        if !self.live {
            return tree::plain(line);
        }
        let mut text = String::new();
        for (tone, piece) in line {
            let code = match tone {
                Tone::Plain => "",
                Tone::Good => "32",
                Tone::Moving => "33",
                Tone::Bad => "31",
                Tone::Quiet => "2",
                Tone::Strong => "1",
            };
            if code.is_empty() {
                text.push_str(piece);
            } else {
                let _written = write!(text, "\x1b[{code}m{piece}\x1b[0m");
            }
        }
        text
    }

    /// Somebody who closed the pipe does not want to see more: that is no error.
    fn put(&mut self, text: &str) {
        let _written = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
    }
}

/// Wraps each line, the following ones indented as the first is.
fn wrap_keeping_indent(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for line in text.split('\n') {
        if line.chars().count() <= width {
            lines.push(line.to_owned());
            continue;
        }
        let indent: String = line.chars().take_while(|c| *c == ' ').collect();
        let wrapped = wrap(line, width.saturating_sub(indent.len()));
        lines.extend(wrapped.into_iter().map(|piece| format!("{indent}{piece}")));
    }
    lines
}
