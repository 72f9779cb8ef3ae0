//! The page of the verbs, made of the command line itself.

use std::fmt::Write as _;

use clap::{Arg, Command, CommandFactory as _};

use super::cli::Cli;
use super::exit::CODES;
use crate::pages::table::{cell, code, table};

/// The page, in Markdown.
pub fn page() -> String {
    let mut command = Cli::command();
    command.build();
    let mut text =
        String::from("# Verbs of kubectl-ecs\n\nWhat they are for is in [`kubectl-ecs.md`](../kubectl-ecs.md).\n");
    let global = |option: &&Arg| option.is_global_set();
    for verb in command.get_subcommands() {
        self::verb(&mut text, verb);
    }
    text.push_str("\n## Options of every verb\n\n");
    options(&mut text, &command, |option| global(&option));
    let _infallible = write!(text, "\n```text\n{CODES}\n```\n");
    text
}

fn verb(text: &mut String, verb: &Command) {
    let about = verb.get_about().map(ToString::to_string).unwrap_or_default();
    let _infallible = write!(text, "\n## {}\n\n{about}.\n\n", verb.get_name());
    options(text, verb, |option| !option.is_global_set() && option.get_id() != "help");
    if let Some(examples) = verb.get_after_help() {
        let _infallible = write!(text, "\n```console\n{}\n```\n", examples.to_string().trim_end());
    }
}

fn options(text: &mut String, command: &Command, shown: impl Fn(&Arg) -> bool) {
    let all: Vec<&Arg> = command.get_arguments().filter(|option| shown(option)).collect();
    if all.is_empty() {
        return;
    }
    let rows = all.into_iter().map(|option| {
        let help = option.get_help().map(ToString::to_string).unwrap_or_default();
        let defaults = option.get_default_values().iter().map(|value| value.to_string_lossy().into_owned());
        let default = defaults.collect::<Vec<_>>().join(" ");
        let default = Some(default).filter(|text| !text.is_empty() && option.get_action().takes_values());
        let default = default.map(|text| format!("; default: {text}")).unwrap_or_default();
        vec![code(&spelt(option)), cell(&format!("{help}{default}"))]
    });
    text.push_str(table(&["Option", "Meaning"], rows).trim_end());
    text.push('\n');
}

/// `-w, --watch`, `--timeout TIME`, `KIND NAME`.
fn spelt(option: &Arg) -> String {
    let names: Vec<String> = option.get_value_names().unwrap_or_default().iter().map(ToString::to_string).collect();
    let value = if option.get_action().takes_values() { names.join(" ") } else { String::new() };
    if option.is_positional() {
        return value;
    }
    let short = option.get_short().map(|short| format!("-{short}"));
    let long = option.get_long().map(|long| format!("--{long}"));
    let flags: Vec<String> = short.into_iter().chain(long).collect();
    format!("{} {value}", flags.join(", ")).trim().to_owned()
}
