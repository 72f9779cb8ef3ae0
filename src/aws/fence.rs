//! The last question before the wire: may this process still write?
//!
//! A call waits for credentials after it was admitted, and an account's credentials are calls themselves.

use std::fmt;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

use super::clients::Fence;
use super::op::reads;

/// What a refused write says.
pub(super) const NO_LEASE: &str = "this replica does not hold the lease";

/// Refuses writes in the moment before they are sent.
pub(super) struct LastCheck(pub(super) Fence);

impl fmt::Debug for LastCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LastCheck")
    }
}

#[dyn_dispatch_hint]
impl Intercept for LastCheck {
    fn name(&self) -> &'static str {
        "LastCheck"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // What cannot be named counts as a write.
        let harmless = config.load::<Metadata>().is_some_and(|operation| reads(operation.name()));
        if harmless || (self.0)() { Ok(()) } else { Err(NO_LEASE.into()) }
    }
}
