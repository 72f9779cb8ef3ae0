//! Reading and evaluating policies.

use super::*;

fn demand(action: &str, resource: &str) -> Demand {
    let (service, action) = action.split_once(':').unwrap();
    Demand::new(service, action, resource)
}

fn policy(statement: &str) -> Policy {
    Policy::read(&format!(r#"{{"Version": "2012-10-17", "Statement": [{statement}]}}"#)).unwrap()
}

#[test]
fn actions_and_resources_fit_with_wildcards_and_whole() {
    let read = policy(
        r#"{"Sid": "A", "Effect": "Allow", "Action": ["ecs:Describe*", "ecs:StopTask"], "Resource": "arn:aws:ecs:*:1:service/*/web-?"}"#,
    );
    let arn = "arn:aws:ecs:eu-west-1:1:service/shop/web-1";
    assert_eq!(read.allows(&demand("ecs:DescribeServices", arn)), ["A"]);
    assert_eq!(read.allows(&demand("ecs:describeservices", arn)), ["A"]);
    assert!(read.allows(&demand("ecs:StopTaskNow", arn)).is_empty());
    assert!(read.allows(&demand("ecs:StopTask", "arn:aws:ecs:eu-west-1:1:service/shop/web-12")).is_empty());
    // A statement of some resources does not allow what knows no resource.
    assert!(read.allows(&demand("ecs:DescribeTaskDefinition", "*")).is_empty());
}

#[test]
fn conditions_hold_together_and_absent_keys_fail_them() {
    let tag = policy(
        r#"{"Sid": "A", "Effect": "Allow", "Action": "ecs:TagResource", "Resource": "*", "Condition": {
            "StringEquals": {"aws:RequestTag/o/i": "prod"}, "Null": {"aws:ResourceTag/o/i": "true"},
            "ForAllValues:StringLike": {"aws:TagKeys": "o/*"}}}"#,
    );
    let ask = |request: &[(&str, &str)], resource: &[(&str, &str)]| {
        let own =
            |tags: &[(&str, &str)]| tags.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect::<Vec<_>>();
        let bearing = own(resource);
        let demand = demand("ecs:TagResource", "x").requesting(&own(request));
        !tag.allows(&demand.bearing(bearing.iter().map(|(key, value)| (key, value)))).is_empty()
    };
    assert!(ask(&[("o/i", "prod"), ("o/n", "x")], &[]));
    assert!(!ask(&[("o/i", "other")], &[]));
    assert!(!ask(&[("o/n", "x")], &[]));
    assert!(!ask(&[("o/i", "prod"), ("team", "x")], &[]));
    assert!(!ask(&[("o/i", "prod")], &[("o/i", "other")]));
    assert!(ask(&[("o/i", "prod")], &[("team", "x")]));
    let list = policy(
        r#"{"Sid": "L", "Effect": "Allow", "Action": "ecs:ListTasks", "Resource": "*", "Condition": {
            "ArnLike": {"ecs:cluster": "arn:aws:ecs:*:*:cluster/shop-*"}, "StringEqualsIfExists": {"a": "b"}}}"#,
    );
    let within =
        |cluster: &str| demand("ecs:ListTasks", "*").with("ecs:cluster", format!("arn:aws:ecs:r:1:cluster/{cluster}"));
    assert_eq!(list.allows(&within("shop-1")), ["L"]);
    assert!(list.allows(&within("bank")).is_empty());
    assert!(list.allows(&within("shop-1").with("a", "c")).is_empty());
    assert!(list.allows(&demand("ecs:ListTasks", "*")).is_empty());
}

#[test]
fn a_denial_beats_every_permission_and_unknown_operators_are_told() {
    let all = r#"{"Sid": "All", "Effect": "Allow", "Action": "ecs:*", "Resource": "*"}"#;
    let not = r#"{"Sid": "Not", "Effect": "Deny", "Action": "ecs:DeleteCluster", "Resource": "*"}"#;
    let both = policy(&format!("{all}, {not}"));
    assert_eq!(both.allows(&demand("ecs:CreateCluster", "x")), ["All"]);
    assert!(both.allows(&demand("ecs:DeleteCluster", "x")).is_empty());
    assert_eq!(both.without("Not").allows(&demand("ecs:DeleteCluster", "x")), ["All"]);
    let strange = r#"{"Statement": [{"Effect": "Allow", "Action": "a:b", "Resource": "*", "Condition": {"IpAddress": {"aws:SourceIp": "::"}}}]}"#;
    assert!(matches!(Policy::read(strange), Err(PolicyError::Operator(name)) if name == "IpAddress"));
}
