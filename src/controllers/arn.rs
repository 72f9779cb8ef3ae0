//! Parts of ARNs. Pure; parses outside text, so it never fails, it finds or does not.

use crate::api::status::Account;
use crate::aws::Scope;

/// Account and Region of an ARN; the Region of the call where the ARN names none.
#[must_use]
pub fn account_of(arn: &str, scope: &Scope) -> Account {
    let mut parts = arn.splitn(6, ':');
    let region = parts.nth(3).filter(|region| !region.is_empty());
    let id = parts.next().filter(|id| !id.is_empty());
    Account { name: None, id: id.map(str::to_owned), region: Some(region.unwrap_or(&scope.region).to_owned()) }
}

/// What stands behind the last `/` of an ARN, or the whole text if it is a plain name.
#[must_use]
pub fn short(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// Is it an ARN rather than a name?
#[must_use]
pub fn is_arn(text: &str) -> bool {
    text.starts_with("arn:")
}

/// Family and revision of a task definition ARN or of `family:revision`.
#[must_use]
pub fn family_revision(text: &str) -> Option<(&str, i32)> {
    let (family, revision) = short(text).rsplit_once(':')?;
    Some((family, revision.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_or_not_but_never_invented() {
        let scope = Scope::new("eu-west-1");
        let arn = "arn:aws:ecs:us-east-1:123456789012:task-definition/web:7";
        let account = account_of(arn, &scope);
        assert_eq!((account.id.as_deref(), account.region.as_deref()), (Some("123456789012"), Some("us-east-1")));
        assert_eq!(family_revision(arn), Some(("web", 7)));
        assert_eq!(family_revision("web"), None);
        assert_eq!(short("arn:aws:ecs:us-east-1:1:cluster/prod"), "prod");
        let nothing = account_of("nonsense", &scope);
        assert_eq!((nothing.id, nothing.region.as_deref()), (None, Some("eu-west-1")));
    }
}
