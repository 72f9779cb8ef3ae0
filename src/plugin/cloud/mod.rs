//! AWS with the user's own credentials, never the operator's: tasks, events, logs, ECS Exec.

pub mod act;
pub mod existing;
pub mod json;
pub mod logs;
pub mod observe;
pub mod person;
pub mod wire;

use aws_config::{BehaviorVersion, SdkConfig};

use super::exit::PluginError;
use super::foresee::wire::ReadOnly;
use super::tree::Object;
use crate::aws::{Aws, AwsSettings, LimiterSettings, Scope};

/// AWS as the user may use it.
#[derive(Clone, Debug)]
pub struct Cloud {
    aws: Aws,
    config: SdkConfig,
}

/// Where a service runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Account id, if the status has it.
    pub account: Option<String>,
    /// Region.
    pub region: String,
    /// Cluster, by name or ARN.
    pub cluster: String,
    /// Name of the service.
    pub service: String,
}

impl Cloud {
    /// The environment's configuration: `AWS_ENDPOINT_URL`, `AWS_REGION`, a profile, single sign-on. Makes no call.
    pub async fn connect(profile: Option<&str>) -> Result<Self, PluginError> {
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12());
        if let Some(profile) = profile {
            loader = loader.profile_name(profile);
        }
        let config = loader.load().await;
        if config.credentials_provider().is_none() {
            return Err(PluginError::Cloud("no AWS credentials: log in, or give --profile".to_owned()));
        }
        Ok(Self::of(config))
    }

    /// With a configuration.
    pub fn of(config: SdkConfig) -> Self {
        // One person's calls: the whole of each quota may be used.
        let limiter = LimiterSettings { share: 1.0, ..LimiterSettings::default() };
        let aws = Aws::new(config.clone(), AwsSettings { limiter, ..AwsSettings::default() });
        Self { aws, config }
    }

    /// The same for who only reads: nothing else leaves.
    pub fn reading(&self) -> Result<Self, PluginError> {
        let real = crate::aws::web::http_client(&self.config);
        let real = real.ok_or_else(|| PluginError::Cloud("there is no HTTP client".to_owned()))?;
        Ok(Self::of(self.config.to_builder().http_client(ReadOnly::before(real)).build()))
    }

    /// The clients.
    pub fn aws(&self) -> &Aws {
        &self.aws
    }

    /// Its configuration.
    pub fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// Where a service's object says it runs.
    pub fn place(&self, object: &Object) -> Result<Place, PluginError> {
        let (account, region) = object.place();
        let region = region.map(str::to_owned).or_else(|| self.aws.default_region());
        let region = region.ok_or_else(|| PluginError::Cloud("no AWS Region is known; set AWS_REGION".to_owned()))?;
        let cluster = ["/status/clusterArn", "/status/cluster", "/spec/cluster"];
        let cluster = cluster.into_iter().find_map(|pointer| object.text(pointer));
        let service =
            object.text("/status/serviceName").or_else(|| object.text("/spec/serviceName")).unwrap_or(&object.name);
        match cluster {
            Some(cluster) => Ok(Place {
                account: account.map(str::to_owned),
                region,
                cluster: cluster.to_owned(),
                service: service.to_owned(),
            }),
            None => Err(PluginError::Refused(format!("{} is in no cluster of ECS yet", object.address()))),
        }
    }

    /// Refuses credentials of another account than the one where the object is.
    pub async fn check(&self, place: &Place) -> Result<Scope, PluginError> {
        let scope = Scope::new(place.region.clone());
        let own = self.aws.identity(&scope).await?;
        match &place.account {
            Some(account) if *account != own => Err(PluginError::Cloud(format!(
                "these AWS credentials are of account {own}, the service is in {account}: choose others with --profile"
            ))),
            _ => Ok(scope),
        }
    }
}
