//! The HTTP front end over real sockets.

use std::net::{Ipv4Addr, SocketAddr};

use ecs_sim::fault::{Effect, Rule};
use ecs_sim::http::Server;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{START, request, world};

async fn server() -> Server {
    Server::start(world(), SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), 0.0).await.unwrap()
}

/// Status line and body, or nothing if the connection was closed instead.
async fn post(
    stream: &mut TcpStream,
    path: &str,
    headers: &[(String, String)],
    body: &[u8],
) -> Option<(String, Value)> {
    let mut text = format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        text.extend([format!("{name}: {value}\r\n")]);
    }
    text.push_str("\r\n");
    stream.write_all(text.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    let mut got = Vec::new();
    let (head, length) = loop {
        let mut byte = [0];
        if stream.read(&mut byte).await.unwrap_or(0) == 0 {
            return None;
        }
        got.push(byte[0]);
        if got.ends_with(b"\r\n\r\n") {
            let head = String::from_utf8(got).unwrap();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
            break (head, length);
        }
    };
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    Some((head.lines().next().unwrap().to_owned(), serde_json::from_slice(&body).unwrap_or(Value::Null)))
}

async fn call(stream: &mut TcpStream, action: &str, input: &Value) -> Option<(String, Value)> {
    let request = request(action, input);
    let headers: Vec<_> = request.headers.into_iter().collect();
    post(stream, "/", &headers, &request.body).await
}

#[tokio::test]
async fn one_connection_carries_calls_and_controls() {
    let server = server().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let (status, made) = call(&mut stream, "CreateCluster", &json!({ "clusterName": "c1" })).await.unwrap();
    assert_eq!((status.as_str(), &made["cluster"]["status"]), ("HTTP/1.1 200 OK", &json!("ACTIVE")));
    let advanced = post(&mut stream, "/_sim/advance", &[], br#"{"ms": 5000}"#).await.unwrap().1;
    assert_eq!(advanced["now"], START + 5000);
    let dump = post(&mut stream, "/_sim/dump", &[], b"").await.unwrap().1;
    assert_eq!(dump["regions"][0]["clusters"], json!(["c1"]));
    let (status, _) = post(&mut stream, "/_sim/nonsense", &[], b"").await.unwrap();
    assert!(status.contains("400"), "{status}");
    server.stop();
}

#[tokio::test]
async fn a_snapshot_brings_everything_back() {
    let server = server().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    post(&mut stream, "/_sim/snapshot", &[], b"{}").await.unwrap();
    call(&mut stream, "CreateCluster", &json!({ "clusterName": "c1" })).await.unwrap();
    post(&mut stream, "/_sim/restore", &[], b"{}").await.unwrap();
    let listed = call(&mut stream, "ListClusters", &json!({})).await.unwrap().1;
    assert_eq!(listed["clusterArns"], json!([]));
    server.stop();
}

#[tokio::test]
async fn a_lost_answer_closes_the_connection() {
    let server = server().await;
    server.with(|sim| sim.faults.add(Rule::on("CreateCluster", Effect::ApplyThenDrop).once()));
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    assert_eq!(call(&mut stream, "CreateCluster", &json!({ "clusterName": "c1" })).await, None);
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let listed = call(&mut stream, "ListClusters", &json!({})).await.unwrap().1;
    assert_eq!(listed["clusterArns"].as_array().unwrap().len(), 1);
    server.stop();
}

#[tokio::test]
async fn virtual_time_follows_the_wall_times_the_speed() {
    let server = server().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    post(&mut stream, "/_sim/speed", &[], br#"{"speed": 1000}"#).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    let now = post(&mut stream, "/_sim/now", &[], b"").await.unwrap().1["now"].as_i64().unwrap();
    assert!(now >= START + 50_000, "{now}");
    server.stop();
}
