//! What runs in ECS, as pieces of manifests.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::types::{Service, TaskDefinitionStatus};
use futures::future::join_all;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Cloud;
use crate::api::{EcsClusterSpec, EcsServiceSpec, EcsTaskDefinitionSpec};
use crate::aws::{AwsError, Priority, Scope};
use crate::controllers::arn::{family_revision, short};
use crate::controllers::document::document;
use crate::diff::task_definition::content_hash;
use crate::document::Kind;
use crate::plugin::exit::PluginError;
use crate::plugin::import::Piece;

/// Newer revisions of a family that are compared with the one that runs.
const NEWER: usize = 50;

/// What to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Region; the configuration's when absent.
    pub region: Option<String>,
    /// Cluster, by name or ARN.
    pub cluster: Option<String>,
    /// Whether the cluster becomes a piece too.
    pub with_cluster: bool,
    /// Services, by name or ARN.
    pub services: Vec<String>,
    /// All services of the cluster.
    pub all_services: bool,
    /// Task definitions: `family` or `family:revision`.
    pub definitions: Vec<String>,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Existing {
    /// The pieces.
    pub pieces: Vec<Piece>,
    /// What was asked for and not found, or not read.
    pub trouble: Vec<String>,
    /// Account and Region, in words.
    pub place: String,
}

/// A revision as AWS describes it.
struct Described {
    piece: Piece,
    arn: String,
    active: bool,
    hash: String,
}

impl Cloud {
    /// Reads clusters, services and their task definitions.
    pub async fn existing(&self, wanted: &Wanted) -> Result<Existing, PluginError> {
        let region = wanted.region.clone().or_else(|| self.aws.default_region());
        let region = region.ok_or_else(|| PluginError::Cloud("no AWS Region is known; set AWS_REGION".to_owned()))?;
        let scope = Scope::new(region.clone());
        let account = self.aws.identity(&scope).await?;
        let mut found = Existing { place: format!("account {account}, {region}"), ..Existing::default() };
        let mut used: BTreeSet<String> = wanted.definitions.iter().cloned().collect();
        if let Some(cluster) = &wanted.cluster {
            let name = self.cluster(&scope, cluster, wanted.with_cluster, &mut found).await?;
            let services = self.services(&scope, &name, wanted, &mut found).await?;
            for service in services {
                used.extend(service.task_definition.clone());
                let piece = self.service_piece(&scope, &name, &service).await;
                found.pieces.push(piece);
            }
        }
        let described = join_all(used.iter().map(|name| self.described(&scope, name))).await;
        for (name, described) in used.iter().zip(described) {
            match described {
                Ok(described) => self.definition(&scope, described, &mut found).await,
                Err(error) => found.trouble.push(format!("task definition {}: {error}", short(name))),
            }
        }
        Ok(found)
    }

    /// The cluster's name.
    async fn cluster(
        &self,
        scope: &Scope,
        named: &str,
        with: bool,
        found: &mut Existing,
    ) -> Result<String, PluginError> {
        let missing = || PluginError::Missing(format!("no cluster {named} in {}", scope.region));
        let cluster = self.aws.describe_cluster(scope, named, Priority::Edit).await?.ok_or_else(missing)?;
        if cluster.status.as_deref() == Some("INACTIVE") {
            return Err(missing());
        }
        let name = cluster.cluster_name.clone().unwrap_or_else(|| short(named).to_owned());
        if with {
            let spec = members(&EcsClusterSpec::observed(&cluster));
            found.pieces.push(Piece::new(Kind::Cluster, &name, spec, format!("cluster {name}")));
        }
        Ok(name)
    }

    async fn services(
        &self,
        scope: &Scope,
        cluster: &str,
        wanted: &Wanted,
        found: &mut Existing,
    ) -> Result<Vec<Service>, PluginError> {
        let names = if wanted.all_services {
            self.aws.list_services(scope, cluster, Priority::Edit).await?
        } else {
            wanted.services.clone()
        };
        let reads = names.iter().map(|name| self.aws.describe_service(scope, cluster, name, Priority::Edit));
        let mut services = Vec::new();
        for (name, read) in names.iter().zip(join_all(reads).await) {
            match read {
                Ok(Some(service)) if service.status.as_deref() == Some("ACTIVE") => services.push(service),
                Ok(Some(service)) => found.trouble.push(format!(
                    "service {} is {} and is left out",
                    short(name),
                    service.status.as_deref().unwrap_or("not ACTIVE")
                )),
                Ok(None) => found.trouble.push(format!("no service {} in cluster {cluster}", short(name))),
                Err(error) => found.trouble.push(format!("service {}: {error}", short(name))),
            }
        }
        Ok(services)
    }

    async fn service_piece(&self, scope: &Scope, cluster: &str, service: &Service) -> Piece {
        let name = service.service_name.clone().unwrap_or_default();
        let mut spec = members(&without_fillings(EcsServiceSpec::observed(service)));
        let mut left = Vec::new();
        if let Some(arn) = service.current_service_revisions().last().and_then(|revision| revision.arn.clone()) {
            // Some members are shown by the revision alone.
            match self.aws.describe_service_revision(scope, &arn, Priority::Edit).await {
                Ok(Some(revision)) => spec.extend(members(&EcsServiceSpec::observed_revision(&revision))),
                Ok(None) => {}
                Err(error) => left.push(format!(
                    "`gatewayConnectors` and `monitoring`: only DescribeServiceRevisions shows them, and it said: {error}"
                )),
            }
        }
        let mut piece = Piece::new(Kind::Service, &name, spec, format!("service {name} in cluster {cluster}"));
        piece.left = left;
        if service.deployments().len() > 1 {
            piece.remarks.push("a deployment was under way when this was read: what is here is its goal".to_owned());
        }
        let daemon = service.scheduling_strategy.as_ref().is_some_and(|strategy| strategy.as_str() == "DAEMON");
        if daemon {
            piece.spec.remove("desiredCount");
        } else {
            self.scaling(scope, cluster, &mut piece).await;
        }
        piece
    }

    /// Autoscaling stays what it is: the count is left to it.
    async fn scaling(&self, scope: &Scope, cluster: &str, piece: &mut Piece) {
        let resource = format!("service/{cluster}/{}", piece.name);
        match self.aws.describe_scalable_target(scope, &resource, Priority::Edit).await {
            Ok(None) => {}
            Ok(Some(target)) => {
                let bounds = (target.min_capacity, target.max_capacity);
                piece.bounds = Some(bounds);
                piece.spec.remove("desiredCount");
                piece.spec.insert("scaling".to_owned(), json!({ "mode": "External" }));
                piece.remarks.push(format!(
                    "Application Auto Scaling keeps {} to {} tasks; its policies are left alone. To have them here, \
                     write `scaling.minCapacity`, `maxCapacity` and the policies",
                    bounds.0, bounds.1
                ));
            }
            Err(error) => piece.left.push(format!(
                "`scaling`: whether something scales the service could not be read ({error}); if so, write \
                 `scaling: {{mode: External}}` in place of `desiredCount`"
            )),
        }
    }

    async fn described(&self, scope: &Scope, name: &str) -> Result<Described, AwsError> {
        let (definition, tags) = self.revision(scope, name).await?;
        let mut spec = EcsTaskDefinitionSpec::observed(&definition);
        let hash = content_hash(&document(&spec));
        spec.tags = Some(crate::api::shapes::cluster::from_tags(&tags)).filter(|tags| !tags.is_empty());
        let family = definition.family.clone().unwrap_or_default();
        let origin = format!("task definition {family}:{}", definition.revision);
        let mut piece = Piece::new(Kind::TaskDefinition, family, members(&spec), origin);
        piece.revision = Some(definition.revision);
        let active = definition.status == Some(TaskDefinitionStatus::Active);
        Ok(Described { piece, arn: definition.task_definition_arn.unwrap_or_default(), active, hash })
    }

    /// A piece of its own, unless an object for it would lead its services to another revision.
    async fn definition(&self, scope: &Scope, described: Described, found: &mut Existing) {
        let Described { piece, arn, active, hash } = described;
        let name = short(&arn).to_owned();
        let why = if active {
            match self.newer_twin(scope, &piece, &hash).await {
                Ok(twin) => twin.map(|twin| {
                    format!("{twin} has the same content as {name}: an EcsTaskDefinition would take {twin}")
                }),
                Err(error) => {
                    found.trouble.push(format!("revisions of {} could not be compared: {error}", piece.name));
                    None
                }
            }
        } else {
            Some(format!("{name} is INACTIVE: an EcsTaskDefinition would register it anew"))
        };
        let Some(why) = why else {
            found.pieces.push(piece);
            return;
        };
        let users = found.pieces.iter_mut().filter(|piece| {
            let named = piece.spec.get("taskDefinition").and_then(Value::as_str);
            piece.kind == Kind::Service && named.is_some_and(|named| short(named) == name)
        });
        let mut count = 0;
        for user in users {
            user.left.push(format!("`taskDefinition`: {why} and roll this service, so that the revision is named"));
            count += 1;
        }
        if count == 0 {
            found.trouble.push(format!("task definition {name} is left out: {why}"));
        }
    }

    /// The newest ACTIVE revision with the same content, if that is a newer one: the one the operator would choose.
    async fn newer_twin(&self, scope: &Scope, piece: &Piece, hash: &str) -> Result<Option<String>, AwsError> {
        let own = piece.revision.unwrap_or_default();
        let active = TaskDefinitionStatus::Active;
        let all = self.aws.list_task_definitions(scope, &piece.name, active, Priority::Edit).await?;
        let mut newer: BTreeMap<i32, String> = BTreeMap::new();
        for arn in all {
            if let Some((_, revision)) = family_revision(&arn).filter(|(_, revision)| *revision > own) {
                newer.insert(revision, arn.clone());
            }
        }
        for arn in newer.into_values().rev().take(NEWER) {
            if self.described(scope, &arn).await?.hash == hash {
                return Ok(Some(short(&arn).to_owned()));
            }
        }
        Ok(None)
    }
}

/// Without what ECS puts into an answer and takes in no request.
fn without_fillings(seen: EcsServiceSpec) -> EcsServiceSpec {
    let strategy = seen.capacity_provider_strategy.clone().filter(|list| !list.is_empty());
    let linked = |role: &String| role.contains(":role/aws-service-role/") || role.ends_with("AWSServiceRoleForECS");
    EcsServiceSpec {
        role: seen.role.clone().filter(|role| !linked(role)),
        launch_type: seen.launch_type.clone().filter(|_| strategy.is_none()),
        capacity_provider_strategy: strategy,
        ..seen
    }
}

fn members(spec: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(spec) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}
