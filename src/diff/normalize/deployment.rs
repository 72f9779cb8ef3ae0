//! The shape of a service's deployment configuration.
//!
//! Defaults: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html>
//! and the types it refers to.

use crate::diff::shape::{
    Default, Kind, Member, STRINGS, Shape, Spell, UPPERS, flag, keyed, number, scalar, set, structure, text, upper,
};

pub(in crate::diff) const DEPLOYMENT_CONFIGURATION: Shape = Shape {
    members: &[
        structure("deploymentCircuitBreaker", &CIRCUIT_BREAKER),
        // Both percentages depend on the scheduling strategy: see the service's rules.
        number("maximumPercent"),
        number("minimumHealthyPercent"),
        structure("alarms", &ALARMS),
        upper("strategy").or(Default::Text("ROLLING")),
        number("bakeTimeInMinutes").or(Default::Int(0)),
        keyed(
            "lifecycleHooks",
            &[&["targetType"], &["hookTargetArn"], &["lifecycleStages"]],
            &Kind::Struct(&LIFECYCLE_HOOK),
        ),
        structure("linearConfiguration", &LINEAR),
        structure("canaryConfiguration", &CANARY),
        structure("earlySuccessCriteria", &EARLY_SUCCESS),
    ],
};

pub(in crate::diff) const CIRCUIT_BREAKER: Shape = Shape {
    members: &[
        flag("enable"),
        flag("rollback"),
        scalar("resetOnHealthyTask", Spell::Flag).or(Default::Flag(true)),
        structure("thresholdConfiguration", &THRESHOLD),
    ],
};

pub(in crate::diff) const THRESHOLD: Shape =
    Shape { members: &[upper("type").or(Default::Text("BOUNDED_PERCENT")), number("value").or(Default::Int(50))] };

pub(in crate::diff) const ALARMS: Shape =
    Shape { members: &[set("alarmNames", &STRINGS), flag("rollback"), flag("enable")] };

/// What the hook is given may hold anything: never printed.
const HOOK_DETAILS: Member = Member::new("hookDetails", Kind::Document);

pub(in crate::diff) const LIFECYCLE_HOOK: Shape = Shape {
    members: &[
        upper("targetType").or(Default::Text("AWS_LAMBDA")),
        text("hookTargetArn"),
        scalar("roleArn", Spell::Role),
        set("lifecycleStages", &UPPERS),
        HOOK_DETAILS,
        structure("timeoutConfiguration", &HOOK_TIMEOUT),
    ],
};

pub(in crate::diff) const HOOK_TIMEOUT: Shape = Shape {
    members: &[number("timeoutInMinutes").or(Default::Int(1440)), upper("action").or(Default::Text("ROLLBACK"))],
};

pub(in crate::diff) const LINEAR: Shape = Shape {
    members: &[number("stepPercent").or(Default::Int(10)), number("stepBakeTimeInMinutes").or(Default::Int(6))],
};

pub(in crate::diff) const CANARY: Shape = Shape {
    members: &[number("canaryPercent").or(Default::Int(5)), number("canaryBakeTimeInMinutes").or(Default::Int(10))],
};

pub(in crate::diff) const EARLY_SUCCESS: Shape =
    Shape { members: &[flag("enable"), number("healthyPercent"), upper("sourceServiceRevisionCleanup")] };
