//! What the gate to AWS counts.

use std::fmt;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::sync::atomic::AtomicU64;

use super::limiter::Limiter;
use super::lock;
use super::op::{Op, Priority};
use super::scope::Scope;

/// Labels of one answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct AnswerLabels {
    account: String,
    region: String,
    service: &'static str,
    operation: &'static str,
    code: &'static str,
}

/// Labels of an operation.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct OperationLabels {
    account: String,
    region: String,
    service: &'static str,
    operation: &'static str,
}

/// Labels of a wait for a token.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct WaitLabels {
    account: String,
    region: String,
    bucket: &'static str,
    priority: &'static str,
}

/// Labels of a throttle bucket.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BucketLabels {
    account: String,
    region: String,
    bucket: &'static str,
}

/// Labels of a kind of read.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReadLabels {
    operation: &'static str,
}

/// The limiter that is asked when metrics are read; it holds these metrics, not they it.
#[derive(Clone, Default)]
struct Asked(Arc<Mutex<Weak<Limiter>>>);

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Asked")
    }
}

/// The metrics of every AWS call.
#[derive(Clone, Debug)]
pub struct AwsMetrics {
    requests: Family<AnswerLabels, Counter>,
    duration: Family<OperationLabels, Histogram>,
    throttled: Family<OperationLabels, Counter>,
    limiter_wait: Family<WaitLabels, Histogram>,
    unclassified: Family<OperationLabels, Counter>,
    batches: Family<ReadLabels, Histogram>,
    tokens: Family<BucketLabels, Gauge<f64, AtomicU64>>,
    rate: Family<BucketLabels, Gauge<f64, AtomicU64>>,
    waiting: Family<WaitLabels, Gauge>,
    limiter: Asked,
}

impl Default for AwsMetrics {
    fn default() -> Self {
        Self {
            requests: Family::default(),
            duration: Family::new_with_constructor(|| {
                Histogram::new([0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0])
            }),
            throttled: Family::default(),
            limiter_wait: Family::new_with_constructor(|| {
                Histogram::new([0.001, 0.01, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1_200.0])
            }),
            unclassified: Family::default(),
            batches: Family::new_with_constructor(|| Histogram::new([1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0])),
            tokens: Family::default(),
            rate: Family::default(),
            waiting: Family::default(),
            limiter: Asked::default(),
        }
    }
}

impl AwsMetrics {
    /// Registers all of them under `ecs_operator_aws`.
    pub fn register(&self, registry: &mut Registry) {
        let registry = registry.sub_registry_with_prefix("ecs_operator_aws");
        registry.register(
            "requests",
            "Calls to AWS by answer; code is OK, an AWS error code or Other",
            self.requests.clone(),
        );
        registry.register(
            "request_duration_seconds",
            "Time from sending a call to its answer, without the wait for a token",
            self.duration.clone(),
        );
        registry.register("throttled", "Calls that AWS throttled", self.throttled.clone());
        registry.register("limiter_wait_seconds", "Time a call waited for a token", self.limiter_wait.clone());
        registry.register(
            "unclassified_errors",
            "Errors whose code or message the operator does not know",
            self.unclassified.clone(),
        );
        registry.register("batch_size", "Names gathered into one read", self.batches.clone());
        registry.register("limiter_tokens", "Calls that may be made at once now", self.tokens.clone());
        registry.register(
            "limiter_rate",
            "Calls a second at which tokens come now; throttling lowers it for a while",
            self.rate.clone(),
        );
        registry.register("limiter_waiting", "Calls that wait for a token", self.waiting.clone());
    }

    /// One series of each, so that all are exposed.
    pub(crate) fn exemplify(&self) {
        let (scope, op) = (Scope::new("eu-west-1"), Op::DescribeServices);
        self.waited(&scope, op, Priority::Sweep, Duration::ZERO);
        self.answered(&scope, op, "OK", Duration::ZERO);
        self.throttled(&scope, op);
        self.unclassified(&scope, op);
        self.batched(op, 1);
        let bucket = bucket(&scope, op.bucket().as_str());
        self.tokens.get_or_create(&bucket).set(0.0);
        self.rate.get_or_create(&bucket).set(0.0);
        self.waiting.get_or_create(&wait(&scope, op.bucket().as_str(), Priority::Sweep)).set(0);
    }

    /// This limiter is asked for its tokens when metrics are read.
    pub(crate) fn watch(&self, limiter: &Arc<Limiter>) {
        *lock(&self.limiter.0) = Arc::downgrade(limiter);
    }

    /// Brings what depends on the time up to date.
    pub(crate) fn refresh(&self) {
        let Some(limiter) = lock(&self.limiter.0).upgrade() else { return };
        for level in limiter.levels() {
            let bucket = bucket(&level.scope, level.bucket.as_str());
            self.tokens.get_or_create(&bucket).set(level.tokens);
            self.rate.get_or_create(&bucket).set(level.rate);
            for (priority, count) in level.waiting {
                let labels = wait(&level.scope, level.bucket.as_str(), priority);
                self.waiting.get_or_create(&labels).set(i64::try_from(count).unwrap_or(i64::MAX));
            }
        }
    }

    /// So many names went into one read.
    pub(crate) fn batched(&self, op: Op, names: usize) {
        let names = f64::from(u32::try_from(names).unwrap_or(u32::MAX));
        self.batches.get_or_create(&ReadLabels { operation: op.name() }).observe(names);
    }

    pub(crate) fn waited(&self, scope: &Scope, op: Op, priority: Priority, wait: Duration) {
        let labels = self::wait(scope, op.bucket().as_str(), priority);
        self.limiter_wait.get_or_create(&labels).observe(wait.as_secs_f64());
    }

    pub(crate) fn answered(&self, scope: &Scope, op: Op, code: &'static str, took: Duration) {
        self.duration.get_or_create(&operation(scope, op)).observe(took.as_secs_f64());
        let labels = AnswerLabels {
            account: scope.account.name().to_owned(),
            region: scope.region.clone(),
            service: op.service().as_str(),
            operation: op.name(),
            code,
        };
        self.requests.get_or_create(&labels).inc();
    }

    pub(crate) fn throttled(&self, scope: &Scope, op: Op) {
        self.throttled.get_or_create(&operation(scope, op)).inc();
    }

    pub(crate) fn unclassified(&self, scope: &Scope, op: Op) {
        self.unclassified.get_or_create(&operation(scope, op)).inc();
    }
}

fn bucket(scope: &Scope, bucket: &'static str) -> BucketLabels {
    BucketLabels { account: scope.account.name().to_owned(), region: scope.region.clone(), bucket }
}

fn wait(scope: &Scope, bucket: &'static str, priority: Priority) -> WaitLabels {
    WaitLabels {
        account: scope.account.name().to_owned(),
        region: scope.region.clone(),
        bucket,
        priority: priority.as_str(),
    }
}

fn operation(scope: &Scope, op: Op) -> OperationLabels {
    OperationLabels {
        account: scope.account.name().to_owned(),
        region: scope.region.clone(),
        service: op.service().as_str(),
        operation: op.name(),
    }
}
