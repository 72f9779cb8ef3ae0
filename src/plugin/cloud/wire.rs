//! One signed request to a service of which a read or two is needed, so that there is no SDK crate for it.

use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::error::metadata::ErrorMetadata;
use serde_json::Value;

use super::Cloud;
use crate::aws::signed;

/// A request.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// Service, as signatures name it.
    pub(super) service: &'static str,
    /// Region, as signatures name it.
    pub(super) region: String,
    /// The public endpoint; one of the configuration takes its place.
    pub(super) endpoint: String,
    /// Headers.
    pub(super) headers: Vec<(&'static str, String)>,
    /// Body.
    pub(super) body: String,
}

/// What came back, whether good or not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The `Date` header: the server's clock.
    pub date: Option<String>,
    /// Body.
    pub text: String,
}

impl Asked {
    /// A request of a JSON protocol.
    pub(super) fn json(service: &'static str, region: &str, host: &str, target: &str, body: &Value) -> Self {
        let headers =
            vec![("content-type", "application/x-amz-json-1.1".to_owned()), ("x-amz-target", target.to_owned())];
        let endpoint = format!("https://{host}.{region}.{}", domain(region));
        Self { service, region: region.to_owned(), endpoint, headers, body: body.to_string() }
    }

    /// A request of a Query protocol.
    pub(super) fn form(service: &'static str, region: &str, endpoint: String, parameters: &[(String, String)]) -> Self {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        let headers = vec![("content-type", "application/x-www-form-urlencoded".to_owned())];
        Self { service, region: region.to_owned(), endpoint, headers, body }
    }
}

/// Where the public endpoints of a Region are.
pub(super) fn domain(region: &str) -> &'static str {
    if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" }
}

impl Answer {
    /// Code and message of a refusal; `None` for a good answer.
    pub(super) fn refusal(&self) -> Option<(String, String)> {
        if (200..300).contains(&self.status) {
            return None;
        }
        let said: Value = serde_json::from_str(&self.text).unwrap_or_default();
        let text = |names: &[&str]| names.iter().find_map(|name| said.get(name)?.as_str().map(str::to_owned));
        let code = text(&["__type", "code"]).or_else(|| self.element("Code"));
        let code = code.unwrap_or_else(|| format!("HTTP {}", self.status));
        let message = text(&["message", "Message"]).or_else(|| self.element("Message")).unwrap_or_default();
        Some((code.rsplit('#').next().unwrap_or_default().to_owned(), message))
    }

    /// The text of the first XML element of this name.
    pub(super) fn element(&self, name: &str) -> Option<String> {
        let document = roxmltree::Document::parse(&self.text).ok()?;
        let node = document.descendants().find(|node| node.tag_name().name() == name)?;
        node.text().map(str::to_owned)
    }
}

impl Cloud {
    /// Sends it; an error is one of the way there.
    pub(super) async fn send(&self, asked: Asked) -> Result<Answer, String> {
        let endpoint = self.config.endpoint_url().unwrap_or(&asked.endpoint).to_owned();
        let operation = signed(&self.config, asked.service, asked.region.clone(), &endpoint);
        let operation: Operation<Asked, Answer, ErrorMetadata> =
            operation.operation_name("Ask").serializer(request).deserializer(answer).build();
        let sent = operation.invoke(asked).await;
        sent.map_err(|error| aws_sdk_ecs::error::DisplayErrorContext(&error).to_string())
    }
}

fn request(asked: Asked) -> Result<HttpRequest, BoxError> {
    let mut request = HttpRequest::new(SdkBody::from(asked.body));
    request.set_method("POST")?;
    request.set_uri("/")?;
    for (name, value) in asked.headers {
        request.headers_mut().insert(name, value);
    }
    Ok(request)
}

#[expect(clippy::unnecessary_wraps, reason = "the signature of a deserializer")]
fn answer(response: &HttpResponse) -> Result<Answer, OrchestratorError<ErrorMetadata>> {
    let body = response.body().bytes().unwrap_or_default();
    Ok(Answer {
        status: response.status().as_u16(),
        date: response.headers().get("date").map(str::to_owned),
        text: String::from_utf8_lossy(body).into_owned(),
    })
}
