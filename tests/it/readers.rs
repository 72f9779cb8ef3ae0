//! The operator's readers of load balancers, alarms, metrics and networks against the simulated AWS.

use std::time::Duration;

use aws_sdk_elasticloadbalancingv2::types::Action;
use ecs_operator::api::server_group::analysis::{Analysis, CloudWatchMetric, Metric};
use ecs_operator::api::status::Slot;
use ecs_operator::aws::{AlarmState, Aws, AwsSettings, Priority, Scope, SubnetFilter};
use ecs_operator::controllers::server_group::measure::{Outcome, Tokens, dimension, measure};
use ecs_operator::controllers::server_group::traffic::{Pair, match_rule, share_of, with_weights};
use ecs_sim::cloudwatch::Series;
use ecs_sim::elbv2::BalancerSpec;
use serde_json::json;

use crate::support::world::{REGION, World, key};

const EDIT: Priority = Priority::Edit;

fn aws(world: &World) -> (Aws, Scope) {
    (Aws::new(world.aws.config(REGION), AwsSettings::default()), Scope::new(REGION))
}

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

fn nothing_was_misunderstood(world: &World) {
    world.aws.sim(|sim| assert_eq!((&sim.unknown_actions, &sim.shape_faults), (&vec![], &vec![])));
}

/// Shifts a rule or a listener and reads it back.
async fn shifts_and_keeps_the_rest(spec: &BalancerSpec) {
    let world = World::new(1);
    let (aws, scope) = aws(&world);
    let made = world.aws.sim(|sim| sim.balancer(&key(), spec)).unwrap();
    let pair = Pair { a: made.groups[0].clone(), b: made.groups[1].clone() };
    let arn = if spec.path.is_some() { made.rule.clone() } else { made.listener.clone() };
    let read = || async {
        let found = aws.listener_rules(&scope, std::slice::from_ref(&arn), EDIT).await.unwrap();
        found[&arn].clone().unwrap()
    };
    let before = read().await;
    let matched = match_rule(&before, std::slice::from_ref(&pair)).unwrap();
    assert_eq!((share_of(&matched, Slot::A), share_of(&matched, Slot::B)), (100, 0));
    assert_eq!(matched.stickiness_seconds, Some(60));
    let actions = with_weights(&before, &pair, Slot::B, 25).unwrap();
    aws.modify_rule(&scope, &before, actions, EDIT).await.unwrap();
    let after = read().await;
    let matched = match_rule(&after, std::slice::from_ref(&pair)).unwrap();
    assert_eq!((matched.weight_a, matched.weight_b), (75, 25));
    assert_eq!(without_weights(&after.actions), without_weights(&before.actions));
    assert_eq!(with_weights(&after, &pair, Slot::B, 25), None);
    nothing_was_misunderstood(&world);
}

#[tokio::test(start_paused = true)]
async fn the_weights_of_a_rule_are_moved_and_nothing_else() {
    let login = json!({ "Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": {
        "Issuer": "https://login.example", "AuthorizationEndpoint": "https://login.example/a",
        "TokenEndpoint": "https://login.example/t", "UserInfoEndpoint": "https://login.example/u",
        "ClientId": "web", "ClientSecret": "canary",
    } });
    let sticky = BalancerSpec { stickiness_seconds: Some(60), ..BalancerSpec::new("web", &[("a", 999), ("b", 0)]) };
    shifts_and_keeps_the_rest(&sticky).await;
    shifts_and_keeps_the_rest(&BalancerSpec { path: None, ..sticky.clone() }).await;
    shifts_and_keeps_the_rest(&BalancerSpec { before: vec![login], ..sticky }).await;
}

#[tokio::test(start_paused = true)]
async fn target_groups_and_rules_that_are_missing_are_answers_beside_those_that_are_there() {
    let world = World::new(1);
    let (aws, scope) = aws(&world);
    let made = world.aws.sim(|sim| sim.balancer(&key(), &BalancerSpec::new("web", &[("a", 1), ("b", 0)]))).unwrap();
    let missing = made.groups[0].replace("/a/", "/none/");
    let wanted = ["a".to_owned(), "none".to_owned(), made.groups[1].clone(), missing.clone()];
    let found = aws.target_groups(&scope, &wanted, EDIT).await.unwrap();
    assert_eq!(found["a"].as_ref().unwrap().arn, made.groups[0]);
    assert_eq!(found[&made.groups[1]].as_ref().unwrap().load_balancer_arns, [made.load_balancer]);
    assert_eq!((&found["none"], &found[&missing]), (&None, &None));
    let gone = format!("{}0", made.rule);
    let rules = aws.listener_rules(&scope, &[made.rule.clone(), gone.clone()], EDIT).await.unwrap();
    assert!(rules[&made.rule].is_some() && rules[&gone].is_none());
    assert!(aws.target_health(&scope, &made.groups[0], EDIT).await.unwrap().is_empty());
    nothing_was_misunderstood(&world);
}

#[tokio::test(start_paused = true)]
async fn metrics_and_alarms_are_measured() {
    let world = World::new(1);
    let (aws, scope) = aws(&world);
    let group = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/web/1";
    world.aws.sim(|sim| {
        let points = Series::Points(vec![(0, 1.0), (60, 3.0), (120, 90.0)]);
        sim.set_series(&key(), "AWS/ApplicationELB", "Errors", &[("TargetGroup", dimension(group))], points);
        sim.control("alarm", json!({ "region": REGION, "name": "calm", "state": "OK" })).unwrap();
    });
    world.wait(Duration::from_secs(150)).await;
    let states = aws.alarms(&scope, &["calm".to_owned(), "none".to_owned()], EDIT).await.unwrap();
    assert_eq!((states["calm"], states["none"]), (Some(AlarmState::Ok), None));
    let tokens = Tokens { target_group: dimension(group).to_owned(), ..Tokens::default() };
    let watched = CloudWatchMetric {
        namespace: Some("AWS/ApplicationELB".to_owned()),
        metric_name: Some("Errors".to_owned()),
        dimensions: Some([("TargetGroup".to_owned(), "${targetGroup}".to_owned())].into()),
        stat: Some("Sum".to_owned()),
        points: Some(2),
        ..CloudWatchMetric::default()
    };
    let metric = Metric { name: Some("errors".to_owned()), cloud_watch: Some(watched), ..Metric::default() };
    let metric = Metric { success: Some("result == [3, 1]".to_owned()), ..metric };
    let calm = Metric { name: Some("calm".to_owned()), alarms: Some(vec!["calm".to_owned()]), ..Metric::default() };
    let analysis = Analysis { metrics: Some(vec![metric, calm]), ..Analysis::default() };
    // The third minute has not ended: its value is left out.
    let outcome = measure(&analysis, &tokens, &aws, &scope, world.clock.now()).await;
    assert!(matches!(outcome, Outcome::Good(_)), "{outcome:?}");
    nothing_was_misunderstood(&world);
}

#[tokio::test(start_paused = true)]
async fn networks_are_found_by_name_and_vpc() {
    let world = World::new(1);
    let (aws, scope) = aws(&world);
    world.aws.sim(|sim| {
        for (id, vpc, zone, name) in [("subnet-1", "vpc-1", "a", "x.y.z"), ("subnet-2", "vpc-2", "b", "x*z")] {
            let body = json!({ "region": REGION, "id": id, "vpcId": vpc, "zone": zone, "tags": { "Name": name } });
            sim.control("subnet", body).unwrap();
        }
        for (id, vpc) in [("sg-1", "vpc-1"), ("sg-2", "vpc-2")] {
            let body = json!({ "region": REGION, "id": id, "vpcId": vpc, "name": "web" });
            sim.control("security_group", body).unwrap();
        }
    });
    let by_name = SubnetFilter { names: vec!["x*z".to_owned()], ..SubnetFilter::default() };
    let found = aws.subnets(&scope, &by_name, EDIT).await.unwrap();
    assert_eq!(found.len(), 1, "a name is no pattern: {found:?}");
    assert_eq!(
        (found[0].id.as_str(), found[0].zone.as_str(), found[0].tags["Name"].as_str()),
        ("subnet-2", "b", "x*z")
    );
    let by_id = SubnetFilter { ids: vec!["subnet-1".to_owned(), "subnet-none".to_owned()], ..SubnetFilter::default() };
    assert_eq!(aws.subnets(&scope, &by_id, EDIT).await.unwrap().len(), 1);
    assert_eq!(aws.subnets(&scope, &SubnetFilter::default(), EDIT).await.unwrap().len(), 2);
    let names = ["web".to_owned(), "none".to_owned()];
    let groups = aws.security_groups(&scope, "vpc-2", &names, EDIT).await.unwrap();
    assert_eq!(groups.iter().map(|group| group.id.as_str()).collect::<Vec<_>>(), ["sg-2"]);
    nothing_was_misunderstood(&world);
}
