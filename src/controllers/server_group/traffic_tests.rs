//! Action lists before and after.

use aws_sdk_elasticloadbalancingv2::types::{
    AuthenticateCognitoActionConfig, AuthenticateOidcActionConfig, FixedResponseActionConfig,
};
use proptest::prelude::*;

use super::*;

fn pair() -> Pair {
    Pair { a: "tg/a".to_owned(), b: "tg/b".to_owned() }
}

fn tuple(group: &str, weight: i32) -> TargetGroupTuple {
    TargetGroupTuple::builder().target_group_arn(group).weight(weight).build()
}

fn forward(groups: &[(&str, i32)], stickiness: Option<i32>) -> Action {
    let groups = groups.iter().map(|(group, weight)| tuple(group, *weight)).collect();
    let sticky = stickiness.map(|s| TargetGroupStickinessConfig::builder().enabled(s > 0).duration_seconds(s).build());
    let config =
        ForwardActionConfig::builder().set_target_groups(Some(groups)).set_target_group_stickiness_config(sticky);
    Action::builder().r#type(ActionTypeEnum::Forward).order(3).forward_config(config.build()).build()
}

fn rule(actions: Vec<Action>) -> RuleSeen {
    RuleSeen { arn: "rule/1".to_owned(), is_listener: false, actions }
}

fn weighted(a: i32, b: i32) -> RuleSeen {
    rule(vec![forward(&[("tg/a", a), ("tg/b", b)], None)])
}

fn weights(actions: &[Action]) -> Vec<(String, i32)> {
    let configs = actions.iter().filter_map(Action::forward_config);
    let tuples = configs.flat_map(ForwardActionConfig::target_groups);
    tuples.map(|t| (t.target_group_arn().unwrap().to_owned(), t.weight().unwrap())).collect()
}

#[test]
fn a_service_is_in_the_slot_whose_target_groups_it_has_all_of_and_none_of_the_other() {
    let two = [Pair { a: "tg/c".to_owned(), b: "tg/d".to_owned() }, pair()];
    for (groups, slot) in [
        (["tg/a", "tg/c"].as_slice(), Some(Slot::A)),
        (&["tg/d", "tg/x", "tg/b"], Some(Slot::B)),
        (&["tg/a"], None),
        (&["tg/a", "tg/d"], None),
        (&["tg/a", "tg/b", "tg/c"], None),
        (&["tg/x"], None),
        (&[], None),
    ] {
        assert_eq!(slot_behind(groups, &two), slot, "{groups:?}");
    }
    assert_eq!(slot_behind(&["tg/b"], &[pair()]), Some(Slot::B));
    assert_eq!(slot_behind(&["tg/a"], &[]), None, "without pairs there are no slots");
}

#[test]
fn a_rule_matches_exactly_one_pair_in_either_order() {
    let pairs = [Pair { a: "tg/c".to_owned(), b: "tg/d".to_owned() }, pair()];
    let seen = rule(vec![forward(&[("tg/b", 20), ("tg/a", 80)], Some(60))]);
    let matched = match_rule(&seen, &pairs).unwrap();
    assert_eq!((matched.pair, matched.weight_a, matched.weight_b), (pair(), 80, 20));
    assert_eq!((matched.rule.as_str(), matched.stickiness_seconds), ("rule/1", Some(60)));
    let off = rule(vec![forward(&[("tg/a", 1), ("tg/b", 1)], Some(0))]);
    assert_eq!(match_rule(&off, &pairs).unwrap().stickiness_seconds, None);
}

#[test]
fn anything_more_or_less_than_the_pair_is_a_mismatch_that_names_rule_and_pair() {
    let fixed = Action::builder()
        .r#type(ActionTypeEnum::FixedResponse)
        .fixed_response_config(FixedResponseActionConfig::builder().status_code("503").build())
        .build();
    let single = Action::builder().r#type(ActionTypeEnum::Forward).target_group_arn("tg/a").build();
    let cases = [
        rule(vec![fixed]),
        rule(vec![single]),
        rule(vec![forward(&[("tg/a", 1)], None)]),
        rule(vec![forward(&[("tg/a", 1), ("tg/x", 1)], None)]),
        rule(vec![forward(&[("tg/a", 1), ("tg/b", 1), ("tg/x", 0)], None)]),
        rule(vec![forward(&[("tg/a", 1), ("tg/a", 1)], None)]),
        rule(vec![forward(&[("tg/a", 1), ("tg/b", 1)], None), forward(&[("tg/a", 1), ("tg/b", 1)], None)]),
        rule(Vec::new()),
    ];
    for case in cases {
        let error = match_rule(&case, &[pair()]).unwrap_err();
        let text = "rule `rule/1` does not forward to exactly `tg/a` and `tg/b`; nothing was changed";
        assert_eq!(error.to_string(), text);
        assert_eq!(with_weights(&case, &pair(), Slot::A, 50), None, "not ours to write");
    }
}

#[test]
fn shares_are_percent_of_any_scale_and_no_weight_reads_as_nothing() {
    let share = |a: i32, b: i32| {
        let matched = match_rule(&weighted(a, b), &[pair()]).unwrap();
        (share_of(&matched, Slot::A), share_of(&matched, Slot::B))
    };
    assert_eq!(share(80, 20), (80, 20));
    assert_eq!(share(1, 0), (100, 0));
    assert_eq!(share(0, 999), (0, 100));
    assert_eq!(share(1, 999), (1, 99));
    assert_eq!(share(999, 1), (99, 1));
    assert_eq!(share(1, 2), (33, 67));
    assert_eq!(share(1, 1), (50, 50));
    assert_eq!((share(1, 7), share(7, 1)), ((13, 87), (88, 12)), "halves go to the first");
    assert_eq!(share(0, 0), (0, 0));
}

#[test]
fn another_scale_is_left_alone_until_a_weight_changes() {
    assert_eq!(with_weights(&weighted(1, 0), &pair(), Slot::A, 100), None);
    assert_eq!(with_weights(&weighted(999, 0), &pair(), Slot::B, 0), None);
    assert_eq!(with_weights(&weighted(2, 8), &pair(), Slot::B, 80), None);
    let written = with_weights(&weighted(999, 0), &pair(), Slot::B, 10).unwrap();
    assert_eq!(weights(&written), [("tg/a".to_owned(), 90), ("tg/b".to_owned(), 10)]);
    let from_nothing = with_weights(&weighted(0, 0), &pair(), Slot::A, 0).unwrap();
    assert_eq!(weights(&from_nothing), [("tg/a".to_owned(), 0), ("tg/b".to_owned(), 100)]);
}

#[test]
fn a_client_secret_that_cannot_be_read_is_said_to_stay() {
    let oidc = AuthenticateOidcActionConfig::builder().issuer("i").client_id("c").build();
    let oidc = Action::builder().r#type(ActionTypeEnum::AuthenticateOidc).authenticate_oidc_config(oidc).build();
    let cognito = AuthenticateCognitoActionConfig::builder().user_pool_arn("u").user_pool_client_id("c");
    let cognito = cognito.user_pool_domain("d").build();
    let cognito =
        Action::builder().r#type(ActionTypeEnum::AuthenticateCognito).authenticate_cognito_config(cognito).build();
    let seen = rule(vec![oidc.clone(), cognito.clone(), forward(&[("tg/a", 100), ("tg/b", 0)], Some(60))]);
    let written = with_weights(&seen, &pair(), Slot::B, 5).unwrap();
    let sent = written[0].authenticate_oidc_config().unwrap();
    assert_eq!((sent.use_existing_client_secret(), sent.client_secret()), (Some(true), None));
    assert_eq!((sent.issuer(), sent.client_id()), (Some("i"), Some("c")));
    assert_eq!(written[1], cognito);
}

fn any_other() -> impl Strategy<Value = Action> {
    let oidc = (any::<bool>(), 1..7_i32).prop_map(|(said, order)| {
        let config = AuthenticateOidcActionConfig::builder().issuer("i").client_id("c").session_timeout(9);
        let config = config.set_use_existing_client_secret(said.then_some(true)).build();
        Action::builder().r#type(ActionTypeEnum::AuthenticateOidc).order(order).authenticate_oidc_config(config).build()
    });
    let fixed = (1..7_i32).prop_map(|order| {
        let config = FixedResponseActionConfig::builder().status_code("200").message_body("m").build();
        Action::builder().r#type(ActionTypeEnum::FixedResponse).order(order).fixed_response_config(config).build()
    });
    prop_oneof![oidc, fixed]
}

fn any_rule() -> impl Strategy<Value = RuleSeen> {
    let own =
        (0..=999_i32, 0..=999_i32, any::<bool>(), prop::option::of(0..100_i32)).prop_map(|(a, b, turned, sticky)| {
            let (a, b) = (("tg/a", a), ("tg/b", b));
            forward(&if turned { [b, a] } else { [a, b] }, sticky)
        });
    let others = || prop::collection::vec(any_other(), 0..3);
    (others(), own, others()).prop_map(|(mut all, own, after)| {
        all.push(own);
        all.extend(after);
        rule(all)
    })
}

/// The actions with everything removed that a write may change.
fn without_weights(actions: &[Action]) -> Vec<Action> {
    let mut actions = actions.to_vec();
    for action in &mut actions {
        if let Some(oidc) = &mut action.authenticate_oidc_config {
            oidc.use_existing_client_secret = None;
        }
        for group in action.forward_config.iter_mut().filter_map(|c| c.target_groups.as_mut()).flatten() {
            group.weight = None;
        }
    }
    actions
}

proptest! {
    #[test]
    fn a_write_changes_the_two_weights_and_nothing_else_and_is_not_repeated(
        seen in any_rule(), percent in 0..=100_i32, on_a: bool,
    ) {
        let slot = if on_a { Slot::A } else { Slot::B };
        let Some(written) = with_weights(&seen, &pair(), slot, percent) else {
            prop_assert_eq!(share_of(&match_rule(&seen, &[pair()]).unwrap(), slot), percent);
            return Ok(());
        };
        prop_assert_eq!(without_weights(&written), without_weights(&seen.actions));
        let oidc = written.iter().filter_map(Action::authenticate_oidc_config);
        prop_assert!(oidc.into_iter().all(|config| config.use_existing_client_secret() == Some(true)));
        let after = rule(written);
        let matched = match_rule(&after, &[pair()]).unwrap();
        prop_assert_eq!(matched.weight_a + matched.weight_b, 100);
        prop_assert_eq!(share_of(&matched, slot), percent);
        prop_assert_eq!(with_weights(&after, &pair(), slot, percent), None);
    }

    #[test]
    fn shares_add_up_unless_nobody_has_any(a in 0..=999_i32, b in 0..=999_i32) {
        let matched = match_rule(&weighted(a, b), &[pair()]).unwrap();
        let (first, second) = (share_of(&matched, Slot::A), share_of(&matched, Slot::B));
        prop_assert_eq!(first + second, if a + b == 0 { 0 } else { 100 });
        prop_assert_eq!((first == 0, second == 0), (a == 0, b == 0));
    }
}
