//! CEL rules of the kinds, as one table each: injected into the CRDs and evaluated at reconcile.

mod account;
mod check;
mod cluster;
mod server_group;
mod service;
mod task_definition;

pub use check::{Violation, violations};

/// Why a value is refused, in the words of the API server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The value is wrong.
    Invalid,
    /// The value would be right elsewhere.
    Forbidden,
    /// The value is absent.
    Required,
    /// The value occurs twice.
    Duplicate,
}

impl Reason {
    /// The word of `x-kubernetes-validations`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "FieldValueInvalid",
            Self::Forbidden => "FieldValueForbidden",
            Self::Required => "FieldValueRequired",
            Self::Duplicate => "FieldValueDuplicate",
        }
    }
}

/// A rule and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Schema that carries the rule: dotted properties, `[]` for the items of a list; empty is
    /// the object itself.
    pub path: &'static str,
    /// The CEL expression.
    pub rule: &'static str,
    /// What the user reads; starts with "must".
    pub message: &'static str,
    /// A CEL expression that makes a better message.
    pub message_expression: Option<&'static str>,
    /// Field the message is about, relative to `path`.
    pub field: Option<&'static str>,
    /// Class of the refusal.
    pub reason: Reason,
}

impl Rule {
    const fn new(path: &'static str, rule: &'static str, message: &'static str) -> Self {
        Self { path, rule, message, message_expression: None, field: None, reason: Reason::Invalid }
    }

    const fn at(self, field: &'static str) -> Self {
        Self { field: Some(field), ..self }
    }

    const fn saying(self, expression: &'static str) -> Self {
        Self { message_expression: Some(expression), ..self }
    }

    const fn forbids(self) -> Self {
        Self { reason: Reason::Forbidden, ..self }
    }

    const fn requires(self) -> Self {
        Self { reason: Reason::Required, ..self }
    }

    const fn duplicate(self) -> Self {
        Self { reason: Reason::Duplicate, ..self }
    }
}

/// The rules of a kind; none for a kind that is not ours.
pub fn rules(kind: &str) -> &'static [Rule] {
    match kind {
        "AwsAccount" => account::RULES,
        "EcsCluster" => cluster::RULES,
        "EcsTaskDefinition" => task_definition::RULES,
        "EcsService" => service::RULES,
        "ServerGroup" => &server_group::RULES,
        _ => &[],
    }
}

/// A member of spec that keeps its value, and its presence, for the life of the object.
macro_rules! immutable {
    ($member:literal) => {
        Rule::new(
            "spec",
            concat!(
                "has(self.",
                $member,
                ") == has(oldSelf.",
                $member,
                ") && (!has(self.",
                $member,
                ") || self.",
                $member,
                " == oldSelf.",
                $member,
                ")"
            ),
            concat!("must stay as it was created: `", $member, "` is immutable"),
        )
        .at(concat!(".", $member))
        .forbids()
    };
}

/// An ECS name: letters, digits, `_` and `-`.
macro_rules! alphabet {
    ($path:literal) => {
        Rule::new($path, "self.matches('^[a-zA-Z0-9_-]+$')", "must consist of letters, digits, `_` and `-`")
            .saying("'must consist of letters, digits, `_` and `-`, unlike ' + self")
    };
}

/// ECS names have no dots; those of Kubernetes may.
macro_rules! no_dots {
    ($member:literal) => {
        Rule::new(
            "",
            concat!("has(self.spec.", $member, ") || !self.metadata.name.contains('.')"),
            concat!("must be set when `metadata.name` contains a dot: `spec.", $member, "` names the resource in ECS"),
        )
        .at(concat!(".spec.", $member))
        .requires()
    };
}

/// Keys that AWS or the operator reserves.
macro_rules! tag_keys {
    () => {
        Rule::new(
            "spec.tags",
            "self.all(k, !k.startsWith('aws:') && !k.startsWith('AWS:') && !k.startsWith('ecs-operator.dev/'))",
            "must not have keys that start with `aws:` or `ecs-operator.dev/`",
        )
        .forbids()
    };
}

/// What ECS demands of a capacity provider strategy.
macro_rules! strategy {
    ($path:literal) => {
        [
            Rule::new(
                $path,
                "self.filter(p, has(p.base) && p.base > 0).size() <= 1",
                "must have a `base` in one item at most",
            ),
            Rule::new(
                $path,
                "self.size() <= 1 || self.exists(p, has(p.weight) && p.weight > 0)",
                "must have a `weight` above 0 in some item",
            ),
            Rule::new(
                $path,
                "self.all(p, p.capacityProvider in ['FARGATE', 'FARGATE_SPOT']) || !self.exists(p, p.capacityProvider in ['FARGATE', 'FARGATE_SPOT'])",
                "must not mix `FARGATE` or `FARGATE_SPOT` with other capacity providers",
            ),
        ]
    };
}

use {alphabet, immutable, no_dots, strategy, tag_keys};
