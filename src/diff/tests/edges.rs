//! Tables at their edges: what is taken back and how, spelling, and room in a line.

use serde_json::{Value, json};

use crate::diff::Change;
use crate::diff::removed::{Reset, cluster_reset, service_reset};
use crate::diff::shape::Spell;
use crate::diff::spell::spell;
use crate::diff::tidy;

#[test]
fn every_member_of_a_service_is_taken_back_in_its_own_way() {
    let sent = |member: &str| match service_reset(member, &json!({})) {
        Reset::Send(value) => value,
        other @ (Reset::CannotUnset(_) | Reset::Keep) => panic!("{member}: {other:?}"),
    };
    for list in [
        "loadBalancers",
        "serviceRegistries",
        "placementConstraints",
        "placementStrategy",
        "capacityProviderStrategy",
        "volumeConfigurations",
        "vpcLatticeConfigurations",
        "gatewayConnectors",
    ] {
        assert_eq!(sent(list), json!([]));
    }
    assert_eq!(sent("serviceConnectConfiguration"), json!({"enabled": false}));
    assert_eq!(sent("platformVersion"), json!("LATEST"));
    assert_eq!(sent("healthCheckGracePeriodSeconds"), json!(0));
    assert_eq!((sent("enableECSManagedTags"), sent("enableExecuteCommand")), (json!(false), json!(false)));
    assert_eq!(sent("propagateTags"), json!("NONE"));
    assert_eq!(sent("monitoring")["metricConfigurations"][0]["resolutionSeconds"], 60);
    assert_eq!(sent("deploymentController"), json!({"type": "ECS"}));
    let external = json!({"deploymentController": {"type": "EXTERNAL"}});
    assert!(matches!(service_reset("deploymentController", &external), Reset::CannotUnset(_)));
    for fixed in ["networkConfiguration", "schedulingStrategy", "role"] {
        assert!(matches!(service_reset(fixed, &json!({})), Reset::CannotUnset(_)), "{fixed}");
    }
    assert!(matches!(service_reset("desiredCount", &json!({})), Reset::Keep));
}

#[test]
fn a_deployment_configuration_goes_back_to_the_defaults_of_its_strategy_and_of_what_is_in_use() {
    let sent = |observed: Value| match service_reset("deploymentConfiguration", &observed) {
        Reset::Send(value) => value,
        other @ (Reset::CannotUnset(_) | Reset::Keep) => panic!("{other:?}"),
    };
    let plain = sent(json!({}));
    assert_eq!((&plain["maximumPercent"], &plain["minimumHealthyPercent"]), (&json!(200), &json!(100)));
    assert_eq!(plain["deploymentCircuitBreaker"], json!({"enable": false, "rollback": false}));
    assert_eq!(plain.get("earlySuccessCriteria"), None);
    let daemon = sent(json!({"schedulingStrategy": "DAEMON"}));
    assert_eq!((&daemon["maximumPercent"], &daemon["minimumHealthyPercent"]), (&json!(100), &json!(0)));
    let breaker = |more: Value| sent(json!({"deploymentConfiguration": {"deploymentCircuitBreaker": more}}));
    let bounded = breaker(json!({"thresholdConfiguration": {"type": "COUNT", "value": 3}}));
    let default = json!({"type": "BOUNDED_PERCENT", "value": 50});
    assert_eq!(bounded["deploymentCircuitBreaker"]["thresholdConfiguration"], default);
    let reset = |value: bool| breaker(json!({"resetOnHealthyTask": value}))["deploymentCircuitBreaker"].clone();
    assert_eq!((&reset(false)["resetOnHealthyTask"], reset(true).get("resetOnHealthyTask")), (&json!(true), None));
    let early = sent(json!({"deploymentConfiguration": {"earlySuccessCriteria": {"enable": true}}}));
    assert_eq!(early["earlySuccessCriteria"], json!({"enable": false}));
}

#[test]
fn every_member_of_a_cluster_is_taken_back_in_its_own_way() {
    let sent = |member: &str| match cluster_reset(member, &json!({})) {
        Reset::Send(value) => Some(value),
        Reset::CannotUnset(_) | Reset::Keep => None,
    };
    assert_eq!(sent("capacityProviders"), Some(json!([])));
    assert_eq!(sent("defaultCapacityProviderStrategy"), Some(json!([])));
    assert_eq!(sent("serviceConnectDefaults"), Some(json!({"namespace": ""})));
    let logging = json!({"executeCommandConfiguration": {"logging": "DEFAULT"}});
    assert_eq!(sent("configuration"), Some(logging));
    assert!(matches!(cluster_reset("settings", &json!({})), Reset::CannotUnset(_)));
    assert!(matches!(cluster_reset("tags", &json!({})), Reset::Keep));
}

#[test]
fn flags_and_numbers_have_one_spelling() {
    for (given, flag) in [
        (json!("TRUE"), json!(true)),
        (json!(" false "), json!(false)),
        (json!("yes"), json!("yes")),
        (json!(true), json!(true)),
    ] {
        assert_eq!(spell(&given, Spell::Flag), flag);
    }
    for (given, number) in [
        (json!("10"), json!(10)),
        (json!(10.0), json!(10)),
        (json!(u64::MAX), json!(u64::MAX)),
        (json!(0.5), json!(0.5)),
        (json!("ten"), json!("ten")),
    ] {
        assert_eq!(spell(&given, Spell::Number), number);
    }
}

#[test]
fn a_short_value_leaves_its_room_to_the_long_one() {
    let printed = |from: usize, to: usize| {
        let change = Change { path: "image".to_owned(), from: Some("a".repeat(from)), to: Some("b".repeat(to)) };
        let text = change.to_string();
        let count = |letter: char| text.chars().filter(|found| *found == letter).count();
        // The path has letters of its own.
        (count('a') - 1, count('b'), text.chars().count())
    };
    let (from, to, all) = printed(20, 500);
    assert_eq!((from, all), (20, 200));
    assert!(to > 120, "{to}");
    assert_eq!((printed(500, 20).1, printed(500, 20).2), (20, 200));
    let (from, to, all) = printed(500, 500);
    assert!(from.abs_diff(to) <= 1 && all <= 200, "{from} {to} {all}");
    assert_eq!(printed(95, 95), (95, 95, 200));
}

#[test]
fn a_tidied_service_keeps_only_percentages_that_are_no_defaults() {
    let tidied = |strategy: &str, maximum: i32, minimum: i32| {
        let service = json!({
            "schedulingStrategy": strategy,
            "deploymentConfiguration": {"maximumPercent": maximum, "minimumHealthyPercent": minimum},
        });
        let tidied = tidy::service(&service);
        let member = |name: &str| tidied.pointer(&format!("/deploymentConfiguration/{name}")).cloned();
        (member("maximumPercent"), member("minimumHealthyPercent"))
    };
    assert_eq!(tidied("REPLICA", 200, 100), (None, None));
    assert_eq!(tidied("REPLICA", 100, 0), (Some(json!(100)), Some(json!(0))));
    assert_eq!(tidied("DAEMON", 100, 0), (None, None));
    assert_eq!(tidied("DAEMON", 200, 100), (Some(json!(200)), Some(json!(100))));
}

#[test]
fn a_tidied_task_definition_keeps_only_host_ports_that_ecs_would_not_choose() {
    let port = |mode: &str, host: i32| {
        let mapping = json!({"containerPort": 80, "hostPort": host});
        let document =
            json!({"networkMode": mode, "containerDefinitions": [{"name": "web", "portMappings": [mapping]}]});
        tidy::task_definition(&document).pointer("/containerDefinitions/0/portMappings/0/hostPort").cloned()
    };
    assert_eq!((port("awsvpc", 80), port("host", 80), port("bridge", 80)), (None, None, Some(json!(80))));
    assert_eq!((port("bridge", 0), port("host", 8080)), (None, Some(json!(8080))));
}
