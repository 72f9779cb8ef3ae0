//! Runs the effects in order; stops at the first failure.

use kube::api::{Api, DeleteParams, Patch, PostParams, Preconditions};
use serde::Serialize;
use serde_json::json;

use super::scale_act;
use super::step::Step;
use crate::api::names::FIELD_MANAGER;
use crate::api::{EcsService, EcsTaskDefinition, ServerGroup};
use crate::aws::{Class, Op};
use crate::controllers::failure::StepError;
use crate::controllers::kind::Namespaced;
use crate::controllers::pass::Pass;
use crate::controllers::report::Outcome;
use crate::controllers::written::ours;

/// Runs all effects. Before the first the group is read anew: an effect is that of the status as it stands now.
pub(super) async fn run(steps: &[Step], pass: &Pass<'_, ServerGroup>) -> Outcome {
    let mut outcome = Outcome::default();
    if steps.iter().any(Step::is_call)
        && let Err(error) = pass.unchanged().await
    {
        outcome.failed = Some(error);
        return outcome;
    }
    for step in steps {
        if let Err(error) = one(step, pass).await {
            outcome.failed = Some(error);
            break;
        }
        outcome.done += 1;
    }
    outcome
}

async fn one(step: &Step, pass: &Pass<'_, ServerGroup>) -> Result<(), StepError> {
    match step {
        Step::Claim => pass.claim().await,
        Step::MakeTaskDefinition(object) => create::<EcsTaskDefinition>(object, pass).await,
        Step::MakeService(object) => create::<EcsService>(object, pass).await,
        Step::AlignTaskDefinition { object, spec } => align::<EcsTaskDefinition>(object, spec, pass).await,
        Step::AlignService { object, spec, .. } => align::<EcsService>(object, spec, pass).await,
        Step::Shift { rule, actions, .. } => {
            pass.cx.aws.modify_rule(&pass.scope(), rule, actions.clone(), pass.priority).await?;
            Ok(())
        }
        Step::Annotate { object, key, value } => annotate(object, key, value, pass).await,
        Step::StopTask { cluster, task, reason } => stop(cluster, task, reason, pass).await,
        Step::PutAlarm { .. }
        | Step::DeleteAlarms(_)
        | Step::PutPolicy(_)
        | Step::PutAction(_)
        | Step::DeletePolicy { .. }
        | Step::DeleteAction { .. } => Box::pin(scale_act::one(step, pass)).await,
        Step::DeleteService { object } => delete::<EcsService>(object, pass).await,
        Step::DeleteTaskDefinition { object } => delete::<EcsTaskDefinition>(object, pass).await,
        Step::Release(_) => pass.release().await,
    }
}

fn api<K: Namespaced>(pass: &Pass<'_, ServerGroup>) -> Api<K> {
    Api::namespaced(pass.cx.kube.clone(), pass.namespace())
}

/// An object of the name that is there already is ours if we own it: the answer of an earlier try was lost.
async fn create<K: Namespaced>(object: &K, pass: &Pass<'_, ServerGroup>) -> Result<(), StepError> {
    let params = PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() };
    match api::<K>(pass).create(&params, object).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(refused)) if refused.is_already_exists() => {
            let name = object.meta().name.clone().unwrap_or_default();
            let found = api::<K>(pass).get_opt(&name).await?;
            let ours = found.is_some_and(|found| {
                found.meta().owner_references.iter().flatten().any(|owner| owner.uid == pass.uid())
            });
            let taken =
                StepError::NameTaken { kind: K::kind(&()).into_owned(), name: format!("{}/{name}", pass.namespace()) };
            if ours { Ok(()) } else { Err(taken) }
        }
        Err(error) => Err(error.into()),
    }
}

async fn align<K: Namespaced>(
    (name, uid): &(String, String),
    spec: &impl Serialize,
    pass: &Pass<'_, ServerGroup>,
) -> Result<(), StepError> {
    let patch = json!([
        {"op": "test", "path": "/metadata/uid", "value": uid},
        {"op": "replace", "path": "/spec", "value": spec},
    ]);
    let patch: json_patch::Patch = serde_json::from_value(patch).map_err(kube::Error::SerdeError)?;
    match api::<K>(pass).patch(name, &ours(), &Patch::Json::<()>(patch)).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(refused)) if refused.is_not_found() => Err(StepError::Outdated),
        Err(error) => Err(error.into()),
    }
}

async fn delete<K: Namespaced>((name, uid): &(String, String), pass: &Pass<'_, ServerGroup>) -> Result<(), StepError> {
    let params = DeleteParams {
        preconditions: Some(Preconditions { uid: Some(uid.clone()), resource_version: None }),
        ..DeleteParams::background()
    };
    match api::<K>(pass).delete(name, &params).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(refused)) if refused.is_not_found() || refused.is_conflict() => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn annotate(
    (name, uid): &(String, String),
    key: &str,
    value: &str,
    pass: &Pass<'_, ServerGroup>,
) -> Result<(), StepError> {
    let patch = json!({"metadata": {"uid": uid, "annotations": {key: value}}});
    api::<EcsService>(pass).patch(name, &ours(), &Patch::Merge(patch)).await?;
    Ok(())
}

/// A task that is gone already was stopped.
async fn stop(cluster: &str, task: &str, reason: &str, pass: &Pass<'_, ServerGroup>) -> Result<(), StepError> {
    let (aws, scope) = (&pass.cx.aws, pass.scope());
    let call = || aws.ecs(&scope).stop_task().cluster(cluster).task(task).reason(reason).send();
    match aws.call(&scope, Op::StopTask, pass.priority, call).await {
        Err(error) if error.class != Class::TargetMissing => Err(error.into()),
        _ => Ok(()),
    }
}
