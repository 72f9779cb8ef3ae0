//! Who the user is to AWS, what a role may do there, and how much of ECS the account may have.

use jiff::Timestamp;
use roxmltree::Document;
use serde::Deserialize;
use serde_json::json;

use super::Cloud;
use super::json::{QUOTAS, Said};
use super::wire::{Answer, Asked, domain};
use crate::aws::{iam_endpoint, iam_region};

/// Why something was not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// The user may not ask.
    NotAllowed(String),
    /// Something else.
    Failed(String),
}

/// The caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// Account id.
    pub account: String,
    /// ARN.
    pub arn: String,
    /// The time by AWS's clock.
    pub time: Option<Timestamp>,
}

/// What is simulated: actions on resources, under conditions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Simulated {
    /// Actions, `service:Name`.
    pub actions: Vec<String>,
    /// ARNs, or `*`.
    pub resources: Vec<String>,
    /// Keys of conditions with their values.
    pub context: Vec<(String, Vec<String>)>,
}

/// A quota.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct QuotaSeen {
    /// Its name.
    pub quota_name: String,
    /// Its value.
    pub value: f64,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Quotas {
    quotas: Vec<QuotaSeen>,
    next_token: Option<String>,
}

/// Pages of quotas that are read.
const PAGES: usize = 10;

impl Cloud {
    /// The Region of the configuration.
    pub fn region(&self) -> Option<String> {
        self.aws.default_region()
    }

    /// Who the credentials are (`GetCallerIdentity`).
    pub async fn caller(&self, region: &str) -> Result<Caller, Unanswered> {
        let endpoint = format!("https://sts.{region}.{}", domain(region));
        let parameters = [pair("Action", "GetCallerIdentity"), pair("Version", "2011-06-15")];
        let answer = self.good(Asked::form("sts", region, endpoint, &parameters)).await?;
        let text = |name: &str| answer.element(name).unwrap_or_default();
        Ok(Caller { account: text("Account"), arn: text("Arn"), time: answer.date.as_deref().and_then(time_of) })
    }

    /// Actions that the role's policies do not allow (`SimulatePrincipalPolicy`).
    pub async fn denied(&self, region: &str, role: &str, simulated: &Simulated) -> Result<Vec<String>, Unanswered> {
        let mut parameters = vec![
            pair("Action", "SimulatePrincipalPolicy"),
            pair("Version", "2010-05-08"),
            pair("PolicySourceArn", role),
            pair("MaxItems", "1000"),
        ];
        let numbered = |list: &str, at: usize| format!("{list}.member.{}", at + 1);
        for (at, action) in simulated.actions.iter().enumerate() {
            parameters.push((numbered("ActionNames", at), action.clone()));
        }
        for (at, resource) in simulated.resources.iter().enumerate() {
            parameters.push((numbered("ResourceArns", at), resource.clone()));
        }
        for (at, (key, values)) in simulated.context.iter().enumerate() {
            let entry = numbered("ContextEntries", at);
            parameters.push((format!("{entry}.ContextKeyName"), key.clone()));
            let list = if values.len() > 1 || key == "aws:TagKeys" { "stringList" } else { "string" };
            parameters.push((format!("{entry}.ContextKeyType"), list.to_owned()));
            for (at, value) in values.iter().enumerate() {
                parameters.push((numbered(&format!("{entry}.ContextKeyValues"), at), value.clone()));
            }
        }
        let asked = Asked::form("iam", iam_region(region), iam_endpoint(&self.config, region), &parameters);
        Ok(denied(&self.good(asked).await?))
    }

    /// The account's quotas of ECS (`ListServiceQuotas`).
    pub async fn quotas(&self, region: &str) -> Result<Vec<QuotaSeen>, Unanswered> {
        let mut all = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..PAGES {
            let mut body = json!({"ServiceCode": "ecs", "MaxResults": 100});
            json_patch::merge(&mut body, &json!({"NextToken": token}));
            let answer = self.ask(&QUOTAS, "ListServiceQuotas", region, body).await.map_err(unanswered)?;
            let page: Quotas = serde_json::from_value(answer).map_err(|error| Unanswered::Failed(error.to_string()))?;
            all.extend(page.quotas);
            token = page.next_token.filter(|next| Some(next) != token.as_ref());
            if token.is_none() {
                break;
            }
        }
        Ok(all)
    }

    async fn good(&self, asked: Asked) -> Result<Answer, Unanswered> {
        let answer = self.send(asked).await.map_err(Unanswered::Failed)?;
        match answer.refusal() {
            None => Ok(answer),
            Some((code, message)) => Err(unanswered(Said { code, message })),
        }
    }
}

fn unanswered(said: Said) -> Unanswered {
    if said.code.starts_with("AccessDenied") || said.code == "UnauthorizedOperation" {
        Unanswered::NotAllowed(said.message)
    } else {
        Unanswered::Failed(said.to_string())
    }
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// A time as HTTP writes it.
#[must_use]
pub fn time_of(text: &str) -> Option<Timestamp> {
    let time = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text);
    time.ok()
}

/// Names of the actions whose decision is not `allowed`, each once.
fn denied(answer: &Answer) -> Vec<String> {
    let Ok(document) = Document::parse(&answer.text) else { return Vec::new() };
    let text = |node: roxmltree::Node<'_, '_>, name: &str| {
        node.children().find(|child| child.tag_name().name() == name).and_then(|child| child.text()).map(str::to_owned)
    };
    let mut found = std::collections::BTreeSet::new();
    for node in document.descendants().filter(|node| node.tag_name().name() == "member") {
        let decision = text(node, "EvalDecision").filter(|decision| decision != "allowed");
        if let (Some(_), Some(action)) = (decision, text(node, "EvalActionName")) {
            found.insert(action);
        }
    }
    found.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_decisions_are_read_as_aws_writes_them() {
        let time = time_of("Tue, 27 Jan 2026 10:00:05 GMT").unwrap();
        assert_eq!(time.to_string(), "2026-01-27T10:00:05Z");
        let member = |action: &str, decision: &str| {
            format!("<member><EvalActionName>{action}</EvalActionName><EvalDecision>{decision}</EvalDecision></member>")
        };
        let text = format!(
            "<R><EvaluationResults>{}{}{}</EvaluationResults></R>",
            member("ecs:CreateService", "implicitDeny"),
            member("ecs:DescribeServices", "allowed"),
            member("ecs:CreateService", "explicitDeny")
        );
        assert_eq!(denied(&Answer { status: 200, date: None, text }), ["ecs:CreateService"]);
    }
}
