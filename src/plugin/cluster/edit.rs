//! Edits with optimistic concurrency: what was judged is what is changed, or it is judged anew.

use kube::Client;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use super::{objects, read};
use crate::plugin::exit::PluginError;
use crate::plugin::setting::FIELD_MANAGER;
use crate::plugin::tree::Object;

/// Others may be faster so often.
const TRIES: usize = 5;

/// Judges the object and sends the merge patch that comes of it; again with the newer object where somebody else was
/// faster. Gives the object after the edit.
pub async fn edit(
    kube: &Client,
    object: Object,
    judge: impl Fn(&Object) -> Result<Value, PluginError>,
) -> Result<Object, PluginError> {
    let api = objects(kube, object.kind, Some(&object.namespace));
    sent(kube, object, async |seen| {
        let mut patch = judge(seen)?;
        json_patch::merge(&mut patch, &json!({"metadata": {"resourceVersion": seen.version, "uid": seen.uid}}));
        let answer = api.patch(&seen.name, &ours(), &Patch::Merge(&patch)).await;
        Ok(answer.map(|object| Object::of(seen.kind, &object)))
    })
    .await
}

/// Sets the count by the scale subresource, for a role may allow that alone; judged as [`edit`] does. Gives the object
/// as it was judged.
pub async fn scale(
    kube: &Client,
    object: Object,
    tasks: i32,
    judge: impl Fn(&Object) -> Result<(), PluginError>,
) -> Result<Object, PluginError> {
    let api = objects(kube, object.kind, Some(&object.namespace));
    sent(kube, object, async |seen| {
        judge(seen)?;
        let patch = json!({"metadata": {"resourceVersion": seen.version}, "spec": {"replicas": tasks}});
        let answer = api.patch_scale(&seen.name, &ours(), &Patch::Merge(&patch)).await;
        Ok(answer.map(|_| seen.clone()))
    })
    .await
}

/// Sends what is made of the object; made anew of the newer object where somebody else was faster, be it the operator
/// that writes its status.
async fn sent<T>(
    kube: &Client,
    object: Object,
    send: impl AsyncFn(&Object) -> Result<kube::Result<T>, PluginError>,
) -> Result<T, PluginError> {
    let mut seen = object;
    for _ in 0..TRIES {
        match send(&seen).await? {
            Ok(answer) => return Ok(answer),
            Err(kube::Error::Api(status)) if status.code == 409 => {
                let again = read::get(kube, &seen.namespace, seen.kind, &seen.name).await?;
                seen = again.ok_or_else(|| PluginError::Missing(format!("{} is gone", seen.address())))?;
            }
            Err(error) => return Err(PluginError::kubernetes(format!("editing {}", seen.address()))(error)),
        }
    }
    Err(PluginError::Refused(format!("{} is edited by somebody else all the time; try again", seen.address())))
}

fn ours() -> PatchParams {
    PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() }
}

/// The merge patch that sets an annotation, or removes it.
pub fn annotation(key: &str, value: Option<&str>) -> Value {
    json!({"metadata": {"annotations": {key: value}}})
}
