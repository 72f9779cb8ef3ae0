//! Rules, weights and target health, told through the API.

use serde_json::{Value, json};

use super::{Balanced, BalancerSpec, Unserved};
use crate::fixtures::{ImageFate, TargetGroup, TargetState};
use crate::model::Service::{Ecs, Elbv2};
use crate::testing::Desk;

/// `web` behind a rule that forwards to `a` and `b`.
fn desk(weights: [i64; 2]) -> (Desk, Balanced) {
    let mut desk = Desk::new();
    let spec = BalancerSpec::new("web", &[("web-a", weights[0]), ("web-b", weights[1])]);
    let made = desk.sim.balancer(&desk.key.clone(), &spec).unwrap();
    (desk, made)
}

fn forward(made: &Balanced, weights: [i64; 2]) -> Value {
    let tuple = |at: usize| json!({ "TargetGroupArn": made.groups[at], "Weight": weights[at] });
    json!({ "Type": "forward", "ForwardConfig": { "TargetGroups": [tuple(0), tuple(1)] } })
}

fn rule(desk: &mut Desk, arn: &str) -> Value {
    desk.ok(Elbv2, "DescribeRules", &json!({ "RuleArns": [arn] }))["Rules"][0].clone()
}

fn modify(desk: &mut Desk, made: &Balanced, actions: &Value) -> Result<Value, crate::Refusal> {
    desk.call(Elbv2, "ModifyRule", &json!({ "RuleArn": made.rule, "Actions": actions }))
}

/// A Fargate service of one container in a target group.
fn serve(desk: &mut Desk, name: &str, image: &str, group: &str, desired: i64) {
    if desk.call(Ecs, "DescribeClusters", &json!({ "clusters": ["c1"] })).unwrap()["clusters"] == json!([]) {
        desk.ok(Ecs, "CreateCluster", &json!({ "clusterName": "c1" }));
    }
    let container = json!({ "name": "app", "image": image, "portMappings": [{ "containerPort": 8080 }] });
    let definition = json!({
        "family": name, "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
        "containerDefinitions": [container],
    });
    desk.ok(Ecs, "RegisterTaskDefinition", &definition);
    let entry = json!({ "targetGroupArn": group, "containerName": "app", "containerPort": 8080 });
    let service = json!({
        "cluster": "c1", "serviceName": name, "taskDefinition": name, "desiredCount": desired, "launchType": "FARGATE",
        "networkConfiguration": { "awsvpcConfiguration": { "subnets": ["subnet-1"] } }, "loadBalancers": [entry],
    });
    desk.ok(Ecs, "CreateService", &service);
}

fn health(desk: &mut Desk, group: &str) -> Vec<Value> {
    let answer = desk.ok(Elbv2, "DescribeTargetHealth", &json!({ "TargetGroupArn": group }));
    answer["TargetHealthDescriptions"].as_array().unwrap().clone()
}

fn states(desk: &mut Desk, group: &str) -> Vec<String> {
    let found = health(desk, group);
    found.iter().map(|target| target["TargetHealth"]["State"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_rule_is_described_with_its_weights_and_the_default_rule_comes_last() {
    let (mut desk, made) = desk([100, 0]);
    let answer = desk.ok(Elbv2, "DescribeRules", &json!({ "ListenerArn": made.listener }));
    let rules = answer["Rules"].as_array().unwrap();
    let priorities: Vec<&Value> = rules.iter().map(|rule| &rule["Priority"]).collect();
    assert_eq!(priorities, [&json!("1"), &json!("default")]);
    let mut expected = forward(&made, [100, 0]);
    expected["ForwardConfig"]["TargetGroupStickinessConfig"] = json!({ "Enabled": false });
    assert_eq!(rules[0]["Actions"], json!([expected]));
    assert_eq!(rules[1]["Actions"][0]["Type"], "fixed-response");
    assert!(made.rule.contains(":listener-rule/app/web/"), "{}", made.rule);
}

#[test]
fn a_single_target_group_is_described_in_both_forms() {
    let (mut desk, made) = desk([1, 0]);
    let [group, _] = &made.groups[..] else { panic!("two groups") };
    modify(&mut desk, &made, &json!([{ "Type": "forward", "TargetGroupArn": group }])).unwrap();
    let config = json!({
        "TargetGroups": [{ "TargetGroupArn": group, "Weight": 1 }],
        "TargetGroupStickinessConfig": { "Enabled": false },
    });
    let expected = json!([{ "Type": "forward", "TargetGroupArn": group, "ForwardConfig": config }]);
    assert_eq!(rule(&mut desk, &made.rule)["Actions"], expected);
}

/// API reference, `ModifyRule`: "Any properties that you do not specify are unchanged."
#[test]
fn modify_rule_keeps_what_is_not_sent() {
    let (mut desk, made) = desk([100, 0]);
    let before = rule(&mut desk, &made.rule);
    let conditions = json!([{ "Field": "host-header", "Values": ["example.com"] }]);
    desk.ok(Elbv2, "ModifyRule", &json!({ "RuleArn": made.rule, "Conditions": conditions }));
    let after = rule(&mut desk, &made.rule);
    assert_eq!(after["Actions"], before["Actions"]);
    assert_eq!(after["Conditions"], conditions);
    modify(&mut desk, &made, &json!([forward(&made, [40, 60])])).unwrap();
    assert_eq!(rule(&mut desk, &made.rule)["Conditions"], conditions);
    assert_eq!(desk.sim.weights(&desk.key.clone(), &made.rule).into_values().sum::<i64>(), 100);
}

/// API reference, `TargetGroupTuple`: "The range is 0 to 999."
#[test]
fn weights_outside_0_to_999_are_refused_and_change_nothing() {
    let (mut desk, made) = desk([100, 0]);
    for weights in [[1000, 0], [-1, 1]] {
        let refusal = modify(&mut desk, &made, &json!([forward(&made, weights)])).unwrap_err();
        assert_eq!(refusal.code, "ValidationError");
    }
    modify(&mut desk, &made, &json!([forward(&made, [999, 0])])).unwrap();
    assert_eq!(desk.sim.weights(&desk.key.clone(), &made.rule)[&made.groups[0]], 999);
}

#[test]
fn unknown_foreign_and_too_many_target_groups_are_refused() {
    let (mut desk, made) = desk([100, 0]);
    let to = |arn: &str| json!([{ "Type": "forward", "TargetGroupArn": arn }]);
    assert_eq!(modify(&mut desk, &made, &to("arn:none")).unwrap_err().code, "TargetGroupNotFound");
    let key = desk.key.clone();
    let network = BalancerSpec { kind: "network".to_owned(), ..BalancerSpec::new("nlb", &[("tcp", 1)]) };
    let network = desk.sim.balancer(&key, &network).unwrap();
    assert_eq!(network.rule, network.listener);
    assert_eq!(modify(&mut desk, &made, &to(&network.groups[0])).unwrap_err().code, "IncompatibleProtocols");
    let other = desk.sim.balancer(&key, &BalancerSpec::new("other", &[("other", 1)])).unwrap();
    assert_eq!(modify(&mut desk, &made, &to(&other.groups[0])).unwrap_err().code, "TargetGroupAssociationLimit");
    // "Quotas for your Application Load Balancers": target groups per action 5.
    let six: Vec<Value> = (0..6).map(|n| json!({ "TargetGroupArn": format!("g{n}") })).collect();
    let six = json!([{ "Type": "forward", "ForwardConfig": { "TargetGroups": six } }]);
    assert_eq!(modify(&mut desk, &made, &six).unwrap_err().code, "TooManyUniqueTargetGroupsPerLoadBalancer");
    assert_eq!(desk.refused(Elbv2, "ModifyRule", &json!({ "RuleArn": "arn:none" })), "RuleNotFound");
}

/// API reference, `Action`: exactly one of forward, fixed-response and redirect, "and it must be the last action";
/// an order "is required for rules with multiple actions".
#[test]
fn the_routing_action_is_single_and_last() {
    let (mut desk, made) = desk([100, 0]);
    let redirect =
        |order: i64| json!({ "Type": "redirect", "Order": order, "RedirectConfig": { "StatusCode": "HTTP_301" } });
    let mut last = forward(&made, [1, 1]);
    assert_eq!(modify(&mut desk, &made, &json!([redirect(1), last])).unwrap_err().code, "ValidationError");
    last["Order"] = json!(2);
    assert_eq!(modify(&mut desk, &made, &json!([redirect(1), last])).unwrap_err().code, "InvalidLoadBalancerAction");
    assert_eq!(modify(&mut desk, &made, &json!([])).unwrap_err().code, "ValidationError");
    assert_eq!(
        modify(&mut desk, &made, &json!([{ "Type": "forward", "Weight": 1 }])).unwrap_err().code,
        "ValidationError"
    );
}

/// API reference, `AuthenticateOidcActionConfig`: the secret may be omitted only with `UseExistingClientSecret`.
#[test]
fn oidc_keeps_its_secret_only_when_asked_to_and_never_shows_it() {
    let mut desk = Desk::new();
    let key = desk.key.clone();
    let mut oidc = json!({
        "Issuer": "https://i", "AuthorizationEndpoint": "https://a", "TokenEndpoint": "https://t",
        "UserInfoEndpoint": "https://u", "ClientId": "me", "ClientSecret": "hush-hush",
    });
    let authenticate =
        |oidc: &Value| json!({ "Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": oidc });
    let before = vec![authenticate(&oidc)];
    let spec = BalancerSpec { before, ..BalancerSpec::new("web", &[("web-a", 100), ("web-b", 0)]) };
    let made = desk.sim.balancer(&key, &spec).unwrap();
    let shown = rule(&mut desk, &made.rule);
    assert_eq!(shown["Actions"][0]["AuthenticateOidcConfig"]["ClientId"], "me");
    assert!(!shown.to_string().contains("hush-hush"));
    // What was described cannot be sent back as it is.
    assert_eq!(modify(&mut desk, &made, &shown["Actions"]).unwrap_err().code, "ValidationError");
    let mut actions = shown["Actions"].clone();
    actions[0]["AuthenticateOidcConfig"]["UseExistingClientSecret"] = json!(true);
    modify(&mut desk, &made, &actions).unwrap();
    modify(&mut desk, &made, &actions).unwrap();
    assert_eq!(rule(&mut desk, &made.rule), shown);
    // A rule without a secret has none to keep.
    let plain = desk.sim.balancer(&key, &BalancerSpec { path: Some("/x".to_owned()), ..spec }).unwrap();
    modify(&mut desk, &plain, &json!([forward(&plain, [1, 0])])).unwrap();
    oidc = json!({ "UseExistingClientSecret": true, "Issuer": "i", "AuthorizationEndpoint": "a", "TokenEndpoint": "t",
        "UserInfoEndpoint": "u", "ClientId": "me" });
    let mut last = forward(&plain, [1, 0]);
    last["Order"] = json!(2);
    let refusal = modify(&mut desk, &plain, &json!([authenticate(&oidc), last])).unwrap_err();
    assert_eq!(refusal.code, "ValidationError");
}

#[test]
fn default_actions_are_changed_through_the_listener() {
    let mut desk = Desk::new();
    let key = desk.key.clone();
    let spec = BalancerSpec { path: None, ..BalancerSpec::new("web", &[("web-a", 100), ("web-b", 0)]) };
    let made = desk.sim.balancer(&key, &spec).unwrap();
    assert_eq!(made.rule, made.listener);
    let rules = desk.ok(Elbv2, "DescribeRules", &json!({ "ListenerArn": made.listener }));
    let default = rules["Rules"][0]["RuleArn"].clone();
    let refused = desk.refused(Elbv2, "ModifyRule", &json!({ "RuleArn": default, "Actions": [] }));
    assert_eq!(refused, "OperationNotPermitted");
    let input = json!({ "ListenerArn": made.listener, "DefaultActions": [forward(&made, [90, 10])] });
    desk.ok(Elbv2, "ModifyListener", &input);
    let described = desk.ok(Elbv2, "DescribeListeners", &json!({ "LoadBalancerArn": made.load_balancer }));
    let shown = &described["Listeners"][0]["DefaultActions"][0]["ForwardConfig"]["TargetGroups"];
    assert_eq!(shown[1]["Weight"], 10);
    assert_eq!(desk.sim.weights(&key, &made.listener)[&made.groups[1]], 10);
    let log = desk.sim.weight_log(&key, default.as_str().unwrap());
    assert_eq!(log.len(), 2);
    assert_eq!((log[1].by.as_str(), log[1].weights[&made.groups[0]]), ("arn:aws:iam::123456789012:user/test", 90));
}

#[test]
fn target_groups_are_found_by_name_arn_and_load_balancer() {
    let (mut desk, made) = desk([100, 0]);
    desk.ok(Elbv2, "CreateTargetGroup", &json!({ "Name": "loose", "TargetType": "ip" }));
    let names = |answer: &Value| {
        let groups = answer["TargetGroups"].as_array().unwrap();
        groups.iter().map(|group| group["TargetGroupName"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let mut ask = |input: Value| desk.ok(Elbv2, "DescribeTargetGroups", &input);
    let one = ask(json!({ "Names": ["web-b"] }));
    assert_eq!(one["TargetGroups"][0]["TargetGroupArn"], json!(made.groups[1]));
    assert_eq!(one["TargetGroups"][0]["LoadBalancerArns"], json!([made.load_balancer]));
    assert_eq!(ask(json!({ "Names": ["loose"] }))["TargetGroups"][0]["LoadBalancerArns"], json!([]));
    assert_eq!(names(&ask(json!({ "TargetGroupArns": [made.groups[0]] }))), ["web-a"]);
    let of_balancer = ask(json!({ "LoadBalancerArn": made.load_balancer }));
    assert_eq!(names(&of_balancer).len(), 2);
    let first = ask(json!({ "PageSize": 2 }));
    let rest = ask(json!({ "PageSize": 2, "Marker": first["NextMarker"] }));
    let mut all = [names(&first), names(&rest)].concat();
    all.sort();
    assert_eq!(all, ["loose", "web-a", "web-b"]);
    assert_eq!(rest.get("NextMarker"), None);
    for (input, code) in [
        (json!({ "Names": ["web-b", "none"] }), "TargetGroupNotFound"),
        (json!({ "TargetGroupArns": ["none"] }), "TargetGroupNotFound"),
        (json!({ "LoadBalancerArn": "none" }), "LoadBalancerNotFound"),
        (json!({ "Names": ["web-b"], "TargetGroupArns": ["x"] }), "ValidationError"),
    ] {
        assert_eq!(desk.refused(Elbv2, "DescribeTargetGroups", &input), code);
    }
}

/// "Health checks for Application Load Balancer target groups": a healthy target has no reason; 30 s × 5.
#[test]
fn targets_of_a_service_go_from_initial_to_healthy_to_draining() {
    let (mut desk, made) = desk([100, 0]);
    let group = made.groups[0].clone();
    serve(&mut desk, "web", "nginx:1", &group, 2);
    while health(&mut desk, &group).len() < 2 {
        desk.advance(1);
    }
    desk.advance(1);
    let initial = health(&mut desk, &group);
    assert_eq!(initial[0]["TargetHealth"]["State"], "initial");
    assert_eq!(initial[0]["TargetHealth"]["Reason"], "Elb.InitialHealthChecking");
    desk.advance(150);
    assert_eq!(health(&mut desk, &group)[0]["TargetHealth"], json!({ "State": "healthy" }));
    desk.ok(Ecs, "UpdateService", &json!({ "cluster": "c1", "service": "web", "desiredCount": 1 }));
    desk.advance(10);
    let mut seen = states(&mut desk, &group);
    seen.sort();
    assert_eq!(seen, ["draining", "healthy"]);
    let known = health(&mut desk, &group)[0]["Target"].clone();
    let asked = json!({ "TargetGroupArn": group, "Targets": [known, { "Id": "10.9.9.9", "Port": 1 }] });
    let two = desk.ok(Elbv2, "DescribeTargetHealth", &asked);
    let reason = &two["TargetHealthDescriptions"][1]["TargetHealth"]["Reason"];
    assert_eq!(reason, "Target.NotRegistered");
    assert_eq!(desk.refused(Elbv2, "DescribeTargetHealth", &json!({ "TargetGroupArn": "x" })), "TargetGroupNotFound");
}

#[test]
fn tasks_and_targets_join_by_private_address_and_container_port() {
    let (mut desk, made) = desk([100, 0]);
    serve(&mut desk, "web", "nginx:1", &made.groups[0], 1);
    desk.advance(120);
    let listed = desk.ok(Ecs, "ListTasks", &json!({ "cluster": "c1" }));
    let answer = desk.ok(Ecs, "DescribeTasks", &json!({ "cluster": "c1", "tasks": listed["taskArns"] }));
    let details = answer["tasks"][0]["attachments"][0]["details"].as_array().unwrap();
    let address = details.iter().find(|detail| detail["name"] == "privateIPv4Address").unwrap();
    let target = &health(&mut desk, &made.groups[0])[0]["Target"];
    assert_eq!(*target, json!({ "Id": address["value"], "Port": 8080 }));
}

/// API reference, `TargetHealth`: `Target.NotInUse`. Weight 0 is use enough.
#[test]
fn targets_are_unused_unless_some_rule_forwards_to_their_group() {
    let (mut desk, made) = desk([100, 0]);
    let group = made.groups[1].clone();
    serve(&mut desk, "web", "nginx:1", &group, 1);
    desk.advance(600);
    assert_eq!(states(&mut desk, &group), ["healthy"]);
    let only = json!([{ "Type": "forward", "TargetGroupArn": made.groups[0] }]);
    modify(&mut desk, &made, &only).unwrap();
    let unused = health(&mut desk, &group)[0]["TargetHealth"].clone();
    assert_eq!((&unused["State"], &unused["Reason"]), (&json!("unused"), &json!("Target.NotInUse")));
    modify(&mut desk, &made, &json!([forward(&made, [100, 0])])).unwrap();
    assert_eq!(states(&mut desk, &group), ["initial"]);
    desk.advance(151);
    assert_eq!(states(&mut desk, &group), ["healthy"]);
    // A service cannot be created in front of a group that no load balancer uses.
    modify(&mut desk, &made, &only).unwrap();
    let entry = json!({ "targetGroupArn": group, "containerName": "app", "containerPort": 8080 });
    let service = json!({
        "cluster": "c1", "serviceName": "late", "taskDefinition": "web", "desiredCount": 1, "launchType": "FARGATE",
        "networkConfiguration": { "awsvpcConfiguration": { "subnets": ["subnet-1"] } }, "loadBalancers": [entry],
    });
    assert_eq!(desk.refused(Ecs, "CreateService", &service), "InvalidParameterException");
}

#[test]
fn a_declared_fixture_without_load_balancers_keeps_its_own_word() {
    let mut desk = Desk::new();
    let fixtures = &mut desk.sim.region(&desk.key.clone()).fixtures;
    fixtures.target_groups.insert("used".to_owned(), TargetGroup::new("used", "ip"));
    let loose = TargetGroup { in_use: false, ..TargetGroup::new("loose", "ip") };
    fixtures.target_groups.insert("loose".to_owned(), loose);
    assert!(fixtures.is_in_use("used") && !fixtures.is_in_use("loose"));
}

#[test]
fn an_unhealthy_image_fails_its_targets() {
    let (mut desk, made) = desk([100, 0]);
    serve(&mut desk, "web", "nginx:1", &made.groups[0], 1);
    // Within the grace period the scheduler leaves the task alone.
    let grace = json!({ "cluster": "c1", "service": "web", "healthCheckGracePeriodSeconds": 7200 });
    desk.ok(Ecs, "UpdateService", &grace);
    desk.advance(600);
    desk.sim.set_image("nginx:1", ImageFate::Unhealthy);
    desk.advance(61);
    let targets = desk.sim.targets(&desk.key.clone(), &made.groups[0]);
    assert!(targets.iter().any(|(_, _, state)| *state == TargetState::Unhealthy), "{targets:?}");
}

#[test]
fn times_of_traffic_to_empty_groups_are_written_down() {
    let (mut desk, made) = desk([100, 0]);
    let key = desk.key.clone();
    let start = desk.sim.now();
    serve(&mut desk, "web", "nginx:1", &made.groups[0], 1);
    desk.advance(600);
    let first = desk.sim.unserved(&key);
    assert_eq!((first.len(), first[0].from), (1, start));
    let until = first[0].until.unwrap();
    assert!(until > start && until < start + 600_000);
    // Half of the traffic goes where nobody is, for 10 s.
    let weights = [(made.groups[0].as_str(), 50), (made.groups[1].as_str(), 50)];
    assert!(desk.sim.set_weights(&key, &made.rule, &weights, "person"));
    desk.advance(10);
    let now = desk.sim.now();
    modify(&mut desk, &made, &json!([forward(&made, [100, 0])])).unwrap();
    let gap = Unserved { rule: made.rule.clone(), group: made.groups[1].clone(), from: now - 10_000, until: Some(now) };
    assert_eq!(desk.sim.unserved(&key)[1..], [gap]);
    let log = desk.sim.weight_log(&key, &made.rule);
    assert_eq!(log.iter().map(|change| change.weights[&made.groups[1]]).collect::<Vec<_>>(), [0, 50, 0]);
    assert_eq!((log[1].by.as_str(), log[1].healthy[&made.groups[0]]), ("person", 1));
}

#[test]
fn tags_of_all_kinds_are_described() {
    let (mut desk, made) = desk([100, 0]);
    let key = desk.key.clone();
    let arns = [&made.load_balancer, &made.listener, &made.rule, &made.groups[0]];
    for arn in arns {
        assert!(desk.sim.tag_balancing(&key, arn, &[("team", "shop")]));
    }
    let answer = desk.ok(Elbv2, "DescribeTags", &json!({ "ResourceArns": arns }));
    let described = answer["TagDescriptions"].as_array().unwrap();
    assert!(described.iter().all(|one| one["Tags"] == json!([{ "Key": "team", "Value": "shop" }])));
    let bare = desk.ok(Elbv2, "DescribeTags", &json!({ "ResourceArns": [made.groups[1]] }));
    assert_eq!(bare["TagDescriptions"][0]["Tags"], json!([]));
    let none = made.rule.replace("listener-rule", "listener-rule/x");
    assert_eq!(desk.refused(Elbv2, "DescribeTags", &json!({ "ResourceArns": [none] })), "RuleNotFound");
}

#[test]
fn an_equal_target_group_is_created_once() {
    let mut desk = Desk::new();
    let input = json!({ "Name": "a", "Protocol": "HTTP", "Port": 80, "VpcId": "vpc-1", "TargetType": "ip" });
    let first = desk.ok(Elbv2, "CreateTargetGroup", &input);
    assert_eq!(desk.ok(Elbv2, "CreateTargetGroup", &input), first);
    let other = json!({ "Name": "a", "Protocol": "HTTP", "Port": 81, "VpcId": "vpc-1", "TargetType": "ip" });
    assert_eq!(desk.refused(Elbv2, "CreateTargetGroup", &other), "DuplicateTargetGroupName");
}
