//! Published task definitions go the whole way: document → manifest → object → revision in the simulated ECS, which
//! takes them; described again, they are the same content, so that a second pass registers nothing.
//!
//! `ECS_DOCUMENTS` names a further folder of documents to try beside the project's own.

use std::path::{Path, PathBuf};

use ecs_operator::api::EcsTaskDefinition;
use ecs_operator::api::condition::{ConditionType, find};
use ecs_operator::document::{self, Intake, Kind, Verdict};

use crate::registered_services::placed;
use crate::support::world::World;

/// The project's own documents, and those of `ECS_DOCUMENTS`.
pub fn documents() -> Vec<PathBuf> {
    let mut found = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/documents"), &mut found);
    if let Some(folder) = std::env::var_os("ECS_DOCUMENTS") {
        files(Path::new(&folder), &mut found);
    }
    found
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            files(&entry, found);
        } else if entry.extension().is_none_or(|extension| extension != "md") {
            found.push(entry);
        }
    }
}

/// The objects of a kind in all documents that can be applied, and where each stands.
pub fn accepted(kind: Kind) -> Vec<(String, Intake)> {
    let mut all = Vec::new();
    for path in documents() {
        let Ok(text) = document::decode(&std::fs::read(&path).unwrap()) else { continue };
        for (number, verdict) in document::judge(&text).into_iter().enumerate() {
            let Verdict::Accepted(intake) = verdict else { continue };
            if intake.kind == kind {
                all.push((format!("{} ({number})", path.display()), intake));
            }
        }
    }
    all
}

#[tokio::test(start_paused = true)]
async fn every_accepted_task_definition_is_registered_once_and_stays_the_same() {
    let mut registered = 0;
    for (place, intake) in accepted(Kind::TaskDefinition) {
        let world = World::ready(1).await;
        let mut operator = world.operator();
        let manifest = placed(intake.manifest);
        let name = manifest["metadata"]["name"].as_str().unwrap().to_owned();
        world.try_apply::<EcsTaskDefinition>(&manifest).await.unwrap_or_else(|error| panic!("{place}: {error}"));
        operator.rest().await;
        let status = world.status::<EcsTaskDefinition>(&name).await;
        let ready = find(&status.conditions, ConditionType::Ready).unwrap();
        assert_eq!((ready.status.as_str(), status.revision), ("True", Some(1)), "{place}: {}", ready.message);
        // A process that remembers nothing compares with what ECS describes.
        world.aws.take_sent();
        let mut again = world.operator();
        again.rest().await;
        again.sweep().await;
        let writes: Vec<_> = world.aws.sent().into_iter().filter(crate::support::wire::Sent::is_write).collect();
        assert!(writes.is_empty(), "{place}: {writes:?}");
        registered += 1;
    }
    assert!(registered >= 5, "only {registered} documents were registered");
}
