//! All kinds from birth to death, so that every right is needed.

use serde_json::{Value, json};

use crate::local_api::stage::Stage;
use crate::support::manifests::{cluster, manifest, service, web};

const ALL: [&str; 4] = ["ecsc/c", "ecstd/d", "ecss/s", "ecssg/shop-prod"];

/// The story.
pub struct Story {
    /// Where it is told.
    pub stage: Stage,
}

/// A group whose document stands in a `ConfigMap`.
fn group(image: &str) -> Value {
    let spec = json!({
        "clusterRef": {"name": "c"},
        "capacity": {"min": 1, "desired": 1, "max": 2},
        "template": {
            "launchType": "FARGATE",
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-0a", "subnet-0b"]}},
            "artifact": {
                "configMapKeyRef": {"name": "document", "key": "definition"},
                "containerMappings": [{"containerName": "web", "image": image}],
            },
        },
        "gate": {"minHealthySeconds": 1},
    });
    manifest("ServerGroup", "shop-prod", spec)
}

fn document() -> Value {
    let text = json!({
        "networkMode": "awsvpc", "cpu": "256", "memory": "512", "requiresCompatibilities": ["FARGATE"],
        "containerDefinitions": [{"name": "web", "image": "nginx:0", "essential": true}],
    });
    json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "document"},
        "data": {"definition": text.to_string()},
    })
}

impl Story {
    /// Applies one object of every kind.
    pub async fn begin(&self) {
        let small = service("s", "c", "d");
        self.stage.apply(&[document(), cluster("c"), web("d", "nginx:1"), small, group("nginx:1")]).await.unwrap();
    }

    /// Is everything there, and the group's version made?
    pub async fn is_ready(&self) -> bool {
        let wait = [&["wait", "--for=condition=Ready", "--timeout=0"], &ALL[..]].concat();
        self.stage.kubectl(&wait).await.ok
    }

    /// Deletes everything, and does not wait.
    pub async fn end(&self) {
        let delete = [&["delete", "--wait=false"], &ALL[..]].concat();
        self.stage.kubectl(&delete).await;
    }

    /// An account for the namespace that a label selects: born, and gone.
    pub async fn tell_of_an_account(&self) {
        let label = json!({"kubernetes.io/metadata.name": self.stage.namespace});
        let account = json!({
            "apiVersion": "ecs-operator.dev/v1alpha1", "kind": "AwsAccount", "metadata": {"name": "rights"},
            "spec": {"allowedNamespaces": {"selector": {"matchLabels": label}}},
        });
        let plane = self.stage.plane;
        plane.kubectl(&["create", "-f", "-"], Some(account.to_string())).await.unwrap();
        let ran = plane.kubectl(&["wait", "awsaccount/rights", "--for=condition=Ready", "--timeout=60s"], None).await;
        assert!(ran.ok, "{}\n{}", ran.err, self.stage.get("awsaccount/rights").await);
        plane.kubectl(&["delete", "awsaccount/rights", "--timeout=60s"], None).await.unwrap();
    }

    /// The whole of it: born, rolled, scaled, deleted.
    pub async fn tell(&self) {
        self.begin().await;
        self.stage.ready(&ALL).await;
        self.stage.apply(&[web("d", "nginx:2"), group("nginx:2")]).await.unwrap();
        let wait =
            ["wait", "ecssg/shop-prod", "--for=jsonpath={.status.currentVersion}=shop-prod-v001", "--timeout=90s"];
        let ran = self.stage.kubectl(&wait).await;
        assert!(ran.ok, "{}\n{}", ran.err, self.stage.get("ecssg/shop-prod").await);
        self.stage.kubectl(&["scale", "ecss/s", "--replicas=3"]).await.unwrap();
        self.stage.kubectl(&["scale", "ecssg/shop-prod", "--replicas=2"]).await.unwrap();
        self.stage.ready(&ALL).await;
        self.end().await;
        let gone = [&["wait", "--for=delete", "--timeout=90s"], &ALL[..]].concat();
        let ran = self.stage.kubectl(&gone).await;
        assert!(ran.ok, "{}\n{}", ran.err, self.stage.kubectl(&["get", "ecs", "-o", "wide"]).await.out);
    }
}
