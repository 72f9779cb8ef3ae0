//! `CreateService`.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use serde_json::{Value, json};

use super::state::{Service, ServiceStatus, UsedToken};
use super::{normal, validate};
use crate::ecs::scheduler::json::{list, number, text, truth};
use crate::ecs::scheduler::{Fleet, Key};
use crate::ecs::task::state::Definition;
use crate::ecs::{account_setting, cluster, tags, task_definition};
use crate::refusal::Refusal;
use crate::world::{Cx, Region};

pub(super) fn create(fleet: &mut Fleet, region: &Region, cx: &Cx, input: &Value) -> Result<Value, Refusal> {
    let home = cluster::resolve(region, cx, input)?;
    let name = text(input, "/serviceName").unwrap_or_default();
    validate::service_name(name)?;
    let key = Key::new(&home.name, name);
    let body = input.to_string();
    let token = text(input, "/clientToken").filter(|token| !token.is_empty());
    if let Some(token) = token {
        validate::client_token(token)?;
        if let Some(used) = fleet.tokens.get(&(home.name.clone(), token.to_owned())) {
            if used.body != body {
                return Err(not_idempotent());
            }
            let again = fleet.services.get(&used.key).filter(|s| s.incarnation == used.incarnation);
            return again.map(|s| answer(fleet, s)).ok_or_else(not_idempotent);
        }
    }
    validate::kind(input)?;
    validate::strategy(list(input, "/capacityProviderStrategy"), home)?;
    let definition = match text(input, "/taskDefinition").filter(|text| !text.is_empty()) {
        Some(reference) => {
            let revision = task_definition::resolve(region, cx, reference)?;
            Some(Arc::new(Definition::read(&revision.echo, &revision.tags)))
        }
        None => None,
    };
    let config = normal::of_create(input, home, definition.as_deref(), &cx.key.account);
    validate::rollout(&config)?;
    if let Some(definition) = &definition {
        validate::fits(fleet, &config, definition)?;
    }
    let tags = tags::read(input, false)?;
    let spreads =
        text(input, "/propagateTags").is_some_and(|from| from != "NONE") || truth(input, "/enableECSManagedTags");
    account_setting::tagged_service(region, cx.caller, !tags.is_empty(), spreads)?;
    match fleet.services.get(&key).map(|s| s.status) {
        Some(ServiceStatus::Active) => return Err(not_idempotent()),
        Some(ServiceStatus::Draining) => {
            return Err(Refusal::invalid_parameter("Unable to Start a service that is still Draining."));
        }
        Some(ServiceStatus::Inactive) | None => {}
    }
    let incarnation = fleet.next_sequence();
    let service = Service {
        key: key.clone(),
        incarnation,
        arn: cx.arn(&format!("service/{}/{name}", home.name)),
        cluster_arn: home.arn.clone(),
        status: ServiceStatus::Active,
        config,
        desired: number(input, "/desiredCount").unwrap_or(0),
        deployments: Vec::new(),
        revisions: Vec::new(),
        rollouts: Vec::new(),
        completed: None,
        events: VecDeque::new(),
        tags,
        created_at: cx.now,
        created_by: cx.caller.to_owned(),
        tasks: BTreeSet::new(),
        tick_at: None,
        excess: 0,
        was_steady: false,
        short_at: None,
    };
    fleet.services.insert(key.clone(), service);
    if let Some(token) = token {
        let used = UsedToken { body, key: key.clone(), incarnation };
        fleet.tokens.insert((home.name.clone(), token.to_owned()), used);
    }
    if let Some(definition) = definition {
        fleet.begin_deployment(&key, definition);
    }
    fleet.services.get(&key).map(|s| answer(fleet, s)).ok_or_else(|| Refusal::server("service vanished"))
}

fn answer(fleet: &Fleet, service: &Service) -> Value {
    json!({ "service": fleet.service_view(service, true) })
}

fn not_idempotent() -> Refusal {
    Refusal::invalid_parameter("Creation of service was not idempotent.")
}
