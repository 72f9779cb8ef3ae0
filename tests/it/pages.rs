//! The reference pages tell of everything, and their links lead somewhere.

use std::collections::BTreeSet;
use std::path::Path;

use ecs_operator::api::condition::{ConditionType, Reason};
use ecs_operator::api::schema::crds;
use ecs_operator::controllers::events::EventReason;
use serde_json::Value;

fn page(name: &str) -> String {
    ecs_operator::pages::files().unwrap().into_iter().find(|(file, _)| file == name).unwrap().1
}

/// Objects with fields, as heads of the page name them; fields in all.
fn objects(path: &str, node: &Value, heads: &mut Vec<String>) -> usize {
    let Some(properties) = node["properties"].as_object() else { return 0 };
    heads.push(path.to_owned());
    let below = properties.iter().map(|(name, field)| match (&field["items"], &field["additionalProperties"]) {
        (Value::Object(_), _) => objects(&format!("{path}.{name}[]"), &field["items"], heads),
        (_, Value::Object(_)) => objects(&format!("{path}.{name}.*"), &field["additionalProperties"], heads),
        _ => objects(&format!("{path}.{name}"), field, heads),
    });
    properties.len() + below.sum::<usize>()
}

#[test]
fn every_field_of_every_kind_has_its_row() {
    let text = page("api.md");
    let mut fields = 0;
    for crd in crds().unwrap() {
        let crd = serde_json::to_value(crd).unwrap();
        let root = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"];
        let kind = crd["spec"]["names"]["kind"].as_str().unwrap();
        assert!(text.contains(&format!("\n## {kind}\n")), "{kind}");
        let mut heads = Vec::new();
        fields += objects("spec", &root["spec"], &mut heads) + objects("status", &root["status"], &mut heads);
        for head in heads {
            assert!(text.contains(&format!("\n### {kind}: `{head}`\n")), "{kind}: {head}");
        }
    }
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| `")).collect();
    assert_eq!(rows.len(), fields);
    assert!(rows.iter().all(|row| row.replace(r"\|", "").matches('|').count() == 5), "every row has four cells");
}

#[test]
fn links_lead_to_heads_and_each_head_is_one_of_a_kind() {
    let text = page("api.md");
    let slug = |head: &str| -> String {
        let kept = head.chars().filter(|c| c.is_alphanumeric() || *c == ' ' || *c == '-');
        kept.collect::<String>().to_lowercase().replace(' ', "-")
    };
    let heads: Vec<String> = text.lines().filter_map(|line| line.strip_prefix("### ")).map(slug).collect();
    let once: BTreeSet<&String> = heads.iter().collect();
    assert_eq!(once.len(), heads.len());
    let mut links = 0;
    for link in text.split("](#").skip(1) {
        let target = link.split(')').next().unwrap().to_owned();
        assert!(once.contains(&target), "{target}");
        links += 1;
    }
    assert!(links > 100, "{links}");
}

#[test]
fn limits_and_fixed_members_are_told() {
    let text = page("api.md");
    let row = |head: &str, field: &str| -> String {
        let table = text.split(&format!("\n### {head}\n")).nth(1).unwrap();
        table.lines().find(|line| line.starts_with(&format!("| `{field}` "))).unwrap().to_owned()
    };
    let containers = row("EcsTaskDefinition: `spec`", "containerDefinitions");
    assert!(containers.contains("**required**; 1 to 10 items; each `name` once"), "{containers}");
    assert!(row("EcsService: `spec`", "clusterRef").contains("immutable"));
    let count = row("EcsService: `spec`", "desiredCount");
    assert!(count.contains("default `1`; 0 to 5000") && !count.contains("required"), "{count}");
}

#[test]
fn every_word_of_the_closed_lists_is_told() {
    let conditions = page("conditions.md");
    let told = |text: &str, word: &str| text.lines().any(|line| line.starts_with(&format!("| `{word}` | ")));
    for (word, doc) in ConditionType::ALL
        .iter()
        .map(|kind| (kind.as_str(), kind.doc()))
        .chain(Reason::ALL.iter().map(|reason| (reason.as_str(), reason.doc())))
    {
        assert!(told(&conditions, word), "{word}");
        assert!(doc.contains("\n\n"), "{word} does not say when it is set");
    }
    let events = page("events.md");
    for reason in EventReason::ALL {
        assert!(told(&events, reason.as_str()) && !reason.doc().is_empty(), "{reason}");
    }
}

/// A metric without a series is not exposed, and would be missed on the page.
#[test]
fn every_registered_metric_is_told() {
    let text = page("metrics.md");
    let mut registered = 0;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let folder = std::fs::read_dir(root.join("runtime/metrics")).unwrap().map(|entry| entry.unwrap().path());
    for file in [root.join("aws/metrics.rs"), root.join("runtime/metrics.rs")].into_iter().chain(folder) {
        let source = std::fs::read_to_string(&file).unwrap();
        // Most are registered; a collector names its own when they are read.
        let own = source.split("&mut encoder,").skip(1);
        for call in source.split("registry.register(").skip(1).chain(own) {
            let name = call.trim_start().trim_start_matches('"').split('"').next().unwrap();
            let row = text
                .lines()
                .find(|line| line.contains(&format!("{name}` | ")) || line.contains(&format!("{name}_total` | ")));
            assert!(row.is_some_and(|row| !row.contains("| |")), "{}: {name}", file.display());
            registered += 1;
        }
    }
    let rows = text.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(rows, registered, "all metrics are registered in these files");
}
