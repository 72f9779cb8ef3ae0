//! Things ECS refers to but does not own: images, capacity, alarms, networks, target groups.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::cloudwatch::Alarm;
use crate::elbv2::Balancing;
use crate::named::Named;

/// What becomes of a container of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ImageFate {
    /// Starts and stays up; health checks pass.
    #[default]
    Runs,
    /// Cannot be pulled: the task stops before RUNNING.
    Missing,
    /// Runs, then exits.
    Exits {
        /// Milliseconds after RUNNING.
        after_ms: i64,
        /// The exit code.
        code: i32,
    },
    /// Runs but fails every health check (container and target group).
    Unhealthy,
    /// Stays in PENDING for ever.
    Hangs,
}

/// State of a metric alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AlarmState {
    /// Within bounds.
    Ok,
    /// Out of bounds.
    Alarm,
    /// As after its creation.
    #[default]
    InsufficientData,
}

/// A subnet or a security group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Network {
    /// The VPC it belongs to.
    pub vpc_id: String,
    /// The availability zone, empty for security groups.
    pub zone: String,
    /// The name of a security group; subnets have theirs in the tag `Name`.
    pub name: String,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

impl Network {
    /// A subnet.
    pub fn subnet(vpc_id: &str, zone: &str) -> Self {
        Self { vpc_id: vpc_id.to_owned(), zone: zone.to_owned(), ..Self::default() }
    }

    /// A security group.
    pub fn security_group(vpc_id: &str, name: &str) -> Self {
        Self { vpc_id: vpc_id.to_owned(), name: name.to_owned(), ..Self::default() }
    }

    /// The same network with more tags.
    #[must_use]
    pub fn tagged(mut self, tags: &[(&str, &str)]) -> Self {
        self.tags.extend(tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        self
    }
}

/// State of one target as `DescribeTargetHealth` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetState {
    /// Registered, not yet checked often enough.
    Initial,
    /// Passing.
    Healthy,
    /// Failing.
    Unhealthy,
    /// Deregistered, connections are being closed.
    Draining,
    /// The group is on no listener.
    Unused,
}

/// One registered target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its state now.
    pub state: TargetState,
    /// Who registered it (a task's ARN).
    pub registered_by: String,
}

/// A target group, as far as ECS acts on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetGroup {
    /// Its ARN.
    pub arn: String,
    /// Its name, the second part of the ARN's resource.
    pub name: String,
    /// `HTTP`, `HTTPS`, `TCP`, ….
    pub protocol: String,
    /// Port of targets that name none.
    pub port: i64,
    /// VPC of its targets.
    pub vpc_id: String,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// `ip`, `instance`, `lambda` or `alb`.
    pub target_type: String,
    /// Seconds between two checks.
    pub interval_seconds: i64,
    /// Passes until healthy.
    pub healthy_threshold: i64,
    /// Failures until unhealthy.
    pub unhealthy_threshold: i64,
    /// Deregistration delay in seconds.
    pub deregistration_delay_seconds: i64,
    /// Whether a listener or rule forwards to it, where no load balancer is declared.
    pub in_use: bool,
    /// Targets by (id, port).
    pub targets: BTreeMap<(String, i64), Target>,
}

impl TargetGroup {
    /// A group with the load balancer's defaults, in use by a listener.
    pub fn new(arn: impl Into<String>, target_type: impl Into<String>) -> Self {
        let arn = arn.into();
        Self {
            name: arn.split('/').nth(1).unwrap_or_default().to_owned(),
            arn,
            protocol: "HTTP".to_owned(),
            port: 80,
            vpc_id: "vpc-1".to_owned(),
            tags: BTreeMap::new(),
            target_type: target_type.into(),
            interval_seconds: 30,
            healthy_threshold: 5,
            unhealthy_threshold: 2,
            deregistration_delay_seconds: 300,
            in_use: true,
            targets: BTreeMap::new(),
        }
    }
}

/// All fixtures of one account and Region.
#[derive(Debug, Clone, Default)]
pub struct Fixtures {
    /// Load balancers, listeners and rules.
    pub balancing: Balancing,
    /// Target groups by ARN. Empty = any ARN is accepted and its targets are healthy at once.
    pub target_groups: BTreeMap<String, TargetGroup>,
    /// Subnets by id. Empty = any id is accepted.
    pub subnets: BTreeMap<String, Network>,
    /// Security groups by id. Empty = any id is accepted.
    pub security_groups: BTreeMap<String, Network>,
    /// How many tasks a cluster can place; absent = no limit.
    pub capacity: BTreeMap<String, i64>,
    /// Alarms by name.
    pub alarms: BTreeMap<String, Alarm>,
    /// Secrets, parameters, log groups and images, which others only name.
    pub named: Named,
}

impl Fixtures {
    /// Whether a load balancer sends traffic to the targets of a group: where load balancers are
    /// declared, some rule forwards to it, be it with weight 0; else what the group says itself.
    pub fn is_in_use(&self, group: &str) -> bool {
        if self.balancing.balancers.is_empty() {
            return self.target_groups.get(group).is_some_and(|group| group.in_use);
        }
        self.balancing.is_forwarded_to(group)
    }
}
