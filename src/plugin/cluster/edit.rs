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
    let params = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
    let mut seen = object;
    for _ in 0..TRIES {
        let mut patch = judge(&seen)?;
        json_patch::merge(&mut patch, &json!({"metadata": {"resourceVersion": seen.version, "uid": seen.uid}}));
        match api.patch(&seen.name, &params, &Patch::Merge(&patch)).await {
            Ok(object) => return Ok(Object::of(seen.kind, &object)),
            Err(kube::Error::Api(status)) if status.code == 409 => {
                let again = read::get(kube, &seen.namespace, seen.kind, &seen.name).await?;
                seen = again.ok_or_else(|| PluginError::Missing(format!("{} is gone", seen.address())))?;
            }
            Err(error) => return Err(PluginError::kubernetes(format!("editing {}", seen.address()))(error)),
        }
    }
    Err(PluginError::Refused(format!("{} is edited by somebody else all the time; try again", seen.address())))
}

/// The merge patch that sets an annotation, or removes it.
pub fn annotation(key: &str, value: Option<&str>) -> Value {
    json!({"metadata": {"annotations": {key: value}}})
}
