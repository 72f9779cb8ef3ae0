//! The page on server groups shows what kubectl prints: its story is told here, and every line has to be in it.

use std::path::Path;

use ecs_sim::fixtures::ImageFate;
use serde_json::{Value, json};

use super::super::stage::Stage;
use super::{GROUP, image, until};
use crate::support::manifests::cluster;

const PAGE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/server-groups.md"));

/// Without the age and the width of columns, which differ from run to run.
fn plain(text: &str) -> Vec<String> {
    let age =
        |word: &str| word.len() > 1 && word.ends_with(['s', 'm']) && word.starts_with(|c: char| c.is_ascii_digit());
    let words = |line: &str| line.split_whitespace().filter(|word| !age(word)).collect::<Vec<_>>().join(" ");
    text.lines().map(words).filter(|line| !line.is_empty()).collect()
}

/// Runs a command as the page writes it; what is printed has to be there, line by line.
async fn shown(stage: &Stage, command: &str, missing: &mut Vec<String>) {
    let page = plain(PAGE);
    let arguments: Vec<&str> = command.split(' ').collect();
    let ran = stage.kubectl(&arguments).await;
    let asked = format!("$ kubectl {command}");
    let printed = plain(&asked).into_iter().chain(plain(&ran.out)).chain(plain(&ran.err));
    missing.extend(printed.filter(|line| !page.contains(line)));
}

#[tokio::test]
async fn the_page_on_server_groups_shows_what_kubectl_prints() {
    let stage = Stage::operated("group-page").await;
    stage.aws.sim(|sim| sim.set_image("nginx:typo", ImageFate::Missing));
    let mut missing = Vec::new();
    let (_, manifest) = PAGE.split_once("```yaml\n").unwrap();
    let mut group: Value = serde_saphyr::from_str(manifest.split("```").next().unwrap()).unwrap();
    group["spec"]["gate"] = json!({"minHealthySeconds": 1});
    stage.apply(&[cluster("prod"), group]).await.unwrap();
    stage.ready(&[GROUP]).await;
    shown(&stage, "get servergroup", &mut missing).await;
    shown(&stage, "get ecsservice,ecstaskdefinition", &mut missing).await;
    image(&stage, "nginx:2").await;
    stage.until(GROUP, "False", "AwaitingApproval").await;
    until(&stage, ".status.traffic", "v000 ~67 / v001 ~33").await;
    shown(&stage, "get servergroup", &mut missing).await;
    shown(&stage, "get servergroup shop-prod -o jsonpath={.status.rollout.promoteWith}", &mut missing).await;
    shown(&stage, "annotate servergroup shop-prod ecs-operator.dev/promote=shop-prod-v001.3", &mut missing).await;
    shown(&stage, "wait servergroup shop-prod --for=condition=Ready --timeout=10m", &mut missing).await;
    shown(&stage, "get servergroup", &mut missing).await;
    shown(&stage, "get ecsservice", &mut missing).await;
    shown(&stage, "scale servergroup shop-prod --replicas=3", &mut missing).await;
    until(&stage, ".status.ready", "3/3").await;
    shown(&stage, "scale servergroup shop-prod --replicas=9", &mut missing).await;
    image(&stage, "nginx:typo").await;
    stage.until(GROUP, "False", "DeploymentRolledBack").await;
    shown(&stage, "get servergroup", &mut missing).await;
    shown(&stage, "get servergroup shop-prod -o jsonpath={.status.hold.message}", &mut missing).await;
    image(&stage, "nginx:2").await;
    stage.ready(&[GROUP]).await;
    stage.kubectl(&["patch", GROUP, "--type=merge", "-p", r#"{"spec":{"disabled":true}}"#]).await.unwrap();
    stage.ready(&[GROUP]).await;
    shown(&stage, "get servergroup -o wide", &mut missing).await;
    assert!(missing.is_empty(), "not in docs/server-groups.md:\n{}", missing.join("\n"));
}

#[test]
fn every_link_between_the_pages_leads_to_a_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut wrong = Vec::new();
    for page in ["README.md", "docs/guide.md", "docs/server-groups.md", "docs/from-spinnaker.md"] {
        let text = std::fs::read_to_string(root.join(page)).unwrap();
        let links = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
        let here = root.join(page).parent().unwrap().to_owned();
        wrong.extend(links.filter(|link| !here.join(link).exists()).map(|link| format!("{page}: {link}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
