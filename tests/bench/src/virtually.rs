//! Scenarios in virtual time: counts and times are exact and the same at each run.

use std::time::Duration;

use aws_sdk_ecs::error::SdkError;
use aws_sdk_ecs::operation::update_service::UpdateServiceError;
use tokio::time::{Instant, sleep};

use crate::error::BenchError;
use crate::floor::{SERVICE_READ, SERVICE_WRITE, describes};
use crate::journal::{Counts, described_by, millis, updated, updates};
use crate::measures::{Measure, seconds, worst};
use crate::stage::{Shape, Stage, cluster, edited, name};
use crate::subject::{Running, Subject, settle};
use crate::{CHANGED, SWEEP};

const SECOND: Duration = Duration::from_secs(1);
/// Sweeps that the steady state is watched for.
const SWEEPS: u32 = 10;
/// Virtual time after which something is given up.
const LIMIT: Duration = Duration::from_hours(3);
/// Virtual time after which a subject that still writes is measured as it is.
const RESTLESS: Duration = Duration::from_hours(2);

/// What all scenarios of one subject gave.
#[derive(Default)]
pub struct Outcome {
    /// Lines of the table.
    pub measures: Vec<Measure>,
    /// `DescribeServices` and `ListServices` calls of each minute of the steady state.
    pub reads_by_minute: Vec<u64>,
}

struct Bench<'a> {
    subject: Subject,
    stage: &'a Stage,
    outcome: Outcome,
}

/// Tells all scenarios of one subject, each on the worlds that the one before left.
pub async fn run(subject: Subject, shape: Shape, seed: u64) -> Result<Outcome, BenchError> {
    let stage = Stage::new(shape, seed).await?;
    let mut bench = Bench { subject, stage: &stage, outcome: Outcome::default() };
    let running = bench.converge().await?;
    bench.steady().await;
    bench.drift().await?;
    let running = bench.restart(running).await?;
    let running = bench.edits(running).await?;
    bench.rollout().await?;
    bench.outage().await;
    bench.neighbour().await;
    drop(running);
    Ok(bench.outcome)
}

impl Bench<'_> {
    fn note(&mut self, id: &str, what: &str, value: Option<f64>, floor: Option<f64>, note: impl Into<String>) {
        let Shape { services, clusters } = self.stage.shape;
        let measure = Measure {
            id: id.to_owned(),
            what: what.to_owned(),
            shape: format!("{services} in {clusters}"),
            services,
            subject: self.subject.title(),
            value,
            floor,
            note: note.into(),
        };
        measure.tell();
        self.outcome.measures.push(measure);
    }

    /// From manifests to services.
    async fn converge(&mut self) -> Result<Running, BenchError> {
        let stage = self.stage;
        stage.declare().await?;
        let running = self.subject.start(stage);
        let all = stage.shape.services;
        let took = stage.until(SECOND, LIMIT, |stage| stage.created() >= all).await;
        let floor = SERVICE_WRITE.seconds(all, self.subject.share());
        let counts = Counts::of(&stage.aws.take());
        let note = format!("{} calls, {:.2} % throttled", counts.all, counts.throttled_percent());
        self.note("converge", "manifests → all services created, s", took.map(seconds), Some(floor), note);
        self.note("converge-throttled", "… throttled calls, %", Some(counts.throttled_percent()), None, "");
        // What follows starts from rest.
        self.come_to_rest().await;
        Ok(running)
    }

    /// Waits for two sweeps without a write to AWS.
    async fn come_to_rest(&self) {
        let since = Instant::now();
        let mut writes = true;
        while writes && since.elapsed() < RESTLESS {
            self.stage.aws.take();
            sleep(SWEEP * 2).await;
            writes = Counts::of(&self.stage.aws.take()).writes > 0;
        }
    }

    /// How long each service waited for a write since a moment of its own.
    async fn written(&self, changed: &[(String, i64)]) -> Vec<f64> {
        let waits = |stage: &Stage| stage.aws.journal(|calls| updated(calls, changed));
        let all = |stage: &Stage| waits(stage).len() == changed.len();
        let _waited = self.stage.until(SECOND * 5, SWEEP * 10, all).await;
        waits(self.stage)
    }

    /// Nothing happens.
    async fn steady(&mut self) {
        let stage = self.stage;
        stage.aws.take();
        stage.take_kube_writes();
        let began = stage.aws.now();
        sleep(SWEEP * SWEEPS).await;
        let calls = stage.aws.take();
        let counts = Counts::of(&calls);
        let time = (SWEEP * SWEEPS).as_secs_f64();
        let rate =
            |count: u64| Some((f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / time * 100.0).round() / 100.0);
        #[expect(clippy::cast_precision_loss, reason = "counts of calls are far below 2^52")]
        let floor = describes(stage.shape) as f64 / SWEEP.as_secs_f64();
        let by = counts.by_operation.iter().map(|(name, count)| format!("{name} {count}"));
        let by = by.collect::<Vec<_>>().join(", ");
        self.note("reads", "at rest: service-read calls/s", rate(counts.service_reads), Some(floor), by);
        self.note("calls", "at rest: all AWS calls/s", rate(counts.all), None, "");
        self.note("rest-throttled", "at rest: throttled, %", Some(counts.throttled_percent()), None, "");
        let writes = rate(counts.writes).map(|rate| rate * time);
        self.note("rest-aws-writes", "at rest: writes to AWS in 10 sweeps", writes, None, "");
        #[expect(clippy::cast_precision_loss, reason = "counts of calls are far below 2^52")]
        let written = stage.take_kube_writes() as f64;
        self.note("rest-kube-writes", "at rest: writes to Kubernetes in 10 sweeps", Some(written), None, "");
        let minutes = usize::try_from((SWEEP * SWEEPS).as_secs() / 60).unwrap_or(0);
        self.outcome.reads_by_minute = vec![0; minutes];
        for call in calls.iter().filter(|call| call.operation == "DescribeServices") {
            let minute = usize::try_from((call.at - began) / 60_000).unwrap_or(0);
            if let Some(count) = self.outcome.reads_by_minute.get_mut(minute) {
                *count += 1;
            }
        }
    }

    /// Somebody changes services behind our back, one after the other.
    async fn drift(&mut self) -> Result<(), BenchError> {
        let stage = self.stage;
        stage.aws.take();
        let mut victims = Vec::new();
        for number in 0..CHANGED {
            let victim = (number * 7919) % stage.shape.services.max(1);
            let (service, cluster) = (name(victim), cluster(victim, stage.shape));
            let request = stage.cli.update_service().cluster(cluster).service(&service).desired_count(2);
            match request.send().await.map_err(SdkError::into_service_error) {
                // A service that was never made counts as not corrected.
                Ok(_) | Err(UpdateServiceError::ServiceNotFoundException(_)) => {}
                Err(error) => return Err(BenchError::Aws(format!("{error:?}"))),
            }
            victims.push((service, stage.aws.now()));
            sleep(Duration::from_secs(37)).await;
        }
        let (worst, note) = worst(&mut self.written(&victims).await, CHANGED, "10 sweeps");
        self.note("drift", "foreign edit → corrected, worst of 20, s", worst, None, note);
        Ok(())
    }

    /// The process dies, and another begins: it, and when.
    async fn succeed(&self, running: Running) -> (Running, i64) {
        drop(running);
        sleep(SECOND).await;
        self.stage.aws.take();
        let began = self.stage.aws.now();
        (self.subject.start(self.stage), began)
    }

    /// The process dies; its successor looks at everything.
    async fn restart(&mut self, running: Running) -> Result<Running, BenchError> {
        let stage = self.stage;
        let (running, began) = self.succeed(running).await;
        let names = stage.names();
        let seen = |stage: &Stage| stage.aws.journal(|calls| described_by(calls, began, &names)).is_some();
        let _waited = stage.until(SECOND * 5, SWEEP * 20, seen).await;
        let last = stage.aws.journal(|calls| described_by(calls, began, &names));
        let floor = SERVICE_READ.seconds(describes(stage.shape), self.subject.share());
        let counts = Counts::of(&stage.aws.take());
        let looks = counts.by_operation.get("DescribeServices").copied().unwrap_or_default();
        let note = format!("{looks} DescribeServices, {:.2} % throttled", counts.throttled_percent());
        let took = last.map(|at| millis(at - began));
        self.note("restart", "restart → every service looked at, s", took, Some(floor), note);
        self.come_to_rest().await;
        Ok(running)
    }

    /// The process dies once more; edits come in while its successor looks at everything.
    async fn edits(&mut self, running: Running) -> Result<Running, BenchError> {
        let stage = self.stage;
        let (running, _began) = self.succeed(running).await;
        settle().await;
        let mut changed = Vec::new();
        for number in 0..CHANGED {
            let service = (number * 6007 + 11) % stage.shape.services.max(1);
            changed.push((name(service), stage.aws.now()));
            stage.apply(&edited(service, stage.shape, 2, "web:1")).await?;
            sleep(SECOND).await;
        }
        let (worst, note) = worst(&mut self.written(&changed).await, CHANGED, "10 sweeps");
        self.note("edit", "edit while everything is read → its UpdateService, worst of 20, s", worst, None, note);
        self.come_to_rest().await;
        Ok(running)
    }

    /// A new image for many services at once.
    async fn rollout(&mut self) -> Result<(), BenchError> {
        let stage = self.stage;
        let many = stage.shape.services.min(600);
        stage.aws.take();
        let began = stage.aws.now();
        for number in 0..many {
            stage.apply(&edited(number, stage.shape, 1, "web:2")).await?;
        }
        let done = |stage: &Stage| stage.aws.journal(|calls| updates(calls).count()) >= many;
        let _waited = stage.until(SECOND, LIMIT, done).await;
        let last = stage.aws.journal(|calls| updates(calls).last().map(|call| call.at));
        let counts = Counts::of(&stage.aws.take());
        let floor = SERVICE_WRITE.seconds(many, self.subject.share());
        let note = format!("{many} services, {:.2} % throttled", counts.throttled_percent());
        let took = last.map(|at| millis(at - began));
        self.note("rollout", "new image for many → last UpdateService, s", took, Some(floor), note);
        self.come_to_rest().await;
        Ok(())
    }

    /// ECS does not answer for ten minutes.
    async fn outage(&mut self) {
        let stage = self.stage;
        stage.aws.take();
        stage.aws.set_away(true);
        sleep(Duration::from_mins(10)).await;
        stage.aws.set_away(false);
        let back = stage.aws.now();
        let counts = Counts::of(&stage.aws.take());
        #[expect(clippy::cast_precision_loss, reason = "counts of calls are far below 2^52")]
        let rate = (counts.all as f64 / 600.0 * 100.0).round() / 100.0;
        self.note("outage", "ECS away for 10 min: calls/s to it", Some(rate), None, "");
        let names = stage.names();
        let seen = |stage: &Stage| stage.aws.journal(|calls| described_by(calls, back, &names)).is_some();
        let _waited = stage.until(SECOND * 5, SWEEP * 20, seen).await;
        let last = stage.aws.journal(|calls| described_by(calls, back, &names)).map(|at| millis(at - back));
        self.note("outage-over", "… back → every service looked at, s", last, None, "");
    }

    /// Another tool takes half of every quota.
    async fn neighbour(&mut self) {
        let stage = self.stage;
        stage.aws.sim(|sim| sim.throttle.neighbour.insert("*".to_owned(), 50));
        stage.aws.take();
        sleep(SWEEP * 3).await;
        let counts = Counts::of(&stage.aws.take());
        let share = Some(counts.throttled_percent());
        self.note("neighbour", "beside a neighbour that takes half: throttled, %", share, None, "");
        stage.aws.sim(|sim| sim.throttle.neighbour.clear());
    }
}
