//! IAM: roles by name, with their trust policies.

use serde_json::{Value, json};

use crate::ecs::text;
use crate::refusal::Refusal;
use crate::sts::Role;
use crate::world::{Principal, Sim, timestamp};

/// When roles were made, milliseconds since the epoch.
const MADE_AT: i64 = 1_700_000_000_000;

impl Sim {
    /// Calls an action of IAM with an input that fits its shape.
    pub(crate) fn call_iam(&mut self, caller: &Principal, action: &str, input: &Value) -> Result<Value, Refusal> {
        match action {
            "GetRole" => self.get_role(&caller.account, text(input, "RoleName").unwrap_or_default()),
            _ => Err(Refusal::unknown_operation()),
        }
    }

    /// Names are unique in an account whatever the path. Where no role of the account is declared, each exists and
    /// serves tasks of ECS.
    fn get_role(&self, account: &str, name: &str) -> Result<Value, Refusal> {
        let known = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
        if !name.chars().all(known) {
            let message = "The specified value for roleName is invalid. It must contain only alphanumeric characters \
                           and/or the following: +=,.@_-";
            return Err(Refusal::new("ValidationError", message));
        }
        let mut declared = self.roles.iter().filter(|(arn, _)| arn.split(':').nth(4) == Some(account)).peekable();
        if declared.peek().is_none() {
            let arn = format!("arn:aws:iam::{account}:role/{name}");
            return Ok(view(&arn, &Role::serving(&["ecs-tasks.amazonaws.com"])));
        }
        let found = declared.find(|(arn, _)| arn.rsplit('/').next() == Some(name));
        let missing = || {
            let message = format!("The role with name {name} cannot be found.");
            Refusal { status: 404, ..Refusal::new("NoSuchEntity", message) }
        };
        found.map(|(arn, role)| view(arn, role)).ok_or_else(missing)
    }
}

fn view(arn: &str, role: &Role) -> Value {
    let tail = arn.split_once(":role/").map(|(_, tail)| tail).unwrap_or_default();
    let (path, name) = tail.rsplit_once('/').unwrap_or(("", tail));
    let path = if path.is_empty() { "/".to_owned() } else { format!("/{path}/") };
    let id = arn.bytes().fold(7_u64, |id, byte| id.wrapping_mul(0x0100_0000_01b3) ^ u64::from(byte));
    json!({ "Role": {
        "Path": path,
        "RoleName": name,
        "RoleId": format!("AROA{id:017X}"),
        "Arn": arn,
        "CreateDate": timestamp(MADE_AT),
        "AssumeRolePolicyDocument": encoded(&policy(role).to_string()),
        "MaxSessionDuration": role.max_seconds,
    }})
}

fn policy(role: &Role) -> Value {
    if let Some(policy) = &role.policy {
        return policy.clone();
    }
    let arn = |one: &String| {
        let account = one.len() == 12 && one.bytes().all(|byte| byte.is_ascii_digit());
        if account { format!("arn:aws:iam::{one}:root") } else { one.clone() }
    };
    let mut statements = Vec::new();
    let mut allow = |kind: &str, who: Vec<String>| {
        if !who.is_empty() {
            let principal = json!({ kind: who });
            statements.push(json!({ "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole" }));
        }
    };
    allow("AWS", role.trusts.iter().map(arn).collect());
    allow("Service", role.services.clone());
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// URL-encoded, as RFC 3986 has it.
fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Service, check_output, error_is_modelled};

    fn ask(sim: &mut Sim, name: &str) -> Result<Value, Refusal> {
        let caller = Principal { account: "123456789012".to_owned(), arn: "arn:aws:iam::123456789012:root".to_owned() };
        let answer = sim.call_iam(&caller, "GetRole", &json!({ "RoleName": name }));
        match &answer {
            Ok(answer) => assert_eq!(check_output(Service::Iam, "GetRole", answer), Vec::<String>::new()),
            Err(refusal) => assert!(error_is_modelled(Service::Iam, "GetRole", &refusal.code), "{refusal}"),
        }
        answer
    }

    fn trust(answer: &Value) -> String {
        let text = answer["Role"]["AssumeRolePolicyDocument"].as_str().unwrap();
        assert!(!text.contains(['"', '{', ' ', '+']), "{text}");
        form_urlencoded::parse(text.as_bytes()).next().unwrap().0.into_owned()
    }

    #[test]
    fn a_declared_role_is_found_by_name_with_its_path_and_trust() {
        let mut sim = Sim::new(1, 0);
        let arn = "arn:aws:iam::123456789012:role/shop/api/web";
        sim.add_role(arn, Role::serving(&["ecs-tasks.amazonaws.com"]));
        sim.add_role("arn:aws:iam::210987654321:role/other", Role::trusting(&["*"]));
        let answer = ask(&mut sim, "web").unwrap();
        assert_eq!((&answer["Role"]["Arn"], &answer["Role"]["Path"]), (&json!(arn), &json!("/shop/api/")));
        assert!(trust(&answer).contains(r#""Service":["ecs-tasks.amazonaws.com"]"#), "{}", trust(&answer));
        assert_eq!(ask(&mut sim, "web").unwrap(), answer, "the same role has the same id");
        for name in ["api", "other", "Web"] {
            assert_eq!(ask(&mut sim, name).unwrap_err().code, "NoSuchEntity", "{name}");
        }
        assert_eq!(ask(&mut sim, "shop/api/web").unwrap_err().code, "ValidationError");
        sim.remove_role(arn);
        assert!(ask(&mut sim, "web").is_ok(), "nobody declares roles of this account");
    }

    #[test]
    fn a_policy_of_ones_own_is_told_as_it_is() {
        let mut sim = Sim::new(1, 0);
        let policy = json!({ "Statement": { "Effect": "Allow", "Action": "*", "Sid": "a b+c" } });
        sim.add_role("arn:aws:iam::123456789012:role/own", Role::with_policy(policy.clone()));
        let told: Value = serde_json::from_str(&trust(&ask(&mut sim, "own").unwrap())).unwrap();
        assert_eq!(told, policy);
    }
}
