//! Service deployments and service revisions.

use serde_json::Value;

use crate::refusal::Refusal;
use crate::world::{Cx, Region};

/// Service deployments and revisions of one account and Region.
#[derive(Debug, Clone, Default)]
pub struct Deployments {}

/// `ListServiceDeployments`.
pub fn list(_region: &mut Region, _cx: &mut Cx, _input: &Value) -> Result<Value, Refusal> {
    Err(Refusal::unknown_operation())
}

/// `DescribeServiceDeployments`.
pub fn describe(_region: &mut Region, _cx: &mut Cx, _input: &Value) -> Result<Value, Refusal> {
    Err(Refusal::unknown_operation())
}

/// `DescribeServiceRevisions`.
pub fn describe_revisions(
    _region: &mut Region,
    _cx: &mut Cx,
    _input: &Value,
) -> Result<Value, Refusal> {
    Err(Refusal::unknown_operation())
}

/// `StopServiceDeployment`.
pub fn stop(_region: &mut Region, _cx: &mut Cx, _input: &Value) -> Result<Value, Refusal> {
    Err(Refusal::unknown_operation())
}

/// `ContinueServiceDeployment`.
pub fn continue_(_region: &mut Region, _cx: &mut Cx, _input: &Value) -> Result<Value, Refusal> {
    Err(Refusal::unknown_operation())
}
