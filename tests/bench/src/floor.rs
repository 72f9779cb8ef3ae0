//! The least that is possible within ECS's published quotas ("Request throttling for the Amazon ECS API").

use crate::stage::Shape;

/// Burst and refill a second of a bucket.
#[derive(Clone, Copy, Debug)]
pub struct Quota {
    /// Calls at once.
    pub burst: f64,
    /// Calls a second after that.
    pub refill: f64,
}

/// `DescribeServices` and `ListServices`.
pub const SERVICE_READ: Quota = Quota { burst: 100.0, refill: 20.0 };
/// `CreateService`, `UpdateService`, `DeleteService`.
pub const SERVICE_WRITE: Quota = Quota { burst: 50.0, refill: 5.0 };

impl Quota {
    /// Seconds that so many calls take at least with a share of the quota.
    #[expect(clippy::cast_precision_loss, reason = "counts of calls are far below 2^52")]
    pub fn seconds(self, calls: usize, share: f64) -> f64 {
        ((calls as f64 - self.burst * share) / (self.refill * share)).max(0.0)
    }
}

/// `DescribeServices` calls that look at everything once: ten services of one cluster each.
pub fn describes(shape: Shape) -> usize {
    let clusters = shape.clusters.max(1);
    let (each, more) = (shape.services / clusters, shape.services % clusters);
    more * (each + 1).div_ceil(10) + (clusters - more) * each.div_ceil(10)
}
