//! Task definitions of one's own: what is wrong with them is told, and what they say of several containers counts.

use ecs_operator::api::ServerGroup;
use ecs_sim::elbv2::control::BalancerSpec;
use serde_json::{Value, json};

use super::{MINUTE, child, ready, running, status, through, worlds, writes};
use crate::support::manifests::manifest;
use crate::support::world::key;

const V0: &str = "shop-prod-v000";

fn document(names: &[&str]) -> String {
    let container = |name: &&str| {
        let port = if *name == "web" { 80 } else { 90 };
        json!({"name": name, "image": format!("{name}:1"), "portMappings": [{"containerPort": port}]})
    };
    let containers: Vec<Value> = names.iter().map(container).collect();
    json!({"networkMode": "awsvpc", "cpu": "256", "memory": "512", "containerDefinitions": containers}).to_string()
}

fn with(document: &str, mapped: &[(&str, &str)], members: &Value) -> Value {
    let mappings: Vec<Value> =
        mapped.iter().map(|(name, image)| json!({"containerName": name, "image": image})).collect();
    let mut spec = json!({
        "clusterRef": {"name": "prod"},
        "capacity": {"desired": 2},
        "template": {
            "launchType": "FARGATE",
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-0a"]}},
            "artifact": {"inline": document, "containerMappings": mappings},
        },
    });
    json_patch::merge(&mut spec, members);
    manifest("ServerGroup", "shop-prod", spec)
}

#[tokio::test(start_paused = true)]
async fn a_mapping_that_finds_no_container_or_two_is_refused_and_what_runs_goes_on() {
    let (world, mut operator) = worlds(671).await;
    let two = document(&["web", "log"]);
    world.apply::<ServerGroup>(&with(&two, &[("web", "web:2")], &json!({}))).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v000 is current, 2/2 tasks.");
    let images = status(&world).await.versions[0].images.clone();
    assert_eq!(images, ["web:2", "log:1"], "of every container");
    world.aws.take_sent();
    for (document, mapped, words) in [
        (two.clone(), ("cache", "x:1"), "container mapping `cache` matches 0 containers, expected 1"),
        (document(&["web", "web"]), ("web", "x:1"), "container mapping `web` matches 2 containers, expected 1"),
        (document(&[]), ("web", "x:1"), "`containerDefinitions` must have 1 to 10 containers and has 0"),
        ("containers: [".to_owned(), ("web", "x:1"), "artifact: is not YAML"),
        ("{\"containerDefinitions\": [}".to_owned(), ("web", "x:1"), "artifact: is not JSON"),
        (two.replace("\"cpu\"", "\"cpus\""), ("web", "x:1"), "artifact: `cpus` is not a member"),
    ] {
        world.apply::<ServerGroup>(&with(&document, &[mapped], &json!({}))).await;
        operator.rest().await;
        let said = ready(&world).await;
        assert!(said.starts_with("False InvalidSpec: ") && said.contains(words), "{words}: {said}");
        assert_eq!(writes(&world), Vec::<String>::new(), "{words}");
        assert_eq!((running(&world, V0).await, status(&world).await.last_sequence), (2, Some(0)), "{words}");
    }
    world.apply::<ServerGroup>(&with(&two, &[("log", "log:2"), ("web", "web:2")], &json!({}))).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v001 is current, 2/2 tasks.");
}

#[tokio::test(start_paused = true)]
async fn every_target_group_of_every_container_has_to_be_healthy() {
    let (world, mut operator) = worlds(672).await;
    let spec = BalancerSpec {
        interval_seconds: 5,
        healthy_threshold: 2,
        deregistration_delay_seconds: 30,
        ..BalancerSpec::new("web", &[("front", 1), ("back", 1)])
    };
    let rule = world.balancer(&spec);
    let members = json!({
        "template": {"targetGroupMappings": [
            {"containerName": "web", "containerPort": 80, "targetGroup": "front"},
            {"containerName": "log", "containerPort": 90, "targetGroup": "back"},
        ]},
        "gate": {"progressDeadlineSeconds": 240, "healthyPercent": 90},
        "healthCheckGracePeriodSeconds": 3600,
    });
    let two = document(&["web", "log"]);
    world.apply::<ServerGroup>(&with(&two, &[], &members)).await;
    operator.rest().await;
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v000 is current, 2/2 tasks.");
    // The second container's port answers no longer: no new version takes over.
    world.aws.sim(|sim| sim.with_fleet(&key(), |fleet| fleet.fail_target_group(&rule.groups[1], true)));
    world.apply::<ServerGroup>(&with(&two, &[("web", "web:2")], &members)).await;
    through(&world, &mut operator, 20 * MINUTE, (V0, 2)).await;
    operator.rest().await;
    let said = ready(&world).await;
    assert!(said.starts_with("False ") && said.contains("shop-prod-v000 serves"), "{said}");
    assert_eq!(running(&world, "shop-prod-v001").await, 0);
}

#[tokio::test(start_paused = true)]
async fn containers_keep_their_name_unless_it_is_to_be_the_versions_and_ports_are_the_instances_in_host_mode() {
    for (seed, naming, names) in [(673, "Stable", ["shop", "shop"]), (674, "Version", ["v000", "v001"])] {
        let (world, mut operator) = worlds(seed).await;
        let group = |image: &str| {
            let inputs = json!({"image": image, "memory": 128, "containerNaming": naming});
            manifest(
                "ServerGroup",
                "shop-prod",
                json!({
                    "clusterRef": {"name": "prod"},
                    "template": {
                        "launchType": "EC2", "networkMode": "host", "inputs": inputs,
                        "serviceRegistries": [{
                            "registryArn": "arn:aws:servicediscovery:eu-west-1:000000000000:service/srv-1",
                            "containerPort": 9000,
                        }],
                    },
                }),
            )
        };
        for (number, image) in ["nginx:1", "nginx:2"].into_iter().enumerate() {
            world.apply::<ServerGroup>(&group(image)).await;
            operator.rest().await;
            let name = format!("shop-prod-v{number:03}");
            let (definition, service) = child(&world, &name).await;
            let container = &definition.spec.container_definitions.as_ref().unwrap()[0];
            assert_eq!(container.name.as_deref(), Some(names[number]), "{naming}");
            let port = &container.port_mappings.as_ref().unwrap()[0];
            assert_eq!((port.container_port, port.host_port), (Some(9000), Some(9000)));
            let registry = &service.spec.service_registries.as_ref().unwrap()[0];
            assert_eq!(registry.container_name.as_deref(), Some(names[number]), "{naming}");
        }
        assert!(ready(&world).await.starts_with("True Succeeded: shop-prod-v001"), "{}", ready(&world).await);
    }
}
