//! Looks at what manifests name, each thing once.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::wants::{Named, Want};
use super::{Check, Found, Verdict};
use crate::aws::iam::Look;
use crate::aws::{AwsError, Class, Priority, Scope, SubnetFilter};
use crate::controllers::arn::short;
use crate::plugin::cloud::Cloud;
use crate::plugin::cloud::json::{LOGS, PARAMETERS, REGISTRY, SECRETS, Said};

/// Capacity providers that every cluster may have.
const FARGATE: &[&str] = &["FARGATE", "FARGATE_SPOT"];

/// Looks at everything. `coming` are clusters that the files make.
pub async fn look(cloud: &Cloud, scope: &Scope, named: &[Named], coming: &BTreeSet<String>) -> Vec<Check> {
    let eyes = Eyes { cloud, scope, coming };
    let mut known: BTreeMap<&Want, Found> = BTreeMap::new();
    let mut checks = Vec::new();
    for one in named {
        let found = match known.get(&one.want) {
            Some(found) => found.clone(),
            None => Box::pin(eyes.see(&one.want)).await,
        };
        known.insert(&one.want, found.clone());
        checks.push(Check {
            object: one.object.clone(),
            field: one.field.clone(),
            what: one.want.told(),
            verdict: found.verdict,
            why: found.why,
            remedy: found.remedy,
        });
    }
    checks
}

struct Eyes<'a> {
    cloud: &'a Cloud,
    scope: &'a Scope,
    coming: &'a BTreeSet<String>,
}

/// A read that failed is no verdict.
fn unread(error: &AwsError) -> Found {
    if error.class == Class::Permission {
        return Found::unchecked(format!("access denied: {}", error.operation));
    }
    Found::unchecked(error.to_string())
}

fn unsaid(operation: &str, said: &Said) -> Found {
    if said.code.contains("AccessDenied") {
        return Found::unchecked(format!("access denied: {operation}"));
    }
    Found::unchecked(said.to_string())
}

impl Eyes<'_> {
    async fn see(&self, want: &Want) -> Found {
        match want {
            Want::Role(role) => self.role(role).await,
            Want::Secret(name) => self.secret(name).await,
            Want::Parameter(name) => self.parameter(name).await,
            Want::LogGroup(name, region) => self.log_group(name, region.as_deref()).await,
            Want::Network(subnets, groups) => self.network(subnets, groups).await,
            Want::TargetGroup(name, kind, subnets) => Box::pin(self.target_group(name, *kind, subnets)).await,
            Want::Cluster(name) => self.cluster(name).await,
            Want::Provider(name, cluster) => self.provider(name, cluster).await,
            Want::Image(name) => self.image(name).await,
            Want::Unknown(_, why) => Found::unchecked(why.clone()),
        }
    }

    async fn role(&self, role: &str) -> Found {
        let elsewhere = elsewhere(role, &self.own().await);
        if let Some(account) = elsewhere {
            return Found::unchecked(format!("it is in account {account}"));
        }
        match self.cloud.aws().role(self.scope, short(role), Look::Fresh, Priority::Edit).await {
            Ok(Some(seen)) if role.starts_with("arn:") && seen.arn != role => {
                Found::wrong(format!("the role of this name is {}", seen.arn), format!("write `{}`", seen.arn))
            }
            Ok(Some(seen)) if !seen.trusts_tasks => Found::wrong(
                "its trust policy does not let ecs-tasks.amazonaws.com assume it",
                "allow `sts:AssumeRole` to the service ecs-tasks.amazonaws.com in its trust policy",
            ),
            Ok(Some(_)) => Found::ok("tasks may assume it"),
            Ok(None) => Found::wrong("there is no such role", "make it, or correct the name"),
            Err(error) => unread(&error),
        }
    }

    async fn own(&self) -> String {
        self.cloud.aws().identity(self.scope).await.unwrap_or_default()
    }

    async fn secret(&self, name: &str) -> Found {
        // `arn:…:secret:name-suffix:json-key:version-stage:version-id`
        let parts: Vec<&str> = name.split(':').collect();
        let (id, rest) =
            if name.starts_with("arn:") { parts.split_at(parts.len().min(7)) } else { (&parts[..], &[][..]) };
        let region = if name.starts_with("arn:") { parts.get(3).copied() } else { None };
        let region = region.unwrap_or(&self.scope.region);
        let asked = json!({"SecretId": id.join(":")});
        let answer = match self.cloud.ask(&SECRETS, "DescribeSecret", region, asked).await {
            Ok(answer) => answer,
            Err(said) if said.code == "ResourceNotFoundException" => {
                return Found::wrong("there is no such secret", "make it, or correct the ARN");
            }
            Err(said) => return unsaid("secretsmanager:DescribeSecret", &said),
        };
        if answer.get("DeletedDate").is_some_and(|date| !date.is_null()) {
            return Found::wrong("it is about to be deleted", "restore it, or name another");
        }
        let versions = answer.get("VersionIdsToStages").and_then(Value::as_object);
        let part = |at: usize| rest.get(at).copied().filter(|part| !part.is_empty());
        let staged = |stage: &str| {
            let mut stages = versions.into_iter().flat_map(|all| all.values()).filter_map(Value::as_array).flatten();
            stages.any(|one| one.as_str() == Some(stage))
        };
        if let Some(stage) = part(1).filter(|stage| !staged(stage)) {
            return Found::wrong(
                format!("no version has the stage {stage}"),
                "correct the stage behind the second colon",
            );
        }
        if let Some(id) = part(2).filter(|id| versions.is_none_or(|all| !all.contains_key(*id))) {
            return Found::wrong(format!("it has no version {id}"), "correct the version behind the third colon");
        }
        Found::ok(match part(0) {
            Some(key) => format!("it exists; whether it holds the key {key} only its value tells"),
            None => "it exists".to_owned(),
        })
    }

    async fn parameter(&self, name: &str) -> Found {
        let (region, names) = match name.split_once(":parameter/") {
            Some((head, rest)) => {
                let region = head.split(':').nth(3).unwrap_or_default().to_owned();
                (region, vec![rest.to_owned(), format!("/{rest}")])
            }
            None => (self.scope.region.clone(), vec![name.to_owned()]),
        };
        let asked = json!({"ParameterFilters": [{"Key": "Name", "Option": "Equals", "Values": names}]});
        match self.cloud.ask(&PARAMETERS, "DescribeParameters", &region, asked).await {
            Ok(answer) if answer.get("Parameters").and_then(Value::as_array).is_some_and(|all| !all.is_empty()) => {
                Found::ok("it exists")
            }
            Ok(_) => Found::wrong("there is no such parameter", "make it, or correct the name"),
            Err(said) => unsaid("ssm:DescribeParameters", &said),
        }
    }

    async fn log_group(&self, name: &str, region: Option<&str>) -> Found {
        let region = region.unwrap_or(&self.scope.region);
        let asked = json!({"logGroupNamePrefix": name});
        let answer = match self.cloud.ask(&LOGS, "DescribeLogGroups", region, asked).await {
            Ok(answer) => answer,
            Err(said) => return unsaid("logs:DescribeLogGroups", &said),
        };
        let groups = answer.get("logGroups").and_then(Value::as_array).into_iter().flatten();
        // A prefix sorts before all that begins with it, so the first page has it.
        if groups.filter_map(|group| group.get("logGroupName")?.as_str()).any(|group| group == name) {
            return Found::ok("it exists");
        }
        Found::wrong("there is no such log group", "make it, or set the option `awslogs-create-group: \"true\"`")
    }

    async fn network(&self, subnets: &[String], groups: &[String]) -> Found {
        let filter = SubnetFilter { ids: subnets.to_vec(), ..SubnetFilter::default() };
        let seen = match self.cloud.aws().subnets(self.scope, &filter, Priority::Edit).await {
            Ok(seen) => seen,
            Err(error) => return unread(&error),
        };
        let missing = without(subnets, seen.iter().map(|subnet| &subnet.id));
        if !missing.is_empty() {
            return Found::wrong(format!("there is no {}", missing.join(", ")), "correct the subnets, or the Region");
        }
        let vpcs: BTreeSet<&str> = seen.iter().map(|subnet| subnet.vpc_id.as_str()).collect();
        let several: Vec<&str> = vpcs.iter().copied().collect();
        if several.len() > 1 {
            let why = format!("the subnets are in several VPCs: {}", several.join(", "));
            return Found::wrong(why, "name subnets of one VPC");
        }
        let vpc = several.first().copied().unwrap_or_default();
        let seen = match self.cloud.aws().security_groups_by_id(self.scope, groups, Priority::Edit).await {
            Ok(seen) => seen,
            Err(error) => return unread(&error),
        };
        let missing = without(groups, seen.iter().map(|group| &group.id));
        if !missing.is_empty() {
            return Found::wrong(format!("there is no {}", missing.join(", ")), "correct the security groups");
        }
        match seen.iter().find(|group| group.vpc_id != vpc) {
            Some(group) => Found::wrong(
                format!("{} is in {}, and the subnets are in {vpc}", group.id, group.vpc_id),
                "name security groups of the subnets' VPC",
            ),
            None => Found::ok(format!("all in {vpc}")),
        }
    }

    async fn target_group(&self, name: &str, kind: Option<&str>, subnets: &[String]) -> Found {
        let names = [name.to_owned()];
        let seen = match self.cloud.aws().target_groups(self.scope, &names, Priority::Edit).await {
            Ok(mut found) => found.remove(name).flatten(),
            Err(error) => return unread(&error),
        };
        let Some(seen) = seen else {
            return Found::wrong("there is no such target group", "make it, or correct the name or ARN");
        };
        if let Some(kind) = kind.filter(|kind| *kind != seen.target_type) {
            return Found::wrong(
                format!("its target type is `{}`, and tasks with `awsvpc` need `{kind}`", seen.target_type),
                format!("make a target group of type `{kind}`"),
            );
        }
        if seen.load_balancer_arns.is_empty() {
            return Found::wrong(
                "no load balancer forwards to it: ECS refuses services with it",
                "let a listener or a rule forward to it, if only with weight 0",
            );
        }
        let filter = SubnetFilter { ids: subnets.to_vec(), ..SubnetFilter::default() };
        let vpc = match self.cloud.aws().subnets(self.scope, &filter, Priority::Edit).await {
            Ok(found) if !subnets.is_empty() => found.first().map(|subnet| subnet.vpc_id.clone()),
            _ => None,
        };
        match (&seen.vpc_id, vpc) {
            (Some(theirs), Some(ours)) if *theirs != ours => Found::wrong(
                format!("it is in {theirs}, and the subnets are in {ours}"),
                "name a target group of the subnets' VPC",
            ),
            _ => Found::ok(format!("type {}, in use", seen.target_type)),
        }
    }

    async fn cluster(&self, name: &str) -> Found {
        match self.cloud.aws().describe_cluster(self.scope, name, Priority::Edit).await {
            Ok(Some(cluster)) if cluster.status() == Some("ACTIVE") => Found::ok("ACTIVE"),
            Ok(_) if self.coming.contains(short(name)) => Found::ok("these files make it"),
            Ok(Some(cluster)) => {
                Found::wrong(format!("it is {}", cluster.status().unwrap_or_default()), "name an ACTIVE cluster")
            }
            Ok(None) => Found::wrong("there is no such cluster", "make it, or correct the name or the Region"),
            Err(error) => unread(&error),
        }
    }

    async fn provider(&self, name: &str, cluster: &str) -> Found {
        if self.coming.contains(short(cluster)) {
            return Found::unchecked("these files declare the cluster; `lint` compares them");
        }
        match self.cloud.aws().describe_cluster(self.scope, cluster, Priority::Edit).await {
            Ok(Some(seen)) if seen.capacity_providers().iter().any(|one| one == name) => {
                Found::ok(format!("cluster {} has it", short(cluster)))
            }
            Ok(Some(_)) => {
                let remedy =
                    if FARGATE.contains(&name) { "add it to the cluster" } else { "make it and add it to the cluster" };
                Found::wrong(format!("cluster {} does not have it", short(cluster)), remedy)
            }
            Ok(None) => Found::unchecked(format!("there is no cluster {}", short(cluster))),
            Err(error) => unread(&error),
        }
    }

    async fn image(&self, image: &str) -> Found {
        let Some(place) = Stored::parse(image) else {
            return Found::unchecked("it is in another registry than ECR");
        };
        let id = match &place.digest {
            Some(digest) => json!({"imageDigest": digest}),
            None => json!({"imageTag": place.tag}),
        };
        let asked = json!({"registryId": place.account, "repositoryName": place.repository, "imageIds": [id]});
        match self.cloud.ask(&REGISTRY, "DescribeImages", &place.region, asked).await {
            Ok(_) => Found::ok("it exists"),
            Err(said) if said.code == "ImageNotFoundException" => {
                Found::wrong("the repository has no such image", "push it, or correct tag or digest")
            }
            Err(said) if said.code == "RepositoryNotFoundException" => {
                Found::wrong("there is no such repository", "make it, or correct the name")
            }
            Err(said) => unsaid("ecr:DescribeImages", &said),
        }
    }
}

/// The wanted that are not there.
fn without<'a>(wanted: &[String], there: impl Iterator<Item = &'a String>) -> Vec<String> {
    let there: BTreeSet<&String> = there.collect();
    wanted.iter().filter(|one| !there.contains(one)).cloned().collect()
}

/// The account of an ARN, if it is another.
fn elsewhere(arn: &str, own: &str) -> Option<String> {
    let account = arn.split(':').nth(4).filter(|account| arn.starts_with("arn:") && !account.is_empty())?;
    (account != own && !own.is_empty()).then(|| account.to_owned())
}

/// Where an image is in ECR.
#[derive(Debug, PartialEq, Eq)]
struct Stored {
    account: String,
    region: String,
    repository: String,
    tag: String,
    digest: Option<String>,
}

impl Stored {
    /// `<account>.dkr.ecr.<region>.amazonaws.com/<repository>[:<tag>][@<digest>]`
    fn parse(image: &str) -> Option<Self> {
        let (host, rest) = image.split_once('/')?;
        let (account, host) = host.split_once(".dkr.ecr.")?;
        let (region, domain) = host.split_once('.')?;
        if !domain.starts_with("amazonaws.com") {
            return None;
        }
        let (rest, digest) = match rest.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.to_owned())),
            None => (rest, None),
        };
        let (repository, tag) = rest.rsplit_once(':').unwrap_or((rest, "latest"));
        let text = str::to_owned;
        Some(Self {
            account: text(account),
            region: text(region),
            repository: text(repository),
            tag: text(tag),
            digest,
        })
    }
}

/// Is anything wrong?
#[must_use]
pub fn wrong(checks: &[Check]) -> bool {
    checks.iter().any(|check| check.verdict == Verdict::Wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_of_ecr_are_taken_apart_and_others_are_none() {
        let stored = Stored::parse("123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web:1@sha256:00").unwrap();
        assert_eq!((stored.repository.as_str(), stored.tag.as_str()), ("shop/web", "1"));
        assert_eq!((stored.account.as_str(), stored.region.as_str()), ("123456789012", "eu-west-1"));
        assert_eq!(stored.digest.as_deref(), Some("sha256:00"));
        assert_eq!(Stored::parse("nginx:1"), None);
        assert_eq!(Stored::parse("ghcr.io/shop/web:1"), None);
    }
}
