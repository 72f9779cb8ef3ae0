//! Laws of the planner over arbitrary specs.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::Step;
use super::model::{Model, desired, spec};
use crate::api::names::tag;
use crate::api::policy::{AdoptionPolicy, ManagementMode};

fn members() -> impl Strategy<Value = Value> {
    let optional = |name: &'static str, values: Vec<Value>| {
        prop::option::of(prop::sample::select(values)).prop_map(move |value| (name, value))
    };
    (
        optional(
            "taskDefinition",
            vec![json!("web:1"), json!("web:2"), json!("arn:aws:ecs:eu-west-1:1:task-definition/web:3"), json!("web")],
        ),
        optional("desiredCount", vec![json!(0), json!(1), json!(7)]),
        optional("enableExecuteCommand", vec![json!(true), json!(false)]),
        optional("healthCheckGracePeriodSeconds", vec![json!(0), json!(60)]),
        optional("propagateTags", vec![json!("SERVICE"), json!("NONE")]),
        optional("platformVersion", vec![json!("1.4.0"), json!("LATEST")]),
        optional("tags", vec![json!({"team": "a"}), json!({"team": "b", "cost": "1"}), json!({})]),
        optional("scaling", vec![json!({"mode": "CreateOnly"}), json!({"mode": "Managed"})]),
        optional(
            "networkConfiguration",
            vec![json!({"awsvpcConfiguration": {"subnets": ["subnet-0b", "subnet-0a"], "assignPublicIp": "ENABLED"}})],
        ),
        optional(
            "deploymentConfiguration",
            vec![
                json!({"maximumPercent": 150}),
                json!({"deploymentCircuitBreaker": {"enable": true, "rollback": true}, "minimumHealthyPercent": 50}),
            ],
        ),
        optional("availabilityZoneRebalancing", vec![json!("ENABLED"), json!("DISABLED")]),
    )
        .prop_map(|(a, b, c, d, e, f, g, h, i, j, k)| {
            let all = [a, b, c, d, e, f, g, h, i, j, k];
            all.into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value?)))
                .collect::<serde_json::Map<_, _>>()
        })
        .prop_map(Value::Object)
}

/// The counts that a plan would send.
fn counts(steps: &[Step]) -> Vec<i32> {
    steps
        .iter()
        .filter_map(|step| match step {
            Step::Update(request, _) | Step::Force(request) => *request.get_desired_count(),
            _ => None,
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn what_is_planned_and_done_leaves_nothing_to_plan(before in members(), after in members()) {
        let mut model = Model::new();
        for more in [&before, &after, &before] {
            let spec = spec(more);
            model.pass(&spec);
            prop_assert_eq!(model.steps(&spec), Vec::<String>::new(), "{}", spec);
        }
    }

    #[test]
    fn a_count_that_is_not_ours_is_never_sent(before in members(), mut after in members(), mode in 0..3) {
        let mut model = Model::settled(&spec(&before));
        let own = match mode {
            0 => json!({"mode": "CreateOnly"}),
            1 => json!({"mode": "External"}),
            _ => json!({"minCapacity": 1, "maxCapacity": 9}),
        };
        after["scaling"] = own;
        model.live.as_mut().unwrap().desired_count = 5;
        prop_assert_eq!(counts(&model.plan(&spec(&after)).steps), Vec::<i32>::new());
    }

    #[test]
    fn a_count_that_somebody_moves_while_we_look_away_is_left_alone(after in members()) {
        let model = Model::settled(&spec(&json!({})));
        let mut desired = desired(&spec(&after));
        desired.hands_off = true;
        let observed = super::super::Observed {
            service: crate::controllers::seen::Seen::Present(model.live.clone().unwrap()),
            deployment: None,
            revision: None,
            stopped: None,
            scaling: super::super::scaling::ScalingObserved::default(),
            gone_for_sure: false,
            placed: true,
        };
        prop_assert_eq!(counts(&model.plan_for(&desired, &observed).steps), Vec::<i32>::new());
    }

    #[test]
    fn nothing_of_another_owner_is_touched(
        more in members(), deleting in any::<bool>(), claimed in any::<bool>(), always in any::<bool>(),
        key in prop::sample::select(vec![tag::INSTALLATION, tag::NAMESPACE, tag::KIND, tag::NAME]),
    ) {
        let mut model = Model::settled(&spec(&json!({})));
        model.tag(key, "another");
        model.facts.deleting = deleting;
        model.facts.claimed = claimed;
        model.facts.edited = true;
        if always {
            model.facts.adoption = AdoptionPolicy::Always;
        }
        prop_assert_eq!(model.calls(&spec(&more)), Vec::<String>::new());
    }

    #[test]
    fn observe_mode_holds_no_call(more in members(), deleting in any::<bool>(), there in any::<bool>(), restart in any::<bool>()) {
        let mut model = Model::settled(&spec(&json!({})));
        model.facts.mode = ManagementMode::Observe;
        model.facts.deleting = deleting;
        model.facts.edited = true;
        model.directive.restart = restart.then(|| "t".to_owned());
        if !there {
            model.live = None;
        }
        prop_assert_eq!(model.calls(&spec(&more)), Vec::<String>::new());
    }

    #[test]
    fn equal_inputs_give_equal_short_tokens_and_others_another(more in members(), generation in 1..9_i64) {
        let token = |model: &Model, more: &Value| {
            let steps = model.plan(&spec(more)).steps;
            steps.iter().find_map(|step| match step {
                Step::Create(request) => request.get_client_token().clone(),
                _ => None,
            }).unwrap()
        };
        let mut model = Model::new();
        model.facts.generation = generation;
        let first = token(&model, &more);
        prop_assert!(first.len() <= 36 && first.is_ascii());
        prop_assert_eq!(&token(&model, &more), &first);
        model.facts.generation = generation + 1;
        prop_assert_ne!(&token(&model, &more), &first);
    }
}
