//! The adapter: a tower service over [`MemApi`], with a log of calls and a place to inject faults.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, header};
use http_body_util::BodyExt;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;
use tower::Service;

use super::answer::Answer;
use super::store::MemApi;
use super::watch::Watch;

/// One request as it reached the server.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// HTTP method.
    pub method: String,
    /// Path without query.
    pub path: String,
    /// Query, not decoded.
    pub query: String,
    /// `Content-Type` of the request.
    pub content_type: String,
    /// JSON body of the request; null when there was none.
    pub body: Value,
    /// Status of the reply; `None` while there is none, or when it was lost.
    pub status: Option<u16>,
}

impl Call {
    /// Whether the call could have changed anything.
    pub fn is_write(&self) -> bool {
        self.method != "GET"
    }
}

/// What to do with one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Answer it.
    Pass,
    /// Reset the connection; nothing is applied.
    Before,
    /// Apply it, then reset the connection.
    ApplyThenReset,
    /// Apply it, then never answer.
    ApplyThenHang,
    /// Answer this code and reason; nothing is applied.
    Status(u16, &'static str),
    /// Wait so many milliseconds of tokio's clock, then answer it.
    Delay(u64),
    /// Never answer; nothing is applied.
    Hang,
}

/// Decides about each call. It runs inside the response future, in the task that awaits it.
pub type FaultHook = Box<dyn FnMut(&Call) -> Fault + Send>;

struct Shared {
    api: MemApi,
    log: Vec<Call>,
    hook: Option<FaultHook>,
}

/// An API server to be shared: each clone is the same server, and a tower service for a Kubernetes client.
#[derive(Clone)]
pub struct Apiserver {
    shared: Arc<Mutex<Shared>>,
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

impl std::fmt::Debug for Apiserver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Apiserver").finish_non_exhaustive()
    }
}

impl Apiserver {
    /// Serves `api`; `clock` gives the wall clock's time.
    pub fn new(api: MemApi, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        let shared = Shared { api, log: Vec::new(), hook: None };
        Self { shared: Arc::new(Mutex::new(shared)), clock: Arc::new(clock) }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The server's time.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Looks at or changes the state behind the API's back.
    pub fn with<T>(&self, f: impl FnOnce(&mut MemApi) -> T) -> T {
        f(&mut self.lock().api)
    }

    /// Runs garbage collector and namespace controller until neither finds anything to do.
    pub fn settle(&self) {
        let now = self.now();
        self.with(|api| while api.collect_garbage(now) + api.terminate_namespaces(now) > 0 {});
    }

    /// All calls so far.
    pub fn log(&self) -> Vec<Call> {
        self.lock().log.clone()
    }

    /// The calls so far, which are then forgotten.
    pub fn take_log(&self) -> Vec<Call> {
        std::mem::take(&mut self.lock().log)
    }

    /// Installs, or with `None` removes, the fault hook.
    pub fn set_fault_hook(&self, hook: Option<FaultHook>) {
        self.lock().hook = hook;
    }

    fn judge(&self, call: &Call) -> Fault {
        let mut shared = self.lock();
        shared.hook.as_mut().map_or(Fault::Pass, |hook| hook(call))
    }

    fn note(&self, mut call: Call, status: Option<u16>) {
        call.status = status;
        self.lock().log.push(call);
    }

    async fn answer(self, head: http::request::Parts, body: Bytes) -> io::Result<Response<ReplyBody>> {
        let target = head.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str).to_owned();
        let call = Call {
            method: head.method.to_string(),
            path: head.uri.path().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            content_type: super::route::header_text(&head.headers, header::CONTENT_TYPE),
            body: serde_json::from_slice(&body).unwrap_or_default(),
            status: None,
        };
        let fault = self.judge(&call);
        match fault {
            Fault::Pass | Fault::ApplyThenReset | Fault::ApplyThenHang => {}
            Fault::Delay(milliseconds) => {
                tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            }
            Fault::Before => {
                self.note(call, None);
                return Err(reset());
            }
            Fault::Hang => {
                self.note(call, None);
                return std::future::pending().await;
            }
            Fault::Status(code, reason) => {
                self.note(call, Some(code));
                let body = json!({
                    "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
                    "message": format!("injected: {reason}"), "reason": reason, "code": code,
                });
                return whole(code, &body);
            }
        }
        let now = self.now();
        let answer = self.with(|api| api.answer(&head.method, &target, &head.headers, &body, now));
        match fault {
            Fault::ApplyThenReset => {
                self.note(call, None);
                return Err(reset());
            }
            Fault::ApplyThenHang => {
                self.note(call, None);
                return std::future::pending().await;
            }
            Fault::Pass | Fault::Delay(_) | Fault::Before | Fault::Hang | Fault::Status(..) => {}
        }
        match answer {
            Answer::Reply(reply) => {
                self.note(call, Some(reply.status));
                whole(reply.status, &reply.body)
            }
            Answer::Watch(watch) => {
                self.note(call, Some(200));
                let stream = Stream::new(self, *watch);
                respond(200, ReplyBody { step: Some(Box::pin(stream.next())) })
            }
        }
    }
}

fn reset() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "connection reset")
}

fn whole(status: u16, body: &Value) -> io::Result<Response<ReplyBody>> {
    let bytes = Bytes::from(body.as_str().map_or_else(|| body.to_string(), str::to_owned));
    respond(status, ReplyBody { step: Some(Box::pin(std::future::ready((Some(bytes), None)))) })
}

fn respond(status: u16, body: ReplyBody) -> io::Result<Response<ReplyBody>> {
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "application/json")
        .body(body)
        .map_err(io::Error::other)
}

impl<B> Service<Request<B>> for Apiserver
where
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response<ReplyBody>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Response<ReplyBody>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let server = self.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let bytes = body.collect().await.map_err(io::Error::other)?.to_bytes();
            server.answer(head, bytes).await
        })
    }
}

type Step = Pin<Box<dyn Future<Output = (Option<Bytes>, Option<Box<Stream>>)> + Send>>;

/// The body of a reply: one document, or the lines of a watch.
pub struct ReplyBody {
    step: Option<Step>,
}

impl std::fmt::Debug for ReplyBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReplyBody").finish_non_exhaustive()
    }
}

impl http_body::Body for ReplyBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<http_body::Frame<Bytes>>>> {
        let Some(step) = self.step.as_mut() else {
            return Poll::Ready(None);
        };
        let Poll::Ready((chunk, rest)) = step.as_mut().poll(cx) else {
            return Poll::Pending;
        };
        self.step = rest.map(|stream| -> Step { Box::pin(stream.next()) });
        Poll::Ready(chunk.map(|bytes| Ok(http_body::Frame::data(bytes))))
    }
}

/// A watch being served: ends at `timeoutSeconds` of tokio's clock, bookmarks once a minute and before the end.
struct Stream {
    server: Apiserver,
    watch: Watch,
    signal: tokio::sync::watch::Receiver<u64>,
    end: Instant,
    bookmark: Option<Instant>,
    told: usize,
    last_words: bool,
}

/// Once a minute, and two seconds before the end.
fn next_bookmark(now: Instant, end: Instant) -> Option<Instant> {
    let last = end.checked_sub(Duration::from_secs(2))?;
    (last > now).then(|| last.min(now + Duration::from_mins(1)))
}

impl Stream {
    fn new(server: Apiserver, watch: Watch) -> Box<Self> {
        let signal = server.with(|api| api.subscribe());
        let now = Instant::now();
        let end = now + Duration::from_secs(watch.timeout_seconds().unwrap_or(1800));
        Box::new(Self { server, watch, signal, end, bookmark: next_bookmark(now, end), told: 0, last_words: false })
    }

    async fn next(mut self: Box<Self>) -> (Option<Bytes>, Option<Box<Self>>) {
        loop {
            if self.last_words {
                return (None, None);
            }
            self.signal.mark_unchanged();
            let (mut events, closes_after) = self.server.with(|api| (self.watch.next_events(api), api.closes_after()));
            let now = Instant::now();
            self.told += events.len();
            if self.watch.ended() || now >= self.end || closes_after.is_some_and(|most| self.told >= most) {
                self.last_words = true;
            }
            if self.watch.wants_bookmarks() && !self.watch.ended() && self.bookmark.is_some_and(|due| now >= due) {
                events.push(self.watch.bookmark());
                self.bookmark = next_bookmark(now, self.end);
            }
            if !events.is_empty() {
                let mut lines = String::new();
                for event in &events {
                    lines.push_str(&event.to_string());
                    lines.push('\n');
                }
                return (Some(Bytes::from(lines)), Some(self));
            }
            if !self.last_words {
                let wake = self.bookmark.map_or(self.end, |due| due.min(self.end));
                tokio::select! {
                    biased;
                    changed = self.signal.changed() => if changed.is_err() { return (None, None) },
                    () = tokio::time::sleep_until(wake) => {}
                }
            }
        }
    }
}

/// Lets tests that hold no HTTP client put one request to the server.
impl Apiserver {
    /// Answers a request directly, outside the log and the fault hook. Watches answer `None`.
    pub fn ask(&self, method: &http::Method, target: &str, content_type: &str, body: &Value) -> Option<(u16, Value)> {
        let mut headers = HeaderMap::new();
        if let Ok(value) = content_type.parse() {
            headers.insert(header::CONTENT_TYPE, value);
        }
        let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let now = self.now();
        match self.with(|api| api.answer(method, target, &headers, &bytes, now)) {
            Answer::Reply(reply) => Some((reply.status, reply.body)),
            Answer::Watch(_) => None,
        }
    }
}
