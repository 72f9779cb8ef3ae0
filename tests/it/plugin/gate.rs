//! A socket before a simulated AWS, for a program of its own; CloudWatch Logs and ECS Exec answer with what a test put there.

use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::HttpConnector as _;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::support::wire::AwsWire;

/// Stream, time in milliseconds, message.
pub type Written = (String, i64, String);

/// The socket; it ends with the test's runtime.
#[derive(Clone)]
pub struct Gate {
    aws: AwsWire,
    /// Lines of logs.
    pub logs: Arc<Mutex<Vec<Written>>>,
    /// Requests to CloudWatch Logs and ECS Exec.
    pub asked: Arc<Mutex<Vec<Value>>>,
    /// What the simulator of IAM denies; without it, nobody may ask.
    pub denied: Arc<Mutex<Option<Vec<String>>>>,
}

impl Gate {
    /// Opens it; gives its address too.
    pub async fn open(aws: &AwsWire) -> (Self, String) {
        let gate = Self { aws: aws.of_a_person(), logs: Arc::default(), asked: Arc::default(), denied: Arc::default() };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(gate.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (gate, address)
    }

    /// The answer of IAM's simulator to a form.
    fn simulated(&self, form: &str) -> Option<(u16, String)> {
        let pairs: Vec<(String, String)> = form_urlencoded::parse(form.as_bytes()).into_owned().collect();
        pairs.iter().find(|pair| pair.0 == "Action" && pair.1 == "SimulatePrincipalPolicy")?;
        let denied = self.denied.lock().unwrap().clone();
        let Some(denied) = denied else {
            let error = "<Error><Code>AccessDenied</Code><Message>not authorized</Message></Error>";
            return Some((403, format!("<ErrorResponse>{error}</ErrorResponse>")));
        };
        let actions = pairs.iter().filter(|pair| pair.0.starts_with("ActionNames.member."));
        let mut members = String::new();
        for (_, action) in actions {
            let decision = if denied.contains(action) { "implicitDeny" } else { "allowed" };
            members.push_str("<member><EvalActionName>");
            members.extend([action.as_str(), "</EvalActionName><EvalDecision>", decision, "</EvalDecision></member>"]);
        }
        Some((200, format!("<Answer><EvaluationResults>{members}</EvaluationResults></Answer>")))
    }

    fn own(&self, target: &str, body: &Value) -> Option<(u16, Value)> {
        let operation = target.rsplit('.').next().unwrap_or_default();
        if operation == "ListServiceQuotas" {
            return Some((400, json!({"__type": "AccessDeniedException", "message": "not authorized"})));
        }
        if !matches!(operation, "FilterLogEvents" | "ExecuteCommand") {
            return None;
        }
        self.asked.lock().unwrap().push(body.clone());
        if operation == "ExecuteCommand" {
            let session =
                json!({"sessionId": "ecs-execute-command-0", "streamUrl": "wss://nowhere", "tokenValue": "token"});
            return Some((200, json!({"session": session, "interactive": true})));
        }
        if body["logGroupName"] != "/shop/web" {
            return Some((400, json!({"__type": "ResourceNotFoundException", "message": "no such group"})));
        }
        let streams = body["logStreamNames"].as_array().cloned().unwrap_or_default();
        let logs = self.logs.lock().unwrap();
        let since = body["startTime"].as_i64().unwrap_or_default();
        let fits = |(stream, at, _): &&Written| streams.contains(&json!(stream)) && *at >= since;
        let all: Vec<Value> = logs
            .iter()
            .enumerate()
            .filter(|(_, written)| fits(written))
            .map(|(id, (stream, at, text))| json!({"logStreamName": stream, "timestamp": at, "message": text, "eventId": id.to_string()}))
            .collect();
        // One line a page, so that paging is met.
        let at: usize = body["nextToken"].as_str().and_then(|token| token.parse().ok()).unwrap_or_default();
        let next = (at + 1 < all.len()).then(|| (at + 1).to_string());
        let page: Vec<&Value> = all.get(at).into_iter().collect();
        Some((200, json!({"events": page, "nextToken": next})))
    }
}

async fn answer(State(gate): State<Gate>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, 1 << 20).await.unwrap();
    let header =
        |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let value: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    if let Some((status, said)) = gate.own(&header("x-amz-target"), &value) {
        return Response::builder().status(status).body(said.to_string().into()).unwrap();
    }
    if let Some((status, said)) = gate.simulated(&String::from_utf8_lossy(&bytes)) {
        return Response::builder().status(status).body(said.into()).unwrap();
    }
    let mut asked = HttpRequest::new(SdkBody::from(bytes.to_vec()));
    asked.set_method(parts.method.as_str()).unwrap();
    asked.set_uri(parts.uri.to_string()).unwrap();
    for (name, value) in &parts.headers {
        asked.headers_mut().insert(name.as_str().to_owned(), value.to_str().unwrap().to_owned());
    }
    let Ok(answer) = gate.aws.call(asked).await else {
        return Response::builder().status(StatusCode::BAD_GATEWAY).body(Body::empty()).unwrap();
    };
    let mut response = Response::builder().status(answer.status().as_u16());
    for (name, value) in answer.headers() {
        response = response.header(name, value);
    }
    response.body(answer.body().bytes().unwrap_or_default().to_vec().into()).unwrap()
}
