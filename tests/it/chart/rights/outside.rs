//! Rights that are not of a watched namespace: those on accounts, and those on the lease. Each is taken away once.

use std::collections::BTreeSet;
use std::time::Duration;

use ecs_operator::controllers::clock::Clock;
use ecs_operator::runtime::leader::{Election, Lead, Place, Timing};
use ecs_operator::runtime::metrics::Metrics;
use k8s_openapi::api::rbac::v1::PolicyRule;
use serde_json::{Value, json};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::audit::{Audit, Right};
use super::{Charted, OUTSIDE, account, rules, without};
use crate::local_api::stage::Stage;

const RBAC: &str = "rbac.authorization.k8s.io";
const WAIT: Duration = Duration::from_millis(300);

/// One operator after the other: two would do each other's work on an account.
pub async fn each_in_turn(charted: &'static Charted, granted: &BTreeSet<Right>) {
    let outside: Vec<&Right> = granted.iter().filter(|right| OUTSIDE.contains(&right.resource.as_str())).collect();
    let mut unneeded = Vec::new();
    for (at, right) in outside.iter().enumerate() {
        let namespace = format!("outside-{at}");
        let token = account(charted, &namespace, &without(granted, &OUTSIDE)).await;
        let kept = outside.iter().filter(|kept| *kept != right).map(|kept| (*kept).clone()).collect();
        everywhere(charted, &namespace, &kept).await;
        let mut stage = Stage::within(&charted.plane, &namespace);
        stage.operate_by(charted.plane.client_as(Some(&token)).await);
        let spec =
            json!({"allowedNamespaces": {"selector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}});
        let object = json!({
            "apiVersion": "ecs-operator.dev/v1alpha1", "kind": "AwsAccount", "metadata": {"name": namespace}, "spec": spec,
        });
        charted.plane.kubectl(&["create", "-f", "-"], Some(object.to_string())).await.unwrap();
        let user = format!("system:serviceaccount:{namespace}:operator");
        if !missed(charted, &user, right, &namespace).await {
            unneeded.push((*right).clone());
        }
        drop(stage);
        let free = ["patch", "awsaccount", &namespace, "--type=merge", r#"-p={"metadata":{"finalizers":null}}"#];
        charted.plane.kubectl(&free, None).await;
        charted.plane.kubectl(&["delete", "awsaccount", &namespace, "--ignore-not-found"], None).await.unwrap();
    }
    assert!(unneeded.is_empty(), "nothing is refused without {unneeded:?}");
}

/// Is the right missed, at the birth of an account or at its end?
async fn missed(charted: &Charted, user: &str, right: &Right, name: &str) -> bool {
    for round in 0..60 {
        if Audit::of(&charted.audit, user, "").refused.contains(right) {
            return true;
        }
        if round == 15 {
            charted.plane.kubectl(&["delete", "awsaccount", name, "--wait=false"], None).await;
        }
        sleep(WAIT).await;
    }
    false
}

/// Gives a service account rights in the whole cluster.
async fn everywhere(charted: &Charted, namespace: &str, rights: &BTreeSet<Right>) {
    let metadata = json!({"name": namespace});
    let subject = json!({"kind": "ServiceAccount", "name": "operator", "namespace": namespace});
    create(
        charted,
        &[
            json!({"apiVersion": format!("{RBAC}/v1"), "kind": "ClusterRole", "metadata": metadata, "rules": rules(rights)}),
            json!({
                "apiVersion": format!("{RBAC}/v1"), "kind": "ClusterRoleBinding", "metadata": metadata,
                "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": namespace}, "subjects": [subject],
            }),
        ],
    )
    .await;
}

async fn create(charted: &Charted, objects: &[Value]) {
    let text: Vec<String> = objects.iter().map(ToString::to_string).collect();
    charted.plane.kubectl(&["create", "-f", "-"], Some(text.join("\n---\n"))).await.unwrap();
}

/// A candidate for each verb of the lease's role, which has all the others.
pub async fn each_of_the_lease(charted: &'static Charted, given: &Value) {
    let given: Vec<PolicyRule> = serde_json::from_value(given.clone()).unwrap();
    let verbs: BTreeSet<String> = given.iter().flat_map(|rule| rule.verbs.clone()).collect();
    assert_eq!(verbs.len(), given.iter().map(|rule| rule.verbs.len()).sum::<usize>(), "each verb once: {given:?}");
    let name = given.iter().find_map(|rule| rule.resource_names.clone()).unwrap().remove(0);
    let elections = verbs.iter().map(|verb| {
        let mut kept = given.clone();
        for rule in &mut kept {
            rule.verbs.retain(|given| given != verb);
        }
        kept.retain(|rule| !rule.verbs.is_empty());
        stands(charted, verb, kept, &name)
    });
    let unneeded: Vec<String> = futures::future::join_all(elections).await.into_iter().flatten().collect();
    assert!(unneeded.is_empty(), "nothing is refused without {unneeded:?}");
}

/// Stands for election and gives the lease back; the verb, if nothing was refused for want of it.
async fn stands(charted: &'static Charted, verb: &str, kept: Vec<PolicyRule>, lease: &str) -> Option<String> {
    let namespace = format!("lease-{verb}");
    let token = account(charted, &namespace, &BTreeSet::new()).await;
    let metadata = json!({"name": "lease", "namespace": namespace});
    let subject = json!({"kind": "ServiceAccount", "name": "operator", "namespace": namespace});
    create(
        charted,
        &[
            json!({"apiVersion": format!("{RBAC}/v1"), "kind": "Role", "metadata": metadata, "rules": kept}),
            json!({
                "apiVersion": format!("{RBAC}/v1"), "kind": "RoleBinding", "metadata": metadata,
                "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": "lease"}, "subjects": [subject],
            }),
        ],
    )
    .await;
    let place = Place {
        namespace: namespace.clone(),
        name: lease.to_owned(),
        identity: "candidate".to_owned(),
        timing: Timing::default(),
    };
    let client = charted.plane.client_as(Some(&token)).await;
    let metrics = Metrics::new(|_| ());
    let election = Election::new(client, place, Lead::standby(), Clock::system(), metrics.leader.clone());
    let stop = CancellationToken::new();
    let running = tokio::spawn(election.run(stop.clone()));
    sleep(Duration::from_secs(5)).await;
    stop.cancel();
    running.await.unwrap();
    let user = format!("system:serviceaccount:{namespace}:operator");
    for _ in 0..20 {
        let refused = Audit::of(&charted.audit, &user, "").refused;
        if refused.iter().any(|right| right.resource == "leases" && right.verb == verb) {
            return None;
        }
        sleep(WAIT).await;
    }
    Some(verb.to_owned())
}
