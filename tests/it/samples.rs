//! The samples in `docs/samples`: each is admitted by the API server without a warning and becomes what it says.

mod account;
mod applied;
mod index;
mod prepared;
mod whole;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::world::REGION;

/// Where the samples are.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/samples")
}

/// Which test applies a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// `applied`, before all others: what the others refer to.
    Start,
    /// `applied`.
    Stage,
    /// `account`: accounts are seen from every namespace.
    Account,
    /// `local_api::server_group::samples`, which takes all of that folder, and the group that shows every field.
    ServerGroups,
}

/// A file of samples.
struct Sample {
    /// Its path below `docs/samples`.
    file: String,
    /// Its text, in the Region of the tests.
    text: String,
    by: By,
}

/// What an object says of itself in the end.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    /// `ecss/web`.
    object: String,
    /// Status and, unless it goes without saying, reason of `Ready`.
    status: String,
    reason: Option<String>,
}

impl Sample {
    fn manifests(&self) -> Vec<Value> {
        serde_saphyr::from_multiple(&self.text).unwrap_or_else(|error| panic!("{}: {error}", self.file))
    }

    /// What its objects say in the end: that they are ready, unless its head says `Ready: False PlanPending` of the last.
    fn said(&self) -> Vec<Said> {
        let manifests = self.manifests();
        let ours: Vec<&Value> = manifests.iter().filter(|manifest| short(manifest).is_some()).collect();
        let told = self.text.lines().find_map(|line| line.strip_prefix("# Ready: "));
        let mut said: Vec<Said> = ours
            .iter()
            .map(|manifest| Said { object: object(manifest), status: "True".to_owned(), reason: None })
            .collect();
        if let (Some(last), Some(told)) = (said.last_mut(), told) {
            let (status, reason) = told.split_once(' ').unwrap();
            (last.status, last.reason) = (status.to_owned(), Some(reason.to_owned()));
        }
        said
    }
}

/// How kubectl calls a kind of ours.
fn short(manifest: &Value) -> Option<&'static str> {
    match manifest["kind"].as_str().unwrap() {
        "EcsCluster" => Some("ecsc"),
        "EcsTaskDefinition" => Some("ecstd"),
        "EcsService" => Some("ecss"),
        "ServerGroup" => Some("ecssg"),
        "AwsAccount" => Some("ecsacct"),
        _ => None,
    }
}

fn object(manifest: &Value) -> String {
    format!("{}/{}", short(manifest).unwrap(), manifest["metadata"]["name"].as_str().unwrap())
}

/// Files below a folder, but for the index.
fn below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            below(&path, found);
        } else if path != root().join("README.md") {
            found.push(path);
        }
    }
    found.sort();
}

/// Who applies the file; nobody may be forgotten.
fn by(file: &str) -> Option<By> {
    let name = file.strip_suffix(".yaml")?;
    match name.split_once('/') {
        Some(("start", _)) => Some(By::Start),
        Some(("server-groups", inner)) if !inner.contains('/') => Some(By::ServerGroups),
        Some(("full", "aws-account")) => Some(By::Account),
        Some(("full", "server-group")) => Some(By::ServerGroups),
        Some(("full", _)) => Some(By::Stage),
        None if name.starts_with("aws-account-") => Some(By::Account),
        None => {
            ["cluster-", "task-definition-", "service-"].iter().any(|kind| name.starts_with(kind)).then_some(By::Stage)
        }
        Some(_) => None,
    }
}

/// All samples.
fn load() -> Vec<Sample> {
    let mut paths = Vec::new();
    below(&root(), &mut paths);
    let read = |path: &PathBuf| {
        let file = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        let by = by(&file).unwrap_or_else(|| panic!("docs/samples/{file} is applied by no test"));
        Sample { text: fs::read_to_string(path).unwrap().replace("eu-central-1", REGION), file, by }
    };
    paths.iter().map(read).collect()
}

#[test]
fn every_sample_opens_with_a_comment_and_has_names_of_its_own() {
    let samples = load();
    assert!(samples.len() > 80, "{}", samples.len());
    let mut names = std::collections::BTreeMap::new();
    for sample in &samples {
        assert!(sample.text.starts_with("# "), "{}", sample.file);
        for manifest in sample.manifests() {
            let name = (manifest["kind"].to_string(), manifest["metadata"]["name"].to_string());
            let other = names.insert(name.clone(), sample.file.clone());
            assert!(other.is_none(), "{name:?} is in {} and in {}", sample.file, other.unwrap());
        }
    }
}

#[test]
fn a_file_of_an_unknown_kind_is_applied_by_nobody() {
    assert_eq!(by("service-daemon.yaml"), Some(By::Stage));
    assert_eq!(by("full/aws-account.yaml"), Some(By::Account));
    for forgotten in ["web.yaml", "service-daemon.yml", "other/service-daemon.yaml", "server-groups/a/b.yaml"] {
        assert_eq!(by(forgotten), None, "{forgotten}");
    }
}
