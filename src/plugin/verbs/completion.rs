//! `completion`: the script that completes the command line in a shell.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::plugin::cli::Cli;
use crate::plugin::exit::{Exit, PluginError};
use crate::plugin::setting::Setting;
use crate::plugin::terminal::print;

const EXAMPLES: &str = "\
Examples:
  kubectl ecs completion bash > /etc/bash_completion.d/kubectl-ecs
  source <(kubectl ecs completion zsh)

It completes `kubectl-ecs`. For `kubectl ecs`, put an executable file `kubectl_complete-ecs` on the PATH that holds
`#!/bin/sh` and `exec kubectl-ecs completion --for-kubectl \"$@\"`.";

/// Arguments of `completion`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The shell
    #[arg(required_unless_present = "for_kubectl")]
    pub shell: Option<Shell>,
    /// Completes these words of a command line, for kubectl
    #[arg(long, num_args = 0.., allow_hyphen_values = true, value_name = "WORD", conflicts_with = "shell")]
    pub for_kubectl: Option<Vec<String>>,
}

/// Prints it.
pub fn run(arguments: &Arguments, _setting: &Setting) -> Result<Exit, PluginError> {
    let mut command = Cli::command();
    if let Some(words) = &arguments.for_kubectl {
        print(&words_for(&command, words))?;
        return Ok(Exit::Good);
    }
    if let Some(shell) = arguments.shell {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut command, "kubectl-ecs", &mut script);
        print(&String::from_utf8_lossy(&script))?;
    }
    Ok(Exit::Good)
}

/// The words that fit, one a line, and `:4` (no files), as kubectl takes them.
fn words_for(command: &clap::Command, words: &[String]) -> String {
    let last = words.last().map(String::as_str).unwrap_or_default();
    let verb = command
        .get_subcommands()
        .find(|verb| words.first().is_some_and(|word| word == verb.get_name()) && words.len() > 1);
    let options = |command: &clap::Command| -> Vec<String> {
        command.get_arguments().filter_map(|option| option.get_long()).map(|long| format!("--{long}")).collect()
    };
    let mut found: Vec<String> = match verb {
        None if !last.starts_with('-') => command.get_subcommands().map(|verb| verb.get_name().to_owned()).collect(),
        None => options(command),
        Some(verb) => options(verb).into_iter().chain(options(command)).collect(),
    };
    found.retain(|word| word.starts_with(last));
    found.push(":4".to_owned());
    found.join("\n") + "\n"
}
