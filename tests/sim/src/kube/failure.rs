//! Refusals: the `Status` objects of the API machinery, by reason.

use serde_json::{Value, json};

use super::kinds::Kind;
use super::schema::Violation;

pub(crate) type Outcome<T> = Result<T, Failure>;

/// One refusal, on its way to becoming a `Status` body.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) code: u16,
    reason: &'static str,
    message: String,
    details: Option<Box<Value>>,
}

impl Failure {
    pub(crate) fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), details: None }
    }

    fn with(mut self, details: Value) -> Self {
        self.details = Some(Box::new(details));
        self
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// No such path, or a verb that the resource does not serve.
    pub(crate) fn no_route() -> Self {
        Self::new(404, "NotFound", "the server could not find the requested resource").with(json!({}))
    }

    pub(crate) fn not_allowed() -> Self {
        Self::new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")
            .with(json!({}))
    }

    pub(crate) fn media_type(got: &str) -> Self {
        Self::new(
            415,
            "UnsupportedMediaType",
            format!(
                "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml (got {got:?})"
            ),
        )
    }

    pub(crate) fn not_found(kind: &Kind, name: &str) -> Self {
        Self::new(404, "NotFound", format!("{} {name:?} not found", kind.qualified())).with(kind.details(name))
    }

    pub(crate) fn already_exists(kind: &Kind, name: &str) -> Self {
        Self::new(409, "AlreadyExists", format!("{} {name:?} already exists", kind.qualified()))
            .with(kind.details(name))
    }

    pub(crate) fn conflict(kind: &Kind, name: &str, why: &str) -> Self {
        Self::new(409, "Conflict", format!("Operation cannot be fulfilled on {} {name:?}: {why}", kind.qualified()))
            .with(kind.details(name))
    }

    /// 409 of a delete whose preconditions do not hold; it names the kind, not the resource.
    pub(crate) fn precondition(kind: &Kind, name: &str, why: &str) -> Self {
        let mut failure = Self::conflict(kind, name, why);
        if let Some(map) = failure.details.as_mut().and_then(|d| d.as_object_mut()) {
            map.insert("kind".into(), kind.kind.clone().into());
        }
        failure
    }

    /// The usual answer to a stale resourceVersion.
    pub(crate) fn stale(kind: &Kind, name: &str) -> Self {
        Self::conflict(
            kind,
            name,
            "the object has been modified; please apply your changes to the latest version and try again",
        )
    }

    pub(crate) fn terminating(kind: &Kind, name: &str, namespace: &str) -> Self {
        let mut details = kind.details(name);
        let cause = json!([{
            "reason": "NamespaceTerminating",
            "message": format!("namespace {namespace} is being terminated"),
            "field": "metadata.namespace",
        }]);
        if let Some(map) = details.as_object_mut() {
            map.insert("causes".into(), cause);
        }
        Self::new(
            403,
            "Forbidden",
            format!("{} {name:?} is forbidden: unable to create new content in namespace {namespace} because it is being terminated", kind.qualified()),
        )
        .with(details)
    }

    pub(crate) fn expired(message: impl Into<String>) -> Self {
        Self::new(410, "Expired", message)
    }

    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(500, "InternalError", message)
    }

    /// A plain error that the server knows no reason for.
    pub(crate) fn unknown(message: impl Into<String>) -> Self {
        Self::new(500, "", message)
    }

    /// 422 with one cause for each violation.
    pub(crate) fn invalid(kind: &str, group: &str, name: &str, found: &[Violation]) -> Self {
        let texts: Vec<String> = found.iter().map(|v| format!("{}: {}", v.field, v.message)).collect();
        let joined = match texts.as_slice() {
            [one] => one.clone(),
            many => format!("[{}]", many.join(", ")),
        };
        let qualified = if group.is_empty() { kind.to_owned() } else { format!("{kind}.{group}") };
        let causes: Vec<Value> =
            found.iter().map(|v| json!({"reason": v.reason, "message": v.message, "field": v.field})).collect();
        let mut details = json!({"causes": causes});
        for (member, value) in [("name", name), ("kind", kind), ("group", group)] {
            if let (false, Some(map)) = (value.is_empty(), details.as_object_mut()) {
                map.insert(member.into(), value.into());
            }
        }
        Self::new(422, "Invalid", format!("{qualified} {name:?} is invalid: {joined}")).with(details)
    }

    /// 422 for a patch whose `test` failed or whose path is not there.
    pub(crate) fn unprocessable(message: impl Into<String>) -> Self {
        Self::new(422, "Invalid", message).with(json!({}))
    }

    /// 409 of server-side apply, one cause for each field another writer owns.
    pub(crate) fn apply_conflict(owners: &[(String, String)]) -> Self {
        let causes: Vec<Value> = owners
            .iter()
            .map(|(field, owner)| {
                json!({"reason": "FieldManagerConflict", "message": format!("conflict with {owner:?}"), "field": field})
            })
            .collect();
        let text = match owners {
            [(field, owner)] => {
                format!("Apply failed with 1 conflict: conflict with {owner:?}: {field}")
            }
            many => {
                let lines: Vec<String> =
                    many.iter().map(|(field, owner)| format!("conflict with {owner:?}: {field}")).collect();
                format!("Apply failed with {} conflicts: {}", many.len(), lines.join(", "))
            }
        };
        Self::new(409, "Conflict", text).with(json!({"causes": causes}))
    }

    pub(crate) fn too_large(asked: u64, current: u64) -> Self {
        Self::new(504, "Timeout", format!("Too large resource version: {asked}, current: {current}")).with(
            json!({"causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}], "retryAfterSeconds": 1}),
        )
    }

    /// The `Status` body.
    pub(crate) fn body(&self) -> Value {
        let mut body = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "code": self.code,
        });
        if let Some(map) = body.as_object_mut() {
            if !self.reason.is_empty() {
                map.insert("reason".into(), self.reason.into());
            }
            if let Some(details) = &self.details {
                map.insert("details".into(), (**details).clone());
            }
        }
        body
    }
}
