//! Dispatch to the services beside ECS.

use serde_json::Value;

use crate::autoscaling;
use crate::refusal::Refusal;
use crate::world::{Cx, Region};

/// Calls `action` of `service` (signing name).
pub fn dispatch(
    region: &mut Region,
    cx: &mut Cx,
    service: &str,
    action: &str,
    input: &Value,
) -> Result<Value, Refusal> {
    match service {
        "application-autoscaling" => autoscaling::dispatch(region, cx, action, input),
        _ => Err(Refusal::unknown_operation()),
    }
}

/// The XML namespace of a Query service's answers.
pub fn namespace(service: &str) -> &'static str {
    match service {
        "elasticloadbalancing" => "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
        "sts" => "https://sts.amazonaws.com/doc/2011-06-15/",
        "monitoring" => "http://monitoring.amazonaws.com/doc/2010-08-01/",
        _ => "",
    }
}
