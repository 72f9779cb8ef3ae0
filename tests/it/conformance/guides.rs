//! The pages on `GitOps`: their snippets are accepted, their tables are those of the files, their numbers come true.

use serde_json::{Value, json};

use super::config_map::actions;
use crate::local_api::stage::Stage;
use crate::support::manifests::{cluster, service, web};

const ARGO: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/gitops/argocd.md"));
const FLUX: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/gitops/flux.md"));
const SCALING: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/gitops/scaling.md"));

fn snippets(page: &str) -> Vec<Value> {
    page.split("```yaml\n")
        .skip(1)
        .map(|rest| serde_saphyr::from_str(rest.split("```").next().unwrap()).unwrap())
        .collect()
}

fn snippet(page: &str, kind: &str) -> Value {
    snippets(page).into_iter().find(|snippet| snippet["kind"] == kind).unwrap()
}

#[test]
fn the_table_of_actions_is_that_of_the_files() {
    let mut told = Vec::new();
    let (_, table) = ARGO.split_once("## Actions").unwrap();
    for row in table.split("##").next().unwrap().lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let words = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
        let kinds = words(cells[2]);
        for kind in ["EcsCluster", "EcsService", "EcsTaskDefinition", "ServerGroup"] {
            if kinds.is_empty() || kinds.iter().any(|named| named == kind) {
                told.extend(words(cells[1]).into_iter().map(|action| (kind.to_owned(), action)));
            }
        }
    }
    told.sort();
    let mut there = Vec::new();
    for kind in ["EcsCluster", "EcsService", "EcsTaskDefinition", "ServerGroup"] {
        there.extend(actions(kind).into_iter().map(|action| (kind.to_owned(), action)));
    }
    assert_eq!(told, there);
}

#[test]
fn the_snippets_are_yaml_and_name_what_there_is() {
    for page in [ARGO, FLUX, SCALING] {
        assert!(!snippets(page).is_empty());
    }
    let flux = snippet(FLUX, "Kustomization");
    assert_eq!((&flux["spec"]["force"], &flux["spec"]["wait"]), (&json!(false), &json!(true)));
    for kind in ["HorizontalPodAutoscaler", "ScaledObject"] {
        let target = &snippet(SCALING, kind)["spec"]["scaleTargetRef"];
        assert_eq!(target["apiVersion"], "ecs-operator.dev/v1alpha1");
    }
}

#[tokio::test]
async fn an_autoscaler_keeps_a_service_inside_its_bounds_and_an_apply_without_a_count_leaves_its_number() {
    let stage = Stage::operated("guide-scaling").await;
    let mut declared = snippet(SCALING, "EcsService");
    declared["metadata"]["name"] = "declared".into();
    let mut uncounted = service("web", "prod", "web");
    uncounted["spec"].as_object_mut().unwrap().remove("desiredCount");
    let git = ["apply", "--server-side", "--field-manager=git", "--warnings-as-errors"];
    let all = [cluster("prod"), web("web", "nginx:1"), uncounted.clone(), declared];
    stage.send(&git, &all).await.unwrap();
    stage.ready(&["ecss/web", "ecss/declared"]).await;
    let scaler = snippet(SCALING, "HorizontalPodAutoscaler");
    stage.send(&git, std::slice::from_ref(&scaler)).await.unwrap();
    // Without a metric the bounds hold: 1 is below the minimum.
    let counted = ["wait", "ecss/web", "--for=jsonpath={.status.runningCount}=2", "--timeout=90s"];
    stage.kubectl(&counted).await.unwrap();
    uncounted["spec"]["enableECSManagedTags"] = true.into();
    stage.send(&git, &[uncounted]).await.unwrap();
    stage.ready(&["ecss/web"]).await;
    let web = stage.get("ecss/web").await;
    assert_eq!((&web["spec"]["desiredCount"], &web["status"]["desiredCount"]), (&json!(2), &json!(2)));
    // Only what was declared leaves the count to Application Auto Scaling.
    let updates = stage.aws.sent().into_iter().filter(|sent| sent.operation == "UpdateService");
    assert!(
        updates.filter(|sent| sent.body["service"] == "declared").all(|sent| sent.body.get("desiredCount").is_none())
    );
}

/// The patch is one that `kubectl patch` takes, and what other keys hold stays.
#[tokio::test]
async fn the_command_that_patches_argocd_cm_works() {
    let stage = Stage::new("argocd").await;
    let existing = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "argocd-cm"}, "data": {"url": "https://argo"},
    });
    stage.apply(&[existing]).await.unwrap();
    let (_, command) = ARGO.split_once("```sh\nkubectl ").unwrap();
    let command = command.lines().next().unwrap();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/gitops/argocd/argocd-cm.yaml");
    let arguments: Vec<&str> =
        command.split(' ').map(|word| if word.starts_with("docs/") { file } else { word }).collect();
    stage.plane.kubectl(&arguments, None).await.unwrap();
    let patched = stage.get("configmap/argocd-cm").await;
    assert_eq!(patched["data"]["url"], "https://argo");
    assert!(patched["data"]["resource.customizations"].as_str().unwrap().contains("ecs-operator.dev/*"));
}
