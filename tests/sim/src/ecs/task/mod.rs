//! Tasks.

use serde_json::Value;

use crate::refusal::Refusal;
use crate::world::{Cx, Region};

/// Tasks of one account and Region.
#[derive(Debug, Clone, Default)]
pub struct Tasks {}

/// `ListTasks`.
pub fn list(_region: &mut Region, _cx: &mut Cx, _input: &Value) -> Result<Value, Refusal> {
    Err(Refusal::unknown_operation())
}

/// `DescribeTasks`.
pub fn describe(_region: &mut Region, _cx: &mut Cx, _input: &Value) -> Result<Value, Refusal> {
    Err(Refusal::unknown_operation())
}

/// `RunTask`.
pub fn run(_region: &mut Region, _cx: &mut Cx, _input: &Value) -> Result<Value, Refusal> {
    Err(Refusal::unknown_operation())
}

/// `StopTask`.
pub fn stop(_region: &mut Region, _cx: &mut Cx, _input: &Value) -> Result<Value, Refusal> {
    Err(Refusal::unknown_operation())
}
