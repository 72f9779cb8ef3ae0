//! Both wires with a listener on them, and the faults of the schedule in them.

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use ecs_sim::kube::Apiserver;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use kube::client::Body;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tower::Service;

use crate::dice::Dice;
use crate::facts;
use crate::faults::{Armed, Damage, Wire};
use crate::seen::{AwsCall, KubeCall, Pass, Reply, Trace, What};
use crate::support::wire::raw;
use crate::support::world::{NAMESPACE, World, key};

tokio::task_local! {
    /// The pass that is running, in the task that runs it.
    pub static PASS: Pass;
}

/// What is shared by the wires of all processes of a schedule.
#[derive(Clone)]
pub struct Tap {
    /// Both worlds.
    pub world: Arc<World>,
    /// What was seen.
    pub trace: Trace,
    /// The faults of the schedule.
    pub faults: Arc<Mutex<Vec<Armed>>>,
    /// Told when a process dies in the middle of a call.
    pub died: Arc<Notify>,
    /// Calls take so many milliseconds at most, drawn anew for each; 0: none.
    pub jitter: Arc<Mutex<(i64, Dice)>>,
    matched: Arc<Mutex<BTreeMap<usize, Vec<String>>>>,
    /// Second pages of listings, by token.
    pages: Arc<Mutex<BTreeMap<String, String>>>,
    sites: Arc<Mutex<BTreeSet<String>>>,
}

impl Tap {
    /// A listener on the wires of these worlds.
    pub fn new(world: Arc<World>, faults: Vec<Armed>, seed: u64) -> Self {
        Self {
            world,
            trace: Trace::default(),
            faults: Arc::new(Mutex::new(faults)),
            died: Arc::default(),
            jitter: Arc::new(Mutex::new((0, Dice::at(seed, 77)))),
            matched: Arc::default(),
            pages: Arc::default(),
            sites: Arc::default(),
        }
    }

    /// The same listener for a process that dies on its own.
    #[must_use]
    pub fn of_a_process(&self) -> Self {
        Self { died: Arc::new(Notify::new()), ..self.clone() }
    }

    /// Virtual milliseconds.
    pub fn now(&self) -> i64 {
        self.world.clock.exact().as_millisecond()
    }

    /// Notes a word of the schedule.
    pub fn word(&self, word: impl Into<String>) {
        self.trace.note(self.now(), None, What::Word(word.into()));
    }

    /// The places where calls were made: operation or method and resource.
    pub fn sites(&self) -> BTreeSet<String> {
        self.sites.lock().unwrap().clone()
    }

    fn damage(&self, wire: Wire, site: &str) -> Option<Damage> {
        self.sites.lock().unwrap().insert(format!("{wire:?} {site}"));
        let now = self.now();
        self.faults.lock().unwrap().iter_mut().find_map(|armed| armed.strikes(wire, site, now))
    }

    async fn dawdle(&self) {
        let pause = {
            let mut jitter = self.jitter.lock().unwrap();
            let most = jitter.0;
            if most == 0 { 0 } else { jitter.1.between(0, most) }
        };
        if pause > 0 {
            tokio::time::sleep(Duration::from_millis(pause.unsigned_abs())).await;
        }
    }

    /// Puts a page without entries before the first of a listing.
    fn empty_page(&self, page: &[u8]) -> String {
        let mut pages = self.pages.lock().unwrap();
        let token = format!("page-{}", pages.len());
        pages.insert(token.clone(), String::from_utf8_lossy(page).into_owned());
        json!({"serviceArns": [], "taskArns": [], "taskDefinitionArns": [], "nextToken": token}).to_string()
    }

    /// The page that an earlier one told of, if it was ours.
    fn page(&self, asked: &Value) -> Option<String> {
        self.pages.lock().unwrap().get(asked["nextToken"].as_str()?).cloned()
    }

    /// Does the call set what the object of the pass leaves to somebody else?
    fn delegated(&self, operation: &str, body: &Value, pass: Option<&Pass>) -> bool {
        let counts = operation == "UpdateService" && body["desiredCount"].is_i64();
        let Some(pass) = pass.filter(|pass| counts && pass.key.0 == "EcsService") else { return false };
        let object = self.world.api.with(|api| facts::stored(api, pass.key.0, &pass.key.2));
        object.is_some_and(|object| facts::is_scaled(&object))
    }

    /// Compares AWS with the object of the pass, at this instant.
    fn compare(&self, pass: Option<&Pass>) {
        let Some(pass) = pass.filter(|pass| pass.key.0 == "EcsService") else { return };
        if self.matched.lock().unwrap().get(&pass.number).is_some_and(Vec::is_empty) {
            return;
        }
        let object = self.world.api.with(|api| facts::stored(api, pass.key.0, &pass.key.2));
        let Some(object) = object else { return };
        let differs =
            self.world.aws.sim(|sim| facts::differs(sim.region(&key()), &self.world.api, pass.key.0, &object));
        self.matched.lock().unwrap().insert(pass.number, differs);
    }
}

fn current() -> Option<Pass> {
    PASS.try_with(Clone::clone).ok()
}

/// The way of one process to AWS.
#[derive(Clone)]
pub struct AwsLine {
    tap: Tap,
    inner: SharedHttpConnector,
}

impl std::fmt::Debug for AwsLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AwsLine")
    }
}

/// The configuration of a process whose calls are listened to.
pub fn aws_line(tap: &Tap, config: &SdkConfig) -> SdkConfig {
    let line = AwsLine { tap: tap.clone(), inner: SharedHttpConnector::new(tap.world.aws.clone()) };
    config.to_builder().http_client(line).build()
}

impl HttpConnector for AwsLine {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().deliver(request))
    }
}

impl HttpClient for AwsLine {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl AwsLine {
    async fn deliver(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let tap = &self.tap;
        tap.dawdle().await;
        let pass = current();
        let header = |name: &str| request.headers().get(name).unwrap_or_default().to_owned();
        let bytes = request.body().bytes().unwrap_or_default().to_vec();
        let operation = operation(&header("x-amz-target"), request.uri(), &bytes);
        let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| json!(String::from_utf8_lossy(&bytes)));
        let targets = tap.world.aws.sim(|sim| facts::targets(sim.region(&key()), &operation, &body));
        let mut call = AwsCall {
            operation,
            body,
            invocation: header("amz-sdk-invocation-id"),
            applied: true,
            took: false,
            reply: Reply::Lost,
            targets,
            delegated: false,
        };
        call.delegated = tap.delegated(&call.operation, &call.body, pass.as_ref());
        tap.compare(pass.as_ref());
        if let Some(page) = tap.page(&call.body) {
            (call.took, call.reply) = (true, Reply::Status(200));
            tap.trace.note(tap.now(), pass, What::Aws(call));
            return raw(200, page);
        }
        let damage = tap.damage(Wire::Aws, &call.operation);
        if let Some(damage) = damage.filter(|damage| !damage.applies()) {
            call.applied = false;
            if let Damage::Refuse(status, ..) | Damage::Empty(status) = damage {
                call.reply = Reply::Status(status);
            }
            tap.trace.note(tap.now(), pass, What::Aws(call));
            return match damage {
                Damage::Refuse(status, code, message) => answer(status, &json!({"__type": code, "message": message})),
                Damage::Empty(status) => raw(status, ""),
                Damage::Hang => pending().await,
                Damage::CrashBefore => {
                    tap.died.notify_one();
                    pending().await
                }
                _ => Err(broken()),
            };
        }
        let response = self.inner.call(request).await?;
        let status = response.status().as_u16();
        call.took = status == 200;
        let lost = damage.is_some_and(Damage::loses);
        call.reply = if lost { Reply::Lost } else { Reply::Status(status) };
        let paged = ["ListServices", "ListTasks", "ListTaskDefinitions"].contains(&call.operation.as_str());
        let empty = damage == Some(Damage::EmptyPage) && call.took && paged;
        let gone = damage == Some(Damage::Missing) && call.operation.starts_with("Describe");
        let asked = call.body.clone();
        tap.trace.note(tap.now(), pass.clone(), What::Aws(call));
        tap.compare(pass.as_ref());
        match damage {
            Some(Damage::LostHang) => pending().await,
            Some(Damage::CrashLost) => {
                tap.died.notify_one();
                pending().await
            }
            Some(Damage::CrashAfter) => {
                tap.died.notify_one();
                Ok(response)
            }
            Some(Damage::Cut) => {
                let bytes = response.body().bytes().unwrap_or_default();
                raw(200, String::from_utf8_lossy(&bytes[..bytes.len() / 2]).into_owned())
            }
            Some(Damage::Html) => raw(200, "<html><body>Service Unavailable</body></html>"),
            Some(Damage::Lost) => Err(broken()),
            _ if empty => raw(200, tap.empty_page(response.body().bytes().unwrap_or_default())),
            _ if gone => answer(200, &missing(&asked)),
            _ => Ok(response),
        }
    }
}

/// An answer in which everything that was asked for is missing, as one that lags behind a creation is.
fn missing(asked: &Value) -> Value {
    let failures: Vec<Value> = ["services", "clusters", "tasks"]
        .iter()
        .flat_map(|member| asked[member].as_array().into_iter().flatten())
        .map(|name| json!({"arn": name, "reason": "MISSING"}))
        .collect();
    json!({"services": [], "clusters": [], "tasks": [], "failures": failures})
}

fn answer(status: u16, body: &Value) -> Result<HttpResponse, ConnectorError> {
    raw(status, body.to_string())
}

fn broken() -> ConnectorError {
    ConnectorError::io("connection reset by the schedule".into())
}

/// The operation, wherever the protocol says it.
fn operation(target: &str, uri: &str, body: &[u8]) -> String {
    if !target.is_empty() {
        return target.rsplit('.').next().unwrap_or_default().to_owned();
    }
    if let Some((_, operation)) = uri.rsplit_once("/operation/") {
        return operation.to_owned();
    }
    let form = String::from_utf8_lossy(body);
    form.split('&').find_map(|field| field.strip_prefix("Action=")).unwrap_or_default().to_owned()
}

/// The way of one process to Kubernetes.
#[derive(Clone)]
pub struct KubeLine {
    tap: Tap,
    api: Apiserver,
    may_write: Arc<AtomicBool>,
}

/// A client whose calls are listened to, and refused as the election's guard refuses writes.
pub fn kube_line(tap: &Tap, may_write: Arc<AtomicBool>) -> kube::Client {
    kube::Client::new(KubeLine { tap: tap.clone(), api: tap.world.api.clone(), may_write }, "default")
}

impl Service<Request<Body>> for KubeLine {
    type Response = Response<Answered>;
    type Error = std::io::Error;
    type Future = Pin<Box<dyn Future<Output = std::io::Result<Response<Answered>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(self.clone().deliver(request))
    }
}

type Answered = Full<bytes::Bytes>;

/// The place of a call: what is done to which resource, without names.
pub fn site(method: &str, path: &str, body: &Value) -> String {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let after = parts.iter().position(|part| *part == "namespaces").map_or(3, |at| at + 2);
    let resource = parts.get(after).copied().unwrap_or_default();
    let sub = parts.get(after + 2).copied().unwrap_or_default();
    let finalizer = body.to_string().contains("finalizers");
    let verb = if finalizer && method == "PATCH" { "FINALIZER" } else { method };
    format!("{verb} {resource} {sub}").trim_end().to_owned()
}

fn io(kind: std::io::ErrorKind) -> std::io::Error {
    std::io::Error::new(kind, "by the schedule")
}

impl KubeLine {
    async fn deliver(mut self, request: Request<Body>) -> std::io::Result<Response<Answered>> {
        let tap = self.tap.clone();
        tap.dawdle().await;
        let pass = current();
        let (head, body) = request.into_parts();
        let bytes = body.collect().await.map_err(std::io::Error::other)?.to_bytes();
        let mut call = KubeCall {
            method: head.method.to_string(),
            path: head.uri.path().to_owned(),
            body: serde_json::from_slice(&bytes).unwrap_or_default(),
            took: false,
            reply: Reply::Lost,
            object: Value::Null,
            left: None,
            differs: None,
            taken: None,
        };
        let write = call.method != "GET";
        if write && !self.may_write.load(Ordering::SeqCst) {
            return Err(io(std::io::ErrorKind::PermissionDenied));
        }
        let place = site(&call.method, &call.path, &call.body);
        let damage = tap.damage(Wire::Kube, &place);
        if let Some(damage) = damage.filter(|damage| !damage.applies()) {
            if let Damage::Refuse(status, ..) | Damage::Empty(status) = damage {
                call.reply = Reply::Status(status);
            }
            tap.trace.note(tap.now(), pass, What::Kube(call));
            return match damage {
                Damage::Refuse(code, reason, _) => refusal(code, reason),
                Damage::Empty(code) => refusal(code, "InternalError"),
                Damage::Hang => pending().await,
                Damage::CrashBefore => {
                    tap.died.notify_one();
                    pending().await
                }
                _ => Err(io(std::io::ErrorKind::ConnectionReset)),
            };
        }
        self.enrich(&mut call, pass.as_ref());
        let request = Request::from_parts(head, Body::from(bytes));
        let response = self.api.call(request).await?;
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.map_err(std::io::Error::other)?.to_bytes();
        let status = head.status.as_u16();
        call.took = (200..300).contains(&status);
        call.object = serde_json::from_slice(&bytes).unwrap_or_default();
        call.reply = if damage.is_some_and(Damage::loses) { Reply::Lost } else { Reply::Status(status) };
        tap.trace.note(tap.now(), pass, What::Kube(call));
        let response = Response::from_parts(head, Full::new(bytes));
        match damage {
            Some(Damage::LostHang) => pending().await,
            Some(Damage::CrashLost) => {
                tap.died.notify_one();
                pending().await
            }
            Some(Damage::CrashAfter) => {
                tap.died.notify_one();
                Ok(response)
            }
            Some(damage) if damage.loses() => Err(io(std::io::ErrorKind::ConnectionReset)),
            _ => Ok(response),
        }
    }

    /// Facts that the oracles need, as they are in the moment of the write.
    fn enrich(&self, call: &mut KubeCall, pass: Option<&Pass>) {
        let tap = &self.tap;
        let text = call.body.to_string();
        if call.method == "PATCH" && text.contains("/metadata/finalizers") && text.contains("\"remove\"") {
            let uid = call.body[0]["value"].as_str().unwrap_or_default();
            call.left = Some(tap.world.aws.sim(|sim| facts::held(sim.region(&key()), uid)));
        }
        if call.path.ends_with("/status") && pass.is_some_and(|pass| pass.key.0 == "EcsService") {
            tap.compare(pass);
            let number = pass.map_or(0, |pass| pass.number);
            call.differs = tap.matched.lock().unwrap().get(&number).cloned();
        }
        if call.method == "POST" && call.path.ends_with("/ecsservices") {
            let name = call.body["metadata"]["name"].as_str().unwrap_or_default();
            let cluster = call.body["spec"]["clusterRef"]["name"].as_str().unwrap_or_default();
            call.taken = tap.world.aws.sim(|sim| facts::taken(sim.region(&key()), cluster, name));
        }
    }
}

fn refusal(code: u16, reason: &str) -> std::io::Result<Response<Answered>> {
    let body = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": format!("injected: {reason}"), "reason": reason, "code": code,
    });
    let whole = Full::new(bytes::Bytes::from(body.to_string()));
    Response::builder()
        .status(code)
        .header("content-type", "application/json")
        .body(whole)
        .map_err(std::io::Error::other)
}

/// The test's namespace, in which all objects are.
pub const HOME: &str = NAMESPACE;
