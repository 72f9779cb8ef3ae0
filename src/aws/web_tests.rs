//! Documents over a scripted wire.

use super::*;
use crate::aws::AwsSettings;
use crate::aws::test_wire::{Reply, Wire};

const LIMIT: Duration = Duration::from_secs(10);

#[tokio::test(start_paused = true)]
async fn a_document_is_fetched_with_its_whole_url_and_without_credentials() {
    let wire = Wire::new(|_| Reply::Text(200, "{}".to_owned()));
    let body = wire.aws().fetch("https://metrics.example:8443/a/b?c=%20d&e=f", LIMIT).await.unwrap();
    assert_eq!(body, b"{}");
    let asked = &wire.asked()[0];
    assert_eq!((asked.operation.as_str(), asked.authorization.as_str()), ("GET", ""));
    assert_eq!(asked.host, "https://metrics.example:8443/a/b?c=%20d&e=f");
    wire.aws().fetch("http://metrics.example", LIMIT).await.unwrap();
    assert_eq!(wire.asked()[1].host, "http://metrics.example/");
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_bounded_in_size_and_time_and_redirects_are_not_followed() {
    let fetch = |reply: fn() -> Reply| async move {
        let wire = Wire::new(move |_| reply());
        let answer = wire.aws().fetch("http://h/", LIMIT).await;
        (answer, wire.asked().len())
    };
    assert_eq!(fetch(|| Reply::Text(200, " ".repeat(ANSWER_BYTES + 1))).await.0, Err(WebError::TooLarge));
    assert_eq!(fetch(|| Reply::Text(200, " ".repeat(ANSWER_BYTES))).await.0.map(|body| body.len()), Ok(ANSWER_BYTES));
    assert_eq!(fetch(|| Reply::Hang).await.0, Err(WebError::TimedOut(10)));
    assert_eq!(fetch(|| Reply::Raw(302, "")).await, (Err(WebError::Status(302)), 1));
    assert_eq!(fetch(|| Reply::Raw(503, "")).await, (Err(WebError::Status(503)), 1));
}

#[tokio::test(start_paused = true)]
async fn urls_that_could_give_away_credentials_are_not_asked() {
    let wire = Wire::new(|_| Reply::Text(200, String::new()));
    let urls = [
        "http://169.254.169.254/latest/meta-data",
        "http://169.254.170.2:80/v2/credentials",
        "http://[fd00:ec2::254]/",
        "http://[::ffff:169.254.169.254]/",
        "http://2852039166/",
        "http://0xa9fea9fe/",
        "http://169.254.43518/",
        "http://169.254.169.254./",
        "http://user:pass@host/",
        "file:///etc/passwd",
        "host/path",
        "",
    ];
    for url in urls {
        let answer = wire.aws().fetch(url, LIMIT).await;
        assert!(matches!(answer, Err(WebError::BadUrl(_))), "{url}: {answer:?}");
    }
    assert!(wire.asked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn only_hosts_on_the_list_are_asked() {
    let wire = Wire::new(|_| Reply::Text(200, "{}".to_owned()));
    let asks = |hosts: &[&str], url: &'static str| {
        let metric_hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
        let aws = Aws::new(wire.config(), AwsSettings { metric_hosts, ..AwsSettings::default() });
        async move { aws.fetch(url, LIMIT).await.map(drop) }
    };
    let hosts = ["prometheus.monitoring", "*.metrics.example"];
    for url in ["http://prometheus.monitoring:9090/x", "https://a.metrics.example/", "http://A.Metrics.Example./"] {
        assert_eq!(asks(&hosts, url).await, Ok(()), "{url}");
    }
    for url in [
        "http://kubernetes.default.svc/",
        "http://metrics.example/",
        "http://evilmetrics.example/",
        "http://prometheus.monitoring.evil.example/",
        "http://10.0.0.1/",
    ] {
        assert!(matches!(asks(&hosts, url).await, Err(WebError::Host(_))), "{url}");
        assert!(matches!(asks(&[], url).await, Err(WebError::Host(_))), "{url}");
    }
    assert_eq!(wire.asked().len(), 3);
}
