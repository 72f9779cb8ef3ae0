//! What each class of failure means, at its limits.

use super::*;

fn after(class: Class, count: u32, seconds: i64) -> Consequence {
    let now = Timestamp::from_second(1_700_000_000).unwrap();
    let since = now - SignedDuration::from_secs(seconds);
    let failures = Failures { count, since, inputs: String::new(), held: None };
    let error = AwsError { class, ..AwsError::new("UpdateService", "SomeException", "it is so") };
    judge(&error.into(), &failures, "uid", now)
}

fn said(consequence: &Consequence) -> (Course, Reason) {
    (consequence.verdict.course, consequence.verdict.reason)
}

#[test]
fn a_denial_is_retried_until_iam_has_spread_and_then_somebody_has_to_act() {
    let early = after(Class::Permission, 1, 119);
    assert_eq!(said(&early), (Course::Underway, Reason::ProgressingWithRetry));
    assert!(early.after >= Duration::from_secs(15) && early.after < DENIED_RETRY);
    let late = after(Class::Permission, 1, 120);
    assert_eq!(said(&late), (Course::Stuck, Reason::AccessDenied));
    assert!(late.after >= DENIED_RETRY && late.hold_until.is_none());
}

#[test]
fn a_refusal_is_final_after_three_tries_and_then_holds_for_an_hour() {
    let second = after(Class::Permanent, 2, 5);
    assert_eq!((said(&second), second.hold_until), ((Course::Underway, Reason::ProgressingWithRetry), None));
    let third = after(Class::Permanent, 3, 5);
    assert_eq!((said(&third), third.after), ((Course::Stuck, Reason::InvalidSpec), PROBE));
    assert_eq!(third.hold_until.map(Timestamp::as_second), Some(1_700_000_000 + 3600));
    assert_eq!(third.failures.0, 3);
}

#[test]
fn each_class_has_its_reason_and_the_message_is_handed_on() {
    for (class, course, reason) in [
        (Class::Quota, Course::Stuck, Reason::QuotaExceeded),
        (Class::DependencyMissing, Course::Underway, Reason::DependencyNotReady),
        (Class::ChildrenRemain, Course::Underway, Reason::DeletionBlocked),
        (Class::Throttled, Course::Underway, Reason::ProgressingWithRetry),
        (Class::Busy, Course::Underway, Reason::ProgressingWithRetry),
    ] {
        let consequence = after(class, 1, 500);
        assert_eq!(said(&consequence), (course, reason), "{class:?}");
        assert!(consequence.verdict.message.contains("it is so"), "{}", consequence.verdict.message);
        assert!(!consequence.verdict.ready && consequence.hold_until.is_none());
    }
    assert!(after(Class::ChildrenRemain, 1, 0).after >= Duration::from_secs(5));
}

#[test]
fn what_kubernetes_refuses_is_told_with_its_code_and_without_values() {
    let status = kube::core::Status::failure("Invalid value: \"s3cret\": must be short", "Invalid").with_code(422);
    let told = of_kube(&kube::Error::Api(Box::new(status)));
    assert!(told.contains("must be short") && told.contains("(422 Invalid)"), "{told}");
    assert!(!told.contains("s3cret"), "{told}");
    let now = Timestamp::UNIX_EPOCH;
    let failures = Failures { count: 4, since: now, inputs: String::new(), held: None };
    let outdated = judge(&StepError::Outdated, &failures, "uid", now);
    assert_eq!(
        (said(&outdated), outdated.after),
        ((Course::Underway, Reason::ProgressingWithRetry), Duration::from_secs(1))
    );
}
