//! Tasks, as ECS has them and as the status remembers those that stopped → lines of the tree. Pure.

use jiff::Timestamp;
use serde::Serialize;

use super::{Health, Node, short};
use crate::api::status::StoppedTask;

/// What ECS says of a service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServiceSeen {
    /// Its tasks, and those that stopped lately.
    pub tasks: Vec<TaskSeen>,
    /// Why ECS could not be asked.
    pub trouble: Option<String>,
}

/// A task as ECS has it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskSeen {
    /// Its id.
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// `family:revision`.
    pub task_definition: String,
    /// `PROVISIONING`, `PENDING`, `RUNNING`, `STOPPED`, …
    pub last_status: String,
    /// What ECS wants it to be.
    pub desired_status: String,
    /// `HEALTHY`, `UNHEALTHY`, `UNKNOWN`.
    pub health: String,
    /// Its containers.
    pub containers: Vec<ContainerSeen>,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// When it ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<Timestamp>,
    /// ECS's stop code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_code: Option<String>,
    /// Why it stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_reason: Option<String>,
    /// Its private address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Its Availability Zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Launch type or capacity provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launch: Option<String>,
    /// Is ECS Exec enabled in it?
    pub exec: bool,
}

/// A container of a task.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerSeen {
    /// Its name.
    pub name: String,
    /// Its image.
    pub image: String,
    /// `RUNNING`, `STOPPED`, …
    pub last_status: String,
    /// Its health check's word.
    pub health: String,
    /// Exit code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// Why it stopped or did not start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl TaskSeen {
    /// Has it stopped, or is it about to?
    pub fn is_leaving(&self) -> bool {
        self.desired_status == "STOPPED" || self.last_status == "STOPPED"
    }

    /// Did it end in a way nobody asked for? Scaling in and deployments stop tasks too.
    pub fn failed(&self) -> bool {
        let asked = matches!(
            self.stop_code.as_deref(),
            Some("ServiceSchedulerInitiated" | "UserInitiated" | "SpotInterruption")
        );
        let unhealthy = self
            .stopped_reason
            .as_deref()
            .is_some_and(|reason| reason.contains("failed") || reason.contains("nhealthy"));
        self.is_leaving() && (!asked || unhealthy)
    }

    /// How it is.
    pub fn standing(&self) -> Health {
        match (self.failed(), self.is_leaving(), self.last_status.as_str(), self.health.as_str()) {
            (true, ..) | (_, false, _, "UNHEALTHY") => Health::Failed,
            (_, true, ..) => Health::Idle,
            (_, _, "RUNNING", _) => Health::Healthy,
            _ => Health::Moving,
        }
    }

    /// Why it stopped: ECS's reason with the containers' exit codes and reasons.
    pub fn why(&self) -> Option<String> {
        if !self.is_leaving() {
            return None;
        }
        let mut parts: Vec<String> = self.stopped_reason.iter().cloned().collect();
        for container in &self.containers {
            // ECS repeats a container's reason as the task's.
            let reason = container.reason.as_ref().filter(|reason| !parts.iter().any(|part| part.contains(*reason)));
            match (reason, container.exit_code) {
                (Some(reason), Some(code)) => parts.push(format!("{} exited with {code}: {reason}", container.name)),
                (Some(reason), None) => parts.push(format!("{}: {reason}", container.name)),
                (None, Some(code)) if code != 0 => parts.push(format!("{} exited with {code}", container.name)),
                (None, _) => {}
            }
        }
        (!parts.is_empty()).then(|| parts.join("; "))
    }

    /// The line of the tree.
    pub(super) fn node(&self) -> Node {
        let mut state = self.last_status.clone();
        if matches!(self.health.as_str(), "HEALTHY" | "UNHEALTHY") && !self.is_leaving() {
            state = format!("{state} {}", self.health);
        }
        let images: Vec<&str> = self.containers.iter().map(|container| short(&container.image)).collect();
        let place = [self.address.as_deref(), self.zone.as_deref(), self.launch.as_deref()];
        let place: Vec<&str> = place.into_iter().flatten().collect();
        let detail = if self.is_leaving() {
            self.stop_code.clone().unwrap_or_default()
        } else {
            format!("{}  {}", images.join(", "), place.join(" "))
        };
        Node {
            health: self.standing(),
            name: self.id.clone(),
            what: "task",
            state,
            since: self.stopped_at.or(self.started_at).or(self.created_at),
            detail: detail.trim().to_owned(),
            notes: self.why().filter(|_| self.failed()).into_iter().collect(),
            ..Node::default()
        }
    }
}

/// A task that the status remembers.
pub(super) fn stopped(task: &StoppedTask) -> Node {
    let asked = task.stop_code.as_deref() == Some("ServiceSchedulerInitiated") && !task.reason.contains("failed");
    Node {
        health: if asked { Health::Idle } else { Health::Failed },
        name: short(&task.id).to_owned(),
        what: "task",
        state: "STOPPED".to_owned(),
        since: task.stopped_at.as_ref().map(|time| time.0),
        detail: task.stop_code.clone().unwrap_or_default(),
        notes: vec![task.reason.clone()].into_iter().filter(|reason| !reason.is_empty()).collect(),
        ..Node::default()
    }
}
