//! What can keep a run from coming to a result.

use std::io;
use std::path::{Path, PathBuf};

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A file or a program could not be used.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// What came of it.
        source: io::Error,
    },
    /// A source file is not Rust.
    #[error("{path}: {source}")]
    Source {
        /// Its path below the root.
        path: String,
        /// What is wrong with it.
        source: syn::Error,
    },
    /// No file of a room is there any more.
    #[error("room `{room}`: nothing is tracked under {pattern}")]
    Gone {
        /// The room.
        room: &'static str,
        /// What it lists.
        pattern: &'static str,
    },
    /// A program ended with an error.
    #[error("{0}")]
    Failed(String),
    /// The copy does not compile, and not because of a mutant.
    #[error("the copy does not compile:\n{0}")]
    Compiler(String),
    /// A test fails without any mutant.
    #[error("without any mutant fails: {0}")]
    Red(String),
}

impl Error {
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}

pub(crate) fn read(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(Error::io(path.display().to_string()))
}

/// Writes a file and the folders above it, unless it holds exactly this already: its time is kept then.
pub(crate) fn write(path: &PathBuf, content: &[u8]) -> Result<(), Error> {
    if std::fs::read(path).is_ok_and(|there| there == content) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(Error::io(folder.display().to_string()))?;
    }
    std::fs::write(path, content).map_err(Error::io(path.display().to_string()))
}
