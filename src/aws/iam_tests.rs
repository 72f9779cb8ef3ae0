//! IAM over a scripted wire.

use std::time::Duration;

use super::*;
use crate::aws::AccountKey;
use crate::aws::test_wire::{Reply, Wire};

const TRUST: &str = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C\
    %22Principal%22%3A%7B%22Service%22%3A%22ecs-tasks.amazonaws.com%22%7D%2C%22Action%22%3A%22sts%3AAssumeRole%22%7D%5D%7D";

fn found(arn: &str, policy: &str) -> Reply {
    let role = format!("<Path>/</Path><Arn>{arn}</Arn><AssumeRolePolicyDocument>{policy}</AssumeRolePolicyDocument>");
    Reply::result("GetRole", &format!("<Role>{role}</Role>"))
}

fn here() -> Scope {
    Scope::new("eu-west-1")
}

async fn ask(aws: &Aws, scope: &Scope, look: Look) -> Found<RoleSeen> {
    aws.role(scope, "web", look, Priority::Edit).await
}

#[tokio::test(start_paused = true)]
async fn a_role_is_read_by_name_signed_for_the_partitions_region_and_remembered_for_an_hour() {
    let wire = Wire::new(|_| found("arn:aws:iam::123456789012:role/shop/web", TRUST));
    let aws = wire.aws();
    let expected = RoleSeen { arn: "arn:aws:iam::123456789012:role/shop/web".to_owned(), trusts_tasks: true };
    assert_eq!(ask(&aws, &here(), Look::Remembered).await, Ok(Some(expected.clone())));
    let asked = wire.asked();
    assert_eq!(
        (asked[0].operation.as_str(), asked[0].text("Version"), asked[0].text("RoleName")),
        ("GetRole", "2010-05-08", "web")
    );
    assert!(asked[0].host.starts_with("https://iam.amazonaws.com/"), "{}", asked[0].host);
    assert!(asked[0].authorization.contains("/us-east-1/iam/aws4_request"), "{}", asked[0].authorization);
    // One service for all regions of the account.
    assert_eq!(ask(&aws, &Scope::new("us-west-2"), Look::Remembered).await, Ok(Some(expected)));
    assert_eq!(wire.asked().len(), 1);
    ask(&aws, &here(), Look::Fresh).await.unwrap();
    assert_eq!(wire.asked().len(), 2);
    tokio::time::sleep(Duration::from_secs(3601)).await;
    ask(&aws, &here(), Look::Remembered).await.unwrap();
    assert_eq!(wire.asked().len(), 3);
    aws.set_account(&AccountKey::default(), wire.config());
    ask(&aws, &here(), Look::Remembered).await.unwrap();
    assert_eq!(wire.asked().len(), 4, "another identity asks for itself");
}

#[tokio::test(start_paused = true)]
async fn questions_at_the_same_time_share_a_request() {
    let wire = Wire::new(|_| found("arn:aws:iam::123456789012:role/web", TRUST));
    let aws = wire.aws();
    let (at, other) = (here(), Scope::new("eu-north-1"));
    let (one, two) = tokio::join!(ask(&aws, &at, Look::Remembered), ask(&aws, &other, Look::Remembered));
    assert_eq!(one, two);
    assert_eq!(wire.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_role_that_is_missing_or_trusts_others_is_asked_for_again_after_a_minute() {
    let wire = Wire::new(|_| Reply::refusal("NoSuchEntity"));
    let aws = wire.aws();
    for _ in 0..2 {
        assert_eq!(ask(&aws, &here(), Look::Remembered).await, Ok(None));
        assert_eq!(wire.asked().len(), 1);
    }
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(ask(&aws, &here(), Look::Remembered).await, Ok(None));
    assert_eq!(wire.asked().len(), 2);
    let wire = Wire::new(|_| found("arn:aws:iam::123456789012:role/web", "%7B%22Statement%22%3A%5B%5D%7D"));
    let aws = wire.aws();
    assert!(!ask(&aws, &here(), Look::Remembered).await.unwrap().unwrap().trusts_tasks);
    tokio::time::sleep(Duration::from_secs(61)).await;
    ask(&aws, &here(), Look::Remembered).await.unwrap();
    assert_eq!(wire.asked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_remembered_for_an_hour_and_throttling_not_at_all() {
    for (code, class, again) in [("AccessDenied", Class::Permission, 1), ("Throttling", Class::Throttled, 2)] {
        let wire = Wire::new(move |_| Reply::refusal(code));
        let aws = wire.aws();
        for _ in 0..2 {
            assert_eq!(ask(&aws, &here(), Look::Remembered).await.unwrap_err().class, class);
            tokio::time::sleep(Duration::from_mins(30)).await;
        }
        assert_eq!(wire.asked().len(), again, "{code}");
    }
    let wire = Wire::new(|_| Reply::result("GetRole", ""));
    let error = ask(&wire.aws(), &here(), Look::Remembered).await.unwrap_err();
    assert_eq!(error.class, Class::UnknownOutcome, "an answer without a role is none");
}

#[test]
fn every_partition_has_its_endpoint_and_signing_region() {
    let plain = SdkConfig::builder().build();
    let fips = SdkConfig::builder().use_fips(true).build();
    let at = |config: &SdkConfig, region: &str| {
        let speaks = speaks(config, region);
        format!("{} {}", speaks.endpoint, speaks.region)
    };
    assert_eq!(at(&plain, "eu-west-1"), "https://iam.amazonaws.com us-east-1");
    assert_eq!(at(&fips, "eu-west-1"), "https://iam-fips.amazonaws.com us-east-1");
    assert_eq!(at(&plain, "cn-northwest-1"), "https://iam.cn-north-1.amazonaws.com.cn cn-north-1");
    assert_eq!(at(&plain, "us-gov-east-1"), "https://iam.us-gov.amazonaws.com us-gov-west-1");
    assert_eq!(at(&fips, "us-gov-east-1"), "https://iam.us-gov.amazonaws.com us-gov-west-1");
    assert_eq!(at(&plain, "us-iso-west-1"), "https://iam.us-iso-east-1.c2s.ic.gov us-iso-east-1");
    assert_eq!(at(&plain, "eusc-de-east-1"), "https://iam.eusc-de-east-1.amazonaws.eu eusc-de-east-1");
    let dual = SdkConfig::builder().use_dual_stack(true).build();
    assert_eq!(at(&dual, "eu-west-1"), "https://iam.global.api.aws us-east-1");
}

#[tokio::test(start_paused = true)]
async fn the_endpoint_of_the_configuration_is_iams_too() {
    let wire = Wire::new(|_| found("arn:aws:iam::123456789012:role/web", TRUST));
    let config = wire.config().to_builder().endpoint_url("http://127.0.0.1:4566").build();
    let aws = Aws::new(config, crate::aws::AwsSettings::default());
    ask(&aws, &here(), Look::Remembered).await.unwrap();
    assert!(wire.asked()[0].host.starts_with("http://127.0.0.1:4566/"), "{}", wire.asked()[0].host);
}
