//! Pieces → objects, in the order in which they are applied.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::names::Names;
use super::{Manifest, Piece, Wish, group, secrets};
use crate::api::names::tag;
use crate::api::rules::violations;
use crate::controllers::arn::{family_revision, short};
use crate::document::kind::API_VERSION;
use crate::document::{self, Kind};

/// The objects: clusters, task definitions, services, server groups.
#[must_use]
pub fn arrange(pieces: Vec<Piece>, wish: &Wish) -> Vec<Manifest> {
    let mut set = Set::of(pieces, wish);
    let grouped = if wish.server_groups { group::taken(&mut set.services) } else { Vec::new() };
    let mut groups: Vec<Manifest> = grouped.iter().map(|versions| set.group(versions)).collect();
    set.definitions.retain(|definition| !group::only_of(&grouped, &set.services, definition));
    let mut services: Vec<Manifest> =
        std::mem::take(&mut set.services).into_iter().map(|service| set.service(service)).collect();
    let mut all: Vec<Manifest> = std::mem::take(&mut set.clusters).into_iter().map(|piece| set.plain(piece)).collect();
    all.extend(std::mem::take(&mut set.definitions).into_iter().map(|piece| set.plain(piece)));
    all.append(&mut services);
    all.append(&mut groups);
    all
}

/// The pieces by kind, and the names of their objects.
pub(super) struct Set<'a> {
    wish: &'a Wish,
    names: Names,
    clusters: Vec<Piece>,
    pub(super) definitions: Vec<Piece>,
    services: Vec<Piece>,
    /// Objects by kind and name in ECS, or name of the object that stood for it.
    objects: BTreeMap<(Kind, String), String>,
}

impl<'a> Set<'a> {
    fn of(pieces: Vec<Piece>, wish: &'a Wish) -> Self {
        let mut set = Self {
            wish,
            names: Names::default(),
            clusters: Vec::new(),
            definitions: Vec::new(),
            services: Vec::new(),
            objects: BTreeMap::new(),
        };
        for piece in pieces {
            match piece.kind {
                Kind::Cluster => set.clusters.push(piece),
                Kind::TaskDefinition => set.define(piece),
                Kind::Service => set.services.push(piece),
            }
        }
        for list in [&mut set.clusters, &mut set.definitions, &mut set.services] {
            list.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.origin.cmp(&b.origin)));
            list.dedup_by(|a, b| a.name == b.name && a.text("cluster") == b.text("cluster") && a.spec == b.spec);
        }
        for piece in set.clusters.iter().chain(&set.definitions) {
            let name = set.names.give(piece.kind.as_str(), &piece.name, None);
            for known in std::iter::once(&piece.name).chain(&piece.object) {
                set.objects.entry((piece.kind, known.clone())).or_insert_with(|| name.clone());
            }
        }
        set
    }

    /// One object stands for a family: the newest of its revisions that were found.
    fn define(&mut self, piece: Piece) {
        match self.definitions.iter_mut().find(|other| other.name == piece.name) {
            Some(other) if other.revision < piece.revision => *other = piece,
            Some(_) => {}
            None => self.definitions.push(piece),
        }
    }

    /// The object that stands for a cluster.
    pub(super) fn cluster(&self, name: &str) -> Option<&str> {
        self.objects.get(&(Kind::Cluster, short(name).to_owned())).map(String::as_str)
    }

    /// The piece that a service's `taskDefinition` names.
    pub(super) fn definition(&self, named: &str) -> Option<&Piece> {
        definition(&self.definitions, named)
    }

    fn object_of(&self, definition: &Piece) -> Option<&String> {
        self.objects.get(&(Kind::TaskDefinition, definition.name.clone()))
    }

    /// An object without references.
    fn plain(&mut self, mut piece: Piece) -> Manifest {
        let name = self.objects.get(&(piece.kind, piece.name.clone())).cloned().unwrap_or_default();
        piece.left.extend(secrets::warnings(&piece.spec));
        self.manifest(piece, name)
    }

    fn service(&mut self, mut piece: Piece) -> Manifest {
        let cluster = self.place(&mut piece);
        if let Some(named) = piece.text("taskDefinition").map(str::to_owned) {
            match self.definition(&named).and_then(|definition| self.object_of(definition)).cloned() {
                Some(object) if !piece.spec.contains_key("taskDefinitionRef") => {
                    piece.spec.remove("taskDefinition");
                    piece.spec.insert("taskDefinitionRef".to_owned(), json!({ "name": object }));
                }
                _ => {
                    piece.spec.insert("taskDefinition".to_owned(), Value::from(short(&named)));
                }
            }
        }
        self.redirect(&mut piece, "taskDefinitionRef", Kind::TaskDefinition);
        let name = self.names.give(piece.kind.as_str(), &piece.name, cluster.as_deref());
        self.manifest(piece, name)
    }

    /// Names the cluster by reference where its object is written too; gives its name in ECS.
    pub(super) fn place(&self, piece: &mut Piece) -> Option<String> {
        self.redirect(piece, "clusterRef", Kind::Cluster);
        let cluster = piece.text("cluster").map(|cluster| short(cluster).to_owned());
        if let (None, Some(reference)) = (&cluster, piece.spec.get("clusterRef")) {
            return reference.get("name").and_then(Value::as_str).map(str::to_owned);
        }
        let Some(cluster) = cluster.or_else(|| self.wish.cluster.clone()) else {
            piece.left.push(
                "`cluster` is missing: ECS would take the cluster `default`, the operator wants it written; give --cluster"
                    .to_owned(),
            );
            return None;
        };
        piece.spec.remove("cluster");
        match self.cluster(&cluster) {
            Some(object) => piece.spec.insert("clusterRef".to_owned(), json!({ "name": object })),
            None => piece.spec.insert("cluster".to_owned(), Value::from(cluster.clone())),
        };
        Some(cluster)
    }

    /// A reference to an object of another tool leads to ours.
    fn redirect(&self, piece: &mut Piece, member: &str, kind: Kind) {
        let named = piece.spec.get(member).and_then(|reference| reference.get("name")).and_then(Value::as_str);
        let Some(named) = named.map(str::to_owned) else { return };
        match self.objects.get(&(kind, named.clone())) {
            Some(object) => {
                piece.spec.insert(member.to_owned(), json!({ "name": object }));
            }
            None => piece.left.push(format!("`{member}` names `{named}`, which is not among what was read")),
        }
    }

    /// The object of a piece.
    fn manifest(&self, mut piece: Piece, name: String) -> Manifest {
        piece.spec.insert(piece.kind.name_member().to_owned(), Value::from(piece.name.clone()));
        owners(&mut piece);
        let tidied = document::tidy(piece.kind, &Value::Object(std::mem::take(&mut piece.spec)));
        let mut spec = tidied.as_object().cloned().unwrap_or_default();
        self.govern(&mut spec);
        let manifest = self.written(piece.kind.as_str(), name, &spec, &piece);
        let problems = document::problems(piece.kind, &manifest.value);
        let known: BTreeSet<String> = piece.left.iter().cloned().collect();
        let fresh = problems.iter().map(ToString::to_string).filter(|problem| !known.contains(problem));
        Manifest { left: piece.left.iter().cloned().chain(fresh).collect(), ..manifest }
    }

    fn group(&mut self, versions: &group::Versions) -> Manifest {
        let (piece, mut spec) = group::spec(versions, self);
        self.govern(&mut spec);
        let name = self.names.give(group::KIND, &versions.group, None);
        let mut manifest = self.written(group::KIND, name, &spec, &piece);
        let broken = violations(group::KIND, &manifest.value, None::<&Value>);
        manifest.left.extend(broken.into_iter().map(|broken| format!("`{}` {}", broken.path, broken.message)));
        manifest
    }

    /// What the operator may do with it.
    fn govern(&self, spec: &mut Map<String, Value>) {
        if !self.wish.manage {
            spec.insert("managementMode".to_owned(), Value::from("Observe"));
        }
        spec.insert("adoptionPolicy".to_owned(), Value::from("Always"));
        if let Some(region) = &self.wish.region {
            spec.insert("region".to_owned(), Value::from(region.clone()));
        }
        if let Some(account) = &self.wish.account {
            spec.insert("accountRef".to_owned(), json!({ "name": account }));
        }
    }

    fn written(&self, kind: &'static str, name: String, spec: &Map<String, Value>, piece: &Piece) -> Manifest {
        let mut metadata = json!({ "name": name });
        if let (Some(members), Some(namespace)) = (metadata.as_object_mut(), &self.wish.namespace) {
            members.insert("namespace".to_owned(), Value::from(namespace.clone()));
        }
        let value = json!({ "apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "spec": spec });
        Manifest {
            kind,
            name,
            origin: piece.origin.clone(),
            remarks: piece.remarks.clone(),
            left: piece.left.clone(),
            value,
        }
    }
}

/// The piece that a service's `taskDefinition` names: of its family, and of its revision if both are known.
pub(super) fn definition<'a>(definitions: &'a [Piece], named: &str) -> Option<&'a Piece> {
    let (family, revision) =
        family_revision(named).map_or((short(named), None), |(family, revision)| (family, Some(revision)));
    definitions.iter().find(|definition| {
        definition.name == family
            && definition.revision.is_none_or(|known| revision.is_none_or(|wanted| wanted == known))
    })
}

/// Tags that only AWS or the operator may set do not belong into a manifest.
pub(super) fn owners(piece: &mut Piece) {
    let Some(tags) = piece.spec.get_mut("tags").and_then(Value::as_object_mut) else { return };
    let ours: Vec<String> = [tag::KIND, tag::NAMESPACE, tag::NAME, tag::INSTALLATION]
        .into_iter()
        .filter_map(|key| tags.get(key)?.as_str().map(str::to_owned))
        .collect();
    let aws = tags.keys().filter(|key| key.to_ascii_lowercase().starts_with("aws:")).count();
    tags.retain(|key, _| !key.to_ascii_lowercase().starts_with("aws:") && !key.starts_with(tag::PREFIX));
    if tags.is_empty() {
        piece.spec.remove("tags");
    }
    if aws > 0 {
        piece.remarks.push("tags that begin with `aws:` are AWS's own and are left out".to_owned());
    }
    if let [kind, namespace, name, installation] = ours.as_slice() {
        piece.left.push(format!(
            "`tags` say that {kind} {namespace}/{name} of installation `{installation}` owns it already: \
             another object is refused (OwnedByAnother) until that one is gone"
        ));
    }
}
