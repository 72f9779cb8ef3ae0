//! The command line: what every verb takes, and the verbs.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::exit::{CODES, Exit, PluginError};
use super::setting::Setting;
use super::verbs::{
    abort, completion, diff, doctor, events, exec, export, import, lint, logs, open, pause, plan, promote, refresh,
    report, restart, resume, retry, scale, status, stop_task, tasks, tree, undo, verify, version, wait,
};

/// See and steer what runs on Amazon ECS from Kubernetes: clusters, services, server groups and their rollouts.
#[derive(Debug, Parser)]
#[command(name = "kubectl-ecs", bin_name = "kubectl ecs", version, after_help = CODES, max_term_width = 100)]
#[command(disable_help_subcommand = true, infer_subcommands = true)]
pub struct Cli {
    /// What every verb takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// The form of what is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people, with all columns.
    Wide,
    /// One JSON document.
    Json,
    /// One YAML document.
    Yaml,
    /// For a comment on a pull request; `plan` and `diff` only.
    Markdown,
}

/// What every verb takes.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Options of every verb")]
pub struct Global {
    /// Namespace; default: that of the context
    #[arg(long, short = 'n', global = true, value_name = "NAMESPACE")]
    pub namespace: Option<String>,
    /// All namespaces
    #[arg(long, short = 'A', global = true, conflicts_with = "namespace")]
    pub all_namespaces: bool,
    /// Context of the kubeconfig
    #[arg(long, global = true, value_name = "NAME")]
    pub context: Option<String>,
    /// File of the kubeconfig; default: KUBECONFIG, or ~/.kube/config
    #[arg(long, global = true, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Profile of the AWS configuration, for verbs that ask AWS; default: `AWS_PROFILE` and the usual chain
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// Form of the output; default: for people
    #[arg(long, short = 'o', global = true, value_name = "FORMAT")]
    pub output: Option<Format>,
    /// No colours; there are none either without a terminal, or with `NO_COLOR` set
    #[arg(long, global = true)]
    pub no_color: bool,
}

/// The verbs. Each is a file of its name in `verbs/`, with its arguments and `run`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Health, rollout and tree of an object, a namespace or everything; -w follows
    Status(status::Arguments),
    /// The tree alone
    Tree(tree::Arguments),
    /// What happened: events of an object and of all below it
    Events(events::Arguments),
    /// The tasks as ECS has them now
    Tasks(tasks::Arguments),
    /// Logs of tasks from CloudWatch Logs
    Logs(logs::Arguments),
    /// A command in a running task, by ECS Exec
    Exec(exec::Arguments),
    /// Link to the AWS console
    Open(open::Arguments),
    /// Waits until an object is ready, or failed
    Wait(wait::Arguments),
    /// What the operator would do with manifests: its own plan; nothing is changed
    Plan(plan::Arguments),
    /// What differs between manifests and AWS
    Diff(diff::Arguments),
    /// What is wrong with manifests: schema, rules and the operator's own checks; makes no call
    Lint(lint::Arguments),
    /// Whether what manifests name exists in AWS and fits: roles, secrets, networks, images
    Verify(verify::Arguments),
    /// Replaces all tasks by new ones of the same revision
    Restart(restart::Arguments),
    /// Sets the number of tasks
    Scale(scale::Arguments),
    /// No change in AWS until resumed
    Pause(pause::Arguments),
    /// Ends a pause
    Resume(resume::Arguments),
    /// Lets the gate open at which a rollout waits
    Promote(promote::Arguments),
    /// Stops a rollout and goes back
    Abort(abort::Arguments),
    /// Tries again what failed and is held
    Retry(retry::Arguments),
    /// Goes back to what ran before
    Undo(undo::Arguments),
    /// Stops single tasks; ECS starts others in their place
    StopTask(stop_task::Arguments),
    /// Has the operator look at an object now
    Refresh(refresh::Arguments),
    /// Manifests of what runs in ECS, or of another tool's files
    Import(import::Arguments),
    /// Objects of the cluster as the manifests that make them
    Export(export::Arguments),
    /// What may be wrong around the operator, each thing with its remedy
    Doctor(doctor::Arguments),
    /// One archive for a bug report, without values that people keep to themselves
    Report(report::Arguments),
    /// Script that completes the command line in a shell
    Completion(completion::Arguments),
    /// Versions of the plugin and of the server's kinds
    Version(version::Arguments),
}

impl Verb {
    /// Does it.
    pub async fn run(self, setting: &Setting) -> Result<Exit, PluginError> {
        match self {
            Self::Status(arguments) => status::run(arguments, setting).await,
            Self::Tree(arguments) => tree::run(arguments, setting).await,
            Self::Events(arguments) => events::run(arguments, setting).await,
            Self::Tasks(arguments) => tasks::run(arguments, setting).await,
            Self::Logs(arguments) => logs::run(arguments, setting).await,
            Self::Exec(arguments) => exec::run(arguments, setting).await,
            Self::Open(arguments) => open::run(arguments, setting).await,
            Self::Wait(arguments) => wait::run(arguments, setting).await,
            Self::Plan(arguments) => plan::run(arguments, setting).await,
            Self::Diff(arguments) => diff::run(arguments, setting).await,
            Self::Lint(arguments) => lint::run(&arguments, setting),
            Self::Verify(arguments) => verify::run(arguments, setting).await,
            Self::Restart(arguments) => restart::run(arguments, setting).await,
            Self::Scale(arguments) => scale::run(arguments, setting).await,
            Self::Pause(arguments) => pause::run(arguments, setting).await,
            Self::Resume(arguments) => resume::run(arguments, setting).await,
            Self::Promote(arguments) => promote::run(arguments, setting).await,
            Self::Abort(arguments) => abort::run(arguments, setting).await,
            Self::Retry(arguments) => retry::run(arguments, setting).await,
            Self::Undo(arguments) => undo::run(arguments, setting).await,
            Self::StopTask(arguments) => stop_task::run(arguments, setting).await,
            Self::Refresh(arguments) => refresh::run(arguments, setting).await,
            Self::Import(arguments) => import::run(arguments, setting).await,
            Self::Export(arguments) => export::run(arguments, setting).await,
            Self::Doctor(arguments) => doctor::run(arguments, setting).await,
            Self::Report(arguments) => report::run(arguments, setting).await,
            Self::Completion(arguments) => completion::run(&arguments, setting),
            Self::Version(arguments) => version::run(arguments, setting).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Cli;

    #[test]
    fn the_command_line_is_consistent_and_every_verb_has_an_example() {
        let command = Cli::command();
        command.clone().debug_assert();
        for verb in command.get_subcommands() {
            let text = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(text.contains(&format!("kubectl ecs {}", verb.get_name())), "{}: {text}", verb.get_name());
        }
    }
}
