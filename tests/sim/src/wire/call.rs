//! From a request's bytes to who calls what where.

use serde_json::Value;

use super::{HttpRequest, cbor, form, query};
use crate::model::Service;
use crate::refusal::Refusal;

/// How request and answer are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// JSON 1.1 or 1.0 with `X-Amz-Target`.
    Json,
    /// Forms and XML, also in EC2's manner.
    Query,
    /// Smithy RPC v2 with CBOR bodies; service and operation are in the path.
    Cbor,
}

/// One call of an AWS action, not yet validated.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The service's name in the signing scope.
    pub service: String,
    /// Its model, where there is one.
    pub model: Option<Service>,
    /// How the answer is written.
    pub protocol: Protocol,
    /// The action.
    pub action: String,
    /// The access key id.
    pub access_key: String,
    /// The Region of the signing scope.
    pub region: String,
    /// Who calls, for transcripts and faults: header `x-sim-actor`, else the access key id.
    pub actor: String,
    /// The input.
    pub input: Value,
}

/// Reads a request. A body that cannot be read still yields a call, with the refusal beside it.
pub fn read(request: &HttpRequest) -> (Call, Option<Refusal>) {
    let header = |name: &str| request.headers.get(name).map_or("", String::as_str);
    let scope = Scope::read(header("authorization"));
    let target = header("x-amz-target");
    let mut refusal = None;
    let (model, protocol, action, input) = if header("smithy-protocol") == "rpc-v2-cbor" {
        let (prefix, action) = rpc_path(&request.uri);
        let input = cbor::read(&request.body).ok().filter(Value::is_object).unwrap_or_else(|| {
            refusal = Some(Refusal::serialization("The request body is not a CBOR map."));
            Value::Null
        });
        (Service::from_target_prefix(prefix), Protocol::Cbor, action.to_owned(), input)
    } else if let Some((prefix, action)) = target.rsplit_once('.') {
        let body: &[u8] = if request.body.is_empty() { b"{}" } else { &request.body };
        let input = match serde_json::from_slice::<Value>(body) {
            Ok(input) if input.is_object() => input,
            _ => {
                refusal = Some(Refusal::serialization("The request body is not a JSON object."));
                Value::Null
            }
        };
        (Service::from_target_prefix(prefix), Protocol::Json, action.to_owned(), input)
    } else {
        let model = Service::from_signing_name(&scope.service);
        let (action, input) = read_form(model, &request.body);
        (model, Protocol::Query, action, input)
    };
    if scope.access_key.is_empty() {
        let code = match protocol {
            Protocol::Json | Protocol::Cbor => "MissingAuthenticationTokenException",
            Protocol::Query => "MissingAuthenticationToken",
        };
        let missing = Refusal::new(code, "Missing Authentication Token");
        refusal = Some(Refusal { status: 403, ..missing });
    }
    let actor = match header("x-sim-actor") {
        "" => scope.access_key.clone(),
        named => named.to_owned(),
    };
    let service = model.map_or(scope.service, |model| model.signing_name().to_owned());
    let call =
        Call { service, model, protocol, action, access_key: scope.access_key, region: scope.region, actor, input };
    (call, refusal)
}

/// Service and operation of `/service/<service>/operation/<operation>`.
fn rpc_path(uri: &str) -> (&str, &str) {
    let path = uri.split('?').next().unwrap_or_default();
    let rest = path.split_once("/service/").map_or("", |(_, rest)| rest);
    rest.split_once("/operation/").unwrap_or_default()
}

/// Action and input of a form.
fn read_form(model: Option<Service>, body: &[u8]) -> (String, Value) {
    let mut form = query::parse(body);
    let mut take = |name: &str| form.as_object_mut().and_then(|members| members.remove(name));
    let action = take("Action").and_then(|action| action.as_str().map(str::to_owned)).unwrap_or_default();
    let _version = take("Version");
    let input = match model {
        Some(service) => form::typed(service, &action, form),
        None => form,
    };
    (action, input)
}

#[derive(Default)]
struct Scope {
    access_key: String,
    region: String,
    service: String,
}

impl Scope {
    /// `AWS4-HMAC-SHA256 Credential=<key>/<date>/<region>/<service>/aws4_request, …`
    fn read(authorization: &str) -> Self {
        let Some((_, rest)) = authorization.split_once("Credential=") else {
            return Self::default();
        };
        let credential = rest.split([',', ' ']).next().unwrap_or_default();
        let mut parts = credential.split('/');
        let access_key = parts.next().unwrap_or_default().to_owned();
        let region = parts.nth(1).unwrap_or("us-east-1").to_owned();
        let service = parts.next().unwrap_or_default().to_owned();
        Self { access_key, region, service }
    }
}
