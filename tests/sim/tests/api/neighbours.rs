//! The services beside ECS, through the bytes of their wires.

use std::collections::BTreeMap;

use ecs_sim::fault::{Effect, Rule};
use ecs_sim::fixtures::Network;
use ecs_sim::sts::Role;
use ecs_sim::{HttpRequest, HttpResponse, RegionKey, Sim};
use serde_json::{Value, json};

use super::world;

fn key() -> RegionKey {
    RegionKey::new("123456789012", "eu-west-1")
}

fn headers(service: &str, access_key: &str) -> BTreeMap<String, String> {
    let scope =
        format!("AWS4-HMAC-SHA256 Credential={access_key}/20270115/eu-west-1/{service}/aws4_request, Signature=0");
    BTreeMap::from([("authorization".to_owned(), scope)])
}

/// Sends a form as a Query client does.
fn form(sim: &mut Sim, service: &str, access_key: &str, body: &str) -> (HttpResponse, String) {
    let request = HttpRequest {
        method: "POST".to_owned(),
        uri: "/".to_owned(),
        headers: headers(service, access_key),
        body: body.as_bytes().to_vec(),
    };
    let now = sim.now();
    let response = sim.answer(&request, now);
    let text = String::from_utf8(response.body.clone()).unwrap();
    (response, text)
}

#[test]
fn ec2_answers_in_its_own_envelope() {
    let mut sim = world();
    let subnet = Network::subnet("vpc-1", "eu-west-1a").tagged(&[("Name", "shop.<a>")]);
    sim.region(&key()).fixtures.subnets.insert("subnet-1".to_owned(), subnet);
    let body = "Action=DescribeSubnets&Version=2016-11-15&Filter.1.Name=vpc-id&Filter.1.Value.1=vpc-1";
    let (response, text) = form(&mut sim, "ec2", "AKIA", body);
    assert_eq!((response.status, response.headers["content-type"].as_str()), (200, "text/xml"));
    assert!(text.contains("xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\""), "{text}");
    assert!(text.contains("<tagSet><item><key>Name</key><value>shop.&lt;a&gt;</value></item></tagSet>"), "{text}");
    let body = "Action=DescribeSubnets&Version=2016-11-15&SubnetId.1=subnet-9";
    let (response, text) = form(&mut sim, "ec2", "AKIA", body);
    assert_eq!(response.status, 400);
    assert!(text.contains("<Response><Errors><Error><Code>InvalidSubnetID.NotFound</Code>"), "{text}");
    let (_, text) = form(&mut sim, "ec2", "AKIA", "Action=DescribeSubnets&SubnetIds.1=subnet-1");
    assert!(text.contains("<Code>UnknownParameter</Code>"), "{text}");
    assert_eq!(sim.shape_faults, Vec::<String>::new());
}

#[test]
fn an_assumed_role_acts_in_its_account_until_it_ends() {
    let mut sim = world();
    sim.add_role("arn:aws:iam::210987654321:role/ops", Role::trusting(&["123456789012"]));
    let (_, text) = form(&mut sim, "sts", "AKIA", "Action=GetCallerIdentity&Version=2011-06-15");
    assert!(text.contains("<GetCallerIdentityResult><Account>123456789012</Account>"), "{text}");
    let assume = |role: &str| {
        format!("Action=AssumeRole&Version=2011-06-15&RoleArn=arn:aws:iam::210987654321:role/{role}&RoleSessionName=s1")
    };
    let (response, text) = form(&mut sim, "sts", "AKIA", &assume("none"));
    assert_eq!(response.status, 403);
    assert!(text.contains("<Code>AccessDenied</Code>"), "{text}");
    let (_, text) = form(&mut sim, "sts", "AKIA", &assume("ops"));
    let (_, rest) = text.split_once("<AccessKeyId>").unwrap();
    let access_key = rest.split('<').next().unwrap().to_owned();
    let (_, text) = form(&mut sim, "sts", &access_key, "Action=GetCallerIdentity");
    assert!(text.contains("arn:aws:sts::210987654321:assumed-role/ops/s1"), "{text}");
    sim.advance_to(sim.now() + 3_600_000);
    let (response, text) = form(&mut sim, "sts", &access_key, "Action=GetCallerIdentity");
    assert_eq!(response.status, 403);
    assert!(text.contains("<Code>ExpiredToken</Code>"), "{text}");
}

#[test]
fn an_action_that_nobody_answers_is_a_failure_of_the_test() {
    let mut sim = world();
    for (service, body) in [("elasticloadbalancing", "Action=DescribeAccountLimits"), ("sqs", "Action=ReceiveMessage")]
    {
        let (response, text) = form(&mut sim, service, "AKIA", body);
        assert_eq!(response.status, 400);
        assert!(text.contains("UnknownOperationException"), "{text}");
    }
    assert_eq!(sim.unknown_actions, ["elasticloadbalancing:DescribeAccountLimits", "sqs:ReceiveMessage"]);
}

#[test]
fn faults_and_transcripts_reach_the_neighbours() {
    let mut sim = world();
    let effect = Effect::Error { code: "Throttling".to_owned(), message: "Rate exceeded".to_owned(), status: 400 };
    let rule = Rule { service: Some("elasticloadbalancing".to_owned()), ..Rule::on("DescribeRules", effect).once() };
    sim.faults.add(rule);
    let body = "Action=DescribeRules&Version=2015-12-01&RuleArns.member.1=arn:x";
    let (_, text) = form(&mut sim, "elasticloadbalancing", "AKIA", body);
    assert!(text.contains("<Code>Throttling</Code>"), "{text}");
    let (_, text) = form(&mut sim, "elasticloadbalancing", "AKIA", body);
    assert!(text.contains("<Code>RuleNotFound</Code>"), "{text}");
    let line: Value = serde_json::from_str(sim.transcript.last().unwrap()).unwrap();
    assert_eq!((&line["action"], &line["request"]), (&json!("DescribeRules"), &json!({ "RuleArns": ["arn:x"] })));
    let (_, text) = form(&mut sim, "elasticloadbalancing", "AKIA", "Action=DescribeRules&PageSize=many");
    assert!(text.contains("<Code>ValidationError</Code>"), "{text}");
}

#[test]
fn cloudwatch_speaks_json_and_forms_too() {
    let mut sim = world();
    sim.with_fleet(&key(), |fleet| fleet.set_alarm("gate", ecs_sim::fixtures::AlarmState::Ok));
    let mut request = HttpRequest {
        method: "POST".to_owned(),
        uri: "/".to_owned(),
        headers: headers("monitoring", "AKIA"),
        body: br#"{"AlarmNames":["gate"]}"#.to_vec(),
    };
    let target = "GraniteServiceVersion20100801.DescribeAlarms".to_owned();
    request.headers.insert("x-amz-target".to_owned(), target);
    let now = sim.now();
    let answer: Value = serde_json::from_slice(&sim.answer(&request, now).body).unwrap();
    assert_eq!(answer["MetricAlarms"][0]["StateValue"], "OK");
    let (_, text) = form(&mut sim, "monitoring", "AKIA", "Action=DescribeAlarms&AlarmNames.member.1=gate");
    assert!(text.contains("<StateValue>OK</StateValue>"), "{text}");
    assert!(text.contains("<StateUpdatedTimestamp>2027-01-15T08:00:00.000Z</StateUpdatedTimestamp>"), "{text}");
}

#[test]
fn a_demonstration_declares_its_balancer_over_the_control_plane() {
    let mut sim = world();
    let spec = json!({ "name": "shop", "groups": [["shop-a", 100], ["shop-b", 0]], "stickinessSeconds": 30 });
    let made = sim.control("balancer", json!({ "region": "eu-west-1", "balancer": spec })).unwrap();
    let (rule, group) = (made["rule"].clone(), made["groups"][1].as_str().unwrap().to_owned());
    let set = json!({ "region": "eu-west-1", "rule": rule, "set": { group.clone(): 7 }, "by": "person" });
    let weights = sim.control("weights", set).unwrap();
    assert_eq!(weights["weights"][&group], 7);
    assert_eq!((&weights["log"][1]["by"], &weights["log"][1]["healthy"][&group]), (&json!("person"), &json!(0)));
    let gaps = sim.control("unserved", json!({ "region": "eu-west-1" })).unwrap();
    assert_eq!(gaps["unserved"].as_array().unwrap().last().unwrap()["group"], json!(group));
    for (name, body) in [
        ("targets", json!({ "region": "eu-west-1", "group": group, "failing": true })),
        ("tag_balancing", json!({ "region": "eu-west-1", "arn": group, "tags": { "a": "b" } })),
        ("alarm", json!({ "region": "eu-west-1", "name": "x", "state": "OK", "composite": true })),
        ("subnet", json!({ "region": "eu-west-1", "id": "s", "vpcId": "v", "zone": "z", "tags": { "a": "b" } })),
        ("security_group", json!({ "region": "eu-west-1", "id": "g", "vpcId": "v", "name": "web" })),
        ("instances", json!({ "region": "eu-west-1", "cluster": "c", "count": 3 })),
        ("role", json!({ "arn": "arn:aws:iam::1:role/a", "role": { "trusts": ["*"] } })),
        ("access_key", json!({ "accessKey": "AKIA2", "account": "210987654321", "arn": "a" })),
    ] {
        sim.control(name, body).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    for series in [
        json!({ "kind": "none" }),
        json!({ "kind": "constant", "points": 2.5 }),
        json!({ "kind": "points", "points": [[0, 1.5]] }),
    ] {
        let body = json!({ "region": "eu-west-1", "namespace": "N", "metric": "M", "series": series });
        sim.control("series", body).unwrap();
    }
    let bad = json!({ "region": "eu-west-1", "balancer": { "groups": [["a", 1000]] } });
    assert!(sim.control("balancer", bad).unwrap_err().to_string().contains("0 and 999"));
}

#[test]
fn roles_and_settings_are_declared_over_the_control_plane() {
    let mut sim = world();
    let role = json!({ "arn": "arn:aws:iam::123456789012:role/shop/web", "role": { "services": ["ecs-tasks.amazonaws.com"] } });
    sim.control("role", role).unwrap();
    let (response, text) = form(&mut sim, "iam", "AKIA", "Action=GetRole&Version=2010-05-08&RoleName=web");
    assert_eq!((response.status, response.headers["content-type"].as_str()), (200, "text/xml"));
    assert!(text.contains("<GetRoleResult><Role>") && text.contains("<Path>/shop/</Path>"), "{text}");
    assert!(text.contains("<Arn>arn:aws:iam::123456789012:role/shop/web</Arn>"), "{text}");
    let (response, text) = form(&mut sim, "iam", "AKIA", "Action=GetRole&RoleName=none");
    assert_eq!(response.status, 404);
    assert!(text.contains("<Code>NoSuchEntity</Code>"), "{text}");
    let denied = Effect::Error { code: "AccessDenied".to_owned(), message: "no".to_owned(), status: 403 };
    sim.faults.add(Rule { service: Some("iam".to_owned()), ..Rule::on("GetRole", denied).once() });
    let (response, _) = form(&mut sim, "iam", "AKIA", "Action=GetRole&RoleName=web");
    assert_eq!(response.status, 403);
    sim.control("role/remove", json!({ "arn": "arn:aws:iam::123456789012:role/shop/web" })).unwrap();
    let set = |value: &str| json!({ "region": "eu-west-1", "name": "serviceLongArnFormat", "value": value });
    assert!(sim.control("setting", set("perhaps")).is_err());
    sim.control("setting", set("disabled")).unwrap();
    let asked = json!({ "effectiveSettings": true, "name": "serviceLongArnFormat" });
    let answer = sim.call_ecs(&key(), "arn:aws:iam::123456789012:role/op", "ListAccountSettings", &asked).unwrap();
    let expected = json!({
        "name": "serviceLongArnFormat", "value": "disabled", "type": "user",
        "principalArn": "arn:aws:iam::123456789012:root",
    });
    assert_eq!(answer["settings"], json!([expected]));
    assert_eq!(sim.shape_faults, Vec::<String>::new());
}
