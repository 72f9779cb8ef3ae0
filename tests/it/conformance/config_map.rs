//! The patch of `argocd-cm`, made from the Lua files: for whoever does not build Argo CD with them inside.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::recorded::{check, folder, yaml};

const KINDS: [&str; 4] = ["EcsCluster", "EcsService", "EcsTaskDefinition", "ServerGroup"];
/// What changes without anybody's doing, and needs no look at the application.
const COUNTS: [&str; 5] = [
    "/status/desiredCount",
    "/status/runningCount",
    "/status/pendingCount",
    "/status/runningTasksCount",
    "/status/pendingTasksCount",
];

fn lua(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The actions of a kind: its folders that hold an `action.lua`.
pub fn actions(kind: &str) -> Vec<String> {
    let entries = fs::read_dir(folder().join(kind).join("actions")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut names: Vec<String> = paths
        .filter(|path| path.join("action.lua").is_file())
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// The `data` of the patch.
fn data() -> Map<String, Value> {
    let mut data = Map::new();
    // Only the combined key takes a wildcard.
    let health = json!({"ecs-operator.dev/*": {"health.lua": lua(&folder().join("_/health.lua"))}});
    data.insert("resource.customizations".to_owned(), yaml(&health).into());
    for kind in KINDS {
        let at = folder().join(kind).join("actions");
        let definitions: Vec<Value> = actions(kind)
            .iter()
            .map(|name| json!({"name": name, "action.lua": lua(&at.join(name).join("action.lua"))}))
            .collect();
        let offered = json!({
            "mergeBuiltinActions": true,
            "discovery.lua": lua(&at.join("discovery.lua")),
            "definitions": definitions,
        });
        data.insert(format!("resource.customizations.actions.ecs-operator.dev_{kind}"), yaml(&offered).into());
        let ignored = yaml(&json!({ "jsonPointers": COUNTS }));
        data.insert(format!("resource.customizations.ignoreResourceUpdates.ecs-operator.dev_{kind}"), ignored.into());
    }
    data.insert("resource.links".to_owned(), yaml(&links()).into());
    data
}

/// Links into the console, made from what the status knows.
fn links() -> Value {
    let base = "https://{{.resource.status.account.region}}.console.aws.amazon.com/ecs/v2";
    let has = |kind: &str| {
        format!(
            r#"resource.apiVersion startsWith "ecs-operator.dev/" && resource.kind == "{kind}" && resource.status?.arn != nil"#
        )
    };
    json!([
        {
            "title": "Amazon ECS console",
            "description": "The cluster in the console of AWS",
            "url": format!(r#"{base}/clusters/{{{{(splitList "/" .resource.status.arn) | last}}}}/services"#),
            "if": has("EcsCluster"),
        },
        {
            "title": "Amazon ECS console",
            "description": "The service in the console of AWS",
            "url": format!(
                r#"{base}/clusters/{{{{index (splitList "/" .resource.status.arn) 1}}}}/services/{{{{(splitList "/" .resource.status.arn) | last}}}}/health"#
            ),
            "if": has("EcsService"),
        },
        {
            "title": "Amazon ECS console",
            "description": "The family in the console of AWS",
            "url": format!("{base}/task-definitions/{{{{.resource.status.family}}}}"),
            "if": has("EcsTaskDefinition"),
        },
    ])
}

#[test]
fn the_patch_of_argocd_cm_is_made_from_the_lua_files() {
    let patch = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "argocd-cm", "namespace": "argocd"},
        "data": data(),
    });
    check(&folder().with_file_name("argocd-cm.yaml"), &yaml(&patch));
}

#[test]
fn every_count_that_argo_shall_ignore_is_one_of_the_status() {
    let crds = ecs_operator::api::schema::crds().unwrap();
    for count in COUNTS {
        let member = count.trim_start_matches("/status/");
        let known = crds.iter().any(|crd| {
            let crd = serde_json::to_value(crd).unwrap();
            let schema = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
            !schema["properties"]["status"]["properties"][member].is_null()
        });
        assert!(known, "{count}");
    }
}
