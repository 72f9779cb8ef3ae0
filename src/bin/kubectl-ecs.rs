//! The kubectl plugin: arguments → verb → exit code.

use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    ecs_operator::plugin::run(std::env::args_os()).await
}
