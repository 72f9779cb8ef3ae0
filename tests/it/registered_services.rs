//! Published services go the whole way: document → manifest → object → service in the simulated ECS; described again,
//! they do not differ, so that a second pass changes nothing.
//!
//! What a document names is made first: its cluster, and a task definition with the containers, ports, volumes and
//! network mode that it speaks of. Target groups and networks are taken as they come.

use std::collections::{BTreeMap, BTreeSet};

use ecs_operator::api::condition::ConditionType;
use ecs_operator::api::{EcsCluster, EcsService, EcsTaskDefinition};
use ecs_operator::document::{self, Intake, Kind, Verdict};
use serde_json::{Value, json};

use crate::behaviour::line;
use crate::registered::documents;
use crate::support::manifests::manifest;
use crate::support::wire::Sent;
use crate::support::world::{NAMESPACE, REGION, World};

/// The name of a cluster, or `family:revision` of a task definition, from a name or ARN.
pub fn short(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap()
}

/// The document's ARNs, moved to the account and Region of the test.
fn here(value: &mut Value) {
    match value {
        Value::String(text) if text.starts_with("arn:aws:") => {
            let parts: Vec<&str> = text.splitn(6, ':').collect();
            if let [_, _, service, region, account, rest] = parts[..]
                && !account.is_empty()
            {
                let region = if region.is_empty() { "" } else { REGION };
                *text = format!("arn:aws:{service}:{region}:{}:{rest}", ecs_sim::world::DEFAULT_ACCOUNT);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(here),
        Value::Object(members) => members.values_mut().for_each(here),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The manifest in the namespace, account and Region of the test.
pub fn placed(mut manifest: Value) -> Value {
    manifest["metadata"]["namespace"] = json!(NAMESPACE);
    manifest["spec"].as_object_mut().unwrap().remove("region");
    here(&mut manifest);
    manifest
}

fn list<'a>(value: &'a Value, member: &str) -> &'a [Value] {
    value[member].as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap_or_default().to_owned()
}

/// The capacity providers that a service names, without Fargate's.
fn providers(spec: &Value) -> BTreeSet<String> {
    let named = list(spec, "capacityProviderStrategy").iter().map(|item| text(item, "capacityProvider"));
    named.filter(|name| !name.starts_with("FARGATE")).collect()
}

/// A task definition with all that the service speaks of.
fn definition(spec: &Value) -> Value {
    let mut ports: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for target in list(spec, "loadBalancers").iter().chain(list(spec, "serviceRegistries")) {
        let container = target["containerName"].as_str().unwrap_or("app").to_owned();
        let port = target.get("containerPort").map(|port| json!({"containerPort": port}));
        ports.entry(container).or_default().extend(port);
    }
    let connected =
        list(&spec["serviceConnectConfiguration"], "services").iter().chain(list(spec, "vpcLatticeConfigurations"));
    for (number, service) in connected.enumerate() {
        let port = json!({"containerPort": 9000 + number, "name": service["portName"]});
        ports.entry("app".to_owned()).or_default().push(port);
    }
    if ports.is_empty() {
        ports.insert("app".to_owned(), Vec::new());
    }
    let containers: Vec<Value> = ports
        .iter()
        .map(|(name, ports)| json!({"name": name, "image": "nginx", "memory": 64, "portMappings": ports}))
        .collect();
    let volumes = list(spec, "volumeConfigurations");
    let volumes: Vec<Value> =
        volumes.iter().map(|volume| json!({"name": volume["name"], "configuredAtLaunch": true})).collect();
    let mut definition =
        json!({"containerDefinitions": containers, "volumes": volumes, "cpu": "512", "memory": "1024"});
    let strategy = list(spec, "capacityProviderStrategy");
    let on_fargate = spec["launchType"] == "FARGATE"
        || strategy.iter().any(|item| text(item, "capacityProvider").starts_with("FARGATE"));
    definition["requiresCompatibilities"] = json!([if on_fargate { "FARGATE" } else { "EC2" }]);
    let mode = if spec.get("networkConfiguration").is_some() { "awsvpc" } else { "bridge" };
    definition["networkMode"] = json!(mode);
    definition
}

/// Makes the cluster, as an object where the service refers to one.
pub async fn make_cluster(world: &World, spec: &Value) {
    for name in providers(spec) {
        let arn = format!("arn:aws:autoscaling:{REGION}:1:autoScalingGroup:u:autoScalingGroupName/{name}");
        let group = aws_sdk_ecs::types::AutoScalingGroupProvider::builder().auto_scaling_group_arn(arn).build();
        let request = world.cli().create_capacity_provider().name(name).auto_scaling_group_provider(group.unwrap());
        request.send().await.unwrap();
    }
    let mut all = providers(spec);
    all.extend(["FARGATE".to_owned(), "FARGATE_SPOT".to_owned()]);
    if let Some(name) = spec["clusterRef"]["name"].as_str() {
        let cluster = manifest("EcsCluster", name, json!({"capacityProviders": all}));
        world.apply::<EcsCluster>(&cluster).await;
        return;
    }
    let name = short(spec["cluster"].as_str().unwrap_or("default"));
    let request = world.cli().create_cluster().cluster_name(name);
    request.set_capacity_providers(Some(all.into_iter().collect())).send().await.unwrap();
}

/// Makes the task definition, as an object where the service refers to one; up to the revision that is named.
pub async fn make_definition(world: &World, spec: &Value) {
    let definition = definition(spec);
    if let Some(name) = spec["taskDefinitionRef"]["name"].as_str() {
        world.apply::<EcsTaskDefinition>(&manifest("EcsTaskDefinition", name, definition)).await;
        return;
    }
    let Some(named) = spec["taskDefinition"].as_str() else { return };
    let (family, revision) = short(named).split_once(':').unwrap_or((short(named), "1"));
    let spec: ecs_operator::api::EcsTaskDefinitionSpec = serde_json::from_value(definition).unwrap();
    for _ in 0..revision.parse().unwrap() {
        spec.to_register(family).unwrap().send_with(&world.cli()).await.unwrap();
    }
}

/// Creates the service of a document: why not, if not; and what is sent once it is there.
async fn create(place: &str, intake: Intake, together: &[Intake]) -> Result<(), String> {
    let world = World::ready(1).await;
    let mut operator = world.operator();
    let manifest = placed(intake.manifest);
    let spec = manifest["spec"].clone();
    let siblings =
        |kind: Kind| together.iter().filter(move |other| other.kind == kind).map(|other| other.manifest.clone());
    if !siblings(Kind::Cluster).any(|other| other["metadata"]["name"] == spec["clusterRef"]["name"]) {
        make_cluster(&world, &spec).await;
    }
    if !siblings(Kind::TaskDefinition).any(|other| other["metadata"]["name"] == spec["taskDefinitionRef"]["name"]) {
        make_definition(&world, &spec).await;
    }
    for other in siblings(Kind::Cluster) {
        world.apply::<EcsCluster>(&placed(other)).await;
    }
    for other in siblings(Kind::TaskDefinition) {
        world.apply::<EcsTaskDefinition>(&placed(other)).await;
    }
    let name = manifest["metadata"]["name"].as_str().unwrap().to_owned();
    world.try_apply::<EcsService>(&manifest).await.map_err(|error| error.to_string())?;
    operator.rest().await;
    let calls: Vec<Sent> = world.aws.take_sent();
    let status = world.status::<EcsService>(&name).await;
    let ready = line(&status.conditions, ConditionType::Ready);
    if status.arn.is_none() {
        return Err(ready);
    }
    let made: Vec<&str> =
        calls.iter().map(|call| call.operation.as_str()).filter(|name| name.ends_with("Service")).collect();
    assert_eq!(made, ["CreateService"], "{place}: {ready}");
    // A process that remembers nothing compares with what ECS describes.
    let mut again = world.operator();
    again.rest().await;
    again.sweep().await;
    let writes: Vec<Sent> = world.aws.take_sent().into_iter().filter(Sent::is_write).collect();
    assert!(writes.is_empty(), "{place}: {writes:?}");
    let conditions = world.status::<EcsService>(&name).await.conditions;
    assert!(line(&conditions, ConditionType::Synced).starts_with("True"), "{place}: {conditions:?}");
    assert!(line(&conditions, ConditionType::Ready).starts_with("True"), "{place}: {conditions:?}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn every_accepted_service_is_created_once_and_stays_the_same() {
    let mut created = 0;
    let mut refused = Vec::new();
    for path in documents() {
        let Ok(text) = document::decode(&std::fs::read(&path).unwrap()) else { continue };
        let accepted = |verdict| if let Verdict::Accepted(intake) = verdict { Some(intake) } else { None };
        let all: Vec<Intake> = document::judge(&text).into_iter().filter_map(accepted).collect();
        for intake in all.iter().filter(|intake| intake.kind == Kind::Service) {
            let place = format!("{} ({})", path.display(), intake.name);
            match create(&place, intake.clone(), &all).await {
                Ok(()) => created += 1,
                Err(reason) => refused.push(format!("{place}: {reason}")),
            }
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
    assert!(created >= 10, "only {created} services were created");
}
