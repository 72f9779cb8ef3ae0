//! `metadata.managedFields`: who owns which fields, after an update and after an apply.

use serde_json::{Value, json};

use super::failure::{Failure, Outcome};
use super::fields::{FieldSet, claimed, compare, drop_unowned, merge};
use super::kinds::Kind;

/// Who writes, through which door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Writer {
    pub(crate) name: String,
    pub(crate) apply: bool,
    pub(crate) subresource: String,
}

#[derive(Debug, Clone, PartialEq)]
struct Owner {
    writer: Writer,
    api_version: String,
    time: String,
    fields: FieldSet,
}

/// All owners of one object.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Owners {
    all: Vec<Owner>,
}

impl Owners {
    pub(crate) fn read(object: &Value) -> Self {
        let entries = object.pointer("/metadata/managedFields").and_then(Value::as_array);
        let word = |e: &Value, n: &str| e.get(n).and_then(Value::as_str).unwrap_or_default().to_owned();
        let all = entries
            .into_iter()
            .flatten()
            .map(|e| Owner {
                writer: Writer {
                    name: word(e, "manager"),
                    apply: word(e, "operation") == "Apply",
                    subresource: word(e, "subresource"),
                },
                api_version: word(e, "apiVersion"),
                time: word(e, "time"),
                fields: FieldSet::from_json(e.get("fieldsV1").unwrap_or(&Value::Null)),
            })
            .collect();
        Self { all }
    }

    /// Writes the list in the server's order: applies first, then by time and name.
    pub(crate) fn write(mut self, object: &mut Value) {
        self.all.retain(|o| !o.fields.is_empty());
        self.all.sort_by(|a, b| {
            let key =
                |o: &Owner| (!o.writer.apply, o.time.clone(), o.writer.name.clone(), o.writer.subresource.clone());
            key(a).cmp(&key(b))
        });
        let entries: Vec<Value> = self.all.iter().map(Owner::to_json).collect();
        if let Some(map) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            if entries.is_empty() {
                map.remove("managedFields");
            } else {
                map.insert("managedFields".into(), entries.into());
            }
        }
    }

    fn fields_of(&self, me: &Writer) -> FieldSet {
        self.all.iter().find(|o| o.writer == *me).map(|o| o.fields.clone()).unwrap_or_default()
    }

    fn set(&mut self, me: &Writer, kind: &Kind, fields: FieldSet, now: &str) {
        match self.all.iter_mut().find(|o| o.writer == *me) {
            Some(owner) if owner.fields == fields => {}
            Some(owner) => {
                owner.fields = fields;
                now.clone_into(&mut owner.time);
            }
            None => self.all.push(Owner {
                writer: me.clone(),
                api_version: kind.api_version(),
                time: now.to_owned(),
                fields,
            }),
        }
    }

    fn take_from_others(&mut self, me: &Writer, fields: &FieldSet) {
        for owner in self.all.iter_mut().filter(|o| o.writer != *me) {
            owner.fields = owner.fields.minus(fields);
        }
    }

    fn union(&self) -> FieldSet {
        let mut all = FieldSet::default();
        self.all.iter().for_each(|o| all.union(&o.fields));
        all
    }

    /// After a create, update or plain patch: the writer owns what it changed.
    pub(crate) fn after_update(mut self, old: &Value, new: &Value, kind: &Kind, me: &Writer, now: &str) -> Self {
        let (changed, removed) = compare(old, new, &kind.schema);
        let changed = visible(changed, kind, me);
        let removed = visible(removed, kind, me);
        self.take_from_others(me, &changed);
        self.take_from_others(me, &removed);
        let mut mine = self.fields_of(me).minus(&removed);
        mine.union(&changed);
        self.set(me, kind, mine, now);
        self
    }
}

impl Owner {
    fn to_json(&self) -> Value {
        let mut entry = json!({
            "manager": self.writer.name,
            "operation": if self.writer.apply { "Apply" } else { "Update" },
            "apiVersion": self.api_version,
            "time": self.time,
            "fieldsType": "FieldsV1",
            "fieldsV1": self.fields.to_json(),
        });
        if let (false, Some(map)) = (self.writer.subresource.is_empty(), entry.as_object_mut()) {
            map.insert("subresource".into(), self.writer.subresource.clone().into());
        }
        entry
    }

    fn title(&self) -> String {
        let mut text = self.writer.name.clone();
        if !self.writer.subresource.is_empty() {
            text = format!("{text} with subresource {:?}", self.writer.subresource);
        }
        if self.writer.apply { text } else { format!("{text} using {}", self.api_version) }
    }
}

/// Drops what nobody owns: the system's members, and what this door does not write.
fn visible(set: FieldSet, kind: &Kind, me: &Writer) -> FieldSet {
    let mut set = set.without(&["f:apiVersion"]).without(&["f:kind"]);
    for name in [
        "name",
        "namespace",
        "uid",
        "selfLink",
        "resourceVersion",
        "creationTimestamp",
        "generation",
        "managedFields",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    ] {
        set = set.without(&["f:metadata", &format!("f:{name}")]);
    }
    if !kind.custom {
        set = set.disown("f:spec");
    }
    if kind.kind == "Namespace" {
        set = set.without(&["f:spec"]);
    }
    match me.subresource.as_str() {
        "status" => set.only("f:status"),
        "scale" => set.only("f:spec"),
        _ if kind.status => set.without(&["f:status"]),
        _ => set,
    }
}

/// What an apply makes of the live object.
pub(crate) struct Applied {
    pub(crate) object: Value,
    pub(crate) owners: Owners,
}

/// Server-side apply of `config` onto `live` (`{}` when it is being created).
pub(crate) fn apply(
    live: &Value,
    config: &Value,
    kind: &Kind,
    me: &Writer,
    force: bool,
    now: &str,
) -> Outcome<Applied> {
    let mut owners = Owners::read(live);
    let last = owners.fields_of(me);
    let mine = visible(claimed(config, &kind.schema), kind, me);
    let mut object = merge(Some(live), config, &kind.schema);
    owners.set(me, kind, mine, now);
    let mut owned = owners.union();
    owned.keep("f:metadata");
    drop_unowned(&mut object, &last, &owned, &kind.schema);
    let (changed, removed) = compare(live, &object, &kind.schema);
    let mut conflicts = Vec::new();
    for owner in owners.all.iter().filter(|o| o.writer != *me) {
        for path in owner.fields.common(&changed).paths() {
            conflicts.push((path, owner.title()));
        }
    }
    if !conflicts.is_empty() && !force {
        return Err(Failure::apply_conflict(&conflicts));
    }
    owners.take_from_others(me, &changed);
    owners.take_from_others(me, &removed);
    owners.all.retain(|o| !o.fields.is_empty());
    Ok(Applied { object, owners })
}
