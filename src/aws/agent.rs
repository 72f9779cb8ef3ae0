//! Who a call is made for, told to AWS in the user agent, where `CloudTrail` keeps it.

use std::fmt::Write as _;
use std::future::Future;
use std::sync::Arc;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

const HEADER: &str = "user-agent";
/// A name of an object has 253 characters, that of a namespace 63.
const LONGEST: usize = 253;
/// Calls that answer for many objects at once are made for none of them.
const SHARED: &[&str] = &[
    "DescribeServices",
    "DescribeClusters",
    "DescribeTasks",
    "DescribeServiceDeployments",
    "DescribeServiceRevisions",
    "AssumeRole",
    "GetCallerIdentity",
];

tokio::task_local! {
    static BEHALF: Arc<str>;
}

/// Runs a future whose calls are made for an object.
pub fn on_behalf<F: Future>(kind: &str, namespace: &str, name: &str, future: F) -> impl Future<Output = F::Output> {
    let mut text = clean(kind);
    for part in [namespace, name].into_iter().filter(|part| !part.is_empty()) {
        let _ = write!(text, "/{}", clean(part));
    }
    BEHALF.scope(text.into(), future)
}

/// What may stand in a header: no blanks, no line breaks, nothing without bound.
fn clean(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-._".contains(c) { c } else { '-' };
    text.chars().take(LONGEST).map(plain).collect()
}

/// Adds the operator and the object of the call to the user agent, which no signature covers.
#[derive(Debug)]
pub(super) struct Agent;

#[dyn_dispatch_hint]
impl Intercept for Agent {
    fn name(&self) -> &'static str {
        "Agent"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let shared = config.load::<Metadata>().is_some_and(|operation| SHARED.contains(&operation.name()));
        let headers = context.request_mut().headers_mut();
        let mut agent = headers.get(HEADER).unwrap_or_default().to_owned();
        if !agent.is_empty() {
            agent.push(' ');
        }
        let _ = write!(agent, "ecs-operator/{}", env!("CARGO_PKG_VERSION"));
        if !shared {
            let _ = BEHALF.try_with(|object| write!(agent, " ({object})"));
        }
        headers.try_insert(HEADER, agent)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_a_header_or_grows_without_bound() {
        assert_eq!(clean("web-1.shop"), "web-1.shop");
        assert_eq!(clean("a\r\nx-evil: (1) é"), "a--x-evil---1---");
        assert_eq!(clean(&"x".repeat(9999)).len(), LONGEST);
    }
}
