//! The samples that show every field of a kind.

use std::collections::BTreeSet;
use std::fs;

use ecs_operator::api::schema;
use ecs_operator::pages::commented;
use serde_json::Value;

use super::root;

const FILES: [(&str, &str); 5] = [
    ("AwsAccount", "aws-account.yaml"),
    ("EcsCluster", "ecs-cluster.yaml"),
    ("EcsService", "ecs-service.yaml"),
    ("EcsTaskDefinition", "ecs-task-definition.yaml"),
    ("ServerGroup", "server-group.yaml"),
];

fn each(look: impl Fn(&str, &Value, &str)) {
    for (kind, file) in FILES {
        let text = fs::read_to_string(root().join("full").join(file)).unwrap();
        look(file, schema::schema(kind).unwrap().unwrap(), &text);
    }
}

#[test]
fn every_field_of_every_kind_stands_in_its_sample() {
    each(|file, schema, text| {
        let told: BTreeSet<String> = commented::fields(text).into_iter().map(|field| field.path).collect();
        let missing: Vec<String> =
            commented::every_field(schema).into_iter().filter(|path| !told.contains(path)).collect();
        assert!(missing.is_empty(), "docs/samples/full/{file} does not show {missing:#?}");
    });
}

#[test]
fn what_is_commented_out_is_spelled_as_the_schema_spells_it() {
    each(|file, schema, text| {
        let known = commented::every_field(schema);
        for field in commented::fields(text) {
            // Names in a map are anybody's.
            let free = field.path.rsplit_once('.').is_some_and(|(above, _)| is_map(schema, above));
            assert!(free || known.contains(&field.path), "docs/samples/full/{file}: there is no {}", field.path);
        }
    });
}

fn is_map(schema: &Value, path: &str) -> bool {
    commented::find(schema, path).is_some_and(|node| node.get("additionalProperties").is_some())
}

#[test]
fn what_is_commented_out_says_why() {
    each(|file, _, text| {
        let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
        let out = |line: &str| line.starts_with('#') && !line.starts_with("# ") && !line.starts_with("##");
        for (number, line) in lines.iter().enumerate().filter(|(_, line)| out(line)) {
            let above: Vec<&&str> = lines[..number].iter().rev().take_while(|line| line.starts_with('#')).collect();
            assert!(above.iter().any(|line| line.starts_with("## ")), "docs/samples/full/{file}: {line}: why not?");
        }
    });
}

#[test]
fn comments_are_what_the_schema_says() {
    each(|file, schema, text| {
        let anew = commented::commented(schema, text);
        assert!(anew == text, "docs/samples/full/{file} is out of date; run `cargo run --bin crdgen`");
    });
}
