//! Published task definitions against the verdicts written down for them.

use std::path::Path;

use serde_json::Value;

use super::{ok, refused, world};

/// Members that only answers have.
const OUTPUTS: [&str; 7] = [
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
];

fn document(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn without_outputs(mut document: Value) -> Value {
    let members = document.as_object_mut().unwrap();
    members.retain(|name, _| !OUTPUTS.contains(&name.as_str()));
    if members.get("tags").and_then(Value::as_array).is_some_and(Vec::is_empty) {
        members.remove("tags");
    }
    document
}

#[test]
fn documents_that_run_somewhere_are_accepted_as_they_lie() {
    let names = [
        "fargate-envoy-firelens-depends-on-healthy.json",
        "ec2-core-dump-ulimits.json",
        "ec2-host-network-console-nulls.json",
        "ec2-nvidia-gpu.json",
        "docker-volume-task-scope.json",
        "pid-mode-task.json",
        "bridge-links-volumes-from.json",
        "datadog-system-probe-capabilities.json",
        "windows-named-pipe-null-boolean.json",
    ];
    for name in names {
        let answer = ok(&mut world(), "RegisterTaskDefinition", &document(name));
        assert_eq!(answer["taskDefinition"]["revision"], 1, "{name}");
    }
}

#[test]
fn a_described_document_is_accepted_without_its_read_only_members() {
    let described = document("described-ten-containers-efs-arm64.json");
    assert_eq!(refused(&mut world(), "RegisterTaskDefinition", &described).0, "SerializationException");
    let answer = ok(&mut world(), "RegisterTaskDefinition", &without_outputs(described));
    assert_eq!(answer["taskDefinition"]["containerDefinitions"].as_array().unwrap().len(), 10);
}

#[test]
fn wrong_documents_are_refused_for_their_reason() {
    let cases = [
        ("fargate-cpu-128.json", "ClientException", "No Fargate configuration exists for given values"),
        ("port-mappings-not-a-list.json", "SerializationException", "portMappings"),
        ("wrapped-efs-firelens.json", "SerializationException", "taskDefinition"),
        ("wrapped-proxy-without-envoy.json", "SerializationException", "taskDefinition"),
        ("fargate-newrelic-vcpu-gb-strings.json", "ClientException", "Role is not valid"),
        ("windows-gmsa-credential-spec.json", "ClientException", "Role is not valid"),
        ("external-firelens.json", "ClientException", "Role is not valid"),
        ("codepipeline-image-placeholder.json", "ClientException", "Role is not valid"),
    ];
    for (name, code, phrase) in cases {
        let (got, message) = refused(&mut world(), "RegisterTaskDefinition", &document(name));
        assert_eq!(got, code, "{name}: {message}");
        assert!(message.contains(phrase), "{name}: {message}");
    }
}

#[test]
fn duplicate_names_and_missing_containers_are_refused() {
    let twice = without_outputs(document("described-duplicate-container-names.json"));
    let (code, message) = refused(&mut world(), "RegisterTaskDefinition", &twice);
    assert_eq!(code, "ClientException");
    assert!(message.contains("unique"), "{message}");
    let empty = document("no-containers.json");
    assert_eq!(refused(&mut world(), "RegisterTaskDefinition", &empty).0, "ClientException");
}
