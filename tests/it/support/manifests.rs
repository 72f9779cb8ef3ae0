//! Manifests as people write them.

use serde_json::{Value, json};

use super::world::NAMESPACE;

/// A manifest of ours.
#[expect(clippy::needless_pass_by_value, reason = "written inline by every caller")]
pub fn manifest(kind: &str, name: &str, spec: Value) -> Value {
    json!({
        "apiVersion": "ecs-operator.dev/v1alpha1",
        "kind": kind,
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": spec,
    })
}

/// A Fargate cluster.
pub fn cluster(name: &str) -> Value {
    manifest("EcsCluster", name, json!({"capacityProviders": ["FARGATE", "FARGATE_SPOT"]}))
}

/// A web server on Fargate; its numbers are text, as people write them.
pub fn web(name: &str, image: &str) -> Value {
    manifest(
        "EcsTaskDefinition",
        name,
        json!({
            "containerDefinitions": [{
                "name": "web", "image": image, "memory": "100", "cpu": "99",
                "portMappings": [{"containerPort": 80}],
            }],
            "requiresCompatibilities": ["FARGATE"],
            "networkMode": "awsvpc",
            "memory": "512",
            "cpu": "256",
        }),
    )
}

/// A service of two tasks that runs a referenced task definition in a referenced cluster.
pub fn service(name: &str, cluster: &str, task_definition: &str) -> Value {
    manifest(
        "EcsService",
        name,
        json!({
            "clusterRef": {"name": cluster},
            "taskDefinitionRef": {"name": task_definition},
            "desiredCount": 2,
            "launchType": "FARGATE",
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-0a", "subnet-0b"]}},
            "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": true, "rollback": true}},
        }),
    )
}

/// A deployment that waits for a person before it goes on.
pub fn pausing() -> Value {
    json!({
        "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0,
        "deploymentCircuitBreaker": {"enable": true, "rollback": true},
        "lifecycleHooks": [{
            "targetType": "PAUSE", "lifecycleStages": ["POST_SCALE_UP"],
            "timeoutConfiguration": {"timeoutInMinutes": 1440, "action": "ROLLBACK"},
        }],
    })
}

/// A metric of an analysis: the errors of a version, over so many seconds.
pub fn errors(period: u32) -> Value {
    json!({
        "name": "errors", "success": "result < 5.0", "failure": "result >= 5.0",
        "cloudWatch": {
            "namespace": "Shop", "metricName": "Errors", "stat": "Average", "periodSeconds": period,
            "dimensions": {"ServiceName": "${service}"},
        },
    })
}
