//! Pages, tags, account settings.

use serde_json::{Value, json};

use super::{ok, refused, small, world};

#[test]
fn pages_are_complete_and_disjoint() {
    let mut sim = world();
    for number in 0..25 {
        ok(&mut sim, "RegisterTaskDefinition", &small(&format!("f{number:02}")));
    }
    let (mut seen, mut token) = (Vec::new(), Value::Null);
    loop {
        let page = ok(&mut sim, "ListTaskDefinitions", &json!({ "maxResults": 10, "nextToken": token }));
        seen.extend(page["taskDefinitionArns"].as_array().unwrap().iter().map(Value::to_string));
        token = page["nextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    let total = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!((total, seen.len()), (25, 25));
}

#[test]
fn a_token_is_bound_to_operation_and_filter_and_expires() {
    let mut sim = world();
    for _ in 0..3 {
        ok(&mut sim, "RegisterTaskDefinition", &small("web"));
    }
    let page = ok(&mut sim, "ListTaskDefinitions", &json!({ "maxResults": 1, "familyPrefix": "web" }));
    let token = page["nextToken"].clone();
    let foreign = json!({ "maxResults": 1, "nextToken": token });
    assert_eq!(refused(&mut sim, "ListTaskDefinitions", &foreign).0, "InvalidParameterException");
    assert_eq!(refused(&mut sim, "ListTaskDefinitionFamilies", &foreign).0, "InvalidParameterException");
    let own = json!({ "maxResults": 1, "familyPrefix": "web", "nextToken": token });
    let again = ok(&mut sim, "ListTaskDefinitions", &own);
    assert_eq!(again["taskDefinitionArns"], ok(&mut sim, "ListTaskDefinitions", &own)["taskDefinitionArns"]);
    let later = sim.now() + 3_600_000;
    sim.advance_to(later);
    assert_eq!(refused(&mut sim, "ListTaskDefinitions", &own).0, "InvalidParameterException");
}

#[test]
fn page_sizes_outside_the_limit_are_refused() {
    let mut sim = world();
    for size in [0, -1, 101] {
        assert_eq!(refused(&mut sim, "ListClusters", &json!({ "maxResults": size })).0, "InvalidParameterException");
    }
}

#[test]
fn tags_merge_and_the_reserved_prefix_is_refused() {
    let mut sim = world();
    let made = ok(&mut sim, "CreateCluster", &json!({ "clusterName": "c1", "tags": [{ "key": "a", "value": "1" }] }));
    let arn = made["cluster"]["clusterArn"].clone();
    let tags = json!([{ "key": "b", "value": "2" }, { "key": "a", "value": "3" }]);
    ok(&mut sim, "TagResource", &json!({ "resourceArn": arn, "tags": tags }));
    ok(&mut sim, "UntagResource", &json!({ "resourceArn": arn, "tagKeys": ["b", "absent"] }));
    let listed = ok(&mut sim, "ListTagsForResource", &json!({ "resourceArn": arn }));
    assert_eq!(listed["tags"], json!([{ "key": "a", "value": "3" }]));
    for key in ["aws:x", "AWS:x"] {
        let bad = json!({ "resourceArn": arn, "tags": [{ "key": key, "value": "" }] });
        assert_eq!(refused(&mut sim, "TagResource", &bad).0, "InvalidParameterException");
    }
    let many: Vec<Value> = (0..50).map(|n| json!({ "key": format!("k{n}"), "value": "" })).collect();
    let over = json!({ "resourceArn": arn, "tags": many });
    assert_eq!(refused(&mut sim, "TagResource", &over).0, "InvalidParameterException");
}

#[test]
fn a_principals_setting_wins_over_the_accounts_default() {
    let mut sim = world();
    let setting = |value: &str| json!({ "name": "containerInsights", "value": value });
    ok(&mut sim, "PutAccountSettingDefault", &setting("enabled"));
    let effective = json!({ "name": "containerInsights", "effectiveSettings": true });
    assert_eq!(ok(&mut sim, "ListAccountSettings", &effective)["settings"][0]["value"], "enabled");
    ok(&mut sim, "PutAccountSetting", &setting("enhanced"));
    assert_eq!(ok(&mut sim, "ListAccountSettings", &effective)["settings"][0]["value"], "enhanced");
    ok(&mut sim, "DeleteAccountSetting", &json!({ "name": "containerInsights" }));
    assert_eq!(ok(&mut sim, "ListAccountSettings", &effective)["settings"][0]["value"], "enabled");
}

#[test]
fn tags_of_what_is_not_there_are_refused_with_modelled_errors() {
    let mut sim = world();
    let at = |resource: &str| json!({ "resourceArn": format!("arn:aws:ecs:eu-west-1:123456789012:{resource}") });
    for resource in ["task-definition/web:1", "service/c1/s", "service/short", "capacity-provider/p"] {
        let (code, _) = refused(&mut sim, "ListTagsForResource", &at(resource));
        assert_eq!(code, "InvalidParameterException", "{resource}");
    }
    assert_eq!(refused(&mut sim, "ListTagsForResource", &at("cluster/c1")).0, "ClusterNotFoundException");
    let mut tag = at("task-definition/web:1");
    tag["tags"] = json!([{ "key": "a", "value": "b" }]);
    assert_eq!(refused(&mut sim, "TagResource", &tag).0, "ResourceNotFoundException");
}
