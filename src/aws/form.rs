//! A client of AWS's Query protocols (forms in, XML out) and of its JSON protocols, for the few calls that are needed of
//! very large SDK crates.

use std::collections::HashMap;

use aws_config::{Region, SdkConfig};
use aws_runtime::auth::SigV4OperationSigningConfig;
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_sdk_ecs::config::timeout::TimeoutConfig;
use aws_smithy_runtime::client::orchestrator::operation::{Operation, OperationBuilder};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::auth::{
    AuthSchemeOptionResolverParams, SharedAuthScheme, SharedAuthSchemeOptionResolver,
};
use aws_smithy_runtime_api::client::identity::{IdentityFuture, ResolveIdentity, SharedIdentityResolver};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::runtime_components::{RuntimeComponents, RuntimeComponentsBuilder};
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::{ConfigBag, Layer};
use aws_smithy_types::error::metadata::ErrorMetadata;
use aws_types::SigningName;
use aws_types::region::SigningRegion;
use serde_json::Value;

use super::agent::Agent;
use super::clients::behavior;

/// How a service is spoken to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Protocol {
    /// Forms in, XML out.
    Query {
        /// Version of its API.
        version: &'static str,
    },
    /// JSON with `X-Amz-Target`.
    Json {
        /// Prefix of the targets.
        prefix: &'static str,
        /// 1.0 or 1.1.
        version: &'static str,
    },
}

/// A service that speaks one of these, and where it is reached.
#[derive(Clone, Debug)]
pub(super) struct Speaks {
    /// Its name in signatures.
    pub(super) service: &'static str,
    /// How it is spoken to.
    pub(super) protocol: Protocol,
    /// Region that signatures name.
    pub(super) region: String,
    /// Its public endpoint.
    pub(super) endpoint: String,
}

/// Signs and sends requests with the HTTP client, credentials, clock and endpoint of an SDK configuration.
#[derive(Clone, Debug)]
pub(super) struct FormClient {
    protocol: Protocol,
    operation: Operation<Asked, String, ErrorMetadata>,
}

/// A request before it is written.
#[derive(Debug)]
struct Asked {
    content_type: String,
    target: Option<String>,
    body: String,
}

impl FormClient {
    /// One attempt a request; repeats are the caller's. An endpoint in the configuration takes the place of the public.
    pub(super) fn new(config: &SdkConfig, speaks: Speaks, timeouts: TimeoutConfig) -> Self {
        let endpoint = config.endpoint_url().unwrap_or(&speaks.endpoint);
        let builder = signed(config, speaks.service, speaks.region, endpoint)
            .operation_name("Call")
            .interceptor(Agent)
            .timeout_config(timeouts);
        Self { protocol: speaks.protocol, operation: builder.serializer(request).deserializer(answer).build() }
    }

    /// Sends an action with its parameters; the answer is XML.
    pub(super) async fn ask(
        &self,
        action: &str,
        parameters: &[(String, String)],
    ) -> Result<String, SdkError<ErrorMetadata, HttpResponse>> {
        let version = match self.protocol {
            Protocol::Query { version } | Protocol::Json { version, .. } => version,
        };
        let content_type = "application/x-www-form-urlencoded; charset=utf-8".to_owned();
        let body = form(action, version, parameters);
        self.operation.invoke(Asked { content_type, target: None, body }).await
    }

    /// Sends an action with a JSON input; the answer is JSON.
    pub(super) async fn ask_json(
        &self,
        action: &str,
        input: &Value,
    ) -> Result<String, SdkError<ErrorMetadata, HttpResponse>> {
        let (prefix, version) = match self.protocol {
            Protocol::Json { prefix, version } => (prefix, version),
            Protocol::Query { version } => ("", version),
        };
        let content_type = format!("application/x-amz-json-{version}");
        let target = Some(format!("{prefix}.{action}"));
        self.operation.invoke(Asked { content_type, target, body: input.to_string() }).await
    }
}

/// One signed attempt at an endpoint, with the HTTP client, credentials and clock of an SDK configuration.
pub(crate) fn signed(config: &SdkConfig, service: &'static str, region: String, endpoint: &str) -> OperationBuilder {
    let mut builder = Operation::builder()
        .service_name(service)
        .behavior_version(behavior())
        .endpoint_url(endpoint)
        .no_retry()
        .runtime_plugin(signing(config, service, region));
    if let Some(client) = config.http_client() {
        builder = builder.http_client(client);
    }
    if let Some(time) = config.time_source() {
        builder = builder.time_source(time);
    }
    if let Some(sleep) = config.sleep_impl() {
        builder = builder.sleep_impl(sleep);
    }
    builder
}

fn form(action: &str, version: &str, parameters: &[(String, String)]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("Action", action).append_pair("Version", version).extend_pairs(parameters).finish()
}

/// The plugin that signs for the service in the region.
fn signing(config: &SdkConfig, service: &'static str, region: String) -> StaticRuntimePlugin {
    let mut layer = Layer::new(service);
    layer.store_put(AuthSchemeOptionResolverParams::new(()));
    layer.store_put(SigV4OperationSigningConfig {
        region: Some(SigningRegion::from(Region::new(region))),
        name: Some(SigningName::from_static(service)),
        ..SigV4OperationSigningConfig::default()
    });
    let mut components = RuntimeComponentsBuilder::new(service);
    let schemes = StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID]);
    components.set_auth_scheme_option_resolver(Some(SharedAuthSchemeOptionResolver::new(schemes)));
    components.push_auth_scheme(SharedAuthScheme::new(SigV4AuthScheme::new()));
    if let Some(cache) = config.identity_cache() {
        components.set_identity_cache(Some(cache));
    }
    let identity = match config.credentials_provider() {
        Some(provider) => SharedIdentityResolver::new(provider),
        None => SharedIdentityResolver::new(Nobody),
    };
    components.set_identity_resolver(SCHEME_ID, identity);
    StaticRuntimePlugin::new().with_config(layer.freeze()).with_runtime_components(components)
}

/// An account without credentials.
#[derive(Debug)]
struct Nobody;

impl ResolveIdentity for Nobody {
    fn resolve_identity<'a>(&'a self, _: &'a RuntimeComponents, _: &'a ConfigBag) -> IdentityFuture<'a> {
        IdentityFuture::ready(Err("no credentials are configured".into()))
    }
}

fn request(asked: Asked) -> Result<HttpRequest, BoxError> {
    let mut request = HttpRequest::new(SdkBody::from(asked.body));
    request.set_method("POST")?;
    request.set_uri("/")?;
    request.headers_mut().insert("content-type", asked.content_type);
    if let Some(target) = asked.target {
        request.headers_mut().insert("x-amz-target", target);
    }
    Ok(request)
}

fn answer(response: &HttpResponse) -> Result<String, OrchestratorError<ErrorMetadata>> {
    let text = std::str::from_utf8(response.body().bytes().unwrap_or_default()).map_err(OrchestratorError::other)?;
    if response.status().is_success() {
        return Ok(text.to_owned());
    }
    Err(OrchestratorError::operation(refusal(text)))
}

/// Code and message of an error document, XML or JSON; without a code where it is none.
fn refusal(text: &str) -> ErrorMetadata {
    let mut error = ErrorMetadata::builder();
    if let Ok(said) = serde_json::from_str::<HashMap<String, Value>>(text) {
        let text = |names: [&str; 2]| names.iter().find_map(|name| said.get(*name)?.as_str());
        let code = text(["__type", "code"]).map(|code| code.rsplit('#').next().unwrap_or_default());
        return error.code(code.unwrap_or_default()).message(text(["message", "Message"]).unwrap_or_default()).build();
    }
    if let Ok(document) = roxmltree::Document::parse(text) {
        let said: HashMap<&str, &str> =
            document.descendants().filter_map(|node| Some((node.tag_name().name(), node.text()?))).collect();
        error = error
            .code(said.get("Code").copied().unwrap_or_default())
            .message(said.get("Message").copied().unwrap_or_default());
    }
    error.build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_document_is_read_by_code_and_anything_else_has_none() {
        let text = "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>No.</Message></Error></Errors>\
                    <RequestID>r</RequestID></Response>";
        let error = refusal(text);
        assert_eq!((error.code(), error.message()), (Some("UnauthorizedOperation"), Some("No.")));
        assert_eq!(refusal("Service unavailable").code(), None);
        let error = refusal(r#"{"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "No."}"#);
        assert_eq!((error.code(), error.message()), (Some("QueueDoesNotExist"), Some("No.")));
    }
}
