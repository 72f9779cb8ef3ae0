//! Published documents become manifests of our kinds, or are refused with place and remedy.

#![expect(clippy::expect_used, reason = "helpers of tests")]

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use ecs_operator::document::{self, Intake, Kind};
use serde_json::{Value, json};

fn fixture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/documents").join(name);
    document::decode(&std::fs::read(path).expect("the fixture")).expect("text")
}

fn taken(name: &str) -> Vec<Intake> {
    document::read(&fixture(name)).into_iter().map(|result| result.expect("taken")).collect()
}

fn refused(text: &str) -> String {
    let results = document::read(text);
    results.into_iter().next().expect("a result").expect_err("refused").to_string()
}

#[test]
fn every_document_has_the_verdict_that_is_expected() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let run = |expect: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ecs-documents"));
        command.arg(root.join("documents")).arg("--expect").arg(expect).output().expect("runs")
    };
    let output = run(&root.join("documents-expectations.json"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    // A verdict that differs, a document without expectation and one that is not there all fail.
    let folder = std::env::temp_dir().join(format!("ecs-documents-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let wrong = folder.join("expect.json");
    std::fs::write(&wrong, r#"{"bare-list.json": {"verdict": "accepted"}, "gone.json": {"verdict": "refused"}}"#)
        .expect("written");
    let output = run(&wrong);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    std::fs::remove_dir_all(&folder).expect("removed");
    assert_eq!(output.status.code(), Some(1));
    for part in
        ["bare-list.json: is refused", "gone.json: is expected and not there", "update-input.json: has no expectation"]
    {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn numbers_text_and_nulls_are_read_as_what_the_member_is() {
    let intake = taken("loose-types.json").remove(0);
    assert_eq!((intake.kind, intake.name.as_str()), (Kind::TaskDefinition, "shop"));
    let container = &intake.manifest["spec"]["containerDefinitions"][0];
    assert_eq!(container["portMappings"][0]["containerPort"], json!(80));
    assert_eq!(container["essential"], json!(true));
    assert_eq!(container["environment"][0]["value"], json!("3"));
    assert_eq!(container["dockerLabels"], json!({ "Team.Name": "Shop" }), "keys of labels keep their case");
    assert_eq!(intake.manifest["spec"].get("taskRoleArn"), None);
    assert!(intake.notes.iter().any(|note| note.contains("1 null")), "{:?}", intake.notes);
}

#[test]
fn pascal_case_becomes_our_members_and_leaves_what_users_name() {
    let spec = taken("pascal-case.json").remove(0).manifest["spec"].clone();
    assert_eq!(spec["volumes"][0]["efsVolumeConfiguration"]["fileSystemId"], "fs-1");
    assert_eq!(spec["containerDefinitions"][0]["dockerLabels"], json!({ "Keep-Case": "Yes" }));
    assert_eq!(spec["tags"], json!({ "Team": "Shop" }));
}

#[test]
fn descriptions_lose_what_only_answers_have_and_say_so() {
    let definition = taken("described-definition.json").remove(0);
    let members: Vec<&String> = definition.manifest["spec"].as_object().expect("object").keys().collect();
    assert_eq!(members, ["containerDefinitions", "family"]);
    let notes = definition.notes.join("\n");
    for member in ["taskDefinitionArn", "revision", "registeredAt", "`tags` was empty", "unwrapped"] {
        assert!(notes.contains(member), "{member} in {notes}");
    }
    let services = taken("described-services.json");
    assert_eq!(services.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["shop-web", "agent"]);
    let spec = &services[0].manifest["spec"];
    assert_eq!(spec["serviceName"], "shop_web");
    assert_eq!(spec["cluster"], "arn:aws:ecs:eu-west-1:123456789012:cluster/main");
    assert_eq!(spec["enableECSManagedTags"], json!(true));
    assert_eq!(spec["serviceConnectConfiguration"]["namespace"], "shop", "only its deployment says it");
    assert_eq!(spec.get("runningCount"), None);
}

#[test]
fn an_update_names_its_service_otherwise() {
    let intake = taken("update-input.json").remove(0);
    assert_eq!(intake.kind, Kind::Service);
    assert_eq!(
        intake.manifest["spec"],
        json!({ "cluster": "main", "serviceName": "shop", "taskDefinition": "shop:8" })
    );
    assert!(intake.notes.join(" ").contains("forceNewDeployment"));
}

#[test]
fn objects_of_other_tools_are_translated() {
    let service = taken("ack-service.yaml").remove(0);
    let expected = json!({ "serviceName": "Shop", "clusterRef": { "name": "main" }, "taskDefinitionRef": { "name": "shop" }, "desiredCount": 2 });
    assert_eq!(service.manifest["spec"], expected);
    let both = taken("crossplane.yaml");
    assert_eq!(both[0].manifest["spec"]["containerDefinitions"][0]["name"], "web");
    assert_eq!(both[1].manifest["spec"]["taskDefinitionRef"], json!({ "name": "shop" }), "by its labels");
    let own = taken("own-objects.yaml").remove(0);
    assert_eq!(own.manifest["metadata"], json!({ "name": "shop", "namespace": "web", "labels": { "team": "shop" } }));
}

#[test]
fn what_cannot_be_understood_is_refused_with_a_reason() {
    assert!(refused("").contains("is empty"));
    assert!(refused("\u{feff}  \n").contains("is empty"));
    assert!(refused("just text").contains("not a task definition"));
    assert!(refused("{\"a\": 1}").contains("no members"));
    assert!(refused("{\"family\": \"a\",}").contains("line 1 column 16"));
    assert!(refused("local x = 1;\n{ a: x }").contains("Jsonnet"));
    assert!(refused("{\"cloudProvider\": \"ecs\", \"application\": \"a\"}").contains("Spinnaker"));
    assert!(refused("a: &a [1]\nb: *a\na: 2\n").contains("is not YAML"));
    assert!(refused("apiVersion: v1\nkind: Service\nmetadata: {name: a}\n").contains("group v1"));
    let twice = "{\"family\": \"a\", \"Family\": \"b\", \"containerDefinitions\": []}";
    assert!(refused(twice).contains("different cases"));
    assert!(document::decode(&[b'{', 0xC3, 0x28]).is_err());
}

#[test]
fn deep_and_self_repeating_texts_are_refused_without_harm() {
    let deep = "[".repeat(100_000);
    assert!(refused(&deep).contains("is not JSON"));
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for n in 1..12 {
        let items = vec![format!("*a{}", n - 1); 10].join(", ");
        writeln!(bomb, "a{n}: &a{n} [{items}]").expect("written");
    }
    assert!(refused(&bomb).contains("is not YAML"));
}

#[test]
fn text_in_utf_16_is_read() {
    let text = "{\"clusterName\": \"main\"}";
    let mut bytes = vec![0xFF, 0xFE];
    bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    assert_eq!(document::decode(&bytes).expect("text"), text);
    let intake = document::read(text).remove(0).expect("taken");
    assert_eq!(intake.manifest["kind"], Value::from("EcsCluster"));
}

#[test]
fn the_guide_names_every_reason_of_a_condition() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guide.md");
    let guide = std::fs::read_to_string(guide).expect("the guide");
    for reason in ecs_operator::api::condition::Reason::ALL {
        assert!(guide.contains(&format!("`{reason}`")), "docs/guide.md does not explain {reason}");
    }
}
