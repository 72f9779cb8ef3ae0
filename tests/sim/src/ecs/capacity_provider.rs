//! Capacity providers.

use serde_json::{Value, json};

use super::paging;
use super::tags::{self, Tags};
use crate::queue::EventKind;
use crate::refusal::Refusal;
use crate::world::{Cx, Region};

/// How long a deletion takes (a guess), milliseconds.
const DELETION: (i64, i64) = (5_000, 30_000);

/// One capacity provider that is not reserved.
#[derive(Debug, Clone, Default)]
pub struct CapacityProvider {
    /// Everything that is echoed but tags.
    pub echo: Value,
    /// Tags.
    pub tags: Tags,
}

/// What a capacity provider does by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wake {
    /// The deletion is done.
    Deleted {
        /// Its name.
        name: String,
    },
}

/// Whether `name` is one of the reserved providers.
pub fn is_fargate(name: &str) -> bool {
    matches!(name, "FARGATE" | "FARGATE_SPOT")
}

/// The name inside a provider's name or ARN.
pub fn name_of(reference: &str) -> &str {
    reference.rsplit_once("capacity-provider/").map_or(reference, |(_, name)| name)
}

/// Whether a cluster or service may refer to the provider.
pub fn is_usable(region: &Region, name: &str) -> bool {
    is_fargate(name)
        || region.capacity_providers.get(name).is_some_and(|found| super::text(&found.echo, "status") == Some("ACTIVE"))
}

/// A strategy with weight and base filled in.
///
/// Errors: `InvalidParameterException` for more than 20 items, two bases, no positive weight,
/// or Fargate providers beside others.
pub fn check_strategy(items: &[Value]) -> Result<Vec<Value>, Refusal> {
    if items.len() > 20 {
        let text = "A capacity provider strategy can contain a maximum of 20 capacity providers.";
        return Err(Refusal::invalid_parameter(text));
    }
    let filled: Vec<Value> = items.iter().map(fill).collect();
    let count = |member: &str| filled.iter().filter(|item| super::number(item, member).unwrap_or(0) > 0).count();
    if count("base") > 1 {
        let text = "Only one capacity provider in a strategy can have a base value defined.";
        return Err(Refusal::invalid_parameter(text));
    }
    if !filled.is_empty() && count("weight") == 0 {
        let text = "At least one capacity provider in the strategy must have a weight value greater than 0.";
        return Err(Refusal::invalid_parameter(text));
    }
    let fargate = filled.iter().filter(|item| super::text(item, "capacityProvider").is_some_and(is_fargate)).count();
    if fargate > 0 && fargate < filled.len() {
        let text = "The specified capacity provider strategy cannot contain both Fargate and Auto Scaling group capacity providers.";
        return Err(Refusal::invalid_parameter(text));
    }
    Ok(filled)
}

fn fill(item: &Value) -> Value {
    json!({
        "capacityProvider": name_of(super::text(item, "capacityProvider").unwrap_or_default()),
        "weight": super::number(item, "weight").unwrap_or(0),
        "base": super::number(item, "base").unwrap_or(0),
    })
}

/// `CreateCapacityProvider`.
pub fn create(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    let name = super::text(input, "name").unwrap_or_default();
    super::check_name(name, "Capacity provider name")?;
    let lower = name.to_ascii_lowercase();
    if ["aws", "ecs", "fargate"].iter().any(|prefix| lower.starts_with(prefix)) {
        let text =
            "The specified capacity provider name is invalid. The name cannot be prefixed with aws, ecs, or fargate.";
        return Err(Refusal::invalid_parameter(text));
    }
    if region.capacity_providers.get(name).is_some_and(|found| super::text(&found.echo, "status") != Some("INACTIVE")) {
        let text =
            "A capacity provider with the specified name already exists. Capacity provider names must be unique.";
        return Err(Refusal::client(text));
    }
    let kind = match (input.get("autoScalingGroupProvider"), input.get("managedInstancesProvider")) {
        (Some(_), None) => "EC2_AUTOSCALING",
        (None, Some(_)) => "MANAGED_INSTANCES",
        _ => {
            return Err(Refusal::invalid_parameter("Specify exactly one kind of capacity provider."));
        }
    };
    let tags = tags::read(input, false)?;
    let mut echo = json!({
        "capacityProviderArn": cx.arn(&format!("capacity-provider/{name}")),
        "name": name,
        "status": "ACTIVE",
        "updateStatus": "CREATE_COMPLETE",
        "type": kind,
    });
    for member in ["autoScalingGroupProvider", "managedInstancesProvider", "cluster"] {
        if let Some(value) = input.get(member) {
            super::set(&mut echo, member, value.clone());
        }
    }
    fill_scaling(&mut echo);
    let provider = CapacityProvider { echo, tags };
    let answer = json!({ "capacityProvider": view(&provider, true) });
    region.capacity_providers.insert(name.to_owned(), provider);
    Ok(answer)
}

fn fill_scaling(echo: &mut Value) {
    let Some(group) = echo.get_mut("autoScalingGroupProvider") else {
        return;
    };
    let scaling = group.get("managedScaling").cloned().unwrap_or_else(|| json!({ "status": "DISABLED" }));
    let mut filled = json!({
        "status": "ENABLED", "targetCapacity": 100, "minimumScalingStepSize": 1,
        "maximumScalingStepSize": 10_000, "instanceWarmupPeriod": 300,
    });
    for (member, value) in scaling.as_object().into_iter().flatten() {
        super::set(&mut filled, member, value.clone());
    }
    super::set(group, "managedScaling", filled);
    for (member, value) in [("managedTerminationProtection", "DISABLED"), ("managedDraining", "ENABLED")] {
        if group.get(member).is_none() {
            super::set(group, member, value);
        }
    }
}

/// `DescribeCapacityProviders`: the reserved ones too; 10 a page although names are given.
pub fn describe(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    let asked = super::asked(input, "capacityProviders", 100)?;
    let with_tags = super::includes(input, "TAGS");
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    let names: Vec<String> = if asked.is_empty() {
        let own = region.capacity_providers.keys().cloned();
        own.chain(["FARGATE".to_owned(), "FARGATE_SPOT".to_owned()]).collect()
    } else {
        asked
    };
    for reference in &names {
        let name = name_of(reference);
        if is_fargate(name) {
            found.push(reserved(cx, name));
        } else if let Some(provider) = region.capacity_providers.get(name) {
            found.push(view(provider, with_tags));
        } else {
            failures.push(super::failure(&cx.arn(&format!("capacity-provider/{name}")), "MISSING"));
        }
    }
    let page = paging::page(cx, "DescribeCapacityProviders", input, found, 10, 10)?;
    let mut answer = page.into_answer("capacityProviders");
    super::set(&mut answer, "failures", failures);
    Ok(answer)
}

/// `UpdateCapacityProvider`: members that are absent stay.
pub fn update(region: &mut Region, _cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    let provider = region
        .capacity_providers
        .get_mut(name_of(super::text(input, "name").unwrap_or_default()))
        .ok_or_else(|| Refusal::client("The specified capacity provider does not exist."))?;
    for kind in ["autoScalingGroupProvider", "managedInstancesProvider"] {
        let (Some(change), Some(kept)) = (input.get(kind), provider.echo.get_mut(kind)) else {
            continue;
        };
        for (member, value) in change.as_object().into_iter().flatten() {
            super::set(kept, member, value.clone());
        }
    }
    fill_scaling(&mut provider.echo);
    super::set(&mut provider.echo, "updateStatus", "UPDATE_COMPLETE");
    Ok(json!({ "capacityProvider": view(provider, true) }))
}

/// `DeleteCapacityProvider`: refused while a cluster has it attached.
pub fn delete(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    let name = name_of(super::text(input, "capacityProvider").unwrap_or_default()).to_owned();
    if is_fargate(&name) {
        return Err(Refusal::invalid_parameter("The specified capacity provider is reserved and can't be deleted."));
    }
    if region.clusters.values().any(|cluster| cluster.capacity_providers.contains(&name)) {
        let text = "The specified capacity provider is in use and cannot be removed.";
        return Err(Refusal::new("ClientException", text));
    }
    let provider = region
        .capacity_providers
        .get_mut(&name)
        .ok_or_else(|| Refusal::client("The specified capacity provider does not exist."))?;
    if super::text(&provider.echo, "updateStatus") != Some("DELETE_IN_PROGRESS") {
        super::set(&mut provider.echo, "updateStatus", "DELETE_IN_PROGRESS");
        let delay = cx.rng.between(DELETION.0, DELETION.1);
        cx.after(delay, EventKind::CapacityProvider(Wake::Deleted { name }));
    }
    Ok(json!({ "capacityProvider": view(provider, true) }))
}

/// Runs an event.
pub fn wake(region: &mut Region, _cx: &mut Cx, wake: Wake) {
    let Wake::Deleted { name } = wake;
    let leaving = |found: &CapacityProvider| super::text(&found.echo, "updateStatus") == Some("DELETE_IN_PROGRESS");
    if region.capacity_providers.get(&name).is_some_and(leaving) {
        region.capacity_providers.remove(&name);
    }
}

fn reserved(cx: &Cx, name: &str) -> Value {
    json!({
        "capacityProviderArn": cx.arn(&format!("capacity-provider/{name}")),
        "name": name,
        "status": "ACTIVE",
        "type": name,
        "tags": [],
    })
}

fn view(provider: &CapacityProvider, with_tags: bool) -> Value {
    let mut view = provider.echo.clone();
    let tags = if with_tags { tags::write(&provider.tags) } else { json!([]) };
    super::set(&mut view, "tags", tags);
    view
}
