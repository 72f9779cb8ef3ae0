//! Requests to Kubernetes, counted on their way through the client, under client-go's names.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Method, Request, Response};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tokio::time::Instant;
use tower::{Layer, Service};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CodeLabels {
    code: String,
    method: &'static str,
    host: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct VerbLabels {
    verb: &'static str,
    host: String,
}

/// Requests to Kubernetes.
#[derive(Clone, Debug)]
pub struct RequestMetrics {
    total: Family<CodeLabels, Counter>,
    seconds: Family<VerbLabels, Histogram>,
}

impl Default for RequestMetrics {
    fn default() -> Self {
        let histogram: fn() -> Histogram =
            || Histogram::new([0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0]);
        Self { total: Family::default(), seconds: Family::new_with_constructor(histogram) }
    }
}

impl RequestMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "rest_client_requests",
            "Requests to Kubernetes by HTTP status; the code is <error> where no answer came",
            self.total.clone(),
        );
        registry.register(
            "rest_client_request_duration_seconds",
            "Time from a request to Kubernetes to the head of its answer",
            self.seconds.clone(),
        );
    }

    /// Counts what goes to a host.
    #[must_use]
    pub fn layer(&self, host: &str) -> CountLayer {
        CountLayer { metrics: self.clone(), host: host.into() }
    }

    pub(super) fn exemplify(&self) {
        self.answered(&Method::GET, "10.0.0.1", Some(200), Instant::now());
    }

    fn answered(&self, method: &Method, host: &str, status: Option<u16>, began: Instant) {
        let method = word(method);
        let code = status.map_or_else(|| "<error>".to_owned(), |status| status.to_string());
        self.total.get_or_create(&CodeLabels { code, method, host: host.to_owned() }).inc();
        let took = began.elapsed().as_secs_f64();
        self.seconds.get_or_create(&VerbLabels { verb: method, host: host.to_owned() }).observe(took);
    }
}

/// A method, from a closed list.
fn word(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        _ => "OTHER",
    }
}

/// Counts the requests of a service.
#[derive(Clone, Debug)]
pub struct CountLayer {
    metrics: RequestMetrics,
    host: Arc<str>,
}

impl<S> Layer<S> for CountLayer {
    type Service = Counted<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Counted { inner, layer: self.clone() }
    }
}

/// A service whose requests are counted.
#[derive(Clone, Debug)]
pub struct Counted<S> {
    inner: S,
    layer: CountLayer,
}

impl<S, B, R> Service<Request<B>> for Counted<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (method, began) = (request.method().clone(), Instant::now());
        let answer = self.inner.call(request);
        let CountLayer { metrics, host } = self.layer.clone();
        Box::pin(async move {
            let answer = answer.await;
            let status = answer.as_ref().ok().map(|answer| answer.status().as_u16());
            metrics.answered(&method, &host, status, began);
            answer
        })
    }
}
