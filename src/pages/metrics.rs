//! The page of metrics, read from what the registry itself tells once every metric has a series.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::table::{cell, code, table};
use crate::aws::metrics::AwsMetrics;
use crate::runtime::metrics::Metrics;

/// A metric as the exposition tells of it.
#[derive(Default)]
struct Told {
    kind: String,
    help: String,
    labels: BTreeSet<String>,
}

pub(super) fn page() -> Result<String, fmt::Error> {
    let aws = AwsMetrics::default();
    aws.exemplify();
    let metrics = Metrics::with_aws(&aws, true);
    metrics.exemplify();
    let rows = told(&metrics.text()?).into_iter().map(|(name, told)| {
        // A counter is exposed under its name with this ending.
        let name = if told.kind == "counter" { format!("{name}_total") } else { name };
        let labels: Vec<String> = told.labels.iter().map(|label| code(label)).collect();
        vec![code(&name), told.kind, labels.join(", "), cell(&told.help)]
    });
    Ok(format!(
        "# Metrics\n\nIn the OpenMetrics text format under `/metrics`.\n\n{}",
        table(&["Name", "Type", "Labels", "Means"], rows)
    ))
}

/// Metrics by name.
fn told(text: &str) -> BTreeMap<String, Told> {
    let mut found: BTreeMap<String, Told> = BTreeMap::new();
    let mut current = String::new();
    for line in text.lines() {
        let mut words = line.splitn(4, ' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("#"), Some("HELP"), Some(name), Some(help)) => {
                name.clone_into(&mut current);
                help.clone_into(&mut found.entry(name.to_owned()).or_default().help);
            }
            (Some("#"), Some("TYPE"), Some(name), Some(kind)) => {
                kind.clone_into(&mut found.entry(name.to_owned()).or_default().kind);
            }
            _ => found.entry(current.clone()).or_default().labels.extend(labels(line)),
        }
    }
    found.retain(|_, told| !told.kind.is_empty());
    found
}

/// The names of a series' labels; `le` belongs to histograms.
fn labels(series: &str) -> Vec<String> {
    let Some((_, rest)) = series.split_once('{') else { return Vec::new() };
    let inner = rest.rsplit_once('}').map_or(rest, |(inner, _)| inner);
    let named = inner.split(',').filter_map(|pair| pair.split_once('=')).map(|(name, _)| name.to_owned());
    named.filter(|name| name != "le").collect()
}
