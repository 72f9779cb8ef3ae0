//! Before a pass: where its calls go, with credentials that work, for a spec that may be used there.

use kube::ResourceExt;
use serde_json::{Value, json};

use super::allow::{check, check_roles};
use super::known::Accounts;
use super::observe::described;
use super::place::{Asked, ClusterPlace, Installation, Place, Refused, resolve, unmoved};
use crate::api::condition::Reason;
use crate::api::policy::ManagementMode;
use crate::api::{EcsCluster, EcsService, ServerGroup};
use crate::aws::AwsError;
use crate::controllers::context::{Found, find};
use crate::controllers::kind::Kind;
use crate::controllers::pass::Pass;

/// What came of asking.
#[derive(Debug)]
pub enum Gate {
    /// The pass may go on, there.
    Open(Box<Place>),
    /// No call is made.
    Closed(Refused),
    /// A read that failed.
    Unread(AwsError),
}

/// Decides whether a pass may make calls, and where. One that makes none needs no credentials.
pub async fn gate<K: Kind>(pass: &Pass<'_, K>) -> Gate {
    let accounts = pass.cx.accounts.accounts(&pass.cx.stores.accounts, !pass.cx.config.ambient.accounts);
    let asked = asked(pass);
    let here = Installation {
        id: &pass.cx.config.installation,
        region: &pass.cx.config.region,
        ambient: &pass.cx.config.ambient,
    };
    let mut place = match resolve(&asked, &accounts, here) {
        Ok(place) => place,
        Err(refused) => return Gate::Closed(refused),
    };
    if pass.lets_go_within(place.ceiling) {
        return Gate::Open(Box::new(place));
    }
    if let Err(refused) = enter(&asked, &mut place, &accounts, pass).await {
        return refused;
    }
    if !pass.deleting() {
        if let Some(refused) = spec(pass, &place) {
            return Gate::Closed(refused);
        }
        if let Some(service) = pass.object.as_service()
            && let Some(gate) = task_definition(service, &place, pass).await
        {
            return gate;
        }
    }
    Gate::Open(Box::new(place))
}

fn asked<K: Kind>(pass: &Pass<'_, K>) -> Asked {
    let policies = &pass.policies;
    let cluster = policies.cluster.as_ref().map(|name| cluster(name, pass));
    Asked {
        namespace: pass.namespace().to_owned(),
        account: policies.account.clone(),
        region: policies.region.clone(),
        cluster,
        recorded: pass.common.account.clone(),
        deleting: pass.deleting(),
    }
}

fn cluster<K: Kind>(name: &str, pass: &Pass<'_, K>) -> ClusterPlace {
    let found: Option<EcsCluster> = match find(&pass.cx.stores.clusters, pass.namespace(), name) {
        Found::Object(cluster) => Some(cluster.as_ref().clone()),
        Found::Absent | Found::Undecodable(_) => None,
    };
    let status = found.as_ref().and_then(|cluster| cluster.status.clone());
    ClusterPlace {
        name: name.to_owned(),
        account: status.and_then(|status| status.account),
        region: found.and_then(|cluster| cluster.spec.region),
    }
}

/// Credentials that work, in the account they are meant for.
async fn enter<K: Kind>(asked: &Asked, place: &mut Place, accounts: &Accounts, pass: &Pass<'_, K>) -> Result<(), Gate> {
    let aws = &pass.cx.aws;
    if let Some(role) = &place.role {
        aws.declare(&place.key, role);
    }
    let id = match aws.identity(&place.scope()).await {
        Ok(id) => id,
        Err(error) => {
            let Some(account) = &place.account else { return Err(Gate::Unread(error)) };
            pass.cx.wakes.account(account);
            return Err(Gate::Closed(Refused::Waits(format!(
                "AwsAccount `{account}` cannot be used for namespace `{}` now ({}); its status says more",
                asked.namespace, error.code
            ))));
        }
    };
    let known = place.account.as_ref().and_then(|name| accounts.known.iter().find(|known| known.name == *name));
    if let Some(was) = known.and_then(|known| known.id.as_ref()).filter(|was| **was != id) {
        let name = place.account.clone().unwrap_or_default();
        let message = format!("AwsAccount `{name}` was account {was}, and the operator is now in account {id}");
        return Err(Gate::Closed(Refused::Stuck(Reason::AccountChanged, message)));
    }
    place.id = Some(id.clone());
    unmoved(asked, place).map_err(Gate::Closed)?;
    if let Some(name) = &place.account {
        aws.limiter().set_share(&id, name, place.share);
    }
    Ok(())
}

/// The spec without what is elsewhere: a source has a place of its own, which is held against its account when it is
/// read.
fn here_only<K: Kind>(spec: &Value) -> Value {
    let mut spec = spec.clone();
    if K::KIND == <ServerGroup as Kind>::KIND
        && let Some(members) = spec.as_object_mut()
    {
        members.remove("source");
    }
    spec
}

/// Where a cluster is read that an object names beside its own: in an account that its namespace may use, and in a Region
/// of that account. Without a name the account is the object's own.
pub async fn beside<K: Kind>(
    account: Option<&str>,
    region: Option<&str>,
    cluster: &str,
    pass: &Pass<'_, K>,
) -> Result<Place, Gate> {
    let Some(own) = pass.place() else { return Err(Gate::Closed(Refused::Waits("no account yet".to_owned()))) };
    let accounts = pass.cx.accounts.accounts(&pass.cx.stores.accounts, !pass.cx.config.ambient.accounts);
    let region = region.unwrap_or(&own.region).to_owned();
    let mut place = match account.or(own.account.as_deref()) {
        None => Place { region, ..own.clone() },
        Some(name) => {
            let asked = Asked {
                namespace: pass.namespace().to_owned(),
                account: Some(name.to_owned()),
                region: Some(region),
                ..Asked::default()
            };
            let config = &pass.cx.config;
            let here = Installation { id: &config.installation, region: &config.region, ambient: &config.ambient };
            let mut place = resolve(&asked, &accounts, here).map_err(Gate::Closed)?;
            enter(&asked, &mut place, &accounts, pass).await?;
            place
        }
    };
    // Nothing is ever changed there.
    place.ceiling = ManagementMode::Observe;
    match check(&json!({ "cluster": cluster }), None, &place) {
        Some(refused) => Err(Gate::Closed(refused)),
        None => Ok(place),
    }
}

/// Is all that the spec names allowed?
fn spec<K: Kind>(pass: &Pass<'_, K>, place: &Place) -> Option<Refused> {
    let object = serde_json::to_value(pass.object).unwrap_or_default();
    let spec = object.get("spec").unwrap_or(&Value::Null);
    let spec = &here_only::<K>(spec);
    let is_cluster = K::KIND == <EcsCluster as Kind>::KIND;
    let own_name = pass.object.name_any();
    let name = spec.get("clusterName").and_then(Value::as_str).unwrap_or(&own_name);
    if let Some(refused) = check(spec, is_cluster.then_some(name), place) {
        return Some(refused);
    }
    let adopts = spec.get("adoptionPolicy").and_then(Value::as_str) == Some("Always");
    if adopts && !place.restrictions.adoption && pass.common.arn.is_none() {
        let account = place.account.as_deref().unwrap_or_default();
        let namespace = pass.namespace();
        return Some(Refused::Stuck(
            Reason::AccountNotAllowed,
            format!(
                "`adoptionPolicy: Always`: AwsAccount `{account}` does not let namespace `{namespace}` take over what exists; an admin has to add `{namespace}` to its `spec.adoptionNamespaces.names`"
            ),
        ));
    }
    None
}

/// Are the account and the roles of a service's task definition those that are allowed?
async fn task_definition<K: Kind>(service: &EcsService, place: &Place, pass: &Pass<'_, K>) -> Option<Gate> {
    if let Some(reference) = &service.spec.task_definition_ref {
        let Found::Object(object) = find(&pass.cx.stores.task_definitions, pass.namespace(), &reference.name) else {
            return None;
        };
        let theirs = object.status.as_ref().and_then(|status| status.account.clone()).unwrap_or_default();
        let elsewhere = |theirs: Option<&String>, ours: Option<&String>| theirs.zip(ours).is_some_and(|(a, b)| a != b);
        if elsewhere(theirs.id.as_ref(), place.id.as_ref()) || elsewhere(theirs.region.as_ref(), Some(&place.region)) {
            let text = |part: Option<&String>| part.cloned().unwrap_or_default();
            return Some(Gate::Closed(Refused::Stuck(
                Reason::InvalidSpec,
                format!(
                    "EcsTaskDefinition `{}` is in account {} and Region {}, and this service in account {} and Region {}; both need the same `accountRef` and `region`",
                    reference.name,
                    text(theirs.id.as_ref()),
                    text(theirs.region.as_ref()),
                    text(place.id.as_ref()),
                    place.region
                ),
            )));
        }
        let what = format!("EcsTaskDefinition `{}`", reference.name);
        let (task, execution) = (object.spec.task_role_arn.as_deref(), object.spec.execution_role_arn.as_deref());
        return check_roles(task, execution, &what, place).map(Gate::Closed);
    }
    let name = service.spec.task_definition.as_deref()?;
    if !place.restrictions.limits_tasks() {
        return None;
    }
    match described(name, place, pass).await {
        Ok(Some(found)) => {
            check_roles(found.task_role_arn(), found.execution_role_arn(), name, place).map(Gate::Closed)
        }
        // ECS will say the same.
        Ok(None) => None,
        Err(error) => Some(Gate::Unread(error)),
    }
}
