//! S3, S9: one thing is made once, and a number is given once.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Setting;
use crate::seen::{Reply, Seen, What};

fn owner(body: &Value) -> String {
    let tags = body["tags"].as_array().into_iter().flatten();
    let uid = tags.filter(|tag| tag["key"] == "ecs-operator.dev/uid").map(|tag| tag["value"].to_string());
    uid.collect()
}

/// The same text for what differs in the order of named things alone.
fn canonical(mut content: Value) -> String {
    fn sort(value: &mut Value) {
        match value {
            Value::Array(items) => {
                items.iter_mut().for_each(sort);
                if items.iter().all(|item| item["name"].is_string()) {
                    items.sort_by_key(|item| item["name"].to_string());
                }
            }
            Value::Object(members) => members.values_mut().for_each(sort),
            _ => {}
        }
    }
    sort(&mut content);
    content.to_string()
}

fn without(body: &Value, members: &[&str]) -> Value {
    let mut body = body.clone();
    if let Some(object) = body.as_object_mut() {
        for member in members {
            object.remove(*member);
        }
    }
    body
}

/// S3: all tries of one creation bear one token and the same parameters.
pub(super) fn one_creation(trace: &[Seen], setting: Setting) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut tokens: BTreeMap<(String, String), String> = BTreeMap::new();
    let mut bodies: BTreeMap<String, String> = BTreeMap::new();
    let mut made: BTreeMap<(String, String), usize> = BTreeMap::new();
    for seen in trace {
        // What somebody else deleted is made once more.
        if matches!(&seen.what, What::Word(word) if word.contains("Outside(Delete)")) {
            tokens.clear();
            made.clear();
        }
        let Some(call) = seen.aws() else { continue };
        if call.operation == "DeleteService" && call.applied {
            tokens.clear();
            made.clear();
        }
        if call.operation != "CreateService" {
            continue;
        }
        let body = without(&call.body, &["clientToken"]).to_string();
        let token = call.body["clientToken"].to_string();
        let logical = (owner(&call.body), body.clone());
        // A try that was refused for sure is over; the next is another creation.
        if call.reply == Reply::Status(400) && !tokens.contains_key(&logical) {
            continue;
        }
        // What is believed to be gone is made anew; ECS refuses it if it is there.
        if let Some(other) = tokens.insert(logical, token.clone()).filter(|other| *other != token && !setting.denied) {
            wrong.push(format!("one creation bore two tokens, {other} and {token}: {seen}"));
        }
        if let Some(other) = bodies.insert(token.clone(), body.clone()).filter(|other| *other != body) {
            wrong.push(format!("the token {token} bore two requests, {other} and {body}"));
        }
        let name = (owner(&call.body), call.body["serviceName"].to_string());
        if call.took && call.reply == Reply::Status(200) {
            *made.entry(name.clone()).or_default() += 1;
            if made.get(&name).is_some_and(|made| *made > 1) && setting.ours_only && !setting.misled {
                wrong.push(format!("made twice: {seen}"));
            }
        }
    }
    wrong
}

/// S3: a content has one revision, and one more for each registration whose answer was lost.
pub(super) fn one_revision(trace: &[Seen], setting: Setting) -> Vec<String> {
    if setting.deregistered || setting.misled {
        return Vec::new();
    }
    let mut wrong = Vec::new();
    let mut made: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for seen in trace {
        let Some(call) = seen.aws().filter(|call| call.took) else { continue };
        match call.operation.as_str() {
            "DeregisterTaskDefinition" => made.clear(),
            "RegisterTaskDefinition" => {
                let content = format!("{}{}", owner(&call.body), canonical(without(&call.body, &["tags"])));
                let (count, lost) = made.entry(content).or_default();
                *count += 1;
                *lost += usize::from(call.reply == Reply::Lost);
                if *count > 1 + *lost {
                    wrong.push(format!("registered {count} times, {lost} answers lost: {seen}"));
                }
            }
            _ => {}
        }
    }
    wrong
}

fn number(name: &str) -> Option<u32> {
    name.rsplit_once("-v").and_then(|(_, digits)| digits.parse().ok())
}

/// S9: the numbers of a group's versions rise, and no name is given that ECS still knows.
pub(super) fn numbers_rise(trace: &[Seen], setting: Setting) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut highest: BTreeMap<String, u32> = BTreeMap::new();
    for seen in trace {
        let Some(call) = seen.kube().filter(|call| call.method == "POST" && call.path.ends_with("/ecsservices")) else {
            continue;
        };
        let name = call.body["metadata"]["name"].as_str().unwrap_or_default();
        let (Some(number), true) = (number(name), call.took) else { continue };
        let uid = call.body["metadata"]["ownerReferences"][0]["uid"].as_str().unwrap_or_default().to_owned();
        if highest.get(&uid).is_some_and(|last| *last >= number) && !setting.restored {
            wrong.push(format!("{name} was given when {:?} had been: {seen}", highest.get(&uid)));
        }
        highest.insert(uid, number);
        if let Some(taken) = call.taken.as_ref().filter(|_| !setting.restored && !setting.misled) {
            wrong.push(format!("{name} was given and ECS still has it: {taken}"));
        }
    }
    wrong
}
