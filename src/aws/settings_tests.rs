//! Account settings over a scripted wire.

use std::time::Duration;

use serde_json::json;

use super::*;
use crate::aws::Class;
use crate::aws::test_wire::{Reply, Wire};

fn setting(name: &str, value: &str) -> serde_json::Value {
    json!({ "name": name, "value": value, "principalArn": "arn:aws:iam::123456789012:root", "type": "user" })
}

async fn ask(aws: &Aws, look: Look) -> Result<LongArns, AwsError> {
    aws.long_arns(&Scope::new("eu-west-1"), look, Priority::Edit).await
}

#[tokio::test(start_paused = true)]
async fn all_pages_are_read_and_only_the_long_formats_count() {
    let wire = Wire::new(|asked| match asked.text("nextToken") {
        "" => Reply::ok(json!({ "nextToken": "2", "settings": [setting("awsvpcTrunking", "disabled")] })),
        _ => Reply::ok(json!({ "settings": [
            setting("taskLongArnFormat", "disabled"), setting("serviceLongArnFormat", "enabled"),
        ] })),
    });
    let aws = wire.aws();
    let seen = ask(&aws, Look::Remembered).await.unwrap();
    assert_eq!(seen.account.as_deref(), Some("123456789012"));
    assert_eq!(
        seen.disabled.into_iter().collect::<Vec<_>>(),
        [("taskLongArnFormat".to_owned(), "arn:aws:iam::123456789012:root".to_owned())]
    );
    assert_eq!(wire.asked()[0].body["effectiveSettings"], true);
    assert_eq!(wire.asked().len(), 2);
    // What is off is looked at again after a minute, or when somebody asks.
    ask(&aws, Look::Remembered).await.unwrap();
    assert_eq!(wire.asked().len(), 2);
    ask(&aws, Look::Fresh).await.unwrap();
    assert_eq!(wire.asked().len(), 4);
    tokio::time::sleep(Duration::from_secs(61)).await;
    ask(&aws, Look::Remembered).await.unwrap();
    assert_eq!(wire.asked().len(), 6);
}

#[tokio::test(start_paused = true)]
async fn what_is_on_or_may_not_be_read_is_remembered_for_an_hour() {
    let wire = Wire::new(|_| Reply::ok(json!({ "settings": [setting("serviceLongArnFormat", "on")] })));
    let denied = Wire::new(|_| Reply::error("AccessDeniedException", "no"));
    let (allowed, refused) = (wire.aws(), denied.aws());
    for times in [1, 1, 2] {
        assert!(ask(&allowed, Look::Remembered).await.unwrap().disabled.is_empty());
        assert_eq!(ask(&refused, Look::Remembered).await.unwrap_err().class, Class::Permission);
        assert_eq!((wire.asked().len(), denied.asked().len()), (times, times));
        tokio::time::sleep(Duration::from_secs(1830)).await;
    }
}
