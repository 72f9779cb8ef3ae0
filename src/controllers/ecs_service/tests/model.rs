//! ECS for one service, in the few words that the planner speaks.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_ecs::operation::create_service::builders::CreateServiceInputBuilder;
use aws_sdk_ecs::operation::update_service::builders::UpdateServiceInputBuilder;
use aws_sdk_ecs::types::{Deployment, DeploymentRolloutState, Service, ServiceDeployment, Tag};
use aws_smithy_types::DateTime;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::observe::Observed;
use super::super::scaling::ScalingObserved;
use super::super::{Desired, Situation, Step, plan};
use crate::api::EcsService;
use crate::api::policy::{AdoptionPolicy, DeletionPolicy, DriftPolicy, ManagementMode};
use crate::api::status::EcsServiceStatus;
use crate::controllers::context::{Stores, tag_list, tag_map};
use crate::controllers::directive::Directive;
use crate::controllers::facts::Facts;
use crate::controllers::ownership::Owner;
use crate::controllers::report::Plan;
use crate::controllers::seen::Seen;
use crate::controllers::tagging::owned_tags;

pub(super) const NOW: i64 = 1_800_000_000;
const UID: &str = "6f2f5c1e-6a3c-4f0e-9f43-1f6d0a2b3c4d";

/// A spec with more members.
pub(super) fn spec(more: &Value) -> Value {
    let mut spec = json!({"cluster": "prod", "taskDefinition": "web:1", "desiredCount": 2, "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-0a"]}}});
    for (name, value) in more.as_object().unwrap() {
        spec[name] = value.clone();
    }
    spec
}

pub(super) fn desired(spec: &Value) -> Desired {
    let object = json!({
        "apiVersion": "ecs-operator.dev/v1alpha1", "kind": "EcsService",
        "metadata": {"name": "web", "namespace": "shop", "uid": UID, "generation": 1}, "spec": spec,
    });
    let object: EcsService = serde_json::from_value(object).unwrap();
    Desired::resolve(&object, &Stores::empty())
}

/// A pass over one service.
#[derive(Clone)]
pub(super) struct Model {
    pub(super) live: Option<Service>,
    pub(super) deployment: Option<ServiceDeployment>,
    pub(super) facts: Facts,
    pub(super) directive: Directive,
    pub(super) status: EcsServiceStatus,
    pub(super) refused: u32,
    pub(super) gone_for_sure: bool,
    pub(super) placed: bool,
    pub(super) deployments: usize,
}

impl Model {
    pub(super) fn new() -> Self {
        Self {
            live: None,
            deployment: None,
            facts: Facts {
                owner: Owner {
                    installation: "i".into(),
                    namespace: "shop".into(),
                    kind: "EcsService",
                    name: "web".into(),
                    uid: UID.into(),
                },
                claimed: true,
                deleting: false,
                deletion: DeletionPolicy::Delete,
                adoption: AdoptionPolicy::IfTagged,
                drift: DriftPolicy::Correct,
                mode: ManagementMode::Manage,
                generation: 1,
                edited: false,
                was_ready: false,
                origin: None,
                arn: None,
                owned_fields: BTreeSet::new(),
                blocked: std::time::Duration::from_secs(5),
                now: Timestamp::from_second(NOW).unwrap(),
            },
            directive: Directive::default(),
            status: EcsServiceStatus::default(),
            refused: 0,
            gone_for_sure: false,
            placed: true,
            deployments: 0,
        }
    }

    /// A service that was made from this spec and has settled.
    pub(super) fn settled(spec: &Value) -> Self {
        let mut model = Self::new();
        model.pass(spec);
        model
    }

    pub(super) fn observed(&self) -> Observed {
        Observed {
            service: self.live.clone().map_or(Seen::Absent, Seen::Present),
            deployment: self.deployment.clone(),
            revision: None,
            stopped: None,
            scaling: ScalingObserved::default(),
            gone_for_sure: self.gone_for_sure,
            placed: self.placed,
        }
    }

    pub(super) fn plan(&self, spec: &Value) -> Plan<Step> {
        self.plan_for(&desired(spec), &self.observed())
    }

    pub(super) fn plan_unread(&self, spec: &Value, error: crate::aws::AwsError) -> Plan<Step> {
        self.plan_for(&desired(spec), &Observed { service: Seen::Unreadable(error), ..self.observed() })
    }

    pub(super) fn plan_for(&self, desired: &Desired, observed: &Observed) -> Plan<Step> {
        let at = Situation {
            facts: &self.facts,
            directive: &self.directive,
            status: &self.status,
            refused: self.refused,
            follow: Duration::from_secs(10),
        };
        plan(desired, observed, &at)
    }

    /// The steps in words.
    pub(super) fn steps(&self, spec: &Value) -> Vec<String> {
        self.plan(spec).steps.iter().map(ToString::to_string).collect()
    }

    /// The steps that change something in AWS, in words.
    pub(super) fn calls(&self, spec: &Value) -> Vec<String> {
        self.plan(spec).steps.iter().filter(|step| step.is_call()).map(ToString::to_string).collect()
    }

    /// Plans, does all steps, and remembers what the status remembers.
    pub(super) fn pass(&mut self, spec: &Value) -> Vec<Step> {
        let steps = self.plan(spec).steps;
        for step in &steps {
            self.apply(step);
        }
        let desired = desired(spec);
        let declared = &desired.members | &owned_tags(&desired.tags);
        // A member that left the spec is known until a pass finds nothing of it.
        let before = if steps.is_empty() { BTreeSet::new() } else { self.facts.owned_fields.clone() };
        self.facts.owned_fields = &declared | &before;
        steps
    }

    fn apply(&mut self, step: &Step) {
        match step {
            Step::Create(request) => self.live = Some(self.created(request)),
            Step::Update(request, _) | Step::Force(request) => self.update(request),
            Step::Tag(tagging) => {
                let live = self.live.as_mut().unwrap();
                let mut tags = tag_map(live.tags());
                tags.extend(tagging.set.clone());
                tags.retain(|key, _| !tagging.remove.contains(key));
                live.tags = Some(tag_list(&tags));
            }
            Step::Claim => self.facts.claimed = true,
            Step::Delete { .. } => self.live = None,
            Step::Drain { .. } => self.live.as_mut().unwrap().desired_count = 0,
            Step::Record(record) => self.status.in_flight = Some(record.clone()),
            Step::Continue { .. } | Step::Stop(_) | Step::Scaling(_) | Step::Release(_) => {}
        }
    }

    /// One that has run so many tasks from the start.
    fn primary(&mut self, task_definition: Option<String>, count: i32) -> Deployment {
        self.deployments += 1;
        Deployment::builder()
            .id(format!("ecs-svc/{}", self.deployments))
            .status("PRIMARY")
            .set_task_definition(task_definition)
            .desired_count(count)
            .running_count(count)
            .rollout_state(DeploymentRolloutState::Completed)
            .created_at(DateTime::from_secs(NOW))
            .build()
    }

    fn created(&mut self, request: &CreateServiceInputBuilder) -> Service {
        let runs = request.get_task_definition().as_deref().map(arn_of);
        let count = request.get_desired_count().unwrap_or(0);
        let mut primary = self.primary(runs.clone(), count);
        primary.service_connect_configuration.clone_from(request.get_service_connect_configuration());
        Service::builder()
            .service_arn("arn:aws:ecs:eu-west-1:1:service/prod/web")
            .service_name("web")
            .cluster_arn("arn:aws:ecs:eu-west-1:1:cluster/prod")
            .status("ACTIVE")
            .desired_count(count)
            .running_count(count)
            .set_task_definition(runs)
            .set_launch_type(request.get_launch_type().clone())
            .set_capacity_provider_strategy(request.get_capacity_provider_strategy().clone())
            .set_platform_version(request.get_platform_version().clone())
            .set_scheduling_strategy(request.get_scheduling_strategy().clone())
            .set_deployment_controller(request.get_deployment_controller().clone())
            .set_deployment_configuration(request.get_deployment_configuration().clone())
            .set_network_configuration(request.get_network_configuration().clone())
            .set_load_balancers(request.get_load_balancers().clone())
            .set_service_registries(request.get_service_registries().clone())
            .set_placement_constraints(request.get_placement_constraints().clone())
            .set_placement_strategy(request.get_placement_strategy().clone())
            .set_availability_zone_rebalancing(request.get_availability_zone_rebalancing().clone())
            .set_health_check_grace_period_seconds(*request.get_health_check_grace_period_seconds())
            .set_propagate_tags(request.get_propagate_tags().clone())
            .enable_ecs_managed_tags(request.get_enable_ecs_managed_tags().unwrap_or(false))
            .enable_execute_command(request.get_enable_execute_command().unwrap_or(false))
            .set_tags(request.get_tags().clone())
            .deployments(primary)
            .build()
    }

    fn update(&mut self, request: &UpdateServiceInputBuilder) {
        let mut live = self.live.clone().unwrap();
        macro_rules! take {
            ($($get:ident => $member:ident),* $(,)?) => {$(
                if let Some(value) = request.$get().clone() {
                    live.$member = Some(value);
                }
            )*};
        }
        take! {
            get_platform_version => platform_version,
            get_deployment_configuration => deployment_configuration,
            get_network_configuration => network_configuration,
            get_load_balancers => load_balancers,
            get_service_registries => service_registries,
            get_placement_constraints => placement_constraints,
            get_placement_strategy => placement_strategy,
            get_availability_zone_rebalancing => availability_zone_rebalancing,
            get_health_check_grace_period_seconds => health_check_grace_period_seconds,
            get_propagate_tags => propagate_tags,
        }
        if let Some(strategy) = request.get_capacity_provider_strategy().clone() {
            assert_eq!(*request.get_force_new_deployment(), Some(true), "must force a new deployment");
            live.launch_type = strategy.is_empty().then_some(aws_sdk_ecs::types::LaunchType::Fargate);
            live.capacity_provider_strategy = Some(strategy);
        }
        live.desired_count = request.get_desired_count().unwrap_or(live.desired_count);
        live.running_count = live.desired_count;
        live.enable_ecs_managed_tags = request.get_enable_ecs_managed_tags().unwrap_or(live.enable_ecs_managed_tags);
        live.enable_execute_command = request.get_enable_execute_command().unwrap_or(live.enable_execute_command);
        let runs = request.get_task_definition().as_deref().map(arn_of).or(live.task_definition.clone());
        live.task_definition.clone_from(&runs);
        let connect = live.deployments().first().and_then(|primary| primary.service_connect_configuration.clone());
        let mut primary = self.primary(runs, live.running_count);
        primary.service_connect_configuration = request.get_service_connect_configuration().clone().or(connect);
        live.deployments = Some(vec![primary]);
        self.live = Some(live);
    }

    /// Sets a tag of the service, as somebody else would.
    pub(super) fn tag(&mut self, key: &str, value: &str) {
        let live = self.live.as_mut().unwrap();
        let mut tags = tag_map(live.tags());
        tags.insert(key.to_owned(), value.to_owned());
        live.tags = Some(tag_list(&tags));
    }

    pub(super) fn untagged(&mut self) {
        self.live.as_mut().unwrap().tags = Some(vec![Tag::builder().key("team").value("a").build()]);
    }
}

fn arn_of(name: &str) -> String {
    if name.starts_with("arn:") { name.to_owned() } else { format!("arn:aws:ecs:eu-west-1:1:task-definition/{name}") }
}
