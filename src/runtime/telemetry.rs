//! Log lines, JSON or text, with a level that can be changed while running; spans around reconciles and AWS calls.

mod lines;
mod traces;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use kube::api::ObjectMeta;
use tracing::Span;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, reload};

use self::traces::Traces;
use super::config::{LogFormat, LogLevel};
use super::metrics::Reconciled;
use crate::controllers::hash::hash;

/// Logging could not be set up or changed.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// Something installed another subscriber first.
    #[error("logging is set up already: {0}")]
    Occupied(#[from] tracing_subscriber::util::TryInitError),
    /// The level could not be changed.
    #[error("the log level cannot be changed: {0}")]
    Reload(#[from] reload::Error),
    /// The certificates of this machine cannot be read.
    #[error("the machine's certificates cannot be read: {0}")]
    Certificates(#[from] std::io::Error),
    /// Spans cannot be sent.
    #[error("spans cannot be sent: {0}")]
    Traces(String),
}

/// Changes the level of a running process.
#[derive(Clone)]
pub struct LevelSwitch(reload::Handle<Targets, Registry>);

impl fmt::Debug for LevelSwitch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LevelSwitch")
    }
}

impl LevelSwitch {
    /// From now on this level.
    pub fn set(&self, level: LogLevel) -> Result<(), TelemetryError> {
        Ok(self.0.reload(targets(level))?)
    }
}

/// What was set up.
pub struct Telemetry {
    /// Changes the level.
    pub level: LevelSwitch,
    traces: Option<Traces>,
}

impl fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telemetry").field("traces", &self.traces.is_some()).finish_non_exhaustive()
    }
}

impl Telemetry {
    /// Sends what is left to send.
    pub async fn end(self) {
        let Some(traces) = self.traces else { return };
        if let Ok(Err(error)) = tokio::task::spawn_blocking(|| traces.end()).await {
            tracing::warn!(%error, "the last spans were lost");
        }
    }
}

/// Sets up logging to standard error for the whole process, and spans if a collector is named. Needs a runtime.
pub fn init(format: LogFormat, level: LogLevel, collector: Option<&str>) -> Result<Telemetry, TelemetryError> {
    let traces = collector.map(Traces::new).transpose()?;
    let spans = traces.as_ref().map(|traces| traces.layer().with_filter(spans()));
    let (filter, switch) = switchable(level);
    let layer = match format {
        LogFormat::Json => json(std::io::stderr).with_filter(filter).boxed(),
        LogFormat::Text => tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_filter(filter).boxed(),
    };
    tracing_subscriber::registry().with(layer).with(spans).try_init()?;
    Ok(Telemetry { level: switch, traces })
}

/// What becomes a span or a note on one: the operator's own.
fn spans() -> Targets {
    Targets::new().with_target("ecs_operator", LevelFilter::INFO)
}

fn json<S, W>(to: W) -> impl Layer<S> + Send + Sync
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
    W: for<'a> tracing_subscriber::fmt::MakeWriter<'a> + Send + Sync + 'static,
{
    tracing_subscriber::fmt::layer().fmt_fields(JsonFields::new()).event_format(lines::Flat).with_writer(to)
}

/// The span around one reconcile: its fields stand on every line that is written within, whoever writes it.
#[must_use]
pub fn reconcile_span(kind: &'static str, object: &ObjectMeta, now: Timestamp) -> Span {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let span = tracing::info_span!(
        "reconcile",
        kind,
        namespace = object.namespace,
        name = object.name,
        generation = object.generation,
        trace_id = tracing::field::Empty,
    );
    if !span.is_disabled() {
        let life = || format!("{}/{}/{number}", object.uid.as_deref().unwrap_or_default(), now.as_nanosecond());
        span.record("trace_id", traces::trace_of(&span).unwrap_or_else(|| hash(&life(), 16)));
    }
    span
}

/// One line on a reconcile that came to its end: `info` if it wrote or told something, or if something failed.
pub fn reconciled(result: Reconciled, changed: bool, again: Option<Duration>) {
    let (result, again) = (result.as_str(), again.map(|again| again.as_secs()));
    if changed || result == "error" {
        tracing::info!(result, again_after_seconds = again, "reconciled");
    } else {
        tracing::debug!(result, again_after_seconds = again, "reconciled");
    }
}

/// From now on a panic is logged by its place. Its text may hold anything that the code was looking at, and is not told.
pub fn quiet_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panicked; what it said is not logged");
    }));
}

pub(super) fn switchable(level: LogLevel) -> (reload::Layer<Targets, Registry>, LevelSwitch) {
    let (filter, inner) = reload::Layer::new(targets(level));
    (filter, LevelSwitch(inner))
}

/// What is let through: the level holds for the operator's own lines only.
///
/// The AWS SDK, at trace level, prints parsed answers and with them environment values; HTTP
/// and Kubernetes libraries may print bodies. None of them is ever let below `info`.
pub(crate) fn targets(level: LogLevel) -> Targets {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    Targets::new()
        .with_default(level.min(LevelFilter::INFO))
        // Its spans would stand around ours and say the same.
        .with_target("kube_runtime", level.min(LevelFilter::WARN))
        .with_target("ecs_operator", level)
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;
    use crate::runtime::alone::alone;

    #[test]
    fn other_libraries_never_log_below_info() {
        for library in ["aws_smithy_runtime::client::orchestrator", "aws_sdk_ecs", "hyper", "kube_client", "rustls"] {
            let filter = targets(LogLevel::Trace);
            assert!(!filter.would_enable(library, &Level::DEBUG), "{library}");
            assert!(filter.would_enable(library, &Level::INFO), "{library}");
            assert!(!targets(LogLevel::Error).would_enable(library, &Level::INFO), "{library}");
        }
        assert!(targets(LogLevel::Trace).would_enable("ecs_operator::aws", &Level::TRACE));
    }

    #[test]
    fn a_panic_is_logged_by_its_place_without_its_text() {
        alone("runtime::telemetry::tests::a_panic_is_logged_by_its_place_without_its_text", async {
            let told = std::env::temp_dir().join(format!("panic-{}", std::process::id()));
            let file = std::fs::File::create(&told).unwrap();
            let layer = json(std::sync::Mutex::new(file));
            let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
            quiet_panics();
            let outcome = std::panic::catch_unwind(|| panic!("{}", ["hunter", "2"].concat()));
            let _ = std::panic::take_hook();
            let text = std::fs::read_to_string(&told).unwrap();
            std::fs::remove_file(&told).unwrap();
            assert!(outcome.is_err());
            assert!(text.contains("telemetry.rs") && !text.contains("hunter2"), "{text}");
        });
    }

    #[test]
    fn the_level_changes_while_running() {
        alone("runtime::telemetry::tests::the_level_changes_while_running", async {
            let (filter, switch) = switchable(LogLevel::Info);
            let layer = tracing_subscriber::fmt::layer().with_writer(std::io::sink).with_filter(filter);
            let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
            assert!(!tracing::enabled!(target: "ecs_operator", Level::DEBUG));
            switch.set(LogLevel::Debug).unwrap();
            assert!(tracing::enabled!(target: "ecs_operator", Level::DEBUG));
            assert!(!tracing::enabled!(target: "aws_sdk_ecs", Level::DEBUG));
        });
    }

    /// Where lines go in a test.
    #[derive(Clone, Default)]
    struct Written(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

    impl std::io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn every_line_of_a_reconcile_bears_its_object_and_its_trace_and_two_reconciles_have_two() {
        alone(
            "runtime::telemetry::tests::every_line_of_a_reconcile_bears_its_object_and_its_trace_and_two_reconciles_have_two",
            async {
                let (written, (filter, _)) = (Written::default(), switchable(LogLevel::Info));
                let to = written.clone();
                let layer = json(move || to.clone()).with_filter(filter);
                let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
                let object = ObjectMeta {
                    namespace: Some("team".to_owned()),
                    name: Some("web".to_owned()),
                    generation: Some(3),
                    ..ObjectMeta::default()
                };
                for _ in 0..2 {
                    let _entered = reconcile_span("EcsService", &object, Timestamp::UNIX_EPOCH).entered();
                    tracing::info!(reason = "Created", "changed");
                    reconciled(Reconciled::Success, true, Some(Duration::from_mins(5)));
                    reconciled(Reconciled::Success, false, None);
                }
                tracing::warn!(count = 2, "outside");
                let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
                let lines: Vec<serde_json::Value> =
                    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
                assert_eq!(lines.len(), 5, "a quiet reconcile is silent: {text}");
                let traces: Vec<&str> = lines[..4].iter().map(|line| line["trace_id"].as_str().unwrap()).collect();
                assert!(traces[0] == traces[1] && traces[2] == traces[3] && traces[0] != traces[2], "{traces:?}");
                assert_eq!(traces[0].len(), 32);
                for line in &lines[..4] {
                    assert_eq!(
                        (&line["kind"], &line["namespace"], &line["name"]),
                        (&"EcsService".into(), &"team".into(), &"web".into())
                    );
                    assert_eq!(line["generation"], 3);
                }
                assert_eq!((&lines[1]["message"], &lines[1]["result"]), (&"reconciled".into(), &"success".into()));
                assert_eq!((&lines[4]["count"], lines[4].get("trace_id")), (&2.into(), None));
            },
        );
    }
}
