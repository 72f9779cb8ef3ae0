//! The operator's IAM documents, put before the simulator of IAM statement by statement.

use crate::iam::{Feature, Grant};
use crate::plugin::cloud::Cloud;
use crate::plugin::cloud::person::{Simulated, Unanswered};
use crate::preflight::partition;

/// What a role may do of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Allowed {
    /// All of it.
    Everything,
    /// All but these actions.
    Not(Vec<String>),
    /// It speaks of names that only the installer knows.
    NotSimulated,
}

/// Asks for every statement of a feature.
pub(super) async fn of(
    cloud: &Cloud,
    region: &str,
    account: &str,
    role: &str,
    installation: &str,
    feature: Feature,
) -> Result<Allowed, Unanswered> {
    let mut denied = Vec::new();
    let mut asked = false;
    for grant in feature.grants() {
        let Some(simulated) = simulated(grant, region, account, installation) else { continue };
        asked = true;
        denied.extend(cloud.denied(region, role, &simulated).await?);
    }
    denied.sort();
    denied.dedup();
    Ok(match (asked, denied.is_empty()) {
        (false, _) => Allowed::NotSimulated,
        (true, true) => Allowed::Everything,
        (true, false) => Allowed::Not(denied),
    })
}

/// A statement as a question: its actions on a resource that it is for, under its conditions.
fn simulated(grant: Grant, region: &str, account: &str, installation: &str) -> Option<Simulated> {
    let filled = |text: &str| {
        let text = text.replace("${partition}", partition(region)).replace("${region}", region);
        let text = text.replace("${account}", account).replace("${installation}", installation);
        (!text.contains("${")).then(|| text.replace('*', "doctor"))
    };
    let any = grant.resources() == ["*"];
    let resources: Option<Vec<String>> =
        if any { Some(vec!["*".to_owned()]) } else { grant.resources().iter().map(|text| filled(text)).collect() };
    let mut context = Vec::new();
    for condition in grant.conditions() {
        let (operator, key, values) = condition.parts();
        // "Null": the key is absent, which is what no entry says.
        if operator != "Null" {
            let values: Option<Vec<String>> = values.iter().map(|value| filled(value)).collect();
            // Of several values one is enough.
            context.push((key, values?.into_iter().take(1).collect()));
        }
    }
    Some(Simulated { actions: grant.actions(), resources: resources?, context })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_statement_is_a_question_unless_it_names_what_only_the_installer_knows() {
        let mut asked = 0;
        for grant in Grant::ALL {
            let Some(question) = simulated(*grant, "eu-west-1", "123456789012", "prod") else {
                let named = |text: &&str| text.contains("role") || text.contains("queue");
                assert!(grant.resources().iter().any(named), "{grant:?}");
                continue;
            };
            asked += 1;
            assert!(!question.actions.is_empty(), "{grant:?}");
            let all = format!("{question:?}");
            assert!(!all.contains("${"), "{all}");
        }
        assert!(asked > 10);
        let question = simulated(Grant::CreateServices, "eu-west-1", "123456789012", "prod").unwrap();
        assert_eq!(question.resources, ["arn:aws:ecs:eu-west-1:123456789012:service/doctor"]);
        assert_eq!(
            question.context,
            [("aws:RequestTag/ecs-operator.dev/installation".to_owned(), vec!["prod".to_owned()])]
        );
    }
}
