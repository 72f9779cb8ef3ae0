//! The command line.

use clap::{Parser, Subcommand};
use ecs_operator::runtime::config::Config;

/// Shows the operator at work, then ends: a real Kubernetes control plane, a simulated AWS, and
/// between them the operator. Nothing leaves this machine.
#[derive(Debug, Parser)]
#[command(name = "ecs-demo", after_help = AFTER)]
pub struct Options {
    /// Leave out the deletion and stay up until Ctrl-C, for you to play with
    #[arg(long)]
    pub keep: bool,
    /// Use the cluster of KUBECONFIG rather than start one (installs the CRDs there)
    #[arg(long)]
    pub existing_cluster: bool,
    /// The operator itself.
    #[command(subcommand)]
    pub role: Option<Role>,
}

/// What else this program can be.
#[derive(Debug, Subcommand)]
pub enum Role {
    /// The operator, as the demo starts it.
    #[command(hide = true)]
    Operator(Box<Config>),
}

const AFTER: &str = "\
On a terminal the tree is drawn in place and finished acts stay above it. Where
standard output is no terminal, or NO_COLOR or CI is set, each change is a line.

The first run builds etcd, kube-apiserver, kube-controller-manager and kubectl
from their Go modules, which takes some minutes and needs Go. They are kept under
target/, or in the directory that ECS_OPERATOR_CACHE names. KUBEBUILDER_ASSETS may
name a directory that holds them.

Exit code: 0 if every act ended as it should, 1 if not, 130 after Ctrl-C.";
