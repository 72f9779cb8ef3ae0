//! Pages of listings: opaque tokens, each bound to its operation, filter and snapshot.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::refusal::Refusal;
use crate::world::Cx;

/// How long a token is good for (a guess), milliseconds.
const TOKEN_LIFE: i64 = 15 * 60 * 1000;

#[derive(Debug, Clone)]
struct Open {
    filter: String,
    items: Arc<Vec<Value>>,
    offset: usize,
    expires: i64,
}

/// Listings that have a next page.
#[derive(Debug, Clone, Default)]
pub struct Tokens(BTreeMap<String, Open>);

/// One page.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The page's items.
    pub items: Vec<Value>,
    /// Token of the next page.
    pub next: Option<String>,
}

impl Page {
    /// The answer `{ member: items, nextToken }`.
    pub fn into_answer(self, member: &str) -> Value {
        let mut answer = serde_json::json!({ member: self.items });
        if let Some(next) = self.next {
            super::set(&mut answer, "nextToken", next);
        }
        answer
    }
}

/// The page that `input` (members `nextToken`, `maxResults`) asks for.
///
/// `items` is the whole listing in its order; it is ignored when a token names an open listing.
/// Errors: `InvalidParameterException` for a foreign, wrong or expired token, or a size outside `1..=ceiling`.
pub fn page(
    cx: &mut Cx,
    operation: &str,
    input: &Value,
    items: Vec<Value>,
    default: usize,
    ceiling: usize,
) -> Result<Page, Refusal> {
    let size = match input.get("maxResults").and_then(Value::as_i64) {
        None => default,
        Some(asked) => usize::try_from(asked)
            .ok()
            .filter(|size| (1..=ceiling).contains(size))
            .ok_or_else(|| Refusal::invalid_parameter(format!("maxResults must be between 1 and {ceiling}.")))?,
    };
    let filter = filter_text(cx, operation, input);
    let now = cx.now;
    cx.tokens.0.retain(|_, open| open.expires > now);
    let (items, offset) = match super::text(input, "nextToken") {
        None => (Arc::new(items), 0),
        Some(token) => match cx.tokens.0.get(token) {
            Some(open) if open.filter == filter => (Arc::clone(&open.items), open.offset),
            _ => return Err(Refusal::invalid_parameter("Invalid token.")),
        },
    };
    let shown: Vec<Value> = items.iter().skip(offset).take(size).cloned().collect();
    let reached = offset + shown.len();
    let next = (reached < items.len()).then(|| cx.rng.hex(48));
    if let Some(token) = &next {
        let open = Open { filter, items, offset: reached, expires: now + TOKEN_LIFE };
        cx.tokens.0.insert(token.clone(), open);
    }
    Ok(Page { items: shown, next })
}

fn filter_text(cx: &Cx, operation: &str, input: &Value) -> String {
    let mut filter = input.clone();
    if let Value::Object(members) = &mut filter {
        members.remove("nextToken");
        members.remove("maxResults");
    }
    format!("{} {} {operation} {filter}", cx.key.account, cx.key.region)
}
