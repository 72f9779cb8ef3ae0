//! Cases of `EcsCluster`.

use serde_json::json;

use super::{case, judge, judge_dots, judge_immutable};

#[test]
fn every_rule_accepts_and_refuses() {
    let strategy = |items| json!({ "capacityProviders": ["FARGATE", "FARGATE_SPOT", "asg"], "defaultCapacityProviderStrategy": items });
    judge(
        "EcsCluster",
        &json!({}),
        &[
            case(
                "must consist of letters, digits, `_` and `-`",
                json!({ "clusterName": "prod_1-a" }),
                json!({ "clusterName": "prod.1" }),
            ),
            case(
                "must not have keys that start with `aws:` or `ecs-operator.dev/`",
                json!({ "tags": { "team": "a" } }),
                json!({ "tags": { "aws:x": "a" } }),
            ),
            case(
                "must not have keys that start with `aws:` or `ecs-operator.dev/`",
                json!({ "tags": {} }),
                json!({ "tags": { "ecs-operator.dev/uid": "a" } }),
            ),
            case(
                "must have a `base` in one item at most",
                strategy(
                    json!([{ "capacityProvider": "FARGATE", "base": 1, "weight": 1 }, { "capacityProvider": "FARGATE_SPOT", "base": 0 }]),
                ),
                strategy(
                    json!([{ "capacityProvider": "FARGATE", "base": 1, "weight": 1 }, { "capacityProvider": "FARGATE_SPOT", "base": 1 }]),
                ),
            ),
            case(
                "must have a `weight` above 0 in some item",
                strategy(json!([{ "capacityProvider": "FARGATE" }])),
                strategy(
                    json!([{ "capacityProvider": "FARGATE", "weight": 0 }, { "capacityProvider": "FARGATE_SPOT" }]),
                ),
            ),
            case(
                "must not mix `FARGATE` or `FARGATE_SPOT` with other capacity providers",
                strategy(json!([{ "capacityProvider": "asg" }])),
                strategy(json!([{ "capacityProvider": "FARGATE", "weight": 1 }, { "capacityProvider": "asg" }])),
            ),
            case(
                "must name only providers listed in `capacityProviders`",
                strategy(json!([{ "capacityProvider": "asg" }])),
                json!({ "defaultCapacityProviderStrategy": [{ "capacityProvider": "asg" }] }),
            ),
            case(
                "must have `logConfiguration` when `logging` is `OVERRIDE`",
                json!({ "configuration": { "executeCommandConfiguration": { "logging": "OVERRIDE", "logConfiguration": { "s3BucketName": "b" } } } }),
                json!({ "configuration": { "executeCommandConfiguration": { "logging": "OVERRIDE" } } }),
            ),
            case(
                "must be `enabled`, `enhanced` or `disabled` for `containerInsights`",
                json!({ "settings": [{ "name": "containerInsights", "value": "enhanced" }] }),
                json!({ "settings": [{ "name": "containerInsights", "value": "on" }] }),
            ),
        ],
    );
}

#[test]
fn names_are_fixed_and_dots_need_a_name() {
    judge_dots("EcsCluster", &json!({}), "clusterName");
    judge_immutable(
        "EcsCluster",
        &json!({}),
        &[
            ("clusterName", json!("a"), json!("b")),
            ("region", json!("eu-west-1"), json!("us-east-1")),
            ("accountRef", json!({ "name": "a" }), json!({ "name": "b" })),
        ],
    );
}
