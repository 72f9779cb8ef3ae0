//! Account settings of ECS without which nothing can be tagged.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::Setting;

use super::batcher::Found;
use super::clients::Aws;
use super::error::AwsError;
use super::op::{Op, Priority};
use super::pages::pages;
use super::remembered::Look;
use super::scope::Scope;

/// The settings that are looked at: "Amazon Resource Names (ARNs) and IDs" in the guide on account settings.
const LONG: [&str; 2] = ["serviceLongArnFormat", "taskLongArnFormat"];

/// The long format of ARNs, as it is in force for this identity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LongArns {
    /// The account, twelve digits.
    pub account: Option<String>,
    /// Settings that are switched off, by name, with the ARN of whose setting it is.
    pub disabled: BTreeMap<String, String>,
}

impl Aws {
    /// The settings in force. An answer with all of them on and a refusal for want of permission are remembered for an
    /// hour, others for a minute.
    pub async fn long_arns(&self, scope: &Scope, look: Look, priority: Priority) -> Result<LongArns, AwsError> {
        let known = self.memories().settings.get(scope, "", look);
        let found = match known {
            Some(found) => found,
            None => self.read_long_arns(scope, priority).await,
        };
        found.map(Option::unwrap_or_default)
    }

    async fn read_long_arns(&self, scope: &Scope, priority: Priority) -> Found<LongArns> {
        let (aws, at) = (self.clone(), scope.clone());
        let fetch = move |names: Vec<String>, priority| async move {
            let found = aws.list_account_settings(&at, priority).await.map(|settings| Some(seen(settings)));
            aws.memories().settings.keep(&at, "", &found, |seen| seen.disabled.is_empty());
            names.into_iter().map(|name| (name, found.clone())).collect()
        };
        self.batches().settings.get(self, (scope.clone(), String::new()), "", priority, fetch).await
    }

    async fn list_account_settings(&self, scope: &Scope, priority: Priority) -> Result<Vec<Setting>, AwsError> {
        pages(Op::ListAccountSettings, |token| {
            let call = || self.ecs(scope).list_account_settings().effective_settings(true).set_next_token(token).send();
            async move {
                let page = self.call(scope, Op::ListAccountSettings, priority, call).await?;
                Ok((page.settings.unwrap_or_default(), page.next_token))
            }
        })
        .await
    }
}

fn seen(settings: Vec<Setting>) -> LongArns {
    let account = settings.iter().find_map(|setting| account_of(setting.principal_arn()?));
    let off = |setting: &Setting| {
        let named = setting.name().is_some_and(|name| LONG.contains(&name.as_str()));
        named && matches!(setting.value(), Some("disabled" | "off"))
    };
    let disabled = settings
        .into_iter()
        .filter(off)
        .filter_map(|setting| Some((setting.name?.as_str().to_owned(), setting.principal_arn.unwrap_or_default())));
    LongArns { account, disabled: disabled.collect() }
}

fn account_of(arn: &str) -> Option<String> {
    arn.split(':').nth(4).filter(|account| account.len() == 12).map(str::to_owned)
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
