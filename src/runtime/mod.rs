//! What the process needs beside the controllers: settings, logs, metrics, probes, an orderly end.

pub mod admin;
#[cfg(test)]
pub(crate) mod alone;
pub mod config;
pub mod leader;
pub mod metrics;
pub mod operator;
pub mod process;
pub mod shutdown;
pub mod telemetry;
pub mod tls;
