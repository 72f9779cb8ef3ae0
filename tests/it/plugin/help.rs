//! `export`, `doctor`, `report` and `import` from AWS, as a person types them, on a real kube-apiserver.

use std::io::Read as _;

use serde_json::{Value, json};

use super::local::Desk;
use crate::support::manifests::{cluster, service, web};

const SECRET: &str = "correct-horse-battery-staple";

#[tokio::test]
async fn what_is_exported_makes_the_same_objects_again() {
    let desk = Desk::new("desk-export").await;
    desk.stage.apply(&[cluster("prod"), web("web", "nginx:1"), service("web", "prod", "web")]).await.unwrap();
    desk.ecs(&["wait", "svc/web", "--timeout", "90s"]).await.with(0);
    desk.ecs(&["refresh", "svc/web"]).await.with(0);
    let text = desk.ecs(&["export"]).await.with(0).out;
    for gone in
        ["status:", "uid", "managedFields", "finalizers", "resourceVersion", "reconcile-requested-at", "last-applied"]
    {
        assert!(!text.contains(gone), "{gone} in {text}");
    }
    let all: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap();
    let kinds: Vec<&str> = all.iter().map(|object| object["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["EcsCluster", "EcsTaskDefinition", "EcsService"]);
    let before = desk.stage.get("ecss/web").await;
    assert_eq!(all[2]["spec"], before["spec"]);
    desk.stage.apply(&all).await.unwrap();
    assert_eq!(desk.stage.get("ecss/web").await["metadata"]["generation"], before["metadata"]["generation"]);
    let one = desk.ecs(&["export", "svc/web", "-o", "json", "--no-namespace"]).await.with(0).json();
    assert_eq!(one["items"][0]["metadata"], json!({"name": "web"}));
    desk.ecs(&["export", "sg"]).await.with(4);
}

#[tokio::test]
async fn what_runs_is_imported_from_aws_and_equals_what_was_asked_for() {
    let desk = Desk::new("desk-import").await;
    desk.stage.apply(&[cluster("prod"), web("web", "nginx:1"), service("web", "prod", "web")]).await.unwrap();
    desk.ecs(&["wait", "svc/web", "--timeout", "90s"]).await.with(0);
    let ended = desk.ecs(&["import", "--cluster", "prod", "--all-services", "-o", "json"]).await.with(0);
    assert!(ended.err.contains("OwnedByAnother"), "what the operator has already is told: {}", ended.err);
    let items = ended.json()["items"].clone();
    assert_eq!(items[2]["spec"]["managementMode"], "Observe");
    assert_eq!(
        (&items[2]["spec"]["clusterRef"]["name"], &items[2]["spec"]["taskDefinitionRef"]["name"]),
        (&json!("prod"), &json!("web"))
    );
    assert_eq!(items[1]["spec"]["containerDefinitions"][0]["image"], "nginx:1");
    desk.ecs(&["import", "--cluster", "nowhere"]).await.with(4);
    let missing = desk.ecs(&["import", "--cluster", "prod", "--service", "gone"]).await.with(1);
    assert!(missing.err.contains("no service gone in cluster prod"), "{}", missing.err);
}

#[tokio::test]
async fn the_doctor_tells_what_is_wrong_and_what_it_may_not_ask() {
    let desk = Desk::new("desk-doctor").await;
    desk.stage.apply(&[cluster("prod")]).await.unwrap();
    desk.ecs(&["wait", "cluster/prod", "--timeout", "90s"]).await.with(0);
    let role = ["doctor", "--role", "arn:aws:iam::123456789012:role/ecs-operator", "-o", "json"];
    let ended = desk.ecs(&role).await.with(0).json();
    let find = |told: &Value, what: &str| {
        let all = told["checks"].as_array().unwrap().clone();
        all.into_iter().find(|check| check["what"].as_str().unwrap().contains(what)).unwrap_or_default()
    };
    for (what, finding) in [
        ("kinds", "good"),
        ("clock against the server", "good"),
        ("clock against AWS", "good"),
        ("credentials", "good"),
        ("your rights on EcsService", "good"),
        ("objects", "good"),
        ("operator's role", "unknown"),
        ("quotas", "unknown"),
    ] {
        assert_eq!(find(&ended, what)["finding"], finding, "{what}: {ended:#}");
    }
    assert!(find(&ended, "quotas")["said"].as_str().unwrap().contains("not allowed to ask"), "{ended:#}");

    desk.gate.denied.lock().unwrap().replace(vec!["ecs:DescribeServices".to_owned()]);
    let ended = desk.ecs(&role).await.with(1).json();
    let read = find(&ended, "IAM read");
    assert_eq!((&read["finding"], &read["said"]), (&json!("bad"), &json!("not allowed: ecs:DescribeServices")));
    assert_eq!(find(&ended, "IAM services")["finding"], "good", "{ended:#}");

    let mut broken = web("broken", "nginx:1");
    broken["spec"]["managementMode"] = json!("Observe");
    desk.stage.apply(&[broken]).await.unwrap();
    desk.stage.until("ecstd/broken", "False", "ResourceMissing").await;
    let text = desk.ecs(&["doctor", "--no-aws"]).await.with(1).out;
    assert!(
        text.contains("✖ ecstaskdefinition/broken: ResourceMissing") && text.contains("→ kubectl ecs status"),
        "{text}"
    );
}

#[tokio::test]
async fn a_secret_is_in_no_file_of_a_report() {
    let desk = Desk::new("desk-report").await;
    let mut web = web("web", "nginx:1");
    let container = &mut web["spec"]["containerDefinitions"][0];
    container["environment"] = json!([{"name": "TOKEN", "value": SECRET}]);
    container["command"] = json!(["serve", format!("--password={SECRET}")]);
    web["metadata"]["annotations"] = json!({"example.com/note": SECRET});
    desk.stage.apply(&[cluster("prod"), web, service("web", "prod", "web")]).await.unwrap();
    desk.ecs(&["wait", "svc/web", "--timeout", "90s"]).await.with(0);
    let document = json!({"containerDefinitions": [{
        "name": "app", "image": "nginx", "memory": 64, "environment": [{"name": "A", "value": SECRET}]
    }]});
    let group = json!({
        "apiVersion": "ecs-operator.dev/v1alpha1", "kind": "ServerGroup", "metadata": {"name": "shop-prod"},
        "spec": {"clusterRef": {"name": "prod"}, "capacity": {"desired": 1}, "managementMode": "Observe",
                 "template": {"launchType": "EC2", "artifact": {"inline": document.to_string()}}}
    });
    desk.stage.apply(&[group]).await.unwrap();
    let file = desk.tools.path.join("report.tar.gz");
    let ended = desk.ecs(&["report", "--file", file.to_str().unwrap()]).await.with(0);
    let packed = std::fs::read(&file).unwrap();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(packed.as_slice()));
    let mut names = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().display().to_string();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        assert!(!text.contains(SECRET) && !text.contains("battery"), "{name}: {text}");
        if name.ends_with("ecstaskdefinition-web.yaml") {
            assert!(text.contains("TOKEN") && text.contains("(hidden)") && text.contains("contentHash"), "{text}");
        }
        names.push(name);
    }
    for wanted in ["ecsservice-web.yaml", "servergroup-shop-prod.yaml", "events.json", "versions.json", "doctor.json"] {
        assert!(names.iter().any(|name| name.ends_with(wanted)), "{names:?}");
        assert!(ended.out.contains(wanted), "{}", ended.out);
    }
    desk.ecs(&["report", "--file", file.to_str().unwrap()]).await.refused("exists");
}
