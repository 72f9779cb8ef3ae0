//! Which objects stand at the root of a tree, and what hangs from them. Pure.

use super::object::Object;
use super::{Node, Snapshot, group, service};
use crate::plugin::kind::Kind;

/// The tree of one object.
pub fn within(snapshot: &Snapshot, object: &Object) -> Node {
    match object.kind {
        Kind::Group => group::group(snapshot, object),
        Kind::Service => service::service(snapshot, object),
        Kind::Cluster => {
            let mut node = service::simple(object);
            let inside = snapshot.objects.iter().filter(|other| lives_in(other, object));
            node.children = inside.map(|other| within(snapshot, other)).collect();
            node.settled = false;
            node
        }
        Kind::Definition | Kind::Account => service::simple(object),
    }
}

/// The trees of all objects: clusters with what runs in them, then what is left.
pub fn forest(snapshot: &Snapshot) -> Vec<Node> {
    let root = |object: &&Object| match object.kind {
        Kind::Account | Kind::Cluster => true,
        Kind::Group | Kind::Service => {
            let cluster = snapshot.objects.iter().find(|other| lives_in(object, other));
            cluster.is_none() && !has_owner(snapshot, object)
        }
        Kind::Definition => !has_owner(snapshot, object) && !snapshot.objects.iter().any(|other| runs(other, object)),
    };
    let mut roots: Vec<&Object> = snapshot.objects.iter().filter(root).collect();
    roots.sort_by(|a, b| (&a.namespace, a.kind, &a.name).cmp(&(&b.namespace, b.kind, &b.name)));
    roots.into_iter().map(|object| within(snapshot, object)).collect()
}

/// Does a group or service name this cluster? What a group made hangs from the group.
fn lives_in(object: &Object, cluster: &Object) -> bool {
    matches!(object.kind, Kind::Group | Kind::Service)
        && cluster.kind == Kind::Cluster
        && object.owner.is_none()
        && object.namespace == cluster.namespace
        && object.text("/spec/clusterRef/name") == Some(cluster.name.as_str())
}

fn has_owner(snapshot: &Snapshot, object: &Object) -> bool {
    object.owner.as_ref().is_some_and(|owner| snapshot.objects.iter().any(|other| other.uid == *owner))
}

fn runs(service: &Object, definition: &Object) -> bool {
    service.kind == Kind::Service
        && service.namespace == definition.namespace
        && service.text("/spec/taskDefinitionRef/name") == Some(definition.name.as_str())
}
