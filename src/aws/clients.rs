//! SDK clients per account and region, and the one gate through which every call goes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use futures::future::BoxFuture;
use tokio::time::{Instant, timeout};
use tracing::Instrument;

use super::breaker::Breakers;
use super::classify::{Class, code};
use super::describe::Batches;
use super::error::AwsError;
use super::form::{FormClient, Speaks};
use super::identity::Identities;
use super::limiter::{Limiter, LimiterSettings};
use super::lock;
use super::metrics::AwsMetrics;
use super::op::{Op, Priority};
use super::remembered::Memories;
use super::scope::{AccountKey, Scope};
use super::sdk::{self, Clients, make};
use super::web::Web;

/// So many pairs of unknown code and message are logged, then no more.
const LOGGED_PAIRS: usize = 256;

/// Asked after the last wait and before each write: may this process write now?
pub type Fence = Arc<dyn Fn() -> bool + Send + Sync>;

/// How calls are made.
#[derive(Clone)]
pub struct AwsSettings {
    /// The limiter's share and quotas.
    pub limiter: LimiterSettings,
    /// The longest one attempt may take on the wire.
    pub attempt_timeout: Duration,
    /// The longest a call may take once it has its token, credentials included.
    pub operation_timeout: Duration,
    /// How long a describe waits for others to share its request.
    pub gather: Duration,
    /// Hosts that metrics may be asked of: names, `*.example.com`, or `*` for all.
    pub metric_hosts: Vec<String>,
    /// Makes every account's calls with the process's own credentials, and assumes no role.
    pub own_credentials: bool,
    /// Refuses writes while it answers `false`, for instance without the lease.
    pub fence: Option<Fence>,
    /// What every call is counted in.
    pub metrics: AwsMetrics,
}

impl Default for AwsSettings {
    fn default() -> Self {
        Self {
            limiter: LimiterSettings::default(),
            attempt_timeout: Duration::from_secs(15),
            operation_timeout: Duration::from_secs(20),
            gather: Duration::from_millis(20),
            metric_hosts: vec!["*".to_owned()],
            own_credentials: false,
            fence: None,
            metrics: AwsMetrics::default(),
        }
    }
}

impl fmt::Debug for AwsSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsSettings")
            .field("limiter", &self.limiter)
            .field("attempt_timeout", &self.attempt_timeout)
            .field("operation_timeout", &self.operation_timeout)
            .field("gather", &self.gather)
            .field("fenced", &self.fence.is_some())
            .finish_non_exhaustive()
    }
}

/// The behaviour version every client is pinned to.
pub(super) fn behavior() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}

/// The process's own AWS configuration: the environment's, with region and endpoint replaced when given.
pub async fn load_config(region: Option<String>, endpoint_url: Option<String>) -> SdkConfig {
    let mut loader = aws_config::defaults(behavior());
    if let Some(region) = region {
        loader = loader.region(Region::new(region));
    }
    if let Some(url) = endpoint_url {
        loader = loader.endpoint_url(url);
    }
    loader.load().await
}

struct Shared {
    settings: AwsSettings,
    accounts: Mutex<BTreeMap<AccountKey, SdkConfig>>,
    base: SdkConfig,
    clients: Mutex<BTreeMap<Scope, Clients>>,
    limiter: Arc<Limiter>,
    breakers: Breakers,
    metrics: AwsMetrics,
    batches: Batches,
    memories: Memories,
    web: Web,
    identities: Identities,
    unknown: Mutex<BTreeSet<(String, String)>>,
}

/// Everything needed to call AWS; cheap to clone.
#[derive(Clone)]
pub struct Aws(Arc<Shared>);

impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aws").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}

impl Aws {
    /// Clients are made from `config`: its HTTP client, time source, credentials and endpoint.
    pub fn new(config: SdkConfig, settings: AwsSettings) -> Self {
        let accounts = BTreeMap::from([(AccountKey::default(), config.clone())]);
        let limiter = Arc::new(Limiter::new(settings.limiter.clone()));
        settings.metrics.watch(&limiter);
        Self(Arc::new(Shared {
            limiter,
            breakers: Breakers::default(),
            batches: Batches::new(settings.gather, &settings.metrics),
            memories: Memories::default(),
            web: Web::new(&config, &settings.metric_hosts),
            identities: Identities::default(),
            accounts: Mutex::new(accounts),
            base: config,
            clients: Mutex::default(),
            metrics: settings.metrics.clone(),
            unknown: Mutex::default(),
            settings,
        }))
    }

    /// Sets the credentials of an account by its whole configuration; replaces its clients.
    pub fn set_account(&self, account: &AccountKey, config: SdkConfig) {
        lock(&self.0.accounts).insert(account.clone(), config);
        lock(&self.0.clients).retain(|scope, _| scope.account != *account);
        self.0.memories.forget(account);
    }

    /// Forgets an account: later calls for it fail for want of credentials.
    pub fn remove_account(&self, account: &AccountKey) {
        lock(&self.0.accounts).remove(account);
        lock(&self.0.clients).retain(|scope, _| scope.account != *account);
        self.0.memories.forget(account);
    }

    /// The ECS client of a scope. An account that was never set has no credentials.
    pub fn ecs(&self, scope: &Scope) -> aws_sdk_ecs::Client {
        self.clients(scope).ecs
    }

    /// The Application Auto Scaling client of a scope.
    pub fn autoscaling(&self, scope: &Scope) -> aws_sdk_applicationautoscaling::Client {
        self.clients(scope).autoscaling
    }

    /// The Elastic Load Balancing client of a scope.
    pub fn balancing(&self, scope: &Scope) -> aws_sdk_elasticloadbalancingv2::Client {
        self.clients(scope).balancing
    }

    /// The CloudWatch client of a scope.
    pub fn cloudwatch(&self, scope: &Scope) -> aws_sdk_cloudwatch::Client {
        self.clients(scope).cloudwatch
    }

    /// The EC2 client of a scope.
    pub(super) fn ec2(&self, scope: &Scope) -> FormClient {
        self.clients(scope).ec2
    }

    /// The IAM client of a scope.
    pub(super) fn iam(&self, scope: &Scope) -> FormClient {
        self.clients(scope).iam
    }

    /// A client of the operator's own identity for something that is not in a scope.
    pub(super) fn client_of(&self, speaks: Speaks) -> FormClient {
        FormClient::new(&self.0.base, speaks, sdk::timeouts(&self.0.settings))
    }

    /// What fetches documents that are not AWS's.
    pub(super) fn web(&self) -> &Web {
        &self.0.web
    }

    /// The region of the process's own configuration.
    pub fn default_region(&self) -> Option<String> {
        self.0.base.region().map(ToString::to_string)
    }

    /// The metrics, to be registered once.
    pub fn metrics(&self) -> &AwsMetrics {
        &self.0.metrics
    }

    /// The limiter that all calls wait for.
    pub fn limiter(&self) -> &Limiter {
        &self.0.limiter
    }

    pub(super) fn batches(&self) -> &Batches {
        &self.0.batches
    }

    /// What rarely changes and was read already.
    pub(super) fn memories(&self) -> &Memories {
        &self.0.memories
    }

    /// Makes one call: waits for a token, asks the fence before a write, sends once, in time, and classifies.
    ///
    /// `send` gives the future of the SDK's `send()` once the call may be made: such a future has thousands of bytes, and a
    /// thousand calls may wait for tokens at once.
    pub fn call<'a, T, E, F>(
        &'a self,
        scope: &'a Scope,
        op: Op,
        priority: Priority,
        send: impl FnOnce() -> F + Send + 'a,
    ) -> BoxFuture<'a, Result<T, AwsError>>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send + 'a,
        T: Send + 'a,
        E: ProvideErrorMetadata + std::error::Error + Send + 'static,
    {
        let span = tracing::info_span!(
            "aws_call",
            account = scope.account.name(),
            region = scope.region,
            service = op.service().as_str(),
            operation = op.name(),
            code = tracing::field::Empty,
            aws_request_id = tracing::field::Empty,
        );
        let call = async move {
            let admission = self.admit(scope, op, priority).await?;
            let started = Instant::now();
            let answer = match timeout(self.0.settings.operation_timeout, Box::pin(send())).await {
                Ok(Ok(output)) => Ok(output),
                Ok(Err(error)) => Err(AwsError::recognise_sdk(op.name(), &error)),
                Err(_) => Err((AwsError::new(op.name(), code::TIMEOUT, "no answer in time"), true)),
            };
            let took = started.elapsed();
            answer
                .inspect(|_| {
                    Self::learn(scope, &admission, Ok(()));
                    self.succeeded(scope, op, took);
                })
                .map_err(|(mut error, recognised)| {
                    self.failed(scope, op, &error, recognised, took);
                    Self::learn(scope, &admission, Err(&mut error));
                    error
                })
        };
        Box::pin(call.instrument(span))
    }

    pub(super) fn identities(&self) -> &Identities {
        &self.0.identities
    }

    /// Are all calls made with the process's own credentials?
    pub(super) fn is_one_identity(&self) -> bool {
        self.0.settings.own_credentials
    }

    /// The process's own configuration.
    pub(super) fn base(&self) -> &SdkConfig {
        &self.0.base
    }

    /// Where calls are counted against quotas: the real account, whichever name and credentials lead there.
    pub(super) fn counted(&self, scope: &Scope) -> Scope {
        let account = match self.0.identities.id_of(&scope.account) {
            Some(id) => AccountKey::named(id),
            None if scope.account.is_own() => AccountKey::default(),
            None => AccountKey::named(scope.account.name()),
        };
        Scope::of(account, scope.region.clone())
    }

    /// Whether each endpoint answers.
    pub(super) fn breakers(&self) -> &Breakers {
        &self.0.breakers
    }

    /// May this process write nothing at present?
    pub(super) fn fenced(&self) -> bool {
        self.0.settings.fence.as_ref().is_some_and(|open| !open())
    }

    fn succeeded(&self, scope: &Scope, op: Op, took: Duration) {
        self.0.metrics.answered(scope, op, "OK", took);
        tracing::Span::current().record("code", "OK");
        tracing::debug!(?took, "AWS answered");
    }

    fn failed(&self, scope: &Scope, op: Op, error: &AwsError, recognised: bool, took: Duration) {
        let shared = &*self.0;
        shared.metrics.answered(scope, op, error.code_label(), took);
        if error.class == Class::Credentials {
            shared.identities.doubt(&scope.account);
        }
        if error.class == Class::Throttled {
            shared.limiter.throttled(&self.counted(scope), op);
            shared.metrics.throttled(scope, op);
        }
        tracing::Span::current().record("code", &error.code);
        tracing::debug!(code = error.code, class = error.class.as_str(), ?took, "AWS refused or did not answer");
        if recognised {
            return;
        }
        shared.metrics.unclassified(scope, op);
        let mut unknown = lock(&shared.unknown);
        if unknown.len() < LOGGED_PAIRS && unknown.insert((error.code.clone(), error.message.clone())) {
            // Its request holds what people and accounts hide, and the message may quote it.
            let quotes = op.mutating() || op == Op::AssumeRole;
            tracing::warn!(
                code = error.code,
                said = if quotes { "in the status of the object" } else { error.message.as_str() },
                "AWS answered with an error the operator does not know"
            );
        }
    }

    fn clients(&self, scope: &Scope) -> Clients {
        // Held while the account is read, so that a change of the account comes before or after both.
        let mut clients = lock(&self.0.clients);
        if let Some(found) = clients.get(scope) {
            return found.clone();
        }
        let known = lock(&self.0.accounts).get(&scope.account).cloned();
        let config = known.unwrap_or_else(|| without_credentials(&self.0.base));
        let made = make(&config, scope, &self.0.settings);
        clients.insert(scope.clone(), made.clone());
        made
    }
}

/// Never another account's credentials in place of missing ones.
fn without_credentials(base: &SdkConfig) -> SdkConfig {
    let mut builder = base.to_builder();
    builder.set_credentials_provider(None);
    builder.build()
}

#[cfg(test)]
#[path = "clients_tests.rs"]
mod tests;
