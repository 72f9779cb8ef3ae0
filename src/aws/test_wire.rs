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
    /// The strings of a list member.
    pub(crate) fn list(&self, member: &str) -> Vec<String> {
        let items = self.body[member].as_array().cloned().unwrap_or_default();
        items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }
}

/// What the closure answers.
pub(crate) enum Reply {
    Json(u16, Value),
    Raw(u16, &'static str),
    Hang,
}

impl Reply {
    pub(crate) fn ok(body: Value) -> Self {
        Self::Json(200, body)
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
        let target = header("x-amz-target");
        let asked = Asked {
            operation: target.rsplit('.').next().unwrap_or_default().to_owned(),
            body: serde_json::from_slice(request.body().bytes().unwrap_or_default()).unwrap_or_default(),
            authorization: header("authorization"),
            host: request.uri().to_owned(),
            at: Instant::now(),
        };
        let reply = (self.script)(&asked);
        lock(&self.asked).push(asked);
        HttpConnectorFuture::new(async move {
            let (status, body) = match reply {
                Reply::Json(status, body) => (status, body.to_string()),
                Reply::Raw(status, body) => (status, body.to_owned()),
                Reply::Hang => {
                    sleep(Duration::from_hours(1)).await;
                    (200, "{}".to_owned())
                }
            };
            let status = status.try_into().unwrap();
            let mut answer = HttpResponse::new(status, SdkBody::from(body));
            answer.headers_mut().insert("x-amzn-requestid", "request-1");
            answer.headers_mut().insert("content-type", "application/x-amz-json-1.1");
            Ok(answer)
        })
    }
}
