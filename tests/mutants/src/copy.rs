//! The copy of the workspace that the mutants are planted in.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{Error, read, write};

/// What `on` is in the copy.
const SWITCH: &str = include_str!("switch.rs.txt");

/// Names of all tracked files, below the root.
pub(crate) fn tracked(root: &Path) -> Result<Vec<String>, Error> {
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(root).output().map_err(Error::io("git"))?;
    if !listed.status.success() {
        return Err(Error::Failed(format!("git ls-files: {}", String::from_utf8_lossy(&listed.stderr))));
    }
    let names = String::from_utf8_lossy(&listed.stdout);
    let there = names.split('\0').filter(|name| !name.is_empty() && root.join(name).is_file());
    Ok(there.map(ToOwned::to_owned).collect())
}

/// Brings the copy up to the working tree, but for the files that `keep` names. What is equal keeps its time.
pub(crate) fn bring(root: &Path, to: &Path, tracked: &[String], keep: impl Fn(&str) -> bool) -> Result<(), Error> {
    for name in tracked.iter().filter(|name| !keep(name)) {
        let from = root.join(name);
        let content = std::fs::read(&from).map_err(Error::io(from.display().to_string()))?;
        let target: PathBuf = to.join(name);
        write(&target, &content)?;
    }
    Ok(())
}

/// The file that has to know the switch.
pub(crate) const LIBRARY: &str = "src/lib.rs";

/// Puts the switch into the library of the copy; lints have nothing to say there.
pub(crate) fn wire(root: &Path, to: &Path) -> Result<(), Error> {
    let library = read(&root.join(LIBRARY))?;
    let wired = format!("#![allow(warnings, clippy::all)]\n{library}\nmod mutant;\n");
    write(&to.join(LIBRARY), wired.as_bytes())?;
    write(&to.join("src/mutant.rs"), SWITCH.as_bytes())
}
