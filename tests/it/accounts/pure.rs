//! The resolution alone: never a place in an account that does not allow the namespace.

use ecs_operator::api::AwsAccountSpec;
use ecs_operator::api::aws_account::{NamespaceSelection, NamespaceSelector};
use ecs_operator::api::status::Account;
use ecs_operator::controllers::accounts::{
    Accounts, Ambient, Asked, ClusterPlace, Installation, Known, Selected, resolve,
};
use proptest::option;
use proptest::prelude::*;

use super::{OTHER, SHOP, role};

const NAMESPACES: [&str; 3] = ["a", "b", "c"];
const NAMES: [&str; 3] = ["x", "y", "z"];

fn names() -> impl Strategy<Value = Vec<String>> {
    proptest::sample::subsequence(NAMESPACES.map(str::to_owned).to_vec(), 0..=3)
}

fn selection() -> impl Strategy<Value = NamespaceSelection> {
    (names(), any::<bool>()).prop_map(|(names, by_label)| NamespaceSelection {
        names: Some(names),
        selector: by_label.then(|| NamespaceSelector {
            match_labels: Some([("team".to_owned(), "a".to_owned())].into()),
            match_expressions: None,
        }),
    })
}

prop_compose! {
    fn known(name: &'static str)(
        allowed in option::of(selection()),
        default in option::of(selection()),
        selected in option::of((names(), names())),
        other in any::<bool>(),
        own in any::<bool>(),
        regions in option::of(proptest::sample::subsequence(vec!["r1".to_owned(), "r2".to_owned()], 1..=2)),
        (claimed, deleting) in (any::<bool>(), any::<bool>()),
    ) -> Known {
        let id = if other { OTHER } else { SHOP };
        Known {
            name: name.to_owned(),
            spec: AwsAccountSpec {
                role_arn: (!own).then(|| role(id)),
                allowed_namespaces: allowed,
                default_for: default,
                regions,
                ..AwsAccountSpec::default()
            },
            id: Some(id.to_owned()),
            claimed,
            deleting,
            selected: selected.map(|(allowed, default)| Selected {
                allowed: allowed.into_iter().collect(),
                default: default.into_iter().collect(),
            }),
        }
    }
}

fn accounts() -> impl Strategy<Value = Accounts> {
    (
        option::of(known(NAMES[0])),
        option::of(known(NAMES[1])),
        option::of(known(NAMES[2])),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(x, y, z, off, unreadable)| Accounts {
            known: [x, y, z].into_iter().flatten().collect(),
            unreadable: if unreadable { vec!["broken".to_owned()] } else { Vec::new() },
            off,
        })
}

fn recorded() -> impl Strategy<Value = Option<Account>> {
    option::of(
        (option::of(proptest::sample::select(&NAMES[..])), option::of(any::<bool>()), option::of(any::<bool>()))
            .prop_map(|(name, id, region)| Account {
                name: name.map(str::to_owned),
                id: id.map(|other| if other { OTHER } else { SHOP }.to_owned()),
                region: region.map(|first| if first { "r1" } else { "r2" }.to_owned()),
            }),
    )
}

prop_compose! {
    fn asked()(
        namespace in proptest::sample::select(&NAMESPACES[..]),
        account in option::of(proptest::sample::select(&["x", "y", "z", "none"][..])),
        region in option::of(proptest::sample::select(&["r1", "r2", "r3"][..])),
        cluster in option::of(recorded()),
        recorded in recorded(),
        deleting in any::<bool>(),
    ) -> Asked {
        Asked {
            namespace: namespace.to_owned(),
            account: account.map(str::to_owned),
            region: region.map(str::to_owned),
            cluster: cluster.map(|account| ClusterPlace { name: "prod".to_owned(), account, region: None }),
            recorded,
            deleting,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn no_place_is_ever_in_an_account_that_does_not_allow_the_namespace(
        asked in asked(), accounts in accounts(), open in any::<bool>()
    ) {
        let ambient = Ambient { namespaces: if open { vec!["a".to_owned()] } else { Vec::new() }, ..Ambient::default() };
        let here = Installation { id: "i", region: "r1", ambient: &ambient };
        let Ok(place) = resolve(&asked, &accounts, here) else { return Ok(()) };
        let namespace = &asked.namespace;
        let Some(name) = &place.account else {
            prop_assert!(ambient.namespaces.contains(namespace));
            prop_assert!(place.role.is_none() && place.key.is_own());
            prop_assert!(asked.deleting || asked.account.is_none(), "a named account is never replaced by the own one");
            return Ok(());
        };
        let known = accounts.known.iter().find(|known| known.name == *name).expect("a place is in a known account");
        prop_assert!(!accounts.off);
        let allowed = known.spec.allowed_namespaces.as_ref().expect("absent means nobody");
        let by_label = allowed.selector.is_some() && known.selected.as_ref().is_some_and(|s| s.allowed.contains(namespace));
        prop_assert!(allowed.names(namespace) || by_label);
        let regions = known.spec.regions.clone().unwrap_or_else(|| vec!["r1".to_owned()]);
        prop_assert!(asked.deleting || regions.contains(&place.region), "{} of {regions:?}", place.region);
        if let Some(was) = &asked.recorded {
            prop_assert!(was.id.is_none() || place.id.is_none() || was.id == place.id);
            prop_assert!(was.region.is_none() || was.region.as_ref() == Some(&place.region));
        } else {
            prop_assert!(known.claimed && !known.deleting, "nothing begins in an account that may go");
        }
        if let Some(role) = &place.role {
            prop_assert_eq!(role.external_id.clone(), Some(format!("i:{namespace}")));
            prop_assert!(!place.key.is_own() && role.account() == place.id.as_deref());
        }
    }

    #[test]
    fn two_defaults_are_never_decided(namespace in proptest::sample::select(&NAMESPACES[..]), accounts in accounts()) {
        let ambient = Ambient::default();
        let here = Installation { id: "i", region: "r1", ambient: &ambient };
        let asked = Asked { namespace: namespace.to_owned(), ..Asked::default() };
        let defaults = accounts.known.iter().filter(|known| {
            known.spec.default_for.as_ref().is_some_and(|given| given.names(namespace))
        }).count();
        let place = resolve(&asked, &accounts, here);
        prop_assert!(defaults < 2 || place.is_err());
        prop_assert!(defaults != 1 || place.as_ref().map_or(true, |place| place.account.is_some()), "{place:?}");
    }
}
