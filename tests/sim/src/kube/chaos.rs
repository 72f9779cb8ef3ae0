//! Knobs that make the server lie as caches do.

use serde_json::Value;

/// Which answers are taken from the lagging view.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stale {
    /// Watches only.
    #[default]
    Watches,
    /// Watches, and reads that allow it with `resourceVersion=0`.
    CacheReads,
    /// Watches and every get and list: what no real server does, and clients must survive.
    AllReads,
}

/// How often one watch event arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// As it should.
    Once,
    /// Lost.
    Drop,
    /// Repeated.
    Twice,
}

/// Decides per watch event, from its resourceVersion and its JSON. Must be a function of these alone.
pub type DeliveryRule = Box<dyn Fn(u64, &Value) -> Delivery + Send>;

/// What is wrong with the server's caches just now; the default is nothing.
#[derive(Default)]
pub struct Chaos {
    /// Number of newest changes that the lagging view has not seen.
    pub lag: usize,
    /// Who sees the lagging view.
    pub stale: Stale,
    /// Loses or repeats watch events.
    pub delivery: Option<DeliveryRule>,
    /// Closes a watch once it has told of so many events.
    pub closes_after: Option<usize>,
}

impl std::fmt::Debug for Chaos {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chaos")
            .field("lag", &self.lag)
            .field("stale", &self.stale)
            .field("delivery", &self.delivery.is_some())
            .field("closes_after", &self.closes_after)
            .finish()
    }
}
