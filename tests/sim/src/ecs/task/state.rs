//! What the simulator remembers of a task.

use serde_json::Value;

use super::place::Placement;
use crate::ecs::scheduler::Key;
use crate::ecs::scheduler::json::{list, number, text, truth};
use crate::ecs::tags::Tags;

/// `lastStatus` of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TaskStatus {
    /// Network interface and volumes are prepared.
    Provisioning,
    /// Waits for the agent.
    Pending,
    /// Pulls images, connects.
    Activating,
    /// Containers run.
    Running,
    /// Leaves its target groups.
    Deactivating,
    /// Containers are asked to end.
    Stopping,
    /// Network interface is taken back.
    Deprovisioning,
    /// Over.
    Stopped,
}

impl TaskStatus {
    /// The word of the ECS API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Provisioning => "PROVISIONING",
            Self::Pending => "PENDING",
            Self::Activating => "ACTIVATING",
            Self::Running => "RUNNING",
            Self::Deactivating => "DEACTIVATING",
            Self::Stopping => "STOPPING",
            Self::Deprovisioning => "DEPROVISIONING",
            Self::Stopped => "STOPPED",
        }
    }

    /// PROVISIONING to RUNNING: counts against the ceiling of a service.
    pub fn is_live(self) -> bool {
        self <= Self::Running
    }
}

/// Result of health checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Not decided, or no check defined.
    Unknown,
    /// Passes.
    Healthy,
    /// Fails.
    Unhealthy,
}

impl Health {
    /// The word of the ECS API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "UNKNOWN",
            Self::Healthy => "HEALTHY",
            Self::Unhealthy => "UNHEALTHY",
        }
    }
}

/// What the scheduler needs of a container definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerPlan {
    /// Container name.
    pub name: String,
    /// Image as written.
    pub image: String,
    /// Its end ends the task.
    pub essential: bool,
    /// Interval × 1, and start period + interval × retries, in milliseconds.
    pub check: Option<(i64, i64)>,
    /// Container ports.
    pub ports: Vec<i64>,
    /// The definition as registered.
    pub raw: Value,
}

/// What the scheduler needs of a task definition revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// ARN with revision.
    pub arn: String,
    /// Family name.
    pub family: String,
    /// Network mode; absent is bridge.
    pub network_mode: String,
    /// Launch types it was registered for; empty = EC2.
    pub compatibilities: Vec<String>,
    /// Task cpu and memory as registered.
    pub size: (Option<String>, Option<String>),
    /// Containers in order.
    pub containers: Vec<ContainerPlan>,
    /// Tags, for `propagateTags`.
    pub tags: Tags,
    /// Operating system family, for `platformFamily`.
    pub os: Option<String>,
}

impl Definition {
    /// Reads a registered task definition.
    pub fn read(definition: &Value, tags: &Tags) -> Self {
        let owned = |path: &str| text(definition, path).map(str::to_owned);
        Self {
            arn: owned("/taskDefinitionArn").unwrap_or_default(),
            family: owned("/family").unwrap_or_default(),
            network_mode: owned("/networkMode").unwrap_or_else(|| "bridge".to_owned()),
            compatibilities: crate::ecs::scheduler::json::texts(definition, "/requiresCompatibilities"),
            size: (owned("/cpu"), owned("/memory")),
            containers: list(definition, "/containerDefinitions").iter().map(ContainerPlan::read).collect(),
            tags: tags.clone(),
            os: owned("/runtimePlatform/operatingSystemFamily"),
        }
    }
}

impl ContainerPlan {
    fn read(raw: &Value) -> Self {
        let interval = number(raw, "/healthCheck/interval").unwrap_or(30) * 1000;
        let retries = number(raw, "/healthCheck/retries").unwrap_or(3);
        let start = number(raw, "/healthCheck/startPeriod").unwrap_or(0) * 1000;
        Self {
            name: text(raw, "/name").unwrap_or_default().to_owned(),
            image: text(raw, "/image").unwrap_or_default().to_owned(),
            essential: raw.get("essential").is_none() || truth(raw, "/essential"),
            check: raw.get("healthCheck").map(|_| (interval, start + interval * retries)),
            ports: list(raw, "/portMappings").iter().filter_map(|p| number(p, "/containerPort")).collect(),
            raw: raw.clone(),
        }
    }
}

/// One task.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, not one state")]
pub struct Task {
    /// 32 hexadecimal digits.
    pub id: String,
    /// Cluster name.
    pub cluster: String,
    /// The service that started it.
    pub service: Option<Key>,
    /// Deployment id, or what `RunTask` gave.
    pub started_by: Option<String>,
    /// `service:<name>` or `family:<family>`.
    pub group: String,
    /// Definition it runs.
    pub definition: std::sync::Arc<Definition>,
    /// `lastStatus`.
    pub status: TaskStatus,
    /// Somebody asked it to stop.
    pub stop_wanted: bool,
    /// Container health.
    pub health: Health,
    /// Counter of changes.
    pub version: i64,
    /// Target groups it registers in, and under which port: that of the instance where it is bound to one.
    pub groups: Vec<(String, i64)>,
    /// Private address of its network interface.
    pub address: String,
    /// What it registers in target groups: its address under awsvpc, else the EC2 instance's id.
    pub target_id: String,
    /// Instance, ports and subnet.
    pub placement: Placement,
    /// Zone name.
    pub zone: String,
    /// Launch type, capacity provider and other members echoed as they are.
    pub echo: crate::ecs::scheduler::json::Object,
    /// Tags.
    pub tags: Tags,
    /// Virtual times in milliseconds.
    pub created_at: i64,
    /// First RUNNING.
    pub started_at: Option<i64>,
    /// Stop was asked.
    pub stopping_at: Option<i64>,
    /// Containers ended.
    pub execution_stopped_at: Option<i64>,
    /// STOPPED.
    pub stopped_at: Option<i64>,
    /// Why it stopped: code and text.
    pub stop: Option<(&'static str, String)>,
    /// Exit code of each container once it ended.
    pub exit_code: Option<i64>,
    /// Stands still until thawed.
    pub frozen: bool,
    pub(crate) held: bool,
    pub(crate) epoch: u64,
    pub(crate) seen_healthy: bool,
}

impl Task {
    /// RUNNING, or on the way there.
    pub fn is_live(&self) -> bool {
        self.status.is_live()
    }

    /// The task's ARN tail.
    pub(crate) fn tail(&self) -> String {
        format!("task/{}/{}", self.cluster, self.id)
    }
}
