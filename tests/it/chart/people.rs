//! What the built-in roles may do with our kinds, once the chart is installed.

use std::time::Duration;

use k8s_openapi::api::authorization::v1::SubjectAccessReview;
use kube::Api;
use kube::api::PostParams;
use serde_json::json;

use super::plane::charted;

const NAMESPACE: &str = "people";

async fn may(client: &kube::Client, user: &str, verb: &str, resource: &str) -> bool {
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let asked = json!({
        "group": "ecs-operator.dev", "resource": resource, "subresource": subresource, "verb": verb,
        "namespace": NAMESPACE,
    });
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "metadata": {},
        "spec": {"user": user, "resourceAttributes": asked},
    });
    let review: SubjectAccessReview = serde_json::from_value(review).unwrap();
    let reviews: Api<SubjectAccessReview> = Api::all(client.clone());
    reviews.create(&PostParams::default(), &review).await.unwrap().status.unwrap().allowed
}

#[tokio::test]
async fn view_reads_and_edit_and_admin_write_and_nobody_writes_status_or_accounts() {
    let charted = charted().await;
    charted.plane.kubectl(&["create", "namespace", NAMESPACE], None).await.unwrap();
    for role in ["view", "edit", "admin"] {
        let (role_flag, user) = (format!("--clusterrole={role}"), format!("--user={role}"));
        let bind = ["create", "rolebinding", role, &role_flag, &user, "-n", NAMESPACE];
        charted.plane.kubectl(&bind, None).await.unwrap();
    }
    let client = charted.plane.client().await;
    // The aggregation follows a moment later.
    for _ in 0..100 {
        if may(&client, "admin", "delete", "ecsservices").await
            && may(&client, "view", "get", "servergroups/scale").await
        {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let kinds = ["ecsclusters", "ecsservices", "ecstaskdefinitions", "servergroups"];
    for user in ["view", "edit", "admin"] {
        let writes = user != "view";
        for verb in ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"] {
            let reads = ["get", "list", "watch"].contains(&verb);
            for kind in kinds {
                assert_eq!(may(&client, user, verb, kind).await, reads || writes, "{user} {verb} {kind}");
                let status = format!("{kind}/status");
                assert_eq!(may(&client, user, verb, &status).await, verb == "get", "{user} {verb} {status}");
            }
            for scale in ["ecsservices/scale", "servergroups/scale"] {
                let expected = verb == "get" || (writes && ["update", "patch"].contains(&verb));
                assert_eq!(may(&client, user, verb, scale).await, expected, "{user} {verb} {scale}");
            }
            assert!(!may(&client, user, verb, "awsaccounts").await, "{user} {verb} awsaccounts");
        }
    }
}
