//! AWS: the user's credentials and Region, the clock, what the operator's role may do, quotas.

use super::rights::{self, Allowed};
use super::{Check, Checks, clocks};
use crate::iam::Feature;
use crate::plugin::cloud::Cloud;
use crate::plugin::cloud::person::{Caller, Unanswered};
use crate::plugin::setting::Setting;

/// Quotas that a growing installation meets first, by words of their names.
const QUOTAS: &[&str] =
    &["Clusters per account", "Services per cluster", "Tasks in PROVISIONING", "Revisions per task"];

pub(super) async fn examine(setting: &Setting, role: Option<&str>, installation: &str) -> Vec<Check> {
    let mut checks = Checks::of("aws");
    match setting.cloud().await {
        Err(error) => checks.bad("credentials", error.to_string(), "log in (`aws sso login`), or give --profile"),
        Ok(cloud) => match cloud.region() {
            None => checks.bad("region", "none is known", "set AWS_REGION, or a region in the profile"),
            Some(region) => {
                checks.good("region", region.clone());
                match cloud.caller(&region).await {
                    Ok(caller) => all(&mut checks, setting, cloud, &region, &caller, role, installation).await,
                    Err(Unanswered::NotAllowed(said) | Unanswered::Failed(said)) => {
                        checks.bad("credentials", said, "log in (`aws sso login`), or give --profile");
                    }
                }
            }
        },
    }
    checks.all
}

async fn all(
    checks: &mut Checks,
    setting: &Setting,
    cloud: &Cloud,
    region: &str,
    caller: &Caller,
    role: Option<&str>,
    installation: &str,
) {
    checks.good("credentials", format!("{} of account {}", caller.arn, caller.account));
    clocks(checks, "clock against AWS", setting.clock.exact(), caller.time);
    match role {
        Some(role) => simulate(checks, cloud, region, caller, role, installation).await,
        None => checks.unknown(
            "operator's role",
            "not known: no service account of the operator names one",
            Some("give --role ARN to see what it may do"),
        ),
    }
    match cloud.quotas(region).await {
        Ok(quotas) => {
            for quota in quotas.iter().filter(|quota| QUOTAS.iter().any(|name| quota.quota_name.contains(name))) {
                checks.good(&format!("quota {}", quota.quota_name), format!("{}", quota.value));
            }
        }
        Err(unanswered) => not_told(checks, "quotas of ECS", &unanswered, "servicequotas:ListServiceQuotas"),
    }
}

/// Each generated document against the role.
async fn simulate(checks: &mut Checks, cloud: &Cloud, region: &str, caller: &Caller, role: &str, installation: &str) {
    if !role.contains(&format!(":{}:", caller.account)) {
        let said = format!("{role} is in another account than your credentials");
        checks.unknown("operator's role", said, Some("choose credentials of its account with --profile"));
        return;
    }
    for feature in Feature::ALL {
        let what = format!("IAM {}", feature.as_str());
        match rights::of(cloud, region, &caller.account, role, installation, *feature).await {
            Ok(Allowed::Everything) => checks.good(&what, "allowed"),
            Ok(Allowed::NotSimulated) => {
                checks.unknown(&what, "speaks of names that only the installer knows: not simulated", None);
            }
            Ok(Allowed::Not(actions)) => {
                let said = format!("not allowed: {}", actions.join(", "));
                let remedy =
                    format!("attach docs/iam/{}.json, or leave it out knowing what it is for", feature.as_str());
                if matches!(feature, Feature::Read | Feature::ReadAny) {
                    checks.bad(&what, said, &remedy);
                } else {
                    checks.unknown(&what, said, Some(&remedy));
                }
            }
            Err(unanswered) => {
                not_told(checks, "operator's role", &unanswered, "iam:SimulatePrincipalPolicy");
                return;
            }
        }
    }
}

fn not_told(checks: &mut Checks, what: &str, unanswered: &Unanswered, action: &str) {
    match unanswered {
        Unanswered::NotAllowed(_) => checks.unknown(what, format!("you are not allowed to ask ({action})"), None),
        Unanswered::Failed(said) => checks.unknown(what, said.clone(), None),
    }
}
