//! Plain HTTP GET over the SDK's HTTP client: bounded in time and size, no redirects, no credentials.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_ecs::config::timeout::TimeoutConfig;
use aws_smithy_runtime::client::defaults::default_http_client_plugin_v2;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::interceptors::context::{Error, Output};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugin;
use aws_smithy_runtime_api::client::ser_de::DeserializeResponse;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::error::metadata::ErrorMetadata;
use http::Uri;
use tokio::time::timeout;

use super::clients::{Aws, behavior};
use super::error::tidy;

/// The most bytes of an answer that are read.
pub const ANSWER_BYTES: usize = 1 << 20;
const CONNECT: Duration = Duration::from_secs(5);
const SAID_BYTES: usize = 256;

/// Why there is no answer. Says nothing of what an answer contained.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebError {
    /// Not a URL that is fetched.
    #[error("not a URL that can be read: {0}")]
    BadUrl(&'static str),
    /// A host that is not on the operator's list.
    #[error("host `{0}` is not on the operator's list; an admin has to add it to ECS_OPERATOR_METRIC_HOSTS")]
    Host(String),
    /// No connection, or it broke.
    #[error("no answer: {0}")]
    Unreachable(String),
    /// It took too long.
    #[error("no answer within {0} s")]
    TimedOut(u64),
    /// More than [`ANSWER_BYTES`].
    #[error("the answer is larger than 1 MiB")]
    TooLarge,
    /// A status other than 2xx; redirects are not followed.
    #[error("answered {0}")]
    Status(u16),
}

/// The HTTP client that requests go over.
#[derive(Clone, Debug)]
pub(super) struct Web {
    client: Option<SharedHttpClient>,
    hosts: Arc<[String]>,
}

/// The HTTP client of a configuration, or the SDK's own.
pub fn http_client(config: &SdkConfig) -> Option<SharedHttpClient> {
    let default = || {
        let plugin = default_http_client_plugin_v2(behavior())?;
        plugin.runtime_components(&RuntimeComponentsBuilder::new("web")).http_client()
    };
    config.http_client().or_else(default)
}

impl Web {
    /// The client of the configuration, or the SDK's own; `hosts` may be asked, all of them for `*`.
    pub(super) fn new(config: &SdkConfig, hosts: &[String]) -> Self {
        Self { client: http_client(config), hosts: hosts.into() }
    }

    /// Origin and path of a URL that may be asked.
    fn admit(&self, url: &str) -> Result<(String, String), WebError> {
        let (host, origin, path) = taken_apart(url)?;
        if self.hosts.iter().any(|pattern| listed(pattern, &host)) {
            Ok((origin, path))
        } else {
            Err(WebError::Host(host))
        }
    }

    async fn get(&self, url: &str) -> Result<Vec<u8>, WebError> {
        let (origin, path) = self.admit(url)?;
        let client = self.client.clone().ok_or_else(|| WebError::Unreachable("no HTTP client".to_owned()))?;
        let operation = Operation::builder()
            .service_name("web")
            .operation_name("Get")
            .behavior_version(behavior())
            .http_client(client)
            .endpoint_url(&origin)
            .no_auth()
            .no_retry()
            // The caller's time limit is the only one beside the connection's.
            .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT).build())
            .serializer(|path: String| {
                let mut request = HttpRequest::new(SdkBody::empty());
                request.set_uri(path)?;
                request.headers_mut().insert("accept", "application/json");
                Ok(request)
            })
            .deserializer_impl::<Streamed, ErrorMetadata>(Undelivered)
            .build();
        let answer = operation.invoke(path).await.map_err(|error| WebError::Unreachable(said(&error)))?;
        if !(200..300).contains(&answer.status) {
            return Err(WebError::Status(answer.status));
        }
        read(answer.body).await
    }
}

impl Aws {
    /// Whether a document may be asked for at all. Makes no call.
    pub fn may_fetch(&self, url: &str) -> Result<(), WebError> {
        self.web().admit(url).map(drop)
    }

    /// The body of a document, fetched without credentials.
    pub async fn fetch(&self, url: &str, limit: Duration) -> Result<Vec<u8>, WebError> {
        let answer = Box::pin(timeout(limit, self.web().get(url))).await;
        answer.unwrap_or(Err(WebError::TimedOut(limit.as_secs())))
    }
}

/// Is the host what an entry says: all for `*`, those below `example.com` for `*.example.com`, else itself?
fn listed(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some("") => true,
        Some(below) => below.starts_with('.') && host.to_ascii_lowercase().ends_with(&below.to_ascii_lowercase()),
        None => pattern.eq_ignore_ascii_case(host),
    }
}

/// Host, origin and path of a URL that is one.
fn taken_apart(url: &str) -> Result<(String, String, String), WebError> {
    let uri = Uri::from_str(url).map_err(|_| WebError::BadUrl("it does not parse"))?;
    let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https"));
    let scheme = scheme.ok_or(WebError::BadUrl("it must begin with http:// or https://"))?;
    let authority = uri.authority().ok_or(WebError::BadUrl("it names no host"))?;
    if authority.as_str().contains('@') {
        return Err(WebError::BadUrl("it must not contain a user"));
    }
    if is_metadata(authority.host()) {
        return Err(WebError::BadUrl("it is the address of instance metadata or credentials"));
    }
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let host = authority.host().trim_end_matches('.').to_owned();
    Ok((host, format!("{scheme}://{authority}"), path.to_owned()))
}

/// Addresses that answer anyone on the host with its credentials.
fn is_metadata(host: &str) -> bool {
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => address.is_link_local(),
        Ok(IpAddr::V6(address)) => {
            let mapped = address.to_ipv4_mapped().is_some_and(|address| address.is_link_local());
            mapped || address.is_unicast_link_local() || address.segments().starts_with(&[0xfd00, 0xec2])
        }
        // `2852039166` and `0xa9fea9fe` are addresses to a resolver, too.
        Err(_) => host.trim_end_matches('.').rsplit('.').next().is_some_and(numeric),
    }
}

/// Does a resolver read the last part of a host as a number, and so the host as an address?
fn numeric(label: &str) -> bool {
    let hexadecimal = label.strip_prefix("0x").or(label.strip_prefix("0X"));
    let digits =
        |text: &str, hex: bool| text.chars().all(|c| if hex { c.is_ascii_hexdigit() } else { c.is_ascii_digit() });
    hexadecimal.map_or(!label.is_empty() && digits(label, false), |rest| digits(rest, true))
}

/// Reads a body to its end, or to the limit.
async fn read(body: SdkBody) -> Result<Vec<u8>, WebError> {
    let mut stream = ByteStream::new(body);
    let mut all = Vec::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| WebError::Unreachable(tidy(&error.to_string(), SAID_BYTES)))?;
        if all.len() + chunk.len() > ANSWER_BYTES {
            return Err(WebError::TooLarge);
        }
        all.extend_from_slice(&chunk);
    }
    Ok(all)
}

/// The last cause: what went wrong with the connection.
fn said(error: &SdkError<ErrorMetadata, HttpResponse>) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    tidy(&cause.to_string(), SAID_BYTES)
}

/// An answer whose body has not been read.
#[derive(Debug)]
struct Streamed {
    status: u16,
    body: SdkBody,
}

/// Hands the answer over before its body is read.
struct Undelivered;

impl fmt::Debug for Undelivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Undelivered")
    }
}

impl DeserializeResponse for Undelivered {
    fn deserialize_streaming_with_config(
        &self,
        response: &mut HttpResponse,
        _: &ConfigBag,
    ) -> Option<Result<Output, OrchestratorError<Error>>> {
        let status = response.status().as_u16();
        let body = std::mem::replace(response.body_mut(), SdkBody::taken());
        Some(Ok(Output::erase(Streamed { status, body })))
    }

    fn deserialize_nonstreaming_with_config(
        &self,
        _: &HttpResponse,
        _: &ConfigBag,
    ) -> Result<Output, OrchestratorError<Error>> {
        Err(OrchestratorError::other("the answer was taken before"))
    }
}

#[cfg(test)]
#[path = "web_tests.rs"]
mod tests;
