//! `import`: what runs becomes manifests that ask for exactly what runs, and files of other tools become what they say.

use ecs_operator::api::condition::{ConditionType, find};
use ecs_operator::api::{
    EcsCluster, EcsService, EcsServiceSpec, EcsTaskDefinition, EcsTaskDefinitionSpec, ServerGroup,
};
use ecs_operator::document::Kind;
use ecs_operator::plugin::cloud::Cloud;
use ecs_operator::plugin::cloud::existing::{Existing, Wanted};
use ecs_operator::plugin::import::arrange::arrange;
use ecs_operator::plugin::import::{Manifest, Wish};
use serde_json::{Value, json};

use super::plans::planned;
use crate::behaviour::line;
use crate::registered::accepted;
use crate::registered_services::{make_cluster, make_definition, placed, short};
use crate::support::wire::Sent;
use crate::support::world::{NAMESPACE, REGION, World};

/// Reads what runs, as a person.
async fn existing(world: &World, wanted: Wanted) -> Existing {
    Cloud::of(world.aws.of_a_person().config(REGION)).existing(&wanted).await.unwrap()
}

/// The manifests of what runs.
fn manifests(found: &Existing, manage: bool) -> Vec<Manifest> {
    let wish = Wish { manage, namespace: Some(NAMESPACE.to_owned()), ..Wish::default() };
    arrange(found.pieces.clone(), &wish)
}

async fn apply(world: &World, manifests: &[Manifest]) -> Result<(), String> {
    for manifest in manifests {
        let applied = match manifest.kind {
            "EcsCluster" => world.try_apply::<EcsCluster>(&manifest.value).await.map(|_| ()),
            "EcsTaskDefinition" => world.try_apply::<EcsTaskDefinition>(&manifest.value).await.map(|_| ()),
            "EcsService" => world.try_apply::<EcsService>(&manifest.value).await.map(|_| ()),
            _ => world.try_apply::<ServerGroup>(&manifest.value).await.map(|_| ()),
        };
        applied.map_err(|error| format!("{}: {error}\n{:#}", manifest.address(), manifest.value))?;
    }
    Ok(())
}

fn writes(world: &World) -> Vec<Sent> {
    world.aws.take_sent().into_iter().filter(Sent::is_write).collect()
}

async fn conditions(
    world: &World,
    manifest: &Manifest,
) -> Vec<k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition> {
    match manifest.kind {
        "EcsCluster" => world.status::<EcsCluster>(&manifest.name).await.conditions,
        "EcsTaskDefinition" => world.status::<EcsTaskDefinition>(&manifest.name).await.conditions,
        _ => world.status::<EcsService>(&manifest.name).await.conditions,
    }
}

/// Imports all that is in the world: looked at it is the same, taken over nothing but tags is sent.
async fn taken_over(world: &World, place: &str, wanted: Wanted) -> Result<Vec<Manifest>, String> {
    let found = existing(world, wanted).await;
    assert_eq!(found.trouble, Vec::<String>::new(), "{place}");
    let looking = manifests(&found, false);
    let told: Vec<&String> = looking.iter().flat_map(|manifest| &manifest.left).collect();
    if told.iter().any(|left| !left.contains("looks secret")) {
        return Err(format!("{told:?}"));
    }
    apply(world, &looking).await?;
    let mut operator = world.operator();
    operator.rest().await;
    assert!(writes(world).is_empty(), "{place}: Observe writes nothing");
    for manifest in &looking {
        let conditions = conditions(world, manifest).await;
        let synced = line(&conditions, ConditionType::Synced);
        if !synced.starts_with("True") {
            return Err(format!("{}: {synced}", manifest.address()));
        }
    }
    let managing = manifests(&found, true);
    for manifest in &managing {
        assert!(manifest.value["spec"].get("managementMode").is_none(), "{place}");
    }
    apply(world, &managing).await?;
    operator.rest().await;
    let sent = writes(world);
    let mut again = world.operator();
    again.rest().await;
    again.sweep().await;
    let later = writes(world);
    for write in sent.iter().chain(&later) {
        let adopts = write.operation == "TagResource" && later.is_empty();
        if !adopts {
            return Err(format!("{} {:#}", write.operation, write.body));
        }
    }
    for manifest in &managing {
        let conditions = conditions(world, manifest).await;
        let ready = find(&conditions, ConditionType::Ready).unwrap();
        if ready.status != "True" {
            return Err(format!("{}: {} {}", manifest.address(), ready.reason, ready.message));
        }
    }
    let values: Vec<Value> = managing.iter().map(|manifest| manifest.value.clone()).collect();
    for offline in [false, true] {
        let forecast = planned(world, &values, offline).await;
        if forecast.changes() || forecast.summary.refused > 0 {
            return Err(format!("planned, offline {offline}: {forecast:#?}"));
        }
    }
    Ok(managing)
}

/// The spec with references by name in place of references to objects.
fn by_name(mut spec: Value) -> Value {
    for (reference, member) in [("clusterRef", "cluster"), ("taskDefinitionRef", "taskDefinition")] {
        let named = spec.as_object_mut().unwrap().remove(reference);
        if let Some(named) = named {
            spec[member] = named["name"].clone();
        }
    }
    spec
}

/// Makes the service of a document in ECS, and imports it.
async fn service(place: &str, manifest: Value) -> Result<(), String> {
    let world = World::ready(1).await;
    let manifest = placed(manifest);
    let spec = by_name(manifest["spec"].clone());
    make_cluster(&world, &spec).await;
    make_definition(&world, &spec).await;
    let name = spec["serviceName"].as_str().unwrap_or_else(|| manifest["metadata"]["name"].as_str().unwrap());
    let cluster = short(spec["cluster"].as_str().unwrap_or("default")).to_owned();
    let mut typed: EcsServiceSpec = serde_json::from_value(spec.clone()).unwrap();
    // Inputs of updates have no count.
    typed.desired_count.get_or_insert(1);
    let create = typed.to_create(&cluster, name, typed.task_definition.as_deref()).unwrap();
    let tags = typed.tags.clone().unwrap_or_default();
    let tags: Vec<_> =
        tags.iter().map(|(key, value)| aws_sdk_ecs::types::Tag::builder().key(key).value(value).build()).collect();
    let create = create.set_tags((!tags.is_empty()).then_some(tags));
    create.send_with(&world.cli()).await.map_err(|error| format!("{error:?}"))?;
    world.wait(std::time::Duration::from_secs(900)).await;
    let wanted = Wanted { cluster: Some(cluster), with_cluster: true, all_services: true, ..Wanted::default() };
    let made = taken_over(&world, place, wanted).await?;
    let kinds: Vec<&str> = made.iter().map(|manifest| manifest.kind).collect();
    let external = spec["deploymentController"]["type"] == "EXTERNAL";
    if !external && kinds != ["EcsCluster", "EcsTaskDefinition", "EcsService"] {
        return Err(format!("{kinds:?}"));
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_imported_service_is_adopted_by_tags_alone() {
    let (mut imported, mut wrong) = (0, Vec::new());
    for (place, intake) in accepted(Kind::Service) {
        match service(&place, intake.manifest).await {
            Ok(()) => imported += 1,
            Err(reason) => wrong.push(format!("{place}: {reason}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(imported >= 10, "only {imported} services were imported");
}

#[tokio::test(start_paused = true)]
async fn an_imported_task_definition_is_adopted_by_tags_alone() {
    let (mut imported, mut wrong) = (0, Vec::new());
    for (place, intake) in accepted(Kind::TaskDefinition) {
        let world = World::ready(1).await;
        let manifest = placed(intake.manifest);
        let typed: EcsTaskDefinitionSpec = serde_json::from_value(manifest["spec"].clone()).unwrap();
        let family = typed.family.clone().unwrap_or(intake.name);
        typed.to_register(&family).unwrap().send_with(&world.cli()).await.unwrap();
        let wanted = Wanted { definitions: vec![family], ..Wanted::default() };
        match taken_over(&world, &place, wanted).await {
            Ok(made) if made.len() == 1 => imported += 1,
            Ok(made) => wrong.push(format!("{place}: {} objects", made.len())),
            Err(reason) => wrong.push(format!("{place}: {reason}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(imported >= 5, "only {imported} task definitions were imported");
}

/// A cluster `prod` in which services run that nobody's object stands for: name, revision, tasks.
async fn running(world: &World, family: &str, revisions: i32, services: &[(&str, i32, i32)]) {
    world.cli().create_cluster().cluster_name("prod").capacity_providers("FARGATE").send().await.unwrap();
    for revision in 0..revisions {
        let spec = json!({
            "containerDefinitions": [{
                "name": "app", "image": format!("nginx:{revision}"),
                "environment": [{"name": "SERVER_GROUP", "value": "of Spinnaker"}]
            }],
            "requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc", "cpu": "256", "memory": "512"
        });
        let spec: EcsTaskDefinitionSpec = serde_json::from_value(spec).unwrap();
        spec.to_register(family).unwrap().send_with(&world.cli()).await.unwrap();
    }
    for (name, revision, count) in services {
        let spec = json!({
            "desiredCount": count, "launchType": "FARGATE",
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-0a1b2c3d"]}}
        });
        let spec: EcsServiceSpec = serde_json::from_value(spec).unwrap();
        let create = spec.to_create("prod", name, Some(&format!("{family}:{revision}"))).unwrap();
        create.send_with(&world.cli()).await.unwrap();
    }
    world.wait(std::time::Duration::from_secs(600)).await;
}

fn everything() -> Wanted {
    Wanted { cluster: Some("prod".to_owned()), with_cluster: true, all_services: true, ..Wanted::default() }
}

#[tokio::test(start_paused = true)]
async fn versions_that_spinnaker_made_are_looked_at_and_then_followed_by_the_next() {
    let world = World::ready(1).await;
    running(&world, "shop-prod", 2, &[("shop-prod-v003", 1, 1), ("shop-prod-v004", 2, 2)]).await;
    let found = existing(&world, everything()).await;
    let wish = Wish { namespace: Some(NAMESPACE.to_owned()), server_groups: true, ..Wish::default() };
    let looking = arrange(found.pieces.clone(), &wish);
    let kinds: Vec<&str> = looking.iter().map(|manifest| manifest.kind).collect();
    assert_eq!(kinds, ["EcsCluster", "ServerGroup"]);
    assert_eq!(looking[1].left, Vec::<String>::new());
    apply(&world, &looking).await.unwrap();
    let mut operator = world.operator();
    operator.rest().await;
    assert!(writes(&world).is_empty(), "Observe writes nothing");
    let managing = arrange(found.pieces, &Wish { manage: true, ..wish });
    apply(&world, &managing).await.unwrap();
    operator.rest().await;
    let status = world.status::<ServerGroup>("shop-prod").await;
    assert_eq!(status.current_version.as_deref(), Some("shop-prod-v005"), "{:?}", status.conditions);
    let made: Vec<String> = writes(&world)
        .into_iter()
        .filter(|call| call.operation == "CreateService")
        .map(|call| call.body.to_string())
        .collect();
    assert_eq!(made.len(), 1, "{made:?}");
    let counts = world.cli().describe_services().cluster("prod").services("shop-prod-v004").send().await.unwrap();
    assert_eq!(counts.services()[0].desired_count, 0, "the strategy took the old version out of service");
}

#[tokio::test(start_paused = true)]
async fn a_service_is_left_on_its_revision_where_an_object_would_roll_it() {
    let world = World::ready(1).await;
    running(&world, "web", 1, &[("web", 1, 1)]).await;
    // The same content again, under the next number.
    let found = existing(&world, everything()).await;
    let same = found.pieces.iter().find(|piece| piece.kind == Kind::TaskDefinition).unwrap();
    let spec: EcsTaskDefinitionSpec = serde_json::from_value(Value::Object(same.spec.clone())).unwrap();
    spec.to_register("web").unwrap().send_with(&world.cli()).await.unwrap();
    let found = existing(&world, everything()).await;
    let made = manifests(&found, true);
    let service = made.iter().find(|manifest| manifest.kind == "EcsService").unwrap();
    assert_eq!(service.value["spec"]["taskDefinition"], "web:1");
    assert!(service.left.iter().any(|left| left.contains("web:2 has the same content")), "{:?}", service.left);
    apply(&world, &made).await.unwrap();
    world.operator().rest().await;
    let operations: Vec<String> = writes(&world).into_iter().map(|call| call.operation).collect();
    assert!(operations.iter().all(|operation| operation == "TagResource"), "{operations:?}");
}

#[tokio::test(start_paused = true)]
async fn a_count_that_is_scaled_by_others_is_left_to_them() {
    let world = World::ready(1).await;
    running(&world, "web", 1, &[("web", 1, 3)]).await;
    let target = world.scaling().register_scalable_target().service_namespace("ecs".into());
    let target = target.resource_id("service/prod/web").scalable_dimension("ecs:service:DesiredCount".into());
    target.min_capacity(2).max_capacity(5).send().await.unwrap();
    let found = existing(&world, everything()).await;
    let made = manifests(&found, true);
    let spec = &made.iter().find(|manifest| manifest.kind == "EcsService").unwrap().value["spec"];
    assert_eq!((&spec["scaling"], &spec["desiredCount"]), (&json!({"mode": "External"}), &Value::Null));
    apply(&world, &made).await.unwrap();
    world.operator().rest().await;
    let operations: Vec<String> = writes(&world).into_iter().map(|call| call.operation).collect();
    assert!(operations.iter().all(|operation| operation == "TagResource"), "{operations:?}");
}
