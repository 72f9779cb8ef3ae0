//! `RunTask`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::life::Launch;
use super::place::subnets;
use super::state::Definition;
use crate::ecs::scheduler::Fleet;
use crate::ecs::scheduler::json::{Object, list, number, text};
use crate::ecs::scheduler::placement;
use crate::ecs::service::{check_network, check_strategy, with_fleet};
use crate::ecs::{cluster, tags, task_definition};
use crate::refusal::Refusal;
use crate::world::{Cx, Region};

/// `RunTask`.
pub fn run(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    with_fleet(region, cx, |fleet, region, cx| start(fleet, region, cx, input))
}

fn start(fleet: &mut Fleet, region: &Region, cx: &Cx, input: &Value) -> Result<Value, Refusal> {
    let home = cluster::resolve(region, cx, input)?;
    let body = input.to_string();
    let token = text(input, "/clientToken").filter(|t| !t.is_empty()).map(|t| (home.name.clone(), t.to_owned()));
    if let Some((used, ids)) = token.as_ref().and_then(|token| fleet.run_tokens.get(token)) {
        if *used != body {
            return Err(Refusal::conflict("The clientToken was used before with other parameters."));
        }
        return Ok(answer(fleet, ids, &[]));
    }
    let wanted = number(input, "/count").unwrap_or(1);
    if !(1..=10).contains(&wanted) {
        return Err(Refusal::invalid_parameter("Count must be between 1 and 10."));
    }
    if text(input, "/launchType").is_some() && !list(input, "/capacityProviderStrategy").is_empty() {
        return Err(Refusal::invalid_parameter(
            "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.",
        ));
    }
    check_strategy(list(input, "/capacityProviderStrategy"), home)?;
    let revision = task_definition::resolve(region, cx, text(input, "/taskDefinition").unwrap_or_default())?;
    let definition = Arc::new(Definition::read(&revision.echo, &revision.tags));
    check_network(fleet, input.get("networkConfiguration"), &definition)?;
    let mut given = tags::read(input, false)?;
    if text(input, "/propagateTags") == Some("TASK_DEFINITION") {
        given.extend(revision.tags.clone());
    }
    let config = strategy_of(input, home);
    let room = fleet.room(&home.name);
    let mut ids = Vec::new();
    for nth in 0..wanted.min(room) {
        let mut echo = placement(&config, nth);
        if let Some(overrides) = input.get("overrides") {
            echo.insert("overrides".to_owned(), overrides.clone());
        }
        echo.insert("enableExecuteCommand".to_owned(), json!(crate::ecs::flag(input, "enableExecuteCommand")));
        ids.push(fleet.launch(Launch {
            cluster: home.name.clone(),
            service: None,
            started_by: text(input, "/startedBy").map(str::to_owned),
            group: text(input, "/group").map_or_else(|| format!("family:{}", definition.family), str::to_owned),
            definition: Arc::clone(&definition),
            targets: Vec::new(),
            subnets: subnets(input.get("networkConfiguration")),
            echo,
            tags: given.clone(),
        }));
    }
    let failures: Vec<Value> = (wanted.min(room)..wanted).map(|_| json!({ "reason": "RESOURCE:MEMORY" })).collect();
    if let Some(token) = token {
        fleet.run_tokens.insert(token, (body, ids.clone()));
    }
    Ok(answer(fleet, &ids, &failures))
}

fn strategy_of(input: &Value, home: &cluster::Cluster) -> Object {
    let mut config = Object::new();
    let strategy = list(input, "/capacityProviderStrategy");
    if let Some(launch_type) = input.get("launchType").filter(|v| !v.is_null()) {
        config.insert("launchType".to_owned(), launch_type.clone());
    } else if !strategy.is_empty() {
        config.insert("capacityProviderStrategy".to_owned(), json!(strategy));
    } else if !home.default_strategy.is_empty() {
        config.insert("capacityProviderStrategy".to_owned(), json!(home.default_strategy));
    }
    config
}

fn answer(fleet: &Fleet, ids: &[String], failures: &[Value]) -> Value {
    let tasks: Vec<Value> = ids.iter().filter_map(|id| fleet.tasks.get(id)).map(|t| fleet.task_view(t, true)).collect();
    json!({ "tasks": tasks, "failures": failures })
}
