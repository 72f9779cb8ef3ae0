//! The benchmark's command: see `--help`.

use std::env;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread::{self, available_parallelism};

use clap::{Parser, Subcommand};
use ecs_bench::measures::{Measure, Target};
use ecs_bench::plot::{Line, plot};
use ecs_bench::really::Surroundings;
use ecs_bench::stage::Shape;
use ecs_bench::subject::Subject;
use ecs_bench::table::{Method, missed, page, table};
use ecs_bench::{SWEEP, naive, really, virtually};
use ecs_operator::runtime::config::Config;
use ecs_operator::runtime::{process, shutdown, telemetry, tls};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

/// The operator's own, for it is measured as a part of this program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// `DescribeServices` and `ListServices` a minute that ECS allows in the long run.
const QUOTA: u64 = 20 * 60;

/// Measures the operator and a naive poller side by side, and writes docs/benchmark.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// How many services, in virtual time.
    #[arg(long, value_delimiter = ',', default_value = "1000,10000")]
    services: Vec<usize>,
    /// How many services, in real time; `none` = nothing is measured in real time.
    #[arg(long, value_delimiter = ',', default_value = "0,1000,10000")]
    real: Vec<String>,
    /// Clusters they are spread over.
    #[arg(long, default_value_t = 20)]
    clusters: usize,
    /// Where all random numbers start.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where page, figures and plot go; absent = only the table is printed.
    #[arg(long)]
    write: Option<PathBuf>,
    /// Targets, in place of the program's own.
    #[arg(long, env = "ECS_BENCH_TARGETS")]
    targets: Option<PathBuf>,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Debug, Subcommand)]
enum Role {
    /// The operator, as a subject.
    Operator(Box<Config>),
    /// The naive poller, as a subject.
    Naive,
    /// One of the subjects in virtual time, told as one JSON document.
    Virtually {
        /// Its column.
        column: usize,
    },
}

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    match run(Options::parse()) {
        Ok(code) => code,
        Err(error) => {
            let _written = writeln!(std::io::stderr(), "{error}");
            ExitCode::from(2)
        }
    }
}

fn run(options: Options) -> Outcome<ExitCode> {
    // As many threads as the shipped program has.
    let multi = || tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    match options.role {
        Some(Role::Operator(config)) => {
            tls::install()?;
            multi()?.block_on(async {
                let telemetry = telemetry::init(config.log_format, config.log_level, config.collector())?;
                let outcome = process::run(*config, telemetry.level.clone(), shutdown::on_signal()?).await;
                telemetry.end().await;
                outcome.map(|()| ExitCode::SUCCESS).map_err(Into::into)
            })
        }
        Some(Role::Naive) => {
            tls::install()?;
            multi()?.block_on(async {
                let kube = kube::Client::try_default().await?;
                let config = aws_config::load_defaults(aws_config::BehaviorVersion::v2026_01_12()).await;
                naive::run(kube, aws_sdk_ecs::Client::new(&config), SWEEP).await;
                Ok(ExitCode::SUCCESS)
            })
        }
        Some(Role::Virtually { column }) => {
            let subject = SUBJECTS.get(column).ok_or_else(|| format!("no column {column}"))?;
            let outcome = in_virtual_time(*subject, &options)?;
            serde_json::to_writer(std::io::stdout(), &outcome)?;
            Ok(ExitCode::SUCCESS)
        }
        None => tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
            let ended = shutdown::on_signal()?;
            tokio::select! {
                // What was started ends with what waits for it.
                () = ended.cancelled() => Err("ended by a signal".into()),
                code = measure(&options) => code,
            }
        }),
    }
}

async fn measure(options: &Options) -> Outcome<ExitCode> {
    let targets: Vec<Target> = match &options.targets {
        Some(path) => serde_json::from_str(&fs::read_to_string(path)?)?,
        None => serde_json::from_str(include_str!("../targets.json"))?,
    };
    let sizes: Vec<usize> = options.real.iter().filter_map(|size| size.parse().ok()).collect();
    let virtually = Virtually::start(options)?;
    let really = in_real_time(&sizes, options.clusters).await?;
    let Virtual { mut measures, lines } = virtually.end().await?;
    measures.extend(really);
    let method = Method { command: command(), cores: available_parallelism()?.get(), seed: options.seed };
    writeln!(std::io::stdout(), "{}", table(&measures, &targets))?;
    if let Some(folder) = &options.write {
        write(folder, &measures, &targets, &lines, &method)?;
    }
    let missed = missed(&measures, &targets);
    for line in &missed {
        writeln!(std::io::stdout(), "missed: {line}")?;
    }
    Ok(if missed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The columns of the table.
const SUBJECTS: [Subject; 3] = [Subject::Operator(0.5), Subject::Operator(1.0), Subject::Naive];

/// What came of virtual time.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Virtual {
    measures: Vec<Measure>,
    lines: Vec<Line>,
}

/// Virtual time, each subject in a process of its own beside the real one: what is global in the SDK is not shared. They
/// take the time that nobody else wants. Dropping it ends them, so that nothing computes on after a failure.
struct Virtually(Vec<(Child, oneshot::Receiver<Told>)>);

/// All that a process wrote.
type Told = std::io::Result<String>;

impl Drop for Virtually {
    fn drop(&mut self) {
        for (child, _) in &mut self.0 {
            let _killed = child.kill();
            let _waited = child.wait();
        }
    }
}

impl Virtually {
    fn start(options: &Options) -> Outcome<Self> {
        let services: Vec<String> = options.services.iter().map(ToString::to_string).collect();
        let mut all = Self(Vec::new());
        for column in 0..SUBJECTS.len() {
            let mut child = Command::new("nice")
                .args(["-n", "19"])
                .arg(env::current_exe()?)
                .args(["--services", &services.join(","), "--clusters", &options.clusters.to_string()])
                .args(["--seed", &options.seed.to_string(), "virtually", &column.to_string()])
                .stdout(Stdio::piped())
                .spawn()?;
            let (tell, told) = oneshot::channel();
            let stdout = child.stdout.take();
            all.0.push((child, told));
            // A pipe is read by a thread, which ends with the process: a signal is heard meanwhile.
            thread::spawn(move || tell.send(stdout.map_or_else(|| Ok(String::new()), std::io::read_to_string)));
        }
        Ok(all)
    }

    async fn end(mut self) -> Outcome<Virtual> {
        let mut all = Virtual::default();
        for (child, told) in &mut self.0 {
            let told = told.await??;
            let status = child.wait()?;
            if !status.success() {
                return Err(format!("virtual time: {status}").into());
            }
            let outcome: Virtual = serde_json::from_str(&told)?;
            all.measures.extend(outcome.measures);
            all.lines.extend(outcome.lines);
        }
        Ok(all)
    }
}

fn in_virtual_time(subject: Subject, options: &Options) -> Outcome<Virtual> {
    let mut all = Virtual::default();
    for services in &options.services {
        let shape = Shape { services: *services, clusters: options.clusters };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
        let outcome = runtime.block_on(virtually::run(subject, shape, options.seed))?;
        all.measures.extend(outcome.measures);
        if Some(services) == options.services.last() {
            all.lines.push((subject.title(), outcome.reads_by_minute));
        }
    }
    Ok(all)
}

/// Nothing is set up for no sizes.
async fn in_real_time(sizes: &[usize], clusters: usize) -> Outcome<Vec<Measure>> {
    let mut measures = Vec::new();
    if sizes.is_empty() {
        return Ok(measures);
    }
    tls::install()?;
    let around = Surroundings::set_up().await?;
    for services in sizes {
        for subject in really::SUBJECTS {
            measures.extend(really::run(&around, subject, Shape { services: *services, clusters }).await?);
        }
    }
    Ok(measures)
}

fn write(folder: &Path, measures: &[Measure], targets: &[Target], lines: &[Line], method: &Method) -> Outcome<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join("README.md"), page(measures, targets, method))?;
    fs::write(folder.join("results.json"), serde_json::to_string_pretty(measures)? + "\n")?;
    fs::write(folder.join("calls.svg"), plot(lines, QUOTA))?;
    Ok(())
}

/// The command as it was given, after the program's own name.
fn command() -> String {
    let words: Vec<String> = env::args().skip(1).collect();
    format!("cargo run --release -p ecs-bench -- {}", words.join(" "))
}
