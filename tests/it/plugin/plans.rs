//! `plan` and `diff`: what they say is what the operator then does, call by call; nothing is changed meanwhile.

use std::collections::BTreeSet;

use ecs_operator::api::{EcsCluster, EcsService, EcsTaskDefinition, ServerGroup};
use ecs_operator::controllers::context::Config;
use ecs_operator::plugin::foresee::answers::spoken;
use ecs_operator::plugin::foresee::forecast::{Question, forecast};
use ecs_operator::plugin::foresee::manifests::{At, Manifest};
use ecs_operator::plugin::foresee::value::{Forecast, Foretold, Outcome, redacted};
use ecs_operator::plugin::kind::Kind;
use ecs_operator::plugin::render::{Line, plan as draw};
use serde_json::{Value, json};

use super::look::{compared, drawn};
use crate::server_group::group;
use crate::support::driver::Operator;
use crate::support::manifests::{cluster, service, web};
use crate::support::wire::Sent;
use crate::support::world::{NAMESPACE, REGION, World};

/// What `plan` says of manifests, and that it changed nothing.
pub async fn planned(world: &World, manifests: &[Value], offline: bool) -> Forecast {
    let manifests = manifests.iter().map(|object| Manifest {
        kind: Kind::named(object["kind"].as_str().unwrap()).unwrap(),
        object: object.clone(),
        at: At::default(),
    });
    let question = Question {
        manifests: manifests.collect(),
        aws: world.aws.config(REGION),
        clock: world.clock.clone(),
        config: Config { region: REGION.to_owned(), ..Config::default() },
    };
    let before = stored(world);
    world.api.take_log();
    world.aws.take_sent();
    let forecast = forecast(question, (!offline).then(|| world.person.clone())).await.unwrap();
    let writes = world.api.take_log().into_iter().filter(|call| call.is_write() && !call.query.contains("dryRun=All"));
    assert_eq!(writes.count(), 0, "nothing is written to Kubernetes");
    let sent = world.aws.take_sent();
    assert!(sent.iter().all(|sent| !sent.is_write()), "nothing is changed in AWS: {sent:#?}");
    assert_eq!(stored(world), before);
    forecast
}

/// Every object.
fn stored(world: &World) -> Value {
    let plurals = ["ecsclusters", "ecstaskdefinitions", "ecsservices", "servergroups"];
    let objects = plurals.map(|plural| world.api.with(|api| api.all(&format!("{plural}.ecs-operator.dev"))));
    json!(objects)
}

async fn apply(world: &World, manifest: &Value) {
    match manifest["kind"].as_str().unwrap() {
        "EcsCluster" => drop(world.apply::<EcsCluster>(manifest).await),
        "EcsTaskDefinition" => drop(world.apply::<EcsTaskDefinition>(manifest).await),
        "ServerGroup" => drop(world.apply::<ServerGroup>(manifest).await),
        _ => drop(world.apply::<EcsService>(manifest).await),
    }
}

fn writes(sent: Vec<Sent>) -> Vec<(String, Value)> {
    let writes = sent.into_iter().filter(Sent::is_write);
    writes.map(|sent| (sent.operation.clone(), told(&sent.body))).collect()
}

/// A request as it is compared: without secrets and tokens, and without numbers of revisions.
fn told(request: &Value) -> Value {
    let mut request = redacted(request);
    if let Some(members) = request.as_object_mut() {
        members.remove("clientToken");
        // Nobody knows the UID of an object that is not there yet.
        for tag in members.get_mut("tags").and_then(Value::as_array_mut).into_iter().flatten() {
            if tag["key"] == "ecs-operator.dev/uid" {
                tag["value"] = json!("UID");
            }
        }
    }
    let text = request.to_string();
    let words: Vec<String> = text.split('"').map(numberless).collect();
    serde_json::from_str(&words.join("\"")).unwrap()
}

fn numberless(word: &str) -> String {
    let word = spoken(word);
    match word.rsplit_once(':') {
        Some((family, revision)) if family.contains("task-definition/") && !revision.is_empty() => {
            format!("{family}:REVISION")
        }
        _ => word,
    }
}

fn calls(object: &Foretold) -> Vec<(String, Value)> {
    object.calls.iter().map(|call| (call.operation.clone(), told(&call.request))).collect()
}

/// A forecast with another count in its first update.
fn tampered(mut forecast: Forecast) -> Forecast {
    let calls = forecast.objects.iter_mut().flat_map(|object| &mut object.calls);
    let update = calls.into_iter().find(|call| call.operation == "UpdateService").unwrap();
    update.request["desiredCount"] = json!(99);
    forecast
}

/// Applies the manifests, runs the operator's passes in the order of the forecast, and compares call by call.
async fn then_done(world: &World, operator: &mut Operator, manifests: &[Value], forecast: &Forecast) {
    for manifest in manifests {
        apply(world, manifest).await;
    }
    for object in &forecast.objects {
        let key = (object.kind, NAMESPACE.to_owned(), object.name.clone());
        let mut sent = Vec::new();
        // A group moves its status on before it acts, and a cluster that was made is looked at once more.
        for _ in 0..12 {
            operator.look();
            world.aws.take_sent();
            world.api.take_log();
            operator.pass(&key).await;
            sent = writes(world.aws.take_sent());
            let made = world.api.take_log().iter().any(|call| call.method == "POST" && call.path.contains("ecs"));
            if object.kind != "ServerGroup" || !sent.is_empty() || made {
                break;
            }
        }
        assert_eq!(calls(object), sent, "{} {}", object.kind, object.name);
        if object.kind == "EcsCluster" {
            tokio::time::sleep(std::time::Duration::from_secs(3)).await;
            operator.look();
            operator.pass(&key).await;
        }
    }
}

/// What fits on a page; nobody scrolls in a picture.
fn cut(mut lines: Vec<Line>, height: usize) -> Vec<Line> {
    lines.truncate(height);
    lines
}

fn object<'a>(forecast: &'a Forecast, kind: &str) -> &'a Foretold {
    forecast.objects.iter().find(|object| object.kind == kind).unwrap()
}

fn shop(image: &str, count: i32) -> [Value; 3] {
    let mut service = service("web", "prod", "web");
    service["spec"]["desiredCount"] = json!(count);
    [cluster("prod"), web("web", image), service]
}

#[tokio::test(start_paused = true)]
async fn what_does_not_exist_yet_is_planned_as_made_first_and_so_it_is_done() {
    let world = World::ready(41).await;
    let manifests = shop("nginx:1", 2);
    let forecast = planned(&world, &manifests, false).await;
    drawn(&world, "plan-new.txt", |look, height| cut(draw::lines(&forecast, look, false), height));
    assert_eq!((forecast.summary.create, forecast.summary.refused), (3, 0), "{forecast:#?}");
    let mut operator = world.operator();
    then_done(&world, &mut operator, &manifests, &forecast).await;
}

#[tokio::test(start_paused = true)]
async fn an_edit_of_image_and_count_says_what_rolls_and_what_is_in_place() {
    let world = World::ready(42).await;
    let mut operator = world.operator();
    for manifest in shop("nginx:1", 2) {
        apply(&world, &manifest).await;
    }
    operator.rest().await;
    let same = planned(&world, &shop("nginx:1", 2), false).await;
    assert!(!same.changes(), "{same:#?}");
    let mut manifests = shop("nginx:2", 3);
    manifests[1]["spec"]["containerDefinitions"][0]["environment"] = json!([{"name": "TOKEN", "value": "hunter2"}]);
    let forecast = planned(&world, &manifests, false).await;
    drawn(&world, "plan-edit.txt", |look, height| cut(draw::lines(&forecast, look, true), height));
    drawn(&world, "diff-edit.txt", |look, _| draw::differences(&forecast, look));
    compared("plan-edit.md", &draw::markdown(&forecast));
    let json = serde_json::to_string_pretty(&forecast).unwrap() + "\n";
    assert!(!json.contains("hunter2"));
    compared("plan-edit.json", &json);
    assert_eq!(object(&forecast, "EcsService").outcome, Outcome::Rolls);
    // The service alone follows from the definition alone.
    let alone = planned(&world, &manifests[1..2], false).await;
    let follows = object(&alone, "EcsService");
    assert!(!follows.asked && follows.outcome == Outcome::Rolls, "{follows:#?}");
    then_done(&world, &mut operator, &manifests, &forecast).await;
}

#[tokio::test(start_paused = true)]
async fn content_of_an_earlier_revision_makes_no_call_and_rolls_who_refers_to_it() {
    let world = World::ready(46).await;
    let mut operator = world.operator();
    for image in ["nginx:1", "nginx:2"] {
        for manifest in shop(image, 2) {
            apply(&world, &manifest).await;
        }
        operator.rest().await;
    }
    let back = [web("web", "nginx:1")];
    let forecast = planned(&world, &back, false).await;
    assert_eq!(object(&forecast, "EcsTaskDefinition").calls.len(), 0, "{forecast:#?}");
    let follows = object(&forecast, "EcsService");
    assert!(!follows.asked && follows.outcome == Outcome::Rolls, "{follows:#?}");
    then_done(&world, &mut operator, &back, &forecast).await;
}

#[tokio::test(start_paused = true)]
async fn a_group_says_which_version_it_makes() {
    let world = World::ready(43).await;
    let mut operator = world.operator();
    apply(&world, &cluster("prod")).await;
    operator.rest().await;
    let first = [group("nginx:1", &json!({}))];
    let forecast = planned(&world, &first, false).await;
    assert_eq!(object(&forecast, "ServerGroup").outcome, Outcome::Create, "{forecast:#?}");
    then_done(&world, &mut operator, &first, &forecast).await;
    operator.rest().await;
    let second = [group("nginx:2", &json!({}))];
    let forecast = planned(&world, &second, false).await;
    drawn(&world, "plan-group.txt", |look, height| cut(draw::lines(&forecast, look, false), height));
    assert_eq!(object(&forecast, "ServerGroup").outcome, Outcome::Rolls, "{forecast:#?}");
    then_done(&world, &mut operator, &second, &forecast).await;
}

/// The members that a call was said to change are those that it sends.
fn members_are_those_sent(object: &Foretold) {
    for call in object.calls.iter().filter(|call| call.operation == "UpdateService") {
        let own = |name: &&str| !matches!(*name, "cluster" | "service" | "forceNewDeployment");
        let top = |path: &str| path.split(['.', '[']).next().unwrap_or_default().to_owned();
        let said: BTreeSet<String> = call.changes.iter().map(|change| top(&change.path)).collect();
        let said: BTreeSet<&str> = said.iter().map(String::as_str).filter(own).collect();
        let sent: BTreeSet<&str> = call.request.as_object().unwrap().keys().map(String::as_str).filter(own).collect();
        assert_eq!(said, sent, "{call:#?}");
    }
}

/// One random edit of what people edit.
fn edit(random: &mut fastrand::Rng, manifests: &mut [Value; 3]) {
    let number = random.i32(1..6);
    let [cluster, definition, service] = manifests;
    let (pointer, value) = match random.u8(0..16) {
        0 => (
            &mut cluster["spec"],
            json!({"settings": [{"name": "containerInsights", "value": *random.choice(["enabled", "disabled"].iter()).unwrap()}]}),
        ),
        1 => (&mut cluster["spec"], json!({"tags": {"team": number.to_string()}})),
        2 => (
            &mut cluster["spec"],
            json!({"defaultCapacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": number}]}),
        ),
        3 => (&mut definition["spec"], json!({"tags": {"team": number.to_string()}})),
        4 => (&mut definition["spec"]["containerDefinitions"][0], json!({"image": format!("nginx:{number}")})),
        5 => (
            &mut definition["spec"]["containerDefinitions"][0],
            json!({"environment": [{"name": "A", "value": format!("value-{number}")}]}),
        ),
        6 => (
            &mut definition["spec"]["containerDefinitions"][0],
            json!({"command": ["serve", format!("--threads={number}")]}),
        ),
        7 => (&mut definition["spec"], json!({"memory": *random.choice(["512", "1024"].iter()).unwrap()})),
        8 => (&mut service["spec"], json!({"tags": {"team": number.to_string()}})),
        9 => (&mut service["spec"], json!({"enableExecuteCommand": random.bool()})),
        10 => (&mut service["spec"], json!({"deploymentConfiguration": {"maximumPercent": 100 + 20 * number}})),
        11 => (
            &mut service["spec"]["networkConfiguration"]["awsvpcConfiguration"],
            json!({"securityGroups": [format!("sg-{number}")]}),
        ),
        12 => (
            &mut service["spec"],
            json!({"propagateTags": *random.choice(["SERVICE", "TASK_DEFINITION"].iter()).unwrap()}),
        ),
        13 => (&mut service["spec"], json!({"managementMode": *random.choice(["Plan", "Manage"].iter()).unwrap()})),
        14 => (&mut service["spec"], json!({"scaling": {"minCapacity": number, "maxCapacity": number + 3}})),
        _ => (&mut service["spec"], json!({"desiredCount": number})),
    };
    json_patch::merge(pointer, &value);
}

#[tokio::test(start_paused = true)]
async fn whatever_is_edited_the_operator_then_makes_the_calls_that_were_planned() {
    for seed in 0..3 {
        let mut random = fastrand::Rng::with_seed(seed);
        let world = World::ready(600 + seed).await;
        let mut operator = world.operator();
        let mut manifests = shop("nginx:1", 2);
        let mut made = 0;
        for step in 0..5 {
            let forecast = planned(&world, &manifests, false).await;
            assert_eq!(forecast.summary.refused, 0, "{seed}/{step}: {forecast:#?}");
            forecast.objects.iter().for_each(members_are_those_sent);
            made += forecast.objects.iter().map(|object| object.calls.len()).sum::<usize>();
            then_done(&world, &mut operator, &manifests, &forecast).await;
            operator.rest().await;
            if random.u8(0..3) == 0 {
                // Somebody else changes something behind the operator's back.
                let count = random.i32(0..5);
                let _ = world.cli().update_service().cluster("prod").service("web").desired_count(count).send().await;
            }
            for _ in 0..random.u8(1..4) {
                edit(&mut random, &mut manifests);
            }
        }
        assert!(made > 4, "{seed}: {made} calls were compared");
    }
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "EcsService web")]
async fn a_forecast_that_says_another_count_is_found_out() {
    let world = World::ready(46).await;
    let mut operator = world.operator();
    for manifest in shop("nginx:1", 2) {
        apply(&world, &manifest).await;
    }
    operator.rest().await;
    let manifests = shop("nginx:1", 3);
    let forecast = tampered(planned(&world, &manifests, false).await);
    then_done(&world, &mut operator, &manifests, &forecast).await;
}

#[tokio::test(start_paused = true)]
async fn without_kubernetes_the_same_calls_are_planned_for_what_exists() {
    let world = World::ready(44).await;
    let mut operator = world.operator();
    for manifest in shop("nginx:1", 2) {
        apply(&world, &manifest).await;
    }
    operator.rest().await;
    let same = planned(&world, &shop("nginx:1", 2), true).await;
    assert!(!same.changes(), "{same:#?}");
    let manifests = shop("nginx:2", 3);
    let (offline, online) = (planned(&world, &manifests, true).await, planned(&world, &manifests, false).await);
    let all = |forecast: &Forecast| forecast.objects.iter().flat_map(calls).collect::<Vec<_>>();
    assert_eq!(all(&offline), all(&online));
    assert_eq!(offline.summary, online.summary);
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_or_held_back_is_said_with_its_reason() {
    let world = World::ready(45).await;
    let mut operator = world.operator();
    for manifest in shop("nginx:1", 2) {
        apply(&world, &manifest).await;
    }
    operator.rest().await;
    let mut manifests = shop("nginx:1", 4);
    manifests[1]["spec"]["cpu"] = json!("257");
    manifests[2]["spec"]["managementMode"] = json!("Plan");
    let mut foreign = service("foreign", "prod", "web");
    foreign["spec"]["serviceName"] = json!("web");
    let all: Vec<Value> = manifests.into_iter().chain([foreign]).collect();
    let forecast = planned(&world, &all, false).await;
    drawn(&world, "plan-refused.txt", |look, height| cut(draw::lines(&forecast, look, false), height));
    assert_eq!(forecast.summary.refused, 2, "{forecast:#?}");
}
