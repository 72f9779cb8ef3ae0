//! `ecs-local build` fills the cache; `ecs-local up` runs a control plane until Ctrl-C.
#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use ecs_local::binaries::{Binaries, Tool};
use ecs_local::{ControlPlane, LocalError, Options};
use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};

#[derive(Parser)]
#[command(about = "A real Kubernetes control plane on loopback, for tests and the demo")]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Build the programs into the cache and print where they are.
    Build,
    /// Start a control plane and keep it until Ctrl-C.
    Up {
        /// Leave out kube-controller-manager.
        #[arg(long)]
        no_controllers: bool,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match Arguments::parse().verb {
        Verb::Build => build(),
        Verb::Up { no_controllers } => up(!no_controllers).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<(), LocalError> {
    let binaries = Binaries::find_or_build(&Tool::ALL)?;
    for tool in Tool::ALL {
        println!("{}", binaries.path(tool).display());
    }
    Ok(())
}

async fn up(controllers: bool) -> Result<(), LocalError> {
    // Our own cluster, even where KUBECONFIG names another.
    let options = Options { controllers, existing: false, ..Options::default() };
    let mut terminate = signal(SignalKind::terminate())
        .map_err(|source| LocalError::Io { what: "waiting for signals".to_owned(), source })?;
    let plane = ControlPlane::start(options).await?;
    println!("export KUBECONFIG={}", plane.kubeconfig_path().display());
    println!("# kubectl: {}", plane.kubectl().display());
    eprintln!("running until Ctrl-C");
    tokio::select! {
        biased;
        _ = ctrl_c() => {}
        _ = terminate.recv() => {}
    }
    eprintln!("stopping");
    drop(plane);
    Ok(())
}
