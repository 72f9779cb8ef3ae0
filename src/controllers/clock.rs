//! The only file that may read a system clock; everything else asks the `Context`.

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// Wall time that follows tokio's clock, so that a paused clock pauses it too.
#[derive(Clone, Debug)]
pub struct Clock {
    anchor: Timestamp,
    since: Instant,
}

impl Clock {
    /// Starts at the system's time.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that may")]
    pub fn system() -> Self {
        Self::starting_at(Timestamp::now())
    }

    /// Starts at a given time.
    #[must_use]
    pub fn starting_at(anchor: Timestamp) -> Self {
        Self { anchor, since: Instant::now() }
    }

    /// Now, in whole seconds: what Kubernetes keeps of a time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        crate::api::condition::whole_seconds(self.exact())
    }

    /// Now, with its fraction.
    #[must_use]
    pub fn exact(&self) -> Timestamp {
        let elapsed = SignedDuration::try_from(self.since.elapsed()).unwrap_or(SignedDuration::ZERO);
        self.anchor.checked_add(elapsed).unwrap_or(self.anchor)
    }
}
