//! What a server group asks for: defaults filled in, names composed, the template hashed. Pure.

mod check;
mod rollout;
mod template;

use std::collections::BTreeMap;

use kube::ResourceExt;

use super::name::Moniker;
use crate::api::policy::ScalingMode;
use crate::api::server_group::scaling::{GroupScaling, ScalingAlarm};
use crate::api::server_group::template::{Artifact, Template};
use crate::api::shapes::deployment::{DeploymentCircuitBreaker, DeploymentConfiguration};
use crate::api::shapes::policy::{PredictiveScalingPolicy, ScheduledAction, StepScalingPolicy, TargetTrackingPolicy};
use crate::api::{EcsTaskDefinitionSpec, ServerGroup, ServerGroupSpec};
use crate::controllers::context::Stores;
use crate::controllers::facts::Facts;
use crate::controllers::reference::{Reference, cluster};
use crate::controllers::refusal::Refusal;
use crate::document;

pub use rollout::{CanaryStep, Gate, Rollback, Strategy, Tail, Traffic};
pub use template::on_fargate;

/// What the key of a `ConfigMap` that an artifact refers to holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigMapText {
    /// Its text.
    Text(String),
    /// It is not there; the text says what is waited for.
    Missing(String),
    /// It may not be read; the text says who can change that.
    Refused(String),
}

/// How many tasks a version runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capacity {
    /// Fewest tasks.
    pub min: i32,
    /// Tasks to run.
    pub desired: i32,
    /// Most tasks.
    pub max: i32,
}

impl Capacity {
    /// A count inside the bounds.
    #[must_use]
    pub fn clip(&self, count: i32) -> i32 {
        count.max(self.min).min(self.max.max(self.min))
    }
}

/// Who owns the count, and what of Application Auto Scaling is declared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scaling {
    /// Who owns the count.
    pub mode: ScalingMode,
    /// Policies that keep a metric at a value.
    pub target_tracking: Vec<TargetTrackingPolicy>,
    /// Policies that alarms trigger.
    pub step_scaling: Vec<StepScalingPolicy>,
    /// Policies that follow a forecast.
    pub predictive_scaling: Vec<PredictiveScalingPolicy>,
    /// Changes of the bounds at a time.
    pub scheduled_actions: Vec<ScheduledAction>,
    /// Alarms that trigger step policies.
    pub alarms: Vec<ScalingAlarm>,
    /// Is what somebody added to the previous version copied to the next?
    pub copy_from_previous: bool,
}

/// A running service to start from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The `AwsAccount` it is in; the group's when unset.
    pub account: Option<String>,
    /// Region of the service; the group's when unset.
    pub region: Option<String>,
    /// Cluster it runs in; the group's when unset.
    pub cluster: Option<String>,
    /// Its name.
    pub service_name: String,
    /// Does the first version start with as many tasks?
    pub use_source_capacity: bool,
    /// Does a source that is not found stop the rollout?
    pub required: bool,
    /// Are its policies, actions and alarms copied?
    pub copy_scaling: bool,
}

/// What the object asks for.
#[derive(Clone, Debug)]
pub struct Desired {
    /// The spec as it stands.
    pub spec: ServerGroupSpec,
    /// The parts of the name.
    pub moniker: Moniker,
    /// Name of the group, and family of its task definitions.
    pub group: String,
    /// The cluster.
    pub cluster: Reference,
    /// The `AwsAccount` that the group is in, for its versions.
    pub account: Option<String>,
    /// Region in the spec, or that of the referenced cluster.
    pub region: Option<String>,
    /// How many tasks.
    pub capacity: Capacity,
    /// Is the whole group out of service?
    pub disabled: bool,
    /// How a new version takes the place of the old one.
    pub strategy: Strategy,
    /// When a version counts as healthy.
    pub gate: Gate,
    /// Going back.
    pub rollback: Rollback,
    /// Weighted traffic.
    pub traffic: Option<Traffic>,
    /// Who owns the count.
    pub scaling: Scaling,
    /// A running service to start from.
    pub source: Option<Source>,
    /// What a version runs.
    pub template: Template,
    /// The artifact's document, read; `None` for inputs, and while it is missing or wrong.
    pub document: Option<EcsTaskDefinitionSpec>,
    /// What was dropped or converted when the document was read.
    pub notes: Vec<String>,
    /// Ten hexadecimal digits; equal for templates that say the same.
    pub template_hash: String,
    /// The user's tags.
    pub tags: BTreeMap<String, String>,
    /// Where the tags of tasks come from.
    pub propagate_tags: String,
    /// Do versions carry Spinnaker's tags?
    pub moniker_tags: bool,
    /// Seconds after the start of a task in which failing checks are ignored.
    pub grace: Option<i32>,
    /// How tasks are replaced inside one version.
    pub deployment: DeploymentConfiguration,
    /// What is waited for besides the cluster.
    pub waits: Option<String>,
    refusal: Option<Refusal>,
    partial: bool,
}

/// What is asked for, with its whole template: the only ground on which objects are made.
#[derive(Clone, Copy, Debug)]
pub struct Whole<'a>(&'a Desired);

impl std::ops::Deref for Whole<'_> {
    type Target = Desired;

    fn deref(&self) -> &Desired {
        self.0
    }
}

impl Desired {
    /// Resolves an object against the other objects and the `ConfigMap` of its artifact.
    pub fn resolve(object: &ServerGroup, stores: &Stores, config_map: Option<&ConfigMapText>) -> Self {
        let (mut desired, problems) = Self::read(object, stores, config_map);
        desired.refusal = check::refusal(object, &desired, problems);
        desired
    }

    /// Resolves an object of whose spec only the part is left that a rollout under way needs.
    pub(super) fn kept(object: &ServerGroup, stores: &Stores) -> Self {
        let (desired, _) = Self::read(object, stores, None);
        Self { partial: true, template_hash: String::new(), ..desired }
    }

    /// The same, if the whole template is there.
    #[must_use]
    pub fn whole(&self) -> Option<Whole<'_>> {
        (!self.partial).then_some(Whole(self))
    }

    /// Without the judgement; with the problems that were met.
    fn read(object: &ServerGroup, stores: &Stores, config_map: Option<&ConfigMapText>) -> (Self, Vec<String>) {
        let spec = &object.spec;
        let namespace = object.namespace().unwrap_or_default();
        let exists = object.status.as_ref().is_some_and(|status| !status.versions.is_empty());
        let (cluster, region) = cluster(spec.cluster_ref.as_ref(), spec.cluster.as_deref(), stores, &namespace, exists);
        let moniker = Moniker::of(object);
        let mut problems: Vec<String> = moniker.as_ref().err().cloned().into_iter().collect();
        let moniker = moniker.unwrap_or_default();
        let template = spec.template.clone().unwrap_or_default();
        let (text, waits) = artifact_text(template.artifact.as_ref(), config_map);
        if let Some(ConfigMapText::Refused(why)) = config_map {
            problems.push(why.clone());
        }
        let (document, notes) = match text.as_deref().map(document::task_definition) {
            Some(Ok((document, notes))) => (Some(document), notes),
            Some(Err(found)) => {
                problems.extend(found.into_iter().map(|problem| format!("artifact: {problem}")));
                (None, Vec::new())
            }
            None => (None, Vec::new()),
        };
        // An inline text is part of the template already.
        let outside = text.filter(|_| template.artifact.as_ref().is_some_and(|a| a.inline.is_none()));
        let desired = Self {
            group: moniker.group_name(),
            cluster,
            account: spec.account_ref.as_ref().map(|account| account.name.clone()),
            region: spec.region.clone().or(region),
            capacity: capacity(spec),
            disabled: spec.disabled.unwrap_or(false),
            strategy: Strategy::of(spec.strategy.as_ref()),
            gate: Gate::of(spec.gate.as_ref()),
            rollback: Rollback::of(spec.rollback.as_ref()),
            traffic: spec.traffic.as_ref().map(Traffic::of),
            scaling: scaling(spec.scaling.as_ref()),
            source: spec.source.as_ref().map(source),
            template_hash: template::hash(&template, &moniker, outside.as_deref()),
            template,
            document,
            notes,
            tags: spec.tags.clone().unwrap_or_default(),
            propagate_tags: spec.propagate_tags.clone().unwrap_or_else(|| "SERVICE".to_owned()),
            moniker_tags: spec.moniker_tags.unwrap_or(true),
            grace: spec.health_check_grace_period_seconds,
            deployment: deployment(spec),
            waits,
            refusal: None,
            partial: false,
            spec: spec.clone(),
            moniker,
        };
        (desired, problems)
    }

    /// Why nothing is done for this spec. Deletion works from what exists, whatever the spec says.
    pub fn refusal(&self, facts: &Facts) -> Option<Refusal> {
        self.refusal.clone().filter(|_| !facts.deleting)
    }

    /// Why nothing is done for this spec, while nothing is being deleted.
    #[must_use]
    pub fn judged(&self) -> Option<&Refusal> {
        self.refusal.as_ref()
    }

    /// Whether the tasks run on Fargate.
    #[must_use]
    pub fn on_fargate(&self) -> bool {
        on_fargate(&self.template)
    }

    /// Network mode in the template; Fargate has one only.
    #[must_use]
    pub fn network_mode(&self) -> Option<String> {
        self.template.network_mode.clone().or_else(|| self.on_fargate().then(|| "awsvpc".to_owned()))
    }

    /// Tags of a version: the user's and Spinnaker's.
    #[must_use]
    pub fn tags_of(&self, sequence: i32) -> BTreeMap<String, String> {
        let mut tags = self.tags.clone();
        if self.moniker_tags {
            for (key, value) in self.moniker.tags(sequence) {
                if key == super::name::TAG_SEQUENCE {
                    tags.insert(key, value);
                } else {
                    tags.entry(key).or_insert(value);
                }
            }
        }
        tags
    }
}

/// The text of an artifact, or what is waited for.
fn artifact_text(artifact: Option<&Artifact>, config_map: Option<&ConfigMapText>) -> (Option<String>, Option<String>) {
    let Some(artifact) = artifact else { return (None, None) };
    if artifact.inline.is_some() {
        return (artifact.inline.clone(), None);
    }
    let Some(reference) = &artifact.config_map_key_ref else { return (None, None) };
    match config_map {
        Some(ConfigMapText::Text(text)) => (Some(text.clone()), None),
        Some(ConfigMapText::Missing(why)) => (None, Some(why.clone())),
        Some(ConfigMapText::Refused(_)) => (None, None),
        None => {
            let name = reference.name.as_deref().unwrap_or_default();
            (None, Some(format!("ConfigMap `{name}` was not read yet")))
        }
    }
}

fn capacity(spec: &ServerGroupSpec) -> Capacity {
    let capacity = spec.capacity.unwrap_or_default();
    let desired = capacity.desired.unwrap_or(1);
    Capacity { min: capacity.min.unwrap_or(desired), desired, max: capacity.max.unwrap_or(desired) }
}

fn scaling(scaling: Option<&GroupScaling>) -> Scaling {
    let Some(scaling) = scaling else { return Scaling::default() };
    let copies = scaling.copy_from_previous.unwrap_or(false);
    let filled = Scaling {
        mode: ScalingMode::Managed,
        target_tracking: scaling.target_tracking.clone().unwrap_or_default(),
        step_scaling: scaling.step_scaling.clone().unwrap_or_default(),
        predictive_scaling: scaling.predictive_scaling.clone().unwrap_or_default(),
        scheduled_actions: scaling.scheduled_actions.clone().unwrap_or_default(),
        alarms: scaling.alarms.clone().unwrap_or_default(),
        copy_from_previous: copies,
    };
    let declares = !(filled.target_tracking.is_empty()
        && filled.step_scaling.is_empty()
        && filled.predictive_scaling.is_empty()
        && filled.scheduled_actions.is_empty());
    let assumed = if declares || copies { ScalingMode::External } else { ScalingMode::Managed };
    Scaling { mode: scaling.mode.unwrap_or(assumed), ..filled }
}

fn source(source: &crate::api::server_group::scaling::Source) -> Source {
    Source {
        account: source.account_ref.as_ref().map(|account| account.name.clone()),
        region: source.region.clone(),
        cluster: source.cluster.clone(),
        service_name: source.service_name.clone().unwrap_or_default(),
        use_source_capacity: source.use_source_capacity.unwrap_or(true),
        required: source.required.unwrap_or(false),
        copy_scaling: source.copy_scaling.unwrap_or(true),
    }
}

/// The rollback of ECS stays off: two of them would fight.
fn deployment(spec: &ServerGroupSpec) -> DeploymentConfiguration {
    let given = spec.deployment_configuration.clone().unwrap_or_default();
    let enable = given.deployment_circuit_breaker.and_then(|breaker| breaker.enable).unwrap_or(true);
    DeploymentConfiguration {
        deployment_circuit_breaker: Some(DeploymentCircuitBreaker {
            enable: Some(enable),
            rollback: Some(false),
            ..DeploymentCircuitBreaker::default()
        }),
        minimum_healthy_percent: Some(given.minimum_healthy_percent.unwrap_or(100)),
        maximum_percent: Some(given.maximum_percent.unwrap_or(200)),
        ..DeploymentConfiguration::default()
    }
}
