//! The specs of a version's children.

use ecs_operator::api::status::Slot;
use ecs_operator::controllers::server_group::render::{
    Intent, Pin, Resolved, in_place, service, task_definition, task_definition_in_place,
};
use serde_json::{Value, json};

use super::{arn, fixture, read, refused, resolved, resolved_on_fargate, spec, version, with_document};

/// Both children of version 7.
fn children(spec: &Value, slot: Option<Slot>, resolved: &Resolved) -> Value {
    let desired = read(spec);
    assert_eq!(refused(&desired), "");
    let version = version(&desired, 7, slot);
    let definition = task_definition(&desired, &version, resolved).unwrap();
    json!({ "taskDefinition": definition, "service": service(&desired, &version, resolved, 3) })
}

#[test]
fn inputs_become_one_container_on_instances() {
    insta::assert_yaml_snapshot!(children(&spec("inputs-ec2.yaml"), None, &resolved()));
}

#[test]
fn inputs_on_fargate_get_size_role_and_the_slots_target_group() {
    insta::assert_yaml_snapshot!(children(&spec("inputs-fargate.yaml"), Some(Slot::B), &resolved_on_fargate()));
}

#[test]
fn a_document_keeps_what_the_group_does_not_say() {
    insta::assert_yaml_snapshot!(children(&with_document(&fixture("document-two-containers.json")), None, &resolved()));
}

#[test]
fn a_document_of_one_container_needs_no_names() {
    let mut spec = with_document(&fixture("document-one-container.yaml"));
    spec["template"] = json!({
        "launchType": "EC2", "artifact": { "inline": spec["template"]["artifact"]["inline"] },
        "serviceRegistries": [{ "registryArn": "arn:aws:servicediscovery:eu-west-1:123456789012:service/srv-1", "port": 1 }],
    });
    let desired = read(&spec);
    let found = refused(&desired);
    assert!(found.contains("`spec.template.serviceRegistries[0]` must name container and port"), "{found}");
    spec["template"]["serviceRegistries"] = Value::Null;
    insta::assert_yaml_snapshot!(children(&spec, None, &Resolved::default()));
}

#[test]
fn slots_have_their_own_target_groups() {
    let desired = read(&spec("inputs-fargate.yaml"));
    for (slot, name) in [(Slot::A, "api-a"), (Slot::B, "api-b")] {
        let balancers = service(&desired, &version(&desired, 1, Some(slot)), &resolved(), 1).load_balancers.unwrap();
        assert_eq!(balancers[0].target_group_arn, Some(arn(name)));
        assert_eq!(balancers[0].container_name.as_deref(), Some("v001"));
    }
}

#[test]
fn presets_of_placement_are_those_of_spinnaker() {
    let fields = |preset: &str| {
        let mut spec = spec("inputs-ec2.yaml");
        spec["template"]["placementPreset"] = json!(preset);
        let desired = read(&spec);
        let strategy = service(&desired, &version(&desired, 1, None), &resolved(), 1).placement_strategy.unwrap();
        strategy.into_iter().map(|item| item.field.unwrap()).collect::<Vec<_>>().join(" ")
    };
    let zone = "attribute:ecs.availability-zone";
    assert_eq!(fields("AZBalancedSpread"), format!("{zone} instanceId"));
    assert_eq!(fields("AZBalancedBinPackMemory"), format!("{zone} memory"));
    assert_eq!(fields("AZBalancedBinPackCPU"), format!("{zone} cpu"));
    assert_eq!(fields("BinPackMemory"), "memory");
    assert_eq!(fields("BinPackCPU"), "cpu");
    assert_eq!(fields("OneTaskPerHost"), "instanceId");
}

#[test]
fn a_version_that_exists_takes_over_group_members_and_nothing_of_the_template() {
    let before = spec("inputs-ec2.yaml");
    let old = read(&before);
    let at = version(&old, 7, None);
    let existing = service(&old, &at, &resolved(), 3);
    let definition = task_definition(&old, &at, &resolved()).unwrap();

    let mut after = before;
    after["template"] = json!({ "launchType": "FARGATE", "subnetNames": ["x"], "enableExecuteCommand": true,
        "inputs": { "image": "other", "cpu": 256, "memory": 512 } });
    after["tags"] = json!({ "team": "search" });
    after["propagateTags"] = json!("TASK_DEFINITION");
    after["healthCheckGracePeriodSeconds"] = json!(60);
    after["deploymentConfiguration"] = json!({ "maximumPercent": 150 });
    after["deletionPolicy"] = json!("Retain");
    let new = read(&after);
    let now = in_place(&existing, &new, &at, &Intent { count: 5, pin: Pin::Free });

    assert_eq!(now.desired_count, Some(5));
    assert_eq!(now.tags.as_ref().unwrap()["team"], "search");
    assert_eq!(now.propagate_tags.as_deref(), Some("TASK_DEFINITION"));
    assert_eq!(now.health_check_grace_period_seconds, Some(60));
    assert_eq!(now.deployment_configuration.as_ref().unwrap().maximum_percent, Some(150));
    let back = in_place(&now, &old, &at, &Intent { count: 3, pin: Pin::Outward });
    assert_eq!(back, existing, "nothing else was touched");

    let tagged = task_definition_in_place(&definition, &new, &at);
    assert_eq!(tagged.container_definitions, definition.container_definitions);
    assert_eq!(tagged.tags.as_ref().unwrap()["team"], "search");
    assert_eq!(task_definition_in_place(&tagged, &old, &at), definition);
}

#[test]
fn tags_that_a_document_brought_along_stay() {
    let mut spec = with_document(&fixture("document-two-containers.json"));
    spec["tags"] = json!({ "team": "a" });
    let desired = read(&spec);
    let at = version(&desired, 1, None);
    let definition = task_definition(&desired, &at, &resolved()).unwrap();
    spec["tags"] = json!({ "other": "b" });
    let tags = task_definition_in_place(&definition, &read(&spec), &at).tags.unwrap();
    assert_eq!((tags.get("origin").map(String::as_str), tags.get("team")), (Some("export"), None));
}
