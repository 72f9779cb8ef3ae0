//! ARNs: text → parts, and which partition a Region belongs to.

/// The six parts of `arn:partition:service:region:account:resource`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arn<'a> {
    pub(super) partition: &'a str,
    pub(super) service: &'a str,
    pub(super) region: &'a str,
    pub(super) account: &'a str,
    pub(super) resource: &'a str,
}

/// The parts, or what is wrong with the text.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>
pub(super) fn parse(text: &str) -> Result<Arn<'_>, &'static str> {
    let mut parts = text.splitn(6, ':');
    if parts.next() != Some("arn") {
        return Err("must be an ARN");
    }
    let mut next = || parts.next().unwrap_or_default();
    let arn = Arn { partition: next(), service: next(), region: next(), account: next(), resource: next() };
    if !arn.partition.starts_with("aws") || !label(arn.partition) {
        return Err("is an ARN without a known partition");
    }
    if !label(arn.service) {
        return Err("is an ARN whose service is malformed");
    }
    if !arn.region.is_empty() && !label(arn.region) {
        return Err("is an ARN whose Region is malformed");
    }
    if !arn.account.is_empty() && !is_account(arn.account) && arn.account != "aws" {
        return Err("is an ARN whose account is not twelve digits");
    }
    if arn.resource.is_empty() || arn.resource.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err("is an ARN whose resource is malformed");
    }
    if ["${", "{{", "<", "["].iter().any(|mark| arn.resource.contains(mark)) {
        return Err("is an ARN that still holds a placeholder");
    }
    Ok(arn)
}

/// Whether the text claims to be an ARN.
pub(super) fn claims(text: &str) -> bool {
    text.starts_with("arn:")
}

fn label(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Whether the text is an account id: twelve digits.
pub(super) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// The partition of a Region: `aws-cn` for `cn-north-1`, `aws` where nothing else is known.
/// <https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html>
pub fn partition(region: &str) -> &'static str {
    const PREFIXES: &[(&str, &str)] = &[
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-isob-", "aws-iso-b"),
        ("us-isof-", "aws-iso-f"),
        ("us-iso-", "aws-iso"),
        ("eu-isoe-", "aws-iso-e"),
        ("eusc-", "aws-eusc"),
    ];
    PREFIXES.iter().find(|(prefix, _)| region.starts_with(prefix)).map_or("aws", |(_, partition)| partition)
}

/// Whether the text names a role as ECS reads it: its ARN, or its bare name or path and name.
/// Anything else ends in "Role is not valid".
pub(super) fn role(text: &str) -> Result<(), &'static str> {
    if !claims(text) {
        let known = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-/".contains(c);
        return if !text.is_empty() && text.chars().all(known) {
            Ok(())
        } else {
            Err("is neither the ARN nor the name of a role: ECS answers \"Role is not valid\"")
        };
    }
    role_arn(text)
}

/// Whether the text is the ARN of a role.
pub(super) fn role_arn(text: &str) -> Result<(), &'static str> {
    let arn = parse(text)?;
    let name = arn.resource.strip_prefix("role/").unwrap_or_default();
    let known = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-/".contains(c);
    let whole = arn.service == "iam" && is_account(arn.account) && !name.is_empty() && name.chars().all(known);
    if whole { Ok(()) } else { Err("is not the ARN of a role: ECS answers \"Role is not valid\"") }
}
