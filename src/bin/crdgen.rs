//! Writes the CRDs to `crds/`, one file per kind, the reference pages to `docs/reference/` and the generated files of
//! `charts/`; `--check` only compares.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Parser;
use ecs_operator::api::schema;
use ecs_operator::{packaging, pages};

/// Writes the CRDs, the reference pages and the chart's generated files, or compares them with what is there.
#[derive(Parser)]
struct Arguments {
    /// Directory of the CRDs.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/crds"))]
    directory: PathBuf,
    /// Directory of the reference pages.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference"))]
    pages: PathBuf,
    /// Directory of the chart and the kustomize bases.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/charts"))]
    charts: PathBuf,
    /// Change nothing; fail when a file differs.
    #[arg(long)]
    check: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let crds = schema::files().context("generate the CRDs")?;
    let pages = pages::files().context("generate the reference pages")?;
    let values = arguments.charts.join(packaging::VALUES);
    let values = std::fs::read_to_string(&values).with_context(|| format!("read {}", values.display()))?;
    let charts = packaging::files(&values).context("generate the files of the chart")?;
    for (directory, files) in [(&arguments.directory, crds), (&arguments.pages, pages), (&arguments.charts, charts)] {
        if arguments.check {
            check(directory, &files)?;
        } else {
            write(directory, &files)?;
        }
    }
    Ok(())
}

fn write(directory: &Path, files: &[(String, String)]) -> anyhow::Result<()> {
    for (name, text) in files {
        let path = directory.join(name);
        std::fs::create_dir_all(path.parent().unwrap_or(directory))?;
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
