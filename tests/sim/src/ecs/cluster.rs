//! Clusters.

use serde_json::{Value, json};

use super::tags::{self, Tags};
use super::{capacity_provider, paging, service};
use crate::queue::EventKind;
use crate::refusal::Refusal;
use crate::world::{Cx, Region};

/// How long an INACTIVE cluster stays describable (a guess), milliseconds.
const FORGOTTEN_AFTER: i64 = 60 * 60 * 1000;
/// How long attaching capacity providers takes (a guess), milliseconds.
const ATTACHING: (i64, i64) = (5_000, 30_000);

/// What a cluster does by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wake {
    /// Capacity provider attachments are done.
    Attached {
        /// The cluster's name.
        cluster: String,
        /// The incarnation it was planned for.
        incarnation: u64,
    },
    /// An INACTIVE cluster is forgotten.
    Forget {
        /// The cluster's name.
        cluster: String,
        /// The incarnation that was deleted.
        incarnation: u64,
    },
}

/// One cluster.
#[derive(Debug, Clone, Default)]
pub struct Cluster {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// ACTIVE or INACTIVE.
    pub status: String,
    /// Rises with every creation under this name.
    pub incarnation: u64,
    /// Attached capacity providers, in order.
    pub capacity_providers: Vec<String>,
    /// The default strategy, items with weight and base filled in.
    pub default_strategy: Vec<Value>,
    /// `UPDATE_IN_PROGRESS`, `UPDATE_COMPLETE`, `UPDATE_FAILED` or empty.
    pub attachments_status: String,
    /// Settings, one element per name.
    pub settings: Vec<Value>,
    /// The configuration, if any.
    pub configuration: Option<Value>,
    /// Service Connect defaults, if any.
    pub service_connect_defaults: Option<Value>,
    /// Tags.
    pub tags: Tags,
}

/// The name inside a cluster's name or ARN; `default` if absent.
pub fn name_of(reference: Option<&str>) -> &str {
    match reference {
        None | Some("") => "default",
        Some(text) => text.rsplit_once("cluster/").map_or(text, |(_, name)| name),
    }
}

/// The ACTIVE cluster that the member `cluster` of `input` names (name or ARN; absent = `default`).
pub fn resolve<'a>(region: &'a Region, cx: &Cx, input: &Value) -> Result<&'a Cluster, Refusal> {
    let reference = super::text(input, "cluster");
    find(region, cx, reference).filter(|cluster| cluster.status == "ACTIVE").ok_or_else(Refusal::cluster_not_found)
}

/// The cluster with this name or ARN, whatever its status. An ARN must match whole.
pub fn find<'a>(region: &'a Region, _cx: &Cx, reference: Option<&str>) -> Option<&'a Cluster> {
    let cluster = region.clusters.get(name_of(reference))?;
    match reference {
        Some(text) if text.starts_with("arn:") && text != cluster.arn => None,
        _ => Some(cluster),
    }
}

/// `CreateCluster`. An ACTIVE cluster of that name is returned as it is, unless the request names other
/// capacity providers. That settings and tags of the request are neither compared nor applied is a guess.
pub fn create(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    let name = super::text(input, "clusterName").unwrap_or("default");
    super::check_name(name, "Cluster name")?;
    let tags = tags::read(input, false)?;
    let existing = region.clusters.get(name);
    if let Some(cluster) = existing.filter(|cluster| cluster.status == "ACTIVE") {
        same_providers(cluster, input)?;
        return Ok(json!({ "cluster": view(region, cluster, &ALL) }));
    }
    let incarnation = existing.map_or(0, |cluster| cluster.incarnation) + 1;
    let mut cluster = Cluster {
        name: name.to_owned(),
        arn: cx.arn(&format!("cluster/{name}")),
        status: "ACTIVE".to_owned(),
        incarnation,
        settings: vec![json!({ "name": "containerInsights", "value": "disabled" })],
        tags,
        ..Cluster::default()
    };
    apply_settings(&mut cluster, input)?;
    apply_connect(&mut cluster, cx, input);
    attach(region, cx, &mut cluster, input, true)?;
    let answer = json!({ "cluster": view(region, &cluster, &ALL) });
    region.clusters.insert(cluster.name.clone(), cluster);
    Ok(answer)
}

/// `DescribeClusters`: at most 100; absent = the default cluster.
pub fn describe(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    let asked = super::asked(input, "clusters", 100)?;
    let asked = if asked.is_empty() { vec!["default".to_owned()] } else { asked };
    let include: Vec<&str> = super::list(input, "include").iter().filter_map(Value::as_str).collect();
    let (mut clusters, mut failures) = (Vec::new(), Vec::new());
    for reference in &asked {
        match find(region, cx, Some(reference)) {
            Some(cluster) => clusters.push(view(region, cluster, &include)),
            None if reference.starts_with("arn:") => {
                failures.push(super::failure(reference, "MISSING"));
            }
            None => failures.push(super::failure(&cx.arn(&format!("cluster/{reference}")), "MISSING")),
        }
    }
    cx.rng.shuffle(&mut clusters);
    cx.rng.shuffle(&mut failures);
    Ok(json!({ "clusters": clusters, "failures": failures }))
}

/// `ListClusters`: ACTIVE clusters, 100 a page.
pub fn list(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    let active = region.clusters.values().filter(|cluster| cluster.status == "ACTIVE");
    let arns = active.map(|cluster| Value::from(cluster.arn.clone())).collect();
    Ok(paging::page(cx, "ListClusters", input, arns, 100, 100)?.into_answer("clusterArns"))
}

/// `UpdateClusterSettings`: refused while attachments change, unlike `UpdateCluster`.
pub fn update_settings(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    if resolve(region, cx, input)?.attachments_status == "UPDATE_IN_PROGRESS" {
        return Err(busy());
    }
    update(region, cx, input)
}

/// `UpdateCluster`: members that are absent stay.
pub fn update(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    let mut cluster = resolve(region, cx, input)?.clone();
    apply_settings(&mut cluster, input)?;
    apply_connect(&mut cluster, cx, input);
    let answer = json!({ "cluster": view(region, &cluster, &ALL) });
    region.clusters.insert(cluster.name.clone(), cluster);
    Ok(answer)
}

/// `PutClusterCapacityProviders`: replaces list and default strategy.
pub fn put_capacity_providers(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    let mut cluster = resolve(region, cx, input)?.clone();
    if cluster.attachments_status == "UPDATE_IN_PROGRESS" {
        return Err(busy());
    }
    attach(region, cx, &mut cluster, input, false)?;
    let answer = json!({ "cluster": view(region, &cluster, &ALL) });
    region.clusters.insert(cluster.name.clone(), cluster);
    Ok(answer)
}

/// `DeleteCluster`: refused while services or tasks are left; the cluster becomes INACTIVE.
pub fn delete(region: &mut Region, cx: &mut Cx, input: &Value) -> Result<Value, Refusal> {
    let reference = super::text(input, "cluster");
    let mut cluster = find(region, cx, reference).ok_or_else(Refusal::cluster_not_found)?.clone();
    if cluster.status == "ACTIVE" {
        if cluster.attachments_status == "UPDATE_IN_PROGRESS" {
            return Err(busy());
        }
        let (services, tasks) = service::occupancy(region, &cluster.name);
        if services > 0 {
            let text = "The Cluster cannot be deleted while Services are active.";
            return Err(Refusal::new("ClusterContainsServicesException", text));
        }
        if tasks > 0 {
            let text = "The Cluster cannot be deleted while Tasks are active.";
            return Err(Refusal::new("ClusterContainsTasksException", text));
        }
        "INACTIVE".clone_into(&mut cluster.status);
        cluster.capacity_providers.clear();
        cluster.default_strategy.clear();
        let wake = Wake::Forget { cluster: cluster.name.clone(), incarnation: cluster.incarnation };
        cx.after(FORGOTTEN_AFTER, EventKind::Cluster(wake));
    }
    let answer = json!({ "cluster": view(region, &cluster, &ALL) });
    region.clusters.insert(cluster.name.clone(), cluster);
    Ok(answer)
}

/// Runs an event.
pub fn wake(region: &mut Region, _cx: &mut Cx, wake: Wake) {
    match wake {
        Wake::Attached { cluster, incarnation } => {
            let found = region.clusters.get_mut(&cluster).filter(|found| found.incarnation == incarnation);
            if let Some(found) = found {
                "UPDATE_COMPLETE".clone_into(&mut found.attachments_status);
            }
        }
        Wake::Forget { cluster, incarnation } => {
            if region.clusters.get(&cluster).is_some_and(|found| found.incarnation == incarnation) {
                region.clusters.remove(&cluster);
            }
        }
    }
}

const ALL: [&str; 4] = ["ATTACHMENTS", "CONFIGURATIONS", "SETTINGS", "TAGS"];

fn busy() -> Refusal {
    Refusal::update_in_progress("The specified cluster is in a busy state. Try again later.")
}

fn view(region: &Region, cluster: &Cluster, include: &[&str]) -> Value {
    let (pending, running, services) = service::counts(region, &cluster.name);
    let with = |word: &str| include.contains(&word);
    let mut view = json!({
        "clusterArn": cluster.arn,
        "clusterName": cluster.name,
        "status": cluster.status,
        "registeredContainerInstancesCount": region.services.instances_of(&cluster.name).len(),
        "runningTasksCount": running,
        "pendingTasksCount": pending,
        "activeServicesCount": services,
        "statistics": [],
        "tags": if with("TAGS") { tags::write(&cluster.tags) } else { json!([]) },
        "settings": if with("SETTINGS") { json!(cluster.settings) } else { json!([]) },
        "capacityProviders": cluster.capacity_providers,
        "defaultCapacityProviderStrategy": cluster.default_strategy,
    });
    if let Some(defaults) = &cluster.service_connect_defaults {
        super::set(&mut view, "serviceConnectDefaults", defaults.clone());
    }
    if let Some(configuration) = cluster.configuration.as_ref().filter(|_| with("CONFIGURATIONS")) {
        super::set(&mut view, "configuration", configuration.clone());
    }
    if with("ATTACHMENTS") {
        let managed = cluster.capacity_providers.iter().filter(|name| !capacity_provider::is_fargate(name));
        let attachments: Vec<Value> = managed.map(|name| attachment(name)).collect();
        if !attachments.is_empty() {
            super::set(&mut view, "attachments", attachments);
        }
    }
    if !cluster.attachments_status.is_empty() {
        super::set(&mut view, "attachmentsStatus", cluster.attachments_status.clone());
    }
    view
}

/// Refuses a repeated creation that names other capacity providers than the cluster has.
fn same_providers(cluster: &Cluster, input: &Value) -> Result<(), Refusal> {
    let asked = super::list(input, "capacityProviders").iter().filter_map(Value::as_str);
    let names: Vec<&str> = asked.map(capacity_provider::name_of).collect();
    let strategy = capacity_provider::check_strategy(super::list(input, "defaultCapacityProviderStrategy"))?;
    let providers_differ = !names.is_empty() && names != cluster.capacity_providers;
    if providers_differ || (!strategy.is_empty() && strategy != cluster.default_strategy) {
        let text = "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).";
        return Err(Refusal::invalid_parameter(text));
    }
    Ok(())
}

fn attachment(provider: &str) -> Value {
    json!({
        "type": "managed_draining",
        "status": "CREATED",
        "details": [{ "name": "capacityProviderName", "value": provider }],
    })
}

fn apply_settings(cluster: &mut Cluster, input: &Value) -> Result<(), Refusal> {
    for setting in super::list(input, "settings") {
        let (name, value) = (super::text(setting, "name"), super::text(setting, "value").unwrap_or_default());
        if name == Some("containerInsights") && !["enabled", "enhanced", "disabled"].contains(&value) {
            return Err(Refusal::invalid_parameter(format!("Invalid value for containerInsights: {value}")));
        }
        cluster.settings.retain(|kept| kept.get("name") != setting.get("name"));
        cluster.settings.push(setting.clone());
    }
    if let Some(configuration) = input.get("configuration") {
        cluster.configuration = Some(configuration.clone());
    }
    Ok(())
}

/// A namespace given by name comes back as ARN; an empty one removes the default.
fn apply_connect(cluster: &mut Cluster, cx: &mut Cx, input: &Value) {
    let Some(asked) = input.get("serviceConnectDefaults") else {
        return;
    };
    let namespace = super::text(asked, "namespace").unwrap_or_default();
    cluster.service_connect_defaults = match namespace {
        "" => None,
        arn if arn.starts_with("arn:") => Some(json!({ "namespace": arn })),
        _ => {
            let id = cx.rng.hex(16);
            Some(json!({ "namespace": cx.key.arn("servicediscovery", &format!("namespace/ns-{id}")) }))
        }
    };
}

/// Attaches what the request names. A cluster `created` with Fargate alone is complete at once.
fn attach(region: &Region, cx: &mut Cx, cluster: &mut Cluster, input: &Value, created: bool) -> Result<(), Refusal> {
    let providers: Vec<String> =
        super::list(input, "capacityProviders").iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let strategy = capacity_provider::check_strategy(super::list(input, "defaultCapacityProviderStrategy"))?;
    if providers.len() > 20 {
        return Err(Refusal::invalid_parameter("A maximum of 20 capacity providers can be associated with a cluster."));
    }
    let names = providers.iter().map(|name| capacity_provider::name_of(name).to_owned()).collect::<Vec<_>>();
    for name in &names {
        if !capacity_provider::is_usable(region, name) {
            let text = format!(
                "The specified capacity provider '{name}' was not found. Specify a valid name or ARN and try again."
            );
            return Err(Refusal::invalid_parameter(text));
        }
    }
    for item in &strategy {
        let name = capacity_provider::name_of(super::text(item, "capacityProvider").unwrap_or_default());
        if !names.iter().any(|known| known == name) {
            let text = "The specified capacity provider strategy cannot contain a capacity provider that is not associated with the cluster. Associate the capacity provider with the cluster and try again.";
            return Err(Refusal::invalid_parameter(text));
        }
    }
    let at_once = created && names.iter().all(|name| capacity_provider::is_fargate(name));
    if names != cluster.capacity_providers && !at_once {
        "UPDATE_IN_PROGRESS".clone_into(&mut cluster.attachments_status);
        let (shortest, longest) = cx.knobs.attaching_ms.unwrap_or(ATTACHING);
        let delay = cx.rng.between(shortest, longest);
        let wake = Wake::Attached { cluster: cluster.name.clone(), incarnation: cluster.incarnation };
        cx.after(delay, EventKind::Cluster(wake));
    }
    cluster.capacity_providers = names;
    cluster.default_strategy = strategy;
    Ok(())
}
