//! The admin routes, called without a socket.

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use tower::ServiceExt;
use tracing::Level;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;

use super::*;
use crate::runtime::alone::alone;
use crate::runtime::telemetry::switchable;

async fn ask(router: &Router, method: &str, path: &str, body: &str) -> (StatusCode, String) {
    ask_from("127.0.0.1", router, method, path, body).await
}

async fn ask_from(peer: &str, router: &Router, method: &str, path: &str, body: &str) -> (StatusCode, String) {
    let mut request = Request::builder().method(method).uri(path).body(Body::from(body.to_owned())).unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 40_000)));
    let answer = router.clone().oneshot(request).await.unwrap();
    let status = answer.status();
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn probes_follow_the_flags_and_metrics_are_served() {
    let health = Health::default();
    let (_filter, switch) = switchable(LogLevel::Info);
    let router = router(health.clone(), Metrics::new(|_| ()), switch);
    assert_eq!(ask(&router, "GET", "/livez", "").await.0, StatusCode::OK);
    assert_eq!(ask(&router, "GET", "/readyz", "").await.0, StatusCode::SERVICE_UNAVAILABLE);
    health.set_ready(true);
    assert_eq!(ask(&router, "GET", "/readyz", "").await.0, StatusCode::OK);
    health.set_alive(false);
    assert_eq!(ask(&router, "GET", "/livez", "").await.0, StatusCode::SERVICE_UNAVAILABLE);
    let (status, text) = ask(&router, "GET", "/metrics", "").await;
    assert!(
        status == StatusCode::OK && text.contains("ecs_operator_build_info") && text.ends_with("# EOF\n"),
        "{text}"
    );
}

#[test]
fn the_log_level_is_changed_by_name_only() {
    alone("runtime::admin::tests::the_log_level_is_changed_by_name_only", async {
        let (filter, switch) = switchable(LogLevel::Info);
        let layer = tracing_subscriber::fmt::layer().with_writer(std::io::sink).with_filter(filter);
        let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
        let router = router(Health::default(), Metrics::new(|_| ()), switch);
        for refused in ["aws_smithy_runtime=trace", "loud", "", &"x".repeat(100)] {
            let (status, _) = ask(&router, "PUT", "/log-level", refused).await;
            assert!(status.is_client_error(), "{refused}: {status}");
        }
        assert!(!tracing::enabled!(target: "ecs_operator", Level::DEBUG));
        assert_eq!(ask(&router, "PUT", "/log-level", "debug\n").await.0, StatusCode::OK);
        assert!(tracing::enabled!(target: "ecs_operator", Level::DEBUG));
        assert_eq!(ask(&router, "GET", "/log-level", "").await.0, StatusCode::METHOD_NOT_ALLOWED);
    });
}

#[tokio::test]
async fn the_log_level_is_changed_from_the_pod_only() {
    let (_filter, switch) = switchable(LogLevel::Info);
    let router = router(Health::default(), Metrics::new(|_| ()), switch);
    for other in ["10.0.0.7", "fd00::7", "::ffff:10.0.0.7"] {
        let (status, said) = ask_from(other, &router, "PUT", "/log-level", "error").await;
        assert!(status == StatusCode::FORBIDDEN && said.contains("port-forward"), "{other}: {status} {said}");
        assert_eq!(ask_from(other, &router, "GET", "/livez", "").await.0, StatusCode::OK);
        assert_eq!(ask_from(other, &router, "GET", "/metrics", "").await.0, StatusCode::OK);
    }
    for own in ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"] {
        assert_eq!(ask_from(own, &router, "PUT", "/log-level", "info").await.0, StatusCode::OK, "{own}");
    }
}

#[tokio::test]
async fn the_server_answers_on_its_socket_and_ends_with_the_token() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let (_filter, switch) = switchable(LogLevel::Info);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let token = CancellationToken::new();
    let router = router(Health::default(), Metrics::new(|_| ()), switch);
    let server = tokio::spawn(serve(listener, router, token.clone()));
    for (asked, body) in [("GET /livez HTTP/1.1", ""), ("PUT /log-level HTTP/1.1\r\ncontent-length: 4", "info")] {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let request = format!("{asked}\r\nhost: x\r\nconnection: close\r\n\r\n{body}");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("ok\n"), "{answer}");
    }
    token.cancel();
    tokio::time::timeout(std::time::Duration::from_secs(5), server).await.unwrap().unwrap().unwrap();
}
