//! What a client needs to join tasks with targets: instances, bound ports, addresses; and service registries.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::World;
use crate::elbv2::BalancerSpec;

impl World {
    /// Family `legacy`: containers `app` and `side`, both with a dynamic port 80.
    fn legacy(&mut self, mode: &str) {
        let container = |name: &str| {
            json!({
                "name": name, "image": "web:1", "memory": 64,
                "portMappings": [{ "containerPort": if mode == "host" && name == "side" { 81 } else { 80 } }],
            })
        };
        let input = json!({
            "family": "legacy", "networkMode": mode, "requiresCompatibilities": ["EC2"],
            "containerDefinitions": [container("app"), container("side")],
        });
        self.ok("RegisterTaskDefinition", &input);
    }

    fn legacy_service(more: &Value) -> Value {
        let mut input = json!({
            "cluster": "c1", "serviceName": "legacy", "taskDefinition": "legacy", "desiredCount": 4, "launchType": "EC2",
        });
        for (member, value) in more.as_object().unwrap() {
            input[member] = value.clone();
        }
        input
    }

    fn described_tasks(&mut self, service: &str) -> Vec<Value> {
        let arns = self.tasks(service);
        let answer = self.ok("DescribeTasks", &json!({ "cluster": "c1", "tasks": arns }));
        answer["tasks"].as_array().unwrap().clone()
    }
}

fn container<'a>(task: &'a Value, name: &str) -> &'a Value {
    task["containers"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap()
}

#[test]
fn bridge_tasks_register_instance_and_host_port_of_the_right_container() {
    let mut world = World::brisk();
    let key = world.key.clone();
    world.legacy("bridge");
    let spec = BalancerSpec { target_type: "instance".to_owned(), ..BalancerSpec::new("web", &[("web-a", 1)]) };
    let made = world.sim.balancer(&key, &spec).unwrap();
    let entry = json!({ "targetGroupArn": made.groups[0], "containerName": "side", "containerPort": 80 });
    world.ok("CreateService", &World::legacy_service(&json!({ "loadBalancers": [entry] })));
    world.settled("legacy");
    let tasks = world.described_tasks("legacy");
    let instances: BTreeSet<&str> = tasks.iter().map(|task| task["containerInstanceArn"].as_str().unwrap()).collect();
    assert_eq!(instances.len(), 2, "four tasks are spread over two instances");
    let asked = json!({ "cluster": "c1", "containerInstances": instances });
    let described = world.ok("DescribeContainerInstances", &asked);
    let described = described["containerInstances"].as_array().unwrap();
    assert!(described.iter().all(|one| one["runningTasksCount"] == 2));
    let mut joined = BTreeSet::new();
    for task in &tasks {
        let on = described.iter().find(|one| one["containerInstanceArn"] == task["containerInstanceArn"]).unwrap();
        let binding = &container(task, "side")["networkBindings"][0];
        assert_eq!((&binding["containerPort"], &binding["protocol"]), (&json!(80), &json!("tcp")));
        let port = binding["hostPort"].as_i64().unwrap();
        assert!(port >= 32_768);
        joined.insert((on["ec2InstanceId"].as_str().unwrap().to_owned(), port));
        assert_eq!(task["attachments"], json!([]));
    }
    let targets: BTreeSet<_> = world.sim.targets(&key, &made.groups[0]).into_iter().map(|t| (t.0, t.1)).collect();
    assert_eq!(joined.len(), 4);
    assert_eq!(joined, targets);
    let clusters = world.ok("DescribeClusters", &json!({ "clusters": ["c1"] }));
    assert_eq!(clusters["clusters"][0]["registeredContainerInstancesCount"], 2);
    let listed = world.ok("ListContainerInstances", &json!({ "cluster": "c1" }));
    let listed: BTreeSet<&str> =
        listed["containerInstanceArns"].as_array().unwrap().iter().map(|arn| arn.as_str().unwrap()).collect();
    assert_eq!(listed, instances);
    let on_one = json!({ "cluster": "c1", "containerInstance": instances.first().unwrap() });
    assert_eq!(world.ok("ListTasks", &on_one)["taskArns"].as_array().unwrap().len(), 2);
    let none = world.ok("DescribeContainerInstances", &json!({ "cluster": "c1", "containerInstances": ["0"] }));
    assert_eq!(none["failures"][0]["reason"], "MISSING");
}

/// API reference, `PortMapping`: under `host` the host port is the container port.
#[test]
fn host_tasks_bind_the_container_port_itself() {
    let mut world = World::brisk();
    world.legacy("host");
    world.ok("CreateService", &World::legacy_service(&json!({ "desiredCount": 1 })));
    world.settled("legacy");
    let task = &world.described_tasks("legacy")[0];
    let port = |name: &str| container(task, name)["networkBindings"][0]["hostPort"].clone();
    assert_eq!((port("app"), port("side")), (json!(80), json!(81)));
}

#[test]
fn awsvpc_tasks_show_their_interface_and_subnet() {
    let mut world = World::brisk();
    world.create(
        "web",
        2,
        &json!({
            "networkConfiguration": { "awsvpcConfiguration": { "subnets": ["subnet-1", "subnet-2"] } },
        }),
    );
    world.settled("web");
    for task in world.described_tasks("web") {
        let details = task["attachments"][0]["details"].as_array().unwrap();
        let of = |name: &str| details.iter().find(|one| one["name"] == name).unwrap()["value"].clone();
        assert_eq!(of("privateIPv4Address"), task["containers"][0]["networkInterfaces"][0]["privateIpv4Address"]);
        assert!(of("subnetId").as_str().unwrap().starts_with("subnet-"));
        assert_eq!((task.get("containerInstanceArn"), &task["containers"][0]["networkBindings"]), (None, &json!([])));
    }
}

/// API reference, `LoadBalancer`: awsvpc needs target groups of type ip, others of type instance.
#[test]
fn ip_target_groups_need_awsvpc() {
    let mut world = World::brisk();
    let key = world.key.clone();
    world.legacy("bridge");
    let made = world.sim.balancer(&key, &BalancerSpec::new("web", &[("web-a", 1)])).unwrap();
    let entry = json!({ "targetGroupArn": made.groups[0], "containerName": "app", "containerPort": 80 });
    let refusal = world.refused("CreateService", &World::legacy_service(&json!({ "loadBalancers": [entry] })));
    assert!(refusal.contains("target type ip"), "{refusal}");
}

/// API reference, `ServiceRegistry`.
#[test]
fn service_registries_are_stored_and_checked() {
    let mut world = World::brisk();
    world.legacy("bridge");
    let arn = "arn:aws:servicediscovery:eu-west-1:123456789012:service/srv-1";
    let registry = |more: Value| {
        let mut registry = json!({ "registryArn": arn });
        registry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "serviceRegistries": [registry] })
    };
    let named = registry(json!({ "containerName": "app", "containerPort": 80 }));
    for bad in [
        registry(json!({})),
        registry(json!({ "port": 80 })),
        registry(json!({ "containerName": "app" })),
        registry(json!({ "containerName": "none", "containerPort": 80 })),
        registry(json!({ "containerName": "app", "containerPort": 99 })),
        json!({ "serviceRegistries": [{ "containerName": "app", "containerPort": 80 }] }),
        registry(json!({ "registryArn": "srv-1", "containerName": "app", "containerPort": 80 })),
        json!({ "serviceRegistries": [named["serviceRegistries"][0], named["serviceRegistries"][0]] }),
    ] {
        let refusal = world.refused("CreateService", &World::legacy_service(&bad));
        assert!(refusal.starts_with("InvalidParameterException"), "{bad}: {refusal}");
    }
    world.ok("CreateService", &World::legacy_service(&named));
    assert_eq!(world.service("legacy")["serviceRegistries"], named["serviceRegistries"]);
    // Under awsvpc nothing, a port, or a container's port; not both.
    let by_port = registry(json!({ "port": 80 }));
    assert_eq!(world.create("web", 1, &by_port)["serviceRegistries"], by_port["serviceRegistries"]);
    world.create("plain", 1, &registry(json!({})));
    let both = registry(json!({ "port": 80, "containerName": "app", "containerPort": 80 }));
    let refusal = world.refused("CreateService", &World::request("both", 1, &both));
    assert!(refusal.contains("not both"), "{refusal}");
}
