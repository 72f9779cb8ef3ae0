//! For tests: an HTTP client in the same process that answers the SDK from a closure.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::{Aws, AwsSettings, LimiterSettings, lock};

/// What the closure is asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub operation: String,
    pub body: Value,
    pub authorization: String,
    pub host: String,
    pub at: Instant,
}

impl Asked {
    /// The strings of a list member; in a form they are numbered.
    pub(crate) fn list(&self, member: &str) -> Vec<String> {
        let numbered = (1..).map_while(|at| {
            let found = self.body.get(format!("{member}.member.{at}"));
            found.or_else(|| self.body.get(format!("{member}.{at}")))
        });
        let items = self.body[member].as_array().cloned().unwrap_or_else(|| numbered.cloned().collect());
        items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// A member of a form, or of a document.
    pub(crate) fn text(&self, member: &str) -> &str {
        self.body[member].as_str().unwrap_or_default()
    }
}

/// What the closure answers.
pub(crate) enum Reply {
    Json(u16, Value),
    Raw(u16, &'static str),
    /// An answer of a Query protocol, or a document of any other kind.
    Text(u16, String),
    /// A document in CBOR; `{"$time": 1}` is a time.
    Cbor(u16, Value),
    Hang,
}

impl Reply {
    pub(crate) fn ok(body: Value) -> Self {
        Self::Json(200, body)
    }

    /// An answer of Elastic Load Balancing.
    pub(crate) fn result(action: &str, inner: &str) -> Self {
        Self::Text(200, format!("<{action}Response><{action}Result>{inner}</{action}Result></{action}Response>"))
    }

    /// A refusal of Elastic Load Balancing.
    pub(crate) fn refusal(code: &str) -> Self {
        let error = format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error>");
        Self::Text(400, format!("<ErrorResponse>{error}</ErrorResponse>"))
    }

    pub(crate) fn error(code: &str, message: &str) -> Self {
        Self::Json(400, serde_json::json!({ "__type": code, "message": message }))
    }
}

type Script = dyn Fn(&Asked) -> Reply + Send + Sync;

/// The wire, with everything that went over it.
#[derive(Clone)]
pub(crate) struct Wire {
    script: Arc<Script>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

impl Wire {
    pub(crate) fn new(script: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self { script: Arc::new(script), asked: Arc::default() }
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        lock(&self.asked).clone()
    }

    /// How often each operation was asked, as `Name` repeated in order.
    pub(crate) fn operations(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.operation).collect()
    }

    pub(crate) fn config(&self) -> SdkConfig {
        let credentials = Credentials::new("AKIDTEST", "secret", None, None, "test");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("eu-west-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(self.clone())
            .build()
    }

    pub(crate) fn aws(&self) -> Aws {
        let limiter = LimiterSettings { share: 1.0, ..LimiterSettings::default() };
        Aws::new(self.config(), AwsSettings { limiter, ..AwsSettings::default() })
    }
}

impl HttpClient for Wire {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let header = |name: &str| request.headers().get(name).unwrap_or_default().to_owned();
        let (operation, body) = understood(&request);
        let asked = Asked {
            operation,
            body,
            authorization: header("authorization"),
            host: request.uri().to_owned(),
            at: Instant::now(),
        };
        let reply = (self.script)(&asked);
        lock(&self.asked).push(asked);
        HttpConnectorFuture::new(async move {
            let (status, body, kind) = match reply {
                Reply::Json(status, body) => (status, body.to_string().into_bytes(), "application/x-amz-json-1.1"),
                Reply::Raw(status, body) => (status, body.as_bytes().to_vec(), "application/x-amz-json-1.1"),
                Reply::Text(status, body) => (status, body.into_bytes(), "text/xml"),
                Reply::Cbor(status, body) => (status, super::test_cbor::encoded(&body), "application/cbor"),
                Reply::Hang => {
                    sleep(Duration::from_hours(1)).await;
                    (200, b"{}".to_vec(), "application/json")
                }
            };
            let status = status.try_into().unwrap();
            let mut answer = HttpResponse::new(status, SdkBody::from(body));
            answer.headers_mut().insert("x-amzn-requestid", "request-1");
            answer.headers_mut().insert("content-type", kind);
            answer.headers_mut().insert("smithy-protocol", "rpc-v2-cbor");
            Ok(answer)
        })
    }
}

/// Operation and body of a request in any of the protocols: JSON, Query, CBOR; a plain GET has its method for a name.
fn understood(request: &HttpRequest) -> (String, Value) {
    let bytes = request.body().bytes().unwrap_or_default();
    let last = |text: &str, by: char| text.rsplit(by).next().unwrap_or_default().to_owned();
    match request.headers().get("content-type") {
        Some("application/cbor") => (last(request.uri(), '/'), super::test_cbor::decoded(bytes)),
        Some(form) if form.starts_with("application/x-www-form-urlencoded") => {
            let pairs =
                form_urlencoded::parse(bytes).map(|(name, value)| (name.into_owned(), value.into_owned().into()));
            let body = Value::Object(pairs.collect());
            (body["Action"].as_str().unwrap_or_default().to_owned(), body)
        }
        Some(_) => {
            let target = request.headers().get("x-amz-target").unwrap_or_default();
            (last(target, '.'), serde_json::from_slice(bytes).unwrap_or_default())
        }
        None => (request.method().to_owned(), Value::Null),
    }
}
