//! Status of a `ServerGroup`: the versions, and where the rollout stands. The rollout resumes from here after a crash.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::status;
use super::service::StoppedTask;
use crate::api::policy::choice;
use crate::api::server_group::analysis::Analysis;

choice! {
    /// What a version is good for.
    VersionState {
        /// Serves, or may serve.
        #[default]
        Active,
        /// Taken out of service; kept for a rollback.
        Disabled,
        /// Its rollout failed or was aborted; never serves again.
        Failed,
        /// Being destroyed.
        Destroying,
    }
}

choice! {
    /// One of the two target groups of a mapping.
    Slot {
        /// `targetGroup`
        #[default]
        A,
        /// `alternateTargetGroup`
        B,
    }
}

choice! {
    /// One step of a rollout.
    StepKind {
        /// Everything that can be checked is checked.
        #[default]
        Preparing,
        /// What stands in the slot of the new version is disabled.
        FreeingSlot,
        /// The new version is made, or an earlier one enabled, with `count` tasks.
        Creating,
        /// `count` tasks of the new version become healthy.
        Gating,
        /// `weight` percent of the traffic go to the new version.
        Shifting,
        /// `seconds` pass.
        Waiting,
        /// A person decides.
        Paused,
        /// Metrics decide.
        Analysing,
        /// The old versions keep `percent` of their tasks.
        ShrinkingOld,
        /// The old versions are taken out of service.
        DisablingOld,
        /// The warm standby is scaled to zero.
        ScalingDown,
        /// All other versions are destroyed.
        DestroyingOld,
        /// Versions beyond `maxRemaining` are destroyed.
        Pruning,
        /// The new version becomes current.
        Finishing,
        /// The old versions get their tasks back.
        Restoring,
        /// The new version is taken out of service.
        DisablingCandidate,
        /// The new version is destroyed.
        DestroyingCandidate,
        /// The rollout ends as failed, aborted or superseded.
        Ending,
    }
}

choice! {
    /// How a rollout ended.
    RolloutResult {
        /// The new version is current.
        #[default]
        Complete,
        /// It failed.
        Failed,
        /// A person stopped it.
        Aborted,
        /// Another template took its place.
        Superseded,
    }
}

/// One step of a rollout with its numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RolloutStep {
    /// What happens.
    #[serde(default)]
    pub step: StepKind,
    /// Tasks of the new version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<i32>,
    /// Percent of the traffic for the new version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<i32>,
    /// Seconds to wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<i32>,
    /// Percent of their tasks that the old versions keep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<i32>,
    /// Whether the old versions keep their tasks as a standby.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub warm: bool,
    /// Versions kept, the current one counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_remaining: Option<i32>,
    /// Metrics that decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analysis: Option<Analysis>,
}

/// A version that a rollout replaces.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Replaced {
    /// Name of the version.
    #[serde(default)]
    pub version: String,
    /// Tasks it was asked for when the rollout began.
    #[serde(default)]
    pub desired: i32,
}

/// Where the analysis of a step stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AnalysisRun {
    /// Measurements made.
    #[serde(default)]
    pub measured: i32,
    /// Good ones.
    #[serde(default)]
    pub successful: i32,
    /// Bad ones.
    #[serde(default)]
    pub failed: i32,
    /// Neither.
    #[serde(default)]
    pub inconclusive: i32,
    /// Failed attempts to measure, in a row.
    #[serde(default)]
    pub errors: i32,
    /// When the last measurement was made or tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured_at: Option<Time>,
    /// The last values, or why there are none.
    #[serde(default)]
    pub message: String,
}

/// A rollout under way. All that it goes by was taken down when it began.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupRollout {
    /// Version that served when it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Version that is to serve.
    #[serde(default)]
    pub to: String,
    /// Hash of its template.
    #[serde(default)]
    pub template_hash: String,
    /// Its images.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<String>,
    /// `none`, `highlander`, `redBlack`, `rollingRedBlack`, `canary` or `restore`.
    #[serde(default)]
    pub strategy: String,
    /// Versions that were active when it began.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaces: Vec<Replaced>,
    /// Full size of the new version.
    #[serde(default)]
    pub target: i32,
    /// The steps, in order.
    #[serde(default)]
    pub steps: Vec<RolloutStep>,
    /// Position of the step under way.
    #[serde(default)]
    pub step_index: i32,
    /// The step under way.
    #[serde(default)]
    pub step: StepKind,
    /// Short form for the ROLLOUT column.
    #[serde(default)]
    pub display: String,
    /// Goes back: set with the result that it will have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
    /// A gate waits: the value to give to the `promote` annotation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promote_with: Option<String>,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Time>,
    /// When the step under way began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_started_at: Option<Time>,
    /// When it last came closer to its end; the progress deadline counts from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progressed_at: Option<Time>,
    /// Since when as many tasks as needed are healthy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub healthy_since: Option<Time>,
    /// Since when fewer are, once traffic has begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unhealthy_since: Option<Time>,
    /// Since when the listener rules show the weight of this step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shifted_at: Option<Time>,
    /// Most healthy tasks seen in this step.
    #[serde(default)]
    pub healthy: i32,
    /// Seconds in which the clocks stood: pauses and times nobody looked.
    #[serde(default)]
    pub paused_seconds: i64,
    /// When the clocks were last looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_at: Option<Time>,
    /// Percent of the traffic that the new version has been given.
    #[serde(default)]
    pub weight: i32,
    /// Where the analysis of the step stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analysis: Option<AnalysisRun>,
    /// What is waited for, for people.
    #[serde(default)]
    pub message: String,
}

/// Why a rollout goes back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ending {
    /// How it will have ended.
    #[serde(default)]
    pub result: RolloutResult,
    /// Reason of the condition, such as `DeploymentFailed`.
    #[serde(default)]
    pub reason: String,
    /// What happened.
    #[serde(default)]
    pub message: String,
    /// Step in which it happened.
    #[serde(default)]
    pub step: StepKind,
    /// Whether the template is held until it changes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hold: bool,
}

/// How many tasks of a version are well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Instances {
    /// All.
    #[serde(default)]
    pub total: i32,
    /// Running, and passing every check that counts.
    #[serde(default)]
    pub healthy: i32,
    /// Not there yet.
    #[serde(default)]
    pub starting: i32,
    /// Failing a check.
    #[serde(default)]
    pub unhealthy: i32,
    /// On their way out.
    #[serde(default)]
    pub draining: i32,
    /// Not known.
    #[serde(default)]
    pub unknown: i32,
}

/// Capacity before a version was disabled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Remembered {
    /// Fewest tasks.
    #[serde(default)]
    pub min: i32,
    /// Tasks it ran.
    #[serde(default)]
    pub desired: i32,
    /// Most tasks.
    #[serde(default)]
    pub max: i32,
    /// When it was written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Time>,
}

/// Why a version failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VersionFailure {
    /// Reason of the condition.
    #[serde(default)]
    pub reason: String,
    /// What happened.
    #[serde(default)]
    pub message: String,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Time>,
}

/// A service whose scaling is copied to a version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScalingCopy {
    /// Its name.
    #[serde(default)]
    pub service: String,
    /// Short name of its cluster.
    #[serde(default)]
    pub cluster: String,
    /// Its `AwsAccount`; the group's when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Its Region; the group's when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Whether that is over.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub done: bool,
}

/// One version of the group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Version {
    /// Name of the version and of its ECS service.
    #[serde(default)]
    pub name: String,
    /// Its number.
    #[serde(default)]
    pub sequence: i32,
    /// What it is good for.
    #[serde(default)]
    pub state: VersionState,
    /// `Candidate`, `Current`, `Previous` or `Standby`.
    #[serde(default)]
    pub role: String,
    /// Disabled, but its tasks run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub warm: bool,
    /// Hash of its template.
    #[serde(default)]
    pub template_hash: String,
    /// Its images, in the order of the containers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<String>,
    /// ARN of its task definition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_definition: Option<String>,
    /// ARN of its service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Target group it is behind, under weighted traffic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<Slot>,
    /// Percent of the traffic that the listener rules give it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<i32>,
    /// Tasks it is asked for.
    #[serde(default)]
    pub capacity: i32,
    /// Tasks running.
    #[serde(default)]
    pub running: i32,
    /// Tasks pending.
    #[serde(default)]
    pub pending: i32,
    /// How many are well, when that was last looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instances: Option<Instances>,
    /// Capacity before it was disabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remembered: Option<Remembered>,
    /// Whether its autoscaling is suspended by us.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspended: bool,
    /// Service whose scaling is copied to this version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copies: Option<ScalingCopy>,
    /// What is copied: `policy/<name>`, `action/<name>` and `alarm/<name>`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub copied_scaling: Vec<String>,
    /// Was there before us.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub adopted: bool,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Time>,
    /// When it was disabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled_at: Option<Time>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<VersionFailure>,
}

/// A listed listener rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RuleStatus {
    /// Its ARN.
    #[serde(default)]
    pub arn: String,
    /// Weights it should have, `a/b`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intended: Option<String>,
    /// Weights it has, `a/b`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed: Option<String>,
    /// Whether they are equal.
    #[serde(default)]
    pub in_sync: bool,
}

/// A template that is not tried again until it changes or `retry` is set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hold {
    /// Hash of the template.
    #[serde(default)]
    pub hash: String,
    /// Version that failed.
    #[serde(default)]
    pub version: String,
    /// Reason of the condition.
    #[serde(default)]
    pub reason: String,
    /// What happened.
    #[serde(default)]
    pub message: String,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Time>,
}

/// A rollout that ended, or a version that was destroyed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HistoryEntry {
    /// The version.
    #[serde(default)]
    pub version: String,
    /// `Complete`, `Failed`, `Aborted`, `Superseded` or `Destroyed`.
    #[serde(default)]
    pub result: String,
    /// Its images.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<String>,
    /// What there is to say.
    #[serde(default)]
    pub message: String,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Time>,
}

status! {
    /// What is known of a server group.
    ServerGroupStatus {
        /// Name of the group: `application-stack-detail`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        group_name: Option<String>,
        /// Hash of the template in the spec.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        template_hash: Option<String>,
        /// Version that serves.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        current_version: Option<String>,
        /// Number of the newest version.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last_sequence: Option<i32>,
        /// Tasks that the current version is asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        desired_count: Option<i32>,
        /// Tasks of all versions that run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        running_count: Option<i32>,
        /// Running of desired tasks, for the TASKS column.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ready: Option<String>,
        /// Who receives which share of the traffic.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        traffic: Option<String>,
        /// Label selector for the scale subresource; matches no pod.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        selector: Option<String>,
        /// Version that `rollback.toVersion` keeps in service.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pinned: Option<String>,
        /// All versions, the newest first.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        versions: Vec<Version>,
        /// The rollout under way.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rollout: Option<GroupRollout>,
        /// Of the last accepted spec, as JSON, what a rollout needs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        accepted_spec: Option<String>,
        /// The listed listener rules.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        rules: Vec<RuleStatus>,
        /// CloudWatch alarms of the versions.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        alarms: Vec<String>,
        /// Hashes of alarms as they were set, under `driftPolicy: Warn`.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        alarms_set: BTreeMap<String, String>,
        /// Template that failed and is held.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hold: Option<Hold>,
        /// What ended, the latest first, 10 at most.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        history: Vec<HistoryEntry>,
        /// The last tasks that stopped, 5 at most.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        recent_failures: Vec<StoppedTask>,
    }
}
