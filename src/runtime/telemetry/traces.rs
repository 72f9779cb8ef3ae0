//! Spans sent to an OpenTelemetry collector: OTLP over HTTP, in batches, from a thread of their own.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Request, Response};
use hyper_rustls::HttpsConnectorBuilder;
use opentelemetry::trace::{TraceContextExt, TracerProvider};
use opentelemetry_http::hyper::HyperClient;
use opentelemetry_http::{Bytes, HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::Handle;
use tokio::time::Instant;
use tracing::{Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::registry::LookupSpan;

use super::TelemetryError;
use crate::aws::lock;

/// A batch that takes longer is given up.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Failures are told of once in this time.
const QUIET: Duration = Duration::from_mins(1);

/// What sends spans, until it is told to end.
pub(super) struct Traces(SdkTracerProvider);

impl Traces {
    /// Spans go to `<endpoint>/v1/traces`. Needs a runtime that goes on. What is sampled, the service's name and further
    /// headers come from the variables that OpenTelemetry specifies.
    pub(super) fn new(endpoint: &str) -> Result<Self, TelemetryError> {
        let connector = HttpsConnectorBuilder::new().with_native_roots()?.https_or_http().enable_http1().build();
        let wire = Wire {
            client: Arc::new(HyperClient::new(connector, TIMEOUT, None)),
            runtime: Handle::current(),
            told: Mutex::default(),
        };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(wire)
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .build()
            .map_err(|error| TelemetryError::Traces(error.to_string()))?;
        let mut resource = Resource::builder();
        if std::env::var_os("OTEL_SERVICE_NAME").is_none() {
            resource = resource.with_service_name("ecs-operator");
        }
        Ok(Self(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build()).build()))
    }

    /// The layer that makes them of tracing's spans.
    pub(super) fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        let layer = tracing_opentelemetry::layer().with_tracer(self.0.tracer("ecs-operator"));
        layer.with_location(false).with_threads(false).with_target(false)
    }

    /// Sends what is left. Blocks.
    pub(super) fn end(self) -> Result<(), TelemetryError> {
        self.0.shutdown_with_timeout(TIMEOUT).map_err(|error| TelemetryError::Traces(error.to_string()))
    }
}

/// The trace that a span belongs to, if spans are sent.
pub(super) fn trace_of(span: &Span) -> Option<String> {
    let context = span.context();
    let id = context.span().span_context().clone();
    id.is_valid().then(|| id.trace_id().to_string())
}

type Client = HyperClient<hyper_rustls::HttpsConnector<hyper_util::client::legacy::connect::HttpConnector>>;

/// The way to the collector. Spans are sent from a thread without a runtime; requests need one.
struct Wire {
    client: Arc<Client>,
    runtime: Handle,
    told: Mutex<Option<Instant>>,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

impl Wire {
    /// Says so, now and then; the exporter itself is silent.
    fn failed(&self, error: &dyn fmt::Display) {
        let now = Instant::now();
        let mut told = lock(&self.told);
        if told.is_none_or(|last| now.duration_since(last) >= QUIET) {
            *told = Some(now);
            tracing::warn!(%error, "spans cannot be sent to the collector");
        }
    }
}

impl HttpClient for Wire {
    fn send_bytes<'a, 'b>(
        &'a self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        let client = self.client.clone();
        let sending = self.runtime.spawn(async move { client.send_bytes(request).await });
        Box::pin(async move {
            let answer = match sending.await {
                Ok(answer) => answer,
                Err(broken) => Err(broken.into()),
            };
            match &answer {
                Ok(answer) if !answer.status().is_success() => self.failed(&answer.status()),
                Ok(_) => {}
                Err(error) => self.failed(error),
            }
            answer
        })
    }
}

#[cfg(test)]
#[path = "traces_tests.rs"]
mod tests;
