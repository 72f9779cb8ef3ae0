//! The documents as they are checked in.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use ecs_operator::aws::Op;
use ecs_operator::iam::{Condition, Feature, Grant, MOST_CHARACTERS, PARAMETERS, Profile, files, grants, permission};
use serde::Deserialize;
use serde_json::Value;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Paths and contents of all documents.
fn documents() -> Vec<(String, Value)> {
    let json = |(name, _): &(String, String)| Path::new(name).extension().is_some_and(|kind| kind == "json");
    files().unwrap().into_iter().filter(json).map(|(name, text)| (name, serde_json::from_str(&text).unwrap())).collect()
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::String(text) => vec![text.clone()],
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => panic!("neither text nor list: {value}"),
    }
}

fn below(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            below(&path, found);
        } else {
            found.insert(path.strip_prefix(root().join("docs")).unwrap().to_str().unwrap().to_owned());
        }
    }
}

#[test]
fn checked_in_documents_are_current() {
    let mut expected = BTreeSet::new();
    for (name, text) in files().unwrap() {
        let found = std::fs::read_to_string(root().join("docs").join(&name)).unwrap_or_default();
        assert!(found == text, "docs/{name} is out of date; run `cargo run --bin crdgen`");
        expected.insert(name);
    }
    let mut present = BTreeSet::from(["iam.md".to_owned()]);
    below(&root().join("docs/iam"), &mut present);
    assert_eq!(present, expected, "docs/iam holds a file that nothing makes");
}

#[test]
fn no_document_allows_every_action_and_no_sid_stands_twice() {
    for (name, document) in documents() {
        assert_eq!(document["Version"], "2012-10-17", "{name}");
        let mut sids = BTreeSet::new();
        for statement in document["Statement"].as_array().unwrap() {
            assert_eq!(statement["Effect"], "Allow", "{name}");
            let sid = statement["Sid"].as_str().unwrap();
            assert!(sid.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{name}: {sid}");
            assert!(sids.insert(sid.to_owned()), "{name}: {sid}");
            let actions = texts(&statement["Action"]);
            assert!(!actions.is_empty() && actions.iter().all(|action| !action.contains('*')), "{name}: {sid}");
        }
        assert!(!sids.is_empty(), "{name}");
    }
}

/// Also with the longest names that AWS gives, and a long installation id.
#[test]
fn every_document_fits_a_managed_policy() {
    for (name, document) in documents() {
        let mut text = serde_json::to_string(&document).unwrap();
        assert!(text.len() < MOST_CHARACTERS, "{name}: {}", text.len());
        for &(parameter, _, _) in PARAMETERS {
            let value = match parameter {
                "partition" => "aws-us-gov",
                "region" => "ap-southeast-1",
                "account" => "111122223333",
                _ => "a-name-of-forty-characters-that-is-wordy",
            };
            text = text.replace(&format!("${{{parameter}}}"), value);
        }
        assert!(!text.contains("${"), "{name} has a parameter that is not listed: {text}");
        assert!(text.len() < MOST_CHARACTERS, "{name}: {} filled in", text.len());
    }
}

#[test]
fn every_operation_that_the_code_calls_has_its_rows_and_every_statement_an_action() {
    for &op in Op::ALL {
        // Who one is, everybody may ask.
        assert_eq!(grants(op).is_empty(), op == Op::GetCallerIdentity, "{op}");
        let features: Vec<Feature> = grants(op).iter().map(|grant| grant.feature()).collect();
        assert!(!features.contains(&Feature::PassRole), "{op}");
        assert_eq!(features.contains(&Feature::Accounts), op == Op::AssumeRole, "{op}");
    }
    for &grant in Grant::ALL {
        assert!(!grant.actions().is_empty() && !grant.why().is_empty(), "{}", grant.sid());
        // What is allowed on everything either reads, or IAM knows no narrower way.
        let everywhere = grant.resources() == ["*"];
        assert!(!everywhere || grant.reads() || grant == Grant::DeregisterTaskDefinitions, "{}", grant.sid());
    }
}

/// An operation of the list that nothing calls would be a right for nothing.
#[test]
fn every_operation_of_the_list_is_called_somewhere() {
    let mut called = String::new();
    let mut sources = BTreeSet::new();
    gather(&root().join("src"), &mut sources);
    for path in sources {
        let name = path.strip_prefix(root().join("src")).unwrap().to_str().unwrap();
        if name == "aws/op.rs" || name.starts_with("iam/") || name.contains("test") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        called.push_str(text.split("\n#[cfg(test)]\nmod tests {").next().unwrap());
    }
    for op in Op::ALL {
        let name = format!("Op::{op:?}");
        let found = called
            .match_indices(&name)
            .any(|(at, _)| !called[at + name.len()..].starts_with(|next: char| next.is_alphanumeric()));
        assert!(found, "nothing calls {name}");
    }
}

fn gather(folder: &Path, found: &mut BTreeSet<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, found);
        } else {
            found.insert(path);
        }
    }
}

#[test]
fn a_profile_that_only_reads_changes_nothing_and_the_two_parts_of_everything_are_everything() {
    for op in Op::ALL.iter().filter(|op| op.mutating()) {
        assert!(grants(*op).iter().all(|&grant| !Profile::ReadOnly.has(grant)), "{op}");
    }
    let apart = [Feature::Accounts, Feature::Events, Feature::ServiceLinkedRoles];
    for &grant in Grant::ALL {
        let parts = [Profile::EverythingEcs, Profile::EverythingElse].map(|part| part.has(grant));
        let expected = usize::from(!apart.contains(&grant.feature()));
        assert_eq!(parts.into_iter().filter(|&has| has).count(), expected, "{}", grant.sid());
    }
}

/// What the Service Authorization Reference says of an action.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Known {
    access: String,
    resources: BTreeMap<String, KnownResource>,
    condition_keys: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KnownResource {
    arn: String,
    required: bool,
    condition_keys: Vec<String>,
}

fn known() -> BTreeMap<String, Known> {
    serde_json::from_str(include_str!("../../fixtures/iam/authorization.json")).unwrap()
}

/// Does a text with `*` cover another?
fn covers(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap()) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

/// Can a resource of this kind be one that the statement names?
fn meets(resource: &str, arn: &str) -> bool {
    let mut resource = resource.to_owned();
    for (parameter, _, _) in PARAMETERS {
        resource = resource.replace(&format!("${{{parameter}}}"), "x");
    }
    covers(&resource, &arn.replace('*', "x")) || covers(arn, &resource.replace('*', "x"))
}

#[test]
fn iam_knows_every_action_with_the_resources_and_conditions_that_its_statement_names() {
    let known = known();
    for &grant in Grant::ALL {
        let (sid, resources) = (grant.sid(), grant.resources());
        for action in grant.actions() {
            let row = known.get(&action).unwrap_or_else(|| panic!("{sid}: IAM knows no {action}"));
            let matched: Vec<&KnownResource> =
                row.resources.values().filter(|kind| resources.iter().any(|named| meets(named, &kind.arn))).collect();
            if resources != ["*"] {
                assert!(!matched.is_empty(), "{sid}: {action} on none of {resources:?}");
                let missing = row
                    .resources
                    .iter()
                    .find(|(_, kind)| kind.required && !matched.iter().any(|found| found.arn == kind.arn));
                assert!(missing.is_none(), "{sid}: {action} needs {:?} too", missing.map(|(name, _)| name));
            }
            for condition in grant.conditions() {
                let key = condition.parts().1;
                let is = |other: &String| match other.split_once("${") {
                    Some((start, _)) => key.starts_with(start),
                    None => *other == key,
                };
                let accepted = row.condition_keys.iter().any(is)
                    || (!matched.is_empty() && matched.iter().all(|kind| kind.condition_keys.iter().any(is)));
                assert!(accepted, "{sid}: {action} does not know {key}");
            }
        }
        for named in resources.iter().filter(|&&named| named != "*") {
            let of = |action: &String| known[action].resources.values().any(|kind| meets(named, &kind.arn));
            assert!(grant.actions().iter().any(of), "{sid}: no action is for {named}");
        }
    }
}

#[test]
fn reading_and_writing_are_what_iam_calls_so() {
    let known = known();
    let used: BTreeSet<String> = Grant::ALL.iter().flat_map(|grant| grant.actions()).collect();
    assert_eq!(used, known.keys().cloned().collect(), "run tests/fixtures/iam/generate.py");
    // For IAM it writes to assume a role; nothing in AWS is another for it. And everybody may ask who they are.
    let apart = [Op::AssumeRole, Op::GetCallerIdentity];
    for op in Op::ALL.iter().filter(|op| !apart.contains(op)) {
        let access = &known[&permission(*op)].access;
        let reads = ["Read", "List"].iter().any(|word| access.split(", ").any(|level| level == *word));
        assert_eq!(reads, !op.mutating(), "{op}: {access}");
    }
}

/// What IAM can tell as ours must be ours, before it is changed.
#[test]
fn what_changes_asks_for_our_tag_wherever_iam_can_look_at_it() {
    let known = known();
    for grant in Grant::ALL.iter().filter(|grant| !grant.reads()) {
        for action in grant.actions() {
            let row = &known[&action];
            let keys = || row.resources.values().flat_map(|kind| &kind.condition_keys).chain(&row.condition_keys);
            let has = |start: &str| keys().any(|key| key.starts_with(start));
            let ours = grant.conditions().iter().any(|condition| {
                matches!(condition, Condition::OfUs | Condition::MarksAsOurs | Condition::OurTagsOnly)
            });
            let of_roles =
                matches!(grant.feature(), Feature::Accounts | Feature::PassRole | Feature::ServiceLinkedRoles);
            // These carry tags only when they create.
            let may_carry_none = ["cloudwatch:PutMetricAlarm", "application-autoscaling:RegisterScalableTarget"];
            let asked = ours || of_roles || may_carry_none.contains(&action.as_str());
            assert!(asked || !(has("aws:ResourceTag/") || has("aws:RequestTag/")), "{}: {action}", grant.sid());
        }
    }
}

#[test]
fn the_pages_command_fills_a_document_in() {
    let page = std::fs::read_to_string(root().join("docs/iam.md")).unwrap();
    let command = page.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    let (command, target) = command.trim().rsplit_once(" > ").unwrap();
    assert_eq!(target, "everything-ecs.json");
    let shell = |script: &str| {
        let output = Command::new("sh").args(["-c", script]).current_dir(root()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let text = shell(command);
    assert!(!text.contains("${"), "{text}");
    let document: Value = serde_json::from_str(&text).unwrap();
    let statements = document["Statement"].as_array().unwrap();
    let of = |sid: &str| statements.iter().find(|statement| statement["Sid"] == sid).unwrap();
    assert_eq!(of("ChangeClusters")["Resource"][0], "arn:aws:ecs:eu-west-1:111122223333:cluster/*");
    assert_eq!(of("PassTaskRoles")["Resource"][0], "arn:aws:iam::111122223333:role/shop/*");
    assert_eq!(
        of("ChangeClusters")["Condition"]["StringEquals"]["aws:ResourceTag/ecs-operator.dev/installation"],
        "prod-eu"
    );
}

#[test]
fn the_page_tells_of_every_action_and_its_links_lead_to_files() {
    let page = std::fs::read_to_string(root().join("docs/iam.md")).unwrap();
    for &grant in Grant::ALL {
        for action in grant.actions() {
            let row = |line: &&str| line.contains(&format!("| `{action}` | `{}` |", grant.sid()));
            let rows: Vec<&str> = page.lines().filter(row).collect();
            assert_eq!(rows.len(), 1, "{}: {action}", grant.sid());
            assert_eq!(rows[0].matches('|').count(), 7, "{}", rows[0]);
        }
    }
    let mut links = 0;
    for link in page.split("](").skip(1) {
        let target = link.split(')').next().unwrap();
        assert!(root().join("docs").join(target).is_file(), "{target}");
        links += 1;
    }
    assert_eq!(links, documents().len());
    assert!(std::fs::read_to_string(root().join("README.md")).unwrap().contains("(docs/iam.md)"));
}

#[test]
fn trust_policies_name_who_may_and_never_everybody() {
    for (name, document) in documents().into_iter().filter(|(name, _)| name.contains("/trust/")) {
        for statement in document["Statement"].as_array().unwrap() {
            let principal = statement["Principal"].as_object().unwrap();
            assert_eq!(principal.len(), 1, "{name}");
            for value in principal.values() {
                assert!(!value.as_str().unwrap().contains('*'), "{name}");
            }
            for action in texts(&statement["Action"]) {
                assert!(action.starts_with("sts:"), "{name}: {action}");
            }
        }
    }
    let of =
        |name: &str| documents().into_iter().find(|(file, _)| file == &format!("iam/trust/{name}.json")).unwrap().1;
    assert_eq!(of("task")["Statement"][0]["Principal"]["Service"], "ecs-tasks.amazonaws.com");
    let account = of("account");
    assert_eq!(account["Statement"][0]["Condition"]["StringEquals"]["sts:ExternalId"][0], "${installation}:${tenant}");
    // `sts:TagSession` does not know the external id: with it in the condition, it would never be allowed.
    assert!(account["Statement"][1]["Condition"].get("StringEquals").is_none());
}
