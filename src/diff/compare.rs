//! The differences of two normal forms, one `Change` per member.

use super::normal::{assumed, canonical, identity};
use super::render::{clean, label, render};
use super::shape::{Key, Kind, List, Map, Order, Shape};
use super::spell::same;
use super::{Change, Scope};
use serde_json::{Map as Object, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Compares two documents that are both in normal form.
pub(super) fn documents(desired: &Value, observed: &Value, shape: &Shape, scope: Scope) -> Vec<Change> {
    let mut walk = Walk { scope, changes: Vec::new() };
    walk.structure("", desired.as_object(), observed.as_object(), shape);
    walk.changes
}

/// Compares one member, all of its members.
pub(super) fn member(path: &str, desired: Option<&Value>, observed: Option<&Value>, kind: &Kind) -> Vec<Change> {
    let mut walk = Walk { scope: Scope::Whole, changes: Vec::new() };
    walk.member(path, desired, observed, kind);
    walk.changes
}

struct Walk {
    scope: Scope,
    changes: Vec<Change>,
}

impl Walk {
    fn structure(
        &mut self,
        path: &str,
        desired: Option<&Object<String, Value>>,
        observed: Option<&Object<String, Value>>,
        shape: &Shape,
    ) {
        let mut names: BTreeSet<&str> = desired.into_iter().flat_map(Object::keys).map(String::as_str).collect();
        if self.scope == Scope::Whole {
            names.extend(observed.into_iter().flat_map(Object::keys).map(String::as_str));
        }
        for name in names {
            let here = join(path, name);
            let left = desired.and_then(|object| object.get(name));
            let right = observed.and_then(|object| object.get(name));
            let kind = shape.member(name).map_or(&Kind::Document, |member| &member.kind);
            self.member(&here, left, right, kind);
        }
    }

    fn member(&mut self, path: &str, desired: Option<&Value>, observed: Option<&Value>, kind: &Kind) {
        if desired.is_none() && observed.is_none() {
            return;
        }
        let fits = |value: Option<&Value>| value.is_none_or(|value| fits(value, kind));
        if !fits(desired) || !fits(observed) {
            self.plain(path, desired, observed, kind);
            return;
        }
        match kind {
            Kind::Apart => {}
            Kind::Document => self.plain(path, desired, observed, kind),
            Kind::Scalar(spell) | Kind::Secret(spell) => match (desired, observed) {
                (Some(left), Some(right)) if same(left, right, *spell) => {}
                _ => self.note(path, desired, observed, kind),
            },
            Kind::Struct(shape) => self.nested(path, desired, observed, shape, kind),
            Kind::Map(map) => self.map(path, desired, observed, map),
            Kind::List(list) => self.list(path, desired, observed, list, kind),
        }
    }

    /// A structure inside a structure: absent means its defaults.
    fn nested(&mut self, path: &str, desired: Option<&Value>, observed: Option<&Value>, shape: &Shape, kind: &Kind) {
        let (Some(left), Some(right)) = (desired, observed) else {
            let absent = assumed(shape);
            let left = desired.unwrap_or(&absent);
            let right = observed.unwrap_or(&absent);
            if !documents(left, right, shape, self.scope).is_empty() {
                self.note(path, desired, observed, kind);
            }
            return;
        };
        self.structure(path, left.as_object(), right.as_object(), shape);
    }

    fn map(&mut self, path: &str, desired: Option<&Value>, observed: Option<&Value>, map: &Map) {
        let entries = |side: Option<&Value>| side.and_then(Value::as_object).cloned().unwrap_or_default();
        let (desired, observed) = (entries(desired), entries(observed));
        let keys: BTreeSet<&String> = desired.keys().chain(observed.keys()).collect();
        let kind = entry_kind(map);
        for key in keys {
            let (left, right) = (desired.get(key), observed.get(key));
            let added_by_ecs = left.is_none() && map.server_keys.contains(&key.as_str());
            if left != right && !(added_by_ecs && self.scope == Scope::Declared) {
                self.note(&item(path, &clean(key)), left, right, &kind);
            }
        }
    }

    fn list(&mut self, path: &str, desired: Option<&Value>, observed: Option<&Value>, list: &List, kind: &Kind) {
        let items = |side: Option<&Value>| side.and_then(Value::as_array).cloned().unwrap_or_default();
        let (left, right) = (items(desired), items(observed));
        if left == right {
            return;
        }
        match (list.order, list.of) {
            (Order::Keyed(keys), Kind::Struct(_)) => self.keyed(path, &left, &right, keys, list.of),
            (Order::Sequence, Kind::Struct(_)) if left.len() == right.len() => {
                for (index, (left, right)) in left.iter().zip(&right).enumerate() {
                    let here = item(path, &index.to_string());
                    self.member(&here, Some(left), Some(right), list.of);
                }
            }
            (Order::Keyed(_) | Order::Sequence | Order::Set, _) => {
                self.note(path, desired, observed, kind);
            }
        }
    }

    fn keyed(&mut self, path: &str, desired: &[Value], observed: &[Value], keys: &[Key], of: &Kind) {
        let mut groups: BTreeMap<Vec<String>, (Vec<&Value>, Vec<&Value>)> = BTreeMap::new();
        for left in desired {
            groups.entry(identity(left, keys, of)).or_default().0.push(left);
        }
        for right in observed {
            groups.entry(identity(right, keys, of)).or_default().1.push(right);
        }
        for (left, right) in groups.into_values() {
            for (left, right) in pair(left, right, of, self.scope) {
                let Some(named) = left.or(right) else {
                    continue;
                };
                let here = item(path, &label(named, keys, of));
                if left.is_some() && right.is_some() {
                    self.member(&here, left, right, of);
                } else {
                    self.note(&here, left, right, of);
                }
            }
        }
    }

    /// Values without structure of their own.
    fn plain(&mut self, path: &str, desired: Option<&Value>, observed: Option<&Value>, kind: &Kind) {
        if desired.map(canonical) != observed.map(canonical) {
            self.note(path, desired, observed, kind);
        }
    }

    fn note(&mut self, path: &str, desired: Option<&Value>, observed: Option<&Value>, kind: &Kind) {
        self.changes.push(Change {
            path: path.to_owned(),
            from: observed.map(|value| render(value, kind)),
            to: desired.map(|value| render(value, kind)),
        });
    }
}

/// Pairs items of one identity: equal ones first, the rest in order.
fn pair<'a>(
    desired: Vec<&'a Value>,
    mut observed: Vec<&'a Value>,
    of: &Kind,
    scope: Scope,
) -> Vec<(Option<&'a Value>, Option<&'a Value>)> {
    let mut pairs = Vec::new();
    let mut rest = Vec::new();
    for left in desired {
        match observed.iter().position(|right| equal(left, right, of, scope)) {
            Some(index) => pairs.push((Some(left), Some(observed.remove(index)))),
            None => rest.push(left),
        }
    }
    let longest = rest.len().max(observed.len());
    pairs.extend((0..longest).map(|index| (rest.get(index).copied(), observed.get(index).copied())));
    pairs
}

fn equal(desired: &Value, observed: &Value, kind: &Kind, scope: Scope) -> bool {
    let mut walk = Walk { scope, changes: Vec::new() };
    walk.member("", Some(desired), Some(observed), kind);
    walk.changes.is_empty()
}

fn entry_kind(map: &Map) -> Kind {
    use super::shape::Spell::Text;
    if map.secret { Kind::Secret(Text) } else { Kind::Scalar(Text) }
}

/// Whether a value has the form that its kind asks for.
fn fits(value: &Value, kind: &Kind) -> bool {
    match kind {
        Kind::Scalar(_) | Kind::Secret(_) => !value.is_object() && !value.is_array(),
        Kind::Struct(_) | Kind::Map(_) => value.is_object(),
        Kind::List(_) => value.is_array(),
        Kind::Document | Kind::Apart => true,
    }
}

fn join(path: &str, name: &str) -> String {
    let name = clean(name);
    if path.is_empty() { name } else { format!("{path}.{name}") }
}

fn item(path: &str, label: &str) -> String {
    format!("{path}[{label}]")
}
