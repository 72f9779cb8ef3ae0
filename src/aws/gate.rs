//! Before a call leaves: is its endpoint in order, is there a token, may this process write now?

use std::sync::{Arc, Mutex};

use tokio::time::Instant;

use super::breaker::{Breaker, Probe};
use super::classify::code;
use super::clients::Aws;
use super::error::AwsError;
use super::limiter::Asked;
use super::lock;
use super::op::{Op, Priority};
use super::scope::Scope;
use super::turns::Urgency;

tokio::task_local! {
    /// What a batch waited for: its first call need not wait again.
    static PREPAID: Mutex<Option<Admission>>;
}

/// The right to send one call.
#[derive(Debug)]
pub(super) struct Admission {
    /// The quota that was charged.
    counted: Scope,
    op: Op,
    breaker: Arc<Breaker>,
    _probe: Option<Probe>,
}

impl Aws {
    /// Waits until a call may be sent.
    pub(super) async fn admission(
        &self,
        scope: &Scope,
        op: Op,
        urgency: &Urgency,
        party: &str,
    ) -> Result<Admission, AwsError> {
        let began = Instant::now();
        let counted = self.counted(scope);
        let breaker = self.breakers().of(&counted, op.service());
        loop {
            let Ok(probe) = breaker.enter(urgency.get()).await else { return Err(out_of_order(scope, op)) };
            self.limiter().wait(&counted, op, urgency, party).await;
            // It may have gone out of order while the call waited for its token.
            if probe.is_some() || breaker.closed() {
                self.metrics().waited(scope, op, urgency.get(), began.elapsed());
                return Ok(Admission { counted, op, breaker, _probe: probe });
            }
            self.limiter().give_back(&counted, op);
        }
    }

    /// The admission of a call: that of the batch it is made for, or one of its own. A write must also find the fence
    /// open after the wait.
    pub(super) async fn admit(&self, scope: &Scope, op: Op, priority: Priority) -> Result<Admission, AwsError> {
        let prepaid = PREPAID.try_with(|prepaid| lock(prepaid).take()).ok().flatten();
        let fits = |admission: &Admission| admission.op == op && admission.counted == self.counted(scope);
        let admission = match prepaid {
            Some(admission) if fits(&admission) => admission,
            other => {
                if let Some(unused) = other {
                    self.limiter().give_back(&unused.counted, unused.op);
                }
                let asked = Asked::of(priority);
                Box::pin(self.admission(scope, op, &asked.urgency, &asked.party)).await?
            }
        };
        if op.mutating() && self.fenced() {
            return Err(AwsError::new(op.name(), code::FENCED, super::fence::NO_LEASE));
        }
        Ok(admission)
    }

    /// Notes whether the endpoint answered. What never left says nothing of it.
    ///
    /// While it does not, all calls to it fail in the same words, the one that tried it included: what exactly a try ends
    /// with changes from one to the next, and would be told of each object anew.
    pub(super) fn learn(scope: &Scope, admission: &Admission, answer: Result<(), &mut AwsError>) {
        let (service, breaker) = (admission.op.service().as_str(), &admission.breaker);
        match answer {
            Err(error) if error.never_left() => {}
            Err(error) if error.is_outage() => {
                if breaker.failed() {
                    tracing::warn!(%scope, service, error = error.code, "the endpoint does not answer: calls wait");
                }
                if !breaker.closed() {
                    error.message = out_of_order(scope, admission.op).message;
                    code::UNREACHABLE.clone_into(&mut error.code);
                }
            }
            Ok(()) | Err(_) => {
                if breaker.answered() {
                    tracing::info!(%scope, service, "the endpoint answers again");
                }
            }
        }
    }
}

/// Runs a request whose first call has its admission already.
pub(super) async fn prepaid<F: Future>(admission: Admission, request: F) -> F::Output {
    PREPAID.scope(Mutex::new(Some(admission)), request).await
}

fn out_of_order(scope: &Scope, op: Op) -> AwsError {
    let text = format!("{} in {} does not answer; calls wait until it does", op.service().title(), scope.region);
    AwsError::new(op.name(), code::UNREACHABLE, &text)
}
