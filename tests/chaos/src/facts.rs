//! What is true in the simulated worlds, read from their state: never from the operator's words or by its code.

use ecs_sim::Region;
use ecs_sim::autoscaling::control::resource_id;
use ecs_sim::ecs::scheduler::Key as ServiceKey;
use ecs_sim::ecs::service::state::{Service, ServiceStatus};
use ecs_sim::ecs::task_definition::Revision;
use ecs_sim::kube::{Apiserver, MemApi};
use serde_json::Value;

use crate::seen::Target;
use crate::support::world::NAMESPACE;

/// Tag of the owner's UID.
const UID: &str = "ecs-operator.dev/uid";
/// Tag of the installation.
const INSTALLATION: &str = "ecs-operator.dev/installation";

/// Resource name of a kind.
pub fn plural(kind: &str) -> String {
    format!("{}s.ecs-operator.dev", kind.to_lowercase())
}

/// An object of the test's namespace as it is stored now.
pub fn stored(api: &MemApi, kind: &str, name: &str) -> Option<Value> {
    api.get(&plural(kind), NAMESPACE, name)
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_default()
}

fn last(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

type Tags = std::collections::BTreeMap<String, String>;

fn owner(tags: &Tags) -> Option<(String, String)> {
    let get = |key: &str| tags.get(key).cloned();
    get(INSTALLATION).map(|installation| (installation, get(UID).unwrap_or_default()))
}

/// A service of a cluster, by names or ARNs.
pub fn service<'a>(region: &'a Region, cluster: &str, name: &str) -> Option<&'a Service> {
    region.services.services.get(&ServiceKey::new(last(cluster), last(name)))
}

fn revision<'a>(region: &'a Region, reference: &str) -> Option<&'a Revision> {
    let (family, number) = last(reference).split_once(':')?;
    region.families.get(family)?.revisions.get(&number.parse().ok()?)
}

fn tags_of<'a>(region: &'a Region, arn: &str) -> Option<&'a Tags> {
    let tail = arn.split(':').skip(5).collect::<Vec<_>>().join(":");
    let parts: Vec<&str> = tail.split('/').collect();
    match parts.as_slice() {
        ["service", cluster, name] => service(region, cluster, name).map(|service| &service.tags),
        ["cluster", name] => region.clusters.get(*name).map(|cluster| &cluster.tags),
        ["task-definition", _] => revision(region, arn).map(|revision| &revision.tags),
        _ => None,
    }
}

/// The resources that a mutating call changes, with their owners; a creation changes none.
pub fn targets(region: &Region, operation: &str, body: &Value) -> Vec<Target> {
    let target = |name: &str, tags: Option<&Tags>| -> Vec<Target> {
        tags.map(|tags| Target { name: name.to_owned(), owner: owner(tags) }).into_iter().collect()
    };
    match operation {
        "UpdateService" | "DeleteService" => {
            let (cluster, name) = (text(body, "cluster"), text(body, "service"));
            let found = service(region, cluster, name).filter(|found| found.status != ServiceStatus::Inactive);
            target(name, found.map(|found| &found.tags))
        }
        "TagResource" | "UntagResource" => {
            target(text(body, "resourceArn"), tags_of(region, text(body, "resourceArn")))
        }
        "UpdateCluster" | "UpdateClusterSettings" | "PutClusterCapacityProviders" | "DeleteCluster" => {
            let name = last(text(body, "cluster"));
            let found = region.clusters.get(name).filter(|found| found.status == "ACTIVE");
            target(name, found.map(|found| &found.tags))
        }
        "DeregisterTaskDefinition" => {
            let name = text(body, "taskDefinition");
            target(name, revision(region, name).map(|found| &found.tags))
        }
        "PutMetricAlarm" | "DeleteAlarms" => {
            let names = body["AlarmNames"].as_array().into_iter().flatten().chain([&body["AlarmName"]]);
            let found = names.filter_map(|name| region.fixtures.alarms.get_key_value(name.as_str()?));
            found.flat_map(|(name, alarm)| target(name, Some(&alarm.tags))).collect()
        }
        _ if body["ResourceId"].is_string() => {
            let name = text(body, "ResourceId");
            let mut parts = name.split('/').skip(1);
            let (cluster, service_name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            target(name, service(region, cluster, service_name).map(|found| &found.tags))
        }
        _ => Vec::new(),
    }
}

/// What the service of a version owns is the group's, too.
pub fn of_group(api: &Apiserver, target: &mut Target) {
    let Some((_, uid)) = &mut target.owner else { return };
    let services = api.with(|api| api.shared(&plural("EcsService")));
    let version = services.iter().find(|service| service["metadata"]["uid"] == **uid);
    if let Some(group) = version.and_then(|version| version["metadata"]["ownerReferences"][0]["uid"].as_str()) {
        group.clone_into(uid);
    }
}

/// What AWS holds that bears this UID, in words; old revisions that were let go of do not count.
pub fn held(region: &Region, uid: &str) -> Vec<String> {
    let mine = |tags: &Tags| tags.get(UID).is_some_and(|value| value == uid);
    let services = region.services.services.values().filter(|s| s.status != ServiceStatus::Inactive && mine(&s.tags));
    let services = services.map(|s| format!("service {} is {}", s.key.service, s.status.as_str()));
    let clusters = region.clusters.values().filter(|c| c.status == "ACTIVE" && mine(&c.tags));
    let clusters = clusters.map(|c| format!("cluster {} is ACTIVE", c.name));
    let revisions = region.families.values().flat_map(|family| family.revisions.values());
    let revisions = revisions.filter(|r| r.status == "ACTIVE" && mine(&r.tags));
    let revisions = revisions.map(|r| format!("{}:{} is ACTIVE", r.family, r.revision));
    let alarms = region.fixtures.alarms.iter().filter(|(_, alarm)| mine(&alarm.tags));
    let alarms = alarms.map(|(name, _)| format!("alarm {name}"));
    services.chain(clusters).chain(revisions).chain(alarms).collect()
}

/// What moves the count of a service: bounds, policies and their alarms, scheduled actions, in words without its name.
pub fn scaling(region: &Region, cluster: &str, service: &str) -> String {
    let Some(target) = region.autoscaling.targets.get(&resource_id(cluster, service)) else { return String::new() };
    let mut lines = vec![format!("{} to {}", target.min, target.max)];
    for (name, policy) in &target.policies {
        lines.push(format!("policy {} {}", name.replace(service, "-"), policy.config));
        for (name, alarm) in &region.fixtures.alarms {
            let actions = alarm.definition.get("AlarmActions").and_then(Value::as_array).into_iter().flatten();
            if actions.into_iter().any(|action| action == &policy.arn) {
                let threshold = alarm.definition.get("Threshold");
                lines.push(format!("alarm {} above {threshold:?}", name.replace(service, "-")));
            }
        }
    }
    for (name, action) in &target.actions {
        lines.push(format!("action {} {}", name.replace(service, "-"), action.schedule));
    }
    lines.join(", ")
}

/// What AWS has under the name of a version's service: owner's UID and status.
pub fn taken(region: &Region, cluster: &str, name: &str) -> Option<String> {
    let found = service(region, cluster, name).filter(|found| found.status != ServiceStatus::Inactive)?;
    Some(format!("{} {}", found.tags.get(UID).map_or("-", String::as_str), found.status.as_str()))
}

/// All UIDs of an installation for which AWS holds something.
pub fn owners(region: &Region, installation: &str) -> Vec<String> {
    let fits = |tags: &Tags| tags.get(INSTALLATION).is_some_and(|value| value == installation);
    let uid = |tags: &Tags| tags.get(UID).cloned().unwrap_or_default();
    let services = region.services.services.values().filter(|s| s.status != ServiceStatus::Inactive);
    let mut found: Vec<String> = services.map(|s| &s.tags).filter(|tags| fits(tags)).map(uid).collect();
    let clusters = region.clusters.values().filter(|c| c.status == "ACTIVE").map(|c| &c.tags);
    found.extend(clusters.filter(|tags| fits(tags)).map(uid));
    let revisions = region.families.values().flat_map(|family| family.revisions.values());
    let revisions = revisions.filter(|r| r.status == "ACTIVE").map(|r| &r.tags);
    found.extend(revisions.filter(|tags| fits(tags)).map(uid));
    found.extend(region.fixtures.alarms.values().map(|alarm| &alarm.tags).filter(|tags| fits(tags)).map(uid));
    found.sort();
    found.dedup();
    found
}

/// What a stored object asks for and AWS does not have, in words.
pub fn differs(region: &Region, api: &Apiserver, kind: &str, object: &Value) -> Vec<String> {
    match kind {
        "EcsCluster" => differs_cluster(region, object),
        "EcsTaskDefinition" => differs_definition(region, object),
        "EcsService" => differs_service(region, api, object),
        "ServerGroup" => differs_group(region, api, object),
        _ => Vec::new(),
    }
}

fn name_or<'a>(object: &'a Value, member: &str) -> &'a str {
    object["spec"][member].as_str().unwrap_or_else(|| text(&object["metadata"], "name"))
}

fn differs_cluster(region: &Region, object: &Value) -> Vec<String> {
    let name = name_or(object, "clusterName");
    let Some(found) = region.clusters.get(name).filter(|found| found.status == "ACTIVE") else {
        return vec![format!("there is no cluster {name}")];
    };
    let mut wrong = Vec::new();
    if let Some(wanted) = object["spec"]["capacityProviders"].as_array() {
        let mut wanted: Vec<&str> = wanted.iter().filter_map(Value::as_str).collect();
        let mut there: Vec<&str> = found.capacity_providers.iter().map(String::as_str).collect();
        wanted.sort_unstable();
        there.sort_unstable();
        if wanted != there {
            wrong.push(format!("cluster {name} has the capacity providers {there:?}, not {wanted:?}"));
        }
    }
    for setting in object["spec"]["settings"].as_array().into_iter().flatten() {
        let fits = found.settings.iter().any(|s| s["name"] == setting["name"] && s["value"] == setting["value"]);
        if !fits {
            wrong.push(format!("cluster {name} has not the setting {setting}"));
        }
    }
    wrong
}

/// The image of the first container.
fn image(definition: &Value) -> &str {
    definition["containerDefinitions"][0]["image"].as_str().unwrap_or_default()
}

fn differs_definition(region: &Region, object: &Value) -> Vec<String> {
    let family = name_or(object, "family");
    let arn = text(&object["status"], "arn");
    let Some(found) = revision(region, arn) else { return vec![format!("{family} has no revision `{arn}`")] };
    let mut wrong = Vec::new();
    if found.status != "ACTIVE" {
        wrong.push(format!("{arn} is {}", found.status));
    }
    if image(&found.echo) != image(&object["spec"]) {
        wrong.push(format!("{arn} has the image {}, not {}", image(&found.echo), image(&object["spec"])));
    }
    wrong
}

/// Does Application Auto Scaling move the count of this service, and nobody else?
pub fn is_scaled(object: &Value) -> bool {
    let (meta, scaling) = (&object["metadata"], &object["spec"]["scaling"]);
    let free = scaling["minCapacity"].is_i64() && scaling["suspendedState"].is_null();
    free && !meta["deletionTimestamp"].is_string() && !meta["ownerReferences"].is_array()
}

fn differs_service(region: &Region, api: &Apiserver, object: &Value) -> Vec<String> {
    let name = name_or(object, "serviceName");
    let cluster = text(&object["spec"]["clusterRef"], "name");
    let Some(found) = service(region, cluster, name).filter(|found| found.status == ServiceStatus::Active) else {
        return vec![format!("there is no service {name}")];
    };
    let mut wrong = Vec::new();
    if found.tags.get(UID).map(String::as_str) != object["metadata"]["uid"].as_str() {
        wrong.push(format!("service {name} has another owner"));
    }
    let wanted = object["spec"]["desiredCount"].as_i64().filter(|_| !object["spec"]["scaling"].is_object());
    if wanted.is_some_and(|wanted| wanted != found.desired) {
        wrong.push(format!("service {name} wants {} tasks, not {wanted:?}", found.desired));
    }
    let reference = text(&object["spec"]["taskDefinitionRef"], "name");
    let definition = api.with(|api| stored(api, "EcsTaskDefinition", reference));
    let arn = definition.as_ref().map_or("", |definition| text(&definition["status"], "arn"));
    let runs = found.primary().and_then(|primary| found.revision(&primary.revision));
    let runs = runs.map_or("", |revision| revision.definition.arn.as_str());
    let named = object["spec"]["taskDefinition"].as_str();
    if named.map_or(runs != arn, |named| last(runs) != named) {
        wrong.push(format!("service {name} runs `{runs}`, not `{}`", named.unwrap_or(arn)));
    }
    if found.deployments.len() != 1 {
        wrong.push(format!("service {name} has {} deployments", found.deployments.len()));
    }
    let tasks = region.services.tasks.values().filter(|task| task.service.as_ref() == Some(&found.key));
    let running = tasks.filter(|task| task.status.as_str() == "RUNNING" && task.definition.arn == runs).count();
    if i64::try_from(running).ok() != Some(found.desired) {
        wrong.push(format!("service {name} runs {running} of {} tasks", found.desired));
    }
    wrong
}

fn differs_group(region: &Region, api: &Apiserver, object: &Value) -> Vec<String> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let current = text(status, "currentVersion");
    let cluster = text(&spec["clusterRef"], "name");
    let Some(found) = service(region, cluster, current).filter(|found| found.status == ServiceStatus::Active) else {
        return vec![format!("there is no service of the current version `{current}`")];
    };
    let mut wrong = Vec::new();
    let runs = found.primary().and_then(|primary| found.revision(&primary.revision));
    let there = runs.and_then(|revision| revision.definition.containers.first()).map_or("", |c| c.image.as_str());
    let wanted = text(&spec["template"]["inputs"], "image");
    if there != wanted {
        wrong.push(format!("{current} runs the image `{there}`, not `{wanted}`"));
    }
    // The first version begins with the size of its source, and each further one with that of the one before.
    let source = (text(&spec["source"], "cluster"), text(&spec["source"], "serviceName"));
    let source = service(region, source.0, source.1).map(|source| source.desired);
    let capacity = source.or(spec["capacity"]["desired"].as_i64()).unwrap_or(1);
    for service in region.services.services.values().filter(|s| s.status == ServiceStatus::Active) {
        let mine = service.key.service.starts_with("shop-prod-v");
        let want = if service.key.service == current { capacity } else { 0 };
        if mine && service.desired != want {
            wrong.push(format!("{} wants {} tasks, not {want}", service.key.service, service.desired));
        }
    }
    for rule in spec["traffic"]["listenerRules"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let weights = region.services.traffic.rules.get(rule).cloned().unwrap_or_default();
        let serving: Vec<&String> = weights.iter().filter(|(_, weight)| **weight > 0).map(|(group, _)| group).collect();
        let own = runs.is_some_and(|revision| serving.iter().all(|group| revision.groups.contains(group)));
        if serving.len() != 1 || !own {
            wrong.push(format!("the traffic goes to {serving:?}, and {current} is not all that is behind it"));
        }
    }
    if status["rollout"].is_object() {
        wrong.push("a rollout is under way".to_owned());
    }
    let _ = api;
    wrong
}
