//! Get and list: pages, selectors, consistent snapshots.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::answer::partial;
use super::failure::{Failure, Outcome};
use super::route::Ask;
use super::selector::Selector;
use super::store::{Key, MemApi};

const TOO_OLD: &str = "The resourceVersion for the provided list is too old.";
const OLD_TOKEN: &str = "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results.";

/// Where a list goes on: the snapshot and the last key delivered.
struct Token {
    revision: u64,
    namespace: String,
    name: String,
}

impl Token {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, ':');
        let revision = parts.next()?.parse().ok()?;
        Some(Self { revision, namespace: parts.next()?.to_owned(), name: parts.next()?.to_owned() })
    }
}

pub(crate) fn revision_option(ask: &Ask) -> Outcome<Option<u64>> {
    match ask.option("resourceVersion") {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| {
            Failure::bad_request(format!(
                "Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: invalid syntax"
            ))
        }),
    }
}

impl MemApi {
    pub(crate) fn read(&self, ask: &Ask, name: &str) -> Outcome<Value> {
        let key = ask.key(name);
        let revision = self.read_revision(ask.option("resourceVersion") == "0");
        let found = if revision == self.revision() {
            self.object(&key)
        } else {
            self.view(&key.resource, &key.namespace, revision).and_then(|mut view| view.remove(&key))
        };
        found.map(|o| (*o).clone()).ok_or_else(|| Failure::not_found(&ask.kind, name))
    }

    pub(crate) fn selector(ask: &Ask) -> Outcome<Selector> {
        Selector::parse(&ask.kind, ask.option("labelSelector"), ask.option("fieldSelector"))
    }

    /// The snapshot a list is answered from.
    fn snapshot(&self, ask: &Ask, token: Option<&Token>) -> Outcome<(u64, BTreeMap<Key, Arc<Value>>)> {
        let resource = ask.kind.qualified();
        let asked = revision_option(ask)?;
        let revision = match (token, asked) {
            (Some(token), _) => token.revision,
            (None, Some(exact)) if ask.option("resourceVersionMatch") == "Exact" => exact,
            (None, asked) => self.read_revision(asked == Some(0)),
        };
        let least = asked.unwrap_or_default().max(revision);
        if least > self.revision() {
            return Err(Failure::too_large(least, self.revision()));
        }
        let too_old = if token.is_some() { OLD_TOKEN } else { TOO_OLD };
        let view = self.view(&resource, &ask.namespace, revision).ok_or_else(|| Failure::expired(too_old))?;
        Ok((revision, view))
    }

    pub(crate) fn list(&self, ask: &Ask) -> Outcome<Value> {
        let selector = Self::selector(ask)?;
        let limit: usize = match ask.option("limit") {
            "" => 0,
            text => text.parse().map_err(|_| Failure::bad_request("limit must be a number"))?,
        };
        let token = match ask.option("continue") {
            "" => None,
            text => Some(Token::parse(text).ok_or_else(|| Failure::bad_request("continue key is not valid"))?),
        };
        let (revision, view) = self.snapshot(ask, token.as_ref())?;
        let mut rest = view
            .into_iter()
            .filter(|(key, _)| token.as_ref().is_none_or(|t| (&key.namespace, &key.name) > (&t.namespace, &t.name)))
            .filter(|(_, object)| selector.matches(object));
        let page: Vec<(Key, Arc<Value>)> =
            if limit == 0 { rest.by_ref().collect() } else { rest.by_ref().take(limit).collect() };
        let remaining = rest.count();
        let mut metadata = json!({"resourceVersion": revision.to_string()});
        if let (true, Some(map)) = (ask.kind.custom, metadata.as_object_mut()) {
            map.insert("continue".into(), "".into());
        }
        if let (true, Some((last, _)), Some(map)) = (remaining > 0, page.last(), metadata.as_object_mut()) {
            map.insert("continue".into(), format!("{revision}:{}:{}", last.namespace, last.name).into());
            if selector.is_empty() {
                map.insert("remainingItemCount".into(), remaining.into());
            }
        }
        let items: Vec<Value> =
            page.iter().map(|(_, o)| if ask.partial { partial(o) } else { (**o).clone() }).collect();
        let (api_version, kind) = if ask.partial {
            ("meta.k8s.io/v1".to_owned(), "PartialObjectMetadataList".to_owned())
        } else {
            (ask.kind.api_version(), ask.kind.list_kind.clone())
        };
        Ok(json!({"apiVersion": api_version, "kind": kind, "metadata": metadata, "items": items}))
    }
}
