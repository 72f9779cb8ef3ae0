//! How output looks: width, height, colours, and the form that was asked for.

use serde::Serialize;

use super::cli::{Format, Global};
use super::exit::PluginError;

/// How output looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Columns of the terminal; unlimited without one.
    pub width: usize,
    /// Lines of the terminal; unlimited without one.
    pub height: usize,
    /// Whether colours are used.
    pub colour: bool,
    /// Whether a person looks on: lines may be drawn again in place.
    pub live: bool,
    /// Whether all columns are shown, and nothing is cut.
    pub wide: bool,
}

impl Page {
    /// Wider than any line.
    pub const ENDLESS: usize = 100_000;

    /// A page that is not a terminal: no colours, nothing cut.
    pub const fn plain() -> Self {
        Self { width: Self::ENDLESS, height: Self::ENDLESS, colour: false, live: false, wide: false }
    }

    /// By the environment and the terminal.
    pub fn of_environment(global: &Global, terminal: bool) -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let plain = Self { wide: global.output == Some(Format::Wide), ..Self::plain() };
        if !terminal {
            return plain;
        }
        let colour = !global.no_color && !set("NO_COLOR") && !dumb;
        Self { colour, live: !dumb, ..plain }.measured()
    }

    /// With the terminal's size as it is now.
    #[must_use]
    pub fn measured(self) -> Self {
        if !self.live {
            return self;
        }
        let size = terminal_size::terminal_size();
        let (width, height) = size.map_or((80, 24), |(width, height)| (width.0.into(), height.0.into()));
        Self { width: usize::max(width, 40), height: usize::max(height, 8), ..self }
    }
}

/// A value in a form for programs, with a line end.
pub fn written<T: Serialize>(value: &T, format: Format) -> Result<String, PluginError> {
    match format {
        Format::Yaml => Ok(serde_saphyr::to_string(value)?),
        Format::Json | Format::Wide | Format::Markdown => Ok(serde_json::to_string_pretty(value)? + "\n"),
    }
}
