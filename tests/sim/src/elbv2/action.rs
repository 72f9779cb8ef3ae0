//! Actions of rules: what is accepted, what is stored, and what is shown of them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::state::Kind;
use super::{invalid, no_group};
use crate::ecs::{list, number, set, text};
use crate::fixtures::Fixtures;
use crate::refusal::Refusal;

/// "Quotas for your Application Load Balancers": target groups per action.
const MOST_GROUPS: usize = 5;

/// The weights of the forward actions among `actions`, by target group.
pub(super) fn weights(actions: &[Value]) -> BTreeMap<String, i64> {
    let tuples = actions.iter().filter_map(|action| action.get("ForwardConfig"));
    let tuples = tuples.flat_map(|forward| list(forward, "TargetGroups"));
    let pair = |tuple: &Value| Some((text(tuple, "TargetGroupArn")?.to_owned(), number(tuple, "Weight").unwrap_or(1)));
    tuples.filter_map(pair).collect()
}

/// Replaces the weights of the forward actions; groups they do not have yet come last.
pub(super) fn set_weights(actions: &mut [Value], weights: &BTreeMap<String, i64>) {
    for forward in actions.iter_mut().filter_map(|action| action.get_mut("ForwardConfig")) {
        let mut left = weights.clone();
        let known = list(forward, "TargetGroups").iter().filter_map(|tuple| text(tuple, "TargetGroupArn"));
        let tuple = |arn: &str, weight: i64| json!({ "TargetGroupArn": arn, "Weight": weight });
        let mut tuples: Vec<Value> = known.map(|arn| tuple(arn, left.remove(arn).unwrap_or(0))).collect();
        tuples.extend(left.iter().map(|(arn, weight)| tuple(arn, *weight)));
        set(forward, "TargetGroups", tuples);
    }
    for action in actions.iter_mut() {
        let [only] = list(action.get("ForwardConfig").unwrap_or(&Value::Null), "TargetGroups") else {
            if let Value::Object(members) = action {
                members.remove("TargetGroupArn");
            }
            continue;
        };
        let arn = only.get("TargetGroupArn").cloned().unwrap_or_default();
        set(action, "TargetGroupArn", arn);
    }
}

/// What `DescribeRules` shows: no secret, and not how it came to be.
pub(super) fn shown(actions: &[Value]) -> Vec<Value> {
    let mut shown = actions.to_vec();
    for oidc in shown.iter_mut().filter_map(|action| action.get_mut("AuthenticateOidcConfig")) {
        if let Value::Object(members) = oidc {
            members.remove("ClientSecret");
            members.remove("UseExistingClientSecret");
        }
    }
    shown
}

/// Where actions are to be stored.
pub(super) struct Place<'a> {
    pub fixtures: &'a Fixtures,
    pub kind: Kind,
    /// ARN of the load balancer.
    pub balancer: &'a str,
    /// Protocol of the listener.
    pub protocol: &'a str,
    /// Actions that are replaced.
    pub before: &'a [Value],
}

/// The actions of a request as they are stored.
///
/// Errors: those of `ModifyRule`.
pub(super) fn accept(place: &Place, asked: &[Value]) -> Result<Vec<Value>, Refusal> {
    if asked.is_empty() {
        return Err(invalid("At least one action must be specified"));
    }
    let mut actions = asked.to_vec();
    sort(&mut actions)?;
    let bad = |message: &str| Err(Refusal::new("InvalidLoadBalancerAction", message));
    let routes = |action: &Value| matches!(kind(action), "forward" | "redirect" | "fixed-response");
    if actions.iter().filter(|action| routes(action)).count() != 1 || !actions.last().is_some_and(routes) {
        return bad("Exactly one of forward, redirect and fixed-response is required, and it must be the last action");
    }
    if actions.len() > 1 && !matches!(place.protocol, "HTTPS") {
        return bad("Authentication actions are supported by HTTPS listeners only");
    }
    if place.kind == Kind::Network && actions.iter().any(|action| kind(action) != "forward") {
        return bad("A Network Load Balancer supports forward actions only");
    }
    actions.into_iter().map(|action| accept_one(place, action)).collect()
}

fn kind(action: &Value) -> &str {
    text(action, "Type").unwrap_or_default()
}

fn sort(actions: &mut [Value]) -> Result<(), Refusal> {
    let orders: BTreeSet<Option<i64>> = actions.iter().map(|action| number(action, "Order")).collect();
    if actions.len() > 1 && (orders.contains(&None) || orders.len() < actions.len()) {
        return Err(invalid("Each of several actions must have an order of its own"));
    }
    actions.sort_by_key(|action| number(action, "Order"));
    Ok(())
}

fn accept_one(place: &Place, mut action: Value) -> Result<Value, Refusal> {
    let configs = [
        ("authenticate-oidc", "AuthenticateOidcConfig"),
        ("authenticate-cognito", "AuthenticateCognitoConfig"),
        ("redirect", "RedirectConfig"),
        ("fixed-response", "FixedResponseConfig"),
        ("jwt-validation", "JwtValidationConfig"),
        ("forward", "ForwardConfig"),
    ];
    for (of, config) in configs {
        let given = action.get(config).is_some();
        if given && kind(&action) != of {
            return Err(invalid(format!("{config} is not allowed in an action of type {}", kind(&action))));
        }
        if !given && kind(&action) == of && of != "forward" {
            return Err(invalid(format!("{config} must be specified in an action of type {of}")));
        }
    }
    match kind(&action) {
        "forward" => forward(place, &mut action)?,
        "authenticate-oidc" => oidc(place, &mut action)?,
        _ => {}
    }
    Ok(action)
}

/// Gives a forward action both of its forms, as it is described: `TargetGroupArn` only for a single group.
fn forward(place: &Place, action: &mut Value) -> Result<(), Refusal> {
    let single = text(action, "TargetGroupArn").map(str::to_owned);
    let config = action.get("ForwardConfig").cloned().unwrap_or_else(|| json!({}));
    let asked = match (&single, list(&config, "TargetGroups")) {
        (Some(arn), []) => vec![json!({ "TargetGroupArn": arn })],
        (Some(arn), [only]) if text(only, "TargetGroupArn") == Some(arn) => vec![only.clone()],
        (Some(_), _) => {
            return Err(invalid("TargetGroupArn and ForwardConfig must name the same single target group"));
        }
        (None, []) => return Err(invalid("A target group ARN must be specified")),
        (None, several) => several.to_vec(),
    };
    if asked.len() > MOST_GROUPS {
        let text = format!("An action can forward to at most {MOST_GROUPS} target groups");
        return Err(Refusal::new("TooManyUniqueTargetGroupsPerLoadBalancer", text));
    }
    let (mut seen, mut tuples) = (BTreeSet::new(), Vec::new());
    for tuple in &asked {
        let arn = text(tuple, "TargetGroupArn").ok_or_else(|| invalid("A target group ARN must be specified"))?;
        let weight = number(tuple, "Weight").unwrap_or(1);
        if !(0..=999).contains(&weight) {
            return Err(invalid(format!("The weight '{weight}' is not valid. It must be between 0 and 999")));
        }
        if !seen.insert(arn) {
            return Err(invalid("A target group can be specified only once in a forward action"));
        }
        check_group(place, arn)?;
        tuples.push(json!({ "TargetGroupArn": arn, "Weight": weight }));
    }
    let mut stored = Map::new();
    stored.insert("TargetGroups".to_owned(), Value::from(tuples));
    stored.insert("TargetGroupStickinessConfig".to_owned(), stickiness(&config)?);
    if let ([only], Value::Object(members)) = (asked.as_slice(), &mut *action) {
        members.insert("TargetGroupArn".to_owned(), only.get("TargetGroupArn").cloned().unwrap_or_default());
    }
    set(action, "ForwardConfig", Value::Object(stored));
    Ok(())
}

fn stickiness(config: &Value) -> Result<Value, Refusal> {
    let Some(asked) = config.get("TargetGroupStickinessConfig") else {
        return Ok(json!({ "Enabled": false }));
    };
    let mut stored = asked.clone();
    if asked.get("Enabled").is_none() {
        set(&mut stored, "Enabled", false);
    }
    match number(asked, "DurationSeconds") {
        Some(seconds) if !(1..=604_800).contains(&seconds) => {
            Err(invalid("Stickiness duration must be between 1 and 604800 seconds"))
        }
        None if stored.get("Enabled") == Some(&Value::Bool(true)) => {
            Err(invalid("Stickiness duration must be specified when stickiness is enabled"))
        }
        _ => Ok(stored),
    }
}

fn check_group(place: &Place, arn: &str) -> Result<(), Refusal> {
    let group = place.fixtures.target_groups.get(arn).ok_or_else(no_group)?;
    if !place.kind.speaks(&group.protocol) {
        let text = format!("Target group '{arn}' has a protocol that the load balancer does not support");
        return Err(Refusal::new("IncompatibleProtocols", text));
    }
    let users = place.fixtures.balancing.balancers_using(arn);
    if users.iter().any(|user| *user != place.balancer) {
        let text = format!("The following target groups cannot be associated with more than one load balancer: {arn}");
        return Err(Refusal::new("TargetGroupAssociationLimit", text));
    }
    Ok(())
}

/// The client secret is sent or, when a rule is modified, kept (`UseExistingClientSecret`).
fn oidc(place: &Place, action: &mut Value) -> Result<(), Refusal> {
    let Some(config) = action.get_mut("AuthenticateOidcConfig") else {
        return Ok(());
    };
    let keep = crate::ecs::flag(config, "UseExistingClientSecret");
    match (text(config, "ClientSecret"), keep) {
        (Some(_), false) => {}
        (Some(_), true) => return Err(invalid("ClientSecret cannot be specified if UseExistingClientSecret is true")),
        (None, false) => return Err(invalid("ClientSecret must be specified")),
        (None, true) => {
            let mut configs = place.before.iter().filter_map(|action| action.get("AuthenticateOidcConfig"));
            let secret = configs.find_map(|config| text(config, "ClientSecret")).map(str::to_owned);
            let secret = secret.ok_or_else(|| invalid("There is no existing client secret to use"))?;
            set(config, "ClientSecret", secret);
        }
    }
    let defaults = [
        ("SessionCookieName", json!("AWSELBAuthSessionCookie")),
        ("Scope", json!("openid")),
        ("SessionTimeout", json!(604_800)),
        ("OnUnauthenticatedRequest", json!("authenticate")),
    ];
    for (member, value) in defaults {
        if config.get(member).is_none() {
            set(config, member, value);
        }
    }
    Ok(())
}
