//! The service operations: validation, tokens, echo, paging, deletion.

use serde_json::{Value, json};

use super::{GROUP, OTHER, World, behind};
use crate::fixtures::TargetGroup;

#[test]
fn a_repeated_create_with_one_token_answers_the_same_service_and_any_other_is_refused() {
    let mut world = World::brisk();
    let input = World::request("web", 1, &json!({ "clientToken": "t-1" }));
    let first = world.ok("CreateService", &input);
    world.advance(5);
    let again = world.ok("CreateService", &input);
    assert_eq!(first["service"]["createdAt"], again["service"]["createdAt"]);
    let mut body = input.clone();
    body["desiredCount"] = json!(2);
    let mut token = input.clone();
    token["clientToken"] = json!("t-2");
    let mut none = input.clone();
    none.as_object_mut().unwrap().remove("clientToken");
    for other in [body, token, none] {
        let refusal = world.refused("CreateService", &other);
        assert!(refusal.starts_with("InvalidParameterException: Creation of service was not idempotent"), "{refusal}");
    }
    assert_eq!(world.fleet(|f| f.services.len()), 1);
}

#[test]
fn deletion_drains_hides_blocks_the_name_and_ends_inactive_then_missing() {
    let mut world = World::realistic();
    world.create("web", 2, &json!({ "loadBalancers": behind() }));
    world.settled("web");
    let old_deployment = world.rollout("web")["serviceDeploymentArn"].clone();
    let arn = world.register("web:2");
    world.update("web", &json!({ "taskDefinition": arn }));
    world.advance(30);
    let delete = json!({ "cluster": "c1", "service": "web" });
    let refusal = world.refused("DeleteService", &delete);
    assert!(refusal.contains("scaled above 0"), "{refusal}");
    let forced = json!({ "cluster": "c1", "service": "web", "force": true });
    assert_eq!(world.ok("DeleteService", &forced)["service"]["status"], "DRAINING");
    assert_eq!(world.ok("ListServices", &json!({ "cluster": "c1" }))["serviceArns"], json!([]));
    assert_eq!(world.service("web")["status"], "DRAINING");
    let refusal = world.refused("CreateService", &World::request("web", 1, &json!({})));
    assert!(refusal.contains("Unable to Start a service that is still Draining"), "{refusal}");
    let refusal = world.refused("UpdateService", &json!({ "cluster": "c1", "service": "web", "desiredCount": 1 }));
    assert!(refusal.starts_with("ServiceNotActiveException"), "{refusal}");
    assert!(world.refused("DeleteCluster", &json!({ "cluster": "c1" })).starts_with("ClusterContains"));
    let drained = world.until(600, |w| w.service("web")["status"] == "INACTIVE");
    assert!(drained >= 300, "deregistration delay, not {drained}");
    assert!(world.refused("DeleteService", &forced).starts_with("ServiceNotFoundException"));
    world.advance(601);
    assert_eq!(world.service("web")["status"], "INACTIVE", "outlives the waiter's ten minutes");
    world.create("web", 1, &json!({}));
    let fresh = world.ok("DescribeServiceDeployments", &json!({ "serviceDeploymentArns": [old_deployment] }));
    assert_eq!(fresh["failures"][0]["reason"], "MISSING");
    world.ok("DeleteService", &forced);
    world.until(600, |w| w.service("web")["status"] == "INACTIVE");
    world.advance(3601);
    let gone = world.ok("DescribeServices", &json!({ "cluster": "c1", "services": ["web"] }));
    assert_eq!(gone["failures"][0]["reason"], "MISSING");
    assert_eq!(gone["failures"][0]["arn"], "arn:aws:ecs:eu-west-1:123456789012:service/web");
}

/// The ECS deploy action prints `failures[].arn` as it comes; its users quote ARNs of the old form.
#[test]
fn a_missing_name_comes_back_as_an_arn_without_the_cluster_and_an_arn_as_it_was_asked() {
    let mut world = World::brisk();
    let long = "arn:aws:ecs:eu-west-1:123456789012:service/c1/nothing";
    for (asked, told) in [("nothing", "arn:aws:ecs:eu-west-1:123456789012:service/nothing"), (long, long)] {
        let answer = world.ok("DescribeServices", &json!({ "cluster": "c1", "services": [asked] }));
        assert_eq!(answer["failures"], json!([{ "arn": told, "reason": "MISSING" }]));
    }
}

/// The examples of `update-service` in the AWS CLI reference, and answers to `create-service` of 2024 and 2026:
/// the new deployment requests 0 tasks, the old one keeps its count, no service deployment is current.
#[test]
fn nothing_is_requested_and_no_deployment_is_current_before_it_begins() {
    let mut world = World::realistic();
    let begun = |world: &mut World, answer: &Value, desired: i64| {
        assert_eq!(answer["deployments"][0]["desiredCount"], 0);
        assert_eq!(answer["deployments"][0]["rolloutState"], "IN_PROGRESS");
        assert_eq!(answer["currentServiceRevisions"][0]["requestedTaskCount"], 0);
        assert_eq!(answer.get("currentServiceDeployment"), None);
        world.until(10, |w| w.service("web").get("currentServiceDeployment").is_some());
        let service = world.service("web");
        assert_eq!(service["deployments"][0]["desiredCount"], desired);
        assert_eq!(service["currentServiceDeployment"], world.rollout("web")["serviceDeploymentArn"]);
    };
    let created = world.create("web", 2, &json!({}));
    assert_eq!(created["desiredCount"], 2);
    begun(&mut world, &created, 2);
    world.settled("web");
    let updated = world.update("web", &json!({ "forceNewDeployment": true }));
    assert_eq!(updated["deployments"][1]["desiredCount"], 2);
    begun(&mut world, &updated, 2);
}

/// Answers to `create-service` and `update-service` of 2026: `ecs-svc/1` runs the revision `…/1`.
#[test]
fn a_deployment_bears_the_number_of_the_revision_it_brings() {
    let mut world = World::brisk();
    for answer in [world.create("web", 1, &json!({})), world.update("web", &json!({ "forceNewDeployment": true }))] {
        let id = answer["deployments"][0]["id"].as_str().unwrap().replace("ecs-svc/", "");
        let revision = &answer["currentServiceRevisions"][0]["arn"];
        assert_eq!(*revision, format!("arn:aws:ecs:eu-west-1:123456789012:service-revision/c1/web/{id}"));
    }
}

/// The example of `create-service` for EC2 in the AWS CLI reference has no role, those on Fargate have one.
#[test]
fn a_service_on_network_interfaces_shows_the_service_linked_role() {
    let mut world = World::brisk();
    let linked = "arn:aws:iam::123456789012:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS";
    assert_eq!(world.create("web", 0, &json!({}))["roleArn"], linked);
    assert_eq!(world.update("web", &json!({ "desiredCount": 1 }))["roleArn"], linked);
    let container = json!({ "name": "app", "image": "web:1", "memory": 128 });
    world.ok("RegisterTaskDefinition", &json!({ "family": "plain", "containerDefinitions": [container] }));
    let input = json!({ "cluster": "c1", "serviceName": "plain", "taskDefinition": "plain", "desiredCount": 0 });
    assert_eq!(world.ok("CreateService", &input)["service"].get("roleArn"), None);
}

/// The examples of `update-service` in the AWS CLI reference. The API reference says of `CreateService` that
/// the controller ECS is not returned; every published answer since 2021 returns it.
#[test]
fn defaults_are_filled_in_and_foreign_members_left_out() {
    let mut world = World::brisk();
    world.create(
        "web",
        1,
        &json!({ "tags": [{ "key": "a", "value": "b" }], "volumeConfigurations": [{ "name": "v" }] }),
    );
    let service = world.service("web");
    let expected = json!({
        "schedulingStrategy": "REPLICA",
        "deploymentController": { "type": "ECS" },
        "propagateTags": "NONE",
        "enableECSManagedTags": false,
        "enableExecuteCommand": false,
        "healthCheckGracePeriodSeconds": 0,
        "availabilityZoneRebalancing": "ENABLED",
        "launchType": "FARGATE",
        "platformVersion": "LATEST",
        "loadBalancers": [],
        "serviceRegistries": [],
        "placementConstraints": [],
        "placementStrategy": [],
        "deploymentConfiguration": {
            "deploymentCircuitBreaker": { "enable": false, "rollback": false },
            "maximumPercent": 200, "minimumHealthyPercent": 100, "strategy": "ROLLING", "bakeTimeInMinutes": 0,
        },
        "networkConfiguration": { "awsvpcConfiguration": {
            "subnets": ["subnet-1"], "securityGroups": [], "assignPublicIp": "DISABLED",
        } },
    });
    for (member, value) in expected.as_object().unwrap() {
        assert_eq!(&service[member], value, "{member}");
    }
    for absent in ["taskSets", "tags", "capacityProviderStrategy", "volumeConfigurations", "clientToken"] {
        assert!(service.get(absent).is_none(), "{absent}");
    }
    assert_eq!(service["deployments"][0]["volumeConfigurations"], json!([{ "name": "v" }]));
    assert_eq!(service["deployments"][0]["platformVersion"], "1.4.0");
    assert!(service["taskDefinition"].as_str().unwrap().ends_with(":task-definition/web:1"));
    let tagged = world.ok("DescribeServices", &json!({ "cluster": "c1", "services": ["web"], "include": ["TAGS"] }));
    assert_eq!(tagged["services"][0]["tags"], json!([{ "key": "a", "value": "b" }]));
}

#[test]
fn a_capacity_provider_strategy_replaces_the_launch_type_only_with_force() {
    let mut world = World::brisk();
    world.ok(
        "PutClusterCapacityProviders",
        &json!({ "cluster": "c1", "capacityProviders": ["FARGATE", "FARGATE_SPOT"], "defaultCapacityProviderStrategy": [] }),
    );
    world.advance(60);
    world.create("web", 1, &json!({}));
    let strategy = json!([{ "capacityProvider": "FARGATE_SPOT", "weight": 1 }]);
    let change = json!({ "cluster": "c1", "service": "web", "capacityProviderStrategy": strategy });
    let refusal = world.refused("UpdateService", &change);
    assert!(refusal.contains("you must force a new deployment"), "{refusal}");
    let service = world.update("web", &json!({ "capacityProviderStrategy": strategy, "forceNewDeployment": true }));
    assert!(service.get("launchType").is_none());
    assert_eq!(
        service["capacityProviderStrategy"],
        json!([{ "capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0 }])
    );
    let same = world.update(
        "web",
        &json!({ "capacityProviderStrategy": [{ "capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0 }] }),
    );
    assert_eq!(same["deployments"][0]["id"], service["deployments"][0]["id"]);
    let back = world.update("web", &json!({ "capacityProviderStrategy": [], "forceNewDeployment": true }));
    assert_eq!(back["launchType"], "FARGATE");
    world.settled("web");
}

#[test]
fn refused_requests_carry_code_and_phrase() {
    let mut world = World::brisk();
    world.fleet(|f| {
        f.fixtures.target_groups.insert(GROUP.to_owned(), TargetGroup::new(GROUP, "ip"));
        let mut loose = TargetGroup::new(OTHER, "ip");
        loose.in_use = false;
        f.fixtures.target_groups.insert(OTHER.to_owned(), loose);
    });
    let entry = |group: &str, name: &str, port: i64| json!([{ "targetGroupArn": group, "containerName": name, "containerPort": port }]);
    let subnets: Vec<String> = (0..17).map(|n| format!("subnet-{n}")).collect();
    let cases: Vec<(&str, Value, &str)> = vec![
        ("serviceName", json!("a.b"), "Invalid service name"),
        ("serviceName", json!("x".repeat(256)), "Invalid service name"),
        ("clientToken", json!("x".repeat(37)), "clientToken"),
        ("desiredCount", json!(-1), "desiredCount"),
        ("desiredCount", Value::Null, "Desired count"),
        ("taskDefinition", Value::Null, "TaskDefinition can not be blank"),
        ("networkConfiguration", Value::Null, "Network Configuration must be provided"),
        ("networkConfiguration", json!({ "awsvpcConfiguration": { "subnets": subnets } }), "at most 16"),
        ("capacityProviderStrategy", json!([{ "capacityProvider": "FARGATE", "weight": 1 }]), "both a launch type and"),
        ("deploymentConfiguration", json!({ "maximumPercent": 100 }), "maximumPercent must be greater"),
        ("deploymentController", json!({ "type": "EXTERNAL" }), "must be blank"),
        ("loadBalancers", entry(GROUP, "nobody", 80), "does not exist in the task definition"),
        ("loadBalancers", entry(GROUP, "app", 81), "did not have a container port"),
        ("loadBalancers", entry("arn:unknown", "app", 80), "does not exist"),
        ("loadBalancers", entry(OTHER, "app", 80), "does not have an associated load balancer"),
        ("placementConstraints", json!([{ "type": "distinctInstance" }]), "Placement constraints"),
    ];
    for (member, value, phrase) in cases {
        let mut input = World::request("web", 1, &json!({}));
        input[member] = value;
        let refusal = world.refused("CreateService", &input);
        assert!(refusal.starts_with("InvalidParameterException"), "{member}: {refusal}");
        assert!(refusal.contains(phrase), "{member}: {refusal}");
    }
    assert_eq!(world.fleet(|f| f.services.len()), 0);
}

#[test]
fn what_is_named_but_does_not_exist_has_its_own_code() {
    let mut world = World::brisk();
    let missing = World::request("web", 1, &json!({ "taskDefinition": "nothing:4" }));
    assert!(world.refused("CreateService", &missing).starts_with("ClientException"));
    let nowhere = World::request("web", 1, &json!({ "cluster": "nowhere" }));
    assert!(world.refused("CreateService", &nowhere).starts_with("ClusterNotFoundException"));
    let nobody = json!({ "cluster": "c1", "service": "nobody", "desiredCount": 1 });
    assert!(world.refused("UpdateService", &nobody).starts_with("ServiceNotFoundException"));
    assert_eq!(world.fleet(|f| f.services.len()), 0);
}

#[test]
fn neighbouring_clusters_list_complete_and_disjoint_pages() {
    let mut world = World::brisk();
    world.ok("CreateCluster", &json!({ "clusterName": "xc1" }));
    for n in 0..125 {
        for cluster in ["c1", "xc1"] {
            world.ok("CreateService", &World::request(&format!("s{n:03}"), 0, &json!({ "cluster": cluster })));
        }
    }
    for (size, pages) in [(Some(100), 2), (None, 13)] {
        let (mut seen, mut asked, mut token) = (Vec::new(), 0, Value::Null);
        loop {
            let mut input = json!({ "cluster": "c1" });
            if let Some(size) = size {
                input["maxResults"] = json!(size);
            }
            if token.is_string() {
                input["nextToken"] = token;
            }
            let page = world.ok("ListServices", &input);
            seen.extend(page["serviceArns"].as_array().unwrap().iter().map(ToString::to_string));
            asked += 1;
            token = page["nextToken"].clone();
            if token.is_null() {
                break;
            }
        }
        assert_eq!(asked, pages);
        assert_eq!(seen.len(), 125);
        assert!(seen.iter().all(|arn| arn.contains(":service/c1/")));
    }
    let wrong = json!({ "cluster": "c1", "nextToken": "bogus" });
    assert!(world.refused("ListServices", &wrong).starts_with("InvalidParameterException"));
    let eleven: Vec<String> = (0..11).map(|n| format!("s{n:03}")).collect();
    assert!(world.refused("DescribeServices", &json!({ "cluster": "c1", "services": eleven })).contains("at most 10"));
    let foreign = "arn:aws:ecs:eu-west-1:123456789012:service/xc1/s001";
    assert!(
        world
            .refused("DescribeServices", &json!({ "cluster": "c1", "services": [foreign] }))
            .starts_with("InvalidParameter")
    );
    let mixed = world.ok("DescribeServices", &json!({ "cluster": "c1", "services": ["s001", "nobody", "s002"] }));
    assert_eq!(mixed["services"].as_array().unwrap().len(), 2);
    assert_eq!(mixed["failures"].as_array().unwrap().len(), 1);
}

#[test]
fn events_are_a_ring_of_one_hundred_newest_first() {
    let mut world = World::brisk();
    world.create("web", 1, &json!({}));
    for n in 0..120 {
        world.update("web", &json!({ "desiredCount": n % 2 }));
        world.advance(10);
    }
    let events = world.service("web")["events"].as_array().unwrap().clone();
    assert_eq!(events.len(), 100);
    assert!(events[0]["createdAt"].as_f64() >= events[99]["createdAt"].as_f64());
}

#[test]
fn a_revision_tells_what_ran_and_service_points_at_it() {
    let mut world = World::brisk();
    world.create("web", 1, &json!({ "loadBalancers": behind() }));
    world.settled("web");
    let service = world.service("web");
    let revision = service["currentServiceRevisions"][0]["arn"].clone();
    assert_eq!(service["currentServiceRevisions"][0]["runningTaskCount"], 1);
    let rollout = world.rollout("web");
    assert_eq!(service["currentServiceDeployment"], rollout["serviceDeploymentArn"]);
    assert_eq!(rollout["targetServiceRevision"]["arn"], revision);
    let answer = world.ok("DescribeServiceRevisions", &json!({ "serviceRevisionArns": [revision, "arn:none"] }));
    let shown = &answer["serviceRevisions"][0];
    assert_eq!(shown["taskDefinition"], service["taskDefinition"]);
    assert_eq!(shown["resolvedConfiguration"]["loadBalancers"][0]["targetGroupArn"], GROUP);
    assert_eq!(shown["containerImages"][0]["image"], "web:1");
    assert_eq!(answer["failures"][0]["reason"], "MISSING");
}

#[test]
fn an_external_service_keeps_its_controller_and_runs_nothing() {
    let mut world = World::brisk();
    let input = json!({ "cluster": "c1", "serviceName": "e", "desiredCount": 2, "deploymentController": { "type": "EXTERNAL" } });
    world.ok("CreateService", &input);
    world.advance(60);
    let service = world.service("e");
    assert_eq!(service["deploymentController"]["type"], "EXTERNAL");
    assert_eq!(service["deployments"], json!([]));
    assert_eq!(service["runningCount"], 0);
    let refusal =
        world.refused("UpdateService", &json!({ "cluster": "c1", "service": "e", "forceNewDeployment": true }));
    assert!(refusal.starts_with("InvalidParameterException"), "{refusal}");
    world.update("e", &json!({ "desiredCount": 3 }));
}
