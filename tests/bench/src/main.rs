//! The operator and a naive poller side by side: calls by bucket, throttled share, times, memory.

use std::io::Write as _;

use clap::Parser;

use ecs_bench::error::BenchError;
use ecs_bench::stage::Shape;
use ecs_bench::subject::Subject;
use ecs_bench::virtually;

#[derive(Debug, Parser)]
#[command(version, about)]
struct Options {
    /// How many services.
    #[arg(long, value_delimiter = ',', default_value = "1000,10000")]
    services: Vec<usize>,
    /// Clusters they are spread over.
    #[arg(long, default_value_t = 20)]
    clusters: usize,
    /// Where all random numbers start.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> Result<(), BenchError> {
    let options = Options::parse();
    for services in &options.services {
        let shape = Shape { services: *services, clusters: options.clusters };
        for subject in [Subject::Operator(0.5), Subject::Operator(1.0), Subject::Naive] {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .start_paused(true)
                .build()
                .map_err(BenchError::io("a runtime"))?;
            let outcome = runtime.block_on(virtually::run(subject, shape, options.seed))?;
            for measure in outcome.measures {
                let line = serde_json::to_string(&measure)?;
                writeln!(std::io::stdout(), "{line}").map_err(BenchError::io("writing"))?;
            }
        }
    }
    Ok(())
}
