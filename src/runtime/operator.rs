//! The operator without its surroundings: watches → warm → leadership → controllers → an orderly end.
//!
//! A process leads once. When it loses the lease it stops and exits instead of standing by again: what it remembers is
//! older than what its successor does, and an empty memory is what every other start has too.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::admin::Health;
use super::leader::{Election, Ended, Lead};
use crate::controllers::context::Context;
use crate::controllers::relations::Woken;
use crate::controllers::{Controllers, Running};

/// Passes under way get this long to end when the process is told to stop.
pub const DRAIN: Duration = Duration::from_secs(25);

/// Why the operator ended though nobody asked, or could not end in order.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// A part of the process broke.
    #[error("a task of the process broke: {0}")]
    Broken(#[from] JoinError),
    /// A controller, a watch or the election ended though nobody asked.
    #[error("{0} ended by itself")]
    EndedByItself(&'static str),
    /// A pass hung.
    #[error("passes under way did not end within {} s", DRAIN.as_secs())]
    NotDrained,
    /// Another replica leads, or soon will.
    #[error("the lease was lost: it could not be renewed in time; to be started again as a standby")]
    LeaseLost,
}

/// What an operator is made of.
pub struct Operator {
    /// What it watches and does.
    pub controllers: Controllers,
    /// What its passes use; its writes ask `lead`.
    pub context: Context,
    /// What wakes its passes.
    pub woken: Woken,
    /// Passes of one kind at once.
    pub concurrency: u16,
    /// May it act?
    pub lead: Lead,
    /// Who decides that; `None` for one that is alone.
    pub election: Option<Election>,
    /// What its probes answer.
    pub health: Health,
}

/// Tasks that end with whoever holds them.
type Tasks<T> = JoinSet<T>;

impl Operator {
    /// Runs until `stop` is cancelled. Dropping the future ends everything at once, as a crash does.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), OperatorError> {
        let mut watching = spawn(self.controllers.watching());
        let (mut electing, resign) = (Tasks::new(), CancellationToken::new());
        let health = self.health.clone();
        let outcome = tokio::select! {
            biased;
            ended = first(&mut watching) => Err(by_itself(ended, "a watch")),
            outcome = self.live(&mut electing, &resign, &stop) => outcome,
        };
        health.set_ready(false);
        // Whoever may still be writing keeps the lease, for as long as it lasts.
        if outcome.is_ok() {
            resign.cancel();
            while electing.join_next().await.is_some() {}
        }
        outcome
    }

    /// Fills the stores, stands for election, acts.
    async fn live(
        mut self,
        electing: &mut Tasks<Ended>,
        resign: &CancellationToken,
        stop: &CancellationToken,
    ) -> Result<(), OperatorError> {
        tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(()),
            () = self.context.stores.warm() => {}
        }
        self.health.set_ready(true);
        tracing::info!("ready");
        // Who cannot see does not stand for election.
        let margin = self.election.as_ref().map_or(Duration::ZERO, |election| election.timing().margin());
        if let Some(election) = self.election.take() {
            electing.spawn(election.run(resign.clone()));
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(()),
            ended = first(electing) => return Err(by_itself(ended, "the election")),
            () = self.lead.gained() => {}
        }
        self.act(margin, electing, stop).await
    }

    async fn act(
        self,
        margin: Duration,
        electing: &mut Tasks<Ended>,
        stop: &CancellationToken,
    ) -> Result<(), OperatorError> {
        let halt = CancellationToken::new();
        let cx = Arc::new(self.context);
        let mut working = spawn(self.controllers.run(&cx, self.woken, self.concurrency, &halt));
        let (outcome, patience) = tokio::select! {
            biased;
            () = self.lead.lost() => (Err(OperatorError::LeaseLost), margin),
            () = stop.cancelled() => (Ok(()), DRAIN),
            ended = first(&mut working) => (Err(by_itself(ended, "a controller")), Duration::ZERO),
            ended = first(electing) => match ended {
                Ok(Ended::Lost) => (Err(OperatorError::LeaseLost), margin),
                other => (Err(by_itself(other, "the election")), Duration::ZERO),
            },
        };
        self.health.set_ready(false);
        halt.cancel();
        let drained = timeout(patience, async { while working.join_next().await.is_some() {} }).await;
        if drained.is_err() && outcome.is_ok() { Err(OperatorError::NotDrained) } else { outcome }
    }
}

fn spawn(running: Vec<Running>) -> Tasks<()> {
    running.into_iter().collect()
}

/// The first of some tasks that ends; never, if there is none.
async fn first<T: 'static>(tasks: &mut Tasks<T>) -> Result<T, JoinError> {
    match tasks.join_next().await {
        Some(ended) => ended,
        None => std::future::pending().await,
    }
}

fn by_itself<T>(ended: Result<T, JoinError>, what: &'static str) -> OperatorError {
    match ended {
        Err(broken) => OperatorError::Broken(broken),
        Ok(_) => OperatorError::EndedByItself(what),
    }
}
