//! The effects on a service, each with its exact request.

use std::fmt;

use aws_sdk_ecs::operation::create_service::builders::CreateServiceInputBuilder;
use aws_sdk_ecs::operation::update_service::builders::UpdateServiceInputBuilder;

use super::content::rolls;
use super::scaling;
use crate::api::status::InFlight;
use crate::controllers::tagging::Tagging;
use crate::diff::Change;
use crate::diff::effect::Effect;

/// One effect.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Adds the finalizer, before anything is made.
    Claim,
    /// Writes down what is about to be sent, because it must not be sent twice.
    Record(InFlight),
    /// Makes the service.
    Create(Box<CreateServiceInputBuilder>),
    /// Sets or removes tags.
    Tag(Tagging),
    /// Sends the members that differ.
    Update(Box<UpdateServiceInputBuilder>, Vec<(Change, Effect)>),
    /// Starts a deployment of what already runs.
    Force(Box<UpdateServiceInputBuilder>),
    /// Answers a hook that waits: go on, or go back.
    Continue {
        /// The service deployment.
        deployment: String,
        /// The hook.
        hook: String,
        /// Roll back instead of going on?
        roll_back: bool,
    },
    /// Stops a service deployment and rolls it back.
    Stop(String),
    /// Application Auto Scaling.
    Scaling(scaling::Step),
    /// Sets the count to zero before deletion.
    Drain {
        /// The cluster.
        cluster: String,
        /// The service.
        service: String,
    },
    /// Deletes the service.
    Delete {
        /// The cluster.
        cluster: String,
        /// The service.
        service: String,
        /// Stop its tasks too?
        force: bool,
    },
    /// Removes the finalizer; the text says what becomes of the service.
    Release(String),
}

impl Step {
    /// Does it change something in AWS?
    #[must_use]
    pub fn is_call(&self) -> bool {
        !matches!(self, Self::Claim | Self::Record(_) | Self::Release(_))
    }
}

/// What ECS does with a change, for people.
fn word(effect: Effect) -> &'static str {
    if rolls(effect) {
        "rolls tasks"
    } else if effect == Effect::NewTasksOnly {
        "new tasks only; restart to reach running ones"
    } else {
        "in place"
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Claim => f.write_str("add the finalizer"),
            Self::Record(record) => write!(f, "write down `{}` {}", record.request, record.value),
            Self::Create(request) => write!(
                f,
                "CreateService {}: taskDefinition {}, desiredCount {}",
                request.get_service_name().as_deref().unwrap_or(""),
                request.get_task_definition().as_deref().map_or("none", crate::controllers::arn::short),
                request.get_desired_count().map_or("none".to_owned(), |count| count.to_string()),
            ),
            Self::Tag(tagging) => tagging.fmt(f),
            Self::Update(request, changes) => {
                write!(f, "UpdateService {}: ", request.get_service().as_deref().unwrap_or(""))?;
                for (position, (change, effect)) in changes.iter().enumerate() {
                    let glue = if position == 0 { "" } else { ", " };
                    write!(f, "{glue}{change} ({})", word(*effect))?;
                }
                Ok(())
            }
            Self::Force(request) => {
                write!(
                    f,
                    "UpdateService {}: forceNewDeployment (rolls tasks)",
                    request.get_service().as_deref().unwrap_or("")
                )
            }
            Self::Continue { hook, roll_back, .. } => {
                write!(f, "ContinueServiceDeployment {hook}: {}", if *roll_back { "ROLLBACK" } else { "CONTINUE" })
            }
            Self::Stop(arn) => write!(f, "StopServiceDeployment {}: ROLLBACK", crate::controllers::arn::short(arn)),
            Self::Scaling(step) => step.fmt(f),
            Self::Drain { service, .. } => write!(f, "UpdateService {service}: desiredCount: 0"),
            Self::Delete { service, force, .. } => {
                write!(f, "DeleteService {service}{}", if *force { " with force" } else { "" })
            }
            Self::Release(what) => write!(f, "remove the finalizer ({what})"),
        }
    }
}
