//! The simulated AWS in this process, behind the SDK's own client, with a journal.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::{SharedTimeSource, TimeSource};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use ecs_operator::controllers::clock::Clock;
use ecs_sim::Sim;
use serde_json::Value;

use crate::REGION;
use crate::journal::{Answer, Call, services};

struct Shared {
    sim: Mutex<Sim>,
    journal: Mutex<Vec<Call>>,
    away: AtomicBool,
    clock: Clock,
    /// Virtual time that each call takes.
    latency: Duration,
}

/// The wire; clones share the world. A person's calls are neither counted nor throttled by distance.
#[derive(Clone)]
pub struct Wire {
    shared: Arc<Shared>,
    person: bool,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

impl Wire {
    /// A wire into a world whose time is `clock`.
    pub fn new(sim: Sim, clock: Clock, latency: Duration) -> Self {
        let (journal, away) = (Mutex::default(), AtomicBool::new(false));
        Self { shared: Arc::new(Shared { sim: Mutex::new(sim), journal, away, clock, latency }), person: false }
    }

    /// The same world, called by the bench itself.
    #[must_use]
    pub fn of_a_person(&self) -> Self {
        Self { shared: self.shared.clone(), person: true }
    }

    /// Looks at the world or changes it, at the present moment.
    pub fn sim<T>(&self, look: impl FnOnce(&mut Sim) -> T) -> T {
        let mut sim = lock(&self.shared.sim);
        sim.advance_to(self.shared.clock.exact().as_millisecond());
        look(&mut sim)
    }

    /// From now on no call is answered, or all are again.
    pub fn set_away(&self, away: bool) {
        self.shared.away.store(away, Ordering::Relaxed);
    }

    /// The calls since the last time this was asked.
    pub fn take(&self) -> Vec<Call> {
        std::mem::take(&mut lock(&self.shared.journal))
    }

    /// Looks at the calls since the last `take`.
    pub fn journal<T>(&self, look: impl FnOnce(&[Call]) -> T) -> T {
        look(&lock(&self.shared.journal))
    }

    /// Now, virtual milliseconds since the epoch.
    pub fn now(&self) -> i64 {
        self.shared.clock.exact().as_millisecond()
    }

    /// SDK configuration that speaks over this wire.
    pub fn config(&self) -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(REGION))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::for_tests()))
            .http_client(self.clone())
            .time_source(SharedTimeSource::new(Time(self.shared.clock.clone())))
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .build()
    }

    async fn deliver(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let headers: BTreeMap<String, String> =
            request.headers().iter().map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        let body = request.body().bytes().unwrap_or_default().to_vec();
        let target = headers.get("x-amz-target").map(String::as_str).unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let named = services(&serde_json::from_slice(&body).unwrap_or(Value::Null));
        if !self.person {
            tokio::time::sleep(self.shared.latency).await;
        }
        let note = |answer| {
            if !self.person {
                let call = Call { at: self.now(), operation: operation.clone(), services: named.clone(), answer };
                lock(&self.shared.journal).push(call);
            }
        };
        if self.shared.away.load(Ordering::Relaxed) && !self.person {
            note(Answer::Broken);
            return Err(ConnectorError::io("connection reset".into()));
        }
        let (method, uri) = (request.method().to_owned(), request.uri().to_owned());
        let asked = ecs_sim::wire::HttpRequest { method, uri, headers, body };
        let answer = self.answer(&asked);
        note(match answer.status {
            200 => Answer::Done,
            400 if is_throttling(&answer.body) => Answer::Throttled,
            _ => Answer::Refused,
        });
        let status = answer.status.try_into().map_err(|_| ConnectorError::io("status".into()))?;
        let mut response = HttpResponse::new(status, SdkBody::from(answer.body));
        for (name, value) in answer.headers {
            response.headers_mut().insert(name, value);
        }
        Ok(response)
    }

    fn answer(&self, asked: &ecs_sim::wire::HttpRequest) -> ecs_sim::wire::HttpResponse {
        let mut sim = lock(&self.shared.sim);
        let throttled = sim.throttle.on;
        sim.throttle.on &= !self.person;
        let answer = sim.answer(asked, self.shared.clock.exact().as_millisecond());
        sim.throttle.on = throttled;
        answer
    }
}

fn is_throttling(body: &[u8]) -> bool {
    body.windows(19).any(|window| window == b"ThrottlingException")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Debug)]
struct Time(Clock);

impl TimeSource for Time {
    fn now(&self) -> SystemTime {
        self.0.exact().into()
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().deliver(request))
    }
}

impl HttpClient for Wire {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
