//! One command that shows the operator at work: see `--help`.

use std::env;
use std::error::Error;
use std::io::{Read as _, stdin};
use std::process::ExitCode;
use std::thread;

use clap::Parser as _;
use ecs_demo::acts::Act;
use ecs_demo::error::DemoError;
use ecs_demo::options::{Options, Role};
use ecs_demo::play::Play;
use ecs_demo::screen::Screen;
use ecs_demo::stage::{Setting, Stage};
use ecs_demo::summary::{Played, summary};
use ecs_demo::tree::Tone;
use ecs_operator::runtime::config::Config;
use ecs_operator::runtime::{process, shutdown, telemetry, tls};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const INTERRUPTED: u8 = 130;

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    if let Some(Role::Operator(config)) = options.role {
        return report(operator(*config).await);
    }
    // Returning, unlike being ended by the signal, stops what was started and removes its files.
    let stop = match shutdown::on_signal() {
        Ok(stop) => stop,
        Err(error) => return report(Err(error.into())),
    };
    tokio::select! {
        biased;
        () = ended(&stop) => if options.keep { ExitCode::SUCCESS } else { ExitCode::from(INTERRUPTED) },
        outcome = demo(&options) => outcome.unwrap_or_else(|error| report(Err(error.into()))),
    }
}

/// Ctrl-C, SIGTERM, or a terminal that was closed.
async fn ended(stop: &CancellationToken) {
    let Ok(mut closed) = signal(SignalKind::hangup()) else { return stop.cancelled().await };
    tokio::select! {
        biased;
        () = stop.cancelled() => {}
        _ = closed.recv() => {}
    }
}

fn report(outcome: Result<(), Box<dyn Error + Send + Sync>>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The operator, as `ecs-operator` runs it; it also ends with the demo that started it.
async fn operator(config: Config) -> Result<(), Box<dyn Error + Send + Sync>> {
    thread::spawn(|| {
        let _end = stdin().read_to_end(&mut Vec::new());
        std::process::exit(1);
    });
    tls::install()?;
    let telemetry = telemetry::init(config.log_format, config.log_level, config.collector())?;
    let stop = shutdown::on_signal()?;
    let outcome = process::run(config, telemetry.level.clone(), stop).await;
    telemetry.end().await;
    Ok(outcome?)
}

async fn demo(options: &Options) -> Result<ExitCode, DemoError> {
    let mut screen = Screen::standard();
    let program = env::current_exe().map_err(DemoError::io("finding this program"))?;
    let setting = Setting { program, existing_cluster: options.existing_cluster };
    let stage = Stage::set_up(setting, &mut |step| screen.say(Tone::Quiet, step)).await?;
    let mut play = Play::new(stage, screen)?;
    let acts: Vec<Act> = Act::ALL.into_iter().filter(|act| !options.keep || *act != Act::Delete).collect();
    let played = perform(&mut play, &acts).await;
    let complaints = play.stage.complaints();
    let good = played.len() == acts.len() && played.iter().all(|act| act.outcome.is_ok()) && complaints.is_empty();
    for line in summary(&played, acts.len()) {
        play.screen.say(if line.starts_with("FAILED") { Tone::Bad } else { Tone::Plain }, &line);
    }
    for complaint in complaints {
        play.screen.say(Tone::Bad, &format!("The simulated AWS: {complaint}"));
    }
    if !good {
        play.stage.keep_logs();
        play.screen.say(Tone::Bad, &format!("Logs: {}", play.stage.logs().display()));
    }
    if options.keep {
        stay(&mut play).await?;
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Plays the acts until one fails.
async fn perform(play: &mut Play, acts: &[Act]) -> Vec<Played> {
    let mut played = Vec::new();
    for (index, act) in acts.iter().enumerate() {
        let title = format!("{}/{} {}", index + 1, acts.len(), act.title());
        play.screen.act(&title);
        let (begun, since) = (Instant::now(), play.stage.answered());
        let outcome = act.run(play).await.map_err(|error| error.to_string());
        let time = begun.elapsed();
        let (tone, mark) = if outcome.is_ok() { (Tone::Good, "ok") } else { (Tone::Bad, "FAILED") };
        play.screen.say(tone, &format!("{mark} {title}  ({:.1} s)", time.as_secs_f64()));
        let failed = outcome.is_err();
        let (Ok(what) | Err(what)) = &outcome;
        let indented: Vec<String> = what.lines().map(|line| format!("   {line}")).collect();
        play.screen.say(Tone::Plain, &indented.join("\n"));
        played.push(Played { title: act.title(), outcome, time, calls: play.stage.calls_since(since) });
        if failed {
            break;
        }
    }
    played
}

/// Leaves everything to the reader until Ctrl-C.
async fn stay(play: &mut Play) -> Result<(), DemoError> {
    play.screen.say(Tone::Strong, "\nIt is yours now, until Ctrl-C:");
    let addresses = play.stage.addresses();
    let kubectl = play.stage.kubectl().canonicalize().unwrap_or_else(|_| play.stage.kubectl().to_owned());
    let namespace = ecs_demo::stage::NAMESPACE;
    let text = format!(
        "{addresses}\nalias k='{} -n {namespace}'\n# k get ecs; k describe ecss webserver; logs: {}\n",
        kubectl.display(),
        play.stage.logs().display()
    );
    play.screen.verbatim(&text);
    play.screen.act("Live");
    play.screen.doing("# your turn");
    loop {
        play.watch(std::time::Duration::from_mins(1)).await?;
    }
}
