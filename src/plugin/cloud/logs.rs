//! CloudWatch Logs by its JSON protocol: one read of its large API is needed, so there is no SDK crate for it.

use aws_runtime::auth::SigV4OperationSigningConfig;
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::auth::{
    AuthSchemeOptionResolverParams, SharedAuthScheme, SharedAuthSchemeOptionResolver,
};
use aws_smithy_runtime_api::client::identity::SharedIdentityResolver;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::Layer;
use aws_smithy_types::error::metadata::ErrorMetadata;
use aws_types::SigningName;
use aws_types::region::SigningRegion;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Cloud;
use crate::plugin::exit::PluginError;

/// A line of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LogLine {
    /// Its stream.
    pub log_stream_name: String,
    /// Milliseconds since 1970.
    pub timestamp: i64,
    /// What it says.
    pub message: String,
    /// Its id.
    pub event_id: String,
}

/// What to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogQuery {
    /// The group.
    pub group: String,
    /// The streams, 100 at most.
    pub streams: Vec<String>,
    /// Not before, in milliseconds since 1970.
    pub since: i64,
    /// CloudWatch's filter pattern.
    pub filter: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Page {
    events: Vec<LogLine>,
    next_token: Option<String>,
}

/// More pages than this are read in the next turn.
const PAGES: usize = 50;

impl Cloud {
    /// Lines of streams, in the order of time (`FilterLogEvents`). A stream or group that is not there yet has none.
    pub async fn lines(&self, region: &str, query: &LogQuery) -> Result<Vec<LogLine>, PluginError> {
        let operation = self.operation(region);
        let mut all = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..PAGES {
            let mut asked = json!({
                "logGroupName": query.group, "logStreamNames": query.streams, "startTime": query.since,
            });
            json_patch::merge(&mut asked, &json!({"filterPattern": query.filter, "nextToken": token}));
            let page = match operation.invoke(asked).await {
                Ok(page) => page,
                Err(error) if code(&error) == Some("ResourceNotFoundException") => return Ok(all),
                Err(error) => return Err(refused(&query.group, &error)),
            };
            all.extend(page.events);
            token = page.next_token.filter(|next| Some(next) != token.as_ref());
            if token.is_none() {
                break;
            }
        }
        all.sort_by(|a, b| a.timestamp.cmp(&b.timestamp).then_with(|| a.event_id.cmp(&b.event_id)));
        Ok(all)
    }

    fn operation(&self, region: &str) -> Operation<Value, Page, ErrorMetadata> {
        let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let public = format!("https://logs.{region}.{domain}");
        let endpoint = self.config.endpoint_url().unwrap_or(&public);
        let mut builder = Operation::builder()
            .service_name("logs")
            .operation_name("FilterLogEvents")
            .behavior_version(aws_config::BehaviorVersion::v2026_01_12())
            .endpoint_url(endpoint)
            .no_retry()
            .runtime_plugin(self.signing(region));
        if let Some(client) = self.config.http_client() {
            builder = builder.http_client(client);
        }
        if let Some(time) = self.config.time_source() {
            builder = builder.time_source(time);
        }
        if let Some(sleep) = self.config.sleep_impl() {
            builder = builder.sleep_impl(sleep);
        }
        builder.serializer(request).deserializer(answer).build()
    }

    fn signing(&self, region: &str) -> StaticRuntimePlugin {
        let mut layer = Layer::new("logs");
        layer.store_put(AuthSchemeOptionResolverParams::new(()));
        layer.store_put(SigV4OperationSigningConfig {
            region: Some(SigningRegion::from(Self::region_of(region))),
            name: Some(SigningName::from_static("logs")),
            ..SigV4OperationSigningConfig::default()
        });
        let mut components = RuntimeComponentsBuilder::new("logs");
        let schemes = StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID]);
        components.set_auth_scheme_option_resolver(Some(SharedAuthSchemeOptionResolver::new(schemes)));
        components.push_auth_scheme(SharedAuthScheme::new(SigV4AuthScheme::new()));
        if let Some(cache) = self.config.identity_cache() {
            components.set_identity_cache(Some(cache));
        }
        if let Some(provider) = self.config.credentials_provider() {
            components.set_identity_resolver(SCHEME_ID, SharedIdentityResolver::new(provider));
        }
        StaticRuntimePlugin::new().with_config(layer.freeze()).with_runtime_components(components)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the signature of a serializer")]
fn request(asked: Value) -> Result<HttpRequest, BoxError> {
    let mut request = HttpRequest::new(SdkBody::from(asked.to_string()));
    request.set_method("POST")?;
    request.set_uri("/")?;
    request.headers_mut().insert("content-type", "application/x-amz-json-1.1");
    request.headers_mut().insert("x-amz-target", "Logs_20140328.FilterLogEvents");
    Ok(request)
}

fn answer(response: &HttpResponse) -> Result<Page, OrchestratorError<ErrorMetadata>> {
    let body = response.body().bytes().unwrap_or_default();
    if response.status().is_success() {
        return serde_json::from_slice(body).map_err(OrchestratorError::other);
    }
    let said: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |names: &[&str]| names.iter().find_map(|name| said.get(name)?.as_str().map(str::to_owned));
    let code = text(&["__type", "code"]).unwrap_or_else(|| format!("HTTP {}", response.status().as_u16()));
    let code = code.rsplit('#').next().unwrap_or_default().to_owned();
    let error = ErrorMetadata::builder().code(code).message(text(&["message", "Message"]).unwrap_or_default());
    Err(OrchestratorError::operation(error.build()))
}

fn code(error: &SdkError<ErrorMetadata, HttpResponse>) -> Option<&str> {
    error.as_service_error()?.code()
}

fn refused(group: &str, error: &SdkError<ErrorMetadata, HttpResponse>) -> PluginError {
    let said = match error.as_service_error() {
        Some(said) => format!("{}: {}", said.code().unwrap_or("error"), said.message().unwrap_or_default()),
        None => aws_sdk_ecs::error::DisplayErrorContext(error).to_string(),
    };
    PluginError::Cloud(format!("log group {group}: {said}"))
}
