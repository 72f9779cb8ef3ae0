//! What the chart renders, as the API server judges it.

use super::helm::{matrix, objects, template, the};
use super::plane::{charted, restricted};

#[tokio::test]
async fn every_rendering_is_taken_by_the_api_server_strictly_and_without_a_warning() {
    let charted = charted().await;
    for file in matrix() {
        let stem = file.file_stem().unwrap().to_str().unwrap();
        let namespace = format!("dry-{stem}");
        restricted(&charted.plane, &namespace).await;
        let text = template(&namespace, &["-f", file.to_str().unwrap()]).unwrap();
        let apply = ["apply", "--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict"];
        let apply = [&apply[..], &["--warnings-as-errors", "-f", "-"]].concat();
        let ran = charted.plane.kubectl(&apply, Some(text.clone())).await;
        assert!(ran.ok && ran.err.is_empty(), "{stem}: {}", ran.err);
        // Of a Deployment, the Pod Security admission only warns.
        let all = objects(&text);
        let deployment = all.iter().find(|object| object["kind"] == "Deployment").unwrap();
        let mut pod = deployment["spec"]["template"].clone();
        let account = pod["spec"]["serviceAccountName"].as_str().unwrap().to_owned();
        charted.plane.kubectl(&["create", "serviceaccount", &account, "-n", &namespace], None).await.unwrap();
        pod["apiVersion"] = "v1".into();
        pod["kind"] = "Pod".into();
        pod["metadata"]["name"] = "pod".into();
        pod["metadata"]["namespace"] = namespace.as_str().into();
        let create = ["create", "--dry-run=server", "--validate=strict", "--warnings-as-errors", "-f", "-"];
        let ran = charted.plane.kubectl(&create, Some(pod.to_string())).await;
        assert!(ran.ok && ran.err.is_empty(), "{stem}: {}", ran.err);
    }
}

#[tokio::test]
async fn a_pod_that_may_escalate_would_be_refused_there() {
    let charted = charted().await;
    restricted(&charted.plane, "dry-refused").await;
    charted.plane.kubectl(&["create", "serviceaccount", "ecs-operator", "-n", "dry-refused"], None).await.unwrap();
    let text = template("dry-refused", &["--set", "installationId=a,securityContext.allowPrivilegeEscalation=true"]);
    let all = objects(&text.unwrap());
    let mut pod = the(&all, "Deployment", "ecs-operator")["spec"]["template"].clone();
    pod["apiVersion"] = "v1".into();
    pod["kind"] = "Pod".into();
    pod["metadata"]["name"] = "pod".into();
    let create = ["create", "--dry-run=server", "-n", "dry-refused", "-f", "-"];
    let ran = charted.plane.kubectl(&create, Some(pod.to_string())).await;
    assert!(!ran.ok && ran.err.contains("allowPrivilegeEscalation"), "{}", ran.err);
}
