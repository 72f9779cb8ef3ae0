//! Application Auto Scaling for one service, in the few words that the planner speaks.

use std::collections::BTreeMap;

use aws_sdk_applicationautoscaling::types::{
    PolicyType, ScalableDimension, ScalableTarget, ScalableTargetAction, ScalingPolicy, ScheduledAction,
    ServiceNamespace, SuspendedState,
};
use aws_sdk_ecs::types::Service;
use aws_smithy_types::DateTime;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::{Holding, ScalingObserved, Step, drift, plan, record};
use crate::api::EcsService;
use crate::api::policy::{AdoptionPolicy, DeletionPolicy, DriftPolicy, ManagementMode};
use crate::api::status::ScalingStatus;
use crate::controllers::context::Stores;
use crate::controllers::ecs_service::Desired;
use crate::controllers::facts::Facts;
use crate::controllers::ownership::Owner;
use crate::controllers::scalings::ScalingDetail;
use crate::controllers::seen::Seen;

pub(super) const RESOURCE: &str = "service/prod/web";

#[derive(Clone)]
pub(super) struct Model {
    pub(super) target: Option<ScalableTarget>,
    policies: BTreeMap<String, ScalingPolicy>,
    actions: BTreeMap<String, ScheduledAction>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) count: i32,
    pub(super) record: Option<ScalingStatus>,
    pub(super) edited: bool,
    pub(super) warn: bool,
    pub(super) adoption: AdoptionPolicy,
    /// Is the target hard to read?
    pub(super) unreadable: Option<crate::aws::AwsError>,
}

pub(super) fn desired(spec: &Value) -> Desired {
    let object = json!({
        "apiVersion": "ecs-operator.dev/v1alpha1", "kind": "EcsService",
        "metadata": {"name": "web", "namespace": "shop", "uid": "u1", "generation": 1},
        "spec": spec,
    });
    let object: EcsService = serde_json::from_value(object).unwrap();
    Desired::resolve(&object, &Stores::empty())
}

/// A service with this `scaling`; none for null.
pub(super) fn scaled(scaling: &Value) -> Desired {
    let mut spec = json!({"cluster": "prod", "taskDefinition": "web:1", "desiredCount": 2});
    if !scaling.is_null() {
        spec["scaling"] = scaling.clone();
    }
    desired(&spec)
}

pub(super) fn target(min: i32, max: i32) -> ScalableTarget {
    ScalableTarget::builder()
        .service_namespace(ServiceNamespace::Ecs)
        .resource_id(RESOURCE)
        .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
        .min_capacity(min)
        .max_capacity(max)
        .role_arn("role")
        .creation_time(DateTime::from_secs(1))
        .scalable_target_arn("arn:aws:application-autoscaling:eu-west-1:1:scalable-target/1")
        .build()
        .unwrap()
}

fn policy(name: &str, kind: PolicyType) -> aws_sdk_applicationautoscaling::types::builders::ScalingPolicyBuilder {
    ScalingPolicy::builder()
        .policy_arn("arn")
        .policy_name(name)
        .service_namespace(ServiceNamespace::Ecs)
        .resource_id(RESOURCE)
        .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
        .policy_type(kind)
        .creation_time(DateTime::from_secs(1))
}

fn action(name: &str, schedule: &str) -> aws_sdk_applicationautoscaling::types::builders::ScheduledActionBuilder {
    ScheduledAction::builder()
        .scheduled_action_name(name)
        .scheduled_action_arn("arn")
        .service_namespace(ServiceNamespace::Ecs)
        .schedule(schedule)
        .resource_id(RESOURCE)
        .creation_time(DateTime::from_secs(1))
}

impl Model {
    pub(super) fn new(count: i32) -> Self {
        Self {
            target: None,
            policies: BTreeMap::new(),
            actions: BTreeMap::new(),
            tags: BTreeMap::new(),
            count,
            record: None,
            edited: true,
            warn: false,
            adoption: AdoptionPolicy::IfTagged,
            unreadable: None,
        }
    }

    pub(super) fn facts(&self) -> Facts {
        Facts {
            owner: Owner {
                installation: "i".into(),
                namespace: "shop".into(),
                kind: "EcsService",
                name: "web".into(),
                uid: "u1".into(),
            },
            claimed: true,
            deleting: false,
            deletion: DeletionPolicy::Delete,
            adoption: self.adoption,
            drift: if self.warn { DriftPolicy::Warn } else { DriftPolicy::Correct },
            mode: ManagementMode::Manage,
            generation: 1,
            edited: self.edited,
            was_ready: false,
            origin: None,
            arn: None,
            owned_fields: std::collections::BTreeSet::new(),
            blocked: std::time::Duration::from_secs(5),
            now: Timestamp::from_second(1_800_000_000).unwrap(),
        }
    }

    pub(super) fn look(&self) -> ScalingObserved {
        let detail = ScalingDetail {
            policies: self.policies.values().cloned().collect(),
            actions: self.actions.values().cloned().collect(),
            tags: Some(self.tags.clone()),
            read_at: Timestamp::UNIX_EPOCH,
        };
        let target = match &self.unreadable {
            Some(error) => Seen::Unreadable(error.clone()),
            None => self.target.clone().map_or(Seen::Absent, Seen::Present),
        };
        ScalingObserved {
            resource: RESOURCE.to_owned(),
            detail: target.present().is_some().then_some(detail),
            target: Some(target),
            error: self.unreadable.clone(),
            record: self.record.clone(),
            may_pull: true,
            recounted: None,
        }
    }

    pub(super) fn live(&self) -> Service {
        Service::builder().service_name("web").status("ACTIVE").desired_count(self.count).build()
    }

    pub(super) fn steps(&self, scaling: &Value) -> Vec<Step> {
        plan(&scaled(scaling), &self.look(), &self.live(), &self.facts())
    }

    pub(super) fn plan(&self, scaling: &Value) -> Vec<String> {
        self.steps(scaling).iter().map(ToString::to_string).collect()
    }

    pub(super) fn drift(&self, scaling: &Value) -> Vec<String> {
        let facts = Facts { edited: false, ..self.facts() };
        drift(&scaled(scaling), &self.look(), &self.live(), &facts)
    }

    /// Plans, does all steps, and remembers what the status remembers.
    pub(super) fn pass(&mut self, scaling: &Value) {
        let observed = self.look();
        let steps = self.steps(scaling);
        for step in &steps {
            self.apply(step);
        }
        let did: Vec<&Step> = steps.iter().collect();
        self.record = record(&scaled(scaling), &observed, &did, &self.facts());
    }

    /// Does the first `n` steps only, as when the next one fails.
    pub(super) fn half_a_pass(&mut self, scaling: &Value, n: usize) {
        let observed = self.look();
        let steps: Vec<Step> = self.steps(scaling).into_iter().take(n).collect();
        for step in &steps {
            self.apply(step);
        }
        let did: Vec<&Step> = steps.iter().collect();
        self.record = record(&scaled(scaling), &observed, &did, &self.facts());
    }

    fn apply(&mut self, step: &Step) {
        match step {
            Step::Register(request) => {
                let mut now = self.target.clone().unwrap_or_else(|| {
                    target(request.get_min_capacity().unwrap(), request.get_max_capacity().unwrap())
                });
                if self.target.is_none() {
                    self.tags = request.get_tags().clone().unwrap_or_default().into_iter().collect();
                }
                now.min_capacity = request.get_min_capacity().unwrap_or(now.min_capacity);
                now.max_capacity = request.get_max_capacity().unwrap_or(now.max_capacity);
                let all = SuspendedState::builder()
                    .dynamic_scaling_in_suspended(false)
                    .dynamic_scaling_out_suspended(false)
                    .scheduled_scaling_suspended(false)
                    .build();
                now.suspended_state = request.get_suspended_state().clone().or(now.suspended_state).or(Some(all));
                self.count = self.count.clamp(now.min_capacity, now.max_capacity);
                self.target = Some(now);
            }
            Step::Tag(tagging) => {
                self.tags.extend(tagging.set.clone());
                self.tags.retain(|key, _| !tagging.remove.contains(key));
            }
            Step::PutPolicy(request, _) => {
                assert!(self.target.is_some(), "ObjectNotFoundException");
                let name = request.get_policy_name().clone().unwrap();
                let kind = request.get_policy_type().clone().unwrap();
                assert!(self.policies.get(&name).is_none_or(|there| there.policy_type == kind), "kind changed");
                let made = policy(&name, kind)
                    .set_step_scaling_policy_configuration(request.get_step_scaling_policy_configuration().clone())
                    .set_target_tracking_scaling_policy_configuration(
                        request.get_target_tracking_scaling_policy_configuration().clone(),
                    );
                self.policies.insert(name, made.build().unwrap());
            }
            Step::DeletePolicy { name, .. } => assert!(self.policies.remove(name).is_some()),
            Step::PutAction(request, _) => {
                assert!(self.target.is_some(), "ObjectNotFoundException");
                let name = request.get_scheduled_action_name().clone().unwrap();
                let made = action(&name, request.get_schedule().as_deref().unwrap())
                    .set_timezone(request.get_timezone().clone())
                    .set_start_time(*request.get_start_time())
                    .set_scalable_target_action(request.get_scalable_target_action().clone());
                self.actions.insert(name, made.build().unwrap());
            }
            Step::DeleteAction { name, .. } => assert!(self.actions.remove(name).is_some()),
            Step::Deregister { .. } => {
                self.target = None;
                self.policies.clear();
                self.actions.clear();
                self.tags.clear();
            }
        }
    }

    pub(super) fn put_foreign(&mut self) {
        self.policies.insert("theirs".into(), policy("theirs", PolicyType::StepScaling).build().unwrap());
        // The name of a policy of ours: names of the two sorts have nothing to do with each other.
        self.actions.insert("p0".into(), action("p0", "rate(2 days)").build().unwrap());
    }

    pub(super) fn has_foreign(&self) -> bool {
        self.target.is_some() && self.policies.contains_key("theirs") && self.actions.contains_key("p0")
    }

    /// Policies and actions beside the foreign ones.
    pub(super) fn ours(&self) -> usize {
        (self.policies.len() + self.actions.len()).saturating_sub(2)
    }

    /// Somebody raises the upper bound.
    pub(super) fn stretch(&mut self) {
        self.set_bounds(None, Some(99));
    }

    pub(super) fn set_bounds(&mut self, min: Option<i32>, max: Option<i32>) {
        let target = self.target.as_mut().unwrap();
        target.min_capacity = min.unwrap_or(target.min_capacity);
        target.max_capacity = max.unwrap_or(target.max_capacity);
    }

    /// A scheduled action of ours runs.
    pub(super) fn run_action(&mut self, name: &str) {
        let bounds: ScalableTargetAction = self.actions[name].scalable_target_action.clone().unwrap();
        self.set_bounds(bounds.min_capacity, bounds.max_capacity);
    }

    pub(super) fn is_bare(&self) -> bool {
        self.target.is_none() && self.policies.is_empty() && self.actions.is_empty()
    }

    pub(super) fn count_is_inside(&self) -> bool {
        self.target.as_ref().is_some_and(|target| (target.min_capacity..=target.max_capacity).contains(&self.count))
    }

    pub(super) fn is_ours(&self) -> bool {
        self.look().holding(&self.facts()) == Holding::Ours
    }
}
