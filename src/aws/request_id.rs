//! The id that AWS gives a request, put on the span of its call.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

/// Notes the id of each answer.
#[derive(Debug)]
pub(super) struct RequestId;

#[dyn_dispatch_hint]
impl Intercept for RequestId {
    fn name(&self) -> &'static str {
        "RequestId"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(id) = context.response().headers().get("x-amzn-requestid") {
            tracing::Span::current().record("aws_request_id", super::error::tidy(id, 128));
        }
        Ok(())
    }
}
