//! DAEMON services.

use serde_json::json;

use super::World;

impl World {
    fn daemon(&mut self) {
        self.ok(
            "RegisterTaskDefinition",
            &json!({ "family": "agent", "containerDefinitions": [{ "name": "a", "image": "agent:1", "memory": 64 }] }),
        );
    }
}

#[test]
fn a_daemon_runs_one_task_per_instance() {
    let mut world = World::brisk();
    world.daemon();
    world.fleet(|f| f.set_instances("c1", 3));
    let input =
        json!({ "cluster": "c1", "serviceName": "d", "taskDefinition": "agent", "schedulingStrategy": "DAEMON" });
    let created = world.ok("CreateService", &input)["service"].clone();
    assert_eq!(created["deploymentConfiguration"]["maximumPercent"], 100);
    assert_eq!(created["deploymentConfiguration"]["minimumHealthyPercent"], 0);
    world.until(60, |w| w.service("d")["runningCount"] == 3);
    world.settled("d");
    world.fleet(|f| f.set_instances("c1", 1));
    world.until(60, |w| w.service("d")["runningCount"] == 1);
    let refusal = world.refused("UpdateService", &json!({ "cluster": "c1", "service": "d", "desiredCount": 2 }));
    assert!(refusal.starts_with("InvalidParameterException"), "{refusal}");
    world.update("d", &json!({ "forceNewDeployment": true }));
    world.settled("d");
    let gone = world.ok("DeleteService", &json!({ "cluster": "c1", "service": "d" }));
    assert_eq!(gone["service"]["status"], "DRAINING");
}

#[test]
fn daemons_refuse_what_only_replicas_have() {
    let mut world = World::brisk();
    world.daemon();
    let base =
        json!({ "cluster": "c1", "serviceName": "d", "taskDefinition": "agent", "schedulingStrategy": "DAEMON" });
    for (member, value) in [
        ("desiredCount", json!(1)),
        ("launchType", json!("FARGATE")),
        ("placementStrategy", json!([{ "type": "spread", "field": "instanceId" }])),
    ] {
        let mut input = base.clone();
        input[member] = value;
        let refusal = world.refused("CreateService", &input);
        assert!(refusal.starts_with("InvalidParameterException"), "{member}: {refusal}");
    }
}
