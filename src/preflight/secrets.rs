//! Secrets: where they come from, in a form that ECS can read, and names that nothing else has.

use super::names::{containers, items, twice};
use super::{Found, Rule, arn};
use crate::api::ecs_task_definition::EcsTaskDefinitionSpec as Spec;
use crate::api::shapes::container::Secret;

pub(super) const RULES: &[Rule<Spec>] = &[forms, own_names, environment];

const REMEDY: &str =
    "write the ARN of a secret, with `:<json-key>::` after it for one key, or the ARN or name of a parameter";

fn forms(spec: &Spec, found: &mut Found) {
    for (path, container) in containers(spec) {
        check(&format!("{path}.secrets"), container.secrets.as_ref(), found);
        let options = container.log_configuration.as_ref().and_then(|log| log.secret_options.as_ref());
        check(&format!("{path}.logConfiguration.secretOptions"), options, found);
    }
}

/// The rules for one list of secrets at `path`.
pub(super) fn check(path: &str, secrets: Option<&Vec<Secret>>, found: &mut Found) {
    for (index, secret) in items(secrets).enumerate() {
        let label = secret.name.clone().unwrap_or_else(|| index.to_string());
        if let Some(problem) = problem(secret.value_from.as_deref().unwrap_or_default()) {
            found.add(format!("{path}[{label}].valueFrom"), problem, REMEDY);
        }
    }
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Secret.html>
fn problem(value: &str) -> Option<&'static str> {
    if value.is_empty() {
        return Some("is missing");
    }
    if !arn::claims(value) {
        let known = |c: char| c.is_ascii_alphanumeric() || "_.-/".contains(c);
        return (!value.chars().all(known)).then_some("is neither an ARN nor the name of a parameter");
    }
    let arn = match arn::parse(value) {
        Ok(arn) => arn,
        Err(problem) => return Some(problem),
    };
    if !arn::is_account(arn.account) || arn.region.is_empty() {
        return Some("is an ARN without Region or account");
    }
    match (arn.service, arn.resource.split_once([':', '/'])) {
        ("ssm", Some(("parameter", name))) if !name.is_empty() => None,
        ("secretsmanager", Some(("secret", rest))) => secret_suffix(rest),
        _ => Some("is the ARN of neither a secret nor a parameter"),
    }
}

/// After the secret's name come all three of key, stage and version, or none of them.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html>
fn secret_suffix(rest: &str) -> Option<&'static str> {
    match rest.split(':').count() {
        1 | 4 if !rest.starts_with(':') => None,
        _ => Some("has a JSON key without `::` behind it"),
    }
}

fn own_names(spec: &Spec, found: &mut Found) {
    for (path, container) in containers(spec) {
        let secrets = items(container.secrets.as_ref()).filter_map(|secret| secret.name.as_deref());
        let plain = items(container.environment.as_ref()).filter_map(|pair| pair.name.as_deref());
        let plain: std::collections::BTreeSet<&str> = plain.collect();
        for name in twice(secrets.chain(plain)) {
            let problem = "has a name that another secret or environment variable of the container has";
            found.add(format!("{path}.secrets[{name}].name"), problem, "keep one of them");
        }
    }
}

fn environment(spec: &Spec, found: &mut Found) {
    for (path, container) in containers(spec) {
        if items(container.environment.as_ref()).any(|pair| pair.name.as_deref().is_none_or(str::is_empty)) {
            found.add(format!("{path}.environment"), "has a variable without a name", "name it or leave it out");
        }
        if container.environment_files.as_ref().is_some_and(|files| files.len() > 10) {
            found.add(format!("{path}.environmentFiles"), "has more than 10 files", "keep at most 10");
        }
        for (index, file) in items(container.environment_files.as_ref()).enumerate() {
            let value = file.value.as_deref().unwrap_or_default();
            let s3 = arn::parse(value).is_ok_and(|arn| arn.service == "s3" && arn.resource.contains('/'));
            if !s3 {
                let path = format!("{path}.environmentFiles[{index}].value");
                found.add(path, "must be the ARN of an S3 object", "write arn:aws:s3:::<bucket>/<key>");
            }
        }
    }
}
