//! The three kinds as a person with kubectl meets them: new, ready, printed, scaled.

use std::time::Duration;

use serde_json::{Value, json};

use super::stage::Stage;
use crate::support::manifests::{cluster, service, web};

/// The columns of one printed row. Values may hold blanks, so the header's offsets decide.
fn row(printed: &str) -> Vec<(String, String)> {
    let mut lines = printed.lines();
    let (header, row) = (lines.next().unwrap(), lines.next().unwrap());
    let starts: Vec<usize> = header
        .char_indices()
        .filter(|&(at, c)| c != ' ' && (at == 0 || header.as_bytes()[at - 1] == b' '))
        .map(|(at, _)| at)
        .collect();
    let ends = starts.iter().skip(1).copied().chain([usize::MAX]);
    let cut = |line: &str, from: usize, to: usize| {
        line.chars().skip(from).take(to - from).collect::<String>().trim().to_owned()
    };
    starts.iter().zip(ends).map(|(&from, to)| (cut(header, from, to), cut(row, from, to))).collect()
}

/// Asserts the columns and their values; `*` is any value at all, `…x` one that ends in x.
pub async fn prints(stage: &Stage, object: &str, expected: &[(&str, &str)]) {
    let printed = stage.kubectl(&["get", object, "-o", "wide"]).await.unwrap();
    let columns = row(&printed);
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, expected.iter().map(|(name, _)| *name).collect::<Vec<_>>(), "{printed}");
    for ((name, value), (_, wanted)) in columns.iter().zip(expected) {
        let same = match wanted.strip_prefix('…') {
            Some(end) => value.ends_with(end),
            None => value == wanted || (*wanted == "*" && !value.is_empty() && value != "<none>"),
        };
        assert!(same, "{name} is `{value}`, not `{wanted}`\n{printed}");
    }
}

#[tokio::test]
async fn a_new_object_reads_as_not_seen_then_all_become_ready_and_every_column_has_a_value() {
    let mut stage = Stage::new("printed").await;
    stage.apply(&[service("web", "prod", "web"), web("web", "nginx:1"), cluster("prod")]).await.unwrap();
    for object in ["ecss/web", "ecstd/web", "ecsc/prod"] {
        assert_eq!(stage.get(object).await["status"], json!({"observedGeneration": -1}), "{object}");
    }
    stage.operate().await;
    stage.ready(&["ecsc/prod", "ecstd/web", "ecss/web"]).await;
    // The cluster counts anew at its next visit.
    let counted = ["wait", "ecsc/prod", "--for=jsonpath={.status.runningTasksCount}=2", "--timeout=60s"];
    stage.kubectl(&counted).await.unwrap();
    let account = ecs_sim::world::DEFAULT_ACCOUNT;
    let columns = [
        ("NAME", "prod"),
        ("READY", "True"),
        ("REASON", "Succeeded"),
        ("SERVICES", "1"),
        ("TASKS", "2"),
        ("AGE", "*"),
        ("ARN", "…:cluster/prod"),
        ("ACCOUNT", account),
        ("REGION", "eu-west-1"),
        ("MESSAGE", "*"),
    ];
    prints(&stage, "ecsc/prod", &columns).await;
    let columns = [
        ("NAME", "web"),
        ("READY", "True"),
        ("REASON", "Succeeded"),
        ("FAMILY", "web"),
        ("REVISION", "1"),
        ("CPU", "256"),
        ("MEMORY", "512"),
        ("AGE", "*"),
        ("ARN", "…:task-definition/web:1"),
        ("MESSAGE", "*"),
    ];
    prints(&stage, "ecstd/web", &columns).await;
    let columns = [
        ("NAME", "web"),
        ("READY", "True"),
        ("REASON", "Succeeded"),
        ("DESIRED", "2"),
        ("RUNNING", "2"),
        ("PENDING", "0"),
        ("TASKDEF", "web:1"),
        ("ROLLOUT", "*"),
        ("AGE", "*"),
        ("CLUSTER", "prod"),
        ("LAUNCH", "FARGATE"),
        ("MODE", "Manage"),
        ("ARN", "…:service/prod/web"),
        ("MESSAGE", "*"),
    ];
    prints(&stage, "ecss/web", &columns).await;
}

async fn scale(stage: &Stage) -> Value {
    let path = format!("/apis/ecs-operator.dev/v1alpha1/namespaces/{}/ecsservices/web/scale", stage.namespace);
    stage.kubectl(&["get", "--raw", &path]).await.json()
}

async fn runs(stage: &Stage, count: u32) {
    let counted = format!("--for=jsonpath={{.status.runningCount}}={count}");
    stage.kubectl(&["wait", "ecss/web", &counted, "--timeout=60s"]).await.unwrap();
    stage.ready(&["ecss/web"]).await;
}

#[tokio::test]
async fn a_scaled_count_reaches_ecs_and_outlives_an_apply_without_a_count() {
    let stage = Stage::operated("scaled").await;
    let counted = service("web", "prod", "web");
    let mut uncounted = counted.clone();
    uncounted["spec"].as_object_mut().unwrap().remove("desiredCount");
    let git = ["apply", "--server-side", "--field-manager=git"];
    stage.send(&git, &[cluster("prod"), web("web", "nginx:1"), counted]).await.unwrap();
    runs(&stage, 2).await;
    let before = scale(&stage).await;
    let uid = stage.get("ecss/web").await["metadata"]["uid"].as_str().unwrap().to_owned();
    assert_eq!(before["spec"]["replicas"], 2);
    assert_eq!(before["status"]["replicas"], 2);
    assert_eq!(before["status"]["selector"], format!("ecs-operator.dev/uid={uid}"));
    stage.kubectl(&["scale", "ecss/web", "--replicas=3"]).await.unwrap();
    runs(&stage, 3).await;
    // Git lets go of the count and changes something else; whoever scaled keeps it.
    uncounted["spec"]["enableECSManagedTags"] = true.into();
    stage.send(&git, &[uncounted.clone()]).await.unwrap();
    assert_eq!(scale(&stage).await["spec"]["replicas"], 3);
    uncounted["spec"]["healthCheckGracePeriodSeconds"] = 5.into();
    stage.send(&["apply", "--server-side", "--field-manager=other"], &[uncounted]).await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    runs(&stage, 3).await;
    assert_eq!(scale(&stage).await["spec"]["replicas"], 3);
    let counts: Vec<Value> =
        stage.aws.sent().iter().filter_map(|sent| sent.body.get("desiredCount").cloned()).collect();
    assert_eq!(counts, [json!(2), json!(3)]);
}

#[tokio::test]
async fn a_service_that_names_no_count_has_a_scale_at_once() {
    let stage = Stage::new("countless").await;
    let mut uncounted = service("web", "prod", "web");
    uncounted["spec"].as_object_mut().unwrap().remove("desiredCount");
    stage.apply(&[uncounted]).await.unwrap();
    assert_eq!(scale(&stage).await["spec"]["replicas"], 1);
}
