//! The simulator as a server on the loopback address.

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Parser;
use ecs_sim::Sim;
use ecs_sim::http::Server;

/// Simulated AWS: ECS and its neighbours. Controls live under `/_sim/`.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Port on the loopback address; 0 = any free one.
    #[arg(long, env = "ECS_SIM_PORT", default_value_t = 0)]
    port: u16,
    /// Where all random numbers start.
    #[arg(long, env = "ECS_SIM_SEED", default_value_t = 1)]
    seed: u64,
    /// Virtual seconds per wall second; 0 = time moves only by control.
    #[arg(long, env = "ECS_SIM_SPEED", default_value_t = 1.0)]
    speed: f64,
    /// Virtual time at the start, milliseconds since the epoch; absent = the wall clock.
    #[arg(long)]
    now: Option<i64>,
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    let sim = Sim::new(arguments.seed, arguments.now.unwrap_or_else(wall_clock));
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.port));
    let server = Server::start(sim, address, arguments.speed).await?;
    writeln!(io::stdout(), "http://{}", server.address)?;
    tokio::select! {
        biased;
        stopped = tokio::signal::ctrl_c() => stopped,
        () = server.wait() => Ok(()),
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where the simulator meets the wall clock")]
fn wall_clock() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(0)
}
