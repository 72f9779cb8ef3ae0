//! What Prometheus' own checker says of alerts and dashboards.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use ecs_local::binaries::{Binaries, Tool};
use serde_json::json;

use super::{alerts, expressions, project, texts};

/// Runs promtool; its word, and whether it is content.
fn promtool(arguments: &[&str]) -> (bool, String) {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    let program = PROGRAM.get_or_init(|| Binaries::find_or_build(&[Tool::Promtool]).unwrap().path(Tool::Promtool));
    let output = Command::new(program).args(arguments).output().unwrap();
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.success(), told)
}

fn content(arguments: &[&str]) {
    let (ok, told) = promtool(arguments);
    assert!(ok, "{arguments:?}: {told}");
}

fn below(folder: &str, file: &str) -> String {
    project(folder).join(file).display().to_string()
}

#[test]
fn rules_are_rules_of_prometheus() {
    for file in texts("charts/ecs-operator/files/alerts", ".yaml").keys() {
        content(&["check", "rules", "--lint-fatal", &below("charts/ecs-operator/files/alerts", file)]);
    }
}

#[test]
fn alerts_fire_on_series_that_are_bad_for_long_enough_and_on_no_others() {
    let mut tried = String::new();
    for (file, text) in texts("tests/fixtures/alerts", ".yaml") {
        content(&["test", "rules", &below("tests/fixtures/alerts", &file)]);
        tried.push_str(&text);
    }
    for name in alerts().keys() {
        for story in ["stays silent", "fires"] {
            assert!(tried.contains(&format!("- name: {name} {story}\n")), "{name} {story}");
        }
    }
}

#[test]
fn an_alert_that_never_fires_is_noticed() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("alerts-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let rules = std::fs::read_to_string(project("charts/ecs-operator/files/alerts/aws.yaml")).unwrap();
    let story = std::fs::read_to_string(project("tests/fixtures/alerts/aws.yaml")).unwrap();
    let file = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    file("aws.yaml", &rules.replace("> 0.05", "> 0.5"));
    file("story.yaml", &story.replace("../../../charts/ecs-operator/files/alerts/aws.yaml", "aws.yaml"));
    let (ok, told) = promtool(&["test", "rules", &folder.join("story.yaml").display().to_string()]);
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(!ok && told.contains("EcsOperatorAwsThrottled"), "{told}");
}

/// Each expression as a recording rule, with what Grafana fills in filled in.
#[test]
fn expressions_of_dashboards_are_expressions_of_prometheus() {
    let rules = expressions().into_iter().enumerate().map(|(at, (_, text))| {
        let text = text.replace("$__rate_interval", "5m");
        let text = ["controller", "account", "region", "namespace"]
            .iter()
            .fold(text, |text, variable| text.replace(&format!("${variable}"), ".*"));
        assert!(!text.contains('$'), "{text}");
        json!({"record": format!("drawn:{at}"), "expr": text})
    });
    let rules = json!({"groups": [{"name": "drawn", "rules": rules.collect::<Vec<_>>()}]});
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("drawn-{}.yaml", std::process::id()));
    std::fs::write(&file, rules.to_string()).unwrap();
    content(&["check", "rules", "--lint=none", &file.display().to_string()]);
    std::fs::remove_file(&file).unwrap();
}
