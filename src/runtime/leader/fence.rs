//! Before the wire to Kubernetes: without leadership no write leaves, and none that is under way is waited for. Only
//! so many requests are under way at once.

use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Method, Request};
use kube::client::ClientBuilder;
use tower::limit::{ConcurrencyLimit, ConcurrencyLimitLayer};
use tower::{BoxError, Layer, Service};

use super::lead::Lead;

/// Requests under way at once, a watch that is answered aside. Each takes a connection of its own with the buffers of
/// its encryption: without a bound, ten thousand first statuses were as many connections and half a gibibyte, and
/// kube-apiserver turns away what exceeds a few hundred in any case (`--max-mutating-requests-inflight`).
pub const AT_ONCE: usize = 64;

/// A write was refused, or given up while it was under way.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("this replica does not hold the lease")]
pub struct Fenced;

/// Puts the fence around a service.
#[derive(Clone, Debug)]
pub struct FenceLayer(Lead);

/// A service that writes only while this process leads.
#[derive(Clone, Debug)]
pub struct Guarded<S> {
    inner: S,
    lead: Lead,
}

impl<S> Layer<S> for FenceLayer {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Guarded { inner, lead: self.0.clone() }
    }
}

impl Lead {
    /// A client whose writes are fenced, with [`AT_ONCE`] requests under way. Reads and watches pass the fence always.
    /// Requests wait before the fence: what counts is who leads when they leave.
    pub fn guard<S>(&self, builder: ClientBuilder<S>) -> ClientBuilder<ConcurrencyLimit<Guarded<S>>> {
        builder.with_layer(&FenceLayer(self.clone())).with_layer(&ConcurrencyLimitLayer::new(AT_ONCE))
    }
}

impl<S, B> Service<Request<B>> for Guarded<S>
where
    S: Service<Request<B>>,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let reads = *request.method() == Method::GET || *request.method() == Method::HEAD;
        if !reads && !self.lead.holds() {
            return Box::pin(async { Err(Fenced.into()) });
        }
        let answer = self.inner.call(request);
        let lead = self.lead.clone();
        Box::pin(async move {
            if reads {
                return answer.await.map_err(Into::into);
            }
            // An answer that comes after our time is nobody's to go on from.
            tokio::select! {
                biased;
                answer = answer => answer.map_err(Into::into),
                () = lead.lost() => Err(Fenced.into()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use futures::future::join_all;
    use http::Response;
    use kube::client::Body;
    use tokio::time::Instant;
    use tower::ServiceExt;

    use super::*;

    async fn ask(lead: &Lead, method: &str, takes: Duration) -> Result<(), BoxError> {
        let server = tower::service_fn(move |_: Request<()>| async move {
            tokio::time::sleep(takes).await;
            Ok::<(), BoxError>(())
        });
        let request = Request::builder().method(method).uri("/").body(()).unwrap();
        FenceLayer(lead.clone()).layer(server).oneshot(request).await
    }

    #[tokio::test(start_paused = true)]
    async fn only_reads_pass_without_leadership_and_its_end_ends_writes_under_way() {
        let (lead, second) = (Lead::standby(), Duration::from_secs(1));
        for (method, passes) in [("GET", true), ("POST", false), ("PUT", false), ("PATCH", false), ("DELETE", false)] {
            assert_eq!(ask(&lead, method, second).await.is_ok(), passes, "{method}");
        }
        lead.extend(Instant::now() + 10 * second);
        assert!(ask(&lead, "PATCH", 9 * second).await.is_ok());
        let began = Instant::now();
        let refused = ask(&lead, "PATCH", 9 * second).await.unwrap_err();
        assert!(refused.is::<Fenced>() && began.elapsed() == second, "{refused} after {:?}", began.elapsed());
        assert!(ask(&lead, "GET", 60 * second).await.is_ok());
        assert!(ask(&lead, "DELETE", second).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn only_so_many_requests_are_under_way_and_who_waited_is_fenced_when_it_would_leave() {
        let (lead, [now, most, all]) = (Lead::standby(), [0; 3].map(|zero| Arc::new(AtomicUsize::new(zero))));
        lead.extend(Instant::now() + Duration::from_secs(10));
        let (counted, highest, begun) = (now.clone(), most.clone(), all.clone());
        let server = tower::service_fn(move |_: Request<Body>| {
            let (counted, highest, begun) = (counted.clone(), highest.clone(), begun.clone());
            async move {
                begun.fetch_add(1, Ordering::Relaxed);
                highest.fetch_max(counted.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_secs(4)).await;
                counted.fetch_sub(1, Ordering::Relaxed);
                Ok::<_, BoxError>(Response::new(Body::empty()))
            }
        });
        let client = &lead.guard(ClientBuilder::new(server, "default")).build();
        let patch = |_| client.send(Request::patch("/").body(Body::empty()).unwrap());
        let answers = join_all((0..4 * AT_ONCE).map(patch)).await;
        // Two rounds of 4 s end within the 10 s; the third is given up, the fourth never leaves.
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 2 * AT_ONCE);
        assert_eq!((most.load(Ordering::Relaxed), all.load(Ordering::Relaxed)), (AT_ONCE, 3 * AT_ONCE));
    }
}
