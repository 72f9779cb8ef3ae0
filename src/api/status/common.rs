//! The part of a status that every kind has.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::policy::{DeletionPolicy, ManagementMode, ScalingMode};

/// Where in AWS the resource lives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Account {
    /// Name of the `AwsAccount`, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// AWS account id, 12 digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// AWS Region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
}

/// Annotation values that have been answered; a value acts once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Handled {
    /// Last `reconcile-requested-at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reconcile_requested_at: Option<String>,
    /// Last `restarted-at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restarted_at: Option<String>,
    /// Last `promote`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promote: Option<String>,
    /// Last `abort`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abort: Option<String>,
    /// Last `retry`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<String>,
    /// Last `terminate-tasks`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminate_tasks: Option<String>,
}

/// A request that is not repeatable, written down before it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InFlight {
    /// What was asked for, for example `restartedAt`.
    pub request: String,
    /// The value that asked for it.
    pub value: String,
    /// What stood in AWS before (the deployment's id), to recognise the effect after a crash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// When it was written down.
    pub started_at: Time,
}

/// Differences found in AWS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Drift {
    /// Paths in the words of the manifest, 20 at most.
    pub paths: Vec<String>,
    /// When the first was seen.
    pub since: Time,
}

/// The calls that would be made now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedSteps {
    /// One line a call, 20 at most.
    pub steps: Vec<String>,
    /// Hash of the whole plan.
    pub hash: String,
}

/// What the operator decided where the spec is silent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Effective {
    /// What deletion of the object does in AWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<DeletionPolicy>,
    /// How much the operator may do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub management_mode: Option<ManagementMode>,
    /// Who owns `desiredCount`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scaling_mode: Option<ScalingMode>,
}

/// Where the AWS resource came from; decides the default deletion policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Origin {
    /// We made it.
    Created,
    /// It was there, and adoption was asked for.
    Adopted,
}

/// The common part as a value of its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Common {
    /// Generation whose outcome the conditions describe.
    pub observed_generation: Option<i64>,
    /// Conditions in kstatus words.
    pub conditions: Vec<Condition>,
    /// ARN of the resource.
    pub arn: Option<String>,
    /// Where in AWS the resource lives.
    pub account: Option<Account>,
    /// Where the resource came from.
    pub origin: Option<Origin>,
    /// Annotation values that have been answered.
    pub last_handled: Option<Handled>,
    /// A request under way that must not be repeated blindly.
    pub in_flight: Option<InFlight>,
    /// Top-level spec members that were set in AWS.
    pub owned_fields: Vec<String>,
    /// Differences found in AWS and left or not yet corrected.
    pub drift: Option<Drift>,
    /// Plan mode: the calls that would be made.
    pub plan: Option<PlannedSteps>,
    /// What the operator decided where the spec is silent.
    pub effective: Option<Effective>,
}

/// A status with the common part.
pub trait Status: Clone + Default + PartialEq + Serialize + serde::de::DeserializeOwned + std::fmt::Debug {
    /// Its common part.
    fn common(&self) -> Common;
    /// Replaces the common part.
    fn set_common(&mut self, common: Common);
}

/// Declares a status type: the common members, then its own.
macro_rules! status {
    ($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident : $ty:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            /// Generation whose outcome the conditions describe; -1 until first seen.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub observed_generation: Option<i64>,
            /// Conditions in kstatus words.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            pub conditions: Vec<k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition>,
            /// ARN of the AWS resource.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub arn: Option<String>,
            /// Where in AWS the resource lives.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub account: Option<$crate::api::status::Account>,
            /// Where the AWS resource came from.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub origin: Option<$crate::api::status::Origin>,
            /// Annotation values that have been answered.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub last_handled: Option<$crate::api::status::Handled>,
            /// A request under way that must not be repeated blindly.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub in_flight: Option<$crate::api::status::InFlight>,
            /// Top-level spec members that were set in AWS.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            pub owned_fields: Vec<String>,
            /// Differences found in AWS and left so.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub drift: Option<$crate::api::status::Drift>,
            /// Plan mode: the calls that would be made.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub plan: Option<$crate::api::status::PlannedSteps>,
            /// What the operator decided where the spec is silent.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub effective: Option<$crate::api::status::Effective>,
            $($(#[$fdoc])* pub $field: $ty,)*
        }
        impl $crate::api::status::Status for $name {
            fn common(&self) -> $crate::api::status::Common {
                let own = self.clone();
                $crate::api::status::Common {
                    observed_generation: own.observed_generation,
                    conditions: own.conditions,
                    arn: own.arn,
                    account: own.account,
                    origin: own.origin,
                    last_handled: own.last_handled,
                    in_flight: own.in_flight,
                    owned_fields: own.owned_fields,
                    drift: own.drift,
                    plan: own.plan,
                    effective: own.effective,
                }
            }
            fn set_common(&mut self, common: $crate::api::status::Common) {
                self.observed_generation = common.observed_generation;
                self.conditions = common.conditions;
                self.arn = common.arn;
                self.account = common.account;
                self.origin = common.origin;
                self.last_handled = common.last_handled;
                self.in_flight = common.in_flight;
                self.owned_fields = common.owned_fields;
                self.drift = common.drift;
                self.plan = common.plan;
                self.effective = common.effective;
            }
        }
    };
}
pub(crate) use status;
