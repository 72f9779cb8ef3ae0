//! The status of an object, written: as an apply, so that conditions of other writers stay theirs.

use std::borrow::Cow;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{Patch, PatchParams};
use kube::{Resource as _, ResourceExt as _};
use serde::{Deserialize as _, Serialize};
use serde_json::json;

use super::failure::StepError;
use super::kind::Kind;
use super::pass::Pass;
use crate::api::condition::is_ours;
use crate::api::names::FIELD_MANAGER;
use crate::api::status::Status;

/// What an apply says of an object of which a member has another type than the CRD now declares.
const NOT_TYPED: &str = "failed to create typed live object";

/// What is applied.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Applied<'a, S> {
    api_version: Cow<'static, str>,
    kind: Cow<'static, str>,
    metadata: ObjectMeta,
    status: &'a S,
}

/// A patch that is no apply, under the name that an apply gives: otherwise `managedFields` says `unknown`.
pub(super) fn ours() -> PatchParams {
    PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() }
}

impl<K: Kind> Pass<'_, K> {
    /// Writes the whole status with the version that was read, so that it cannot land on a successor.
    pub async fn write_status(&self, status: &K::Status) -> Result<(), StepError> {
        let params = PatchParams::apply(FIELD_MANAGER).force();
        let body = |version: Option<String>| Applied {
            api_version: K::api_version(&()),
            kind: K::kind(&()),
            metadata: ObjectMeta {
                name: Some(self.owner.name.clone()),
                resource_version: version,
                ..ObjectMeta::default()
            },
            status,
        };
        let first = self.api().patch_status(&self.owner.name, &params, &Patch::Apply(body(self.version()))).await;
        let written = match first {
            Err(kube::Error::Api(refused)) if refused.code == 409 && !K::RESUMES_FROM_STATUS => {
                let Some(object) = self.api().get_opt(&self.owner.name).await? else { return Ok(()) };
                if object.meta().uid.as_deref() != Some(self.uid()) {
                    return Ok(());
                }
                let version = object.resource_version();
                self.api().patch_status(&self.owner.name, &params, &Patch::Apply(body(version))).await
            }
            Err(kube::Error::Api(refused)) if refused.message.contains(NOT_TYPED) => {
                return self.replace_status(status).await;
            }
            other => other,
        };
        match written {
            Ok(object) => {
                self.moved_to(&object);
                let stored = object.data.get("status").and_then(|stored| K::Status::deserialize(stored).ok());
                let kept = stored.is_some_and(|stored| outlived(&stored, status));
                if kept { self.replace_status(status).await } else { Ok(()) }
            }
            Err(kube::Error::Api(refused)) if refused.code == 404 => Ok(()),
            Err(kube::Error::Api(refused)) if refused.code == 409 => Err(StepError::Outdated),
            Err(error) => Err(error.into()),
        }
    }

    /// Puts the status in place of the one stored, for objects that an apply cannot serve: those with a member of
    /// another type than declared, and those that lost the record of who wrote what. Conditions of other writers stay.
    async fn replace_status(&self, status: &K::Status) -> Result<(), StepError> {
        let mut common = status.common();
        let foreign = self.common.conditions.iter().filter(|condition| !is_ours(&condition.type_));
        common.conditions.extend(foreign.cloned());
        let mut status = status.clone();
        status.set_common(common);
        let patch = json!([
            {"op": "test", "path": "/metadata/uid", "value": self.uid()},
            {"op": "test", "path": "/metadata/resourceVersion", "value": self.version()},
            {"op": "add", "path": "/status", "value": status},
        ]);
        let patch: json_patch::Patch = serde_json::from_value(patch).map_err(kube::Error::SerdeError)?;
        match self.api().patch_status(&self.owner.name, &ours(), &Patch::Json::<()>(patch)).await {
            Ok(object) => {
                self.moved_to(&object);
                Ok(())
            }
            Err(kube::Error::Api(refused)) if refused.code == 404 => Ok(()),
            Err(kube::Error::Api(refused)) if refused.code == 422 || refused.code == 409 => Err(StepError::Outdated),
            Err(error) => Err(error.into()),
        }
    }
}

/// Does the stored status hold a condition of ours that the written one does not?
fn outlived<S: Status>(stored: &S, written: &S) -> bool {
    let written = written.common().conditions;
    let stored = stored.common().conditions;
    stored.iter().any(|old| is_ours(&old.type_) && written.iter().all(|new| new.type_ != old.type_))
}
