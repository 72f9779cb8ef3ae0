//! What the simulator remembers of load balancers, listeners and rules.

use std::collections::BTreeMap;

use serde_json::Value;

use super::action;

/// What a load balancer understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    /// HTTP and HTTPS.
    #[default]
    Application,
    /// TCP, TLS and UDP.
    Network,
}

impl Kind {
    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Network => "network",
        }
    }

    /// The word in ARNs.
    pub fn in_arns(self) -> &'static str {
        match self {
            Self::Application => "app",
            Self::Network => "net",
        }
    }

    /// Whether a listener or target group of this load balancer may use `protocol`.
    pub fn speaks(self, protocol: &str) -> bool {
        let web = matches!(protocol, "HTTP" | "HTTPS");
        web == (self == Self::Application)
    }
}

/// A load balancer.
#[derive(Debug, Clone, PartialEq)]
pub struct Balancer {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// Application or network.
    pub kind: Kind,
    /// `internet-facing` or `internal`.
    pub scheme: String,
    /// Its VPC.
    pub vpc_id: String,
    /// Virtual time in milliseconds.
    pub created_at: i64,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

/// A listener. Its default actions are those of its default rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Listener {
    /// Its ARN.
    pub arn: String,
    /// ARN of its load balancer.
    pub balancer: String,
    /// `HTTPS`, `HTTP`, `TCP`, ….
    pub protocol: String,
    /// Its port.
    pub port: i64,
    /// ARN of its default rule.
    pub default_rule: String,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

/// A rule of a listener.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its ARN.
    pub arn: String,
    /// ARN of its listener.
    pub listener: String,
    /// 1 to 50000; `None` = the listener's default rule.
    pub priority: Option<i64>,
    /// Conditions as the API writes them.
    pub conditions: Vec<Value>,
    /// Actions as the API writes them, in their order, with secrets.
    pub actions: Vec<Value>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

/// Load balancers, listeners and rules of one account and Region, by ARN.
#[derive(Debug, Clone, Default)]
pub struct Balancing {
    /// Load balancers.
    pub balancers: BTreeMap<String, Balancer>,
    /// Listeners.
    pub listeners: BTreeMap<String, Listener>,
    /// Rules, with the default rules of all listeners.
    pub rules: BTreeMap<String, Rule>,
}

impl Balancing {
    /// Whether some rule forwards to a target group, be it with weight 0.
    pub fn is_forwarded_to(&self, group: &str) -> bool {
        self.rules.values().any(|rule| action::weights(&rule.actions).contains_key(group))
    }

    /// The load balancer of a listener.
    pub(super) fn balancer_of(&self, listener: &str) -> Option<&Balancer> {
        self.balancers.get(&self.listeners.get(listener)?.balancer)
    }

    /// ARNs of the load balancers that forward to a target group.
    pub(super) fn balancers_using(&self, group: &str) -> Vec<&str> {
        let users = self.rules.values().filter(|rule| action::weights(&rule.actions).contains_key(group));
        let mut arns: Vec<&str> =
            users.filter_map(|rule| Some(self.balancer_of(&rule.listener)?.arn.as_str())).collect();
        arns.sort_unstable();
        arns.dedup();
        arns
    }

    /// The rule behind a rule's ARN, or behind a listener's ARN its default rule.
    pub fn rule(&self, arn: &str) -> Option<&Rule> {
        let arn = self.listeners.get(arn).map_or(arn, |listener| listener.default_rule.as_str());
        self.rules.get(arn)
    }

    /// The name under which weights of a rule are written down: the listener's ARN for its default rule.
    pub fn label<'a>(&'a self, arn: &'a str) -> &'a str {
        match self.rules.get(arn) {
            Some(rule) if rule.priority.is_none() => &rule.listener,
            _ => arn,
        }
    }
}
