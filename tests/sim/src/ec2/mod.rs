//! Amazon EC2: subnets and security groups by id, filter and tag.

mod describe;
mod filter;
#[cfg(test)]
mod tests;

use serde_json::Value;

use crate::refusal::Refusal;
use crate::world::{Cx, Region};

/// Calls `action` with an input that fits its shape.
pub fn dispatch(region: &mut Region, cx: &mut Cx, action: &str, input: &Value) -> Result<Value, Refusal> {
    match action {
        "DescribeSubnets" => describe::subnets(region, cx, input),
        "DescribeSecurityGroups" => describe::groups(region, cx, input),
        _ => Err(Refusal::unknown_operation()),
    }
}
