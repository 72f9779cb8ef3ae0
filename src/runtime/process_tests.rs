//! The client of the process, over a socket.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::http::StatusCode;

use super::*;

/// A server that answers everything with this status, and how often it was asked.
async fn answering(status: StatusCode) -> (kube::Config, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let router = Router::new().fallback(async move || {
        counted.fetch_add(1, Ordering::Relaxed);
        status
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (kube::Config::new(format!("http://{address}").parse().unwrap()), asked)
}

#[tokio::test]
async fn a_request_that_the_server_is_too_busy_for_is_sent_once() {
    for status in [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE, StatusCode::GATEWAY_TIMEOUT] {
        let (server, asked) = answering(status).await;
        let client = once(server).unwrap().build();
        let write = client.send(Request::patch("/").body(Body::empty()).unwrap());
        let answer = tokio::time::timeout(Duration::from_secs(5), write).await.unwrap().unwrap();
        assert_eq!((answer.status(), asked.load(Ordering::Relaxed)), (status, 1));
    }
}
