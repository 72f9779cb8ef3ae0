//! Log lines: JSON or text, with a level that can be changed while running.

use std::fmt;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt as lines, reload};

use super::config::{LogFormat, LogLevel};

/// Logging could not be set up or changed.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// Something installed another subscriber first.
    #[error("logging is set up already: {0}")]
    Occupied(#[from] tracing_subscriber::util::TryInitError),
    /// The level could not be changed.
    #[error("the log level cannot be changed: {0}")]
    Reload(#[from] reload::Error),
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

/// Sets up logging to standard error for the whole process.
pub fn init(format: LogFormat, level: LogLevel) -> Result<LevelSwitch, TelemetryError> {
    let (filter, switch) = switchable(level);
    let layer = match format {
        LogFormat::Json => {
            lines::layer().json().flatten_event(true).with_writer(std::io::stderr).with_filter(filter).boxed()
        }
        LogFormat::Text => lines::layer().with_writer(std::io::stderr).with_filter(filter).boxed(),
    };
    tracing_subscriber::registry().with(layer).try_init()?;
    Ok(switch)
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
    Targets::new().with_default(level.min(LevelFilter::INFO)).with_target("ecs_operator", level)
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
            let layer = lines::layer().with_writer(std::sync::Mutex::new(file));
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
            let layer = lines::layer().with_writer(std::io::sink).with_filter(filter);
            let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
            assert!(!tracing::enabled!(target: "ecs_operator", Level::DEBUG));
            switch.set(LogLevel::Debug).unwrap();
            assert!(tracing::enabled!(target: "ecs_operator", Level::DEBUG));
            assert!(!tracing::enabled!(target: "aws_sdk_ecs", Level::DEBUG));
        });
    }
}
