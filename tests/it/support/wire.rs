//! The wire to the simulated AWS: the SDK's own client, with its HTTP client replaced by one in this process.

use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
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
use ecs_operator::iam::{Feature, Profile};
use ecs_sim::Sim;
use ecs_sim::rights::{Audit, Policy};
use ecs_sim::world::Principal;
use serde_json::Value;

/// One call as it reached the simulated AWS.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Operation, without the protocol's prefix.
    pub operation: String,
    /// The request.
    pub body: Value,
    /// Status of the answer; `None` when it was lost.
    pub status: Option<u16>,
    /// Region that it was signed for.
    pub region: String,
    /// Who it says sent it.
    pub agent: String,
}

impl Sent {
    /// Does the operation change something?
    pub fn is_write(&self) -> bool {
        is_write(&self.operation)
    }
}

/// Does an operation change something?
pub fn is_write(operation: &str) -> bool {
    !["Describe", "List", "Get", "Receive"].iter().any(|read| operation.starts_with(read))
}

/// What to do with one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Deliver it.
    Pass,
    /// Do not deliver it; the caller sees a broken connection.
    Before,
    /// Deliver it and lose the answer.
    Lost,
    /// Never answer, and do not deliver it.
    Hang,
    /// Deliver it and never answer.
    LostHang,
    /// Answer with this refusal.
    Refuse(u16, &'static str, &'static str),
    /// Do not deliver it, and answer with this body as if all were well.
    Answer(&'static str),
}

/// Decides about each call by its number (from 0) and operation.
pub type Plan = Box<dyn FnMut(usize, &str) -> Fault + Send>;

/// Told of each call's operation, before it is sent.
pub type Witness = Arc<dyn Fn(&str) + Send + Sync>;

struct Shared {
    sim: Mutex<Sim>,
    sent: Mutex<Vec<Sent>>,
    /// Calls to STS, which stand apart: who one is is no story of its own.
    asked: Mutex<Vec<Sent>>,
    plan: Mutex<Option<Plan>>,
    /// What the policies of the documents allow, and nothing else; `false`: a test has policies of its own.
    documented: std::sync::atomic::AtomicBool,
    clock: Clock,
}

thread_local! {
    /// What the stories of this thread asked of the documents.
    static AUDIT: std::cell::RefCell<Audit> = std::cell::RefCell::default();
}

/// What the stories that this thread told since it was last asked needed of the documents.
pub fn take_audit() -> Audit {
    AUDIT.take()
}

/// The wire.
#[derive(Clone)]
pub struct AwsWire {
    shared: Arc<Shared>,
    /// A person's calls are neither logged nor disturbed.
    person: bool,
    witness: Option<Witness>,
}

impl fmt::Debug for AwsWire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AwsWire")
    }
}

impl AwsWire {
    /// A wire into a world whose time is `clock`.
    pub fn new(sim: Sim, clock: Clock) -> Self {
        let shared = Shared {
            sim: Mutex::new(sim),
            sent: Mutex::default(),
            asked: Mutex::default(),
            plan: Mutex::default(),
            documented: true.into(),
            clock,
        };
        Self { shared: Arc::new(shared), person: false, witness: None }
    }

    /// Looks at or changes the world, at the present time.
    pub fn sim<T>(&self, f: impl FnOnce(&mut Sim) -> T) -> T {
        let mut sim = self.shared.sim.lock().unwrap();
        let now = self.shared.clock.exact().as_millisecond();
        sim.advance_to(now);
        f(&mut sim)
    }

    /// All calls so far.
    pub fn sent(&self) -> Vec<Sent> {
        self.shared.sent.lock().unwrap().clone()
    }

    /// All calls to STS so far.
    pub fn identities(&self) -> Vec<Sent> {
        self.shared.asked.lock().unwrap().clone()
    }

    /// The calls so far, which are then forgotten.
    pub fn take_sent(&self) -> Vec<Sent> {
        std::mem::take(&mut *self.shared.sent.lock().unwrap())
    }

    /// Installs, or with `None` removes, a fault plan.
    pub fn set_plan(&self, plan: Option<Plan>) {
        *self.shared.plan.lock().unwrap() = plan;
    }

    /// The same world, called by a person.
    pub fn of_a_person(&self) -> Self {
        Self { shared: self.shared.clone(), person: true, witness: None }
    }

    /// The same world, called by somebody who is watched.
    pub fn witnessed(&self, witness: Witness) -> Self {
        Self { shared: self.shared.clone(), person: false, witness: Some(witness) }
    }

    /// SDK configuration of an operator, whose policy is what the documents give to its installation, unless a test
    /// gave it another.
    pub fn config_of(&self, region: &str, installation: &str) -> SdkConfig {
        let key = access_key(installation);
        if self.shared.documented.load(Ordering::Relaxed) {
            let policy = documents(installation, &[Profile::EverythingEcs, Profile::EverythingElse]);
            let policy = policy.and(filled(installation, &Feature::Accounts.policy()));
            let policy = policy.and(filled(installation, &Feature::Events.policy()));
            self.sim(|sim| sim.enforce(&key, policy));
        }
        self.config_with(region, Credentials::new(key, "secret", None, None, "tests"))
    }

    /// From now on the operator of an installation may do what this policy allows.
    pub fn restrict(&self, installation: &str, policy: Policy) {
        self.shared.documented.store(false, Ordering::Relaxed);
        self.sim(|sim| sim.enforce(access_key(installation), policy));
    }

    /// SDK configuration that speaks over this wire and may do everything.
    pub fn config(&self, region: &str) -> SdkConfig {
        self.config_with(region, Credentials::for_tests())
    }

    /// SDK configuration of a person with a key of an account.
    pub fn config_in(&self, account: &str, region: &str) -> SdkConfig {
        let key = format!("AKIA{account}");
        self.sim(|sim| {
            sim.mint(
                key.clone(),
                Principal { account: account.to_owned(), arn: format!("arn:aws:iam::{account}:user/person") },
            );
        });
        self.config_with(region, Credentials::new(key, "secret", None, None, "tests"))
    }

    fn config_with(&self, region: &str, credentials: Credentials) -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(region.to_owned()))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(self.clone())
            .time_source(SharedTimeSource::new(Time(self.shared.clock.clone())))
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .build()
    }

    /// What the documents were asked; a denial is a fault of the documents, or of the operator.
    fn note_rights(&self) {
        let asked = std::mem::take(&mut self.shared.sim.lock().unwrap().audit);
        let denied = asked.denied.clone();
        AUDIT.with_borrow_mut(|audit| audit.add(asked));
        let documented = self.shared.documented.load(Ordering::Relaxed);
        assert!(denied.is_empty() || !documented, "the documents do not allow it: {denied:#?}");
    }

    fn judge(&self, sent: Sent) -> (usize, Fault) {
        let operation = sent.operation.clone();
        let operation = operation.as_str();
        if self.person {
            return (usize::MAX, Fault::Pass);
        }
        if matches!(operation, "AssumeRole" | "GetCallerIdentity") {
            self.shared.asked.lock().unwrap().push(sent);
            return (usize::MAX, Fault::Pass);
        }
        if let Some(witness) = &self.witness {
            witness(operation);
        }
        let mut all = self.shared.sent.lock().unwrap();
        let number = all.len();
        all.push(sent);
        drop(all);
        let fault = self.shared.plan.lock().unwrap().as_mut().map_or(Fault::Pass, |plan| plan(number, operation));
        (number, fault)
    }

    async fn deliver(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let headers: std::collections::BTreeMap<String, String> =
            request.headers().iter().map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        let bytes = request.body().bytes().unwrap_or_default().to_vec();
        let operation = operation(&headers, request.uri(), &bytes);
        let body =
            serde_json::from_slice(&bytes).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into()));
        let region =
            headers.get("authorization").and_then(|value| value.split('/').nth(2)).unwrap_or_default().to_owned();
        let agent = headers.get("user-agent").cloned().unwrap_or_default();
        let (number, fault) = self.judge(Sent { operation, body, status: None, region, agent });
        match fault {
            Fault::Pass | Fault::Lost | Fault::LostHang => {}
            Fault::Before => return Err(broken()),
            Fault::Hang => return std::future::pending().await,
            Fault::Refuse(status, code, message) => {
                return raw(status, serde_json::json!({"__type": code, "message": message}).to_string());
            }
            Fault::Answer(body) => return raw(200, body),
        }
        let uri = request.uri().to_owned();
        let asked = ecs_sim::wire::HttpRequest { method: request.method().to_owned(), uri, headers, body: bytes };
        let since = self.shared.clock.exact().as_millisecond();
        while let Some(wait) = self.sim(|sim| sim.must_wait(&asked, since)) {
            tokio::time::sleep(Duration::from_millis(wait.unsigned_abs())).await;
        }
        let now = self.shared.clock.exact().as_millisecond();
        let answer = self.shared.sim.lock().unwrap().answer(&asked, now);
        self.note_rights();
        if answer.hang || fault == Fault::LostHang {
            return std::future::pending().await;
        }
        if answer.delay_ms > 0 {
            tokio::time::sleep(Duration::from_millis(answer.delay_ms.unsigned_abs())).await;
        }
        if answer.reset || fault == Fault::Lost {
            return Err(broken());
        }
        if let Some(sent) = self.shared.sent.lock().unwrap().get_mut(number) {
            sent.status = Some(answer.status);
        }
        let mut response = raw(answer.status, answer.body)?;
        for (name, value) in answer.headers {
            response.headers_mut().insert(name, value);
        }
        Ok(response)
    }
}

/// The operation, wherever the protocol says it: a header, the end of the path, or a form field.
fn operation(headers: &std::collections::BTreeMap<String, String>, uri: &str, body: &[u8]) -> String {
    if let Some(target) = headers.get("x-amz-target") {
        return target.rsplit('.').next().unwrap_or_default().to_owned();
    }
    if let Some((_, operation)) = uri.rsplit_once("/operation/") {
        return operation.to_owned();
    }
    let form = String::from_utf8_lossy(body);
    let action = form.split('&').find_map(|field| field.strip_prefix("Action="));
    action.unwrap_or_default().to_owned()
}

fn access_key(installation: &str) -> String {
    format!("AKIA{installation}")
}

/// The policy of profiles, filled in for the tests' account; roles of any name may be passed.
pub fn documents(installation: &str, profiles: &[Profile]) -> Policy {
    let policies = profiles.iter().map(|profile| filled(installation, &profile.policy()));
    policies.fold(Policy::default(), Policy::and)
}

/// A document, filled in.
fn filled(installation: &str, document: &ecs_operator::iam::Policy) -> Policy {
    let mut text = serde_json::to_string(document).unwrap();
    let values = [
        ("partition", "aws"),
        ("region", super::world::REGION),
        ("account", ecs_sim::world::DEFAULT_ACCOUNT),
        ("installation", installation),
        ("task_roles", "*"),
        ("infrastructure_roles", "*"),
        ("account_roles", "*"),
        ("queue", "*"),
    ];
    for (name, value) in values {
        text = text.replace(&format!("${{{name}}}"), value);
    }
    Policy::read(&text).unwrap()
}

/// An answer as it comes over the wire.
pub fn raw(status: u16, body: impl Into<SdkBody>) -> Result<HttpResponse, ConnectorError> {
    Ok(HttpResponse::new(status.try_into().map_err(|_| broken())?, body.into()))
}

fn broken() -> ConnectorError {
    ConnectorError::io("connection reset by the test".into())
}

impl HttpConnector for AwsWire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().deliver(request))
    }
}

impl HttpClient for AwsWire {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

#[derive(Debug)]
struct Time(Clock);

impl TimeSource for Time {
    fn now(&self) -> SystemTime {
        SystemTime::from(self.0.exact())
    }
}
