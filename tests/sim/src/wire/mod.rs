//! Bytes to requests and answers to bytes.

pub mod call;
pub mod cbor;
pub mod form;
pub mod query;
pub mod xml;

use std::collections::BTreeMap;

/// A request as it came over the wire.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HttpRequest {
    /// `POST`, `GET`, …
    pub method: String,
    /// Path and query.
    pub uri: String,
    /// Header values by lower-case name.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

/// An answer, and what a front end must do to deliver it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HttpResponse {
    /// The HTTP status.
    pub status: u16,
    /// Header values by lower-case name.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
    /// Wait so long (virtual milliseconds) before delivering.
    pub delay_ms: i64,
    /// Close the connection instead of answering.
    pub reset: bool,
    /// Never answer.
    pub hang: bool,
}
