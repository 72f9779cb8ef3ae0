//! Probes, metrics and the log level over HTTP.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::{ConnectInfo, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use clap::ValueEnum;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::config::LogLevel;
use super::metrics::Metrics;
use super::telemetry::LevelSwitch;

const LEVEL_BYTES: usize = 64;

/// What the probes answer. Starts alive and not ready.
#[derive(Clone, Debug)]
pub struct Health(Arc<Flags>);

#[derive(Debug)]
struct Flags {
    alive: AtomicBool,
    ready: AtomicBool,
}

impl Default for Health {
    fn default() -> Self {
        Self(Arc::new(Flags { alive: AtomicBool::new(true), ready: AtomicBool::new(false) }))
    }
}

impl Health {
    /// Whether the watches are warm; a standby without the lease is ready too.
    pub fn set_ready(&self, ready: bool) {
        self.0.ready.store(ready, Ordering::Release);
    }

    /// What `/readyz` answers.
    pub fn ready(&self) -> bool {
        self.0.ready.load(Ordering::Acquire)
    }

    /// Whether the process can still do its work; `false` asks for a restart.
    pub fn set_alive(&self, alive: bool) {
        self.0.alive.store(alive, Ordering::Release);
    }
}

#[derive(Clone, Debug)]
struct Admin {
    health: Health,
    metrics: Metrics,
    level: LevelSwitch,
}

/// The routes: `GET /livez`, `GET /readyz`, `GET /metrics`, and from the pod itself `PUT /log-level` with the level as body.
pub fn router(health: Health, metrics: Metrics, level: LevelSwitch) -> Router {
    Router::new()
        .route("/livez", get(async |State(admin): State<Admin>| probe(&admin.health.0.alive)))
        .route("/readyz", get(async |State(admin): State<Admin>| probe(&admin.health.0.ready)))
        .route("/metrics", get(exposition))
        .route("/log-level", put(log_level))
        .layer(axum::extract::DefaultBodyLimit::max(LEVEL_BYTES))
        .with_state(Admin { health, metrics, level })
}

/// Serves until the token is cancelled.
pub async fn serve(listener: TcpListener, router: Router, shutdown: CancellationToken) -> std::io::Result<()> {
    let router = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, router).with_graceful_shutdown(shutdown.cancelled_owned()).await
}

fn probe(flag: &AtomicBool) -> (StatusCode, &'static str) {
    if flag.load(Ordering::Acquire) { (StatusCode::OK, "ok\n") } else { (StatusCode::SERVICE_UNAVAILABLE, "no\n") }
}

async fn exposition(State(admin): State<Admin>) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")];
    match admin.metrics.text() {
        Ok(text) => (kind, text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The port is open to whoever scrapes; the log is for those whom Kubernetes lets into the pod.
async fn log_level(
    State(admin): State<Admin>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    body: String,
) -> (StatusCode, &'static str) {
    if !peer.ip().to_canonical().is_loopback() {
        return (StatusCode::FORBIDDEN, "from localhost only: use kubectl port-forward to the pod\n");
    }
    let Ok(level) = LogLevel::from_str(body.trim(), true) else {
        return (StatusCode::BAD_REQUEST, "one of error, warn, info, debug, trace\n");
    };
    match admin.level.set(level) {
        Ok(()) => (StatusCode::OK, "ok\n"),
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, "the level cannot be changed\n"),
    }
}

#[cfg(test)]
#[path = "admin_tests.rs"]
mod tests;
