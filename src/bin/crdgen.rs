//! Writes the CRDs to `crds/`, one file per kind; `--check` only compares.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Parser;
use ecs_operator::api::schema;

/// Writes the CRDs, or compares them with what is there.
#[derive(Parser)]
struct Arguments {
    /// Directory of the files.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/crds"))]
    directory: PathBuf,
    /// Change nothing; fail when a file differs.
    #[arg(long)]
    check: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let files = schema::files().context("generate the CRDs")?;
    if arguments.check {
        return check(&arguments.directory, &files);
    }
    std::fs::create_dir_all(&arguments.directory)?;
    for (name, text) in &files {
        let path = arguments.directory.join(name);
        std::fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
    }
    Ok(())
}

fn check(directory: &Path, files: &[(String, String)]) -> anyhow::Result<()> {
    for (name, text) in files {
        let path = directory.join(name);
        if std::fs::read_to_string(&path).ok().as_ref() != Some(text) {
            bail!("{} is out of date; run `cargo run --bin crdgen`", path.display());
        }
    }
    Ok(())
}
