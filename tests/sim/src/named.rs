//! What others only name: secrets, parameters, log groups, images. Reads of Secrets Manager, Systems Manager,
//! CloudWatch Logs and Amazon ECR, by their JSON protocols.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::ecs::text;
use crate::refusal::Refusal;

/// A secret, without its value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Secret {
    /// ARN, with six characters behind the name.
    pub arn: String,
    /// Version id → stages.
    pub versions: BTreeMap<String, Vec<String>>,
    /// Is it about to be deleted?
    pub deleted: bool,
}

/// Everything that is named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// Secrets by name.
    pub secrets: BTreeMap<String, Secret>,
    /// Names of parameters.
    pub parameters: BTreeSet<String>,
    /// Names of log groups.
    pub log_groups: BTreeSet<String>,
    /// Repository → tags of its images.
    pub repositories: BTreeMap<String, BTreeSet<String>>,
}

/// Calls an action of a service by its name in signatures.
pub(crate) fn dispatch(named: &Named, service: &str, action: &str, input: &Value) -> Result<Value, Refusal> {
    match (service, action) {
        ("secretsmanager", "DescribeSecret") => named.secret(input),
        ("ssm", "DescribeParameters") => named.parameters(input),
        ("logs", "DescribeLogGroups") => named.log_groups(input),
        ("ecr", "DescribeImages") => named.images(input),
        _ => Err(Refusal::unknown_operation()),
    }
}

impl Named {
    /// By name, or by ARN with or without the six characters.
    fn secret(&self, input: &Value) -> Result<Value, Refusal> {
        let id = text(input, "SecretId").unwrap_or_default();
        let is = |(name, secret): &(&String, &Secret)| {
            name.as_str() == id || secret.arn == id || secret.arn.rsplit_once('-').is_some_and(|(arn, _)| arn == id)
        };
        let Some((name, secret)) = self.secrets.iter().find(is) else {
            return Err(Refusal::new("ResourceNotFoundException", "Secrets Manager can't find the specified secret."));
        };
        let mut answer = json!({"ARN": secret.arn, "Name": name, "VersionIdsToStages": secret.versions});
        if let Some(members) = answer.as_object_mut().filter(|_| secret.deleted) {
            members.insert("DeletedDate".to_owned(), json!(1_700_000_000));
        }
        Ok(answer)
    }

    /// One filter by name; names that are no names are refused.
    fn parameters(&self, input: &Value) -> Result<Value, Refusal> {
        let filters = input.get("ParameterFilters").and_then(Value::as_array).into_iter().flatten();
        let mut found: Vec<&String> = self.parameters.iter().collect();
        for filter in filters {
            if text(filter, "Key") != Some("Name") || text(filter, "Option").is_some_and(|option| option != "Equals") {
                return Err(Refusal::new("InvalidFilterKey", "The specified key is not valid."));
            }
            let values = filter.get("Values").and_then(Value::as_array);
            let values: Vec<&str> = values.into_iter().flatten().filter_map(Value::as_str).collect();
            if values.is_empty() || values.len() > 50 {
                return Err(Refusal::new("InvalidFilterValue", "The filter value is not valid."));
            }
            found.retain(|name| values.contains(&name.as_str()));
        }
        let found: Vec<Value> = found.into_iter().map(|name| json!({"Name": name, "Type": "SecureString"})).collect();
        Ok(json!({"Parameters": found}))
    }

    /// By prefix, in the order of names, 50 at most.
    fn log_groups(&self, input: &Value) -> Result<Value, Refusal> {
        let prefix = text(input, "logGroupNamePrefix").unwrap_or_default();
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._/#-".contains(c);
        if !prefix.chars().all(allowed) {
            return Err(Refusal::new("InvalidParameterException", "The log group name prefix is not valid."));
        }
        let fitting = self.log_groups.iter().filter(|name| name.starts_with(prefix)).take(50);
        let groups: Vec<Value> = fitting.map(|name| json!({"logGroupName": name})).collect();
        Ok(json!({"logGroups": groups}))
    }

    fn images(&self, input: &Value) -> Result<Value, Refusal> {
        let name = text(input, "repositoryName").unwrap_or_default();
        let registry = text(input, "registryId").unwrap_or_default();
        let Some(tags) = self.repositories.get(name) else {
            let message =
                format!("The repository with name '{name}' does not exist in the registry with id '{registry}'");
            return Err(Refusal::new("RepositoryNotFoundException", message));
        };
        let mut details = Vec::new();
        for id in input.get("imageIds").and_then(Value::as_array).into_iter().flatten() {
            let tag = text(id, "imageTag").or_else(|| text(id, "imageDigest")).unwrap_or_default();
            if !tags.contains(tag) {
                let message = format!("The image with imageId {id} does not exist within the repository '{name}'");
                return Err(Refusal::new("ImageNotFoundException", message));
            }
            details.push(json!({"repositoryName": name, "imageTags": [tag]}));
        }
        Ok(json!({"imageDetails": details}))
    }
}
