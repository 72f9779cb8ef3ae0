//! What the chart renders, without a cluster.

use std::collections::BTreeSet;

use clap::CommandFactory;
use ecs_operator::api::schema;
use ecs_operator::runtime::config::Config;
use serde_json::Value;

use super::helm::{CHART, helm, matrix, rendered, template, the};

#[test]
fn every_values_file_passes_the_strict_lint() {
    for file in matrix() {
        let ran = helm(&["lint", "--strict", CHART, "-f", file.to_str().unwrap()]);
        assert!(ran.ok && !ran.out.contains("[WARNING]"), "{}: {}{}", file.display(), ran.out, ran.err);
    }
}

/// Nulls, empty maps and lists, and texts that a template left behind.
fn scan(path: &str, value: &Value, found: &mut Vec<String>) {
    let empty = match value {
        Value::Null => true,
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| scan(&format!("{path}[{at}]"), item, found));
            let names: Vec<_> = items.iter().filter_map(|item| item["name"].as_str()).collect();
            let once: BTreeSet<_> = names.iter().collect();
            if path.rsplit('.').next() == Some("env") && once.len() != names.len() {
                found.push(format!("{path}: a name twice"));
            }
            items.is_empty()
        }
        Value::Object(map) => {
            map.iter().for_each(|(name, child)| scan(&format!("{path}.{name}"), child, found));
            // An emptyDir volume, and the selector of all parameters, are empty for a reason.
            map.is_empty() && !path.ends_with(".emptyDir") && !path.ends_with(".paramRef.selector")
        }
        Value::String(text) => ["<no value>", "{{ .", "{{-", "{{ include", "%!"].iter().any(|left| text.contains(left)),
        Value::Bool(_) | Value::Number(_) => false,
    };
    if empty {
        found.push(format!("{path}: {value}"));
    }
}

#[test]
fn two_renderings_are_equal_and_hold_nothing_empty_double_or_unresolved() {
    for file in matrix() {
        let arguments = ["-f", file.to_str().unwrap()];
        let text = template("somewhere", &arguments).unwrap();
        assert_eq!(text, template("somewhere", &arguments).unwrap(), "{}", file.display());
        let mut found = Vec::new();
        let mut seen = BTreeSet::new();
        for object in rendered("somewhere", &arguments) {
            let kind = object["kind"].as_str().unwrap();
            let name = format!("{kind} {}/{}", object["metadata"]["namespace"], object["metadata"]["name"]);
            if kind != "CustomResourceDefinition" {
                scan(&name, &object, &mut found);
                assert_ne!(object["apiVersion"], "ecs-operator.dev/v1alpha1", "Helm cannot place objects of our kinds");
            }
            assert!(seen.insert(name.clone()), "{name} twice");
        }
        assert_eq!(found, Vec::<String>::new(), "{}", file.display());
    }
}

#[test]
fn the_crds_are_those_of_the_project_to_the_byte() {
    for (name, text) in schema::files().unwrap() {
        let plural = name.rsplit('_').next().unwrap();
        let show = format!("templates/crds/{plural}");
        let arguments = |keep| ["--set", "installationId=a", "--set", keep, "-s", &show].map(str::to_owned);
        let render = |keep| {
            let arguments = arguments(keep);
            template("x", &arguments.iter().map(String::as_str).collect::<Vec<_>>()).unwrap()
        };
        let head = format!("---\n# Source: ecs-operator/templates/crds/{plural}\n");
        let plain = render("crds.keep=false");
        assert!(plain.strip_prefix(&head).is_some_and(|rest| rest.trim_end() == text.trim_end()), "{name}");
        let annotation = "  annotations:\n    helm.sh/resource-policy: keep\n";
        let kept = render("crds.keep=true");
        assert!(kept.contains(annotation) && kept.replacen(annotation, "", 1) == plain, "{name}");
    }
}

#[test]
fn every_variable_of_the_pod_is_one_that_the_operator_knows() {
    let known: BTreeSet<String> = Config::command()
        .get_arguments()
        .filter_map(|argument| argument.get_env().map(|name| name.to_string_lossy().into_owned()))
        .collect();
    let all = rendered(
        "x",
        &[
            "--set",
            "installationId=a,aws.region=r,aws.endpointUrl=https://x,scope.namespaces={a},tracing.otlpEndpoint=https://o,concurrencyOf.EcsService=8,sweepIntervalSecondsOf.EcsCluster=900,awsQuotas.service_read=200/40,events.queueUrls={https://sqs.r.amazonaws.com/1/q}",
        ],
    );
    let pod = &the(&all, "Deployment", "ecs-operator")["spec"]["template"]["spec"];
    let set = pod["containers"][0]["env"].as_array().unwrap();
    let set: BTreeSet<String> = set.iter().map(|entry| entry["name"].as_str().unwrap().to_owned()).collect();
    let unknown: Vec<_> = set.difference(&known).collect();
    assert!(unknown.is_empty(), "the operator does not know {unknown:?}");
    let unset: Vec<_> = known.difference(&set).collect();
    assert!(unset.is_empty(), "no value of the chart sets {unset:?}");
}

#[test]
fn values_that_cannot_work_are_refused_with_the_reason() {
    let cases = [
        ("", "installationId"),
        ("installationId=a,instalationId=b", "instalationId"),
        ("installationId=a,image.tagg=1", "tagg"),
        ("installationId=a,mode=Watch", "mode"),
        ("installationId=a,concurrency=0", "concurrency"),
        ("installationId=a,replicas=two", "replicas"),
        ("installationId=a,driftPolicy=Ignore", "driftPolicy"),
        ("installationId=a,concurrencyOf.EcsServices=3", "concurrencyOf"),
        ("installationId=a,sweepIntervalSecondsOf.EcsCluster=5", "sweepIntervalSecondsOf"),
        ("installationId=a,awsQuotas.service_read=200", "awsQuotas"),
        ("installationId=a,deletionBrake=2", "deletionBrake"),
        ("installationId=a,events.queueUrls={hints}", "queueUrls"),
        ("installationId=a,tracing.otlpEndpoint=collector:4318", "otlpEndpoint"),
        ("installationId=a,metrics.perobject=false", "perobject"),
        ("installationId=a,scope.namespaces=team", "namespaces"),
        ("installationId=a,scope.namespaces={Team}", "namespaces"),
        ("installationId=a,image.digest=sha1:00", "digest"),
        ("installationId=a,leaderElection.enabled=false", "replicas must be 0 or 1"),
        ("installationId=a,aws.endpointUrl=http://x", "must be https"),
        ("installationId=a,admissionPolicies.roles.enabled=true,accounts.enabled=false", "needs accounts.enabled"),
        ("installationId=a,admissionPolicies.imageRegistries.enabled=true", "must name a registry"),
        ("installationId=a,extraEnv[0].name=POD_NAME,extraEnv[0].value=x", "must not set POD_NAME"),
        ("installationId=a,serviceMonitor.enabled=true,serviceMonitor.renderMode=fail", "install its CRD"),
    ];
    for (values, told) in cases {
        let ran = template("x", &["--set", values]);
        assert!(!ran.ok && ran.err.contains(told), "{values}: {}", ran.err);
    }
}

#[test]
fn a_namespaced_release_has_no_cluster_role_and_one_role_for_each_namespace() {
    let all = rendered("sys", &["--set", "installationId=a,accounts.enabled=false,scope.namespaces={b,c}"]);
    let people = |name: &str| ["view", "edit", "admin"].iter().any(|role| name.ends_with(role));
    for object in &all {
        let name = object["metadata"]["name"].as_str().unwrap();
        assert!(object["kind"] != "ClusterRoleBinding" && (object["kind"] != "ClusterRole" || people(name)), "{name}");
    }
    let roles = all.iter().filter(|object| object["kind"] == "Role");
    let homes: BTreeSet<_> = roles.map(|role| role["metadata"]["namespace"].as_str().unwrap()).collect();
    assert_eq!(homes, BTreeSet::from(["b", "c", "sys"]));
}

#[test]
fn notes_warn_of_what_is_missing() {
    let kubeconfig = std::path::Path::new("/dev/null");
    let notes = |values: &str| {
        let arguments = ["install", "x", CHART, "--dry-run=client", "--set", values];
        super::helm::helm_at(kubeconfig, &arguments).unwrap().split("NOTES:").nth(1).unwrap().to_owned()
    };
    let bare = notes("installationId=a,replicas=1,crds.keep=false");
    for told in ["aws.region is not set", "no credentials", "every namespace", "fewer than two", "crds.keep is false"] {
        assert!(bare.contains(told), "{told}: {bare}");
    }
    let full =
        notes("installationId=a,aws.region=r,aws.credentials.existingSecret=s,accounts.ambient.allowedNamespaces={a}");
    assert!(!full.contains("WARNING") && full.contains("Before you uninstall"), "{full}");
}
