//! `import` of other tools' files, as a program of its own: reviewed manifests and warnings under
//! `tests/fixtures/plugin/import`.

use std::path::PathBuf;
use std::process::Command;

use ecs_operator::document::{self, Verdict};
use serde_json::Value;

use super::local::{Ended, tempdir};
use super::look::compared;

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/plugin/import")
}

/// Runs `kubectl-ecs import`, without Kubernetes and without AWS.
fn import(arguments: &[&str]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-ecs"));
    let output = command.arg("import").args(arguments).current_dir(fixtures()).env_clear().output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ended { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
}

/// Compares what is written and what is said with what was reviewed.
fn reviewed(tool: &str, ended: &Ended) {
    compared(&format!("import/{tool}.expected.yaml"), &ended.out);
    compared(&format!("import/{tool}.expected.txt"), &ended.err);
}

/// The objects of a stream, each one that the API server would take.
fn objects(ended: &Ended) -> Vec<Value> {
    let all: Vec<Value> = serde_saphyr::from_multiple(&ended.out).unwrap();
    all.into_iter().filter(|value| !value.is_null()).collect()
}

#[test]
fn ecspresso_becomes_a_service_and_its_task_definition() {
    let ended = import(&["-f", "ecspresso/ecspresso.yml"]).with(0);
    reviewed("ecspresso", &ended);
    let all = objects(&ended);
    assert_eq!(all[1]["spec"]["serviceName"], "Shop_Front");
    assert_eq!(all[1]["metadata"]["name"], "shop-front");
    assert_eq!(all[1]["spec"]["taskDefinitionRef"]["name"], "shop-front");
    for told in ["`containerDefinitions[front].colour`", "DB_PASSWORD", "must_env", "`plugins`"] {
        assert!(ended.err.contains(told) && ended.out.contains(told), "{told}: {}", ended.err);
    }
    let folder = import(&["-f", "ecspresso"]).with(0);
    assert_eq!(objects(&folder), all, "a folder is the same files");
}

#[test]
fn pipecd_s_application_names_its_files_and_what_has_no_counterpart_is_told() {
    let ended = import(&["-f", "pipecd/app.pipecd.yaml", "--manage", "--region", "eu-west-1"]).with(0);
    reviewed("pipecd", &ended);
    for told in ["task sets", "spec.pipeline", "targetGroups.canary"] {
        assert!(ended.err.contains(told), "{told}: {}", ended.err);
    }
    assert!(objects(&ended).iter().all(|object| object["spec"].get("managementMode").is_none()));
}

#[test]
fn answers_of_the_aws_cli_are_joined_by_revision() {
    let ended = import(&["-f", "aws", "-n", "shop"]).with(1);
    reviewed("aws", &ended);
    let all = objects(&ended);
    let names: Vec<&str> = all.iter().map(|object| object["metadata"]["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["prod", "web", "web", "web-next"]);
    assert_eq!(all[2]["spec"]["taskDefinitionRef"]["name"], "web");
    assert_eq!(all[3]["spec"]["taskDefinition"], "web:8", "another revision than the one that was read");
    assert!(ended.err.contains("cluster/gone: MISSING"), "{}", ended.err);
}

#[test]
fn ack_s_references_lead_to_the_new_objects() {
    let ended = import(&["-f", "ack/objects.yaml", "--from", "ack"]).with(0);
    reviewed("ack", &ended);
    let service = objects(&ended).remove(2);
    assert_eq!(service["spec"]["clusterRef"]["name"], "main");
    assert_eq!(service["spec"]["taskDefinitionRef"]["name"], "search");
    assert!(ended.err.contains("executionRoleRef"), "{}", ended.err);
    let other = import(&["-f", "ack/objects.yaml", "--from", "aws"]).with(4);
    assert!(other.err.contains("another tool's"), "{}", other.err);
}

#[test]
fn spinnaker_s_server_groups_become_one_object_with_the_newest_as_template() {
    let ended = import(&["-f", "spinnaker", "--server-groups"]).with(0);
    reviewed("spinnaker", &ended);
    let all = objects(&ended);
    assert_eq!((all.len(), &all[0]["kind"]), (1, &Value::from("ServerGroup")));
    let inline = all[0]["spec"]["template"]["artifact"]["inline"].as_str().unwrap();
    assert!(!inline.contains("SERVER_GROUP") && inline.contains("MODE"), "{inline}");
    let plain = objects(&import(&["-f", "spinnaker"]).with(0));
    assert_eq!(plain.len(), 3, "without --server-groups they are services");
}

#[test]
fn what_is_not_rendered_or_not_there_is_refused_with_what_to_do() {
    let jsonnet = import(&["-f", "unrendered"]).with(4);
    assert!(jsonnet.err.contains("Jsonnet") && jsonnet.err.contains("render"), "{}", jsonnet.err);
    import(&["-f", "nowhere.json"]).with(64);
    import(&[]).with(64);
    import(&["--service", "web"]).with(64);
}

#[test]
fn one_file_an_object_and_none_overwritten() {
    let folder = tempdir::Folder::new("import-files");
    let path = folder.path.join("out");
    let path = path.to_str().unwrap();
    let ended = import(&["-f", "ack/objects.yaml", "-d", path]).with(0);
    assert_eq!(ended.out.lines().count(), 3);
    let text = std::fs::read_to_string(folder.path.join("out/ecsservice-search.yaml")).unwrap();
    assert!(text.contains("kind: EcsService"), "{text}");
    import(&["-f", "ack/objects.yaml", "-d", path]).refused("is there already");
}

/// Whatever people publish: the import ends, and what it writes is valid YAML that says what it lacks.
#[test]
fn every_published_document_is_imported_or_refused_by_name() {
    for path in crate::registered::documents() {
        let accepted = document::decode(&std::fs::read(&path).unwrap())
            .is_ok_and(|text| document::judge(&text).iter().any(Verdict::is_accepted));
        let own = std::fs::read_to_string(&path).is_ok_and(|text| text.contains("ecs-operator.dev/v1alpha1"));
        let ended = import(&["-f", path.to_str().unwrap(), "--cluster", "c"]);
        assert!(matches!(ended.code, 0 | 1 | 4), "{}: {ended:?}", path.display());
        let written = if ended.code == 4 { 0 } else { objects(&ended).len() };
        assert!(!accepted || own || written > 0, "{}: {}", path.display(), ended.err);
        assert!(written > 0 || ended.err.contains("warning:"), "{}: {}", path.display(), ended.err);
    }
}
