//! A process of the operator in a schedule: it dies, is started again with empty memory, sees old states, and shares the
//! worlds with another.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ecs_operator::aws::{Aws, AwsSettings};
use ecs_operator::controllers::clock::Clock;
use ecs_operator::controllers::context::Config;
use ecs_operator::iam::Profile;
use jiff::SignedDuration;

use crate::seen::{Pass, What};
use crate::support::driver::{Key, Operator};
use crate::support::wire::documents;
use crate::support::world::REGION;
use crate::wires::{PASS, Tap, aws_line, kube_line};

/// What the operator may do.
const POLICIES: [Profile; 2] = [Profile::EverythingEcs, Profile::EverythingElse];

/// A process.
pub struct Process {
    /// The operator.
    pub operator: Operator,
    by: usize,
    tap: Tap,
    may_write: Arc<AtomicBool>,
}

impl Process {
    /// A process with empty memory whose clock is off by so many seconds.
    pub fn start(tap: &Tap, by: usize, skew: i64) -> Self {
        let tap = tap.of_a_process();
        let config = Config { region: REGION.to_owned(), ..Config::default() };
        let may_write = Arc::new(AtomicBool::new(true));
        let asked = may_write.clone();
        let settings =
            AwsSettings { fence: Some(Arc::new(move || asked.load(Ordering::SeqCst))), ..AwsSettings::default() };
        // Denied is what the policies deny, as in AWS: also a write to what is gone, which a lagging read still showed.
        tap.world.aws.restrict(&config.installation, documents(&config.installation, &POLICIES));
        let sdk = tap.world.aws.config_of(REGION, &config.installation);
        let aws = Aws::new(aws_line(&tap, &sdk), settings);
        let kube = kube_line(&tap, may_write.clone());
        let now = tap.world.clock.exact();
        let clock = Clock::starting_at(now.checked_add(SignedDuration::from_secs(skew)).unwrap_or(now));
        let operator = Operator::start_on(&tap.world, config, aws, kube, clock);
        Self { operator, by, tap, may_write }
    }

    /// From now on it may not write: its lease is over.
    pub fn fence(&self) {
        self.may_write.store(false, Ordering::SeqCst);
        self.tap.trace.note(self.tap.now(), None, What::Fenced(self.by));
    }

    /// A way to fence it while a pass runs.
    pub fn fencing(&self) -> impl Fn() + use<> {
        let (may_write, tap, by) = (self.may_write.clone(), self.tap.clone(), self.by);
        move || {
            may_write.store(false, Ordering::SeqCst);
            tap.trace.note(tap.now(), None, What::Fenced(by));
        }
    }

    /// One pass; false if the process died in it.
    pub async fn pass(&mut self, key: &Key, number: usize) -> bool {
        let died = self.tap.died.clone();
        let pass = Pass { by: self.by, number, key: key.clone() };
        tokio::select! {
            biased;
            () = died.notified() => false,
            () = PASS.scope(pass, Box::pin(self.operator.pass(key))) => true,
        }
    }

    /// The object that is due first, and how long until then.
    pub fn first(&mut self) -> Option<(Key, Duration)> {
        self.operator.look();
        let waiting = self.operator.waiting();
        let (key, at) = waiting.iter().min_by_key(|(key, at)| (**at, (*key).clone()))?;
        Some((key.clone(), at.saturating_duration_since(tokio::time::Instant::now())))
    }

    /// The objects that are due now.
    pub fn due(&mut self) -> Vec<Key> {
        self.operator.look();
        let now = tokio::time::Instant::now();
        self.operator.waiting().iter().filter(|(_, at)| **at <= now).map(|(key, _)| key.clone()).collect()
    }

    /// All objects.
    pub fn all(&mut self) -> Vec<Key> {
        self.operator.look();
        self.operator.waiting().keys().cloned().collect()
    }
}
