//! Objects by name, and all that a tree needs.

use kube::Client;
use kube::api::{DynamicObject, ListParams};

use super::{events, objects};
use crate::plugin::exit::PluginError;
use crate::plugin::kind::{Kind, Target};
use crate::plugin::setting::Setting;
use crate::plugin::tree::{Object, Snapshot};

/// Members of a page of a list.
const PAGE: u32 = 500;

/// The object that a command line names. A name without a kind is looked for in every kind; two of them are an error.
pub async fn one(setting: &Setting, words: &[String]) -> Result<Object, PluginError> {
    let (kind, name) = Target::one(words)?;
    let (kube, namespace) = (setting.kube().await?, setting.namespace().await?);
    named(&kube, &namespace, kind, &name).await
}

/// The object of this name.
pub async fn named(kube: &Client, namespace: &str, kind: Option<Kind>, name: &str) -> Result<Object, PluginError> {
    if let Some(kind) = kind {
        let found = get(kube, namespace, kind, name).await?;
        return found
            .ok_or_else(|| PluginError::Missing(format!("no {} {name} in namespace {namespace}", kind.name())));
    }
    let mut found = Vec::new();
    for kind in Kind::SEARCH {
        found.extend(get(kube, namespace, kind, name).await?);
    }
    // A service and its task definition often have one name: whoever names neither means the service.
    if found.len() > 1 {
        found.retain(|object| object.kind != Kind::Definition);
    }
    if found.len() > 1 {
        let names: Vec<String> = found.iter().map(Object::address).collect();
        return Err(PluginError::Usage(format!("which one: {}?", names.join(", "))));
    }
    found
        .pop()
        .ok_or_else(|| PluginError::Missing(format!("nothing of ours is called {name} in namespace {namespace}")))
}

/// An object, if it is there.
pub async fn get(kube: &Client, namespace: &str, kind: Kind, name: &str) -> Result<Option<Object>, PluginError> {
    let found = objects(kube, kind, Some(namespace)).get_opt(name).await;
    let found = found.map_err(PluginError::kubernetes(format!("reading {}/{name}", kind.singular())))?;
    Ok(found.map(|object| Object::of(kind, &object)))
}

/// All objects of a kind, page by page. A kind that the server does not have has none.
pub async fn list(kube: &Client, namespace: Option<&str>, kind: Kind) -> Result<Vec<Object>, PluginError> {
    let api = objects(kube, kind, namespace);
    let mut params = ListParams::default().limit(PAGE);
    let mut all = Vec::new();
    loop {
        let page = match api.list(&params).await {
            Ok(page) => page,
            Err(kube::Error::Api(status)) if status.code == 404 => return Ok(all),
            Err(error) => return Err(PluginError::kubernetes(format!("listing {}s", kind.singular()))(error)),
        };
        let next = page.metadata.continue_.clone().filter(|token| !token.is_empty());
        all.extend(page.items.iter().map(|object: &DynamicObject| Object::of(kind, object)));
        match next {
            Some(token) => params = params.continue_token(&token),
            None => return Ok(all),
        }
    }
}

/// All objects of a place and their events.
pub async fn everything(kube: &Client, namespace: Option<&str>) -> Result<Snapshot, PluginError> {
    let mut objects = Vec::new();
    for kind in Kind::ALL {
        if kind == Kind::Account && namespace.is_some() {
            continue;
        }
        objects.extend(list(kube, namespace, kind).await?);
    }
    Ok(Snapshot { objects, happenings: events::list(kube, namespace).await, ..Snapshot::default() })
}
