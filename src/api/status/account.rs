//! Status of an `AwsAccount`.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{Common, Handled, Status};

/// What is known of an AWS account.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AwsAccountStatus {
    /// Generation whose outcome the conditions describe; -1 until first seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Conditions in kstatus words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// AWS account id, 12 digits; never changes once it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// Annotation values that have been answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_handled: Option<Handled>,
}

impl Status for AwsAccountStatus {
    fn common(&self) -> Common {
        Common {
            observed_generation: self.observed_generation,
            conditions: self.conditions.clone(),
            last_handled: self.last_handled.clone(),
            ..Common::default()
        }
    }

    fn set_common(&mut self, common: Common) {
        self.observed_generation = common.observed_generation;
        self.conditions = common.conditions;
        self.last_handled = common.last_handled;
    }
}
