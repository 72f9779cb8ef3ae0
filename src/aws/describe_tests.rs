//! Gathered reads over a scripted wire.

use serde_json::{Value, json};
use tokio::time::{advance, timeout};

use super::*;
use crate::aws::test_wire::{Asked, Reply, Wire};

fn here() -> Scope {
    Scope::new("eu-west-1")
}

fn arn(name: &str) -> String {
    format!("arn:aws:ecs:eu-west-1:1:service/c/{name}")
}

fn service(name: &str) -> Value {
    let short = name.rsplit('/').next().unwrap();
    json!({ "serviceName": short, "serviceArn": arn(short) })
}

/// Answers in the reverse of the order asked.
fn all_exist(asked: &Asked) -> Reply {
    let services: Vec<Value> = asked.list("services").iter().rev().map(|name| service(name)).collect();
    Reply::ok(json!({ "services": services, "failures": [] }))
}

async fn read(aws: &Aws, name: &str) -> Found<Service> {
    aws.describe_service(&here(), "c", name, Priority::Sweep).await
}

async fn read_all(aws: &Aws, names: &[String]) -> Vec<Found<Service>> {
    join_all(names.iter().map(|name| Box::pin(read(aws, name)))).await
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("s{n:02}")).collect()
}

#[tokio::test(start_paused = true)]
async fn twenty_five_reads_are_three_requests_and_each_gets_its_own_service() {
    let wire = Wire::new(all_exist);
    let asked = names(25);
    let answers = read_all(&wire.aws(), &asked).await;
    for (name, answer) in asked.iter().zip(answers) {
        assert_eq!(answer.unwrap().unwrap().service_name(), Some(name.as_str()));
    }
    let sizes: Vec<usize> = wire.asked().iter().map(|asked| asked.list("services").len()).collect();
    assert_eq!(sizes, [10, 10, 5]);
    assert!(wire.asked().iter().all(|asked| asked.body["include"] == json!(["TAGS"]) && asked.body["cluster"] == "c"));
}

#[tokio::test(start_paused = true)]
async fn a_full_batch_leaves_at_once_and_a_lone_read_after_the_window() {
    let wire = Wire::new(all_exist);
    let aws = wire.aws();
    let started = tokio::time::Instant::now();
    read_all(&aws, &names(10)).await;
    assert_eq!(wire.asked()[0].at, started);
    let alone = tokio::time::Instant::now();
    read(&aws, "s00").await.unwrap();
    assert_eq!(wire.asked()[1].at - alone, Duration::from_millis(20));
}

#[tokio::test(start_paused = true)]
async fn equal_names_share_a_slot_and_clusters_do_not_share_a_request() {
    let wire = Wire::new(all_exist);
    let aws = wire.aws();
    let other = async { aws.describe_service(&here(), "d", "a", Priority::Edit).await };
    let (one, two, other) = tokio::join!(read(&aws, "a"), read(&aws, "a"), other);
    assert!(one.unwrap().is_some() && two.unwrap().is_some() && other.unwrap().is_some());
    assert_eq!(wire.asked().len(), 2);
    assert!(wire.asked().iter().all(|asked| asked.list("services") == ["a"]));
}

#[tokio::test(start_paused = true)]
async fn missing_is_an_answer_refused_and_unmentioned_are_errors_of_one_member_only() {
    let wire = Wire::new(|_| {
        Reply::ok(json!({
            "services": [service("here")],
            "failures": [
                { "arn": arn("gone"), "reason": "MISSING" },
                { "arn": arn("denied"), "reason": "ACCESS_DENIED", "detail": "no" },
            ],
        }))
    });
    let asked = ["unmentioned", "denied", "gone", "here"].map(str::to_owned);
    let answers = read_all(&wire.aws(), &asked).await;
    assert_eq!(answers[0].clone().unwrap_err().class, Class::UnknownOutcome);
    assert_eq!(answers[1].clone().unwrap_err().class, Class::Permission);
    assert!(answers[2].clone().unwrap().is_none());
    assert_eq!(answers[3].clone().unwrap().unwrap().service_name(), Some("here"));
    assert_eq!(wire.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_service_can_be_asked_by_new_arn_old_arn_or_name() {
    let wire = Wire::new(|_| Reply::ok(json!({ "services": [service("a"), service("b")] })));
    let asked = [arn("a"), "arn:aws:ecs:eu-west-1:1:service/a".to_owned(), "a".to_owned(), "b".to_owned()];
    let answers = read_all(&wire.aws(), &asked).await;
    let found: Vec<String> =
        answers.into_iter().map(|answer| answer.unwrap().unwrap().service_name.unwrap_or_default()).collect();
    assert_eq!(found, ["a", "a", "a", "b"]);
}

#[test]
fn two_full_arns_match_only_when_equal() {
    assert!(!same(&arn("a"), "arn:aws:ecs:eu-west-1:1:service/other/a"));
    assert!(!same(&arn("a"), &arn("b")));
    assert!(same("arn:aws:ecs:eu-west-1:1:service/a", &arn("a")));
}

#[tokio::test(start_paused = true)]
async fn one_badly_formed_member_does_not_fail_its_neighbours() {
    let wire = Wire::new(|asked| {
        if asked.list("services").iter().any(|name| name == "b d") {
            return Reply::error("InvalidParameterException", "Identifier contains invalid characters.");
        }
        all_exist(asked)
    });
    let asked = ["a", "b d", "c"].map(str::to_owned);
    let answers = read_all(&wire.aws(), &asked).await;
    assert!(answers[0].clone().unwrap().is_some() && answers[2].clone().unwrap().is_some());
    assert_eq!(answers[1].clone().unwrap_err().class, Class::Permanent);
    assert_eq!(wire.asked().len(), 4, "once together, then each alone");
}

#[tokio::test(start_paused = true)]
async fn a_missing_cluster_or_a_throttled_batch_fails_all_members_without_single_tries() {
    for code in ["ClusterNotFoundException", "ThrottlingException", "ServerException"] {
        let wire = Wire::new(move |_| Reply::error(code, "x"));
        let answers = read_all(&wire.aws(), &names(3)).await;
        assert!(answers.iter().all(|answer| answer.as_ref().is_err_and(|error| error.code == code)));
        assert_eq!(wire.asked().len(), 1, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_not_found_error_counts_as_missing_for_that_member() {
    let wire = Wire::new(|asked| {
        if asked.list("services").contains(&"gone".to_owned()) {
            return Reply::error("ServiceNotFoundException", "Service not found.");
        }
        all_exist(asked)
    });
    let answers = read_all(&wire.aws(), &["gone".to_owned(), "here".to_owned()]).await;
    assert!(answers[0].clone().unwrap().is_none());
    assert!(answers[1].clone().unwrap().is_some());
}

#[tokio::test(start_paused = true)]
async fn the_request_goes_on_when_the_first_caller_gives_up() {
    let wire = Wire::new(all_exist);
    let aws = wire.aws();
    let first = timeout(Duration::from_millis(5), read(&aws, "a"));
    let second = read(&aws, "b");
    let (first, second) = tokio::join!(first, second);
    assert!(first.is_err());
    assert_eq!(second.unwrap().unwrap().service_name(), Some("b"));
    assert_eq!(wire.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_request_nobody_waits_for_is_never_sent_and_leaves_no_batch_behind() {
    let wire = Wire::new(all_exist);
    let aws = wire.aws();
    assert!(timeout(Duration::from_millis(5), read(&aws, "a")).await.is_err());
    advance(Duration::from_secs(1)).await;
    assert!(wire.asked().is_empty());
    read(&aws, "b").await.unwrap();
    assert_eq!(wire.asked()[0].list("services"), ["b"], "the abandoned name is not asked for");
}

#[tokio::test(start_paused = true)]
async fn a_read_joins_until_the_request_leaves_and_after_that_starts_a_new_one() {
    let wire =
        Wire::new(
            |asked| if asked.list("services").contains(&"slow".to_owned()) { Reply::Hang } else { all_exist(asked) },
        );
    let aws = wire.aws();
    // Empty the bucket, so that the first request waits for a token after its window.
    while aws.limiter().acquire(&here(), Op::DescribeServices, Priority::Sweep).await.is_zero() {}
    let later = |millis: u64, name: &'static str| {
        let aws = &aws;
        async move {
            tokio::time::sleep(Duration::from_millis(millis)).await;
            read(aws, name).await
        }
    };
    // A token comes every 50 ms, the window is 20: the batch of the slow one leaves then, and is on its way for long.
    let (slow, joins, late) = tokio::join!(read(&aws, "slow"), later(30, "joins"), later(2_000, "joins"));
    assert!(slow.is_err() && joins.is_err() && late.unwrap().is_some());
    let asked: Vec<Vec<String>> = wire.asked().iter().map(|asked| asked.list("services")).collect();
    assert_eq!(asked, [vec!["joins", "slow"], vec!["joins"]]);
}

#[tokio::test(start_paused = true)]
async fn an_edit_takes_over_the_slot_that_a_sweep_waits_in() {
    let wire = Wire::new(all_exist);
    let aws = wire.aws();
    let scope = here();
    while aws.limiter().acquire(&scope, Op::DescribeServices, Priority::Sweep).await.is_zero() {}
    let began = tokio::time::Instant::now();
    // Thirty other clusters come before.
    let clusters: Vec<String> = (0..30).map(|n| format!("c{n:02}")).collect();
    let crowd = join_all(clusters.iter().map(|cluster| aws.describe_service(&scope, cluster, "s", Priority::Sweep)));
    let sweep = async {
        tokio::time::sleep(Duration::from_millis(5)).await;
        read(&aws, "a").await.unwrap();
        began.elapsed()
    };
    let edit = async {
        tokio::time::sleep(Duration::from_millis(250)).await;
        aws.describe_service(&scope, "c", "a", Priority::Edit).await.unwrap();
        began.elapsed()
    };
    let (_, sweep, edit) = tokio::join!(crowd, sweep, edit);
    assert!(sweep == edit && edit < Duration::from_millis(500), "{sweep:?}, {edit:?}");
    assert_eq!(wire.asked().len(), 31, "no slot of its own");
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_sent_with_the_most_urgent_priority_of_its_members() {
    let wire = Wire::new(all_exist);
    let aws = wire.aws();
    let scope = here();
    let edit = aws.describe_service(&scope, "c", "b", Priority::Edit);
    let (one, two) = tokio::join!(read(&aws, "a"), edit);
    assert!(one.unwrap().is_some() && two.unwrap().is_some());
    let mut registry = prometheus_client::registry::Registry::default();
    aws.metrics().register(&mut registry);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    assert!(text.contains(r#"priority="edit""#) && !text.contains(r#"priority="sweep""#), "{text}");
}

#[tokio::test(start_paused = true)]
async fn clusters_tasks_deployments_and_revisions_are_matched_too() {
    let wire = Wire::new(|asked| {
        let named = |kind: &str, member: &str, list: &str, out: &str| {
            let things: Vec<Value> = asked
                .list(list)
                .iter()
                .rev()
                .map(|name| {
                    let full =
                        if name.starts_with("arn:") { name.clone() } else { format!("arn:aws:ecs:r:1:{kind}/{name}") };
                    json!({ member: full })
                })
                .collect();
            Reply::ok(json!({ out: things }))
        };
        match asked.operation.as_str() {
            "DescribeClusters" => named("cluster", "clusterArn", "clusters", "clusters"),
            "DescribeTasks" => named("task/c", "taskArn", "tasks", "tasks"),
            "DescribeServiceDeployments" => {
                named("", "serviceDeploymentArn", "serviceDeploymentArns", "serviceDeployments")
            }
            _ => named("", "serviceRevisionArn", "serviceRevisionArns", "serviceRevisions"),
        }
    });
    let aws = wire.aws();
    let cluster = aws.describe_cluster(&here(), "main", Priority::Edit).await.unwrap().unwrap();
    assert_eq!(cluster.cluster_arn(), Some("arn:aws:ecs:r:1:cluster/main"));
    let include = wire.asked()[0].list("include");
    assert_eq!(include, ["ATTACHMENTS", "CONFIGURATIONS", "SETTINGS", "STATISTICS", "TAGS"]);

    let tasks = aws.describe_tasks(&here(), "c", &names(130), Priority::Sweep).await;
    assert!(tasks.len() == 130 && tasks.values().all(|task| task.as_ref().is_ok_and(Option::is_some)));
    assert_eq!(wire.operations().iter().filter(|op| *op == "DescribeTasks").count(), 2);

    let arn = "arn:aws:ecs:r:1:service-deployment/c/s/x";
    let deployment = aws.describe_service_deployment(&here(), arn, Priority::Edit).await.unwrap().unwrap();
    assert_eq!(deployment.service_deployment_arn(), Some(arn));
    let arn = "arn:aws:ecs:r:1:service-revision/c/s/1";
    let revision = aws.describe_service_revision(&here(), arn, Priority::Edit).await.unwrap().unwrap();
    assert_eq!(revision.service_revision_arn(), Some(arn));
}
