//! The kustomize bases and the one file hold what the chart renders; the component finds our images and references.

use std::collections::BTreeMap;

use ecs_local::manifests;
use serde_json::Value;

use super::helm::{objects, project};
use super::plane::kustomize;

fn by_name(text: &str) -> BTreeMap<String, Value> {
    let key = |object: &Value| {
        let metadata = &object["metadata"];
        format!("{} {} {}", object["kind"], metadata["namespace"], metadata["name"])
    };
    objects(text).into_iter().map(|object| (key(&object), object)).collect()
}

fn overlay(name: &str) -> BTreeMap<String, Value> {
    by_name(&kustomize(project(&format!("charts/kustomize/overlays/{name}")).to_str().unwrap()))
}

#[test]
fn generated_bases_are_current() {
    for (path, text) in manifests::kustomize().unwrap() {
        let found = std::fs::read_to_string(manifests::charts().join("kustomize").join(&path)).unwrap_or_default();
        assert!(found == text, "charts/kustomize/{path} is out of date; run `cargo run -p ecs-local -- manifests`");
    }
}

#[test]
fn the_default_overlay_is_the_one_file_and_that_is_the_chart() {
    let one = by_name(&manifests::install().unwrap());
    let built = overlay("default");
    assert_eq!(built.keys().collect::<Vec<_>>(), one.keys().collect::<Vec<_>>());
    for (name, object) in &built {
        assert!(*object == one[name], "{name} differs");
    }
    let chart = super::helm::rendered(manifests::NAMESPACE, &["--set", "installationId=default,crds.keep=false"]);
    let namespace = 1;
    assert_eq!(one.len(), chart.len() + namespace);
    for mut object in chart {
        if let Some(labels) = object.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
            labels.retain(|name, _| name != "helm.sh/chart" && name != "app.kubernetes.io/managed-by");
        }
        assert!(one.values().any(|other| *other == object), "{}", object["metadata"]);
    }
}

#[test]
fn the_namespaced_overlay_serves_its_own_namespace_without_a_cluster_role() {
    let all = overlay("namespaced");
    let operators: Vec<_> = all.keys().filter(|key| key.contains("Cluster") && !key.contains("Custom")).collect();
    assert!(operators.iter().all(|key| !key.contains("Binding") && key.contains("system-")), "{operators:?}");
    let deployment = &all[r#""Deployment" "ecs-operator-system" "ecs-operator""#];
    let env = deployment["spec"]["template"]["spec"]["containers"][0]["env"].as_array().unwrap();
    let value = |name: &str| env.iter().find(|entry| entry["name"] == name).unwrap();
    let field = &value("ECS_OPERATOR_NAMESPACES")["valueFrom"]["fieldRef"]["fieldPath"];
    assert_eq!((field, &value("ECS_OPERATOR_ACCOUNTS")["value"]), (&"metadata.namespace".into(), &"false".into()));
}

#[test]
fn overlays_for_credentials_name_role_and_installation() {
    let account = r#""ServiceAccount" "ecs-operator-system" "ecs-operator""#;
    let role = &overlay("irsa")[account]["metadata"]["annotations"]["eks.amazonaws.com/role-arn"];
    assert!(role.as_str().unwrap().starts_with("arn:aws:iam::"), "{role}");
    assert!(overlay("pod-identity")[account]["metadata"].get("annotations").is_none());
}

#[test]
fn images_and_references_of_a_users_kustomization_are_found_with_the_component() {
    let directory = project("target/tmp/kustomize-component");
    std::fs::create_dir_all(&directory).unwrap();
    let own = "kind: Kustomization\nnamePrefix: prod-\nresources: [objects.yaml]\n\
               components: [../../../charts/kustomize/components/references]\n\
               images: [{name: nginx, newTag: '9'}]\n";
    let ours = |kind: &str, name: &str, spec: &str| {
        format!("apiVersion: ecs-operator.dev/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n---\n")
    };
    let text = ours("EcsCluster", "c", "{capacityProviders: [FARGATE]}")
        + &ours("EcsTaskDefinition", "t", "{containerDefinitions: [{name: a, image: 'nginx:1'}]}")
        + &ours("EcsService", "s", "{clusterRef: {name: c}, taskDefinitionRef: {name: t}}")
        + &ours("ServerGroup", "i", "{clusterRef: {name: c}, template: {inputs: {image: 'nginx:1'}}}")
        + &ours(
            "ServerGroup",
            "g",
            "{clusterRef: {name: c}, template: {artifact: {configMapKeyRef: {name: m, key: k}, \
             containerMappings: [{containerName: a, image: 'nginx:1'}]}}}",
        )
        + "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\n";
    std::fs::write(directory.join("kustomization.yaml"), own).unwrap();
    std::fs::write(directory.join("objects.yaml"), text).unwrap();
    let all = by_name(&kustomize(directory.to_str().unwrap()));
    let spec = |kind: &str, name: &str| &all[&format!("\"{kind}\" null \"prod-{name}\"")]["spec"];
    assert_eq!(spec("EcsTaskDefinition", "t")["containerDefinitions"][0]["image"], "nginx:9");
    assert_eq!(spec("EcsService", "s")["clusterRef"]["name"], "prod-c");
    assert_eq!(spec("EcsService", "s")["taskDefinitionRef"]["name"], "prod-t");
    assert_eq!(spec("ServerGroup", "g")["clusterRef"]["name"], "prod-c");
    let artifact = &spec("ServerGroup", "g")["template"]["artifact"];
    assert_eq!(artifact["configMapKeyRef"]["name"], "prod-m");
    assert_eq!(artifact["containerMappings"][0]["image"], "nginx:9");
    assert_eq!(spec("ServerGroup", "i")["template"]["inputs"]["image"], "nginx:9");
}
