//! The kinds by the names people give them: `servergroup`, `sg`, `ecssg/shop-prod`.

use kube::core::ApiResource;

use super::exit::PluginError;
use crate::api::names::GROUP;
use crate::api::{AwsAccount, EcsCluster, EcsService, EcsTaskDefinition, ServerGroup};

/// One of the operator's kinds, in the order in which lists show them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `AwsAccount`
    Account,
    /// `EcsCluster`
    Cluster,
    /// `ServerGroup`
    Group,
    /// `EcsService`
    Service,
    /// `EcsTaskDefinition`
    Definition,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Account, Self::Cluster, Self::Group, Self::Service, Self::Definition];

    /// The order in which a name without a kind is looked for.
    pub const SEARCH: [Self; 4] = [Self::Group, Self::Service, Self::Cluster, Self::Definition];

    /// Its name in manifests.
    pub fn name(self) -> &'static str {
        match self {
            Self::Account => "AwsAccount",
            Self::Cluster => "EcsCluster",
            Self::Group => "ServerGroup",
            Self::Service => "EcsService",
            Self::Definition => "EcsTaskDefinition",
        }
    }

    /// Its name in addresses such as `servergroup/web`.
    pub fn singular(self) -> String {
        self.name().to_lowercase()
    }

    /// The kind of this name in manifests.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What people may call it.
    pub const fn words(self) -> &'static [&'static str] {
        match self {
            Self::Account => &["awsaccount", "awsaccounts", "ecsacct", "account", "accounts"],
            Self::Cluster => &["ecscluster", "ecsclusters", "ecsc", "cluster", "clusters"],
            Self::Group => &["servergroup", "servergroups", "ecssg", "sg", "group", "groups"],
            Self::Service => &["ecsservice", "ecsservices", "ecss", "service", "services", "svc"],
            Self::Definition => {
                &["ecstaskdefinition", "ecstaskdefinitions", "ecstd", "td", "taskdefinition", "taskdefinitions"]
            }
        }
    }

    /// The kind that people mean by a word, with or without the group.
    pub fn parse(word: &str) -> Option<Self> {
        let word = word.to_lowercase();
        let (word, group) = word.split_once('.').unwrap_or((&word, GROUP));
        Self::ALL.into_iter().find(|kind| group == GROUP && kind.words().contains(&word))
    }

    /// What the API server calls it.
    pub fn resource(self) -> ApiResource {
        match self {
            Self::Account => ApiResource::erase::<AwsAccount>(&()),
            Self::Cluster => ApiResource::erase::<EcsCluster>(&()),
            Self::Group => ApiResource::erase::<ServerGroup>(&()),
            Self::Service => ApiResource::erase::<EcsService>(&()),
            Self::Definition => ApiResource::erase::<EcsTaskDefinition>(&()),
        }
    }

    /// Does it live in a namespace?
    pub fn is_namespaced(self) -> bool {
        self != Self::Account
    }
}

/// What a command line names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// The kind, if one was given.
    pub kind: Option<Kind>,
    /// The name, if one was given.
    pub name: Option<String>,
}

impl Target {
    /// Reads `kind`, `kind name`, `kind/name` or `name`.
    pub fn parse(words: &[String]) -> Result<Self, PluginError> {
        match words {
            [] => Ok(Self::default()),
            [one] => match one.split_once('/') {
                Some((kind, name)) => Self::of(kind, name),
                None => match Kind::parse(one) {
                    Some(kind) => Ok(Self { kind: Some(kind), name: None }),
                    None => Ok(Self { kind: None, name: Some(one.clone()) }),
                },
            },
            [kind, name] => Self::of(kind, name),
            _ => Err(PluginError::Usage(format!("one object at a time, not `{}`", words.join(" ")))),
        }
    }

    /// As [`Target::parse`], where an object must be named.
    pub fn one(words: &[String]) -> Result<(Option<Kind>, String), PluginError> {
        let target = Self::parse(words)?;
        match target.name {
            Some(name) => Ok((target.kind, name)),
            None => Err(PluginError::Usage("name an object: NAME, KIND NAME or KIND/NAME".to_owned())),
        }
    }

    fn of(kind: &str, name: &str) -> Result<Self, PluginError> {
        let Some(found) = Kind::parse(kind) else {
            let known: Vec<String> = Kind::ALL.into_iter().map(Kind::singular).collect();
            return Err(PluginError::Usage(format!("`{kind}` is no kind of ours; there are {}", known.join(", "))));
        };
        if name.is_empty() || name.contains('/') {
            return Err(PluginError::Usage(format!("`{kind}/{name}` names no object")));
        }
        Ok(Self { kind: Some(found), name: Some(name.to_owned()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(words: &[&str]) -> Result<Target, PluginError> {
        Target::parse(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn objects_are_named_as_with_kubectl() {
        let expected = Target { kind: Some(Kind::Group), name: Some("shop".to_owned()) };
        for words in [&["sg", "shop"][..], &["sg/shop"], &["ServerGroups/shop"], &["servergroup.ecs-operator.dev/shop"]]
        {
            assert_eq!(target(words).unwrap(), expected, "{words:?}");
        }
        assert_eq!(target(&["shop"]).unwrap(), Target { kind: None, name: Some("shop".to_owned()) });
        assert_eq!(target(&["ecss"]).unwrap(), Target { kind: Some(Kind::Service), name: None });
        assert!(target(&["pod/shop"]).is_err() && target(&["sg", "a", "b"]).is_err() && target(&["sg/"]).is_err());
    }

    #[test]
    fn no_word_means_two_kinds_and_kubectls_own_words_are_known() {
        let mut all: Vec<&str> = Kind::ALL.into_iter().flat_map(Kind::words).copied().collect();
        let number = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), number);
        for kind in Kind::ALL {
            let resource = kind.resource();
            assert_eq!(resource.kind, kind.name());
            assert_eq!(Kind::parse(&resource.plural), Some(kind));
        }
    }
}
