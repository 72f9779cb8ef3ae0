//! `kubectl ecs`: what a person sees and does at a terminal; never more than the operator's own objects allow.
//!
//! A verb is a file in [`verbs`]: its arguments, and `run`, which gets the [`setting::Setting`] and answers with an
//! [`exit::Exit`]. What it shows goes objects → [`tree`] (pure) → [`render`] (pure, with width, colour and time as
//! arguments) → [`terminal`]. [`cluster`] reads and writes Kubernetes with the user's kubeconfig, [`cloud`] calls AWS
//! with the user's own credentials, and only for verbs that say so.

pub mod bundle;
pub mod clean;
pub mod cli;
pub mod cloud;
pub mod cluster;
pub mod doctor;
pub mod exit;
pub mod foresee;
pub mod import;
pub mod kind;
pub mod lint;
pub mod page;
pub mod reference;
pub mod render;
pub mod setting;
pub mod terminal;
pub mod tree;
pub mod verbs;
pub mod verify;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ErrorKind;

use cli::Cli;
use exit::Exit;
use setting::Setting;

/// Runs one command line; the first argument is the program's name.
pub async fn run(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            let _written = error.print();
            return if asked { Exit::Good } else { Exit::Usage }.into();
        }
    };
    let ended = async {
        let setting = Setting::new(cli.global)?;
        cli.verb.run(&setting).await
    };
    match ended.await {
        Ok(exit) => exit.into(),
        Err(error) => {
            let _written = writeln!(std::io::stderr(), "error: {error}");
            error.exit().into()
        }
    }
}
