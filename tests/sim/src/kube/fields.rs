//! Field sets: which paths of an object a writer owns, in the form `fieldsV1` has.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::schema::{item_identity, member, text};

/// A set of paths as a tree. `own` says that the path to this node is itself in the set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FieldSet {
    own: bool,
    children: BTreeMap<String, FieldSet>,
}

impl FieldSet {
    pub(crate) fn is_empty(&self) -> bool {
        !self.own && self.children.values().all(FieldSet::is_empty)
    }

    fn tidy(mut self) -> Self {
        self.children = self.children.into_iter().map(|(k, v)| (k, v.tidy())).filter(|(_, v)| !v.is_empty()).collect();
        self
    }

    pub(crate) fn union(&mut self, other: &Self) {
        self.own |= other.own;
        for (name, child) in &other.children {
            self.children.entry(name.clone()).or_default().union(child);
        }
    }

    /// The paths of `self` that are not in `other`.
    pub(crate) fn minus(&self, other: &Self) -> Self {
        let none = Self::default();
        Self {
            own: self.own && !other.own,
            children: self
                .children
                .iter()
                .map(|(name, child)| (name.clone(), child.minus(other.children.get(name).unwrap_or(&none))))
                .collect(),
        }
        .tidy()
    }

    pub(crate) fn common(&self, other: &Self) -> Self {
        Self {
            own: self.own && other.own,
            children: self
                .children
                .iter()
                .filter_map(|(name, child)| Some((name.clone(), child.common(other.children.get(name)?))))
                .collect(),
        }
        .tidy()
    }

    /// Takes whole subtrees out, by element path.
    pub(crate) fn without(mut self, path: &[&str]) -> Self {
        match path {
            [] => {}
            [last] => {
                self.children.remove(*last);
            }
            [first, rest @ ..] => {
                if let Some(child) = self.children.remove(*first) {
                    self.children.insert((*first).to_owned(), child.without(rest));
                }
            }
        }
        self.tidy()
    }

    /// Has this top-level node, though nobody owns anything in it.
    pub(crate) fn keep(&mut self, top: &str) {
        self.children.entry(top.to_owned()).or_default();
    }

    /// Takes the path of one top-level node out, not what is below: it cannot be absent.
    pub(crate) fn disown(mut self, top: &str) -> Self {
        if let Some(child) = self.children.get_mut(top) {
            child.own = false;
        }
        self
    }

    /// Keeps one top-level subtree only.
    pub(crate) fn only(mut self, top: &str) -> Self {
        self.children.retain(|name, _| name == top);
        self.own = false;
        self
    }

    /// The paths in the notation of conflict messages (`.spec.replicas`).
    pub(crate) fn paths(&self) -> Vec<String> {
        let mut all = Vec::new();
        self.collect("", &mut all);
        all
    }

    fn collect(&self, prefix: &str, all: &mut Vec<String>) {
        if self.own {
            all.push(prefix.to_owned());
        }
        for (name, child) in &self.children {
            let at = match name.split_at_checked(2) {
                Some(("f:", field)) => format!("{prefix}.{field}"),
                Some(("k:", key)) => {
                    let inner = key.trim_start_matches('{').trim_end_matches('}').replace("\":", "=").replace('"', "");
                    let quoted: Vec<String> = inner
                        .split(',')
                        .map(|pair| pair.split_once('=').map_or_else(|| pair.to_owned(), |(k, v)| format!("{k}={v:?}")))
                        .collect();
                    format!("{prefix}[{}]", quoted.join(","))
                }
                Some(("v:", value)) => format!("{prefix}[={value}]"),
                _ => format!("{prefix}.{name}"),
            };
            child.collect(&at, all);
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        let mut map = Map::new();
        if self.own && !self.children.is_empty() {
            map.insert(".".into(), Value::Object(Map::new()));
        }
        for (name, child) in &self.children {
            map.insert(name.clone(), child.to_json());
        }
        Value::Object(map)
    }

    pub(crate) fn from_json(value: &Value) -> Self {
        let Some(map) = value.as_object() else {
            return Self::default();
        };
        Self {
            own: map.is_empty() || map.contains_key("."),
            children: map.iter().filter(|(k, _)| *k != ".").map(|(k, v)| (k.clone(), Self::from_json(v))).collect(),
        }
    }
}

const OPEN: &Value = &Value::Null;

fn granular(value: &Value, schema: &Value) -> bool {
    match value {
        Value::Object(_) => text(schema, "x-kubernetes-map-type") != "atomic",
        Value::Array(_) => matches!(text(schema, "x-kubernetes-list-type"), "map" | "set"),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

struct Child<'a> {
    element: String,
    value: &'a Value,
    schema: &'a Value,
    named: bool,
}

fn element_of(item: &Value, schema: &Value) -> Option<String> {
    let identity = item_identity(item, schema)?;
    let prefix = if text(schema, "x-kubernetes-list-type") == "set" { "v" } else { "k" };
    Some(format!("{prefix}:{identity}"))
}

fn children<'a>(value: &'a Value, schema: &'a Value) -> Vec<Child<'a>> {
    match value {
        Value::Object(map) => map
            .iter()
            .map(|(name, value)| {
                let (inner, named) = member(schema, name).unwrap_or((OPEN, false));
                Child { element: format!("f:{name}"), value, schema: inner, named }
            })
            .collect(),
        Value::Array(items) => items
            .iter()
            .filter_map(|item| {
                let inner = schema.get("items").unwrap_or(OPEN);
                Some(Child { element: element_of(item, schema)?, value: item, schema: inner, named: false })
            })
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

/// An empty object or list.
pub(crate) fn is_blank(value: &Value) -> bool {
    value.as_object().is_some_and(Map::is_empty) || value.as_array().is_some_and(Vec::is_empty)
}

/// The paths an applied configuration claims.
pub(crate) fn claimed(value: &Value, schema: &Value) -> FieldSet {
    let mut set = FieldSet::default();
    for child in children(value, schema) {
        let inner = if granular(child.value, child.schema) && !is_blank(child.value) {
            let mut inner = claimed(child.value, child.schema);
            inner.own = !child.named;
            inner
        } else {
            FieldSet { own: true, children: BTreeMap::new() }
        };
        set.children.insert(child.element, inner);
    }
    set
}

/// What differs between two objects: (added or modified, removed).
pub(crate) fn compare(old: &Value, new: &Value, schema: &Value) -> (FieldSet, FieldSet) {
    let (mut changed, mut removed) = (FieldSet::default(), FieldSet::default());
    walk(Some(old), Some(new), schema, &mut changed, &mut removed);
    (changed.tidy(), removed.tidy())
}

fn walk(old: Option<&Value>, new: Option<&Value>, schema: &Value, changed: &mut FieldSet, removed: &mut FieldSet) {
    if old == new {
        return;
    }
    let deep = [old, new].into_iter().flatten().all(|v| granular(v, schema))
        && old.zip(new).is_none_or(|(a, b)| a.is_object() == b.is_object());
    match (old, new) {
        (None, Some(_)) => changed.own = true,
        (Some(_), None) => removed.own = true,
        (Some(_), Some(_)) if !deep => changed.own = true,
        _ => {}
    }
    if !deep {
        return;
    }
    let mut pairs: BTreeMap<String, (Option<&Value>, Option<&Value>, &Value)> = BTreeMap::new();
    for child in old.into_iter().flat_map(|v| children(v, schema)) {
        pairs.insert(child.element, (Some(child.value), None, child.schema));
    }
    for child in new.into_iter().flat_map(|v| children(v, schema)) {
        pairs.entry(child.element).or_insert((None, None, child.schema)).1 = Some(child.value);
    }
    for (element, (a, b, inner)) in pairs {
        walk(
            a,
            b,
            inner,
            changed.children.entry(element.clone()).or_default(),
            removed.children.entry(element).or_default(),
        );
    }
}

/// Lays an applied configuration over the live object.
pub(crate) fn merge(live: Option<&Value>, config: &Value, schema: &Value) -> Value {
    let Some(live) = live else {
        return config.clone();
    };
    if !granular(live, schema) || !granular(config, schema) {
        return config.clone();
    }
    match (live, config) {
        (Value::Object(base), Value::Object(over)) => {
            let mut out = base.clone();
            for (name, value) in over {
                let inner = member(schema, name).map_or(OPEN, |(s, _)| s);
                out.insert(name.clone(), merge(base.get(name), value, inner));
            }
            Value::Object(out)
        }
        (Value::Array(base), Value::Array(over)) => {
            let inner = schema.get("items").unwrap_or(OPEN);
            let mut out = base.clone();
            for item in over {
                let element = element_of(item, schema);
                match out.iter_mut().find(|have| element_of(have, schema) == element) {
                    Some(have) => *have = merge(Some(have), item, inner),
                    None => out.push(item.clone()),
                }
            }
            Value::Array(out)
        }
        _ => config.clone(),
    }
}

/// Removes from `value` what `last` claimed and nobody in `owned` claims any more.
pub(crate) fn drop_unowned(value: &mut Value, last: &FieldSet, owned: &FieldSet, schema: &Value) {
    for (element, mine) in &last.children {
        match owned.children.get(element) {
            Some(kept) => {
                if let Some((child, inner)) = child_mut(value, element, schema) {
                    drop_unowned(child, mine, kept, inner);
                }
            }
            None => drop_child(value, element, schema),
        }
    }
}

fn child_mut<'v, 's>(value: &'v mut Value, element: &str, schema: &'s Value) -> Option<(&'v mut Value, &'s Value)> {
    match value {
        Value::Object(map) => {
            let name = element.strip_prefix("f:")?;
            Some((map.get_mut(name)?, member(schema, name).map_or(OPEN, |(s, _)| s)))
        }
        Value::Array(items) => {
            let inner = schema.get("items").unwrap_or(OPEN);
            let item = items.iter_mut().find(|item| element_of(item, schema).as_deref() == Some(element))?;
            Some((item, inner))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

fn drop_child(value: &mut Value, element: &str, schema: &Value) {
    match value {
        Value::Object(map) => {
            if let Some(name) = element.strip_prefix("f:") {
                map.remove(name);
            }
        }
        Value::Array(items) => {
            items.retain(|item| element_of(item, schema).as_deref() != Some(element));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
