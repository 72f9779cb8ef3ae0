//! What a verb works with: clients made when they are needed, the namespace, the clock, and where output goes.

use std::io::IsTerminal as _;

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use tokio::sync::OnceCell;

use super::cli::{Format, Global};
use super::cloud::Cloud;
use super::exit::PluginError;
use super::page::Page;
use crate::controllers::clock::Clock;

/// Written into the managed fields of what is edited. Not `kubectl…`: Flux takes fields of managers that are called so
/// for edits to be undone.
pub const FIELD_MANAGER: &str = "ecs-plugin";

/// What a verb works with.
pub struct Setting {
    /// What the command line said for every verb.
    pub global: Global,
    /// The time.
    pub clock: Clock,
    /// How output looks.
    pub page: Page,
    kube: OnceCell<(Client, String)>,
    cloud: OnceCell<Cloud>,
}

impl Setting {
    /// Makes no call and reads no file.
    pub fn new(global: Global) -> Result<Self, PluginError> {
        crate::runtime::tls::install().map_err(|error| PluginError::Cloud(error.to_string()))?;
        let page = Page::of_environment(&global, std::io::stdout().is_terminal());
        Ok(Self { global, clock: Clock::system(), page, kube: OnceCell::new(), cloud: OnceCell::new() })
    }

    /// The client of Kubernetes.
    pub async fn kube(&self) -> Result<Client, PluginError> {
        Ok(self.connected().await?.0.clone())
    }

    /// The namespace that is meant: the option's, the context's, `default`.
    pub async fn namespace(&self) -> Result<String, PluginError> {
        let own = self.connected().await?.1.clone();
        Ok(self.global.namespace.clone().unwrap_or(own))
    }

    /// The namespace to look at, or all.
    pub async fn place(&self) -> Result<Option<String>, PluginError> {
        if self.global.all_namespaces { Ok(None) } else { self.namespace().await.map(Some) }
    }

    /// AWS with the user's own credentials.
    pub async fn cloud(&self) -> Result<&Cloud, PluginError> {
        self.cloud.get_or_try_init(|| Cloud::connect(self.global.profile.as_deref())).await
    }

    /// Is output for programs?
    pub fn format(&self) -> Option<Format> {
        self.global.output
    }

    async fn connected(&self) -> Result<&(Client, String), PluginError> {
        self.kube.get_or_try_init(|| self.connect()).await
    }

    async fn connect(&self) -> Result<(Client, String), PluginError> {
        let wrong = |error: &dyn std::fmt::Display| PluginError::NoKubernetes(error.to_string());
        let options = KubeConfigOptions { context: self.global.context.clone(), ..KubeConfigOptions::default() };
        let config = match &self.global.kubeconfig {
            Some(path) => {
                let file = Kubeconfig::read_from(path).map_err(|error| wrong(&error))?;
                Config::from_custom_kubeconfig(file, &options).await.map_err(|error| wrong(&error))?
            }
            None if options.context.is_some() => {
                Config::from_kubeconfig(&options).await.map_err(|error| wrong(&error))?
            }
            None => Config::infer().await.map_err(|error| wrong(&error))?,
        };
        let namespace = config.default_namespace.clone();
        Ok((Client::try_from(config).map_err(|error| wrong(&error))?, namespace))
    }
}
