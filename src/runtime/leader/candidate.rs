//! What a candidate does about the record it reads: record × what was seen before × now → decision. Pure.
//!
//! No candidate compares another's time stamps with its own clock: a record has expired when it was not seen to change
//! for its duration, measured here. A leader counts its time from *before* it sent the renewal, and stops sooner than
//! anybody may take over, so clocks may differ in what they show and, by a third, in how fast they run.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use kube::ResourceExt;
use tokio::time::Instant;

use jiff::Timestamp;

/// How long things last. `renew_deadline` must be well below `duration`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// A record that was not seen to change for so long has expired.
    pub duration: Duration,
    /// A leader that did not renew for so long leads no more.
    pub renew_deadline: Duration,
    /// Time between two looks, and between two renewals.
    pub retry: Duration,
    /// The longest one request may take.
    pub request: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            duration: Duration::from_secs(15),
            renew_deadline: Duration::from_secs(10),
            retry: Duration::from_secs(2),
            request: Duration::from_secs(5),
        }
    }
}

impl Timing {
    /// What is left between the end of leadership and the first moment in which somebody else may lead.
    pub fn margin(&self) -> Duration {
        self.duration.saturating_sub(self.renew_deadline)
    }
}

/// A record as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its resourceVersion: changes with every write.
    pub version: String,
    /// Who holds it; `None` when nobody does.
    pub holder: Option<String>,
    /// How long its holder wants it to last; `None` when it does not say.
    pub duration: Option<Duration>,
}

impl Record {
    /// Reads a Lease.
    pub fn of(lease: &Lease) -> Self {
        let spec = lease.spec.clone().unwrap_or_default();
        let seconds = spec.lease_duration_seconds.and_then(|seconds| u64::try_from(seconds).ok());
        Self {
            version: lease.resource_version().unwrap_or_default(),
            holder: spec.holder_identity.filter(|holder| !holder.is_empty()),
            duration: seconds.filter(|seconds| *seconds > 0).map(Duration::from_secs),
        }
    }
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// There is no record: make one.
    Create,
    /// Nobody holds it, or its holder is gone: put our name into it.
    Take,
    /// It is ours: write it again.
    Renew,
    /// Somebody else holds it.
    Wait,
}

/// One process that wants to lead.
#[derive(Clone, Debug)]
pub struct Candidate {
    me: String,
    timing: Timing,
    seen: Option<(String, Instant)>,
}

impl Candidate {
    /// `me` must differ from the name of every other process, former lives of this one included.
    pub fn new(me: impl Into<String>, timing: Timing) -> Self {
        Self { me: me.into(), timing, seen: None }
    }

    /// Its name.
    pub fn me(&self) -> &str {
        &self.me
    }

    /// Its times.
    pub fn timing(&self) -> Timing {
        self.timing
    }

    /// What to do about the record that was found. `now` is a moment after the answer came.
    pub fn decide(&mut self, found: Option<&Record>, now: Instant) -> Decision {
        let Some(record) = found else {
            self.seen = None;
            return Decision::Create;
        };
        let since = match &self.seen {
            Some((version, since)) if *version == record.version => *since,
            Some(_) | None => {
                self.seen = Some((record.version.clone(), now));
                now
            }
        };
        let Some(holder) = &record.holder else { return Decision::Take };
        if *holder == self.me {
            return Decision::Renew;
        }
        let duration = record.duration.unwrap_or(self.timing.duration);
        if now.saturating_duration_since(since) > duration { Decision::Take } else { Decision::Wait }
    }

    /// Until when it leads, after a write that succeeded and was sent at this moment.
    pub fn leads_until(&self, sent: Instant) -> Instant {
        sent + self.timing.renew_deadline
    }

    /// The Lease to write: what was read, with our name. Its times are for people.
    pub fn claim(&self, decision: Decision, name: &str, read: Option<Lease>, wall: Timestamp) -> Lease {
        let mut lease = read.unwrap_or_else(|| Lease {
            metadata: ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() },
            spec: None,
        });
        let mut spec = lease.spec.take().unwrap_or_default();
        let times = spec.lease_transitions.unwrap_or_default();
        spec.lease_transitions = Some(if decision == Decision::Take { times.saturating_add(1) } else { times });
        if decision != Decision::Renew || spec.acquire_time.is_none() {
            spec.acquire_time = Some(MicroTime(wall));
        }
        spec.holder_identity = Some(self.me.clone());
        spec.lease_duration_seconds = i32::try_from(self.timing.duration.as_secs()).ok();
        spec.renew_time = Some(MicroTime(wall));
        lease.spec = Some(spec);
        lease
    }

    /// The Lease without a holder, if the one that was read is ours. An empty name, because an absent one would be left
    /// out of the request and the old name would stay.
    pub fn release(&self, mut read: Lease, wall: Timestamp) -> Option<Lease> {
        if Record::of(&read).holder.as_deref() != Some(self.me.as_str()) {
            return None;
        }
        let spec = read.spec.take().unwrap_or_default();
        read.spec = Some(LeaseSpec {
            holder_identity: Some(String::new()),
            lease_duration_seconds: Some(1),
            renew_time: Some(MicroTime(wall)),
            ..spec
        });
        Some(read)
    }
}

#[cfg(test)]
#[path = "candidate_tests.rs"]
mod tests;
