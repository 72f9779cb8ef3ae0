//! What the account must have before a version is made: ARNs that can be tagged, and the roles of its tasks. Reads only.

use super::Found;
use crate::api::ServerGroup;
use crate::aws::iam::Look;
use crate::aws::{AwsError, Class, LongArns};
use crate::controllers::pass::Pass;
use crate::controllers::server_group::desired::Desired;
use crate::preflight::partition;

/// A role as the manifest names it.
struct Named<'a> {
    /// Where.
    member: &'static str,
    /// ARN, name, or path and name.
    text: &'a str,
}

/// Looks at settings and roles. What this identity may not read is taken for good.
pub(super) async fn check(desired: &Desired, pass: &Pass<'_, ServerGroup>, found: &mut Found) -> Result<(), AwsError> {
    let scope = pass.scope();
    let long = match pass.cx.aws.long_arns(&scope, look(pass), pass.priority).await {
        Err(error) if error.class == Class::Permission => LongArns::default(),
        read => read?,
    };
    let account = desired.cluster.value().and_then(account_of).or(long.account.as_deref());
    found.hindrances.extend(switched_off(&long, account, &scope.region));
    if let Some(execution) = execution_role(desired) {
        found.resolved.execution_role_arn = role(&execution, account, pass, found).await?;
    }
    if let Some(task) = task_role(desired) {
        found.resolved.task_role_arn = role(&task, account, pass, found).await?;
    }
    Ok(())
}

/// Who asks for a pass wants to know how it is now.
fn look(pass: &Pass<'_, ServerGroup>) -> Look {
    if pass.directive.reconcile { Look::Fresh } else { Look::Remembered }
}

fn execution_role(desired: &Desired) -> Option<Named<'_>> {
    let of_document = desired.document.as_ref().and_then(|document| document.execution_role_arn.as_deref());
    match (desired.template.execution_role_arn.as_deref(), of_document) {
        (Some(text), _) => Some(Named { member: "`executionRoleArn`", text }),
        (None, Some(text)) => Some(Named { member: "artifact: `executionRoleArn`", text }),
        (None, None) => None,
    }
}

fn task_role(desired: &Desired) -> Option<Named<'_>> {
    let inputs = desired.template.inputs.as_ref().and_then(|inputs| inputs.task_role_arn.as_deref());
    let document = desired.document.as_ref().and_then(|document| document.task_role_arn.as_deref());
    match (inputs, document) {
        (Some(text), _) => Some(Named { member: "`inputs.taskRoleArn`", text }),
        (None, Some(text)) => Some(Named { member: "artifact: `taskRoleArn`", text }),
        (None, None) => None,
    }
}

/// The settings that are off, with the commands that switch them on.
fn switched_off(long: &LongArns, account: Option<&str>, region: &str) -> Option<String> {
    if long.disabled.is_empty() {
        return None;
    }
    let names: Vec<String> = long.disabled.keys().map(|name| format!("`{name}`")).collect();
    let commands: Vec<String> = long.disabled.iter().map(|(name, whose)| command(name, whose, region)).collect();
    let verb = if names.len() == 1 { "is" } else { "are" };
    Some(format!(
        "the account setting {} {verb} disabled in account {}, Region {region}, so services and tasks cannot be tagged; \
         enable it: {}",
        names.join(" and "),
        account.unwrap_or("of the operator"),
        commands.join(" && ")
    ))
}

/// A setting of a user or role goes before that of the account.
fn command(name: &str, whose: &str, region: &str) -> String {
    let own = whose.contains(":user/") || whose.contains(":role/");
    let (verb, of) = if own {
        ("put-account-setting", format!(" --principal-arn {whose}"))
    } else {
        ("put-account-setting-default", String::new())
    };
    format!("aws ecs {verb} --region {region} --name {name} --value enabled{of}")
}

/// The ARN of a role, where it is known; and what is wrong with the role.
async fn role(
    named: &Named<'_>,
    account: Option<&str>,
    pass: &Pass<'_, ServerGroup>,
    found: &mut Found,
) -> Result<Option<String>, AwsError> {
    let Named { member, text } = named;
    let given = is_arn(text).then(|| (*text).to_owned());
    let foreign = given.is_some() && account.is_some_and(|account| account_of(text) != Some(account));
    if foreign {
        return Ok(given);
    }
    let name = text.rsplit('/').next().unwrap_or(text);
    let seen = match pass.cx.aws.role(&pass.scope(), name, look(pass), pass.priority).await {
        Ok(Some(seen)) => seen,
        Ok(None) => {
            let place = account.map(|account| format!(" in account {account}")).unwrap_or_default();
            let why = format!("{member}: there is no role named `{name}`{place}; create it, or correct the name");
            found.hindrances.push(why);
            return Ok(given);
        }
        Err(error) if error.class == Class::Permission => {
            let guess =
                account.map(|account| format!("arn:{}:iam::{account}:role/{text}", partition(&pass.scope().region)));
            return Ok(given.or(guess));
        }
        // An ARN needs no look-up, and IAM may be out of reach for good. A name must not be guessed.
        Err(error) if given.is_some() && !matches!(error.class, Class::Throttled | Class::Credentials) => {
            tracing::debug!(%error, role = text, "the role was not checked");
            return Ok(given);
        }
        Err(error) => return Err(error),
    };
    if given.is_some() && account_of(text) != account_of(&seen.arn) {
        return Ok(given);
    }
    if !means(text, &seen.arn) {
        let is = &seen.arn;
        found.hindrances.push(format!("{member}: there is no role `{text}`; the role of that name is `{is}`"));
    } else if !seen.trusts_tasks {
        found.cautions.push(format!(
            "{member}: role `{text}` does not trust ecs-tasks, so tasks cannot assume it; allow sts:AssumeRole to the \
             service ecs-tasks.amazonaws.com in its trust policy"
        ));
    }
    Ok(Some(seen.arn))
}

fn is_arn(text: &str) -> bool {
    text.starts_with("arn:")
}

/// Does the text stand for the role of this ARN?
fn means(text: &str, arn: &str) -> bool {
    let tail = arn.split_once(":role/").map(|(_, tail)| tail).unwrap_or_default();
    text == arn || text == tail || tail.rsplit('/').next() == Some(text)
}

fn account_of(arn: &str) -> Option<&str> {
    is_arn(arn).then(|| arn.split(':').nth(4)).flatten().filter(|account| !account.is_empty())
}
