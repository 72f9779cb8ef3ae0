//! ECS Exec: the one call of the plugin that does something in AWS.

use aws_sdk_ecs::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use serde_json::{Value, json};

use super::{Cloud, Place};
use crate::aws::Scope;
use crate::plugin::exit::PluginError;

/// A session that the Session Manager plugin takes over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// What its first argument is.
    pub session: Value,
    /// Region.
    pub region: String,
}

impl Cloud {
    /// Asks ECS for a session in a container.
    pub async fn execute(
        &self,
        place: &Place,
        scope: &Scope,
        task: &str,
        container: Option<&str>,
        command: &str,
    ) -> Result<Session, PluginError> {
        let call = self.aws.ecs(scope).execute_command().cluster(&place.cluster).task(task).interactive(true);
        let answer = call.set_container(container.map(str::to_owned)).command(command).send().await;
        let answer = answer.map_err(|error| refused("ExecuteCommand", place, &error))?;
        let session = answer.session.ok_or_else(|| PluginError::Cloud("ECS answered without a session".to_owned()))?;
        Ok(Session {
            session: json!({
                "SessionId": session.session_id,
                "StreamUrl": session.stream_url,
                "TokenValue": session.token_value,
            }),
            region: place.region.clone(),
        })
    }
}

/// A refusal in AWS's words.
pub(super) fn refused<E: ProvideErrorMetadata + std::error::Error + 'static>(
    operation: &str,
    place: &Place,
    error: &SdkError<E, HttpResponse>,
) -> PluginError {
    let told =
        error.as_service_error().map(|error| (error.code().unwrap_or("error"), error.message().unwrap_or_default()));
    let said = match told {
        Some((code, message)) => format!("{code}: {message}"),
        None => aws_sdk_ecs::error::DisplayErrorContext(error).to_string(),
    };
    PluginError::Cloud(format!("{operation} in {}: {said}", place.region))
}
