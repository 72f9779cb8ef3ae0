//! AWS STS: who calls, and roles that trust them.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::ecs::{number, text};
use crate::refusal::Refusal;
use crate::world::{Principal, Sim, timestamp};

/// "AssumeRole": 3600 seconds unless asked otherwise, 900 at least; a chained session gets one hour at most.
const HOUR: i64 = 3600;

/// A role that can be assumed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Role {
    /// Accounts (twelve digits), ARNs of users and roles, or `*`.
    #[serde(default)]
    pub trusts: Vec<String>,
    /// Services, such as `ecs-tasks.amazonaws.com`; IAM tells of them, nobody assumes the role as one.
    #[serde(default)]
    pub services: Vec<String>,
    /// The trust policy that IAM tells, in place of the one that follows from the above.
    #[serde(default)]
    pub policy: Option<Value>,
    /// The external id that a caller must give.
    #[serde(default)]
    pub external_id: Option<String>,
    /// Longest session in seconds.
    #[serde(default = "hour")]
    pub max_seconds: i64,
}

fn hour() -> i64 {
    HOUR
}

impl Role {
    /// A role that trusts these accounts or principals, without external id.
    pub fn trusting(trusts: &[&str]) -> Self {
        let trusts = trusts.iter().map(|one| (*one).to_owned()).collect();
        Self { trusts, services: Vec::new(), policy: None, external_id: None, max_seconds: HOUR }
    }

    /// A role that these services may assume, and nobody else.
    pub fn serving(services: &[&str]) -> Self {
        Self { services: services.iter().map(|one| (*one).to_owned()).collect(), ..Self::trusting(&[]) }
    }

    /// A role with this trust policy.
    pub fn with_policy(policy: Value) -> Self {
        Self { policy: Some(policy), ..Self::trusting(&[]) }
    }

    fn lets_in(&self, caller: &Principal, external_id: Option<&str>) -> bool {
        let known = |trusted: &String| {
            trusted == "*"
                || *trusted == caller.account
                || *trusted == format!("arn:aws:iam::{}:root", caller.account)
                || *trusted == caller.arn
                || Some(trusted) == role_of(&caller.arn).as_ref()
        };
        self.trusts.iter().any(known) && self.external_id.as_deref().is_none_or(|id| external_id == Some(id))
    }
}

/// The role behind a session's ARN.
fn role_of(session: &str) -> Option<String> {
    let (head, tail) = session.split_once(":assumed-role/")?;
    let name = tail.split('/').next()?;
    Some(format!("{}:role/{name}", head.replace(":sts:", ":iam:")))
}

impl Sim {
    /// Declares a role by its ARN.
    pub fn add_role(&mut self, arn: &str, role: Role) {
        self.roles.insert(arn.to_owned(), role);
    }

    /// Somebody deletes a role.
    pub fn remove_role(&mut self, arn: &str) {
        self.roles.remove(arn);
    }

    /// Whether an access key stopped being valid.
    pub(crate) fn has_expired(&self, access_key: &str) -> bool {
        self.sessions.get(access_key).is_some_and(|end| *end <= self.now)
    }

    /// Calls an action of STS with an input that fits its shape.
    pub(crate) fn call_sts(&mut self, caller: &Principal, action: &str, input: &Value) -> Result<Value, Refusal> {
        match action {
            "GetCallerIdentity" => Ok(json!({
                "Account": caller.account,
                "Arn": caller.arn,
                "UserId": caller.arn.rsplit(['/', ':']).next().unwrap_or_default(),
            })),
            "AssumeRole" => self.assume(caller, input),
            _ => Err(Refusal::unknown_operation()),
        }
    }

    fn assume(&mut self, caller: &Principal, input: &Value) -> Result<Value, Refusal> {
        let arn = text(input, "RoleArn").unwrap_or_default();
        let role = self.roles.get(arn).filter(|role| role.lets_in(caller, text(input, "ExternalId")));
        let Some(role) = role else {
            let message =
                format!("User: {} is not authorized to perform: sts:AssumeRole on resource: {arn}", caller.arn);
            return Err(Refusal { status: 403, ..Refusal::new("AccessDenied", message) });
        };
        let seconds = number(input, "DurationSeconds").unwrap_or(HOUR);
        let most = if role_of(&caller.arn).is_some() { HOUR } else { role.max_seconds };
        if seconds > most {
            let message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
            return Err(Refusal::new("ValidationError", message));
        }
        let session = text(input, "RoleSessionName").unwrap_or_default();
        let account = arn.split(':').nth(4).unwrap_or_default().to_owned();
        let name = arn.rsplit('/').next().unwrap_or_default();
        let user = arn.split_once(":iam:").map_or("arn:aws", |(head, _)| head);
        let user = format!("{user}:sts::{account}:assumed-role/{name}/{session}");
        let key = format!("ASIA{}", self.rng.hex(16).to_uppercase());
        let end = self.now + seconds * 1000;
        let (secret, token) = (self.rng.hex(40), self.rng.hex(64));
        let id = format!("AROA{}:{session}", self.rng.hex(16).to_uppercase());
        self.mint(&key, Principal { account, arn: user.clone() });
        self.sessions.insert(key.clone(), end);
        Ok(json!({
            "Credentials": {
                "AccessKeyId": key,
                "SecretAccessKey": secret,
                "SessionToken": token,
                "Expiration": timestamp(end),
            },
            "AssumedRoleUser": { "AssumedRoleId": id, "Arn": user },
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Service, check_output};

    const ROLE: &str = "arn:aws:iam::210987654321:role/deploy/ops";

    fn me() -> Principal {
        Principal { account: "123456789012".to_owned(), arn: "arn:aws:iam::123456789012:role/operator".to_owned() }
    }

    fn assume(sim: &mut Sim, caller: &Principal, more: &Value) -> Result<Value, Refusal> {
        let mut input = json!({ "RoleArn": ROLE, "RoleSessionName": "s" });
        for (name, value) in more.as_object().unwrap() {
            input[name] = value.clone();
        }
        let answer = sim.call_sts(caller, "AssumeRole", &input);
        if let Ok(answer) = &answer {
            assert_eq!(check_output(Service::Sts, "AssumeRole", answer), Vec::<String>::new());
        }
        answer
    }

    #[test]
    fn a_role_that_trusts_the_caller_gives_a_session_that_ends() {
        let mut sim = Sim::new(1, 1_800_000_000_000);
        let caller = me();
        assert_eq!(assume(&mut sim, &caller, &json!({})).unwrap_err().code, "AccessDenied");
        sim.add_role(ROLE, Role { external_id: Some("x-1".to_owned()), ..Role::trusting(&["123456789012"]) });
        assert_eq!(assume(&mut sim, &caller, &json!({})).unwrap_err().status, 403);
        let answer = assume(&mut sim, &caller, &json!({ "ExternalId": "x-1" })).unwrap();
        let key = answer["Credentials"]["AccessKeyId"].as_str().unwrap();
        let principal = sim.principal(key);
        assert_eq!(principal.account, "210987654321");
        assert_eq!(principal.arn, "arn:aws:sts::210987654321:assumed-role/ops/s");
        sim.advance_to(1_800_003_599_999);
        assert!(!sim.has_expired(key));
        sim.advance_to(1_800_003_600_000);
        assert!(sim.has_expired(key));
    }

    #[test]
    fn trust_names_accounts_roles_and_their_sessions() {
        let mut sim = Sim::new(1, 0);
        sim.add_role(ROLE, Role::trusting(&["arn:aws:iam::123456789012:role/operator"]));
        assert!(assume(&mut sim, &me(), &json!({})).is_ok());
        let session = Principal { arn: "arn:aws:sts::123456789012:assumed-role/operator/x".to_owned(), ..me() };
        assert!(assume(&mut sim, &session, &json!({})).is_ok());
        let other = Principal { arn: "arn:aws:sts::123456789012:assumed-role/other/x".to_owned(), ..me() };
        assert!(assume(&mut sim, &other, &json!({})).is_err());
    }

    /// User guide, "Roles terms and concepts": role chaining limits a session to one hour.
    #[test]
    fn a_chained_session_lasts_an_hour_at_most() {
        let mut sim = Sim::new(1, 0);
        sim.add_role(ROLE, Role { max_seconds: 43_200, ..Role::trusting(&["*"]) });
        let long = json!({ "DurationSeconds": 7200 });
        assert!(assume(&mut sim, &me(), &long).is_ok());
        let session = Principal { arn: "arn:aws:sts::123456789012:assumed-role/operator/x".to_owned(), ..me() };
        assert_eq!(assume(&mut sim, &session, &long).unwrap_err().code, "ValidationError");
    }
}
