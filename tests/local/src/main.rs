//! `ecs-local build` fills the cache; `ecs-local up` runs a control plane until Ctrl-C; `ecs-local manifests` renders the
//! chart into plain manifests.
#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use ecs_local::binaries::{Binaries, Tool};
use ecs_local::{ControlPlane, LocalError, Options, manifests};
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
    /// Render the chart into `charts/kustomize`, and into one file.
    Manifests {
        /// The one file with everything.
        #[arg(long, default_value = "target/install.yaml")]
        install: PathBuf,
    },
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
        Verb::Manifests { install } => render(&install),
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

fn render(install: &Path) -> Result<(), LocalError> {
    let mut files: Vec<(PathBuf, String)> = vec![(install.to_owned(), manifests::install()?)];
    let bases = manifests::charts().join("kustomize");
    files.extend(manifests::kustomize()?.into_iter().map(|(path, text)| (bases.join(path), text)));
    for (path, text) in files {
        let write = || path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, text));
        write().map_err(|source| LocalError::Io { what: format!("writing {}", path.display()), source })?;
        println!("{}", path.display());
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
