//! An HTTP client before the real one: reads of AWS go through, everything else is written down and answered here.
//!
//! A request that is not known to be a read never leaves this file, whoever sent it.

use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use serde_json::{Map, Value};

use super::answers;
use crate::aws::lock;

/// Operations that only read begin so.
const READS: &[&str] = &["Describe", "List", "Get", "BatchGet"];

/// A call that would have been made.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The service, as requests are signed for it: `ecs`.
    pub service: String,
    /// Its Region.
    pub region: String,
    /// AWS's name of the operation.
    pub operation: String,
    /// The members of the request; null where it is not text.
    pub request: Value,
}

#[derive(Debug, Default)]
struct Shared {
    account: String,
    calls: Vec<Call>,
    answered: answers::Answers,
    /// Tags that answers to reads showed, for those who know no UIDs.
    owners: Vec<Value>,
}

/// The client.
#[derive(Clone, Debug)]
pub struct ReadOnly {
    real: SharedHttpClient,
    shared: Arc<Mutex<Shared>>,
}

impl ReadOnly {
    /// Before a real one.
    #[must_use]
    pub fn before(real: SharedHttpClient) -> Self {
        Self { real, shared: Arc::default() }
    }

    /// Names the account, for the ARNs of what would be made.
    pub fn set_account(&self, account: &str) {
        account.clone_into(&mut lock(&self.shared).account);
    }

    /// The calls since this was last asked.
    #[must_use]
    pub fn take(&self) -> Vec<Call> {
        std::mem::take(&mut lock(&self.shared).calls)
    }

    /// The tags of what was read since this was last asked.
    #[must_use]
    pub fn take_owners(&self) -> Vec<Value> {
        std::mem::take(&mut lock(&self.shared).owners)
    }
}

impl HttpClient for ReadOnly {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let real = self.real.http_connector(settings, components);
        SharedHttpConnector::new(Connector { real, shared: Arc::clone(&self.shared) })
    }
}

#[derive(Debug)]
struct Connector {
    real: SharedHttpConnector,
    shared: Arc<Mutex<Shared>>,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let asked = Asked::of(&request);
        if asked.is_read() {
            let (answer, shared) = (self.real.call(request), Arc::clone(&self.shared));
            let watched =
                matches!(asked.operation.as_str(), "DescribeServices" | "DescribeClusters" | "DescribeTaskDefinition");
            return HttpConnectorFuture::new(async move {
                let answer = answer.await?;
                if !watched {
                    return Ok(answer);
                }
                seen(answer, &shared).await
            });
        }
        let mut shared = lock(&self.shared);
        let account = shared.account.clone();
        let call = Call {
            service: asked.service.clone(),
            region: asked.region.clone(),
            operation: asked.operation.clone(),
            request: asked.request.clone(),
        };
        let answer = shared.answered.answer(&call, &account);
        shared.calls.push(call);
        HttpConnectorFuture::ready(respond(asked.protocol, &asked.operation, &answer))
    }
}

/// Keeps the tags of an answer.
async fn seen(answer: HttpResponse, shared: &Arc<Mutex<Shared>>) -> Result<HttpResponse, ConnectorError> {
    use aws_smithy_types::byte_stream::ByteStream;
    let status = answer.status();
    let headers: Vec<(String, String)> =
        answer.headers().iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let bytes = ByteStream::new(answer.into_body()).collect().await;
    let bytes = bytes.map_err(|error| ConnectorError::io(error.into()))?.into_bytes();
    if let Ok(value) = serde_json::from_slice::<Value>(&bytes) {
        let lists = ["services", "clusters"].iter().filter_map(|list| value.get(list)?.as_array()).flatten();
        let mut owners: Vec<Value> = lists.filter_map(|thing| thing.get("tags").cloned()).collect();
        owners.extend(value.get("tags").cloned());
        lock(shared).owners.extend(owners);
    }
    let mut again = HttpResponse::new(status, SdkBody::from(bytes.to_vec()));
    for (name, value) in headers {
        again.headers_mut().insert(name, value);
    }
    Ok(again)
}

/// How a request is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Json,
    Form,
    Cbor,
    Unknown,
}

struct Asked {
    protocol: Protocol,
    service: String,
    region: String,
    operation: String,
    request: Value,
    is_get: bool,
}

impl Asked {
    fn of(request: &HttpRequest) -> Self {
        let header = |name: &str| request.headers().get(name).unwrap_or_default().to_owned();
        let bytes = request.body().bytes().unwrap_or_default();
        let credential = header("authorization");
        let mut scope = credential.split('/').skip(2);
        let region = scope.next().unwrap_or_default().to_owned();
        let service = scope.next().unwrap_or_default().to_owned();
        let target = header("x-amz-target");
        let path = request.uri().split('?').next().unwrap_or_default();
        let (protocol, operation, request_value) = if !target.is_empty() {
            let value = serde_json::from_slice(bytes).unwrap_or(Value::Null);
            (Protocol::Json, target.rsplit('.').next().unwrap_or_default().to_owned(), value)
        } else if let Some((_, operation)) = path.rsplit_once("/operation/") {
            (Protocol::Cbor, operation.to_owned(), Value::Null)
        } else {
            let form: Map<String, Value> = form_urlencoded::parse(bytes)
                .filter(|(name, _)| name != "Version")
                .map(|(name, value)| (name.into_owned(), Value::from(value.into_owned())))
                .collect();
            let action = form.get("Action").and_then(Value::as_str).unwrap_or_default().to_owned();
            let form: Map<String, Value> = form.into_iter().filter(|(name, _)| name != "Action").collect();
            (if action.is_empty() { Protocol::Unknown } else { Protocol::Form }, action, Value::Object(form))
        };
        Self { protocol, service, region, operation, request: request_value, is_get: request.method() == "GET" }
    }

    fn is_read(&self) -> bool {
        match self.protocol {
            // A document that an analysis reads.
            Protocol::Unknown => self.is_get,
            Protocol::Json | Protocol::Form | Protocol::Cbor => {
                READS.iter().any(|verb| self.operation.starts_with(verb))
            }
        }
    }
}

fn respond(protocol: Protocol, operation: &str, answer: &Value) -> Result<HttpResponse, ConnectorError> {
    let (form, body) = match protocol {
        Protocol::Json => ("application/x-amz-json-1.1", SdkBody::from(answer.to_string())),
        Protocol::Cbor => ("application/cbor", SdkBody::from(&[0xa0_u8][..])),
        Protocol::Form | Protocol::Unknown => (
            "text/xml",
            SdkBody::from(format!(
                "<{operation}Response><{operation}Result></{operation}Result></{operation}Response>"
            )),
        ),
    };
    let status = 200_u16.try_into().map_err(|_| ConnectorError::other("no status".into(), None))?;
    let mut response = HttpResponse::new(status, body);
    response.headers_mut().insert("content-type", form);
    if protocol == Protocol::Cbor {
        response.headers_mut().insert("smithy-protocol", "rpc-v2-cbor");
    }
    Ok(response)
}
