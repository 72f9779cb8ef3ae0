//! The operator: settings → logging → TLS provider → process.

use clap::Parser;
use ecs_operator::runtime::config::Config;
use ecs_operator::runtime::{process, shutdown, telemetry, tls};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let config = Config::parse();
    let level = telemetry::init(config.log_format, config.log_level)?;
    telemetry::quiet_panics();
    tls::install()?;
    let stop = shutdown::on_signal()?;
    Ok(process::run(config, level, stop).await?)
}
