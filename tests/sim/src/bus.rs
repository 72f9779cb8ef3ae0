//! `EventBridge`'s default bus as far as ECS writes to it, and the SQS queues that rules fill: at least once, in no order.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::ecs::{list, number, text};
use crate::refusal::Refusal;
use crate::wire::HttpRequest;
use crate::wire::call;
use crate::world::{Principal, RegionKey, Sim};

/// From the change to the queue.
const ON_THE_WAY: i64 = 500;
/// `VisibilityTimeout` of a queue that sets none.
const VISIBILITY: i64 = 30;
/// A waiting reader looks again after this time.
const LOOK: i64 = 200;

/// What one task, service or hook did, before it is an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// Virtual time in milliseconds.
    pub at: i64,
    /// `detail-type`.
    pub kind: &'static str,
    /// ARNs it is about.
    pub resources: Vec<String>,
    /// `detail`.
    pub detail: Value,
}

#[derive(Clone, Debug)]
struct Message {
    body: String,
    visible_at: i64,
    received: i64,
}

/// The queues, and which Region's events each gets.
#[derive(Clone, Debug, Default)]
pub struct Bus {
    queues: BTreeMap<(RegionKey, String), BTreeMap<u64, Message>>,
    rules: Vec<(RegionKey, (RegionKey, String))>,
    sent: u64,
    /// Each event comes twice.
    pub repeats: bool,
    /// Later events are received first.
    pub backwards: bool,
    /// Nothing comes.
    pub loses: bool,
}

impl Sim {
    /// Makes a queue, and a rule that sends it the ECS events of its own account and Region. Answers its URL.
    pub fn add_queue(&mut self, key: &RegionKey, name: &str) -> String {
        self.bus.queues.entry((key.clone(), name.to_owned())).or_default();
        self.subscribe(key, key, name);
        format!("https://sqs.{}.amazonaws.com/{}/{name}", key.region, key.account)
    }

    /// Sends the ECS events of another account or Region to a queue.
    pub fn subscribe(&mut self, from: &RegionKey, key: &RegionKey, name: &str) {
        self.region(from).services.knobs.record_notices = true;
        self.bus.rules.push((from.clone(), (key.clone(), name.to_owned())));
    }

    /// Somebody writes a message.
    pub fn send_message(&mut self, key: &RegionKey, name: &str, body: &str) {
        let at = self.now();
        self.bus.put(&(key.clone(), name.to_owned()), body.to_owned(), at);
    }

    /// Messages of a queue, in flight or not.
    pub fn queue_length(&mut self, key: &RegionKey, name: &str) -> usize {
        self.carry();
        self.bus.queues.get(&(key.clone(), name.to_owned())).map_or(0, BTreeMap::len)
    }

    /// Events that happened become messages.
    fn carry(&mut self) {
        let rules = self.bus.rules.clone();
        let mut seen: Vec<(RegionKey, Vec<Notice>)> = Vec::new();
        for (from, queue) in rules {
            if !seen.iter().any(|(key, _)| *key == from) {
                let notices = std::mem::take(&mut self.region(&from).services.notices);
                seen.push((from.clone(), notices));
            }
            let notices = seen.iter().find(|(key, _)| *key == from).map(|(_, notices)| notices.clone());
            for notice in notices.filter(|_| !self.bus.loses).unwrap_or_default() {
                let id = self.rng.uuid();
                let body = event(&from, &notice, &id).to_string();
                for _ in 0..=usize::from(self.bus.repeats) {
                    self.bus.put(&queue, body.clone(), notice.at + ON_THE_WAY);
                }
            }
        }
    }

    /// How long a request that waits for messages, and came at `since`, still has to wait before it is answered or asked
    /// about again; `None` = answer it.
    pub fn must_wait(&mut self, request: &HttpRequest, since: i64) -> Option<i64> {
        let waits = request.headers.get("x-amz-target").is_some_and(|target| target == "AmazonSQS.ReceiveMessage");
        if !waits {
            return None;
        }
        let (call, refusal) = call::read(request);
        let until = since + number(&call.input, "WaitTimeSeconds").unwrap_or(0) * 1000;
        let queue = place(&call.input, &call.region)?;
        self.carry();
        let now = self.now();
        let any = self.bus.queues.get(&queue)?.values().any(|message| message.visible_at <= now);
        (refusal.is_none() && !any && now < until).then(|| (until - now).min(LOOK))
    }

    /// Calls an action of SQS with an input that fits its shape.
    pub(crate) fn call_sqs(
        &mut self,
        caller: &Principal,
        region: &str,
        action: &str,
        input: &Value,
    ) -> Result<Value, Refusal> {
        self.carry();
        let missing = || Refusal::new("QueueDoesNotExist", "The specified queue does not exist.");
        let at = place(input, region).filter(|(key, _)| key.account == caller.account).ok_or_else(missing)?;
        let (now, backwards) = (self.now(), self.bus.backwards);
        let queue = self.bus.queues.get_mut(&at).ok_or_else(missing)?;
        match action {
            "ReceiveMessage" => receive(queue, input, now, backwards),
            "DeleteMessageBatch" => delete(queue, input),
            "SendMessage" => {
                self.bus.put(&at, text(input, "MessageBody").unwrap_or_default().to_owned(), now);
                Ok(json!({ "MessageId": self.rng.uuid() }))
            }
            _ => Err(Refusal::unknown_operation()),
        }
    }
}

impl Bus {
    fn put(&mut self, queue: &(RegionKey, String), body: String, visible_at: i64) {
        self.sent += 1;
        if let Some(queue) = self.queues.get_mut(queue) {
            queue.insert(self.sent, Message { body, visible_at, received: 0 });
        }
    }
}

/// The queue that a URL names.
fn place(input: &Value, region: &str) -> Option<(RegionKey, String)> {
    let mut parts = text(input, "QueueUrl")?.rsplit('/');
    let (name, account) = (parts.next()?, parts.next()?);
    Some((RegionKey::new(account, region), name.to_owned()))
}

/// `ReceiveMessage`. What it hands out is hidden until its visibility timeout ends.
fn receive(queue: &mut BTreeMap<u64, Message>, input: &Value, now: i64, backwards: bool) -> Result<Value, Refusal> {
    let most = number(input, "MaxNumberOfMessages").unwrap_or(1);
    if !(1..=10).contains(&most) || !(0..=20).contains(&number(input, "WaitTimeSeconds").unwrap_or(0)) {
        return Err(Refusal::new("InvalidParameterValue", "Value is invalid for a parameter. Reason: out of range."));
    }
    let hidden = number(input, "VisibilityTimeout").unwrap_or(VISIBILITY) * 1000;
    let mut ready: Vec<u64> = queue.iter().filter(|(_, m)| m.visible_at <= now).map(|(number, _)| *number).collect();
    if backwards {
        ready.reverse();
    }
    ready.truncate(usize::try_from(most).unwrap_or(1));
    let mut messages = Vec::new();
    for number in ready {
        let Some(message) = queue.get_mut(&number) else { continue };
        message.visible_at = now + hidden;
        message.received += 1;
        messages.push(json!({
            "MessageId": format!("m-{number}"),
            "ReceiptHandle": format!("{number}.{}", message.received),
            "Body": message.body,
        }));
    }
    // An empty answer has no member.
    Ok(if messages.is_empty() { json!({}) } else { json!({ "Messages": messages }) })
}

/// `DeleteMessageBatch`. Deleting what is gone succeeds.
fn delete(queue: &mut BTreeMap<u64, Message>, input: &Value) -> Result<Value, Refusal> {
    let entries = list(input, "Entries");
    if entries.is_empty() {
        return Err(Refusal::new("EmptyBatchRequest", "There should be at least one DeleteMessageBatchRequestEntry."));
    }
    if entries.len() > 10 {
        let message = "Maximum number of entries per request are 10.";
        return Err(Refusal::new("TooManyEntriesInBatchRequest", message));
    }
    let mut done = Vec::new();
    for entry in entries {
        let id = text(entry, "Id").unwrap_or_default();
        if done.iter().any(|one: &Value| one["Id"] == id) {
            return Err(Refusal::new("BatchEntryIdsNotDistinct", format!("Id {id} repeated.")));
        }
        let number = text(entry, "ReceiptHandle").and_then(|handle| handle.split('.').next()?.parse::<u64>().ok());
        if let Some(number) = number {
            queue.remove(&number);
        }
        done.push(json!({ "Id": id }));
    }
    Ok(json!({ "Successful": done, "Failed": [] }))
}

/// The event as a rule delivers it.
fn event(key: &RegionKey, notice: &Notice, id: &str) -> Value {
    let seconds = jiff::Timestamp::from_second(notice.at.div_euclid(1000)).unwrap_or_default();
    json!({
        "version": "0",
        "id": id,
        "detail-type": notice.kind,
        "source": "aws.ecs",
        "account": key.account,
        "time": seconds.to_string(),
        "region": key.region,
        "resources": notice.resources,
        "detail": notice.detail,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Service, check_input, check_output};

    fn ask(sim: &mut Sim, action: &str, mut input: Value) -> Result<Value, Refusal> {
        check_input(Service::Sqs, action, &mut input).unwrap();
        let caller = sim.principal("AKID");
        let answer = sim.call_sqs(&caller, "eu-west-1", action, &input)?;
        assert_eq!(check_output(Service::Sqs, action, &answer), Vec::<String>::new());
        Ok(answer)
    }

    #[test]
    fn a_message_is_hidden_once_received_and_comes_again_unless_it_is_deleted() {
        let mut sim = Sim::new(1, 0);
        let key = RegionKey::new("123456789012", "eu-west-1");
        let url = sim.add_queue(&key, "hints");
        sim.send_message(&key, "hints", "one");
        let read = json!({"QueueUrl": url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 10});
        assert_eq!(ask(&mut sim, "ReceiveMessage", read.clone()).unwrap()["Messages"][0]["Body"], "one");
        assert_eq!(ask(&mut sim, "ReceiveMessage", read.clone()).unwrap(), json!({}));
        sim.advance_to(30_000);
        let again = ask(&mut sim, "ReceiveMessage", read.clone()).unwrap();
        let entry = json!({"Id": "0", "ReceiptHandle": again["Messages"][0]["ReceiptHandle"]});
        let gone = ask(&mut sim, "DeleteMessageBatch", json!({"QueueUrl": url, "Entries": [entry]})).unwrap();
        assert_eq!(gone["Successful"][0]["Id"], "0");
        sim.advance_to(90_000);
        assert_eq!(ask(&mut sim, "ReceiveMessage", read).unwrap(), json!({}));
        assert_eq!(sim.queue_length(&key, "hints"), 0);
    }

    #[test]
    fn a_queue_of_another_account_or_name_is_not_there() {
        let mut sim = Sim::new(1, 0);
        sim.add_queue(&RegionKey::new("210987654321", "eu-west-1"), "hints");
        for url in ["https://sqs/210987654321/hints", "https://sqs/123456789012/hints", "hints"] {
            let refused = ask(&mut sim, "ReceiveMessage", json!({"QueueUrl": url})).unwrap_err();
            assert_eq!(refused.code, "QueueDoesNotExist");
        }
    }
}
