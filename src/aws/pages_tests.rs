//! Paging over a scripted wire.

use serde_json::json;

use super::*;
use crate::aws::test_wire::{Asked, Reply, Wire};

fn here() -> Scope {
    Scope::new("eu-west-1")
}

fn token(asked: &Asked) -> Option<&str> {
    asked.body["nextToken"].as_str()
}

#[tokio::test(start_paused = true)]
async fn a_listing_follows_new_tokens_also_past_an_empty_page() {
    let wire = Wire::new(|asked| {
        Reply::ok(match token(asked) {
            None => json!({ "serviceArns": ["a"], "nextToken": "1" }),
            Some("1") => json!({ "serviceArns": [], "nextToken": "2" }),
            _ => json!({ "serviceArns": ["b"] }),
        })
    });
    let found = wire.aws().list_services(&here(), "c", Priority::Sweep).await.unwrap();
    assert_eq!(found, ["a", "b"]);
    assert!(wire.asked().iter().all(|asked| asked.body["maxResults"] == 100 && asked.body["cluster"] == "c"));
}

#[tokio::test(start_paused = true)]
async fn a_token_that_comes_back_ends_in_an_error_and_not_in_half_a_listing() {
    let wire = Wire::new(|_| Reply::ok(json!({ "serviceArns": ["a"], "nextToken": "same" })));
    let error = wire.aws().list_services(&here(), "c", Priority::Sweep).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.class), (code::REPEATED_PAGE, Class::StalePage));
    assert_eq!(wire.asked().len(), 4, "two pages, tried twice");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_expired_restarts_the_listing_once() {
    let refused = std::sync::atomic::AtomicBool::new(false);
    let wire = Wire::new(move |asked| match token(asked) {
        None => Reply::ok(json!({ "serviceArns": ["a"], "nextToken": "1" })),
        Some(_) if !refused.swap(true, std::sync::atomic::Ordering::SeqCst) => {
            Reply::error("InvalidParameterException", "Invalid nextToken.")
        }
        Some(_) => Reply::ok(json!({ "serviceArns": ["b"] })),
    });
    let found = wire.aws().list_services(&here(), "c", Priority::Sweep).await.unwrap();
    assert_eq!(found, ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn an_error_on_a_later_page_fails_the_listing() {
    let wire = Wire::new(|asked| match token(asked) {
        None => Reply::ok(json!({ "taskDefinitionArns": ["a"], "nextToken": "1" })),
        Some(_) => Reply::error("AccessDeniedException", "no"),
    });
    let aws = wire.aws();
    let listing = aws.list_task_definitions(&here(), "family", TaskDefinitionStatus::Inactive, Priority::Prune).await;
    assert_eq!(listing.unwrap_err().class, Class::Permission);
    assert!(wire.asked().iter().all(|asked| asked.body["status"] == "INACTIVE"), "the status stays on all pages");
}

#[tokio::test(start_paused = true)]
async fn a_task_filter_by_starter_stands_alone() {
    let wire = Wire::new(|_| Reply::ok(json!({ "taskArns": ["t"] })));
    let filter =
        TaskFilter { started_by: Some("ecs-svc/1".to_owned()), service: Some("s".to_owned()), ..TaskFilter::default() };
    wire.aws().list_tasks(&here(), "c", &filter, Priority::Sweep).await.unwrap();
    let body = wire.asked()[0].body.clone();
    assert_eq!(body["startedBy"], "ecs-svc/1");
    assert!(body.get("serviceName").is_none() && body.get("desiredStatus").is_none(), "{body}");
}
