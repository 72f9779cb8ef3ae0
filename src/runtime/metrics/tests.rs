//! What is exposed after what was counted.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use tokio::time::advance;

use super::*;

fn has(metrics: &Metrics, lines: &[&str]) {
    let text = metrics.text().unwrap();
    for line in lines {
        assert!(text.lines().any(|found| found == *line), "{line}\n{text}");
    }
}

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn reconciles_are_counted_under_the_names_dashboards_know() {
    let metrics = Metrics::new(|_| ());
    metrics.reconcile.bounded("EcsService", 8, 300 * SECOND);
    let first = metrics.reconcile.start("EcsService", "team", "web");
    let second = metrics.reconcile.start("EcsService", "team", "api");
    advance(2 * SECOND).await;
    first.ended(Reconciled::Terminal, Some(SECOND));
    has(
        &metrics,
        &[
            r#"controller_runtime_reconcile_total{controller="EcsService",result="error"} 1"#,
            r#"controller_runtime_reconcile_errors_total{controller="EcsService"} 1"#,
            r#"controller_runtime_terminal_reconcile_errors_total{controller="EcsService"} 1"#,
            r#"controller_runtime_reconcile_panics_total{controller="EcsService"} 0"#,
            r#"controller_runtime_active_workers{controller="EcsService"} 1"#,
            r#"ecs_operator_sweep_interval_seconds{kind="EcsService"} 300.0"#,
            r#"controller_runtime_max_concurrent_reconciles{controller="EcsService"} 8"#,
            r#"controller_runtime_reconcile_time_seconds_sum{controller="EcsService"} 2.0"#,
            r#"workqueue_longest_running_processor_seconds{name="EcsService",controller="EcsService"} 2.0"#,
            r#"workqueue_retries_total{name="EcsService",controller="EcsService"} 1"#,
            concat!(r#"ecs_operator_build_info{version=""#, env!("CARGO_PKG_VERSION"), r#""} 1"#),
        ],
    );
    drop(second);
    has(
        &metrics,
        &[
            r#"controller_runtime_active_workers{controller="EcsService"} 0"#,
            r#"workqueue_unfinished_work_seconds{name="EcsService",controller="EcsService"} 0.0"#,
        ],
    );
}

#[tokio::test(start_paused = true)]
async fn the_line_tells_who_waits_from_when_it_was_due_and_forgets_who_is_gone() {
    let metrics = Metrics::new(|_| ());
    let queue = &metrics.reconcile.queue;
    queue.added("EcsCluster", "team", "a");
    advance(3 * SECOND).await;
    // Told twice, it waits once, and since the first time.
    queue.added("EcsCluster", "team", "a");
    queue.added("EcsCluster", "team", "b");
    let depth = |depth: u32, lag: &str, age: &str| {
        has(
            &metrics,
            &[
                &format!(r#"workqueue_depth{{name="EcsCluster",controller="EcsCluster"}} {depth}"#),
                &format!(r#"ecs_operator_sweep_lag_seconds{{kind="EcsCluster"}} {lag}"#),
                &format!(r#"ecs_operator_sweep_age_seconds{{kind="EcsCluster"}} {age}"#),
            ],
        );
    };
    depth(2, "3.0", "0.0");
    metrics.reconcile.start("EcsCluster", "team", "a").ended(Reconciled::Success, Some(10 * SECOND));
    depth(1, "0.0", "0.0");
    has(&metrics, &[r#"workqueue_queue_duration_seconds_sum{name="EcsCluster",controller="EcsCluster"} 3.0"#]);
    queue.gone("EcsCluster", "team", "b");
    advance(9 * SECOND).await;
    depth(0, "0.0", "9.0");
    advance(3 * SECOND).await;
    depth(1, "2.0", "12.0");
    metrics.reconcile.start("EcsCluster", "team", "a").ended(Reconciled::Success, None);
    advance(60 * SECOND).await;
    depth(0, "0.0", "0.0");
}

fn condition(kind: &str, status: &str, at: i64) -> Condition {
    Condition {
        type_: kind.to_owned(),
        status: status.to_owned(),
        last_transition_time: Time(Timestamp::from_second(at).unwrap()),
        message: String::new(),
        observed_generation: None,
        reason: "R".to_owned(),
    }
}

fn look(conditions: &[Condition], now: i64) -> Look<'_> {
    Look { conditions, deleting: None, tasks: None, now: Timestamp::from_second(now).unwrap() }
}

#[tokio::test(start_paused = true)]
async fn series_follow_the_object_grow_with_the_time_and_leave_with_it() {
    let metrics = Metrics::new(|_| ());
    let (objects, of) = (&metrics.objects, r#"kind="EcsService",namespace="team",name="web""#);
    let before = [condition("Ready", "False", 40), condition("Reconciling", "True", 90)];
    let tasks = Some(Tasks { desired: 3, running: 1, pending: 2 });
    let deleting = Some(Timestamp::from_second(50).unwrap());
    objects.set("EcsService", "team", "web", Look { deleting, tasks, ..look(&before, 100) });
    advance(5 * SECOND).await;
    has(
        &metrics,
        &[
            &format!(r#"ecs_operator_condition{{{of},type="Ready",status="False"}} 1"#),
            &format!(r#"ecs_operator_condition{{{of},type="Ready",status="True"}} 0"#),
            &format!(r#"ecs_operator_condition_age_seconds{{{of},type="Ready"}} 65.0"#),
            &format!(r"ecs_operator_deletion_age_seconds{{{of}}} 55.0"),
            r#"ecs_operator_tasks{namespace="team",name="web",state="running"} 1"#,
            r#"ecs_operator_objects{kind="EcsService",type="Ready",status="False"} 1"#,
        ],
    );
    objects.set("EcsService", "team", "web", look(&[condition("Ready", "Unknown", 110)], 110));
    let text = metrics.text().unwrap();
    assert!(text.contains(&format!(r#"ecs_operator_condition{{{of},type="Ready",status="Unknown"}} 1"#)), "{text}");
    for gone in ["Reconciling", "state=", "_deletion_age_seconds{"] {
        assert!(!text.contains(gone), "{gone}: {text}");
    }
    objects.set("EcsService", "team", "web", look(&[condition("Ready", "True", 111)], 111));
    assert!(!metrics.text().unwrap().contains("Unknown\""));
    objects.set("EcsService", "team", "other", look(&[condition("Ready", "True", 1)], 111));
    objects.forget("EcsService", "team", "web");
    let text = metrics.text().unwrap();
    assert!(!text.contains(r#"name="web""#) && text.contains(r#"name="other""#), "{text}");
}

#[tokio::test(start_paused = true)]
async fn without_series_for_each_object_their_numbers_remain() {
    let metrics = Metrics::with_aws(&AwsMetrics::default(), false);
    for name in ["a", "b"] {
        metrics.objects.set("EcsCluster", "team", name, look(&[condition("Ready", "True", 1)], 2));
    }
    let text = metrics.text().unwrap();
    assert!(text.contains(r#"ecs_operator_objects{kind="EcsCluster",type="Ready",status="True"} 2"#), "{text}");
    assert!(!text.contains(r#"namespace="team""#), "{text}");
}

#[tokio::test(start_paused = true)]
async fn requests_are_counted_by_method_and_answer() {
    use tower::{Layer, ServiceExt};
    let metrics = Metrics::new(|_| ());
    for (method, status) in [("GET", Some(200)), ("PATCH", Some(409)), ("PATCH", None)] {
        let server = tower::service_fn(async |request: http::Request<Option<u16>>| {
            tokio::time::sleep(SECOND).await;
            let status = request.into_body().ok_or("cut")?;
            Ok::<_, &str>(http::Response::builder().status(status).body(()).unwrap())
        });
        let request = http::Request::builder().method(method).uri("/").body(status).unwrap();
        let _ = metrics.requests.layer("10.0.0.1").layer(server).oneshot(request).await;
    }
    has(
        &metrics,
        &[
            r#"rest_client_requests_total{code="200",method="GET",host="10.0.0.1"} 1"#,
            r#"rest_client_requests_total{code="409",method="PATCH",host="10.0.0.1"} 1"#,
            r#"rest_client_requests_total{code="<error>",method="PATCH",host="10.0.0.1"} 1"#,
            r#"rest_client_request_duration_seconds_sum{verb="PATCH",host="10.0.0.1"} 2.0"#,
        ],
    );
}

#[test]
fn linux_tells_what_the_process_uses() {
    let text = Metrics::new(|_| ()).text().unwrap();
    let value = |name: &str| -> f64 {
        let line =
            text.lines().find(|line| line.starts_with(&format!("{name}{{}} "))).unwrap_or_else(|| panic!("{text}"));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    assert!(value("process_resident_memory_bytes") > 1e6 && value("process_open_fds") >= 3.0);
    assert!(value("process_start_time_seconds") > 1.6e9 && value("process_cpu_seconds_total") >= 0.0);
    assert!(value("process_max_fds") >= value("process_open_fds") && value("process_threads") >= 1.0);
}
