//! What a change looks like.

use super::printed;
use crate::diff::{Change, Scope, task_definition};
use serde_json::{Value, json};

const MARK: &str = "s3cr3t";

fn secretive(mark: &str) -> Value {
    json!({
        "family": "web",
        "containerDefinitions": [{
            "name": "web",
            "environment": [{ "name": "PASSWORD", "value": mark }, { "name": mark.to_uppercase(), "value": "v" }],
            "repositoryCredentials": { "credentialsParameter": mark },
            "logConfiguration": { "logDriver": "splunk", "options": { "splunk-token": mark },
                "secretOptions": [{ "name": "k", "valueFrom": "arn:aws:ssm:eu-west-1:111122223333:parameter/p" }] },
            "firelensConfiguration": { "type": "fluentbit", "options": { "x": mark } },
            "launchedTomorrow": { "deep": mark },
        }],
        "volumes": [
            { "name": "share", "dockerVolumeConfiguration": { "driverOpts": { "o": mark } } },
            { "name": "win", "fsxWindowsFileServerVolumeConfiguration": { "fileSystemId": "fs-1", "rootDirectory": "d",
                "authorizationConfig": { "credentialsParameter": mark, "domain": "d" } } },
        ],
    })
}

/// Documents in which the secret sits where it should and where it should not.
fn leaking() -> Vec<Value> {
    vec![
        secretive(MARK),
        json!({ "containerDefinitions": [{ "name": "web", "environment": { "PASSWORD": MARK } }] }),
        json!({ "containerDefinitions": [{ "name": "web", "environment": MARK }] }),
        json!({ "containerDefinitions": [{ "name": "web", "environment": [MARK] }] }),
        json!({ "containerDefinitions": [{ "name": "web", "environment": [{ "name": "A", "value": { "x": MARK } }] }] }),
        json!({ "containerDefinitions": [{ "name": "web", "environment": [{ "name": "A", "Value": MARK }] }] }),
        json!({ "containerDefinitions": [{ "name": "web", "logConfiguration": { "options": [MARK] } }] }),
        json!({ "containerDefinitions": [{ "name": "web", "logConfiguration": MARK }] }),
        json!({ "containerDefinitions": { "web": { "environment": MARK } } }),
        json!({ "containerDefinitions": [{ "name": "other", "environment": [{ "name": "A", "value": MARK }] }] }),
    ]
}

#[test]
fn secrets_are_never_printed() {
    let mut others = leaking();
    others.extend([json!({}), secretive("0th3r"), json!({ "containerDefinitions": [{ "name": "web" }] })]);
    for left in &others {
        for right in &others {
            for scope in [Scope::Declared, Scope::Whole] {
                let changes = task_definition::diff(left, right, scope);
                assert_eq!(changes.is_empty() && scope == Scope::Whole, left == right && scope == Scope::Whole);
                for change in changes {
                    let text = format!("{change:?} {change}");
                    assert!(!text.contains(MARK) && !text.contains("0th3r"), "{text}");
                }
            }
        }
    }
}

#[test]
fn a_changed_secret_is_named_but_not_shown() {
    let changes = task_definition::diff(&secretive("new"), &secretive("old"), Scope::Declared);
    let printed = printed(&changes);
    let expected = "containerDefinitions[web].environment[PASSWORD].value: (redacted) → (redacted)";
    assert!(printed.iter().any(|line| line == expected), "{printed:#?}");
    let expected = "containerDefinitions[web].logConfiguration.options[splunk-token]: (redacted) → (redacted)";
    assert!(printed.iter().any(|line| line == expected), "{printed:#?}");
}

#[test]
fn a_printed_change_is_one_line_of_at_most_200_characters() {
    let long = "é".repeat(900);
    for (path, from, to) in [
        ("image", Some(long.clone()), Some(long.clone())),
        (long.as_str(), None, Some(long.clone())),
        (long.as_str(), Some("short".to_owned()), Some(long.clone())),
    ] {
        let path = path.to_owned();
        let text = Change { path, from, to }.to_string();
        assert!(text.chars().count() <= 200, "{}", text.chars().count());
    }
    let image = |image: &str| json!({ "containerDefinitions": [{ "name": "w", "image": image }] });
    let changes = task_definition::diff(&image("a\nb\u{7}"), &image(&long), Scope::Declared);
    assert_eq!(changes.len(), 1);
    assert!(!changes[0].to_string().contains(char::is_control));
    assert!(changes[0].from.as_ref().is_some_and(|from| from.chars().count() <= 200));
}

#[test]
fn the_end_of_a_long_image_stays_readable() {
    let repository = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/".to_owned() + &"team/".repeat(20);
    let image =
        |tag: &str| json!({ "containerDefinitions": [{ "name": "web", "image": format!("{repository}web:{tag}") }] });
    let changes = task_definition::diff(&image("v42"), &image("v41"), Scope::Whole);
    let line = changes[0].to_string();
    assert!(line.starts_with("containerDefinitions[web].image: "), "{line}");
    assert!(line.contains("web:v41 → ") && line.ends_with("web:v42"), "{line}");
}

#[test]
fn a_large_subtree_is_counted() {
    let container = json!({ "name": "side", "image": "i", "command": vec!["word"; 60], "memory": 5 });
    let changes = task_definition::diff(&json!({ "containerDefinitions": [container] }), &json!({}), Scope::Whole);
    assert_eq!(changes[0].path, "containerDefinitions[side]");
    assert_eq!(changes[0].from, None);
    let to = changes[0].to.clone().unwrap();
    assert!(to.ends_with(" members}"), "{to}");
}
