//! The operator's settings: flags, each with an environment variable.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use clap::{ArgAction, Parser, ValueEnum};

use crate::api::policy::{DeletionPolicy, DriftPolicy, ManagementMode};
use crate::api::{AwsAccount, EcsCluster, EcsService, EcsTaskDefinition, ServerGroup};
use crate::aws::{AwsSettings, Bucket, LimiterSettings, Quota};
use crate::controllers::Sight;
use crate::controllers::accounts::Ambient;
use crate::controllers::kind::Kind;

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

/// How much of the operator's own doings is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    /// Only what failed.
    Error,
    /// And what is odd.
    Warn,
    /// And every change.
    Info,
    /// And every call.
    Debug,
    /// Everything.
    Trace,
}

/// Objects of one kind reconciled at once, unless told.
pub const CONCURRENCY: u16 = 256;

/// A number for each of some kinds.
pub type PerKind = BTreeMap<String, u64>;

/// Everything that can be set from outside.
#[derive(Clone, Debug, PartialEq, Parser)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
#[command(name = "ecs-operator", version, about = "A Kubernetes operator for Amazon ECS")]
pub struct Config {
    /// AWS region of objects that name none; default: that of the AWS configuration
    #[arg(long, env = "AWS_REGION", value_parser = region)]
    pub region: Option<String>,
    /// URL all AWS calls go to; default: AWS's own endpoints
    #[arg(long, env = "AWS_ENDPOINT_URL", value_parser = url)]
    pub endpoint_url: Option<String>,
    /// Namespaces to watch, separated by commas; default: all
    #[arg(long, env = "ECS_OPERATOR_NAMESPACES", value_delimiter = ',', value_parser = namespace)]
    pub namespaces: Vec<String>,
    /// May `ConfigMap`s be read and watched, true or false; default: true
    #[arg(long, env = "ECS_OPERATOR_CONFIG_MAPS", default_value = "true", hide_default_value = true, action = ArgAction::Set)]
    pub config_maps: bool,
    /// Is one of several replicas chosen to act, true or false; default: false
    #[arg(long, env = "ECS_OPERATOR_LEADER_ELECT", default_value = "false", hide_default_value = true, action = ArgAction::Set)]
    pub leader_elect: bool,
    /// Name of the Lease that decides who acts; default: ecs-operator
    #[arg(long, env = "ECS_OPERATOR_LEASE_NAME", default_value = "ecs-operator", hide_default_value = true, value_parser = not_empty)]
    pub lease_name: String,
    /// Namespace of the Lease; default: that of the pod or of the kubeconfig's context
    #[arg(long, env = "POD_NAMESPACE", value_parser = not_empty)]
    pub pod_namespace: Option<String>,
    /// Name of this installation, written into owner tags; default: "default"
    #[arg(long, env = "ECS_OPERATOR_INSTALLATION_ID", default_value = "default", hide_default_value = true, value_parser = not_empty)]
    pub installation_id: String,
    /// Address and port of probes and metrics; default: 0.0.0.0:8080
    #[arg(long, env = "ECS_OPERATOR_ADMIN_ADDRESS", default_value = "0.0.0.0:8080", hide_default_value = true)]
    pub admin_address: SocketAddr,
    /// Form of log lines; default: json
    #[arg(long, env = "ECS_OPERATOR_LOG_FORMAT", default_value = "json", hide_default_value = true)]
    pub log_format: LogFormat,
    /// How much is logged; default: info
    #[arg(long, env = "ECS_OPERATOR_LOG_LEVEL", default_value = "info", hide_default_value = true)]
    pub log_level: LogLevel,
    /// URL of an OpenTelemetry collector that gets spans, OTLP over HTTP; default: none gets any
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_parser = url)]
    pub otlp_endpoint: Option<String>,
    /// Series of metrics for each object and not only numbers of objects, true or false; default: true
    #[arg(long, env = "ECS_OPERATOR_METRICS_PER_OBJECT", default_value = "true", hide_default_value = true, action = ArgAction::Set)]
    pub metrics_per_object: bool,
    /// Objects of one kind reconciled at once, 1 to 10000; default: 256
    #[arg(long, env = "ECS_OPERATOR_CONCURRENCY", default_value_t = CONCURRENCY, hide_default_value = true, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub concurrency: u16,
    /// Seconds between two visits of an object, 10 to 86400; default: 300
    #[arg(long, env = "ECS_OPERATOR_SWEEP_INTERVAL_SECONDS", default_value = "300", hide_default_value = true, value_parser = clap::value_parser!(u64).range(10..=86_400))]
    pub sweep_interval_seconds: u64,
    /// The same for single kinds, such as EcsService=64,ServerGroup=8; default: none has its own
    #[arg(long, env = "ECS_OPERATOR_CONCURRENCY_OF", default_value = "", hide_default_value = true, value_parser = concurrency_of)]
    pub concurrency_of: PerKind,
    /// Seconds between two visits for single kinds, such as EcsCluster=900; default: none has its own
    #[arg(long, env = "ECS_OPERATOR_SWEEP_INTERVAL_SECONDS_OF", default_value = "", hide_default_value = true, value_parser = sweep_of)]
    pub sweep_interval_seconds_of: PerKind,
    /// Seconds between two looks at something that is changing, 1 to 300; default: 10
    #[arg(long, env = "ECS_OPERATOR_FOLLOW_INTERVAL_SECONDS", default_value = "10", hide_default_value = true, value_parser = clap::value_parser!(u64).range(1..=300))]
    pub follow_interval_seconds: u64,
    /// Part of each AWS request quota used at most, 0.01 to 1; default: 0.5
    #[arg(long, env = "ECS_OPERATOR_LIMITER_SHARE", default_value = "0.5", hide_default_value = true, value_parser = share)]
    pub limiter_share: f64,
    /// Quotas that AWS has raised, as bucket=burst/refill separated by commas, such as `service_read=200/40`; default: none
    #[arg(long, env = "ECS_OPERATOR_LIMITER_QUOTAS", value_delimiter = ',', value_parser = quota)]
    pub limiter_quotas: Vec<(Bucket, Quota)>,
    /// Part of all services that may be deleted within ten minutes before the rest goes one a minute, 0.01 to 1; default: 0.2
    #[arg(long, env = "ECS_OPERATOR_DELETION_BRAKE", default_value = "0.2", hide_default_value = true, value_parser = share)]
    pub deletion_brake: f64,
    /// URLs of SQS queues with events of ECS that bring visits forward, comma separated; default: none
    #[arg(long, env = "ECS_OPERATOR_EVENT_QUEUES", value_delimiter = ',', value_parser = queue_url)]
    pub event_queues: Vec<String>,
    /// Name of this process in events and in the Lease; default: ecs-operator
    #[arg(long, env = "POD_NAME", value_parser = not_empty)]
    pub pod_name: Option<String>,
    /// What happens to AWS resources of deleted objects that do not say, Delete or Retain; default: Delete
    #[arg(long, env = "ECS_OPERATOR_DEFAULT_DELETION_POLICY", default_value = "Delete", hide_default_value = true, value_parser = deletion_policy)]
    pub default_deletion_policy: DeletionPolicy,
    /// What is done about changes made in AWS to objects that do not say, Correct or Warn; default: Correct
    #[arg(long, env = "ECS_OPERATOR_DEFAULT_DRIFT_POLICY", default_value = "Correct", hide_default_value = true, value_parser = drift_policy)]
    pub default_drift_policy: DriftPolicy,
    /// What the operator may do to AWS, Manage, Observe or Plan; default: Manage
    #[arg(long, env = "ECS_OPERATOR_MANAGEMENT_MODE", default_value = "Manage", hide_default_value = true, value_parser = management_mode)]
    pub management_mode: ManagementMode,
    /// Whether objects of the kind awsaccounts are read, true or false; default: true
    #[arg(long, env = "ECS_OPERATOR_ACCOUNTS", default_value = "true", hide_default_value = true, action = clap::ArgAction::Set)]
    pub accounts: bool,
    /// Namespaces that may use the operator's own identity, comma separated, * for all; default: *
    #[arg(long, env = "ECS_OPERATOR_AMBIENT_NAMESPACES", default_value = "*", hide_default_value = true)]
    pub ambient_namespaces: String,
    /// Task roles allowed with the operator's own identity: ARNs or beginnings ending in *, comma separated; default: *
    #[arg(long, env = "ECS_OPERATOR_AMBIENT_TASK_ROLES", default_value = "*", hide_default_value = true)]
    pub ambient_task_roles: String,
    /// Execution roles allowed with the operator's own identity: ARNs or beginnings ending in *, comma separated; default: *
    #[arg(long, env = "ECS_OPERATOR_AMBIENT_EXECUTION_ROLES", default_value = "*", hide_default_value = true)]
    pub ambient_execution_roles: String,
    /// Hosts that metrics of an analysis may be asked of, or *.example.com, comma separated, * for all; default: *
    #[arg(long, env = "ECS_OPERATOR_METRIC_HOSTS", default_value = "*", hide_default_value = true)]
    pub metric_hosts: String,
    /// Whether AWS endpoints may be http://, true or false; default: false
    #[arg(long, env = "ECS_OPERATOR_ALLOW_INSECURE_ENDPOINT", default_value = "false", hide_default_value = true, action = clap::ArgAction::Set)]
    pub allow_insecure_endpoint: bool,
}

impl Config {
    /// Where spans go.
    pub fn collector(&self) -> Option<&str> {
        self.otlp_endpoint.as_deref()
    }

    /// Time between two visits of an object.
    pub fn sweep_interval(&self) -> Duration {
        Duration::from_secs(self.sweep_interval_seconds)
    }

    /// Time between two looks at something that is changing.
    pub fn follow_interval(&self) -> Duration {
        Duration::from_secs(self.follow_interval_seconds)
    }

    /// This process, as reported in events: the pod's name, or `ecs-operator`.
    pub fn identity(&self) -> String {
        self.pod_name.clone().unwrap_or_else(|| "ecs-operator".to_owned())
    }

    /// What the operator's own identity may be used for.
    pub fn ambient(&self) -> Ambient {
        Ambient {
            namespaces: list(&self.ambient_namespaces),
            task_roles: list(&self.ambient_task_roles),
            execution_roles: list(&self.ambient_execution_roles),
            accounts: self.accounts,
        }
    }

    /// The first endpoint that is not encrypted though it has to be, among ours and those of the environment.
    pub fn insecure_endpoint(&self, environment: impl Iterator<Item = (String, String)>) -> Option<String> {
        if self.allow_insecure_endpoint {
            return None;
        }
        let given = self.endpoint_url.iter().map(|url| ("--endpoint-url".to_owned(), url.clone()));
        let plain = |(_, url): &(String, String)| url.trim_start().to_ascii_lowercase().starts_with("http://");
        let others = environment.filter(|(name, _)| name.starts_with("AWS_ENDPOINT_URL"));
        given.chain(others).find(plain).map(|(name, _)| name)
    }

    /// The namespaces to look at, each once; all if there is none.
    pub fn sight(&self) -> Sight {
        let named: BTreeSet<&String> = self.namespaces.iter().filter(|name| !name.is_empty()).collect();
        Sight { namespaces: named.into_iter().cloned().collect(), accounts: self.accounts }
    }

    /// The settings of the AWS gate; the fence is for the caller to add.
    pub fn aws_settings(&self) -> AwsSettings {
        let limiter =
            LimiterSettings { share: self.limiter_share, quotas: self.limiter_quotas.iter().copied().collect() };
        AwsSettings { limiter, metric_hosts: list(&self.metric_hosts), ..AwsSettings::default() }
    }
}

/// Parts between commas; none of an empty text.
fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

fn not_empty(text: &str) -> Result<String, String> {
    if text.trim().is_empty() { Err("must not be empty".to_owned()) } else { Ok(text.to_owned()) }
}

/// One of a list; blanks around it and empty members mean nothing.
fn namespace(text: &str) -> Result<String, String> {
    let name = text.trim();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.len() <= 63 && name.chars().all(plain) {
        Ok(name.to_owned())
    } else {
        Err(format!("`{name}` is no name of a namespace: up to 63 lower-case letters, digits and hyphens"))
    }
}

fn region(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !text.is_empty() && text.chars().all(plain) {
        Ok(text.to_owned())
    } else {
        Err("a region has lower-case letters, digits and hyphens, such as eu-central-1".to_owned())
    }
}

fn url(text: &str) -> Result<String, String> {
    if text.starts_with("http://") || text.starts_with("https://") {
        Ok(text.to_owned())
    } else {
        Err("must start with http:// or https://".to_owned())
    }
}

/// `https://sqs.REGION.amazonaws.com/ACCOUNT/NAME`.
fn queue_url(text: &str) -> Result<String, String> {
    let wrong =
        || format!("`{text}` is no URL of a queue, such as https://sqs.eu-west-1.amazonaws.com/123456789012/events");
    let url = url(text.trim()).map_err(|_| wrong())?;
    let path: Vec<&str> = url.splitn(4, '/').nth(3).unwrap_or_default().split('/').collect();
    if path.len() == 2 && path.iter().all(|part| !part.is_empty()) { Ok(url) } else { Err(wrong()) }
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.01..=1.0).contains(&share) => Ok(share),
        _ => Err("must be a number from 0.01 to 1".to_owned()),
    }
}

fn concurrency_of(text: &str) -> Result<PerKind, String> {
    per_kind(text, 1, 10_000)
}

fn sweep_of(text: &str) -> Result<PerKind, String> {
    per_kind(text, 10, 86_400)
}

/// `kind=number` between commas.
fn per_kind(text: &str, least: u64, most: u64) -> Result<PerKind, String> {
    let kinds = [AwsAccount::KIND, EcsCluster::KIND, EcsService::KIND, EcsTaskDefinition::KIND, ServerGroup::KIND];
    let mut found = PerKind::new();
    for part in list(text) {
        let (kind, number) = part.split_once('=').ok_or_else(|| format!("`{part}` is not <kind>=<number>"))?;
        if !kinds.contains(&kind) {
            return Err(format!("`{kind}` is none of {}", kinds.join(", ")));
        }
        let number = number.parse().ok().filter(|number| (least..=most).contains(number));
        let number = number.ok_or_else(|| format!("{kind} must have a number from {least} to {most}"))?;
        found.insert(kind.to_owned(), number);
    }
    Ok(found)
}

fn drift_policy(text: &str) -> Result<DriftPolicy, &'static str> {
    DriftPolicy::parse(text).ok_or("must be Correct or Warn")
}

/// `service_read=200/40`: a bucket's burst and its refill a second.
fn quota(text: &str) -> Result<(Bucket, Quota), String> {
    let parsed = text.trim().split_once('=').and_then(|(name, rest)| {
        let bucket = Bucket::ALL.iter().copied().find(|bucket| bucket.as_str() == name)?;
        let (burst, refill) = rest.split_once('/')?;
        let (burst, refill) = (burst.parse::<f64>().ok()?, refill.parse::<f64>().ok()?);
        let sound = |number: f64, least: f64| number >= least && number <= 1_000_000.0;
        (sound(burst, 1.0) && sound(refill, 0.01)).then_some((bucket, Quota { burst, refill }))
    });
    parsed.ok_or_else(|| {
        let names: Vec<&str> = Bucket::ALL.iter().map(|bucket| bucket.as_str()).collect();
        format!("`{text}` is no bucket=burst/refill; the buckets are {}", names.join(", "))
    })
}

fn deletion_policy(text: &str) -> Result<DeletionPolicy, &'static str> {
    DeletionPolicy::parse(text).ok_or("must be Delete or Retain")
}

fn management_mode(text: &str) -> Result<ManagementMode, &'static str> {
    ManagementMode::parse(text).ok_or("must be Manage, Observe or Plan")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(args: &[&str]) -> Result<Config, clap::Error> {
        Config::try_parse_from(std::iter::once("ecs-operator").chain(args.iter().copied()))
    }

    #[test]
    fn without_flags_the_documented_defaults_hold() {
        let config = parse(&["--region", "eu-west-1"]).unwrap();
        assert_eq!(config.sight(), Sight::default());
        assert_eq!(
            (config.config_maps, config.leader_elect, config.lease_name.as_str()),
            (true, false, "ecs-operator")
        );
        assert_eq!(config.installation_id, "default");
        assert_eq!(config.admin_address.to_string(), "0.0.0.0:8080");
        assert_eq!((config.log_format, config.log_level), (LogFormat::Json, LogLevel::Info));
        assert_eq!(config.concurrency, 256);
        assert_eq!(config.sweep_interval(), Duration::from_mins(5));
        assert!((config.aws_settings().limiter.share - 0.5).abs() < f64::EPSILON);
        assert_eq!(config.default_deletion_policy, DeletionPolicy::Delete);
        assert_eq!(config.management_mode, ManagementMode::Manage);
    }

    #[test]
    fn every_setting_can_be_given() {
        let config = parse(&[
            "--endpoint-url=http://127.0.0.1:9",
            "--namespaces=team, other,team,",
            "--config-maps=false",
            "--leader-elect=true",
            "--lease-name=blue",
            "--installation-id=blue",
            "--admin-address=127.0.0.1:0",
            "--log-format=text",
            "--log-level=debug",
            "--concurrency=8",
            "--sweep-interval-seconds=60",
            "--limiter-share=0.25",
            "--limiter-quotas=service_read=200/40,tag_modify=20/10.5",
            "--deletion-brake=1",
            "--default-deletion-policy=Retain",
            "--management-mode=Plan",
            "--default-drift-policy=Warn",
            "--concurrency-of=EcsService=64, ServerGroup=8",
            "--sweep-interval-seconds-of=EcsCluster=900",
            "--metrics-per-object=false",
            "--otlp-endpoint=http://collector:4318",
        ])
        .unwrap();
        assert_eq!((config.default_drift_policy, config.metrics_per_object), (DriftPolicy::Warn, false));
        assert_eq!((config.concurrency_of["EcsService"], config.concurrency_of["ServerGroup"]), (64, 8));
        assert_eq!(config.sweep_interval_seconds_of, PerKind::from([("EcsCluster".to_owned(), 900)]));
        assert_eq!(config.collector(), Some("http://collector:4318"));
        assert_eq!(config.endpoint_url.as_deref(), Some("http://127.0.0.1:9"));
        assert_eq!(config.sight().namespaces, ["other", "team"]);
        assert_eq!(parse(&["--namespaces="]).unwrap().sight(), Sight::default());
        assert_eq!((config.config_maps, config.leader_elect, config.lease_name.as_str()), (false, true, "blue"));
        assert_eq!((config.installation_id.as_str(), config.concurrency), ("blue", 8));
        assert_eq!((config.log_format, config.log_level), (LogFormat::Text, LogLevel::Debug));
        let raised = config.aws_settings().limiter.quotas;
        assert_eq!(raised[&Bucket::ServiceRead], Quota { burst: 200.0, refill: 40.0 });
        assert_eq!((raised[&Bucket::TagModify].refill, raised.len()), (10.5, 2));
        assert!((config.deletion_brake - 1.0).abs() < f64::EPSILON);
        assert_eq!(config.default_deletion_policy, DeletionPolicy::Retain);
        assert_eq!(config.management_mode, ManagementMode::Plan);
    }

    #[test]
    fn plain_endpoints_are_refused_unless_allowed() {
        let named = |args: &[&str], environment: &[(&str, &str)]| {
            let environment = environment.iter().map(|(name, url)| ((*name).to_owned(), (*url).to_owned()));
            parse(args).unwrap().insecure_endpoint(environment.collect::<Vec<_>>().into_iter())
        };
        assert_eq!(named(&["--endpoint-url=http://x"], &[]).as_deref(), Some("--endpoint-url"));
        assert_eq!(named(&["--endpoint-url=https://x"], &[("AWS_ENDPOINT_URL_STS", "https://s")]), None);
        let plain = [("AWS_ENDPOINT_URL_STS", "HTTP://s")];
        assert_eq!(named(&["--region=eu-west-1"], &plain).as_deref(), Some("AWS_ENDPOINT_URL_STS"));
        assert_eq!(named(&["--endpoint-url=http://x", "--allow-insecure-endpoint=true"], &plain), None);
    }

    #[test]
    fn the_own_identity_is_for_all_unless_lists_say_otherwise() {
        assert_eq!(parse(&["--region=eu-west-1"]).unwrap().ambient(), Ambient::default());
        let few = parse(&["--ambient-namespaces=a, b", "--ambient-task-roles=", "--accounts=false"]).unwrap().ambient();
        assert_eq!((few.namespaces, few.task_roles), (vec!["a".to_owned(), "b".to_owned()], Vec::new()));
        assert!(!few.accounts && few.execution_roles == ["*"]);
    }

    #[test]
    fn values_out_of_range_are_refused() {
        let bad = [
            "--region=EU West",
            "--endpoint-url=ftp://x",
            "--namespaces=Team",
            "--namespaces=a/b",
            "--config-maps=maybe",
            "--lease-name=",
            "--concurrency=0",
            "--sweep-interval-seconds=1",
            "--limiter-share=0",
            "--limiter-share=1.5",
            "--limiter-share=NaN",
            "--limiter-quotas=service_read=200",
            "--limiter-quotas=services=200/40",
            "--limiter-quotas=service_read=0/NaN",
            "--deletion-brake=0",
            "--event-queues=hints",
            "--event-queues=https://sqs.eu-west-1.amazonaws.com/hints",
            "--log-level=ecs_operator=trace",
            "--default-deletion-policy=Orphan",
            "--management-mode=manage!",
            "--default-drift-policy=Ignore",
            "--concurrency-of=EcsService",
            "--concurrency-of=EcsService=0",
            "--concurrency-of=ecsservice=3",
            "--sweep-interval-seconds-of=EcsService=5",
            "--otlp-endpoint=collector:4318",
            "--admin-address=8080",
        ];
        for flag in bad {
            assert!(parse(&[flag]).is_err(), "{flag}");
        }
    }

    #[test]
    fn every_flag_has_an_environment_variable_and_a_help_line_with_its_default() {
        let command = Config::command();
        command.clone().debug_assert();
        for arg in command.get_arguments().filter(|arg| !["help", "version"].contains(&arg.get_id().as_str())) {
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            assert!(arg.get_env().is_some(), "{}", arg.get_id());
            assert!(help.contains("default:") && !help.contains('\n'), "{}: {help}", arg.get_id());
            for default in arg.get_default_values() {
                assert!(help.contains(&*default.to_string_lossy()), "{}: {help}", arg.get_id());
            }
        }
    }
}
