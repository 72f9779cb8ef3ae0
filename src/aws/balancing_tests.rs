//! Elastic Load Balancing over a scripted wire.

use aws_sdk_elasticloadbalancingv2::types::{ActionTypeEnum, ForwardActionConfig, TargetGroupTuple};

use super::*;
use crate::aws::classify::Class;
use crate::aws::test_wire::{Asked, Reply, Wire};

const ARN: &str = "arn:aws:elasticloadbalancing:eu-west-1:1:";

fn here() -> Scope {
    Scope::new("eu-west-1")
}

fn group(name: &str) -> String {
    format!(
        "<member><TargetGroupArn>{ARN}targetgroup/{name}/1</TargetGroupArn><TargetGroupName>{name}</TargetGroupName>\
         <TargetType>ip</TargetType><Protocol>HTTP</Protocol><Port>80</Port><VpcId>vpc-1</VpcId>\
         <LoadBalancerArns><member>lb</member></LoadBalancerArns></member>"
    )
}

/// Knows every target group but those called `gone…`, and refuses the whole request for them, as the service does.
fn groups(asked: &Asked) -> Reply {
    let arns = asked.list("TargetGroupArns").into_iter().map(|arn| arn.split('/').nth(1).unwrap().to_owned());
    let names: Vec<String> = asked.list("Names").into_iter().chain(arns).collect();
    if names.iter().any(|name| name.starts_with("gone")) {
        return Reply::refusal("TargetGroupNotFound");
    }
    let all: String = names.iter().rev().map(|name| group(name)).collect();
    Reply::result("DescribeTargetGroups", &format!("<TargetGroups>{all}</TargetGroups>"))
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn names_and_arns_are_never_mixed_and_a_missing_group_is_an_answer() {
    let wire = Wire::new(groups);
    let arn = format!("{ARN}targetgroup/by-arn/1");
    let wanted = owned(&["web", "gone", &arn]);
    let found = wire.aws().target_groups(&here(), &wanted, Priority::Edit).await.unwrap();
    assert_eq!(found.len(), 3);
    assert_eq!(found["gone"], None);
    let web = found["web"].as_ref().unwrap();
    assert_eq!((web.name.as_str(), web.target_type.as_str(), web.port), ("web", "ip", Some(80)));
    assert_eq!((web.vpc_id.as_deref(), web.load_balancer_arns.len()), (Some("vpc-1"), 1));
    assert_eq!(found[&arn].as_ref().unwrap().arn, arn);
    let mixed = |asked: &Asked| !asked.list("Names").is_empty() && !asked.list("TargetGroupArns").is_empty();
    assert!(!wire.asked().iter().any(mixed));
}

#[tokio::test(start_paused = true)]
async fn fifty_target_groups_are_three_requests() {
    let wire = Wire::new(groups);
    let names: Vec<String> = (0..50).map(|n| format!("t{n:02}")).collect();
    let found = wire.aws().target_groups(&here(), &names, Priority::Sweep).await.unwrap();
    assert!(found.iter().all(|(name, group)| group.as_ref().unwrap().name == *name));
    let mut sizes: Vec<usize> = wire.asked().iter().map(|asked| asked.list("Names").len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [10, 20, 20]);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_for_want_of_permission_is_asked_once_and_is_not_an_absence() {
    let wire = Wire::new(|_| Reply::refusal("AccessDenied"));
    let error = wire.aws().target_groups(&here(), &owned(&["a", "b"]), Priority::Edit).await.unwrap_err();
    assert_eq!(error.class, Class::Permission);
    assert_eq!(wire.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn two_versions_of_one_group_share_one_look_at_its_targets() {
    let wire = Wire::new(|_| {
        let target = |id: &str, state: &str| {
            format!(
                "<member><Target><Id>{id}</Id><Port>80</Port></Target><TargetHealth><State>{state}</State>\
                 <Reason>Target.Timeout</Reason></TargetHealth></member>"
            )
        };
        let all = target("10.0.0.1", "healthy") + &target("10.0.0.2", "unhealthy.draining");
        let list = format!("<TargetHealthDescriptions>{all}</TargetHealthDescriptions>");
        Reply::result("DescribeTargetHealth", &list)
    });
    let (aws, scope) = (wire.aws(), here());
    let (one, two, three) = futures::join!(
        aws.target_health(&scope, "t1", Priority::Sweep),
        aws.target_health(&scope, "t1", Priority::Edit),
        aws.target_health(&scope, "t2", Priority::Edit),
    );
    let one = one.unwrap();
    assert_eq!(one, two.unwrap());
    assert_eq!(one, three.unwrap());
    assert_eq!((one[1].id.as_str(), one[1].port, one[1].state.as_str()), ("10.0.0.2", Some(80), "unhealthy.draining"));
    assert_eq!(one[1].reason.as_deref(), Some("Target.Timeout"));
    assert_eq!(wire.asked().len(), 2, "one request for each target group");
    aws.target_health(&scope, "t1", Priority::Edit).await.unwrap();
    assert_eq!(wire.asked().len(), 3, "a later question gets a new answer");
}

#[tokio::test(start_paused = true)]
async fn a_target_group_that_is_gone_has_no_health() {
    let wire = Wire::new(|_| Reply::refusal("TargetGroupNotFound"));
    let error = wire.aws().target_health(&here(), "t1", Priority::Edit).await.unwrap_err();
    assert_eq!(error.class, Class::TargetMissing);
}

const FORWARD: &str = "<member><Type>forward</Type><Order>1</Order><ForwardConfig><TargetGroups>\
    <member><TargetGroupArn>a</TargetGroupArn><Weight>999</Weight></member>\
    <member><TargetGroupArn>b</TargetGroupArn><Weight>0</Weight></member></TargetGroups>\
    <TargetGroupStickinessConfig><Enabled>true</Enabled><DurationSeconds>90</DurationSeconds>\
    </TargetGroupStickinessConfig></ForwardConfig></member>";

#[tokio::test(start_paused = true)]
async fn rules_and_listeners_are_read_by_their_own_operations() {
    let wire = Wire::new(|asked| {
        if asked.list("RuleArns").iter().any(|arn| arn.ends_with("gone")) {
            return Reply::refusal("RuleNotFound");
        }
        let rule = |arn: &String| format!("<member><RuleArn>{arn}</RuleArn><Actions>{FORWARD}</Actions></member>");
        let listener = |arn: &String| {
            format!("<member><ListenerArn>{arn}</ListenerArn><DefaultActions>{FORWARD}</DefaultActions></member>")
        };
        let rules: String = asked.list("RuleArns").iter().map(rule).collect();
        let listeners: String = asked.list("ListenerArns").iter().map(listener).collect();
        let action = asked.operation.as_str();
        Reply::result(action, &format!("<Rules>{rules}</Rules><Listeners>{listeners}</Listeners>"))
    });
    let rule = format!("{ARN}listener-rule/app/l/1/2/3");
    let gone = format!("{ARN}listener-rule/app/l/1/2/gone");
    let listener = format!("{ARN}listener/app/l/1/2");
    let wanted = [rule.clone(), gone.clone(), listener.clone()];
    let found = wire.aws().listener_rules(&here(), &wanted, Priority::Edit).await.unwrap();
    assert_eq!(found[&gone], None);
    let (rule, listener) = (found[&rule].as_ref().unwrap(), found[&listener].as_ref().unwrap());
    assert!(!rule.is_listener && listener.is_listener);
    assert_eq!(rule.actions, listener.actions);
    let forward = rule.actions[0].forward_config.as_ref().unwrap();
    assert_eq!((forward.target_groups()[0].weight(), forward.target_groups().len()), (Some(999), 2));
    assert_eq!(forward.target_group_stickiness_config.as_ref().unwrap().duration_seconds, Some(90));
}

#[tokio::test(start_paused = true)]
async fn weights_are_written_to_the_rule_or_to_the_listener() {
    let wire = Wire::new(|asked| Reply::result(&asked.operation, ""));
    let groups = TargetGroupTuple::builder().target_group_arn("a").weight(0).build();
    let forward = ForwardActionConfig::builder().target_groups(groups).build();
    let action = Action::builder().r#type(ActionTypeEnum::Forward).forward_config(forward).build();
    let rule = RuleSeen { arn: "r".to_owned(), is_listener: false, actions: Vec::new() };
    let listener = RuleSeen { arn: "l".to_owned(), is_listener: true, actions: Vec::new() };
    let aws = wire.aws();
    aws.modify_rule(&here(), &rule, vec![action.clone()], Priority::Edit).await.unwrap();
    aws.modify_rule(&here(), &listener, vec![action], Priority::Edit).await.unwrap();
    let asked = wire.asked();
    assert_eq!(wire.operations(), ["ModifyRule", "ModifyListener"]);
    assert_eq!((asked[0].text("RuleArn"), asked[1].text("ListenerArn")), ("r", "l"));
    assert_eq!(asked[0].text("Actions.member.1.ForwardConfig.TargetGroups.member.1.Weight"), "0");
    assert_eq!(asked[1].text("DefaultActions.member.1.ForwardConfig.TargetGroups.member.1.Weight"), "0");
}
