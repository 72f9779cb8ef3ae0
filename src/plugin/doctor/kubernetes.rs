//! The cluster: its version and clock, the operator's kinds, Deployment and Lease, the user's rights, what is stalled.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, ListParams, PostParams};
use kube::client::Body;
use kube::{Client, ResourceExt as _};

use super::{Check, Checks, clocks};
use crate::api::condition::ConditionType;
use crate::api::names::{GROUP, VERSION};
use crate::plugin::cloud::person::time_of;
use crate::plugin::cluster::read;
use crate::plugin::kind::Kind;
use crate::plugin::setting::Setting;
use crate::plugin::tree::Object;

/// The chart's name for the operator.
pub const OPERATOR: &str = "app.kubernetes.io/name=ecs-operator";
/// Version of the plugin.
const PLUGIN: &str = env!("CARGO_PKG_VERSION");
/// Roles of service accounts on EKS.
const ROLE: &str = "eks.amazonaws.com/role-arn";
/// Objects that are told one by one.
const TOLD: usize = 20;

/// What was seen.
pub(super) struct Seen {
    pub(super) checks: Vec<Check>,
    /// The operator's role in AWS.
    pub(super) role: Option<String>,
}

pub(super) async fn examine(setting: &Setting) -> Seen {
    let mut checks = Checks::of("kubernetes");
    let mut role = None;
    match setting.kube().await {
        Err(error) => checks.bad("kubeconfig", error.to_string(), "set KUBECONFIG, or give --kubeconfig and --context"),
        Ok(kube) => {
            if server(&mut checks, &kube, setting.clock.exact()).await {
                kinds(&mut checks, &kube).await;
                role = operator(&mut checks, &kube, setting.clock.exact()).await;
                rights(&mut checks, setting, &kube).await;
                objects(&mut checks, setting, &kube).await;
            }
        }
    }
    Seen { checks: checks.all, role }
}

/// Does it answer?
async fn server(checks: &mut Checks, kube: &Client, now: jiff::Timestamp) -> bool {
    let Ok(request) = http::Request::get("/version").body(Body::empty()) else { return false };
    match kube.send(request).await {
        Ok(answer) => {
            let date = answer.headers().get("date").and_then(|date| date.to_str().ok()).and_then(time_of);
            let status = answer.status();
            match kube.apiserver_version().await {
                Ok(version) => checks.good("server", format!("Kubernetes {}", version.git_version)),
                Err(_) => checks.unknown("server", format!("answers /version with {status}"), None),
            }
            clocks(checks, "clock against the server", now, date);
            true
        }
        Err(error) => {
            checks.bad(
                "server",
                error.to_string(),
                "see that `kubectl version` works with this kubeconfig and context",
            );
            false
        }
    }
}

/// The CRDs, as they are installed.
async fn kinds(checks: &mut Checks, kube: &Client) {
    let remedy = "helm upgrade --install the operator's chart, with crds.enabled, or apply crds/";
    let api: Api<CustomResourceDefinition> = Api::all(kube.clone());
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for kind in Kind::ALL {
        let name = format!("{}.{GROUP}", kind.resource().plural);
        match api.get_opt(&name).await {
            Ok(Some(crd)) => {
                let served = crd.spec.versions.iter().filter(|version| version.served);
                found.insert(kind.name().to_owned(), served.map(|version| version.name.clone()).collect());
            }
            Ok(None) => {}
            Err(_) => {
                // Who may not read CRDs may still ask what is served.
                discovered(checks, kube, remedy).await;
                return;
            }
        }
    }
    say_kinds(checks, &found, remedy);
}

async fn discovered(checks: &mut Checks, kube: &Client, remedy: &str) {
    match kube.list_api_group_resources(&format!("{GROUP}/{VERSION}")).await {
        Ok(list) => {
            let kinds = list.resources.into_iter().filter(|resource| !resource.name.contains('/'));
            say_kinds(checks, &kinds.map(|resource| (resource.kind, vec![VERSION.to_owned()])).collect(), remedy);
        }
        Err(kube::Error::Api(status)) if status.code == 404 => say_kinds(checks, &BTreeMap::new(), remedy),
        Err(error) => checks.unknown("kinds", error.to_string(), None),
    }
}

fn say_kinds(checks: &mut Checks, found: &BTreeMap<String, Vec<String>>, remedy: &str) {
    let lacking = |kind: &Kind| !found.get(kind.name()).is_some_and(|served| served.iter().any(|one| one == VERSION));
    let missing: Vec<&str> = Kind::ALL.iter().filter(|kind| lacking(kind)).map(|kind| kind.name()).collect();
    if missing.is_empty() {
        checks.good("kinds", format!("all of {GROUP} are served as {VERSION}"));
    } else {
        checks.bad("kinds", format!("not served as {VERSION}: {}", missing.join(", ")), remedy);
    }
}

/// The Deployment and the Lease; gives the role of its service account.
async fn operator(checks: &mut Checks, kube: &Client, now: jiff::Timestamp) -> Option<String> {
    let api: Api<Deployment> = Api::all(kube.clone());
    let found = match api.list(&ListParams::default().labels(OPERATOR)).await {
        Ok(found) => found.items,
        Err(error) => {
            checks.unknown("operator", format!("its Deployment cannot be read: {}", short(&error)), None);
            return None;
        }
    };
    if found.is_empty() {
        let said = format!("no Deployment with {OPERATOR}");
        checks.unknown("operator", said, Some("install the chart, unless the operator runs elsewhere"));
    }
    let mut role = None;
    for deployment in found {
        let (namespace, name) = (deployment.namespace().unwrap_or_default(), deployment.name_any());
        let status = deployment.status.clone().unwrap_or_default();
        let (ready, wanted) = (
            status.ready_replicas.unwrap_or_default(),
            deployment.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1),
        );
        let what = format!("operator {namespace}/{name}");
        let said = format!("{ready} of {wanted} replicas ready");
        if ready > 0 {
            checks.good(&what, said);
        } else {
            checks.bad(&what, said, &format!("kubectl -n {namespace} describe deployment {name}, and its pods' logs"));
        }
        version(checks, &what, deployment.labels().get("app.kubernetes.io/version").map(String::as_str));
        lease(checks, kube, &namespace, now).await;
        let pod = deployment.spec.and_then(|spec| spec.template.spec);
        let account = pod.and_then(|pod| pod.service_account_name);
        if let Some(account) = account {
            let api: Api<ServiceAccount> = Api::namespaced(kube.clone(), &namespace);
            let seen = api.get_opt(&account).await.ok().flatten();
            role = role.or(seen.and_then(|account| account.annotations().get(ROLE).cloned()));
        }
    }
    role
}

fn version(checks: &mut Checks, what: &str, installed: Option<&str>) {
    let what = format!("version of {what}");
    match installed {
        None => checks.unknown(&what, "it bears no version", None),
        Some(installed) if minor(installed) == minor(PLUGIN) => {
            checks.good(&what, format!("{installed}; the plugin is {PLUGIN}"));
        }
        Some(installed) => checks.bad(
            &what,
            format!("{installed}, but the plugin is {PLUGIN}"),
            "install the plugin of the operator's version: verbs may look for what that one does not write",
        ),
    }
}

/// Major and minor version.
fn minor(version: &str) -> Option<(&str, &str)> {
    let mut parts = version.trim_start_matches('v').split('.');
    Some((parts.next()?, parts.next()?))
}

async fn lease(checks: &mut Checks, kube: &Client, namespace: &str, now: jiff::Timestamp) {
    let api: Api<Lease> = Api::namespaced(kube.clone(), namespace);
    let what = format!("lease in {namespace}");
    let leases = match api.list(&ListParams::default()).await {
        Ok(list) => list.items,
        Err(error) => {
            checks.unknown(&what, short(&error), None);
            return;
        }
    };
    let ours = leases.into_iter().filter(|lease| lease.name_any().contains("ecs-operator"));
    let mut any = false;
    for spec in ours.filter_map(|lease| lease.spec) {
        any = true;
        let holder = spec.holder_identity.filter(|holder| !holder.is_empty());
        let age = spec.renew_time.map(|time| now.duration_since(time.0).as_secs());
        let lasts = i64::from(spec.lease_duration_seconds.unwrap_or(15));
        match (holder, age) {
            (Some(holder), Some(age)) if age <= lasts + super::APART => {
                checks.good(&what, format!("held by {holder}, renewed {} s ago", age.max(0)));
            }
            (Some(holder), _) => checks.bad(
                &what,
                format!("held by {holder}, who does not renew it"),
                "see whether the operator's pods run and reach the API server",
            ),
            (None, _) => checks.bad(&what, "nobody holds it", "see whether the operator's pods run"),
        }
    }
    if !any {
        checks.unknown(&what, "there is none: the operator has not run here, or runs without leader election", None);
    }
}

/// What the user may do with the kinds.
async fn rights(checks: &mut Checks, setting: &Setting, kube: &Client) {
    let namespace = setting.place().await.ok().flatten();
    let api: Api<SelfSubjectAccessReview> = Api::all(kube.clone());
    for kind in Kind::ALL {
        let (mut may, mut not) = (Vec::new(), Vec::new());
        for verb in ["get", "list", "watch", "patch"] {
            let attributes = ResourceAttributes {
                group: Some(GROUP.to_owned()),
                resource: Some(kind.resource().plural),
                verb: Some(verb.to_owned()),
                namespace: namespace.clone().filter(|_| kind.is_namespaced()),
                ..ResourceAttributes::default()
            };
            let spec = SelfSubjectAccessReviewSpec { resource_attributes: Some(attributes), ..Default::default() };
            let review = SelfSubjectAccessReview { spec, ..Default::default() };
            let allowed = match api.create(&PostParams::default(), &review).await {
                Ok(review) => review.status.is_some_and(|status| status.allowed),
                Err(error) => {
                    checks.unknown("your rights", short(&error), None);
                    return;
                }
            };
            if allowed { may.push(verb) } else { not.push(verb) }
        }
        let what = format!("your rights on {}", kind.name());
        let reads = !not.contains(&"get") && !not.contains(&"list");
        let remedy = "ask for the ClusterRole ecs-operator-view, or ecs-operator-edit to use the verbs that write";
        match (not.is_empty(), reads) {
            (true, _) => checks.good(&what, may.join(", ")),
            (false, true) => checks.unknown(&what, format!("{}; not {}", may.join(", "), not.join(", ")), Some(remedy)),
            // An account is cluster-scoped, and not everybody's.
            (false, false) if kind == Kind::Account => checks.unknown(&what, format!("not {}", not.join(", ")), None),
            (false, false) => checks.bad(&what, format!("not {}", not.join(", ")), remedy),
        }
    }
}

/// Accounts that are not ready, and objects that are stalled.
async fn objects(checks: &mut Checks, setting: &Setting, kube: &Client) {
    let place = setting.place().await.ok().flatten();
    let mut count = 0;
    let mut stalled: Vec<Object> = Vec::new();
    for kind in Kind::ALL {
        match read::list(kube, place.as_deref(), kind).await {
            Ok(found) => {
                count += found.len();
                let wrong = |object: &Object| {
                    object.is(ConditionType::Stalled)
                        || (kind == Kind::Account
                            && object.condition(ConditionType::Ready).is_some_and(|ready| ready.status == "False"))
                };
                stalled.extend(found.into_iter().filter(wrong));
            }
            Err(error) => checks.unknown(&format!("{}s", kind.singular()), error.to_string(), None),
        }
    }
    for object in stalled.iter().take(TOLD) {
        let condition = object.condition(ConditionType::Stalled).filter(|stalled| stalled.status == "True");
        let condition = condition.or_else(|| object.condition(ConditionType::Ready));
        let said = condition.map(|one| format!("{}: {}", one.reason, one.message)).unwrap_or_default();
        let within = if object.namespace.is_empty() { String::new() } else { format!(" -n {}", object.namespace) };
        checks.bad(&object.address(), said, &format!("kubectl ecs status {}{within}", object.address()));
    }
    if stalled.len() > TOLD {
        checks.bad("objects", format!("{} more are stalled", stalled.len() - TOLD), "kubectl ecs status -A");
    }
    if stalled.is_empty() {
        checks.good("objects", format!("{count} of ours, none of them stalled"));
    }
}

/// What Kubernetes said, in a line.
fn short(error: &kube::Error) -> String {
    if let kube::Error::Api(status) = error { status.message.clone() } else { error.to_string() }
}
