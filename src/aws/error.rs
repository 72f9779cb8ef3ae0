//! One error type for every AWS call: operation, class, code, message, request id.

use std::error::Error;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::classify::{self, Class, code, recognise};
use super::fence::NO_LEASE;

/// The most bytes of a message that are kept.
pub const MESSAGE_BYTES: usize = 1_024;
const CODE_BYTES: usize = 128;

/// A failed AWS call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{operation}: {code}: {message}")]
pub struct AwsError {
    /// AWS's name of the operation.
    pub operation: &'static str,
    /// What kind of failure it is.
    pub class: Class,
    /// AWS's error code, or one of [`classify::code`] where AWS gave none.
    pub code: String,
    /// The message: at most [`MESSAGE_BYTES`], without control characters.
    pub message: String,
    /// AWS's request id, if an answer came.
    pub request_id: Option<String>,
}

impl AwsError {
    /// An error made from its code and message; the class follows from them.
    pub fn new(operation: &'static str, code: &str, message: &str) -> Self {
        Self::with_status(operation, code, message, None).0
    }

    fn with_status(operation: &'static str, code: &str, message: &str, status: Option<u16>) -> (Self, bool) {
        let (class, recognised) = recognise(code, message, status);
        let code = if code.is_empty() { code::UNREADABLE } else { code };
        let message = match status {
            _ if !message.trim().is_empty() => tidy(message, MESSAGE_BYTES),
            Some(status) => format!("HTTP {status} without a reason"),
            None => "no reason was given".to_owned(),
        };
        let error = Self { operation, class, code: tidy(code, CODE_BYTES), message, request_id: None };
        (error, recognised)
    }

    /// From an SDK error of any operation. Reads code and message only, never the SDK's enum.
    pub fn from_sdk<E>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        Self::recognise_sdk(operation, error).0
    }

    /// As [`AwsError::from_sdk`], with whether code and message are known to the table.
    pub(crate) fn recognise_sdk<E>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> (Self, bool)
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let raw = error.raw_response();
        let status = raw.map(|answer| answer.status().as_u16());
        let (code, message) = match error {
            SdkError::ServiceError(service) => {
                let meta = service.err().meta();
                (meta.code().unwrap_or_default(), meta.message().unwrap_or_default().to_owned())
            }
            SdkError::TimeoutError(_) => (code::TIMEOUT, chain(error)),
            SdkError::DispatchFailure(failure) => {
                let text = chain(error);
                (dispatch_code(failure.is_timeout(), failure.is_io(), &text), text)
            }
            SdkError::ConstructionFailure(_) => (code::CONSTRUCTION, chain(error)),
            // Later kinds of the SDK's error too: an answer we could not make sense of.
            SdkError::ResponseError(_) | _ => (code::UNREADABLE, chain(error)),
        };
        let code =
            if code != code::TIMEOUT && raw.is_none() && message.contains(NO_LEASE) { code::FENCED } else { code };
        let (mut made, recognised) = Self::with_status(operation, code, &message, status);
        made.request_id =
            raw.and_then(|answer| answer.headers().get("x-amzn-requestid")).map(|id| tidy(id, CODE_BYTES));
        (made, recognised)
    }

    /// Did the request certainly not leave?
    pub(super) fn never_left(&self) -> bool {
        [code::UNREACHABLE, code::FENCED, code::CONSTRUCTION, code::NO_CREDENTIALS].contains(&self.code.as_str())
    }

    /// Does it say that the endpoint is out of order, rather than anything of the request?
    pub fn is_outage(&self) -> bool {
        self.class == Class::UnknownOutcome && self.code != code::UNANSWERED
    }

    /// The code as a metric label from a closed set.
    pub fn code_label(&self) -> &'static str {
        classify::code_label(&self.code)
    }
}

/// A failure before the request left that speaks of credentials is the account's, not the network's.
fn dispatch_code(timeout: bool, io: bool, text: &str) -> &'static str {
    let text = text.to_ascii_lowercase();
    let identity = ["credential", "identity", "auth scheme"].iter().any(|word| text.contains(word));
    match (timeout, io) {
        (true, _) => code::TIMEOUT,
        (false, false) if identity => code::NO_CREDENTIALS,
        (false, _) => code::DISPATCH,
    }
}

/// The error and its causes in one line.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        if !text.ends_with(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        next = cause.source();
    }
    without_users(&text)
}

/// The text without what stands before an `@` in a URL: a proxy's user and password.
fn without_users(text: &str) -> String {
    let mut parts = text.split("://");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let ends = |c: char| c == '/' || c.is_whitespace() || matches!(c, '"' | '\'' | ')' | '`');
        let (authority, rest) = part.split_at(part.find(ends).unwrap_or(part.len()));
        let host = authority.rsplit('@').next().unwrap_or_default();
        out.push_str("://");
        out.push_str(host);
        out.push_str(rest);
    }
    out
}

/// Control characters become spaces; cut at `limit` bytes on a character boundary.
pub(crate) fn tidy(text: &str, limit: usize) -> String {
    let mut out = String::with_capacity(text.len().min(limit));
    for c in text.chars().map(|c| if c.is_control() { ' ' } else { c }) {
        if out.len() + c.len_utf8() > limit {
            break;
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_cut_on_a_character_boundary_and_stays_one_line() {
        let long = "é".repeat(MESSAGE_BYTES);
        let error = AwsError::new("UpdateService", "ClientException", &format!("a\n\u{1b}[31m{long}"));
        assert!(error.message.len() <= MESSAGE_BYTES && error.message.len() > MESSAGE_BYTES - 2);
        assert!(!error.message.chars().any(char::is_control));
    }

    #[test]
    fn an_error_reads_operation_code_message() {
        let error =
            AwsError::new("RegisterTaskDefinition", "ClientException", "Too many concurrent attempts to create");
        assert_eq!(
            error.to_string(),
            "RegisterTaskDefinition: ClientException: Too many concurrent attempts to create"
        );
        assert_eq!(error.class, Class::Concurrent);
    }

    #[test]
    fn the_user_of_a_proxy_is_left_out() {
        let said =
            without_users("tunnel http://me:hunter2@proxy:3128/ to https://ecs.eu-west-1.amazonaws.com: \"x://a:b@c\"");
        assert_eq!(said, "tunnel http://proxy:3128/ to https://ecs.eu-west-1.amazonaws.com: \"x://c\"");
        assert_eq!(without_users("a@b: no answer"), "a@b: no answer");
    }

    #[test]
    fn an_error_without_a_message_says_at_least_its_status() {
        let said = |status| AwsError::with_status("GetCallerIdentity", "", " ", status).0.to_string();
        assert_eq!(said(Some(503)), "GetCallerIdentity: UnreadableAnswer: HTTP 503 without a reason");
        assert_eq!(said(None), "GetCallerIdentity: UnreadableAnswer: no reason was given");
    }

    #[test]
    fn an_error_without_a_code_is_an_unreadable_answer() {
        let error = AwsError::new("UpdateService", "", "<html>");
        assert_eq!((error.code.as_str(), error.class), (code::UNREADABLE, Class::UnknownOutcome));
    }
}
