//! Asks for the lease, renews it, gives it up: requests to Kubernetes in, [`Lead`] out.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use kube::api::{Api, PostParams};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::candidate::{Candidate, Decision, Record, Timing};
use super::lead::Lead;
use crate::controllers::backoff::jitter;
use crate::controllers::clock::Clock;
use crate::runtime::metrics::{LeaderMetrics, LeaseAnswer};

/// How often a release is tried: a renewal that was given up may still arrive and come before.
const RELEASES: usize = 3;

/// Which lease, and who asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Where the lease stands.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The name of this process, unlike that of any other.
    pub identity: String,
    /// How long things last.
    pub timing: Timing,
}

/// How an election ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was told to stop, and gave the lease back if it had it.
    Stopped,
    /// It could not renew in time.
    Lost,
}

/// A request for the lease that did not succeed.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("{0}")]
    Kube(#[from] kube::Error),
    #[error("no answer in time")]
    Late,
}

/// A process that stands for election.
pub struct Election {
    api: Api<Lease>,
    candidate: Candidate,
    lead: Lead,
    place: Place,
    clock: Clock,
    metrics: LeaderMetrics,
    /// Who was last told to hold it.
    told: Option<String>,
    failing: bool,
    looks: u64,
}

impl Election {
    /// `client` must not be fenced; `lead` is what the election decides.
    pub fn new(client: kube::Client, place: Place, lead: Lead, clock: Clock, metrics: LeaderMetrics) -> Self {
        metrics.leads(&place.name, false);
        Self {
            api: Api::namespaced(client, &place.namespace),
            candidate: Candidate::new(place.identity.clone(), place.timing),
            lead,
            place,
            clock,
            metrics,
            told: None,
            failing: false,
            looks: 0,
        }
    }

    /// How long things last.
    pub fn timing(&self) -> Timing {
        self.place.timing
    }

    /// Stands for election until told to stop, or until the lease is lost.
    pub async fn run(mut self, stop: CancellationToken) -> Ended {
        let lead = self.lead.clone();
        let lost = lead.lost();
        tokio::pin!(lost);
        loop {
            let turn = tokio::select! {
                biased;
                () = stop.cancelled() => None,
                () = &mut lost => return self.ended(),
                wait = self.turn() => Some(wait),
            };
            let Some(wait) = turn else { break };
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                () = &mut lost => return self.ended(),
                () = sleep(wait) => {}
            }
        }
        self.release().await;
        Ended::Stopped
    }

    fn ended(&self) -> Ended {
        self.metrics.leads(&self.place.name, false);
        tracing::error!(lease = self.place.name, identity = self.place.identity, "lease lost: not renewed in time");
        Ended::Lost
    }

    /// One look, and one write if it is called for. Gives the time until the next.
    async fn turn(&mut self) -> Duration {
        self.looks = self.looks.wrapping_add(1);
        let retry = jitter(self.place.timing.retry, &self.place.identity, self.looks);
        match self.look_and_write().await {
            Ok(()) => {
                self.failing = false;
                retry
            }
            Err(Refused::Kube(kube::Error::Api(refused))) if refused.code == 409 => {
                self.metrics.answered(LeaseAnswer::Conflict);
                retry
            }
            Err(error) => {
                self.metrics.answered(LeaseAnswer::Failed);
                if !std::mem::replace(&mut self.failing, true) {
                    tracing::warn!(
                        lease = self.place.name, namespace = self.place.namespace, %error,
                        "the lease cannot be read or written"
                    );
                }
                // Time is short for who leads.
                if self.lead.holds() { retry / 2 } else { retry }
            }
        }
    }

    async fn look_and_write(&mut self) -> Result<(), Refused> {
        let limit = self.place.timing.request;
        let read = in_time(limit, self.api.get_opt(&self.place.name)).await?;
        let record = read.as_ref().map(Record::of);
        let decision = self.candidate.decide(record.as_ref(), Instant::now());
        if decision == Decision::Wait {
            self.metrics.answered(LeaseAnswer::Held);
            self.stand_by(record.and_then(|record| record.holder));
            return Ok(());
        }
        let lease = self.candidate.claim(decision, &self.place.name, read, self.clock.exact());
        let sent = Instant::now();
        let params = PostParams::default();
        if decision == Decision::Create {
            in_time(limit, self.api.create(&params, &lease)).await?;
        } else {
            // With the resourceVersion that was read: who was faster wins.
            in_time(limit, self.api.replace(&self.place.name, &params, &lease)).await?;
        }
        self.metrics.answered(LeaseAnswer::Written);
        let led = self.lead.holds();
        if self.lead.extend(self.candidate.leads_until(sent)) && !led {
            self.metrics.leads(&self.place.name, true);
            tracing::info!(lease = self.place.name, identity = self.place.identity, "lease taken: this replica leads");
        }
        Ok(())
    }

    /// One line for each new holder.
    fn stand_by(&mut self, holder: Option<String>) {
        if self.told != holder {
            tracing::info!(lease = self.place.name, holder, "standing by");
            self.told = holder;
        }
    }

    /// Gives the lease back, so that nobody has to wait for its end. Nothing is written any more before that.
    async fn release(&self) {
        let led = self.lead.holds();
        self.lead.give_up();
        self.metrics.leads(&self.place.name, false);
        for _ in 0..RELEASES {
            match self.try_release().await {
                Ok(true) => return tracing::info!(lease = self.place.name, "lease released"),
                Ok(false) => return,
                Err(error) if led => tracing::warn!(lease = self.place.name, %error, "lease not released"),
                Err(_) => {}
            }
        }
    }

    async fn try_release(&self) -> Result<bool, Refused> {
        // The process is ending; whoever waits takes over in the end without this.
        let limit = self.place.timing.request / 2;
        let Some(read) = in_time(limit, self.api.get_opt(&self.place.name)).await? else { return Ok(false) };
        let Some(lease) = self.candidate.release(read, self.clock.exact()) else { return Ok(false) };
        in_time(limit, self.api.replace(&self.place.name, &PostParams::default(), &lease)).await?;
        Ok(true)
    }
}

async fn in_time<T>(limit: Duration, request: impl Future<Output = kube::Result<T>>) -> Result<T, Refused> {
    Ok(timeout(limit, request).await.map_err(|_| Refused::Late)??)
}
