//! Metrics as a run exports them, and what is drawn from them: alerts, dashboards, pages.

mod kube_state;
mod promtool;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use aws_sdk_ecs::types::{DeploymentCircuitBreaker, DeploymentConfiguration};
use ecs_operator::api::{EcsCluster, EcsService, EcsTaskDefinition};
use ecs_operator::controllers::Sight;
use ecs_operator::controllers::context::Config;
use kube::api::{Api, DeleteParams};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::support::manifests::{cluster, service, web};
use crate::support::replica::{Journal, Replica};
use crate::support::wire::Fault;
use crate::support::world::{NAMESPACE, REGION, World};

const SECOND: Duration = Duration::from_secs(1);

fn project(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Texts of the files of a folder with an ending, by name.
fn texts(folder: &str, ending: &str) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(project(folder)).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.filter(|path| path.to_string_lossy().ends_with(ending));
    let read = |path: PathBuf| {
        (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(&path).unwrap())
    };
    let found: BTreeMap<String, String> = files.map(read).collect();
    assert!(!found.is_empty(), "{folder}");
    found
}

/// Alerts by name, with their expression and annotations.
fn alerts() -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    for (file, text) in texts("charts/ecs-operator/files/alerts", ".yaml") {
        let rules: Value = serde_saphyr::from_str(&text).unwrap();
        for rule in rules["groups"].as_array().unwrap().iter().flat_map(|group| group["rules"].as_array().unwrap()) {
            let name = rule["alert"].as_str().unwrap().to_owned();
            assert!(found.insert(name.clone(), rule.clone()).is_none(), "{file}: {name} twice");
        }
    }
    found
}

/// Expressions of the dashboards, and where they stand.
fn expressions() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (file, text) in texts("charts/ecs-operator/files/dashboards", ".json") {
        let board: Value = serde_json::from_str(&text).unwrap();
        for panel in board["panels"].as_array().unwrap() {
            for target in panel["targets"].as_array().into_iter().flatten() {
                let place = format!("{file}: {}", panel["title"].as_str().unwrap());
                found.push((place, target["expr"].as_str().unwrap().to_owned()));
            }
        }
        for variable in board["templating"]["list"].as_array().unwrap() {
            if let Some(query) = variable["query"]["query"].as_str() {
                let inner = query.strip_prefix("label_values(").unwrap().split(',').next().unwrap();
                found.push((format!("{file}: ${}", variable["name"]), inner.to_owned()));
            }
        }
    }
    assert!(found.len() > 40, "{}", found.len());
    found
}

/// Names of our metrics in a text.
fn named(text: &str) -> BTreeSet<String> {
    const STARTS: &[&str] =
        &["ecs_operator_", "controller_runtime_", "workqueue_", "rest_client_", "leader_election_", "process_"];
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let ours = words.filter(|word| STARTS.iter().any(|start| word.starts_with(start) && word.len() > start.len()));
    ours.map(str::to_owned).collect()
}

/// Names of the series of an exposition.
fn series(text: &str) -> BTreeSet<String> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split(['{', ' ']).next().unwrap().to_owned()).collect()
}

/// The metric of a series of a histogram.
fn metric(series: &str) -> &str {
    ["_bucket", "_sum", "_count"].iter().find_map(|end| series.strip_suffix(end)).unwrap_or(series)
}

/// The first column of the page of metrics.
fn told() -> BTreeSet<String> {
    let page = std::fs::read_to_string(project("docs/reference/metrics.md")).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| row.split('`').next().unwrap().to_owned()).collect()
}

/// A story in which everything happens that is counted: all is well, then AWS throttles and says what nobody knows,
/// somebody changes AWS, an image changes, an object goes and another cannot.
async fn story() -> (String, String) {
    let (world, journal) = (World::ready(7).await, Journal::default());
    let config = Config { region: REGION.to_owned(), ..Config::default() };
    let replica = Replica::with(&world, &journal, "a", Sight::default(), config);
    replica.leads(3 * SECOND).await;
    world.apply::<EcsCluster>(&cluster("prod")).await;
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:1")).await;
    world.apply::<EcsService>(&service("web", "prod", "web")).await;
    sleep(300 * SECOND).await;
    world.apply::<EcsTaskDefinition>(&web("web", "nginx:2")).await;
    sleep(900 * SECOND).await;
    let breaker = DeploymentCircuitBreaker::builder().enable(false).rollback(false).build();
    let foreign = DeploymentConfiguration::builder().deployment_circuit_breaker(breaker).build();
    let change = world.cli().update_service().cluster("prod").service("web").deployment_configuration(foreign);
    change.send().await.unwrap();
    world.aws.set_plan(Some(Box::new(|number, operation| match (operation.starts_with("Describe"), number % 3) {
        (true, 0) => Fault::Refuse(400, "ThrottlingException", "Rate exceeded"),
        (true, 1) => Fault::Refuse(400, "NobodyKnowsThisException", "What?"),
        _ => Fault::Pass,
    })));
    sleep(400 * SECOND).await;
    world.aws.set_plan(None);
    sleep(600 * SECOND).await;
    // A service uses it, so it stays for now.
    let clusters: Api<EcsCluster> = Api::namespaced(world.person.clone(), NAMESPACE);
    clusters.delete("prod", &DeleteParams::default()).await.unwrap();
    sleep(20 * SECOND).await;
    let busy = replica.metrics.text().unwrap();
    world.delete::<EcsService>("web").await;
    world.delete::<EcsTaskDefinition>("web").await;
    sleep(900 * SECOND).await;
    let after = replica.metrics.text().unwrap();
    assert!(world.get::<EcsService>("web").await.is_none() && world.get::<EcsCluster>("prod").await.is_none());
    (busy, after)
}

#[tokio::test(start_paused = true)]
async fn a_run_exports_what_the_page_tells_and_nothing_else_and_lets_go_of_what_is_gone() {
    let (busy, after) = Box::pin(story()).await;
    let exported: BTreeSet<String> = series(&busy).iter().map(|series| metric(series).to_owned()).collect();
    let mut told = told();
    // Histograms have no series of their own name.
    let silent: Vec<_> = told.difference(&exported).cloned().collect();
    assert_eq!(silent, Vec::<String>::new(), "on the page, and never exported:\n{busy}");
    told.insert("# EOF".to_owned());
    let untold: Vec<_> = exported.difference(&told).filter(|name| !name.is_empty()).collect();
    assert!(untold.is_empty(), "exported, and not on the page: {untold:?}");
    for line in [
        r#"ecs_operator_rollouts_total{kind="EcsService",result="completed"} 2"#,
        r#"ecs_operator_drift_total{kind="EcsService",result="corrected"} 1"#,
        r#"ecs_operator_tasks{namespace="shop",name="web",state="desired"} 2"#,
        r#"ecs_operator_condition{kind="EcsTaskDefinition",namespace="shop",name="web",type="Ready",status="True"} 1"#,
        r#"ecs_operator_watch_up{kind="EcsService",namespace=""} 1"#,
        r#"leader_election_master_status{name="ecs-operator"} 1"#,
    ] {
        assert!(busy.lines().any(|found| found == line), "{line}\n{busy}");
    }
    let left: Vec<&str> =
        after.lines().filter(|line| line.contains(r#"name="web""#) || line.contains("deletion_age_seconds{")).collect();
    assert_eq!(left, Vec::<&str>::new());
}

#[tokio::test(start_paused = true)]
async fn labels_stay_in_their_closed_sets() {
    let (busy, _) = Box::pin(story()).await;
    let mut values: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in busy.lines().filter(|line| !line.starts_with('#')) {
        let Some((_, labels)) = line.split_once('{') else { continue };
        for pair in labels.rsplit_once('}').unwrap().0.split(',').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap();
            values.entry(name.to_owned()).or_default().insert(value.trim_matches('"').to_owned());
        }
    }
    for (label, most) in [
        ("code", 12),
        ("result", 16),
        ("type", 8),
        ("status", 3),
        ("method", 6),
        ("reason", 20),
        ("host", 1),
        ("controller", 5),
    ] {
        assert!(values[label].len() <= most, "{label}: {:?}", values[label]);
    }
    assert!(
        !values["code"].contains("NobodyKnowsThisException") && values["code"].contains("Other"),
        "{:?}",
        values["code"]
    );
    let foreign = busy.lines().find(|line| line.contains("arn:") || line.contains("nginx"));
    assert_eq!(foreign, None, "texts of tenants are no labels");
}

#[test]
fn alerts_and_dashboards_and_pages_name_only_metrics_that_are_told() {
    let told = told();
    let known = |name: &String| told.contains(name) || told.contains(metric(name));
    for (name, rule) in alerts() {
        for metric in named(rule["expr"].as_str().unwrap()) {
            assert!(known(&metric), "alert {name}: {metric}");
        }
    }
    for (place, expression) in expressions() {
        let metrics = named(&expression);
        assert!(!metrics.is_empty() && metrics.iter().all(known), "{place}: {expression}");
    }
    for page in ["docs/monitoring.md", "docs/runbooks.md", "docs/troubleshooting.md", "docs/install.md", "README.md"] {
        for metric in named(&std::fs::read_to_string(project(page)).unwrap()) {
            assert!(known(&metric), "{page}: {metric}");
        }
    }
    let drawn: BTreeSet<String> = expressions().iter().flat_map(|(_, text)| named(text)).collect();
    for name in &told {
        let series = drawn.iter().any(|drawn| drawn == name || metric(drawn) == name);
        let apart = ["process_start_time_seconds", "process_threads", "process_virtual_memory_bytes"];
        // Told under another name too, or of use only beside others.
        let twice = ["workqueue_work_duration_seconds", "workqueue_unfinished_work_seconds"];
        assert!(
            series || apart.contains(&name.as_str()) || twice.contains(&name.as_str()),
            "no dashboard shows {name}"
        );
    }
}

#[test]
fn every_alert_has_its_runbook_and_every_runbook_its_alert() {
    let page = std::fs::read_to_string(project("docs/runbooks.md")).unwrap();
    let heads: BTreeSet<String> = page.lines().filter_map(|line| line.strip_prefix("## ")).map(str::to_owned).collect();
    let alerts = alerts();
    assert_eq!(heads, alerts.keys().cloned().collect());
    for (name, rule) in &alerts {
        let link = format!("docs/runbooks.md#{}", name.to_lowercase());
        assert_eq!(rule["annotations"]["runbook_url"], json!(link), "{name}");
        assert!(["critical", "warning", "info"].contains(&rule["labels"]["severity"].as_str().unwrap()), "{name}");
        for text in ["summary", "description"] {
            assert!(rule["annotations"][text].as_str().unwrap().ends_with('.'), "{name}: {text}");
        }
    }
}
