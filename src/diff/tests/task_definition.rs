//! Task definitions: spellings, defaults, lists.

use super::printed;
use crate::diff::Scope;
use crate::diff::task_definition::{content_hash, diff, normalize};
use serde_json::{Value, json};

fn container(container: Value) -> Value {
    let mut container = container;
    container["name"] = json!("web");
    json!({ "family": "web", "containerDefinitions": [container] })
}

#[test]
fn sizes_become_units() {
    for (written, registered) in [
        ("0.25 vCPU", "256"),
        ("1 vcpu", "1024"),
        (" 2 vCPU ", "2048"),
        (".5vcpu", "512"),
        ("256", "256"),
        ("0.1 vCPU", "0.1 vCPU"),
        ("many", "many"),
    ] {
        assert_eq!(normalize(&json!({ "cpu": written }))["cpu"], registered, "{written}");
    }
    for (written, registered) in [("1 GB", "1024"), ("0.5gb", "512"), ("30 GB", "30720"), ("1.5 GB", "1536")] {
        assert_eq!(normalize(&json!({ "memory": written }))["memory"], registered, "{written}");
    }
    assert_eq!(normalize(&json!({ "cpu": 512 }))["cpu"], "512");
    assert_eq!(normalize(&container(json!({ "memory": "128" })))["containerDefinitions"][0]["memory"], 128);
}

#[test]
fn host_ports_follow_the_network_mode() {
    for (mode, written, expected) in [
        ("awsvpc", json!({}), 80),
        ("host", json!({ "hostPort": 0 }), 80),
        ("awsvpc", json!({ "hostPort": "0" }), 80),
        ("bridge", json!({}), 0),
        ("bridge", json!({ "hostPort": 8080 }), 8080),
    ] {
        let mut mapping = written;
        mapping["containerPort"] = json!(80);
        let mut document = container(json!({ "portMappings": [mapping] }));
        document["networkMode"] = json!(mode);
        assert_eq!(normalize(&document)["containerDefinitions"][0]["portMappings"][0]["hostPort"], expected, "{mode}");
    }
}

#[test]
fn a_dynamic_host_port_differs_from_a_fixed_one() {
    let port = |port: i32| container(json!({ "portMappings": [{ "containerPort": 80, "hostPort": port }] }));
    let changes = diff(&port(0), &port(8080), Scope::Declared);
    assert_eq!(printed(&changes), ["containerDefinitions[web].portMappings[80/tcp].hostPort: 8080 → 0"]);
}

#[test]
fn any_protocol_but_udp_is_tcp() {
    let with = |protocol: &str| container(json!({ "portMappings": [{ "containerPort": 80, "protocol": protocol }] }));
    assert_eq!(content_hash(&with("http")), content_hash(&with("tcp")));
    assert_ne!(content_hash(&with("udp")), content_hash(&with("tcp")));
}

#[test]
fn an_empty_environment_value_is_not_an_absent_one() {
    let with = |item: Value| container(json!({ "environment": [item] }));
    assert_ne!(content_hash(&with(json!({ "name": "A", "value": "" }))), content_hash(&with(json!({ "name": "A" }))));
}

#[test]
fn labels_and_options_keep_their_case() {
    let labels = |key: &str| container(json!({ "dockerLabels": { key: "v" } }));
    assert_ne!(content_hash(&labels("A")), content_hash(&labels("a")));
    assert!(normalize(&labels("Com.Example"))["containerDefinitions"][0]["dockerLabels"]["Com.Example"] == "v");
}

#[test]
fn defaults_empties_nulls_and_tags_do_not_count() {
    let plain = container(json!({ "image": "i" }));
    let full = json!({
        "family": "web", "networkMode": "bridge", "enableFaultInjection": false, "tags": [{ "key": "a", "value": "b" }],
        "volumes": [], "placementConstraints": null, "requiresCompatibilities": [], "status": "ACTIVE", "revision": 3,
        "containerDefinitions": [{
            "name": "web", "image": "i", "cpu": 0, "essential": true, "environment": [], "portMappings": [], "dockerLabels": {},
            "linuxParameters": { "capabilities": { "add": [], "drop": [] }, "initProcessEnabled": false },
            "restartPolicy": { "enabled": false }, "versionConsistency": "enabled", "privileged": false, "healthCheck": null,
        }],
    });
    assert_eq!(content_hash(&plain), content_hash(&full));
    assert_eq!(diff(&plain, &full, Scope::Whole), []);
}

#[test]
fn order_of_arguments_counts() {
    let command = |words: [&str; 2]| container(json!({ "command": words }));
    let changes = diff(&command(["b", "a"]), &command(["a", "b"]), Scope::Declared);
    assert_eq!(printed(&changes), ["containerDefinitions[web].command: [a, b] → [b, a]"]);
}

#[test]
fn an_item_only_in_ecs_is_a_change_and_an_undeclared_member_is_not() {
    let desired = container(json!({ "environment": [{ "name": "A", "value": "1" }] }));
    let observed = container(
        json!({ "stopTimeout": 90, "environment": [{ "name": "A", "value": "1" }, { "name": "B", "value": "2" }] }),
    );
    let changes = diff(&desired, &observed, Scope::Declared);
    assert_eq!(
        printed(&changes),
        ["containerDefinitions[web].environment[B]: {name: B, value: (redacted)} → (absent)"]
    );
    let whole = diff(&desired, &observed, Scope::Whole);
    assert!(whole.iter().any(|change| change.path == "containerDefinitions[web].stopTimeout" && change.to.is_none()));
}

#[test]
fn an_empty_list_is_a_wish_for_none() {
    let observed = container(json!({ "links": ["db"] }));
    let changes = diff(&container(json!({ "links": [] })), &observed, Scope::Declared);
    assert_eq!(printed(&changes), ["containerDefinitions[web].links: [db] → []"]);
    assert_eq!(diff(&container(json!({ "links": [] })), &container(json!({})), Scope::Declared), []);
    assert_eq!(diff(&container(json!({})), &observed, Scope::Declared), []);
}

#[test]
fn a_role_by_name_is_the_role_by_arn() {
    let role = |role: &str| json!({ "executionRoleArn": role });
    let arn = role("arn:aws:iam::111122223333:role/team/puller");
    assert_eq!(diff(&role("puller"), &arn, Scope::Whole), []);
    assert_eq!(diff(&role("team/puller"), &arn, Scope::Declared), []);
    assert_eq!(diff(&role("pull"), &arn, Scope::Declared).len(), 1);
}

#[test]
fn items_of_one_identity_are_paired_by_content() {
    let ports = |hosts: [i32; 2]| {
        container(
            json!({ "portMappings": [{ "containerPort": 80, "hostPort": hosts[0] }, { "containerPort": 80, "hostPort": hosts[1] }] }),
        )
    };
    assert_eq!(diff(&ports([1000, 2000]), &ports([2000, 1000]), Scope::Declared), []);
    let changes = diff(&ports([1000, 3000]), &ports([2000, 1000]), Scope::Declared);
    assert_eq!(printed(&changes), ["containerDefinitions[web].portMappings[80/tcp].hostPort: 2000 → 3000"]);
}

#[test]
fn the_log_mode_of_the_account_is_no_change() {
    let log = |options: Value| container(json!({ "logConfiguration": { "logDriver": "awslogs", "options": options } }));
    let observed = log(json!({ "awslogs-group": "g", "mode": "non-blocking" }));
    assert_eq!(diff(&log(json!({ "awslogs-group": "g" })), &observed, Scope::Declared), []);
    assert_eq!(diff(&log(json!({ "awslogs-group": "g", "mode": "blocking" })), &observed, Scope::Declared).len(), 1);
}
