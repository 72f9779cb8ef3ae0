//! Service deployments and revisions as the API shows them.

use serde_json::{Value, json};

use super::state::{Revision, Rollout, RolloutStatus};
use crate::ecs::scheduler::json::{epoch, list, text, texts, truth};
use crate::ecs::scheduler::{Fleet, threshold};
use crate::ecs::service::state::Service;
use crate::ecs::service::{Counts, resolve_platform};
use crate::ecs::set;
use crate::ecs::strategy::{HookRun, Stage};

/// One row of `ListServiceDeployments`.
pub(super) fn brief(service: &Service, rollout: &Rollout) -> Value {
    let mut view = json!({
        "serviceDeploymentArn": rollout.arn,
        "serviceArn": service.arn,
        "clusterArn": service.cluster_arn,
        "createdAt": epoch(rollout.created_at),
        "targetServiceRevisionArn": rollout.target,
        "status": rollout.status.as_str(),
    });
    times(&mut view, rollout);
    view
}

fn times(view: &mut Value, rollout: &Rollout) {
    for (member, at) in [("startedAt", rollout.started_at), ("finishedAt", rollout.finished_at)] {
        if let Some(at) = at {
            set(view, member, epoch(at));
        }
    }
    if let Some(reason) = &rollout.reason {
        set(view, "statusReason", reason.clone());
    }
}

/// One service revision.
pub(super) fn revision(service: &Service, revision: &Revision) -> Value {
    let mut members = revision.config.clone();
    resolve_platform(&mut members);
    let mut view = Value::Object(members);
    set(&mut view, "serviceRevisionArn", revision.arn.clone());
    set(&mut view, "serviceArn", service.arn.clone());
    set(&mut view, "clusterArn", service.cluster_arn.clone());
    set(&mut view, "createdAt", epoch(revision.created_at));
    set(&mut view, "guardDutyEnabled", false);
    let images: Vec<Value> = revision
        .definition
        .containers
        .iter()
        .map(|c| json!({ "containerName": c.name, "image": c.image, "imageDigest": digest(&c.image) }))
        .collect();
    set(&mut view, "containerImages", images);
    let entries = revision.config.get("loadBalancers").map_or(&[][..], |v| list(v, ""));
    let entries = entries.iter().filter(|e| text(e, "/targetGroupArn").is_some());
    let resolved: Vec<Value> = entries
        .zip(&revision.groups)
        .map(|(entry, group)| {
            let mut row = json!({ "targetGroupArn": group });
            if let Some(rule) = text(entry, "/advancedConfiguration/productionListenerRule") {
                set(&mut row, "productionListenerRule", rule);
            }
            row
        })
        .collect();
    set(&mut view, "resolvedConfiguration", json!({ "loadBalancers": resolved }));
    view
}

/// A stable stand-in for an image digest.
fn digest(image: &str) -> String {
    let hash = image
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("sha256:{}", format!("{hash:016x}").repeat(4))
}

fn hook(run: &HookRun) -> Value {
    let mut view = json!({
        "hookId": run.id,
        "targetType": if run.lambda.is_some() { "AWS_LAMBDA" } else { "PAUSE" },
        "status": run.status.as_str(),
    });
    if let Some(lambda) = &run.lambda {
        set(&mut view, "targetArn", lambda.clone());
    }
    if let Some(at) = run.expires_at {
        set(&mut view, "expiresAt", epoch(at));
        set(&mut view, "timeoutAction", if run.rolls_back { "ROLLBACK" } else { "CONTINUE" });
    }
    view
}

/// Tenths of a percent as percent.
fn share(tenths: i64) -> Value {
    format!("{}.{}", tenths / 10, tenths % 10).parse::<f64>().map_or(Value::Null, Value::from)
}

impl Fleet {
    /// One service deployment, with counts as they are now.
    pub(crate) fn rollout_view(&self, service: &Service, rollout: &Rollout) -> Value {
        let mut view = json!({
            "serviceDeploymentArn": rollout.arn,
            "serviceArn": service.arn,
            "clusterArn": service.cluster_arn,
            "createdAt": epoch(rollout.created_at),
            "updatedAt": epoch(rollout.updated_at),
            "status": rollout.status.as_str(),
            "deploymentConfiguration": rollout.config,
            "targetServiceRevision": self.revision_summary(service, rollout, &rollout.target),
            "sourceServiceRevisions": rollout.sources.iter()
                .map(|arn| self.revision_summary(service, rollout, arn))
                .collect::<Vec<_>>(),
            "deploymentCircuitBreaker": breaker(service, rollout),
        });
        times(&mut view, rollout);
        if let Some(at) = rollout.stopped_at {
            set(&mut view, "stoppedAt", epoch(at));
        }
        if truth(&rollout.config, "/alarms/enable") {
            set(
                &mut view,
                "alarms",
                json!({
                    "status": monitor(rollout, !rollout.triggered_alarms.is_empty(), true),
                    "alarmNames": texts(&rollout.config, "/alarms/alarmNames"),
                    "triggeredAlarmNames": rollout.triggered_alarms,
                }),
            );
        }
        if let Some(shift) = &rollout.shift {
            set(&mut view, "lifecycleStage", shift.stage.as_str());
            set(&mut view, "lifecycleHookDetails", shift.hooks.iter().map(hook).collect::<Vec<_>>());
        }
        if let Some(back) = &rollout.rollback {
            set(
                &mut view,
                "rollback",
                json!({
                    "reason": back.reason,
                    "startedAt": epoch(back.started_at),
                    "serviceRevisionArn": back.revision,
                }),
            );
        }
        view
    }

    fn revision_summary(&self, service: &Service, rollout: &Rollout, arn: &str) -> Value {
        let deployment = service.deployments.iter().find(|d| d.revision == arn);
        let (wanted, running, pending): Counts = deployment.map_or((0, 0, 0), |d| self.counts_of(service, d));
        let mut view = json!({
            "arn": arn,
            "requestedTaskCount": wanted,
            "runningTaskCount": running,
            "pendingTaskCount": pending,
        });
        if let Some(shift) = &rollout.shift {
            let green = arn == rollout.target;
            let serving = green || rollout.sources.first().is_some_and(|a| a == arn);
            let of = |tenths: i64| {
                share(if green {
                    tenths
                } else if serving {
                    1000 - tenths
                } else {
                    0
                })
            };
            let test = if shift.stage < Stage::TestShift { 0 } else { shift.test };
            set(&mut view, "requestedProductionTrafficWeight", of(shift.production));
            set(&mut view, "requestedTestTrafficWeight", of(test));
        }
        view
    }
}

fn breaker(service: &Service, rollout: &Rollout) -> Value {
    let enabled = truth(&rollout.config, "/deploymentCircuitBreaker/enable");
    let failures = if rollout.status.is_done() {
        rollout.failures.0
    } else {
        service.deployments.iter().find(|d| d.revision == rollout.target).map_or(0, |d| d.failed)
    };
    json!({
        "status": monitor(rollout, rollout.tripped, enabled),
        "failureCount": failures,
        "threshold": if rollout.status.is_done() && rollout.failures.1 > 0 { rollout.failures.1 } else { threshold(&rollout.config, service.desired) },
    })
}

fn monitor(rollout: &Rollout, triggered: bool, enabled: bool) -> &'static str {
    match (enabled, triggered) {
        (false, _) => "DISABLED",
        (true, true) => "TRIGGERED",
        (true, false) if rollout.status == RolloutStatus::InProgress || rollout.status == RolloutStatus::Pending => {
            "MONITORING"
        }
        (true, false) => "MONITORING_COMPLETE",
    }
}
