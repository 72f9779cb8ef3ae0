//! `plan` and `diff`: what they say is what the operator then does, call by call; nothing is changed meanwhile.

use ecs_operator::api::{EcsCluster, EcsService, EcsTaskDefinition, ServerGroup};
use ecs_operator::controllers::context::Config;
use ecs_operator::plugin::foresee::answers::spoken;
use ecs_operator::plugin::foresee::forecast::{Question, forecast};
use ecs_operator::plugin::foresee::manifests::{At, Manifest};
use ecs_operator::plugin::foresee::value::{Forecast, Foretold, Outcome, redacted};
use ecs_operator::plugin::kind::Kind;
use ecs_operator::plugin::render::plan as draw;
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
        assert_eq!(calls(object), sent, "{} {}: {:#?}", object.kind, object.name, forecast.objects);
        if object.kind == "EcsCluster" {
            tokio::time::sleep(std::time::Duration::from_secs(3)).await;
            operator.look();
            operator.pass(&key).await;
        }
    }
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
    drawn(&world, "plan-new.txt", |look, _| draw::lines(&forecast, look, false));
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
    drawn(&world, "plan-edit.txt", |look, _| draw::lines(&forecast, look, true));
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
    drawn(&world, "plan-group.txt", |look, _| draw::lines(&forecast, look, false));
    assert_eq!(object(&forecast, "ServerGroup").outcome, Outcome::Rolls, "{forecast:#?}");
    then_done(&world, &mut operator, &second, &forecast).await;
}
