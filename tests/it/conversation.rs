//! One conversation with a Kubernetes API server, whichever it is: requests in a fixed order, answers in normal form.
//!
//! The transcript beside this file is a real kube-apiserver's; the real one and the one in memory must both give it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test: it fails by panicking"
)]

mod parts;
mod words;

use ecs_sim::kube::{Apiserver, MemApi};
use words::Talk;

use crate::local_api::plane::plane;

/// Holds the conversation and returns its steps. The server needs admin rights, and neither the CRD
/// `talks.conversation.example` nor a namespace `conversation` may be there yet.
pub(crate) async fn converse(client: kube::Client) -> Vec<String> {
    let mut talk = Talk::new(client);
    talk.install().await;
    parts::objects(&mut talk).await;
    parts::patches(&mut talk).await;
    parts::schema(&mut talk).await;
    parts::scale(&mut talk).await;
    parts::apply(&mut talk).await;
    parts::apply_status(&mut talk).await;
    parts::deletion(&mut talk).await;
    parts::lists(&mut talk).await;
    parts::watches(&mut talk).await;
    parts::built_ins(&mut talk).await;
    parts::namespace(&mut talk).await;
    talk.steps
}

#[tokio::test(start_paused = true)]
async fn the_in_memory_server_answers_as_the_real_one_did() {
    let start = jiff::Timestamp::UNIX_EPOCH;
    let server = Apiserver::new(MemApi::new(start), move || start);
    is_the_transcript(&converse(kube::Client::new(server, "default")).await);
}

#[tokio::test]
async fn the_real_server_answers_as_it_did() {
    is_the_transcript(&converse(plane().await.client().await).await);
}

fn is_the_transcript(said: &[String]) {
    let wanted: Vec<&str> = include_str!("conversation/transcript.txt").lines().collect();
    for (said, wanted) in said.iter().zip(&wanted) {
        assert_eq!(said, wanted);
    }
    assert_eq!(said.len(), wanted.len());
}
