//! Account settings, per principal and as the account's default.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::paging;
use crate::refusal::Refusal;
use crate::world::{Cx, Region, RegionKey, Sim};

/// Values by (principal, name); the empty principal is the account's default.
pub type Settings = BTreeMap<(String, String), String>;

const DEFAULTS: [(&str, &str); 9] = [
    ("serviceLongArnFormat", "enabled"),
    ("taskLongArnFormat", "enabled"),
    ("containerInstanceLongArnFormat", "enabled"),
    ("awsvpcTrunking", "disabled"),
    ("containerInsights", "disabled"),
    ("fargateFIPSMode", "disabled"),
    ("tagResourceAuthorization", "on"),
    ("fargateTaskRetirementWaitPeriod", "7"),
    ("defaultLogDriverMode", "non-blocking"),
];

impl Sim {
    /// Sets an account setting of a principal (an ARN), or the account's default.
    ///
    /// Errors: what ECS would refuse.
    pub fn set_account_setting(
        &mut self,
        key: &RegionKey,
        principal: Option<&str>,
        name: &str,
        value: &str,
    ) -> Result<(), Refusal> {
        let mut input = json!({ "name": name, "value": value });
        let operation = if let Some(principal) = principal {
            super::set(&mut input, "principalArn", principal);
            "PutAccountSetting"
        } else {
            "PutAccountSettingDefault"
        };
        crate::model::check_input(crate::model::Service::Ecs, operation, &mut input)?;
        self.call_ecs(key, "", operation, &input).map(|_| ())
    }
}

/// Refuses tags of a service, and such as its tasks inherit, while `principal` has not opted in to long ARNs.
pub(super) fn tagged_service(region: &Region, principal: &str, tagged: bool, inherited: bool) -> Result<(), Refusal> {
    let short = |name: &str| !matches!(effective(region, principal, name), "enabled" | "on");
    let refuse = |what: &str| {
        let message = "The new ARN and resource ID format must be enabled to";
        Err(Refusal::invalid_parameter(format!("{message} {what}. Opt in to the new format and try again.")))
    };
    if tagged && short("serviceLongArnFormat") {
        return refuse("add tags to the service");
    }
    if inherited && short("taskLongArnFormat") {
        return refuse("propagate tags");
    }
    Ok(())
}

/// The value in force for `principal` (an ARN).
pub fn effective<'a>(region: &'a Region, principal: &str, name: &str) -> &'a str {
    let stored = |who: &str| region.settings.get(&(who.to_owned(), name.to_owned())).map(String::as_str);
    let fallback = DEFAULTS.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| *value);
    stored(principal).or_else(|| stored("")).unwrap_or(fallback)
}

/// `PutAccountSetting` (`default` false) and `PutAccountSettingDefault` (true).
pub fn put(region: &mut Region, cx: &mut Cx, input: &Value, default: bool) -> Result<Value, Refusal> {
    let (name, value) =
        (super::text(input, "name").unwrap_or_default(), super::text(input, "value").unwrap_or_default());
    let allowed: &[&str] = match name {
        "containerInsights" => &["enabled", "disabled", "enhanced", "on", "off"],
        "tagResourceAuthorization" => &["on", "off"],
        "fargateTaskRetirementWaitPeriod" => &["0", "7", "14"],
        "defaultLogDriverMode" => &["blocking", "non-blocking"],
        "guardDutyActivate" => {
            return Err(Refusal::invalid_parameter("guardDutyActivate is read-only."));
        }
        _ => &["enabled", "disabled", "on", "off"],
    };
    if !allowed.contains(&value) {
        return Err(Refusal::invalid_parameter(format!("Invalid value for {name}: {value}")));
    }
    let who = if default { String::new() } else { principal(cx, input) };
    region.settings.insert((who.clone(), name.to_owned()), value.to_owned());
    Ok(json!({ "setting": view(cx, name, value, &who) }))
}

/// `DeleteAccountSetting`.
pub fn delete(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    let (name, who) = (super::text(input, "name").unwrap_or_default(), principal(cx, input));
    region.settings.remove(&(who.clone(), name.to_owned()));
    let value = effective(region, &who, name).to_owned();
    Ok(json!({ "setting": view(cx, name, &value, &who) }))
}

/// `ListAccountSettings`, 10 a page.
pub fn list(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    let who = principal(cx, input);
    // Name, value, and whose setting it is.
    let mut settings: Vec<(String, String, String)> = Vec::new();
    let wanted = super::text(input, "name");
    if super::flag(input, "effectiveSettings") {
        for (name, _) in DEFAULTS {
            let own = region.settings.contains_key(&(who.clone(), name.to_owned()));
            let whose = if own { who.clone() } else { String::new() };
            settings.push((name.to_owned(), effective(region, &who, name).to_owned(), whose));
        }
    } else {
        let own = region.settings.iter().filter(|((principal, _), _)| *principal == who);
        settings.extend(own.map(|((whose, name), value)| (name.clone(), value.clone(), whose.clone())));
    }
    settings.retain(|(name, value, _)| {
        wanted.is_none_or(|wanted| wanted == name) && super::text(input, "value").is_none_or(|wanted| wanted == value)
    });
    let views = settings.iter().map(|(name, value, whose)| view(cx, name, value, whose)).collect();
    Ok(paging::page(cx, "ListAccountSettings", input, views, 10, 10)?.into_answer("settings"))
}

fn principal(cx: &Cx, input: &Value) -> String {
    super::text(input, "principalArn").unwrap_or(cx.caller).to_owned()
}

fn view(cx: &Cx, name: &str, value: &str, who: &str) -> Value {
    let root = format!("arn:{}:iam::{}:root", cx.key.partition(), cx.key.account);
    let principal = if who.is_empty() { root } else { who.to_owned() };
    json!({ "name": name, "value": value, "principalArn": principal, "type": "user" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Service::Ecs;
    use crate::testing::Desk;

    /// Both texts are those of AWS, quoted in reports of users.
    #[test]
    fn a_service_is_tagged_only_with_long_arns() {
        let mut desk = Desk::new();
        desk.ok(Ecs, "CreateCluster", &json!({ "clusterName": "c" }));
        let container = json!({ "name": "a", "image": "a", "memory": 128 });
        desk.ok(Ecs, "RegisterTaskDefinition", &json!({ "family": "f", "containerDefinitions": [container] }));
        let mut input = json!({ "cluster": "c", "serviceName": "s", "taskDefinition": "f", "desiredCount": 0 });
        crate::ecs::set(&mut input, "tags", json!([{ "key": "k", "value": "v" }]));
        crate::ecs::set(&mut input, "propagateTags", "SERVICE");
        let (key, me) = (desk.key.clone(), "arn:aws:iam::123456789012:user/test");
        for (name, what) in
            [("serviceLongArnFormat", "add tags to the service"), ("taskLongArnFormat", "propagate tags")]
        {
            desk.sim.set_account_setting(&key, None, name, "disabled").unwrap();
            let refusal = desk.call(Ecs, "CreateService", &input).unwrap_err();
            let text = format!("The new ARN and resource ID format must be enabled to {what}.");
            assert!(refusal.code == "InvalidParameterException" && refusal.message.starts_with(&text), "{refusal}");
            // One's own setting goes before the account's.
            desk.sim.set_account_setting(&key, Some(me), name, "enabled").unwrap();
        }
        desk.ok(Ecs, "CreateService", &input);
    }
}
