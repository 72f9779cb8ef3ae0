//! The table of error classes, row by row.

use super::*;

/// (code, message, status, class): at least one line for each row of the table.
const CASES: &[(&str, &str, Option<u16>, Class)] = &[
    ("ThrottlingException", "Rate exceeded", Some(400), Class::Throttled),
    ("ClientException", "Rate exceeded", Some(400), Class::Throttled),
    ("TooManyRequestsException", "", None, Class::Throttled),
    ("RequestLimitExceeded", "", Some(503), Class::Throttled),
    ("Unheard", "", Some(429), Class::Throttled),
    ("ServerException", "", Some(500), Class::UnknownOutcome),
    ("AccessDeniedException", "from a proxy", Some(502), Class::UnknownOutcome),
    ("ServiceUnavailable", "", None, Class::UnknownOutcome),
    ("", "<html>Forbidden</html>", Some(403), Class::UnknownOutcome),
    ("ExpiredTokenException", "", Some(400), Class::Credentials),
    ("AuthFailure", "", Some(401), Class::Credentials),
    ("UnauthorizedOperation", "", Some(403), Class::Permission),
    ("TargetGroupNotFound", "", Some(400), Class::TargetMissing),
    ("RuleNotFound", "", Some(400), Class::TargetMissing),
    ("ListenerNotFound", "", Some(400), Class::TargetMissing),
    ("InvalidLoadBalancerAction", "", Some(400), Class::Permanent),
    ("TooManyUniqueTargetGroupsPerLoadBalancer", "", Some(400), Class::Quota),
    ("InvalidNextToken", "", Some(400), Class::StalePage),
    ("ExpiredToken", "", Some(400), Class::Credentials),
    ("UnrecognizedClientException", "", Some(400), Class::Credentials),
    ("InvalidSignatureException", "Signature expired", Some(400), Class::Credentials),
    ("RequestExpired", "", Some(400), Class::Credentials),
    ("InvalidClientTokenId", "", Some(403), Class::Credentials),
    ("AccessDeniedException", "User is not authorized to perform ecs:CreateService", Some(400), Class::Permission),
    ("ClientException", "You are not authorized to do this", Some(400), Class::Permission),
    ("ClientException", "ECS was Unable to assume the role", Some(400), Class::Permission),
    (
        "ClientException",
        "Too many concurrent attempts to create a new revision of the specified family.",
        Some(400),
        Class::Concurrent,
    ),
    ("ClientException", "Unable to describe task definition.", Some(400), Class::TargetMissing),
    ("ClientException", "TaskDefinition not found.", Some(400), Class::TargetMissing),
    ("InvalidParameterException", "Unable to Start a service that is still Draining.", Some(400), Class::NameBlocked),
    (
        "InvalidParameterException",
        "The service cannot be stopped while deployments are active.",
        Some(400),
        Class::DeleteOrder,
    ),
    (
        "InvalidParameterException",
        "The service cannot be stopped while it is scaled above 0.",
        Some(400),
        Class::DeleteOrder,
    ),
    (
        "InvalidParameterException",
        "The service cannot be stopped while the primary deployment is scaled above 0.",
        Some(400),
        Class::DeleteOrder,
    ),
    (
        "InvalidParameterException",
        "The target group tg does not have an associated load balancer.",
        Some(400),
        Class::Settling,
    ),
    (
        "InvalidParameterException",
        "Unable to assume role and validate the specified targetGroupArn. Please verify that the ECS service role being passed has the proper permissions.",
        Some(400),
        Class::Settling,
    ),
    ("InvalidParameterException", "Creation of service was not idempotent.", Some(400), Class::NotIdempotent),
    ("InvalidParameterException", "To change it, you must force a new deployment.", Some(400), Class::NeedsForce),
    ("InvalidParameterException", "Invalid nextToken", Some(400), Class::StalePage),
    ("InvalidNextTokenException", "", Some(400), Class::StalePage),
    ("ClusterNotFoundException", "Cluster not found.", Some(400), Class::DependencyMissing),
    ("NamespaceNotFoundException", "", Some(400), Class::DependencyMissing),
    ("ServiceNotFoundException", "Service not found.", Some(400), Class::TargetMissing),
    ("TaskSetNotFoundException", "", Some(400), Class::TargetMissing),
    ("ServiceDeploymentNotFoundException", "", Some(400), Class::TargetMissing),
    ("ResourceNotFoundException", "", Some(400), Class::TargetMissing),
    ("TargetNotFoundException", "", Some(400), Class::TargetMissing),
    ("ObjectNotFoundException", "", Some(400), Class::TargetMissing),
    ("ServiceNotActiveException", "Service was not ACTIVE.", Some(400), Class::NotActive),
    ("ClusterContainsServicesException", "", Some(400), Class::ChildrenRemain),
    ("ClusterContainsTasksException", "", Some(400), Class::ChildrenRemain),
    ("ClusterContainsContainerInstancesException", "", Some(400), Class::ChildrenRemain),
    ("ClusterContainsCapacityProviderException", "", Some(400), Class::ChildrenRemain),
    ("ResourceInUseException", "", Some(400), Class::ChildrenRemain),
    ("UpdateInProgressException", "", Some(400), Class::Busy),
    ("ConflictException", "", Some(400), Class::Busy),
    ("ConcurrentUpdateException", "", Some(400), Class::Busy),
    ("LimitExceededException", "", Some(400), Class::Quota),
    ("BlockedException", "", Some(400), Class::Quota),
    ("PlatformUnknownException", "", Some(400), Class::Permanent),
    ("PlatformTaskDefinitionIncompatibilityException", "", Some(400), Class::Permanent),
    ("UnsupportedFeatureException", "", Some(400), Class::Permanent),
    ("SerializationException", "", Some(400), Class::Permanent),
    ("ValidationException", "", Some(400), Class::Permanent),
    ("InvalidParameterException", "subnets can not be empty", Some(400), Class::Permanent),
    ("ClientException", "No Fargate configuration exists", Some(400), Class::Permanent),
    ("NeverSeenException", "", Some(400), Class::UnknownOutcome),
];

#[test]
fn each_row_of_the_table_classifies_as_written() {
    for (code, message, status, class) in CASES {
        assert_eq!(classify(code, message, *status), *class, "{code}: {message} ({status:?})");
    }
}

#[test]
fn every_class_has_a_case_and_every_code_of_the_table_its_own_label() {
    for row in TABLE {
        assert!(CASES.iter().any(|case| case.3 == row.class), "{:?}", row.class);
        for code in row.codes {
            assert_eq!(code_label(code), *code);
        }
    }
    assert_eq!(code_label("arn:aws:ecs:eu-west-1:1:service/a"), "Other");
}

#[test]
fn messages_that_pass_under_one_catch_all_code_are_not_matched_under_the_other() {
    assert_eq!(classify("InvalidParameterException", "Too many concurrent attempts", Some(400)), Class::Permanent);
    assert_eq!(classify("ClientException", "Creation of service was not idempotent", Some(400)), Class::Permanent);
}

#[test]
fn unknown_pairs_are_marked_and_known_ones_are_not() {
    assert!(!recognise("NeverSeenException", "", Some(400)).1);
    assert!(!recognise("ClientException", "something new", Some(400)).1);
    assert!(!recognise("InvalidParameterException", "something new", Some(400)).1);
    assert!(recognise("ServiceNotFoundException", "something new", Some(400)).1);
    assert!(recognise("ClientException", "not authorized", Some(400)).1);
}

#[test]
fn transient_permanent_and_operator_classes_do_not_overlap() {
    for (.., class) in CASES {
        let marks = [class.is_transient(), class.is_permanent(), class.needs_operator(), class.is_gone()];
        assert!(marks.iter().filter(|mark| **mark).count() <= 1, "{class:?}");
    }
}

#[test]
fn needles_are_lower_case() {
    for needle in TABLE.iter().flat_map(|row| row.messages) {
        assert_eq!(*needle, needle.to_ascii_lowercase());
    }
}

const ALL: &[Class] = &[
    Class::Throttled,
    Class::UnknownOutcome,
    Class::Credentials,
    Class::Permission,
    Class::Concurrent,
    Class::NameBlocked,
    Class::DeleteOrder,
    Class::Settling,
    Class::NotIdempotent,
    Class::NeedsForce,
    Class::StalePage,
    Class::DependencyMissing,
    Class::TargetMissing,
    Class::NotActive,
    Class::ChildrenRemain,
    Class::Busy,
    Class::Quota,
    Class::Permanent,
];

#[test]
fn what_is_to_be_done_about_a_class_is_one_of_a_few_things() {
    let these = |fits: fn(Class) -> bool| ALL.iter().copied().filter(|class| fits(*class)).collect::<Vec<Class>>();
    assert_eq!(these(Class::is_permanent), [Class::Permanent]);
    assert_eq!(these(Class::needs_operator), [Class::Credentials, Class::Permission, Class::Quota]);
    assert_eq!(these(Class::is_gone), [Class::DependencyMissing, Class::TargetMissing, Class::NotActive]);
    let passing = these(Class::is_transient);
    assert!(passing.len() == 9 && passing.contains(&Class::Throttled) && !passing.contains(&Class::NeedsForce));
    assert!(ALL.iter().all(|class| class.as_str() == format!("{class:?}")));
}
