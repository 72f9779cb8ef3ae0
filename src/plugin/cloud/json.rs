//! Services by AWS's JSON protocol of which a read or two is needed, so that there is no SDK crate for them.

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
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::Layer;
use aws_smithy_types::error::metadata::ErrorMetadata;
use aws_types::SigningName;
use aws_types::region::SigningRegion;
use serde_json::Value;

use super::Cloud;

/// A service, and how it is reached.
#[derive(Clone, Copy, Debug)]
pub struct Speaks {
    /// Its name in signatures.
    signing: &'static str,
    /// Its host before the Region.
    host: &'static str,
    /// What stands before the operation in `X-Amz-Target`.
    target: &'static str,
}

/// CloudWatch Logs.
pub const LOGS: Speaks = Speaks { signing: "logs", host: "logs", target: "Logs_20140328" };
/// Secrets Manager.
pub const SECRETS: Speaks = Speaks { signing: "secretsmanager", host: "secretsmanager", target: "secretsmanager" };
/// Systems Manager.
pub const PARAMETERS: Speaks = Speaks { signing: "ssm", host: "ssm", target: "AmazonSSM" };
/// Amazon ECR.
pub const REGISTRY: Speaks = Speaks { signing: "ecr", host: "api.ecr", target: "AmazonEC2ContainerRegistry_V20150921" };

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Said {
    /// AWS's code; `error` where none came.
    pub code: String,
    /// What it says.
    pub message: String,
}

impl Cloud {
    /// Asks a service, once.
    pub async fn ask(&self, speaks: &Speaks, operation: &str, region: &str, asked: Value) -> Result<Value, Said> {
        let answer = self.operation(speaks, operation, region).invoke(asked).await;
        answer.map_err(|error| match error.as_service_error() {
            Some(said) => Said {
                code: said.code().unwrap_or("error").to_owned(),
                message: said.message().unwrap_or_default().to_owned(),
            },
            None => {
                Said { code: "error".to_owned(), message: aws_sdk_ecs::error::DisplayErrorContext(&error).to_string() }
            }
        })
    }

    fn operation(&self, speaks: &Speaks, name: &str, region: &str) -> Operation<Value, Value, ErrorMetadata> {
        let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let public = format!("https://{}.{region}.{domain}", speaks.host);
        let endpoint = self.config.endpoint_url().unwrap_or(&public);
        let target = format!("{}.{name}", speaks.target);
        let mut builder = Operation::builder()
            .service_name(speaks.signing)
            .operation_name(name.to_owned())
            .behavior_version(aws_config::BehaviorVersion::v2026_01_12())
            .endpoint_url(endpoint)
            .no_retry()
            .runtime_plugin(self.signing(speaks, region));
        if let Some(client) = self.config.http_client() {
            builder = builder.http_client(client);
        }
        if let Some(time) = self.config.time_source() {
            builder = builder.time_source(time);
        }
        if let Some(sleep) = self.config.sleep_impl() {
            builder = builder.sleep_impl(sleep);
        }
        builder.serializer(move |asked: Value| request(&target, &asked)).deserializer(answer).build()
    }

    fn signing(&self, speaks: &Speaks, region: &str) -> StaticRuntimePlugin {
        let mut layer = Layer::new(speaks.signing);
        layer.store_put(AuthSchemeOptionResolverParams::new(()));
        layer.store_put(SigV4OperationSigningConfig {
            region: Some(SigningRegion::from(Self::region_of(region))),
            name: Some(SigningName::from_static(speaks.signing)),
            ..SigV4OperationSigningConfig::default()
        });
        let mut components = RuntimeComponentsBuilder::new(speaks.signing);
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

fn request(target: &str, asked: &Value) -> Result<HttpRequest, BoxError> {
    let mut request = HttpRequest::new(SdkBody::from(asked.to_string()));
    request.set_method("POST")?;
    request.set_uri("/")?;
    request.headers_mut().insert("content-type", "application/x-amz-json-1.1");
    request.headers_mut().insert("x-amz-target", target.to_owned());
    Ok(request)
}

fn answer(response: &HttpResponse) -> Result<Value, OrchestratorError<ErrorMetadata>> {
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
