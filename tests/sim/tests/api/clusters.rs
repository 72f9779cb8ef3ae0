//! Clusters and capacity providers.

use serde_json::json;

use super::{ok, refused, small, world};

#[test]
fn creating_an_active_cluster_again_returns_it() {
    let mut sim = world();
    let tags = json!([{ "key": "a", "value": "b" }]);
    let first = ok(&mut sim, "CreateCluster", &json!({ "clusterName": "c1", "tags": tags }));
    let again = ok(&mut sim, "CreateCluster", &json!({ "clusterName": "c1" }));
    assert_eq!(first, again);
    assert_eq!(first["cluster"]["clusterArn"], "arn:aws:ecs:eu-west-1:123456789012:cluster/c1");
}

/// Quoted from users of the Terraform AWS provider who let it create a cluster that was there already.
#[test]
fn creating_an_active_cluster_again_with_other_providers_is_refused() {
    let mut sim = world();
    ok(&mut sim, "CreateCluster", &json!({ "clusterName": "c1", "capacityProviders": ["FARGATE"] }));
    let other = json!({ "clusterName": "c1", "capacityProviders": ["FARGATE_SPOT"] });
    let (code, message) = refused(&mut sim, "CreateCluster", &other);
    assert_eq!(code, "InvalidParameterException");
    assert!(message.starts_with("Arguments on this idempotent request are inconsistent"), "{message}");
    let strategy = json!([{ "capacityProvider": "FARGATE", "weight": 1 }]);
    let more = json!({ "clusterName": "c1", "defaultCapacityProviderStrategy": strategy });
    assert_eq!(refused(&mut sim, "CreateCluster", &more).0, "InvalidParameterException");
    ok(&mut sim, "CreateCluster", &json!({ "clusterName": "c1", "capacityProviders": ["FARGATE"] }));
}

/// Published answers of `aws ecs create-cluster` and `delete-cluster` have empty lists, but no attachments.
#[test]
fn a_cluster_with_nothing_attached_has_empty_lists_but_no_attachments() {
    let mut sim = world();
    let made = ok(&mut sim, "CreateCluster", &json!({ "clusterName": "c1" }));
    let deleted = ok(&mut sim, "DeleteCluster", &json!({ "cluster": "c1" }));
    for answer in [made, deleted] {
        let cluster = &answer["cluster"];
        assert_eq!(cluster.get("attachments"), None);
        for member in ["statistics", "tags", "capacityProviders", "defaultCapacityProviderStrategy"] {
            assert_eq!(cluster[member], json!([]), "{member}");
        }
        assert_eq!(cluster["settings"], json!([{ "name": "containerInsights", "value": "disabled" }]));
    }
}

#[test]
fn include_decides_what_is_shown() {
    let mut sim = world();
    ok(&mut sim, "CreateCluster", &json!({ "clusterName": "c1", "tags": [{ "key": "a", "value": "b" }] }));
    let bare = ok(&mut sim, "DescribeClusters", &json!({ "clusters": ["c1"] }));
    assert_eq!(bare["clusters"][0]["tags"], json!([]));
    assert_eq!(bare["clusters"][0]["settings"], json!([]));
    let full = ok(&mut sim, "DescribeClusters", &json!({ "clusters": ["c1"], "include": ["TAGS", "SETTINGS"] }));
    assert_eq!(full["clusters"][0]["tags"], json!([{ "key": "a", "value": "b" }]));
    assert_eq!(full["clusters"][0]["settings"][0]["name"], "containerInsights");
}

#[test]
fn unknown_clusters_are_failures_beside_the_known() {
    let mut sim = world();
    ok(&mut sim, "CreateCluster", &json!({ "clusterName": "c1" }));
    let answer = ok(&mut sim, "DescribeClusters", &json!({ "clusters": ["nope", "c1", "c1"] }));
    assert_eq!(answer["clusters"].as_array().unwrap().len(), 1);
    let arn = "arn:aws:ecs:eu-west-1:123456789012:cluster/nope";
    assert_eq!(answer["failures"], json!([{ "arn": arn, "reason": "MISSING" }]));
}

#[test]
fn a_deleted_cluster_is_inactive_for_a_while_and_then_missing() {
    let mut sim = world();
    ok(&mut sim, "CreateCluster", &json!({ "clusterName": "c1" }));
    assert_eq!(ok(&mut sim, "DeleteCluster", &json!({ "cluster": "c1" }))["cluster"]["status"], "INACTIVE");
    assert_eq!(ok(&mut sim, "ListClusters", &json!({}))["clusterArns"], json!([]));
    let described = ok(&mut sim, "DescribeClusters", &json!({ "clusters": ["c1"] }));
    assert_eq!(described["clusters"][0]["status"], "INACTIVE");
    let later = sim.now() + 3_600_000;
    sim.advance_to(later);
    let gone = ok(&mut sim, "DescribeClusters", &json!({ "clusters": ["c1"] }));
    assert_eq!(gone["failures"][0]["reason"], "MISSING");
}

#[test]
fn a_cluster_recreated_before_it_is_forgotten_stays() {
    let mut sim = world();
    ok(&mut sim, "CreateCluster", &json!({ "clusterName": "c1" }));
    ok(&mut sim, "DeleteCluster", &json!({ "cluster": "c1" }));
    ok(&mut sim, "CreateCluster", &json!({ "clusterName": "c1" }));
    let later = sim.now() + 7_200_000;
    sim.advance_to(later);
    assert_eq!(ok(&mut sim, "ListClusters", &json!({}))["clusterArns"].as_array().unwrap().len(), 1);
}

#[test]
fn a_cluster_with_a_service_is_not_deleted() {
    let mut sim = world();
    ok(&mut sim, "CreateCluster", &json!({ "clusterName": "c1" }));
    ok(&mut sim, "RegisterTaskDefinition", &small("web"));
    let service = json!({ "cluster": "c1", "serviceName": "s", "taskDefinition": "web", "desiredCount": 0 });
    ok(&mut sim, "CreateService", &service);
    assert_eq!(refused(&mut sim, "DeleteCluster", &json!({ "cluster": "c1" })).0, "ClusterContainsServicesException");
}

#[test]
fn attaching_providers_takes_time_and_refuses_others_meanwhile() {
    let mut sim = world();
    ok(&mut sim, "CreateCluster", &json!({ "clusterName": "c1" }));
    let put = json!({
        "cluster": "c1",
        "capacityProviders": ["FARGATE", "FARGATE_SPOT"],
        "defaultCapacityProviderStrategy": [{ "capacityProvider": "FARGATE", "weight": 1 }],
    });
    let busy = ok(&mut sim, "PutClusterCapacityProviders", &put);
    assert_eq!(busy["cluster"]["attachmentsStatus"], "UPDATE_IN_PROGRESS");
    let strategy = json!([{ "capacityProvider": "FARGATE", "weight": 1, "base": 0 }]);
    assert_eq!(busy["cluster"]["defaultCapacityProviderStrategy"], strategy);
    assert_eq!(refused(&mut sim, "PutClusterCapacityProviders", &put).0, "UpdateInProgressException");
    assert_eq!(refused(&mut sim, "DeleteCluster", &json!({ "cluster": "c1" })).0, "UpdateInProgressException");
    let settings = json!({ "cluster": "c1", "settings": [{ "name": "containerInsights", "value": "enabled" }] });
    assert_eq!(refused(&mut sim, "UpdateClusterSettings", &settings).0, "UpdateInProgressException");
    ok(&mut sim, "UpdateCluster", &settings);
    let later = sim.now() + 30_000;
    sim.advance_to(later);
    let done = ok(&mut sim, "DescribeClusters", &json!({ "clusters": ["c1"] }));
    assert_eq!(done["clusters"][0]["attachmentsStatus"], "UPDATE_COMPLETE");
    ok(&mut sim, "DeleteCluster", &json!({ "cluster": "c1" }));
}

/// An answer to `create-cluster --capacity-providers FARGATE` of 2026.
#[test]
fn a_cluster_created_with_fargate_alone_has_nothing_to_attach() {
    let mut sim = world();
    let made = ok(&mut sim, "CreateCluster", &json!({ "clusterName": "c1", "capacityProviders": ["FARGATE"] }));
    assert_eq!(made["cluster"]["status"], "ACTIVE");
    assert_eq!(made["cluster"]["capacityProviders"], json!(["FARGATE"]));
    assert_eq!(made["cluster"].get("attachmentsStatus"), None);
    ok(&mut sim, "DeleteCluster", &json!({ "cluster": "c1" }));
}

#[test]
fn a_default_strategy_names_attached_providers_only() {
    let mut sim = world();
    let strategy = json!([{ "capacityProvider": "FARGATE_SPOT", "weight": 1 }]);
    let create =
        json!({ "clusterName": "c1", "capacityProviders": ["FARGATE"], "defaultCapacityProviderStrategy": strategy });
    assert_eq!(refused(&mut sim, "CreateCluster", &create).0, "InvalidParameterException");
    let none = json!({ "clusterName": "c1", "capacityProviders": ["nope"] });
    assert_eq!(refused(&mut sim, "CreateCluster", &none).0, "InvalidParameterException");
}

#[test]
fn capacity_providers_are_described_with_the_reserved_ones_in_pages() {
    let mut sim = world();
    for number in 0..9 {
        let arn =
            format!("arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:x:autoScalingGroupName/g{number}");
        let create =
            json!({ "name": format!("p{number}"), "autoScalingGroupProvider": { "autoScalingGroupArn": arn } });
        let made = ok(&mut sim, "CreateCapacityProvider", &create);
        let scaling = &made["capacityProvider"]["autoScalingGroupProvider"]["managedScaling"];
        assert_eq!(scaling["status"], "DISABLED");
    }
    let first = ok(&mut sim, "DescribeCapacityProviders", &json!({}));
    assert_eq!(first["capacityProviders"].as_array().unwrap().len(), 10);
    let rest = ok(&mut sim, "DescribeCapacityProviders", &json!({ "nextToken": first["nextToken"] }));
    assert_eq!(rest["capacityProviders"].as_array().unwrap().len(), 1);
    assert_eq!(rest.get("nextToken"), None);
}
