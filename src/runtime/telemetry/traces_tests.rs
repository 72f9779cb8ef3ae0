//! What a collector receives.

use std::sync::mpsc;

use axum::Router;
use axum::body::Bytes as Body;
use axum::routing::post;
use jiff::Timestamp;
use kube::api::ObjectMeta;
use tracing_subscriber::layer::SubscriberExt;

use super::super::{reconcile_span, spans};
use super::*;
use crate::runtime::alone::alone;

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn a_reconcile_and_its_calls_reach_the_collector_under_the_trace_that_lines_name() {
    let test = "runtime::telemetry::traces::tests::a_reconcile_and_its_calls_reach_the_collector_under_the_trace_that_lines_name";
    alone(test, async {
        let (sender, received) = mpsc::channel();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}/", listener.local_addr().unwrap());
        let take = async move |body: Body| sender.send(body).unwrap();
        let router = Router::new().route("/v1/traces", post(take));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        crate::runtime::tls::install().unwrap();
        let traces = Traces::new(&endpoint).unwrap();
        let layer = traces.layer().with_filter(spans());
        let trace = {
            let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
            let object = ObjectMeta { name: Some("web".to_owned()), ..ObjectMeta::default() };
            let span = reconcile_span("EcsService", &object, Timestamp::UNIX_EPOCH);
            let entered = span.enter();
            let call =
                tracing::info_span!(target: "ecs_operator::aws", "aws_call", operation = "UpdateService", code = "OK");
            drop(call.entered());
            drop(tracing::info_span!(target: "aws_sdk_ecs", "a_span_of_a_library").entered());
            drop(entered);
            trace_of(&span).unwrap()
        };
        tokio::task::spawn_blocking(|| traces.end()).await.unwrap().unwrap();
        let sent: Vec<u8> = received.try_iter().flatten().collect();
        for part in ["reconcile", "EcsService", "aws_call", "UpdateService", "ecs-operator"] {
            assert!(holds(&sent, part.as_bytes()), "{part}");
        }
        assert!(!holds(&sent, b"a_span_of_a_library"));
        let id: Vec<u8> = (0..32).step_by(2).map(|at| u8::from_str_radix(&trace[at..at + 2], 16).unwrap()).collect();
        let times = sent.windows(16).filter(|window| *window == id).count();
        assert_eq!(times, 2, "both spans belong to the trace {trace}");
    });
}
