//! The wire to Kubernetes.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use ecs_sim::kube::Apiserver;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use kube::client::Body;
use serde_json::{Value, json};
use tower::Service;

use super::{Tap, current};
use crate::facts;
use crate::faults::{Damage, Wire};
use crate::seen::{KubeCall, Pass, Reply, What};
use crate::support::world::key;

/// The way of one process to Kubernetes.
#[derive(Clone)]
struct KubeLine {
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
        let (damage, nth) = tap.damage(Wire::Kube, &place);
        if let Some(damage) = damage.filter(|damage| !damage.applies()) {
            if let Damage::Refuse(status, ..) | Damage::Empty(status) = damage {
                call.reply = Reply::Status(status);
            }
            tap.trace.note(tap.now(), pass, What::Kube(call));
            tap.befall(damage).await;
            return match damage {
                Damage::Refuse(code, reason, _) => refusal(code, reason),
                Damage::Empty(code) => refusal(code, "InternalError"),
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
        tap.mark(Wire::Kube, &place, nth, &bytes);
        call.object = serde_json::from_slice(&bytes).unwrap_or_default();
        call.reply = if damage.is_some_and(Damage::loses) { Reply::Lost } else { Reply::Status(status) };
        tap.trace.note(tap.now(), pass, What::Kube(call));
        let response = Response::from_parts(head, Full::new(bytes));
        if let Some(damage) = damage {
            tap.befall(damage).await;
        }
        match damage {
            Some(Damage::CrashAfter) => Ok(response),
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
