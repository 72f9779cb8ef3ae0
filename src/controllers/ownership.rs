//! Whose an AWS resource is, told from its tags. Pure.

use std::collections::BTreeMap;

use crate::api::condition::Reason;
use crate::api::names::tag;
use crate::api::policy::AdoptionPolicy;
use crate::api::status::Origin;

/// The owner as it stands in tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Installation id of the operator.
    pub installation: String,
    /// Namespace of the object.
    pub namespace: String,
    /// Its kind.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Its UID.
    pub uid: String,
}

/// What the tags say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// Ours.
    Ours,
    /// An earlier object of our name made it: take it back by tagging.
    Reclaim,
    /// Nobody's, and adoption was asked for: take it by tagging.
    Adopt,
    /// Not ours to touch.
    Refused(Reason, String),
}

impl Owner {
    /// The tags that mark a resource as this owner's.
    #[must_use]
    pub fn tags(&self) -> BTreeMap<String, String> {
        [
            (tag::INSTALLATION, &self.installation),
            (tag::NAMESPACE, &self.namespace),
            (tag::KIND, &self.kind.to_owned()),
            (tag::NAME, &self.name),
            (tag::UID, &self.uid),
        ]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value.clone()))
        .collect()
    }

    /// Is it exactly this object's?
    #[must_use]
    pub fn owns(&self, tags: &BTreeMap<String, String>) -> bool {
        self.named_in(tags) && tags.get(tag::UID) == Some(&self.uid)
    }

    /// What the tags say of where a resource of ours came from, also of one that an earlier object of our name had taken
    /// over. Only what was adopted says so.
    #[must_use]
    pub fn origin(&self, tags: &BTreeMap<String, String>) -> Option<Origin> {
        let adopted = tags.get(tag::ORIGIN).is_some_and(|origin| origin == tag::ADOPTED);
        (adopted && self.named_in(tags)).then_some(Origin::Adopted)
    }

    fn named_in(&self, tags: &BTreeMap<String, String>) -> bool {
        tags.get(tag::INSTALLATION) == Some(&self.installation)
            && tags.get(tag::NAMESPACE) == Some(&self.namespace)
            && tags.get(tag::KIND).map(String::as_str) == Some(self.kind)
            && tags.get(tag::NAME) == Some(&self.name)
    }

    /// Judges a resource by its tags. `what` names it in messages, e.g. ``ECS service `web` ``.
    #[must_use]
    pub fn judge(&self, tags: &BTreeMap<String, String>, adoption: AdoptionPolicy, what: &str) -> Ownership {
        if self.owns(tags) {
            return Ownership::Ours;
        }
        // Kubernetes lets only one object bear our name, so another UID under it belongs to one that is gone.
        if self.named_in(tags) {
            return match adoption {
                AdoptionPolicy::Never => Ownership::Refused(
                    Reason::AdoptionRequired,
                    format!(
                        "{what} was made by an earlier {} of this name (uid {}); set `adoptionPolicy: IfTagged` to take it back, or delete it in AWS",
                        self.kind,
                        tags.get(tag::UID).map_or("unknown", String::as_str)
                    ),
                ),
                AdoptionPolicy::IfTagged | AdoptionPolicy::Always => Ownership::Reclaim,
            };
        }
        if is_marked(tags) {
            let of = |key| tags.get(key).map_or("?", String::as_str);
            return Ownership::Refused(
                Reason::OwnedByAnother,
                format!(
                    "{what} belongs to {} {}/{} of installation `{}`; choose another name, or remove it there first",
                    of(tag::KIND),
                    of(tag::NAMESPACE),
                    of(tag::NAME),
                    of(tag::INSTALLATION)
                ),
            );
        }
        match adoption {
            AdoptionPolicy::Always => Ownership::Adopt,
            AdoptionPolicy::IfTagged | AdoptionPolicy::Never => Ownership::Refused(
                Reason::AdoptionRequired,
                format!(
                    "{what} exists and was not made by this operator; set `adoptionPolicy: Always` to take it over, or choose another name"
                ),
            ),
        }
    }
}

/// Do the tags name an owner? Those that only describe the resource do not.
#[must_use]
pub fn is_marked(tags: &BTreeMap<String, String>) -> bool {
    tags.keys().any(|key| key.starts_with(tag::PREFIX) && ![tag::CONTENT_HASH, tag::ORIGIN].contains(&key.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn me() -> Owner {
        Owner {
            installation: "prod".into(),
            namespace: "shop".into(),
            kind: "EcsService",
            name: "web".into(),
            uid: "1".into(),
        }
    }

    #[test]
    fn only_the_same_uid_is_ours() {
        let mut tags = me().tags();
        assert_eq!(me().judge(&tags, AdoptionPolicy::Never, "it"), Ownership::Ours);
        tags.insert(tag::UID.into(), "2".into());
        assert_eq!(me().judge(&tags, AdoptionPolicy::IfTagged, "it"), Ownership::Reclaim);
        assert!(matches!(
            me().judge(&tags, AdoptionPolicy::Never, "it"),
            Ownership::Refused(Reason::AdoptionRequired, m) if m.contains("adoptionPolicy")
        ));
    }

    #[test]
    fn another_owner_wins_over_every_adoption_policy() {
        for key in [tag::INSTALLATION, tag::NAMESPACE, tag::KIND, tag::NAME] {
            let mut tags = me().tags();
            tags.insert(key.into(), "other".into());
            assert!(
                matches!(
                    me().judge(&tags, AdoptionPolicy::Always, "it"),
                    Ownership::Refused(Reason::OwnedByAnother, m) if m.contains("other")
                ),
                "{key}"
            );
        }
    }

    #[test]
    fn what_was_adopted_says_so_to_every_object_of_its_owner_s_name_and_to_no_other() {
        let mut tags = me().tags();
        assert_eq!(me().origin(&tags), None);
        tags.insert(tag::ORIGIN.into(), tag::ADOPTED.into());
        assert_eq!(me().origin(&tags), Some(Origin::Adopted));
        assert_eq!(Owner { uid: "2".into(), ..me() }.origin(&tags), Some(Origin::Adopted));
        assert_eq!(Owner { name: "other".into(), ..me() }.origin(&tags), None);
        let rest = BTreeMap::from([(tag::ORIGIN.to_owned(), tag::ADOPTED.to_owned())]);
        assert!(is_marked(&tags) && !is_marked(&rest), "alone it says nothing of an owner");
        assert_eq!(me().judge(&rest, AdoptionPolicy::Always, "it"), Ownership::Adopt);
    }

    #[test]
    fn an_untagged_resource_is_adopted_only_when_asked() {
        let tags = BTreeMap::from([("team".to_owned(), "a".to_owned())]);
        assert_eq!(me().judge(&tags, AdoptionPolicy::Always, "it"), Ownership::Adopt);
        assert!(matches!(
            me().judge(&tags, AdoptionPolicy::IfTagged, "it"),
            Ownership::Refused(Reason::AdoptionRequired, _)
        ));
    }
}
