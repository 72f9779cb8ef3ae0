//! Writes the CRDs to `crds/`, one file per kind, the reference pages to `docs/reference/`, the IAM documents with their
//! page to `docs/`, the comments of `docs/samples/full/` and the generated files of `charts/`; `--check` only compares.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Parser;
use ecs_operator::api::schema;
use ecs_operator::{iam, packaging, pages};

/// Writes the CRDs, the reference pages, the IAM documents and the chart's generated files, or compares them with what is
/// there.
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
    /// Directory of the page and the folder of IAM documents.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/docs"))]
    iam: PathBuf,
    /// Directory of the samples that show every field, whose comments are written anew.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/samples/full"))]
    samples: PathBuf,
    /// Change nothing; fail when a file differs.
    #[arg(long)]
    check: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let crds = schema::files().context("generate the CRDs")?;
    let pages = pages::files().context("generate the reference pages")?;
    let documents = iam::files().context("generate the IAM documents")?;
    let values = arguments.charts.join(packaging::VALUES);
    let values = std::fs::read_to_string(&values).with_context(|| format!("read {}", values.display()))?;
    let charts = packaging::files(&values).context("generate the files of the chart")?;
    let samples = samples(&arguments.samples).context("comment the samples")?;
    for (directory, files) in [
        (&arguments.directory, crds),
        (&arguments.pages, pages),
        (&arguments.iam, documents),
        (&arguments.charts, charts),
        (&arguments.samples, samples),
    ] {
        if arguments.check {
            check(directory, &files)?;
        } else {
            write(directory, &files)?;
        }
    }
    Ok(())
}

/// The samples that show every field, with what the schema says of each.
fn samples(directory: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).with_context(|| format!("read {}", directory.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        let kind = text.lines().find_map(|line| line.strip_prefix("kind: ")).unwrap_or_default();
        let Some(schema) = schema::schema(kind)? else { bail!("{}: no such kind: `{kind}`", path.display()) };
        files.push((name, pages::commented::commented(schema, &text)));
    }
    Ok(files)
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
