//! What AWS would answer to a call that is not made, as far as passes read it. Pure.

use serde_json::{Map, Value, json};

use super::wire::Call;
use crate::preflight::partition;

/// Revisions that do not exist yet are numbered from here; no family has so many.
const FIRST_NEW: i32 = 2_000_000_000;

/// What was answered so far.
#[derive(Debug, Default)]
pub struct Answers {
    revisions: i32,
}

/// The text with words in place of numbers of revisions that do not exist yet.
#[must_use]
pub fn spoken(text: &str) -> String {
    let Some((before, rest)) = text.split_once("2000000") else { return text.to_owned() };
    let digits = rest.chars().take_while(char::is_ascii_digit).count();
    let after = rest.get(digits..).unwrap_or_default();
    let stands_alone = digits == 3 && !before.ends_with(|c: char| c.is_ascii_alphanumeric());
    if stands_alone {
        format!("{before}(new revision){}", spoken(after))
    } else {
        format!("{before}2000000{}", spoken(rest))
    }
}

impl Answers {
    /// The answer.
    pub fn answer(&mut self, call: &Call, account: &str) -> Value {
        let text = |name: &str| call.request.get(name).and_then(Value::as_str).unwrap_or_default();
        let arn = |rest: &str| {
            let (partition, region) = (partition(&call.region), &call.region);
            format!("arn:{partition}:ecs:{region}:{account}:{rest}")
        };
        let short = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
        match call.operation.as_str() {
            "RegisterTaskDefinition" => {
                let revision = FIRST_NEW + self.revisions;
                self.revisions += 1;
                let tags = call.request.get("tags").cloned().unwrap_or_else(|| json!([]));
                let family = text("family");
                let more = json!({
                    "taskDefinitionArn": arn(&format!("task-definition/{family}:{revision}")),
                    "revision": revision, "status": "ACTIVE", "tags": null,
                });
                json!({"taskDefinition": echo(&call.request, &more), "tags": tags})
            }
            "CreateCluster" => {
                let name = text("clusterName");
                let more = json!({"clusterArn": arn(&format!("cluster/{name}")), "status": "ACTIVE"});
                json!({"cluster": echo(&call.request, &more)})
            }
            "CreateService" => {
                let (cluster, name) = (short(text("cluster")), text("serviceName"));
                let more = json!({
                    "serviceArn": arn(&format!("service/{cluster}/{name}")),
                    "clusterArn": arn(&format!("cluster/{cluster}")), "status": "ACTIVE", "cluster": null,
                    "clientToken": null,
                });
                json!({"service": echo(&call.request, &more)})
            }
            _ => json!({}),
        }
    }
}

/// The request as the thing it makes.
fn echo(request: &Value, more: &Value) -> Value {
    let mut thing = Value::Object(request.as_object().cloned().unwrap_or_else(Map::new));
    json_patch::merge(&mut thing, more);
    thing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_revisions_that_do_not_exist_are_said_in_words() {
        assert_eq!(spoken("web:3 → web:2000000001."), "web:3 → web:(new revision).");
        assert_eq!(spoken("web:2000000000"), "web:(new revision)");
        assert_eq!(spoken("web:20 12000000000 2000000"), "web:20 12000000000 2000000");
    }
}
