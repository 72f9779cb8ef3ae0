//! Both simulated worlds as the plugin sees them, drawn for several pages, compared with what is checked in.

use std::path::Path;

use ecs_operator::plugin::cloud::Cloud;
use ecs_operator::plugin::cluster::events;
use ecs_operator::plugin::kind::Kind;
use ecs_operator::plugin::page::Page;
use ecs_operator::plugin::render::text::{painted, width};
use ecs_operator::plugin::render::{Line, Look};
use ecs_operator::plugin::tree::{Object, Snapshot};
use serde_json::Value;

use crate::support::world::{REGION, World};

/// What `kubectl ecs` would read of the worlds now.
pub fn snapshot(world: &World) -> Snapshot {
    let mut objects = Vec::new();
    for kind in Kind::ALL {
        let plural = format!("{}.ecs-operator.dev", kind.resource().plural);
        let all = world.api.with(|api| api.all(&plural));
        objects.extend(all.into_iter().map(|value| Object::of(kind, &serde_json::from_value(value).unwrap())));
    }
    objects.sort_by(|a: &Object, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
    let told = world.api.with(|api| api.all("events.events.k8s.io"));
    let read = |value: Value| events::read(&serde_json::from_value(value).unwrap());
    let mut happenings: Vec<_> = told.into_iter().filter_map(read).collect();
    events::sort(&mut happenings);
    Snapshot { objects, happenings, ..Snapshot::default() }
}

/// The same with the tasks, as a person asks ECS for them.
pub async fn with_tasks(world: &World) -> Snapshot {
    let mut snapshot = snapshot(world);
    let cloud = Cloud::of(world.aws.of_a_person().config(REGION));
    for object in snapshot.objects.iter().filter(|object| object.kind == Kind::Service) {
        let seen = cloud.service(object).await;
        snapshot.ecs.insert((object.namespace.clone(), object.name.clone()), seen);
    }
    snapshot
}

/// Draws on pages of 80 and 160 columns, into a pipe, and wide; compares with the file of this name.
pub fn drawn(world: &World, name: &str, draw: impl Fn(&Look, usize) -> Vec<Line>) {
    let narrow = Page { width: 80, height: 24, live: true, ..Page::plain() };
    let pages = [
        ("80 columns, 24 lines", narrow),
        ("160 columns", Page { width: 160, height: 60, ..narrow }),
        ("piped", Page::plain()),
        ("wide", Page { wide: true, ..Page::plain() }),
    ];
    let mut text = String::new();
    for (title, page) in pages {
        let look = Look::of(page, world.clock.exact());
        let lines = draw(&look, page.height);
        assert!(lines.len() <= page.height, "{name}, {title}: {} lines", lines.len());
        let coloured = painted(&lines, true).concat();
        let lines = painted(&lines, false);
        for line in &lines {
            assert!(width(line) <= page.width, "{name}, {title}: {line}");
            assert!(!line.contains('\u{1b}') && !line.ends_with(' '), "{name}, {title}: {line}");
        }
        let bare: String = lines.concat();
        assert_eq!(uncoloured(&coloured), bare, "{name}, {title}: colours change nothing but colours");
        text.extend(["==== ", title, "\n", &lines.join("\n"), "\n"]);
    }
    compared(name, &text);
}

fn uncoloured(text: &str) -> String {
    let mut bare = String::new();
    let mut code = false;
    for letter in text.chars() {
        match (code, letter) {
            (false, '\u{1b}') => code = true,
            (true, 'm') => code = false,
            (true, _) => {}
            (false, letter) => bare.push(letter),
        }
    }
    bare
}

/// Compares with what is checked in, or writes it when asked to.
pub fn compared(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/plugin").join(name);
    if std::env::var_os("ECS_OPERATOR_RECORD").is_some() {
        std::fs::write(&path, text).unwrap();
        return;
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    let hint = "run `ECS_OPERATOR_RECORD=1 cargo test --test it plugin`";
    assert!(found == text, "{} is out of date; {hint}\n--- now\n{text}", path.display());
}
