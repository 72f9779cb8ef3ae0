//! The gate and the clients over a scripted wire.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_sdk_ecs::types::{ContainerDefinition, KeyValuePair};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use serde_json::json;
use tracing_subscriber::layer::SubscriberExt;

use super::*;
use crate::aws::test_wire::{Asked, Reply, Wire};
use crate::runtime::alone::alone;
use crate::runtime::config::LogLevel;
use crate::runtime::telemetry::targets;

fn here() -> Scope {
    Scope::new("eu-west-1")
}

async fn update(aws: &Aws) -> Result<(), AwsError> {
    let call = || aws.ecs(&here()).update_service().cluster("c").service("s").send();
    aws.call(&here(), Op::UpdateService, Priority::Edit, call).await.map(|_| ())
}

/// Of a thousand new services nearly all wait for a token to be made.
#[tokio::test(start_paused = true)]
async fn a_call_that_waits_for_its_turn_is_small() {
    let aws = Wire::new(|_| Reply::ok(json!({}))).aws();
    let (here, client) = (here(), aws.ecs(&here()));
    let (request, sent) = (client.create_service(), client.create_service().send());
    let waiting = aws.call(&here, Op::CreateService, Priority::Edit, || request.send());
    let (waiting, sent) = (size_of_val(&*waiting), size_of_val(&sent));
    assert!(waiting < sent / 3, "{waiting} bytes, where {sent} are needed to send it");
}

fn exposition(aws: &Aws) -> String {
    let mut registry = Registry::default();
    aws.metrics().register(&mut registry);
    let mut text = String::new();
    encode(&mut text, &registry).unwrap();
    text
}

#[tokio::test(start_paused = true)]
async fn a_failed_call_is_sent_once_and_keeps_its_code_message_and_request_id() {
    let wire = Wire::new(|_| Reply::Json(500, json!({ "__type": "ServerException", "message": "oh" })));
    let error = update(&wire.aws()).await.unwrap_err();
    assert_eq!(wire.operations(), ["UpdateService"], "the SDK must not repeat by itself");
    assert_eq!(error.to_string(), "UpdateService: ServerException: oh");
    assert_eq!(error.class, Class::UnknownOutcome);
    assert_eq!(error.request_id.as_deref(), Some("request-1"));
}

#[tokio::test(start_paused = true)]
async fn a_modelled_error_and_an_unmodelled_one_are_both_read_by_code() {
    let codes = [("ServiceNotActiveException", Class::NotActive), ("ThrottlingException", Class::Throttled)];
    for (code, class) in codes {
        let wire = Wire::new(move |_| Reply::error(code, "text"));
        let error = update(&wire.aws()).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.message.as_str(), error.class), (code, "text", class));
    }
}

#[tokio::test(start_paused = true)]
async fn a_throttled_call_cuts_the_bucket_and_is_counted() {
    let wire = Wire::new(|_| Reply::error("ThrottlingException", "Rate exceeded"));
    let aws = wire.aws();
    let before = aws.limiter().rate(&here(), Op::UpdateService.bucket());
    update(&aws).await.unwrap_err();
    assert!(aws.limiter().rate(&here(), Op::UpdateService.bucket()) < before);
    let text = exposition(&aws);
    let labels = r#"{account="default",region="eu-west-1",service="ecs",operation="UpdateService""#;
    assert!(text.contains(&format!("ecs_operator_aws_throttled_total{labels}}} 1")), "{text}");
    assert!(
        text.contains(&format!(r#"ecs_operator_aws_requests_total{labels},code="ThrottlingException"}} 1"#)),
        "{text}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_unheard_error_is_counted_and_its_code_never_becomes_a_label() {
    let wire = Wire::new(|_| Reply::error("BrandNewException", "x"));
    let aws = wire.aws();
    assert_eq!(update(&aws).await.unwrap_err().class, Class::UnknownOutcome);
    let text = exposition(&aws);
    assert!(text.contains("ecs_operator_aws_unclassified_errors_total{"), "{text}");
    assert!(text.contains(r#"code="Other""#) && !text.contains("BrandNew"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_hung_call_ends_after_the_attempt_time_out_as_an_unknown_outcome() {
    let wire = Wire::new(|_| Reply::Hang);
    let started = Instant::now();
    let error = update(&wire.aws()).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.class), (code::TIMEOUT, Class::UnknownOutcome));
    assert_eq!(started.elapsed().as_secs(), 15);
    assert_eq!(wire.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn answers_that_are_no_json_or_cut_off_are_unknown_outcomes() {
    for (status, body) in [(200, "{\"service\": {\"serv"), (200, "<html>"), (403, "<html>no</html>"), (503, "")] {
        let wire = Wire::new(move |_| Reply::Raw(status, body));
        let error = update(&wire.aws()).await.unwrap_err();
        assert_eq!(error.class, Class::UnknownOutcome, "{status} {body}: {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_closed_fence_stops_writes_before_the_wire_and_lets_reads_through() {
    let open = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&open);
    let fence: Fence = Arc::new(move || seen.load(Ordering::SeqCst));
    let wire = Wire::new(|_| Reply::ok(json!({})));
    let aws = Aws::new(wire.config(), AwsSettings { fence: Some(fence), ..AwsSettings::default() });
    let error = update(&aws).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.class), (code::FENCED, Class::Busy));
    aws.list_services(&here(), "c", Priority::Sweep).await.unwrap();
    assert_eq!(wire.operations(), ["ListServices"]);
    open.store(true, Ordering::SeqCst);
    update(&aws).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_fence_that_closes_while_credentials_are_fetched_stops_the_write_that_was_admitted() {
    #[derive(Debug)]
    struct Slow;
    impl aws_credential_types::provider::ProvideCredentials for Slow {
        fn provide_credentials<'a>(&'a self) -> aws_credential_types::provider::future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            aws_credential_types::provider::future::ProvideCredentials::new(async {
                tokio::time::sleep(Duration::from_secs(3)).await;
                Ok(aws_credential_types::Credentials::for_tests())
            })
        }
    }
    let ends = Instant::now() + Duration::from_secs(2);
    let fence: Fence = Arc::new(move || Instant::now() < ends);
    let wire = Wire::new(|_| Reply::ok(json!({})));
    let slow = aws_credential_types::provider::SharedCredentialsProvider::new(Slow);
    let config = wire.config().to_builder().credentials_provider(slow).build();
    let aws = Aws::new(config, AwsSettings { fence: Some(fence), ..AwsSettings::default() });
    let error = update(&aws).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.class), (code::FENCED, Class::Busy), "{error}");
    aws.list_services(&here(), "c", Priority::Sweep).await.unwrap();
    assert_eq!(wire.operations(), ["ListServices"]);
}

#[tokio::test(start_paused = true)]
async fn each_scope_signs_for_its_own_region_and_account() {
    let wire = Wire::new(|_| Reply::ok(json!({})));
    let aws = wire.aws();
    let other = AccountKey::named("other");
    let unset = Scope::of(other.clone(), "us-east-1");
    let error = aws.list_services(&unset, "c", Priority::Edit).await.unwrap_err();
    assert_eq!(error.class, Class::Credentials, "{error}");
    assert!(wire.asked().is_empty(), "an account that was never set must not borrow credentials");

    let credentials = aws_credential_types::Credentials::new("AKIDOTHER", "s", None, None, "test");
    let provider = aws_credential_types::provider::SharedCredentialsProvider::new(credentials);
    aws.set_account(&other, wire.config().to_builder().credentials_provider(provider).build());
    aws.list_services(&unset, "c", Priority::Edit).await.unwrap();
    aws.list_services(&here(), "c", Priority::Edit).await.unwrap();
    let asked = wire.asked();
    assert!(asked[0].authorization.contains("AKIDOTHER") && asked[0].authorization.contains("/us-east-1/ecs/"));
    assert!(asked[1].authorization.contains("AKIDTEST") && asked[1].authorization.contains("/eu-west-1/ecs/"));
    assert!(asked[0].host.contains("us-east-1") && asked[1].host.contains("eu-west-1"));

    aws.remove_account(&unset.account);
    let error = aws.list_services(&unset, "c", Priority::Edit).await.unwrap_err();
    assert_eq!(error.class, Class::Credentials);
    assert_eq!(wire.asked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_of_the_configuration_is_used_by_both_services() {
    let wire = Wire::new(|_| Reply::ok(json!({})));
    let config = wire.config().to_builder().endpoint_url("http://127.0.0.1:4566").build();
    let aws = Aws::new(config, AwsSettings::default());
    aws.list_services(&here(), "c", Priority::Edit).await.unwrap();
    let call = aws.autoscaling(&here()).describe_scalable_targets();
    let call = || call.service_namespace(aws_sdk_applicationautoscaling::types::ServiceNamespace::Ecs).send();
    aws.call(&here(), Op::DescribeScalableTargets, Priority::Edit, call).await.unwrap();
    assert!(wire.asked().iter().all(|asked| asked.host.starts_with("http://127.0.0.1:4566")));
    assert_eq!(wire.operations(), ["ListServices", "DescribeScalableTargets"]);
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        lock(&self.0).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Registers a definition that carries a canary, and returns what was logged.
async fn logged_while_registering<F>(filter: F) -> String
where
    F: tracing_subscriber::layer::Filter<tracing_subscriber::Registry> + Send + Sync + 'static,
{
    logged_with(filter, |asked| {
        Reply::ok(json!({ "taskDefinition": {
            "family": "f", "containerDefinitions": asked.body["containerDefinitions"],
        } }))
    })
    .await
}

/// As [`logged_while_registering`], with another answer.
async fn logged_with<F>(filter: F, answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> String
where
    F: tracing_subscriber::layer::Filter<tracing_subscriber::Registry> + Send + Sync + 'static,
{
    use tracing_subscriber::Layer;
    let log = Log::default();
    let writer = log.clone();
    let layer = tracing_subscriber::fmt::layer().with_writer(move || writer.clone()).with_filter(filter);
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
    let wire = Wire::new(answer);
    let aws = wire.aws();
    let canary = KeyValuePair::builder().name("PASSWORD").value("canary-7f3a").build();
    let container = ContainerDefinition::builder().name("app").environment(canary).build();
    let call = || aws.ecs(&here()).register_task_definition().family("f").container_definitions(container).send();
    let _ = aws.call(&here(), Op::RegisterTaskDefinition, Priority::Edit, call).await;
    assert!(wire.asked()[0].body.to_string().contains("canary-7f3a"));
    let bytes = lock(&log.0).clone();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn bodies_never_reach_the_log_even_at_trace_level() {
    alone("aws::clients::tests::bodies_never_reach_the_log_even_at_trace_level", async {
        let text = logged_while_registering(targets(LogLevel::Trace)).await;
        assert!(text.contains("AWS answered") && text.contains("RegisterTaskDefinition"), "{text}");
        assert!(!text.contains("canary-7f3a"), "{text}");
    });
}

#[test]
fn a_refusal_that_quotes_the_request_is_not_logged() {
    alone("aws::clients::tests::a_refusal_that_quotes_the_request_is_not_logged", async {
        let refusal = |_: &Asked| Reply::error("BrandNewException", "Invalid value: canary-7f3a");
        let text = logged_with(targets(LogLevel::Trace), refusal).await;
        assert!(text.contains("BrandNewException") && !text.contains("canary-7f3a"), "{text}");
    });
}

/// What the tests before guard against; without this it could pass for another reason.
#[test]
fn the_sdk_left_to_itself_logs_environment_values_at_trace_level() {
    alone("aws::clients::tests::the_sdk_left_to_itself_logs_environment_values_at_trace_level", async {
        let text = logged_while_registering(tracing::level_filters::LevelFilter::TRACE).await;
        assert!(text.contains("canary-7f3a"));
    });
}

/// Why those two run alone: the first thread to reach a line decides for all, by its own subscriber.
#[test]
fn a_line_first_reached_without_a_subscriber_is_off_for_the_one_that_listens() {
    fn line() {
        tracing::info!("seen");
    }
    alone("aws::clients::tests::a_line_first_reached_without_a_subscriber_is_off_for_the_one_that_listens", async {
        let log = Log::default();
        let writer = log.clone();
        let layer = tracing_subscriber::fmt::layer().with_writer(move || writer.clone());
        let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
        std::thread::spawn(line).join().unwrap();
        line();
        assert!(lock(&log.0).is_empty());
    });
}
