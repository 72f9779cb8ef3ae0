//! The play: the stage, the screen, and what one can do and wait for.

use std::collections::BTreeMap;
use std::time::Duration;

use ecs_sim::elbv2::Balanced;
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::error::DemoError;
use crate::facts::facts;
use crate::observe::{Snapshot, observe};
use crate::samples::{self, text};
use crate::screen::Screen;
use crate::stage::{NAMESPACE, Stage};

/// Time between two looks.
const GLANCE: Duration = Duration::from_millis(400);
/// The longest that any wait may take, on a machine that is busy with other things.
pub const LIMIT: Duration = Duration::from_mins(2);

/// The stage, the screen, and the manifests as they stand in Git.
pub struct Play {
    /// What is running.
    pub stage: Stage,
    /// Where it is seen.
    pub screen: Screen,
    /// The load balancer of the server group, once there is one.
    pub balanced: Option<Balanced>,
    git: BTreeMap<(String, String), Value>,
}

impl Play {
    /// Nothing is applied yet; Git holds the samples to start with.
    pub fn new(stage: Stage, screen: Screen) -> Result<Self, DemoError> {
        let mut play = Self { stage, screen, balanced: None, git: BTreeMap::new() };
        for sample in samples::load()? {
            sample.manifests.into_iter().for_each(|manifest| play.add(manifest));
        }
        Ok(play)
    }

    /// Puts a manifest into Git.
    pub fn add(&mut self, mut manifest: Value) {
        if let Some(metadata) = manifest.pointer_mut("/metadata").and_then(Value::as_object_mut) {
            metadata.insert("namespace".to_owned(), json!(NAMESPACE));
        }
        let key = (text(&manifest, "/kind").to_owned(), text(&manifest, "/metadata/name").to_owned());
        self.git.insert(key, manifest);
    }

    /// How many manifests there are.
    pub fn manifests(&self) -> usize {
        self.git.len()
    }

    /// Applies all manifests of a kind; returns how many.
    pub async fn apply_all(&mut self, kind: &str) -> Result<usize, DemoError> {
        let manifests: Vec<Value> = self.of_kind(kind).cloned().collect();
        for manifest in &manifests {
            self.stage.apply(manifest).await?;
        }
        Ok(manifests.len())
    }

    /// Deletes all objects of a kind.
    pub async fn delete_all(&mut self, kind: &str) -> Result<(), DemoError> {
        for manifest in self.of_kind(kind) {
            let name = text(manifest, "/metadata/name");
            self.stage.objects(kind).delete(name, &DeleteParams::background()).await?;
        }
        Ok(())
    }

    fn of_kind(&self, kind: &str) -> impl Iterator<Item = &Value> {
        self.git.iter().filter(move |((of, _), _)| of == kind).map(|(_, manifest)| manifest)
    }

    /// Commits another image of a task definition's first container and applies it.
    pub async fn commit_image(&mut self, definition: &str, image: &str) -> Result<(), DemoError> {
        let change = ("/spec/containerDefinitions/0/image", json!(image));
        self.commit("EcsTaskDefinition", definition, &[change], image).await
    }

    /// Commits changes of a manifest, by JSON pointer, and applies it.
    pub async fn commit(
        &mut self,
        kind: &str,
        name: &str,
        changes: &[(&str, Value)],
        message: &str,
    ) -> Result<(), DemoError> {
        let key = (kind.to_owned(), name.to_owned());
        let manifest = self.git.get_mut(&key).ok_or_else(|| missing(name))?;
        for (pointer, value) in changes {
            *manifest.pointer_mut(pointer).ok_or_else(|| missing(name))? = value.clone();
        }
        self.screen.doing(&format!("git commit -m \"{name}: {message}\" && kubectl apply --server-side -f ."));
        self.stage.apply(manifest).await
    }

    /// The image of a task definition's first container, as it stands in Git.
    pub fn image(&self, definition: &str) -> String {
        let key = ("EcsTaskDefinition".to_owned(), definition.to_owned());
        let manifest = self.git.get(&key);
        manifest.map_or_else(String::new, |m| text(m, "/spec/containerDefinitions/0/image").to_owned())
    }

    /// Sets an annotation of a service.
    pub async fn annotate(&mut self, service: &str, key: &str, value: &str) -> Result<(), DemoError> {
        self.screen.doing(&format!("kubectl annotate ecsservice {service} {key}={value}"));
        let patch = json!({ "metadata": { "annotations": { key: value } } });
        let api = self.stage.objects("EcsService");
        api.patch(service, &PatchParams::default(), &Patch::Merge(patch)).await?;
        Ok(())
    }

    /// Looks once.
    pub async fn look(&mut self) -> Result<Snapshot, DemoError> {
        self.stage.operator.check()?;
        let snapshot = observe(&self.stage.kube, NAMESPACE, &self.stage.aws).await?;
        self.screen.show(&snapshot);
        Ok(snapshot)
    }

    /// Looks until it is so.
    pub async fn until(&mut self, what: &str, so: impl Fn(&Snapshot) -> bool + Send) -> Result<Snapshot, DemoError> {
        let begun = Instant::now();
        loop {
            let snapshot = self.look().await?;
            if so(&snapshot) {
                return Ok(snapshot);
            }
            if begun.elapsed() > LIMIT {
                let seen: Vec<String> = facts(&snapshot).iter().map(|(key, text)| format!("  {key}: {text}")).collect();
                return Err(DemoError::Late { what: what.to_owned(), limit: LIMIT.as_secs(), seen: seen.join("\n") });
            }
            sleep(GLANCE).await;
        }
    }

    /// Looks for so long.
    pub async fn watch(&mut self, time: Duration) -> Result<(), DemoError> {
        let begun = Instant::now();
        while begun.elapsed() < time {
            self.look().await?;
            sleep(GLANCE.min(time)).await;
        }
        Ok(())
    }
}

fn missing(definition: &str) -> DemoError {
    DemoError::Unexpected(format!("no such place in the manifest of `{definition}`"))
}
