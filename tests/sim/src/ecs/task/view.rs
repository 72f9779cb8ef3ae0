//! A task as `DescribeTasks` shows it.

use serde_json::{Value, json};

use super::state::{ContainerPlan, Task, TaskStatus};
use crate::ecs::scheduler::Fleet;
use crate::ecs::scheduler::json::epoch;
use crate::ecs::tags;

impl Fleet {
    /// The task as the API shows it.
    pub(crate) fn task_view(&self, task: &Task, with_tags: bool) -> Value {
        let mut view = task.echo.clone();
        let arn = self.arn(&task.tail());
        let containers: Vec<Value> = task.definition.containers.iter().map(|c| container(&arn, task, c)).collect();
        let members = json!({
            "taskArn": arn,
            "clusterArn": self.arn(&format!("cluster/{}", task.cluster)),
            "taskDefinitionArn": task.definition.arn,
            "group": task.group,
            "lastStatus": task.status.as_str(),
            "desiredStatus": if task.stop_wanted { "STOPPED" } else { "RUNNING" },
            "healthStatus": task.health.as_str(),
            "version": task.version,
            "availabilityZone": format!("{}{}", self.region_name(), task.zone),
            "createdAt": epoch(task.created_at),
            "connectivity": "CONNECTED",
            "containers": containers,
            "attributes": [],
            "attachments": attachments(task),
            "overrides": task.echo.get("overrides").cloned().unwrap_or_else(|| json!({ "containerOverrides": [] })),
        });
        view.extend(crate::ecs::service::object(members));
        let times = [
            ("startedAt", task.started_at),
            ("stoppingAt", task.stopping_at),
            ("executionStoppedAt", task.execution_stopped_at),
            ("stoppedAt", task.stopped_at),
        ];
        for (member, at) in times {
            if let Some(at) = at {
                view.insert(member.to_owned(), epoch(at));
            }
        }
        let texts =
            [("startedBy", &task.started_by), ("cpu", &task.definition.size.0), ("memory", &task.definition.size.1)];
        for (member, value) in texts {
            if let Some(value) = value {
                view.insert(member.to_owned(), json!(value));
            }
        }
        if let Some(instance) = &task.placement.instance {
            view.insert("containerInstanceArn".to_owned(), json!(instance.arn));
        }
        if let Some((code, reason)) = &task.stop {
            view.insert("stopCode".to_owned(), json!(code));
            view.insert("stoppedReason".to_owned(), json!(reason));
        }
        if with_tags {
            view.insert("tags".to_owned(), tags::write(&task.tags));
        }
        Value::Object(view)
    }

    pub(crate) fn region_name(&self) -> &str {
        self.arn_prefix.split(':').nth(3).unwrap_or_default()
    }
}

fn container(task_arn: &str, task: &Task, plan: &ContainerPlan) -> Value {
    let status = match task.status {
        TaskStatus::Provisioning | TaskStatus::Pending | TaskStatus::Activating => "PENDING",
        TaskStatus::Running | TaskStatus::Deactivating | TaskStatus::Stopping => "RUNNING",
        TaskStatus::Deprovisioning | TaskStatus::Stopped => "STOPPED",
    };
    let status = if task.exit_code.is_some() { "STOPPED" } else { status };
    let health = if plan.check.is_some() { task.health.as_str() } else { "UNKNOWN" };
    let mut view = json!({
        "containerArn": format!("{}/{}", task_arn.replacen(":task/", ":container/", 1), plan.name),
        "taskArn": task_arn,
        "name": plan.name,
        "image": plan.image,
        "lastStatus": status,
        "healthStatus": health,
        "networkBindings": if task.started_at.is_some() { task.placement.view(&plan.name) } else { Vec::new() },
        "networkInterfaces": interfaces(task),
    });
    if let Some(code) = task.exit_code {
        super::super::set(&mut view, "exitCode", code);
    }
    if let Some(("TaskFailedToStart", reason)) = task.stop.as_ref().map(|(c, r)| (*c, r)) {
        super::super::set(&mut view, "reason", reason.clone());
    }
    view
}

fn interfaces(task: &Task) -> Value {
    if task.definition.network_mode == "awsvpc" {
        json!([{ "attachmentId": task.id, "privateIpv4Address": task.address }])
    } else {
        json!([])
    }
}

fn attachments(task: &Task) -> Value {
    if task.definition.network_mode != "awsvpc" {
        return json!([]);
    }
    let status = match task.status {
        TaskStatus::Provisioning => "PRECREATED",
        TaskStatus::Pending
        | TaskStatus::Activating
        | TaskStatus::Running
        | TaskStatus::Deactivating
        | TaskStatus::Stopping => "ATTACHED",
        TaskStatus::Deprovisioning => "DETACHING",
        TaskStatus::Stopped => "DELETED",
    };
    let id = task.id.get(..17).unwrap_or_default();
    let dashed = task.address.replace('.', "-");
    let detail = |name: &str, value: &str| json!({ "name": name, "value": value });
    let mut details = vec![
        detail("networkInterfaceId", &format!("eni-{id}")),
        detail("privateDnsName", &format!("ip-{dashed}.ec2.internal")),
        detail("privateIPv4Address", &task.address),
    ];
    if let Some(subnet) = &task.placement.subnet {
        details.insert(0, detail("subnetId", subnet));
    }
    json!([{ "id": task.id, "type": "ElasticNetworkInterface", "status": status, "details": details }])
}
