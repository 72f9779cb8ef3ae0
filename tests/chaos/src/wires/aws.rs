//! The wire to AWS.

use aws_config::SdkConfig;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use serde_json::{Value, json};

use super::{Tap, current};
use crate::facts;
use crate::faults::{Damage, Wire};
use crate::seen::{AwsCall, Reply, What};
use crate::support::wire::raw;
use crate::support::world::key;

/// The way of one process to AWS.
#[derive(Clone)]
struct AwsLine {
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
        let body = if header("content-type").contains("cbor") {
            ecs_sim::wire::cbor::read(&bytes).unwrap_or_default()
        } else {
            serde_json::from_slice(&bytes).unwrap_or_else(|_| json!(String::from_utf8_lossy(&bytes)))
        };
        let mut targets = tap.world.aws.sim(|sim| facts::targets(sim.region(&key()), &operation, &body));
        if pass.as_ref().is_some_and(|pass| pass.key.0 == "ServerGroup") {
            for target in &mut targets {
                facts::of_group(&tap.world.api, target);
            }
        }
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
        let (damage, nth) = tap.damage(Wire::Aws, &call.operation);
        if let Some(damage) = damage.filter(|damage| !damage.applies()) {
            call.applied = false;
            if let Damage::Refuse(status, ..) | Damage::Empty(status) = damage {
                call.reply = Reply::Status(status);
            }
            tap.trace.note(tap.now(), pass, What::Aws(call));
            tap.befall(damage).await;
            return match damage {
                Damage::Refuse(status, code, message) => answer(status, &json!({"__type": code, "message": message})),
                Damage::Empty(status) => raw(status, ""),
                _ => Err(broken()),
            };
        }
        let response = self.inner.call(request).await?;
        let status = response.status().as_u16();
        call.took = status == 200;
        tap.mark(Wire::Aws, &call.operation, nth, response.body().bytes().unwrap_or_default());
        let lost = damage.is_some_and(Damage::loses);
        call.reply = if lost { Reply::Lost } else { Reply::Status(status) };
        let paged = ["ListServices", "ListTasks", "ListTaskDefinitions"].contains(&call.operation.as_str());
        let empty = damage == Some(Damage::EmptyPage) && call.took && paged;
        let gone = damage == Some(Damage::Missing) && call.operation.starts_with("Describe");
        let asked = call.body.clone();
        tap.trace.note(tap.now(), pass.clone(), What::Aws(call));
        tap.compare(pass.as_ref());
        if let Some(damage) = damage {
            tap.befall(damage).await;
        }
        match damage {
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
