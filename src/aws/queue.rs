//! Amazon SQS: reading a queue of events.

use std::fmt;

use serde::Deserialize;
use serde_json::json;

use super::classify::code;
use super::clients::Aws;
use super::error::AwsError;
use super::form::{FormClient, Protocol, Speaks};
use super::op::{Op, Priority};
use super::scope::Scope;

/// A request waits so long for messages; less than an attempt may take.
const WAIT_SECONDS: u32 = 10;
/// What was received comes again after this time, unless it is deleted.
const HIDDEN_SECONDS: u32 = 30;

/// A queue, and how it is reached.
#[derive(Clone, Debug)]
pub struct Queue {
    url: String,
    scope: Scope,
    client: FormClient,
}

impl fmt::Display for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

/// A message that was received.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Message {
    /// What was sent.
    #[serde(default)]
    pub body: String,
    receipt_handle: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Received {
    #[serde(default)]
    messages: Vec<Message>,
}

/// The Region that a queue's URL names: the label after `sqs` in its host.
#[must_use]
pub fn region_of_queue(url: &str) -> Option<&str> {
    let host = url.split_once("://")?.1.split(['/', ':']).next()?;
    let mut labels = host.split('.');
    labels.find(|label| matches!(*label, "sqs" | "sqs-fips"))?;
    labels.next().filter(|region| region.contains('-'))
}

impl Aws {
    /// A queue that the operator's own identity reads, `https://sqs.REGION.amazonaws.com/ACCOUNT/NAME`. It is reached at
    /// the host of its URL, in the Region that the host names, else that of the process.
    pub fn queue(&self, url: &str) -> Queue {
        let region = region_of_queue(url).map(str::to_owned).or_else(|| self.default_region()).unwrap_or_default();
        let scope = Scope::new(region.clone());
        let path = url.find("://").and_then(|at| url[at + 3..].find('/').map(|path| at + 3 + path));
        let endpoint = url[..path.unwrap_or(url.len())].to_owned();
        let protocol = Protocol::Json { prefix: "AmazonSQS", version: "1.0" };
        let speaks = Speaks { service: "sqs", protocol, region, endpoint };
        Queue { url: url.to_owned(), client: self.client_of(speaks), scope }
    }

    /// Waits some seconds for messages, ten at most (`ReceiveMessage`). They come again unless they are deleted.
    pub async fn receive(&self, queue: &Queue) -> Result<Vec<Message>, AwsError> {
        let asked = json!({
            "QueueUrl": queue.url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": WAIT_SECONDS,
            "VisibilityTimeout": HIDDEN_SECONDS,
        });
        let send = || queue.client.ask_json(Op::ReceiveMessage.name(), &asked);
        let text = self.call(&queue.scope, Op::ReceiveMessage, Priority::Hint, send).await?;
        let unreadable = |_| AwsError::new(Op::ReceiveMessage.name(), code::UNREADABLE, "the answer has no messages");
        serde_json::from_str(&text).map(|received: Received| received.messages).map_err(unreadable)
    }

    /// Deletes messages that were received at once (`DeleteMessageBatch`).
    pub async fn delete_messages(&self, queue: &Queue, messages: &[Message]) -> Result<(), AwsError> {
        if messages.is_empty() {
            return Ok(());
        }
        let entry = |(number, message): (usize, &Message)| json!({ "Id": number.to_string(), "ReceiptHandle": message.receipt_handle });
        let entries: Vec<_> = messages.iter().enumerate().map(entry).collect();
        let asked = json!({ "QueueUrl": queue.url, "Entries": entries });
        let send = || queue.client.ask_json(Op::DeleteMessageBatch.name(), &asked);
        self.call(&queue.scope, Op::DeleteMessageBatch, Priority::Hint, send).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::test_wire::{Reply, Wire};

    const URL: &str = "https://sqs.eu-west-1.amazonaws.com/123456789012/hints";

    #[test]
    fn the_host_of_a_queue_names_its_region() {
        let cases = [
            (URL, Some("eu-west-1")),
            ("https://sqs-fips.us-east-1.amazonaws.com/1/q", Some("us-east-1")),
            ("https://sqs.cn-north-1.amazonaws.com.cn/1/q", Some("cn-north-1")),
            ("https://vpce-1-a.sqs.eu-central-1.vpce.amazonaws.com/1/q", Some("eu-central-1")),
            ("http://localhost:4566/000000000000/q", None),
            ("nonsense", None),
        ];
        for (url, region) in cases {
            assert_eq!(region_of_queue(url), region, "{url}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn messages_are_received_and_deleted_by_their_receipts() {
        let wire = Wire::new(|asked| match asked.operation.as_str() {
            "ReceiveMessage" => {
                Reply::Json(200, json!({"Messages": [{"Body": "hello", "ReceiptHandle": "r1", "MessageId": "m"}]}))
            }
            _ => Reply::Json(200, json!({"Successful": [{"Id": "0"}], "Failed": []})),
        });
        let aws = wire.aws();
        let queue = aws.queue(URL);
        let messages = aws.receive(&queue).await.unwrap();
        assert_eq!(messages[0].body, "hello");
        aws.delete_messages(&queue, &messages).await.unwrap();
        aws.delete_messages(&queue, &[]).await.unwrap();
        let asked = wire.asked();
        assert_eq!(asked.len(), 2);
        assert!(asked[0].host.starts_with("https://sqs.eu-west-1.amazonaws.com/"), "{}", asked[0].host);
        assert!(asked[0].authorization.contains("/eu-west-1/sqs/aws4_request"), "{}", asked[0].authorization);
        assert_eq!(asked[0].body["WaitTimeSeconds"], 10);
        assert_eq!(asked[1].body["Entries"], json!([{"Id": "0", "ReceiptHandle": "r1"}]));
    }

    #[tokio::test(start_paused = true)]
    async fn an_empty_queue_and_a_missing_one_are_told_apart() {
        let wire = Wire::new(|_| Reply::Json(200, json!({})));
        let aws = wire.aws();
        assert!(aws.receive(&aws.queue(URL)).await.unwrap().is_empty());
        let wire = Wire::new(|_| {
            let said = json!({"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "No."});
            Reply::Json(400, said)
        });
        let aws = wire.aws();
        assert_eq!(aws.receive(&aws.queue(URL)).await.unwrap_err().code, "QueueDoesNotExist");
    }
}
