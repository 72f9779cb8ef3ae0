//! Token buckets per account, Region and category ("Request throttling for the Amazon ECS API", "Request throttling
//! for the ELB API").

use std::collections::BTreeMap;

use crate::lag::is_read;
use crate::model::Service;
use crate::world::RegionKey;

/// `(category, burst, refill per second)`.
type Limits = (&'static str, i64, i64);

/// The bucket an action takes from; `None` = calls are not counted.
fn limits_of(service: Service, action: &str) -> Option<Limits> {
    match service {
        Service::Ecs => Some(limits(action)),
        Service::Elbv2 if is_read(action) => Some(("load balancing read", 40, 10)),
        Service::Elbv2 => Some(("load balancing modify", 20, 3)),
        Service::CloudWatch if action == "GetMetricData" => Some(("metric read", 50, 50)),
        Service::CloudWatch if is_read(action) => Some(("alarm read", 9, 9)),
        Service::CloudWatch => Some(("alarm modify", 3, 3)),
        Service::Ec2 => Some(("network read", 100, 20)),
        Service::ApplicationAutoscaling | Service::Sts | Service::Iam | Service::Sqs => None,
    }
}

/// The bucket an ECS action takes from. Actions outside the documented table share a small one.
fn limits(action: &str) -> Limits {
    match action {
        "CreateCluster"
        | "UpdateCluster"
        | "DeleteCluster"
        | "UpdateClusterSettings"
        | "PutClusterCapacityProviders" => ("cluster modify", 20, 1),
        "DescribeClusters" | "ListClusters" => ("cluster read", 50, 20),
        "RegisterTaskDefinition" | "DeregisterTaskDefinition" => ("task definition modify", 20, 1),
        "DescribeTaskDefinition" | "ListTaskDefinitions" | "ListTaskDefinitionFamilies" => {
            ("task definition read", 50, 20)
        }
        "DeleteTaskDefinitions" => ("task definition delete", 5, 1),
        "CreateCapacityProvider" | "UpdateCapacityProvider" | "DeleteCapacityProvider" => {
            ("capacity provider modify", 10, 1)
        }
        "DescribeCapacityProviders" => ("capacity provider read", 50, 20),
        "TagResource" | "UntagResource" => ("tag modify", 20, 10),
        "ListTagsForResource" => ("tag read", 50, 20),
        "PutAccountSetting" | "PutAccountSettingDefault" | "DeleteAccountSetting" => ("setting modify", 10, 1),
        "ListAccountSettings" => ("setting read", 50, 20),
        "RunTask"
        | "StartTask"
        | "StopTask"
        | "ExecuteCommand"
        | "PutAttributes"
        | "DeleteAttributes"
        | "DeregisterContainerInstance"
        | "UpdateContainerAgent"
        | "UpdateContainerInstancesState" => ("cluster resource modify", 100, 40),
        "DescribeTasks" | "ListTasks" | "DescribeContainerInstances" | "ListContainerInstances" | "ListAttributes" => {
            ("cluster resource read", 100, 20)
        }
        "CreateService" | "UpdateService" | "DeleteService" => ("service modify", 50, 5),
        "DescribeServices" | "ListServices" => ("service read", 100, 20),
        "DescribeServiceDeployments" | "ListServiceDeployments" => ("service deployment", 50, 20),
        "DescribeServiceRevisions" => ("service revision", 50, 20),
        "GetTaskProtection" | "UpdateTaskProtection" => ("task protection", 200, 80),
        "ListServicesByNamespace" => ("cluster service resource read", 10, 1),
        _ => ("other", 10, 1),
    }
}

#[derive(Debug, Clone)]
struct Bucket {
    /// Thousandths of a token.
    level: i64,
    filled_at: i64,
}

/// Calls of one category.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// All calls.
    pub calls: u64,
    /// Those that were refused.
    pub throttled: u64,
}

/// All buckets. Counting goes on while throttling is off.
#[derive(Debug, Clone, Default)]
pub struct Throttle {
    /// Whether calls are refused.
    pub on: bool,
    /// Percent of each bucket that another principal uses up, by category; `*` for all.
    pub neighbour: BTreeMap<String, i64>,
    buckets: BTreeMap<(RegionKey, &'static str), Bucket>,
    counts: BTreeMap<&'static str, Count>,
}

impl Throttle {
    /// Takes a token for `action`. False: the call is refused.
    pub fn admit(&mut self, key: &RegionKey, service: Service, action: &str, now: i64) -> bool {
        let Some((category, burst, refill)) = limits_of(service, action) else {
            return true;
        };
        let count = self.counts.entry(category).or_default();
        count.calls += 1;
        if !self.on {
            return true;
        }
        let taken = self.neighbour.get(category).or_else(|| self.neighbour.get("*")).copied().unwrap_or(0);
        let left = (100 - taken).clamp(0, 100);
        let full = burst * 10 * left;
        let place = (key.clone(), category);
        let bucket = self.buckets.entry(place).or_insert(Bucket { level: full, filled_at: now });
        // Tokens a second times milliseconds are thousandths of tokens; in hundredths to keep `left` exact.
        let gained = (now - bucket.filled_at).max(0).saturating_mul(refill * left) / 100;
        bucket.level = bucket.level.saturating_add(gained).min(full);
        bucket.filled_at = now;
        if bucket.level >= 1000 {
            bucket.level -= 1000;
            return true;
        }
        count.throttled += 1;
        false
    }

    /// Counts by category.
    pub fn counts(&self) -> &BTreeMap<&'static str, Count> {
        &self.counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registration_allows_twenty_at_once_and_one_a_second_after() {
        let mut throttle = Throttle { on: true, ..Throttle::default() };
        let key = RegionKey::new("1", "eu-west-1");
        let mut admitted =
            |now: i64| (0..30).filter(|_| throttle.admit(&key, Service::Ecs, "RegisterTaskDefinition", now)).count();
        assert_eq!([admitted(0), admitted(999), admitted(1000), admitted(6000)], [20, 0, 1, 5]);
        assert_eq!(throttle.counts()["task definition modify"], Count { calls: 120, throttled: 94 });
    }

    #[test]
    fn a_neighbour_leaves_only_its_rest() {
        let neighbour = BTreeMap::from([("*".to_owned(), 90)]);
        let mut throttle = Throttle { on: true, neighbour, ..Throttle::default() };
        let key = RegionKey::new("1", "eu-west-1");
        assert_eq!((0..30).filter(|_| throttle.admit(&key, Service::Ecs, "DescribeServices", 0)).count(), 10);
    }

    /// "Request throttling for the ELB API": a bucket of 40 for actions that only read, 10 a second after.
    #[test]
    fn load_balancing_has_buckets_of_its_own() {
        let mut throttle = Throttle { on: true, ..Throttle::default() };
        let key = RegionKey::new("1", "eu-west-1");
        let mut admitted =
            |now: i64| (0..60).filter(|_| throttle.admit(&key, Service::Elbv2, "DescribeRules", now)).count();
        assert_eq!([admitted(0), admitted(1000)], [40, 10]);
        assert!(throttle.admit(&key, Service::Ecs, "DescribeServices", 1000));
    }
}
