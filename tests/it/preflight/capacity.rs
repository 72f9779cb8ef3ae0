//! Capacity, load balancers, deployments and controllers of services.

use super::*;

#[test]
#[rustfmt::skip] // one row a line
fn capacity_balancer_and_deployment_rules_name_member_and_remedy() {
    let strategy = |items: Value| json!({ "/capacityProviderStrategy": items });
    let item = |name: &str, weight: i32, base: i32| json!({ "capacityProvider": name, "weight": weight, "base": base });
    let balancer = |value: Value| json!({ "/loadBalancers": [value] });
    let whole = || json!({ "targetGroupArn": GROUP, "containerName": "web", "containerPort": 80 });
    let deployment = |value: Value| json!({ "/deploymentConfiguration": value });
    let lacking = |member: &str| {
        let mut value = whole();
        value.as_object_mut().expect("object").remove(member);
        balancer(value)
    };
    let shift = |advanced: Value| {
        let mut value = whole();
        value["advancedConfiguration"] = advanced;
        json!({ "/loadBalancers": [value], "/deploymentConfiguration": { "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5 } })
    };
    let green = GROUP.replace("web", "green");
    let rule = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/a/1/2/3";
    let advanced = || json!({ "alternateTargetGroupArn": green, "productionListenerRule": rule, "roleArn": ROLE });
    let ok = || json!({});
    let hook = |value: Value| deployment(json!({ "lifecycleHooks": [value] }));
    let lambda = json!({ "hookTargetArn": "arn:aws:lambda:eu-west-1:123456789012:function:a", "roleArn": ROLE, "lifecycleStages": ["PRE_SCALE_UP"] });
    let d = "deploymentConfiguration";
    let p = |tail: &str| -> &'static str { Box::leak(format!("{d}.{tail}").into_boxed_str()) };
    let rows = vec![
        Row("one way", strategy(json!([item("a", 1, 0)])), json!({"/launchType": "EC2", "/capacityProviderStrategy": [item("a", 1, 0)]}), "capacityProviderStrategy", "beside `launchType`", "keep one"),
        Row("bases", strategy(json!([item("a", 1, 1), item("b", 1, 0)])), strategy(json!([item("a", 1, 1), item("b", 1, 1)])), "capacityProviderStrategy", "more than one item with a `base`", "one item"),
        Row("weights", strategy(json!([item("a", 0, 0), item("b", 1, 0)])), strategy(json!([item("a", 0, 0), item("b", 0, 0)])), "capacityProviderStrategy", "`weight` above 0", "weight"),
        Row("mixed", strategy(json!([item("FARGATE", 1, 0), item("FARGATE_SPOT", 1, 0)])), strategy(json!([item("FARGATE", 1, 0), item("a", 1, 0)])), "capacityProviderStrategy", "mixes Fargate", "either"),
        Row("many", strategy(json!([item("a", 1, 0)])), strategy(json!((0..21).map(|n| item(&format!("p{n}"), 1, 0)).collect::<Vec<_>>())), "capacityProviderStrategy", "more than 20", "at most 20"),
        Row("placement", json!({"/placementStrategy": [{"type": "random"}]}), json!({"/launchType": "FARGATE", "/placementStrategy": [{"type": "random"}]}), "placementStrategy", "Fargate", "leave"),
        Row("container", balancer(whole()), lacking("containerName"), "loadBalancers[0].containerName", "missing", "name the container"),
        Row("port", balancer(whole()), lacking("containerPort"), "loadBalancers[0].containerPort", "missing", "name the port"),
        Row("group", balancer(whole()), lacking("targetGroupArn"), "loadBalancers[0].targetGroupArn", "missing", "ARN"),
        Row("not an arn", balancer(whole()), balancer(json!({"targetGroupArn": "TARGET_GROUP", "containerName": "web", "containerPort": 80})), "loadBalancers[0].targetGroupArn", "must be an ARN", "targetgroup/"),
        Row("other arn", balancer(whole()), balancer(json!({"targetGroupArn": ROLE, "containerName": "web", "containerPort": 80})), "loadBalancers[0].targetGroupArn", "something else (iam:role)", "targetgroup/"),
        Row("shift", shift(advanced()), json!({"/loadBalancers": [whole()], "/deploymentConfiguration": {"strategy": "CANARY"}}), "loadBalancers", "advancedConfiguration", "second target group"),
        Row("rule", shift(advanced()), shift(json!({"alternateTargetGroupArn": green, "roleArn": ROLE})), "loadBalancers[0].advancedConfiguration.productionListenerRule", "missing", "shift traffic"),
        Row("percent", deployment(json!({"minimumHealthyPercent": 50, "maximumPercent": 100})), deployment(json!({"maximumPercent": 100})), p("minimumHealthyPercent"), "blocks deployments", "lower it"),
        Row("order", deployment(json!({"minimumHealthyPercent": 100, "maximumPercent": 101})), deployment(json!({"minimumHealthyPercent": 150, "maximumPercent": 120})), p("minimumHealthyPercent"), "above `maximumPercent`", "raise"),
        Row("daemon percent", json!({"/schedulingStrategy": "DAEMON", "/deploymentConfiguration": {}}), json!({"/schedulingStrategy": "DAEMON", "/deploymentConfiguration": {"minimumHealthyPercent": 100}}), p("minimumHealthyPercent"), "blocks", "lower it"),
        Row("bake", deployment(json!({"bakeTimeInMinutes": 1440})), deployment(json!({"bakeTimeInMinutes": 1441})), p("bakeTimeInMinutes"), "1440", "range"),
        Row("step", deployment(json!({"linearConfiguration": {"stepPercent": 3.0}})), deployment(json!({"linearConfiguration": {"stepPercent": 2.9}})), p("linearConfiguration.stepPercent"), "3 to 100", "range"),
        Row("canary", deployment(json!({"canaryConfiguration": {"canaryPercent": 0.1}})), deployment(json!({"canaryConfiguration": {"canaryPercent": 0.0}})), p("canaryConfiguration.canaryPercent"), "0.1 to 100", "range"),
        Row("hook", hook(lambda.clone()), hook(json!({"lifecycleStages": ["PRE_SCALE_UP"]})), p("lifecycleHooks[0].hookTargetArn"), "missing", "Lambda"),
        Row("pause", hook(json!({"targetType": "PAUSE", "lifecycleStages": ["PRE_SCALE_UP"]})), hook(json!({"targetType": "PAUSE"})), p("lifecycleHooks[0].lifecycleStages"), "empty", "stages"),
        Row("alarms", deployment(json!({"alarms": {"enable": false, "rollback": false, "alarmNames": []}})), deployment(json!({"alarms": {"enable": true, "rollback": false, "alarmNames": []}})), p("alarms.alarmNames"), "empty", "enable: false"),
        Row("daemon", json!({"/schedulingStrategy": "DAEMON", "/launchType": "EC2"}), json!({"/schedulingStrategy": "DAEMON", "/launchType": "FARGATE"}), "schedulingStrategy", "Fargate", "REPLICA"),
        Row("daemon placement", json!({"/schedulingStrategy": "DAEMON", "/placementConstraints": [{"type": "distinctInstance"}]}), json!({"/schedulingStrategy": "DAEMON", "/placementStrategy": [{"type": "random"}]}), "placementStrategy", "DAEMON", "leave"),
        Row("controller", ok(), json!({"/deploymentController": {"type": "EXTERNAL"}}), "taskDefinition", "task sets", "controller ECS"),
        Row("breaker", deployment(json!({"deploymentCircuitBreaker": {"enable": true, "rollback": true}})), json!({"/deploymentController": {"type": "CODE_DEPLOY"}, "/deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": true, "rollback": true}}}), p("deploymentCircuitBreaker"), "needs controller ECS", "leave"),
    ];
    check(rows, replica, service);
}
