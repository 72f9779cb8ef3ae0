//! An event of ECS, read for nothing but whom it is about. Pure; the text may come from anybody.

use serde::Deserialize;
use serde_json::Value;

/// SQS carries no larger message ("Amazon SQS message quotas": 1 MiB; an event of `EventBridge` has 256 KiB at most).
pub const MOST_BYTES: usize = 256 * 1024;

/// Whom an event is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// Account, twelve digits.
    pub account: String,
    /// Region.
    pub region: String,
    /// Short name of the cluster, where the event tells.
    pub cluster: Option<String>,
    /// Name of the service; without one it is about the cluster.
    pub service: Option<String>,
}

/// Why a message means nothing to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// No event of `EventBridge`, or too large.
    #[error("it is no event of EventBridge")]
    Unreadable,
    /// Not sent by ECS.
    #[error("it is not of ECS")]
    Foreign,
    /// An event of ECS that is about no service and no cluster.
    #[error("it is about no service and no cluster")]
    AboutNothing,
}

#[derive(Deserialize)]
struct Envelope {
    source: String,
    account: String,
    region: String,
    #[serde(default)]
    resources: Vec<String>,
    #[serde(default)]
    detail: Value,
}

/// Whom the events of a message are about ("Amazon ECS events", and calls of ECS that `CloudTrail` tells of).
pub fn subjects(body: &str) -> Result<Vec<Subject>, Unusable> {
    if body.len() > MOST_BYTES {
        return Err(Unusable::Unreadable);
    }
    let event: Envelope = serde_json::from_str(body).map_err(|_| Unusable::Unreadable)?;
    if event.source != "aws.ecs" {
        return Err(Unusable::Foreign);
    }
    let named = event.resources.iter().filter_map(|arn| of_arn(arn, &event));
    let mut all: Vec<Subject> = named.chain(asked_of(&event)).collect();
    all.sort();
    all.dedup();
    if all.is_empty() { Err(Unusable::AboutNothing) } else { Ok(all) }
}

impl Subject {
    /// The service or cluster of an ARN.
    #[must_use]
    pub fn of(arn: &str) -> Option<Self> {
        let mut parts = arn.splitn(6, ':');
        let (start, service) = (parts.next()?, parts.nth(1)?);
        let (region, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
        if start != "arn" || service != "ecs" {
            return None;
        }
        let mut path = resource.split('/');
        let (kind, first) = (path.next()?, path.next().filter(|name| !name.is_empty())?);
        let (cluster, service) = match (kind, path.next()) {
            ("cluster", None) => (Some(first), None),
            // The short form of ARNs leaves the cluster out.
            ("service", None) => (None, Some(first)),
            ("service" | "service-deployment" | "service-revision", Some(service)) => (Some(first), Some(service)),
            _ => return None,
        };
        Some(Self {
            account: account.to_owned(),
            region: region.to_owned(),
            cluster: cluster.map(str::to_owned),
            service: service.map(str::to_owned),
        })
    }

    /// Is that what stands behind an ARN?
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        let cluster = self.cluster.is_none() || other.cluster.is_none() || self.cluster == other.cluster;
        self.account == other.account && self.region == other.region && self.service == other.service && cluster
    }
}

/// What one of the event's resources is, if it is of the account and Region that the event is of.
fn of_arn(arn: &str, event: &Envelope) -> Option<Subject> {
    let of_a_task = arn.contains(":task/");
    let subject = if of_a_task { of_task(event)? } else { Subject::of(arn)? };
    (subject.account == event.account && subject.region == event.region).then_some(subject)
}

/// The service of a task: `group` is `service:NAME`.
fn of_task(event: &Envelope) -> Option<Subject> {
    let text = |name: &str| event.detail.get(name).and_then(Value::as_str);
    let service = text("group")?.strip_prefix("service:")?.to_owned();
    let cluster = Subject::of(text("clusterArn")?)?;
    Some(Subject { service: Some(service), ..cluster })
}

/// What a call that `CloudTrail` tells of was about.
fn asked_of(event: &Envelope) -> Option<Subject> {
    let asked = event.detail.get("requestParameters")?;
    let text = |name: &str| asked.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let short = |text: &str| text.rsplit('/').next().unwrap_or_default().to_owned();
    let service = text("service").or_else(|| text("serviceName")).map(short);
    let cluster = text("cluster").map_or_else(|| "default".to_owned(), short);
    let (account, region) = (event.account.clone(), event.region.clone());
    Some(Subject { account, region, cluster: Some(cluster), service })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn event(resources: &[&str], detail: &Value) -> String {
        json!({
            "version": "0", "id": "1", "detail-type": "ECS Anything", "source": "aws.ecs", "account": "123456789012",
            "time": "2026-01-01T00:00:00Z", "region": "eu-west-1", "resources": resources, "detail": detail,
        })
        .to_string()
    }

    fn web(cluster: Option<&str>) -> Subject {
        Subject {
            account: "123456789012".to_owned(),
            region: "eu-west-1".to_owned(),
            cluster: cluster.map(str::to_owned),
            service: Some("web".to_owned()),
        }
    }

    const CLUSTER: &str = "arn:aws:ecs:eu-west-1:123456789012:cluster/prod";

    #[test]
    fn each_kind_of_event_is_about_its_service() {
        let arn = |tail: &str| format!("arn:aws:ecs:eu-west-1:123456789012:{tail}");
        let task = json!({"clusterArn": CLUSTER, "group": "service:web", "version": 3});
        let cases = [
            (arn("service/prod/web"), json!({"eventName": "SERVICE_STEADY_STATE"}), Some("prod")),
            (arn("service/web"), json!({}), None),
            (arn("service-deployment/prod/web/x1"), json!({"eventName": "HOOK_AWAITING_ACTION"}), Some("prod")),
            (arn("task/prod/0123"), task, Some("prod")),
        ];
        for (resource, detail, cluster) in cases {
            assert_eq!(subjects(&event(&[&resource], &detail)), Ok(vec![web(cluster)]), "{resource}");
        }
        let call = json!({"eventName": "UpdateService", "requestParameters": {"cluster": CLUSTER, "service": "web"}});
        assert_eq!(subjects(&event(&[], &call)), Ok(vec![web(Some("prod"))]));
        let of_cluster = subjects(&event(&[CLUSTER], &json!({}))).unwrap();
        assert_eq!(of_cluster[0].service, None);
    }

    #[test]
    fn what_is_forged_or_foreign_is_about_nothing() {
        let foreign = event(&["arn:aws:ecs:eu-west-1:999999999999:service/prod/web"], &json!({}));
        let elsewhere = event(&["arn:aws:ecs:us-east-1:123456789012:service/prod/web"], &json!({}));
        let of_a_family = event(
            &["arn:aws:ecs:eu-west-1:123456789012:task/prod/0123"],
            &json!({"clusterArn": CLUSTER, "group": "family:web"}),
        );
        let of_another_cluster = event(
            &["arn:aws:ecs:eu-west-1:123456789012:task/prod/0123"],
            &json!({"clusterArn": CLUSTER.replace("123456789012", "999999999999"), "group": "service:web"}),
        );
        for body in [&foreign, &elsewhere, &of_a_family, &of_another_cluster] {
            assert_eq!(subjects(body), Err(Unusable::AboutNothing), "{body}");
        }
        assert_eq!(subjects(&foreign.replace("aws.ecs", "my.app")), Err(Unusable::Foreign));
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let large = event(&[], &json!({"text": "x".repeat(MOST_BYTES)}));
        for body in ["", "{}", "null", "[]", r#"{"source": 5}"#, &deep, &large] {
            assert_eq!(subjects(body), Err(Unusable::Unreadable), "{}", &body[..body.len().min(80)]);
        }
    }

    proptest! {
        #[test]
        fn no_text_and_no_arn_makes_it_fall(text in ".{0,200}", tail in "[a-z:/-]{0,40}") {
            let _ = subjects(&text);
            let _ = subjects(&event(&[&format!("arn:aws:ecs:{tail}")], &json!({"group": text, "clusterArn": tail})));
            let _ = Subject::of(&text);
        }

        #[test]
        fn a_subject_is_read_back_from_its_arn(cluster in "[a-zA-Z0-9_-]{1,20}", service in "[a-zA-Z0-9_-]{1,20}") {
            let arn = format!("arn:aws-cn:ecs:cn-north-1:123456789012:service/{cluster}/{service}");
            let subject = Subject::of(&arn).unwrap();
            prop_assert!(subject.is(&subject));
            prop_assert_eq!((subject.cluster, subject.service), (Some(cluster), Some(service)));
        }
    }
}
