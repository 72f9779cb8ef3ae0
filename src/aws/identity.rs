//! Who the operator is in an account: roles assumed once for all their users, renewed in time, and checked against
//! the account they belong to.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aws_config::{Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_sdk_sts::config::IdentityCache;
use aws_sdk_sts::config::retry::RetryConfig;
use aws_sdk_sts::types::Tag;
use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};
use tokio::sync::Mutex as AsyncMutex;

use super::agent::Agent;
use super::classify::code;
use super::clients::{Aws, behavior};
use super::error::AwsError;
use super::lock;
use super::op::{Op, Priority};
use super::scope::{AccountKey, Scope};

/// A session is renewed after this part of its life, less a little that differs from set to set.
const RENEW: f64 = 0.75;
const JITTER: f64 = 0.05;
/// Credentials are not used this close to their end.
const MARGIN: Duration = Duration::from_mins(1);
/// After a refusal nobody asks again for so long.
const PATIENCE: Duration = Duration::from_secs(15);

/// A role to assume, and how.
#[derive(Clone, PartialEq, Eq)]
pub struct Role {
    /// Its ARN.
    pub arn: String,
    /// The external id its trust policy demands.
    pub external_id: Option<String>,
    /// Name of the session, 2 to 64 characters.
    pub session_name: String,
    /// Tags of the session.
    pub tags: BTreeMap<String, String>,
    /// The Region whose STS is asked.
    pub region: String,
}

impl std::fmt::Debug for Role {
    /// Without the external id.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Role").field("arn", &self.arn).field("session_name", &self.session_name).finish_non_exhaustive()
    }
}

impl Role {
    /// The account in the ARN.
    pub fn account(&self) -> Option<&str> {
        self.arn.split(':').nth(4).filter(|id| !id.is_empty())
    }
}

/// Credentials and when they are renewed.
#[derive(Clone)]
struct Held {
    credentials: Credentials,
    since: SystemTime,
    renew_at: SystemTime,
    ends: SystemTime,
}

/// Where the clients of a set find its credentials.
#[derive(Clone, Default)]
struct Slot(Arc<Mutex<Option<Held>>>);

impl std::fmt::Debug for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Slot")
    }
}

impl ProvideCredentials for Slot {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let held = lock(&self.0).clone();
        future::ProvideCredentials::ready(
            held.map(|held| held.credentials)
                .ok_or_else(|| CredentialsError::not_loaded("the role was not assumed yet")),
        )
    }
}

/// The last refusal, and until when it stands.
type Refused = Option<(SystemTime, AwsError)>;

/// One set of credentials.
struct Session {
    role: Role,
    slot: Slot,
    /// Held by the one that renews.
    refused: AsyncMutex<Refused>,
}

/// Who the operator is, everywhere.
#[derive(Default)]
pub(super) struct Identities {
    sessions: Mutex<BTreeMap<AccountKey, Arc<Session>>>,
    own: Mutex<Option<String>>,
    asking: AsyncMutex<Refused>,
}

impl Identities {
    /// The account id of a set, if it is known.
    pub(super) fn id_of(&self, account: &AccountKey) -> Option<String> {
        if account.is_own() {
            return lock(&self.own).clone();
        }
        self.session(account).and_then(|session| session.role.account().map(str::to_owned))
    }

    /// AWS refused the credentials of a set: they are renewed at the next occasion.
    pub(super) fn doubt(&self, account: &AccountKey) {
        if let Some(session) = self.session(account)
            && let Some(held) = lock(&session.slot.0).as_mut()
        {
            // Those that were renewed a moment ago are given time to be known everywhere.
            held.renew_at = held.renew_at.min(held.since + PATIENCE);
        }
    }

    fn session(&self, account: &AccountKey) -> Option<Arc<Session>> {
        lock(&self.sessions).get(account).cloned()
    }
}

impl Aws {
    /// Declares the role of a set of credentials; makes no call. The same role again changes nothing.
    pub fn declare(&self, account: &AccountKey, role: &Role) {
        if self.is_one_identity() {
            return self.set_account(account, self.base().clone());
        }
        let slot = Slot::default();
        {
            let mut sessions = lock(&self.identities().sessions);
            if sessions.get(account).is_some_and(|session| session.role == *role) {
                return;
            }
            let session = Session { role: role.clone(), slot: slot.clone(), refused: AsyncMutex::default() };
            sessions.insert(account.clone(), Arc::new(session));
        }
        let config = self
            .base()
            .to_builder()
            .credentials_provider(SharedCredentialsProvider::new(slot))
            // The slot is the cache.
            .identity_cache(IdentityCache::no_cache())
            .build();
        self.set_account(account, config);
    }

    /// Forgets every set of credentials of an account.
    pub fn forget_account(&self, name: &str) {
        let mut gone = Vec::new();
        lock(&self.identities().sessions).retain(|account, _| {
            let keep = account.name() != name;
            if !keep {
                gone.push(account.clone());
            }
            keep
        });
        for account in gone {
            self.remove_account(&account);
        }
    }

    /// The account id that a set of credentials belongs to. Assumes the role of the set where that is due: one caller
    /// does, the others wait for it.
    pub async fn identity(&self, scope: &Scope) -> Result<String, AwsError> {
        if scope.account.is_own() || self.is_one_identity() {
            return self.own_identity(scope).await;
        }
        let unknown =
            || AwsError::new(Op::AssumeRole.name(), code::NO_CREDENTIALS, "no role is known for this account");
        let session = self.identities().session(&scope.account).ok_or_else(unknown)?;
        let id = session.role.account().map(str::to_owned).ok_or_else(unknown)?;
        let now = self.time().now();
        if lock(&session.slot.0).as_ref().is_some_and(|held| now < held.renew_at) {
            return Ok(id);
        }
        let mut refused = session.refused.lock().await;
        let now = self.time().now();
        let held = lock(&session.slot.0).clone();
        if held.as_ref().is_some_and(|held| now < held.renew_at) {
            return Ok(id);
        }
        // What is renewed early still serves while the renewal fails.
        let usable = held.is_some_and(|held| now + MARGIN < held.ends);
        if let Some((until, error)) = refused.as_ref().filter(|(until, _)| now < *until) {
            let _ = until;
            return if usable { Ok(id) } else { Err(error.clone()) };
        }
        match self.assume(&session.role, now).await {
            Ok(held) => {
                *lock(&session.slot.0) = Some(held);
                *refused = None;
                Ok(id)
            }
            Err(error) => {
                tracing::warn!(account = %scope.account, code = error.code, message = error.message, "the role was not assumed");
                *refused = Some((now + PATIENCE, error.clone()));
                if usable { Ok(id) } else { Err(error) }
            }
        }
    }

    /// Why the last renewal of a set of credentials failed, if it did.
    pub async fn identity_trouble(&self, account: &AccountKey) -> Option<AwsError> {
        let session = self.identities().session(account)?;
        let refused = session.refused.lock().await;
        refused.as_ref().map(|(_, error)| error.clone())
    }

    async fn own_identity(&self, scope: &Scope) -> Result<String, AwsError> {
        if let Some(id) = lock(&self.identities().own).clone() {
            return Ok(id);
        }
        let mut refused = self.identities().asking.lock().await;
        if let Some(id) = lock(&self.identities().own).clone() {
            return Ok(id);
        }
        let now = self.time().now();
        if let Some((_, error)) = refused.as_ref().filter(|(until, _)| now < *until) {
            return Err(error.clone());
        }
        match self.caller(self.base(), &scope.region).await {
            Ok(id) => {
                *lock(&self.identities().own) = Some(id.clone());
                *refused = None;
                Ok(id)
            }
            Err(error) => {
                *refused = Some((now + PATIENCE, error.clone()));
                Err(error)
            }
        }
    }

    /// Assumes a role, and asks whose credentials came.
    async fn assume(&self, role: &Role, now: SystemTime) -> Result<Held, AwsError> {
        let client = sts(self.base(), &role.region);
        let tags = role.tags.iter().filter_map(|(key, value)| Tag::builder().key(key).value(value).build().ok());
        let call = || {
            client
                .assume_role()
                .role_arn(&role.arn)
                .set_external_id(role.external_id.clone())
                .role_session_name(&role.session_name)
                .set_tags(Some(tags.collect::<Vec<_>>()).filter(|tags| !tags.is_empty()))
                .send()
        };
        let own = Scope::new(role.region.clone());
        let answer = self.call(&own, Op::AssumeRole, Priority::Cleanup, call).await;
        let answer = answer.map_err(|error| without(error, role.external_id.as_deref()))?;
        let nothing = || AwsError::new(Op::AssumeRole.name(), code::UNREADABLE, "the answer holds no credentials");
        let given = answer.credentials.ok_or_else(nothing)?;
        let ends = SystemTime::try_from(given.expiration).map_err(|_| nothing())?;
        let credentials = Credentials::new(
            given.access_key_id,
            given.secret_access_key,
            Some(given.session_token),
            Some(ends),
            "role",
        );
        let provider = SharedCredentialsProvider::new(credentials.clone());
        let config = self.base().to_builder().credentials_provider(provider);
        let config = config.identity_cache(IdentityCache::no_cache()).build();
        let caller = self.caller(&config, &role.region).await?;
        if Some(caller.as_str()) != role.account() {
            let message = format!("the session of {} belongs to account {caller}", role.arn);
            return Err(AwsError::new(Op::GetCallerIdentity.name(), "AccessDenied", &message));
        }
        let life = ends.duration_since(now).unwrap_or_default();
        let renew_at = now + life.mul_f64(RENEW - JITTER * fraction(&role.session_name));
        Ok(Held { credentials, since: now, renew_at, ends })
    }

    async fn caller(&self, config: &SdkConfig, region: &str) -> Result<String, AwsError> {
        let call = || sts(config, region).get_caller_identity().send();
        let answer = self.call(&Scope::new(region), Op::GetCallerIdentity, Priority::Cleanup, call).await?;
        answer
            .account
            .ok_or_else(|| AwsError::new(Op::GetCallerIdentity.name(), code::UNREADABLE, "the answer names no account"))
    }

    fn time(&self) -> SharedTimeSource {
        self.base().time_source().unwrap_or_else(|| SharedTimeSource::new(SystemTimeSource::new()))
    }
}

fn sts(config: &SdkConfig, region: &str) -> aws_sdk_sts::Client {
    let config = aws_sdk_sts::config::Builder::from(config)
        .behavior_version(behavior())
        .region(Region::new(region.to_owned()))
        .retry_config(RetryConfig::standard().with_max_attempts(1))
        .interceptor(Agent)
        .build();
    aws_sdk_sts::Client::from_conf(config)
}

/// A number from 0 to 1 that differs from text to text.
fn fraction(text: &str) -> f64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    f64::from(u32::try_from(hasher.finish() >> 32).unwrap_or_default()) / f64::from(u32::MAX)
}

/// The error without the external id, which a refusal may quote.
fn without(error: AwsError, external_id: Option<&str>) -> AwsError {
    match external_id.filter(|id| !id.is_empty()) {
        Some(id) => AwsError { message: error.message.replace(id, "(external id)"), ..error },
        None => error,
    }
}
