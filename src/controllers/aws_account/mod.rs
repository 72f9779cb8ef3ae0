//! `AwsAccount`: observe (io) → status (pure). Nothing of it is in AWS; it stays as long as objects use it.

mod observe;
mod status;

use kube::Resource as _;

use crate::api::{AwsAccount, AwsAccountStatus};
use crate::controllers::accounts::uses;
use crate::controllers::drive::Reconcile;
use crate::controllers::failure::StepError;
use crate::controllers::pass::Pass;
use crate::controllers::refusal::check;
use crate::controllers::report::Report;

impl Reconcile for AwsAccount {
    async fn reconcile(pass: &Pass<'_, Self>) -> Report<AwsAccountStatus> {
        let name = &pass.owner.name;
        let version = pass.object.meta().resource_version.as_deref();
        let changed = pass.cx.accounts.look(name, version);
        let selected = observe::select(pass).await;
        if let Some(extent) = changed.or(matches!(selected, Ok(true)).then_some(false)) {
            pass.cx.wakes.account_changed(name, extent, &pass.cx.stores);
        }
        let used_by = uses(name, &pass.cx.stores);
        if pass.deleting() {
            // An object may have come to use it a moment ago.
            let unused = pass.gone_twice(used_by.is_empty()) && used_by.is_empty();
            let failed = if unused { pass.release().await.err() } else { None };
            if unused && failed.is_none() {
                pass.cx.aws.forget_account(name);
                pass.cx.accounts.forget(name);
            }
            return status::leaving(pass, &used_by, unused, failed.as_ref());
        }
        if let Some(refusal) = check(pass.object) {
            return status::refused(pass, &refusal);
        }
        if let Err(error) = pass.claim().await {
            return status::failed(pass, &error);
        }
        if let Err(error) = selected {
            return status::failed(pass, &StepError::Kube(error));
        }
        let seen = Box::pin(observe::observe(pass)).await;
        let consequence = pass.judge("identity", seen.error().map(StepError::Aws).as_ref());
        status::report(pass, &seen, consequence)
    }
}
