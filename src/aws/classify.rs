//! Error code, message and status → class; pure.

/// What kind of failure it is, hence what can be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Too many calls: the limiter has slowed down, come back later.
    Throttled,
    /// No usable answer: perhaps applied. Repeat with the same token, or read first.
    UnknownOutcome,
    /// The credentials or the clock, for the whole account.
    Credentials,
    /// Not allowed; heals without an edit of the object.
    Permission,
    /// Another registration of the family is under way.
    Concurrent,
    /// The name is held by a service that still drains.
    NameBlocked,
    /// Scale down or end deployments first.
    DeleteOrder,
    /// A role or a load balancer that was just made is not visible yet.
    Settling,
    /// A create whose token was used before: it may have succeeded unseen.
    NotIdempotent,
    /// The change needs `forceNewDeployment`.
    NeedsForce,
    /// The page token is no longer good: start the listing again.
    StalePage,
    /// The cluster or namespace referred to does not exist.
    DependencyMissing,
    /// The thing itself does not exist.
    TargetMissing,
    /// The service is draining or inactive.
    NotActive,
    /// Something is still inside it.
    ChildrenRemain,
    /// Another change is under way.
    Busy,
    /// A quota, or a blocked account.
    Quota,
    /// This request will never be accepted as it is.
    Permanent,
}

impl Class {
    /// Passes by itself, soon: repeat with back-off, no error condition at first.
    pub fn is_transient(self) -> bool {
        match self {
            Self::Throttled
            | Self::UnknownOutcome
            | Self::Concurrent
            | Self::NameBlocked
            | Self::DeleteOrder
            | Self::Settling
            | Self::StalePage
            | Self::ChildrenRemain
            | Self::Busy => true,
            Self::Credentials
            | Self::Permission
            | Self::NotIdempotent
            | Self::NeedsForce
            | Self::DependencyMissing
            | Self::TargetMissing
            | Self::NotActive
            | Self::Quota
            | Self::Permanent => false,
        }
    }

    /// Does not pass until the spec or something it refers to changes.
    pub fn is_permanent(self) -> bool {
        self == Self::Permanent
    }

    /// Passes when somebody changes the account, not the object: repeat slowly.
    pub fn needs_operator(self) -> bool {
        matches!(self, Self::Credentials | Self::Permission | Self::Quota)
    }

    /// The thing called upon, or what it lives in, is not there: success when deleting.
    pub fn is_gone(self) -> bool {
        matches!(self, Self::DependencyMissing | Self::TargetMissing | Self::NotActive)
    }

    /// The name, as used in logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Throttled => "Throttled",
            Self::UnknownOutcome => "UnknownOutcome",
            Self::Credentials => "Credentials",
            Self::Permission => "Permission",
            Self::Concurrent => "Concurrent",
            Self::NameBlocked => "NameBlocked",
            Self::DeleteOrder => "DeleteOrder",
            Self::Settling => "Settling",
            Self::NotIdempotent => "NotIdempotent",
            Self::NeedsForce => "NeedsForce",
            Self::StalePage => "StalePage",
            Self::DependencyMissing => "DependencyMissing",
            Self::TargetMissing => "TargetMissing",
            Self::NotActive => "NotActive",
            Self::ChildrenRemain => "ChildrenRemain",
            Self::Busy => "Busy",
            Self::Quota => "Quota",
            Self::Permanent => "Permanent",
        }
    }
}

/// Codes of our own, for failures that carry none.
pub mod code {
    /// The request never got an answer, or never left.
    pub const DISPATCH: &str = "DispatchFailure";
    /// No answer in time.
    pub const TIMEOUT: &str = "Timeout";
    /// The endpoint is known not to answer, so nothing was sent.
    pub const UNREACHABLE: &str = "EndpointUnreachable";
    /// An answer that could not be read.
    pub const UNREADABLE: &str = "UnreadableAnswer";
    /// The SDK refused to build the request.
    pub const CONSTRUCTION: &str = "ConstructionFailure";
    /// No credentials could be had.
    pub const NO_CREDENTIALS: &str = "CredentialsUnavailable";
    /// This process may not write: it does not hold the lease.
    pub const FENCED: &str = "Fenced";
    /// A batch's answer named neither the member nor its failure.
    pub const UNANSWERED: &str = "UnansweredMember";
    /// A listing repeated a page token, or did not end.
    pub const REPEATED_PAGE: &str = "RepeatedPageToken";
}

struct Row {
    class: Class,
    codes: &'static [&'static str],
    /// Lower case; none means any message.
    messages: &'static [&'static str],
}

const THROTTLE_CODES: &[&str] = &[
    "ThrottlingException",
    "Throttling",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
];

const UNKNOWN_OUTCOME_CODES: &[&str] = &[
    "ServerException",
    "InternalFailure",
    "InternalError",
    "InternalServerError",
    "InternalServiceException",
    "InternalServerException",
    "ServiceFailure",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "RequestTimeout",
    "RequestTimeoutException",
    "Unavailable",
    code::DISPATCH,
    code::TIMEOUT,
    code::UNREACHABLE,
    code::UNREADABLE,
    code::UNANSWERED,
];

const CLIENT: &[&str] = &["ClientException"];
const PARAMETER: &[&str] = &["InvalidParameterException"];

const fn codes(class: Class, codes: &'static [&'static str]) -> Row {
    Row { class, codes, messages: &[] }
}

const fn says(class: Class, codes: &'static [&'static str], messages: &'static [&'static str]) -> Row {
    Row { class, codes, messages }
}

/// In order: the first row that fits decides.
const TABLE: &[Row] = &[
    codes(
        Class::Credentials,
        &[
            "ExpiredToken",
            "ExpiredTokenException",
            "UnrecognizedClientException",
            "InvalidSignatureException",
            "SignatureDoesNotMatch",
            "IncompleteSignature",
            "IncompleteSignatureException",
            "RequestExpired",
            "RequestTimeTooSkewed",
            "InvalidClientTokenId",
            "MissingAuthenticationToken",
            "MissingAuthenticationTokenException",
            "AuthFailure",
            code::NO_CREDENTIALS,
        ],
    ),
    codes(
        Class::Permission,
        &[
            "AccessDeniedException",
            "AccessDenied",
            "UnauthorizedOperation",
            "NotAuthorized",
            "OptInRequired",
            "FailedResourceAccessException",
        ],
    ),
    says(Class::Permission, CLIENT, &["not authorized", "unable to assume"]),
    says(Class::Concurrent, CLIENT, &["too many concurrent attempts"]),
    says(Class::TargetMissing, CLIENT, &["unable to describe task definition", "taskdefinition not found"]),
    says(Class::NameBlocked, PARAMETER, &["unable to start a service that is still draining"]),
    says(
        Class::DeleteOrder,
        PARAMETER,
        &[
            "cannot be stopped while deployments are active",
            "while it is scaled above 0",
            "while the primary deployment is scaled above 0",
        ],
    ),
    says(
        Class::Settling,
        PARAMETER,
        &[
            "does not have an associated load balancer",
            "verify that the ecs service role being passed has the proper permissions",
        ],
    ),
    says(Class::NotIdempotent, PARAMETER, &["was not idempotent"]),
    says(Class::NeedsForce, PARAMETER, &["you must force a new deployment"]),
    says(Class::StalePage, PARAMETER, &["nexttoken", "next token"]),
    codes(
        Class::StalePage,
        &["InvalidNextTokenException", "InvalidNextToken", "InvalidNextTokenFault", code::REPEATED_PAGE],
    ),
    codes(Class::DependencyMissing, &["ClusterNotFoundException", "NamespaceNotFoundException"]),
    codes(
        Class::TargetMissing,
        &[
            "ServiceNotFoundException",
            "TaskSetNotFoundException",
            "ServiceDeploymentNotFoundException",
            "ResourceNotFoundException",
            "ResourceNotFound",
            "TargetNotFoundException",
            "ObjectNotFoundException",
            "TargetGroupNotFound",
            "RuleNotFound",
            "ListenerNotFound",
            "LoadBalancerNotFound",
            "NoSuchEntity",
            "QueueDoesNotExist",
        ],
    ),
    codes(Class::NotActive, &["ServiceNotActiveException"]),
    codes(
        Class::ChildrenRemain,
        &[
            "ClusterContainsServicesException",
            "ClusterContainsTasksException",
            "ClusterContainsContainerInstancesException",
            "ClusterContainsCapacityProviderException",
            "ResourceInUseException",
        ],
    ),
    codes(
        Class::Busy,
        &[
            "UpdateInProgressException",
            "ConflictException",
            "ConcurrentUpdateException",
            "OperationNotPermitted",
            "ResourceInUse",
            "PriorRequestNotComplete",
            code::FENCED,
        ],
    ),
    codes(
        Class::Quota,
        &[
            "LimitExceededException",
            "BlockedException",
            "Blocked",
            "PendingVerification",
            "ServiceQuotaExceededException",
            "TooManyTagsException",
            "TooManyActions",
            "TooManyTargets",
            "TooManyUniqueTargetGroupsPerLoadBalancer",
        ],
    ),
    codes(
        Class::Permanent,
        &[
            "PlatformUnknownException",
            "PlatformTaskDefinitionIncompatibilityException",
            "UnsupportedFeatureException",
            "SerializationException",
            "ValidationException",
            "ValidationError",
            "InvalidAction",
            "InvalidParameterValue",
            "InvalidParameterCombination",
            "MissingParameter",
            "FilterLimitExceeded",
            "InvalidConfigurationRequest",
            "InvalidLoadBalancerAction",
            "IncompatibleProtocols",
            "TargetGroupAssociationLimit",
            "UnknownOperationException",
            code::CONSTRUCTION,
        ],
    ),
];

/// The class of an error; the first fitting row of the table decides.
///
/// A code never seen before is taken for passing (`UnknownOutcome`); a message never seen
/// before under ECS's two catch-all codes is taken for permanent.
pub fn classify(code: &str, message: &str, status: Option<u16>) -> Class {
    recognise(code, message, status).0
}

/// The class, and whether the pair of code and message is one that the table knows.
pub(crate) fn recognise(code: &str, message: &str, status: Option<u16>) -> (Class, bool) {
    let message = message.to_ascii_lowercase();
    if THROTTLE_CODES.contains(&code) || message.contains("rate exceeded") || status == Some(429) {
        return (Class::Throttled, true);
    }
    if UNKNOWN_OUTCOME_CODES.contains(&code) || status.is_some_and(|s| s >= 500) || code.is_empty() {
        return (Class::UnknownOutcome, true);
    }
    let fits = |row: &&Row| {
        row.codes.contains(&code) && (row.messages.is_empty() || row.messages.iter().any(|m| message.contains(m)))
    };
    match TABLE.iter().find(fits) {
        Some(row) => (row.class, true),
        None if CLIENT.contains(&code) || PARAMETER.contains(&code) => (Class::Permanent, false),
        None => (Class::UnknownOutcome, false),
    }
}

/// The code as a metric label: itself when the table knows it, otherwise `Other`.
pub fn code_label(code: &str) -> &'static str {
    let tables = [THROTTLE_CODES, UNKNOWN_OUTCOME_CODES, CLIENT, PARAMETER];
    tables
        .into_iter()
        .chain(TABLE.iter().map(|row| row.codes))
        .flatten()
        .find(|known| **known == code)
        .copied()
        .unwrap_or("Other")
}

#[cfg(test)]
#[path = "classify_tests.rs"]
mod tests;
