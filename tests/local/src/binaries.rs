//! Where the programs are: given by `KUBEBUILDER_ASSETS`, or built once into a cache.

use std::env;
use std::path::PathBuf;

use crate::error::LocalError;
use crate::go;

/// A program of the control plane that can be built from the Go module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tool {
    /// The store.
    Etcd,
    /// The API server.
    KubeApiserver,
    /// Namespace deletion, garbage collection, autoscaling and the like.
    KubeControllerManager,
    /// The command line client.
    Kubectl,
    /// The package program.
    Helm,
    /// The checker of Prometheus' rules. No part of the control plane.
    Promtool,
}

impl Tool {
    /// Those of the control plane, in the order in which they are built.
    pub const ALL: [Self; 5] =
        [Self::Etcd, Self::KubeApiserver, Self::KubeControllerManager, Self::Kubectl, Self::Helm];

    /// The file name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::KubeApiserver => "kube-apiserver",
            Self::KubeControllerManager => "kube-controller-manager",
            Self::Kubectl => "kubectl",
            Self::Helm => "helm",
            Self::Promtool => "promtool",
        }
    }

    /// The directory of the Go module that pins it, below `go/`.
    pub(crate) const fn module(self) -> &'static str {
        match self {
            Self::Etcd | Self::KubeApiserver | Self::KubeControllerManager | Self::Kubectl => ".",
            // Its libraries are of another Kubernetes than the servers.
            Self::Helm => "helm",
            Self::Promtool => "promtool",
        }
    }

    /// Build tags: what is not needed is left out.
    pub(crate) const fn tags(self) -> Option<&'static str> {
        match self {
            Self::Promtool => Some("remove_all_sd"),
            Self::Etcd | Self::KubeApiserver | Self::KubeControllerManager | Self::Kubectl | Self::Helm => None,
        }
    }

    /// The Go package that is its main program.
    pub(crate) const fn package(self) -> &'static str {
        match self {
            Self::Etcd => "go.etcd.io/etcd/server/v3",
            Self::KubeApiserver => "k8s.io/kubernetes/cmd/kube-apiserver",
            Self::KubeControllerManager => "k8s.io/kubernetes/cmd/kube-controller-manager",
            Self::Kubectl => "k8s.io/kubernetes/cmd/kubectl",
            Self::Helm => "helm.sh/helm/v4/cmd/helm",
            Self::Promtool => "github.com/prometheus/prometheus/cmd/promtool",
        }
    }
}

/// Paths of tools that were asked for together, all present.
#[derive(Clone, Debug)]
pub struct Binaries {
    found: Vec<(Tool, PathBuf)>,
}

impl Binaries {
    /// Finds the tools, building those that are neither in
    /// `KUBEBUILDER_ASSETS` nor in the cache. Blocks: the first build takes
    /// minutes and writes a line to stderr now and then.
    ///
    /// The assets of kubebuilder hold neither kube-controller-manager nor
    /// Helm nor promtool; these may be missing there, and are then built.
    pub fn find_or_build(tools: &[Tool]) -> Result<Self, LocalError> {
        let assets = env::var_os("KUBEBUILDER_ASSETS").filter(|dir| !dir.is_empty());
        let Some(assets) = assets.map(PathBuf::from) else {
            return Ok(Self { found: go::build_missing(tools)? });
        };
        let mut found = Vec::new();
        let mut absent = Vec::new();
        for &tool in tools {
            let path = assets.join(tool.name());
            if path.is_file() {
                found.push((tool, path));
            } else if matches!(tool, Tool::KubeControllerManager | Tool::Helm | Tool::Promtool) {
                absent.push(tool);
            } else {
                return Err(LocalError::AssetMissing { dir: assets, tool: tool.name() });
            }
        }
        found.extend(go::build_missing(&absent)?);
        Ok(Self { found })
    }

    /// The path of a tool, or its bare name (to be looked up on the `PATH`) if
    /// it was not among those asked for.
    pub fn path(&self, tool: Tool) -> PathBuf {
        let found = self.found.iter().find(|(known, _)| *known == tool);
        found.map_or_else(|| PathBuf::from(tool.name()), |(_, path)| path.clone())
    }
}

/// The version of Kubernetes that the Go module pins, as `v1.34.4`.
pub fn kubernetes_version() -> Result<String, LocalError> {
    go::pinned_kubernetes()
}
