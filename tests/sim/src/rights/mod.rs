//! Rights: IAM's policy documents that a world enforces, and what was asked of them.

mod demand;
mod ecs;
mod neighbours;
mod policy;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::model::Service;
use crate::refusal::Refusal;
use crate::wire::call::Call;
use crate::world::{Cx, Principal, Region, RegionKey, Sim};
pub use demand::Demand;
pub use policy::{Policy, PolicyError};

/// What policies were asked, and how they answered.
#[derive(Debug, Clone, Default)]
pub struct Audit {
    /// Actions that policies were asked for.
    pub asked: BTreeSet<String>,
    /// `Sid` and action of the statements without which a call would have been denied.
    pub needed: BTreeSet<(String, String)>,
    /// What was denied: action, resource and context.
    pub denied: Vec<String>,
}

impl Audit {
    /// Adds what another saw.
    pub fn add(&mut self, other: Self) {
        self.asked.extend(other.asked);
        self.needed.extend(other.needed);
        self.denied.extend(other.denied);
    }
}

impl Sim {
    /// From now on this access key may do what the policy allows, and nothing else. A key without a policy may do all.
    pub fn enforce(&mut self, access_key: impl Into<String>, policy: Policy) {
        self.policies.insert(access_key.into(), policy);
    }

    /// Asks the caller's policy, if there is one, for everything that the call needs.
    pub(crate) fn authorise(&mut self, call: &Call, key: &RegionKey, principal: &Principal) -> Result<(), Refusal> {
        let (Some(policy), Some(service)) = (self.policies.get(&call.access_key).cloned(), call.model) else {
            return Ok(());
        };
        let demands = if service == Service::Iam {
            vec![self.of_iam(call, principal)]
        } else {
            self.with_cx(key, &principal.arn, None, |region, cx| of(service, region, cx, call))
        };
        for demand in demands {
            self.audit.asked.insert(demand.action.clone());
            match policy.allows(&demand).as_slice() {
                [] => {
                    self.audit.denied.push(demand.to_string());
                    return Err(refused(service, principal, &demand));
                }
                [only] => {
                    self.audit.needed.insert(((*only).to_owned(), demand.action));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl Sim {
    /// IAM itself: the role that a name means, with its path.
    fn of_iam(&self, call: &Call, principal: &Principal) -> Demand {
        let name = call.input.get("RoleName").and_then(Value::as_str).unwrap_or_default();
        let of_account = |arn: &&String| arn.split(':').nth(4) == Some(principal.account.as_str());
        let mut declared = self.roles.keys().filter(of_account);
        let found = declared.find(|arn| arn.rsplit('/').next() == Some(name)).cloned();
        let arn = found.unwrap_or_else(|| format!("arn:aws:iam::{}:role/{name}", principal.account));
        Demand::new("iam", &call.action, arn)
    }
}

/// Everything that a call needs.
fn of(service: Service, region: &mut Region, cx: &Cx, call: &Call) -> Vec<Demand> {
    let (action, input) = (call.action.as_str(), &call.input);
    match service {
        Service::Ecs => ecs::demands(region, cx, action, input),
        Service::ApplicationAutoscaling => neighbours::scaling(region, cx, action, input),
        Service::Elbv2 => neighbours::balancing(region, action, input),
        Service::CloudWatch => neighbours::alarms(cx, action, input),
        Service::Ec2 => vec![Demand::new("ec2", action, "*")],
        Service::Sts => neighbours::sessions(action, input),
        Service::Iam => Vec::new(),
        Service::Sqs => neighbours::queues(cx, action, input),
    }
}

/// As the service words it: "Troubleshoot access denied error messages", IAM user guide.
fn refused(service: Service, principal: &Principal, demand: &Demand) -> Refusal {
    let Demand { action, resource, .. } = demand;
    let message = format!(
        "User: {} is not authorized to perform: {action} on resource: {resource} because no identity-based policy allows the {action} action",
        principal.arn
    );
    match service {
        Service::Ecs | Service::ApplicationAutoscaling => Refusal::new("AccessDeniedException", message),
        Service::Sqs => Refusal { status: 403, ..Refusal::new("AccessDeniedException", message) },
        Service::Elbv2 | Service::CloudWatch | Service::Sts | Service::Iam => {
            Refusal { status: 403, ..Refusal::new("AccessDenied", message) }
        }
        Service::Ec2 => {
            let message = format!("You are not authorized to perform this operation. {message}");
            Refusal { status: 403, ..Refusal::new("UnauthorizedOperation", message) }
        }
    }
}

/// The tags of a request: a list of keys and values, or a map.
fn tags(value: Option<&Value>) -> Vec<(String, String)> {
    let pair = |tag: &Value| {
        let member = |upper: &str, lower: &str| tag.get(upper).or_else(|| tag.get(lower)).and_then(Value::as_str);
        Some((member("Key", "key")?.to_owned(), member("Value", "value").unwrap_or_default().to_owned()))
    };
    match value {
        Some(Value::Array(list)) => list.iter().filter_map(pair).collect(),
        Some(Value::Object(map)) => {
            map.iter().map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
