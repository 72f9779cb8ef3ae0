//! Every place in the controllers that calls AWS or Kubernetes, and the story that meets it: a call in a new place fails
//! here until a story makes it, for what no story makes is never met by a fault.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use ecs_chaos::enumerate::Told;
use ecs_chaos::seen::KubeCall;
use regex::Regex;

/// Who meets a place.
enum Met {
    /// Passes of this kind (of any, if empty), by this call.
    By(&'static str, &'static str),
    /// No story, and why that is well.
    Elsewhere(&'static str),
}

use Met::{By, Elsewhere};

const SWEEP: &str = "the sweep is a process's, and schedules run passes; `scale` runs it, under throttling and outages";
const ACCOUNTS: &str = "no story has an AwsAccount; `accounts` withdraws, forbids and denies them";
const FORMER: &str = "no story meets alarms of an earlier group of the name; `server_group::alarms` does";
const SQS: &str = "hints are read by a task of their own; `hints` breaks, forges and loses them";
const WATCHES: &str = "the watches are a process's; `disturbed` disturbs them";

/// File below `src/controllers`, what is called there, how often, and who meets it.
const PLACES: &[(&str, &str, usize, Met)] = &[
    ("accounts/gate.rs", "identity", 1, By("", "GetCallerIdentity")),
    ("accounts/observe.rs", "DescribeTaskDefinition", 1, Elsewhere(ACCOUNTS)),
    ("aws_account/observe.rs", "identity", 1, Elsewhere(ACCOUNTS)),
    ("aws_account/observe.rs", "list_metadata", 1, Elsewhere(ACCOUNTS)),
    ("drive.rs", "get_opt", 1, By("EcsService", "GET ecsservices")),
    ("ecs_cluster/act.rs", "CreateCluster", 1, By("EcsCluster", "CreateCluster")),
    ("ecs_cluster/act.rs", "DeleteCluster", 1, By("EcsCluster", "DeleteCluster")),
    ("ecs_cluster/act.rs", "PutClusterCapacityProviders", 1, By("EcsCluster", "PutClusterCapacityProviders")),
    ("ecs_cluster/act.rs", "UpdateCluster", 1, By("EcsCluster", "UpdateCluster")),
    ("ecs_cluster/act.rs", "UpdateClusterSettings", 1, By("EcsCluster", "UpdateClusterSettings")),
    ("ecs_cluster/observe.rs", "describe_cluster", 1, By("", "DescribeClusters")),
    ("ecs_service/act.rs", "ContinueServiceDeployment", 1, By("EcsService", "ContinueServiceDeployment")),
    ("ecs_service/act.rs", "CreateService", 1, By("EcsService", "CreateService")),
    ("ecs_service/act.rs", "DeleteService", 1, By("EcsService", "DeleteService")),
    ("ecs_service/act.rs", "StopServiceDeployment", 1, By("EcsService", "StopServiceDeployment")),
    ("ecs_service/act.rs", "UpdateService", 2, By("EcsService", "UpdateService")),
    (
        "ecs_service/observe.rs",
        "DescribeTaskDefinition",
        1,
        Elsewhere("asked where neither revision is remembered; without an answer nothing is foreseen"),
    ),
    ("ecs_service/observe.rs", "describe_service", 1, By("", "DescribeServices")),
    ("ecs_service/observe.rs", "describe_service_deployment", 1, By("", "DescribeServiceDeployments")),
    (
        "ecs_service/observe.rs",
        "describe_service_revision",
        1,
        Elsewhere("asked for two members that no description shows; without an answer they are taken for right"),
    ),
    ("ecs_service/observe.rs", "describe_tasks", 1, By("", "DescribeTasks")),
    ("ecs_service/observe.rs", "list_tasks", 1, By("EcsService", "ListTasks")),
    ("ecs_service/scaling/act.rs", "DeleteScalingPolicy", 1, By("EcsService", "DeleteScalingPolicy")),
    ("ecs_service/scaling/act.rs", "DeleteScheduledAction", 1, By("EcsService", "DeleteScheduledAction")),
    ("ecs_service/scaling/act.rs", "DeregisterScalableTarget", 1, By("EcsService", "DeregisterScalableTarget")),
    ("ecs_service/scaling/act.rs", "PutScalingPolicy", 1, By("EcsService", "PutScalingPolicy")),
    ("ecs_service/scaling/act.rs", "PutScheduledAction", 1, By("EcsService", "PutScheduledAction")),
    ("ecs_service/scaling/act.rs", "RegisterScalableTarget", 1, By("EcsService", "RegisterScalableTarget")),
    ("ecs_service/scaling/act.rs", "TagScalableTarget", 1, By("EcsService", "TagResource")),
    ("ecs_service/scaling/act.rs", "UntagScalableTarget", 1, By("EcsService", "UntagResource")),
    ("ecs_service/scaling/observe.rs", "describe_scalable_target", 1, By("", "DescribeScalableTargets")),
    ("ecs_service/scaling/observe.rs", "list_scalable_target_tags", 1, By("EcsService", "ListTagsForResource")),
    ("ecs_service/scaling/observe.rs", "list_scaling_policies", 1, By("EcsService", "DescribeScalingPolicies")),
    ("ecs_service/scaling/observe.rs", "list_scheduled_actions", 1, By("EcsService", "DescribeScheduledActions")),
    ("ecs_task_definition/act.rs", "DeregisterTaskDefinition", 1, By("EcsTaskDefinition", "DeregisterTaskDefinition")),
    ("ecs_task_definition/act.rs", "RegisterTaskDefinition", 1, By("EcsTaskDefinition", "RegisterTaskDefinition")),
    ("ecs_task_definition/observe.rs", "DescribeTaskDefinition", 1, By("EcsTaskDefinition", "DescribeTaskDefinition")),
    ("ecs_task_definition/observe.rs", "list_task_definitions", 1, By("EcsTaskDefinition", "ListTaskDefinitions")),
    ("effects.rs", "TagResource", 1, By("EcsCluster", "TagResource")),
    ("effects.rs", "UntagResource", 1, By("EcsCluster", "UntagResource")),
    ("events.rs", "create", 1, By("", "POST events")),
    ("hints/mod.rs", "delete_messages", 1, Elsewhere(SQS)),
    ("hints/mod.rs", "receive", 1, Elsewhere(SQS)),
    ("missed.rs", "list", 2, Elsewhere(WATCHES)),
    ("missed.rs", "list_metadata", 1, Elsewhere(WATCHES)),
    ("pass.rs", "get_opt", 3, By("EcsService", "GET ecsservices")),
    ("pass.rs", "patch", 1, By("", "FINALIZER ecsservices")),
    ("server_group/act.rs", "StopTask", 1, By("ServerGroup", "StopTask")),
    ("server_group/act.rs", "create", 1, By("ServerGroup", "POST ecsservices")),
    ("server_group/act.rs", "delete", 1, By("ServerGroup", "DELETE ecsservices")),
    (
        "server_group/act.rs",
        "get_opt",
        1,
        Elsewhere("asked only where a version is there already, as after each lost answer to its making"),
    ),
    ("server_group/act.rs", "modify_rule", 1, By("ServerGroup", "ModifyRule")),
    ("server_group/act.rs", "patch", 2, By("ServerGroup", "PATCH ecsservices")),
    ("server_group/adopt.rs", "describe_service", 1, By("", "DescribeServices")),
    (
        "server_group/adopt.rs",
        "service_names",
        1,
        Elsewhere("no story has a group that adopts; `server_group::adoption`"),
    ),
    ("server_group/measure/read.rs", "alarms", 1, By("ServerGroup", "DescribeAlarms")),
    ("server_group/measure/read.rs", "fetch", 1, Elsewhere("no call of AWS; `aws::web` has its tests")),
    ("server_group/measure/read.rs", "metric_data", 1, By("ServerGroup", "GetMetricData")),
    ("server_group/observe.rs", "alarms", 1, By("ServerGroup", "DescribeAlarms")),
    (
        "server_group/observe.rs",
        "container_instances",
        1,
        Elsewhere("asked for tasks on instances only; `aws::tasks` has its tests"),
    ),
    ("server_group/observe.rs", "describe_service", 1, By("", "DescribeServices")),
    ("server_group/observe.rs", "describe_tasks", 1, By("", "DescribeTasks")),
    (
        "server_group/observe.rs",
        "get_opt",
        1,
        Elsewhere("no story keeps a document in a ConfigMap; `server_group::documents`"),
    ),
    ("server_group/observe.rs", "service_names", 1, By("ServerGroup", "ListServices")),
    ("server_group/observe.rs", "target_groups", 1, By("", "DescribeTargetGroups")),
    ("server_group/observe.rs", "target_health", 1, By("ServerGroup", "DescribeTargetHealth")),
    ("server_group/observe.rs", "tasks_of_service", 1, By("ServerGroup", "ListTasks")),
    ("server_group/resolve.rs", "security_groups", 1, By("", "DescribeSecurityGroups")),
    ("server_group/resolve.rs", "subnets", 2, By("", "DescribeSubnets")),
    ("server_group/resolve.rs", "target_groups", 1, By("", "DescribeTargetGroups")),
    ("server_group/resolve/account.rs", "long_arns", 1, By("", "ListAccountSettings")),
    ("server_group/resolve/account.rs", "role", 1, By("", "GetRole")),
    ("server_group/rules.rs", "listener_rules", 1, By("", "DescribeRules")),
    ("server_group/scale_act.rs", "DeleteScalingPolicy", 1, By("ServerGroup", "DeleteScalingPolicy")),
    ("server_group/scale_act.rs", "DeleteScheduledAction", 1, By("ServerGroup", "DeleteScheduledAction")),
    ("server_group/scale_act.rs", "PutScalingPolicy", 1, By("ServerGroup", "PutScalingPolicy")),
    ("server_group/scale_act.rs", "PutScheduledAction", 1, By("ServerGroup", "PutScheduledAction")),
    ("server_group/scale_act.rs", "delete_alarms", 1, By("ServerGroup", "DeleteAlarms")),
    ("server_group/scale_act.rs", "put_metric_alarm", 1, By("ServerGroup", "PutMetricAlarm")),
    ("server_group/scale_act.rs", "tag_alarm", 1, Elsewhere(FORMER)),
    ("server_group/scale_reads.rs", "alarm_tags", 3, By("ServerGroup", "ListTagsForResource")),
    ("server_group/scale_reads.rs", "describe_service", 2, By("", "DescribeServices")),
    ("server_group/scale_reads.rs", "list_scaling_policies", 3, By("ServerGroup", "DescribeScalingPolicies")),
    ("server_group/scale_reads.rs", "list_scheduled_actions", 2, By("ServerGroup", "DescribeScheduledActions")),
    ("server_group/scale_reads.rs", "target_groups", 1, By("", "DescribeTargetGroups")),
    ("server_group/scale_reads.rs", "whole_alarms", 3, By("ServerGroup", "DescribeAlarms")),
    ("sweep/look.rs", "describe_cluster", 1, Elsewhere(SWEEP)),
    ("sweep/look.rs", "describe_scalable_target", 1, Elsewhere(SWEEP)),
    ("sweep/look.rs", "describe_service", 1, Elsewhere(SWEEP)),
    ("written.rs", "get_opt", 1, Elsewhere("asked after a conflict only, and there is one for each write of a status")),
    ("written.rs", "patch_status", 3, By("", "PATCH ecsservices status")),
];

/// What calls look like: an operation, a read of the AWS layer, a verb of a Kubernetes API.
const CALLS: &str = r"(?x)
    \bOp::(\w+)
    | \baws\s*\.\s*(\w+)\(
    | \bapi(?:\(\))?(?:::<\w+>\(\w+\))?\s*\.\s*((?:create|patch|delete|get|list)\w*)\(";

/// What looks like a call of the AWS layer and is none: its calls are made elsewhere, or nowhere.
const NONE: &[&str] =
    &["call", "ecs", "autoscaling", "limiter", "declare", "forget_account", "identity_trouble", "may_fetch", "queue"];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") && !path.to_string_lossy().contains("test") {
            found.push(path);
        }
    }
}

/// The places, as they stand in the source.
fn places() -> BTreeMap<(String, String), usize> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../src/controllers").canonicalize().unwrap();
    let (mut all, mut found) = (Vec::new(), BTreeMap::new());
    files(&root, &mut all);
    let calls = Regex::new(CALLS).unwrap();
    for file in all {
        let text = std::fs::read_to_string(&file).unwrap();
        let shipped = text.split("#[cfg(test)]").next().unwrap_or_default();
        let code: String =
            shipped.lines().map(|line| line.split("//").next().unwrap_or_default().to_owned() + "\n").collect();
        for call in calls.captures_iter(&code) {
            let word = call.iter().skip(1).flatten().next().unwrap().as_str();
            if !NONE.contains(&word) {
                let file = file.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
                *found.entry((file, word.to_owned())).or_default() += 1;
            }
        }
    }
    found
}

/// Who made which call, over all stories.
fn made(told: &[Told]) -> BTreeSet<(&'static str, String)> {
    let mut made = BTreeSet::new();
    for seen in told.iter().flat_map(|told| &told.outcome.trace) {
        let by = seen.pass.as_ref().map_or("", |pass| pass.key.0);
        let call = seen.aws().map(|call| call.operation.clone()).or_else(|| seen.kube().map(KubeCall::site));
        if let Some(call) = call {
            made.insert((by, call.clone()));
            made.insert(("", call));
        }
    }
    made
}

/// What is wrong with the table.
pub(crate) fn wrong(told: &[Told]) -> Vec<String> {
    let (mut places, made) = (places(), made(told));
    let mut wrong = Vec::new();
    for (file, word, times, met) in PLACES {
        let found = places.remove(&((*file).to_owned(), (*word).to_owned())).unwrap_or_default();
        if found != *times {
            wrong.push(format!("src/controllers/{file}: {found} × `{word}`, and not {times}"));
        }
        match met {
            By(kind, call) if !made.contains(&(*kind, (*call).to_owned())) => {
                wrong.push(format!("src/controllers/{file}: no story makes {call} in a pass of {kind:?}"));
            }
            Elsewhere("") => wrong.push(format!("src/controllers/{file}: {word}, and why not?")),
            By(..) | Elsewhere(_) => {}
        }
    }
    let new =
        places.into_iter().map(|((file, word), times)| format!("src/controllers/{file}: {times} × `{word}` is new"));
    wrong.extend(new);
    wrong
}
