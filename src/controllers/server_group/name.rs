//! Names of groups and versions, as Spinnaker composes and takes them apart. Pure.

use std::collections::{BTreeMap, BTreeSet};

use kube::ResourceExt;

use crate::api::ServerGroup;

/// Sequences there are: `v000` to `v999`.
pub const SEQUENCES: i32 = 1000;
/// Longest name of a group: a service has at most 255 characters, and `-v000` takes five.
pub const LONGEST: usize = 248;

/// Environment variable with the name of the version.
pub const ENV_SERVER_GROUP: &str = "SERVER_GROUP";
/// Environment variable with the stack.
pub const ENV_STACK: &str = "CLOUD_STACK";
/// Environment variable with the detail.
pub const ENV_DETAIL: &str = "CLOUD_DETAIL";
/// Environment variables that are ours, in the order in which containers get them.
pub const RESERVED_ENV: [&str; 3] = [ENV_SERVER_GROUP, ENV_STACK, ENV_DETAIL];

/// Docker label with the name of the version.
pub const LABEL_SERVER_GROUP: &str = "spinnaker.servergroup";
/// Docker label with the stack.
pub const LABEL_STACK: &str = "spinnaker.stack";
/// Docker label with the detail.
pub const LABEL_DETAIL: &str = "spinnaker.detail";

/// Tag with the application.
pub const TAG_APPLICATION: &str = "moniker.spinnaker.io/application";
/// Tag with the name of the group.
pub const TAG_CLUSTER: &str = "moniker.spinnaker.io/cluster";
/// Tag with the stack.
pub const TAG_STACK: &str = "moniker.spinnaker.io/stack";
/// Tag with the detail.
pub const TAG_DETAIL: &str = "moniker.spinnaker.io/detail";
/// Tag with the number of the version.
pub const TAG_SEQUENCE: &str = "moniker.spinnaker.io/sequence";

/// The name of a group in parts. An absent part is `None`, never an empty text.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moniker {
    /// Application.
    pub application: String,
    /// Stack, for example `prod`.
    pub stack: Option<String>,
    /// The rest; may contain `-`.
    pub detail: Option<String>,
}

impl Moniker {
    /// The parts in the spec, or else those of `metadata.name`; or why there are none.
    pub fn of(object: &ServerGroup) -> Result<Self, String> {
        if let Some(moniker) = &object.spec.moniker {
            let application = moniker.application.clone().unwrap_or_default().trim().to_owned();
            let (stack, detail) = (filled(moniker.stack.as_deref()), filled(moniker.detail.as_deref()));
            return Self { application, stack, detail }.checked();
        }
        let (moniker, sequence) = parse(&object.name_any());
        if sequence.is_some() {
            let remedy = "it would read as a version of another group; set `spec.moniker`";
            return Err(format!("`metadata.name` must not end in `-v` and three digits; {remedy}"));
        }
        moniker.checked()
    }

    fn checked(self) -> Result<Self, String> {
        let known = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let group = self.group_name();
        if self.application.is_empty() {
            return Err("`spec.moniker.application` must not be empty".to_owned());
        }
        if let Some(other) = group.chars().find(|c| !known(*c)) {
            let text = "must consist of letters, digits, `_` and `-`";
            return Err(format!("the name of the group, `{group}`, {text}, unlike `{other}`; set `spec.moniker`"));
        }
        if group.len() > LONGEST {
            let length = group.len();
            return Err(format!("the name of the group must have at most {LONGEST} characters and has {length}"));
        }
        if parse(&group).1.is_some() {
            return Err(format!("the name of the group, `{group}`, must not end in `-v` and three digits"));
        }
        Ok(self)
    }

    /// `application-stack-detail`; without stack `application--detail`.
    #[must_use]
    pub fn group_name(&self) -> String {
        match (&self.stack, &self.detail) {
            (stack, Some(detail)) => format!("{}-{}-{detail}", self.application, stack.as_deref().unwrap_or_default()),
            (Some(stack), None) => format!("{}-{stack}", self.application),
            (None, None) => self.application.clone(),
        }
    }

    /// Name of a version and of its ECS service.
    #[must_use]
    pub fn version_name(&self, sequence: i32) -> String {
        format!("{}-v{sequence:03}", self.group_name())
    }

    /// Spinnaker's tags for a version.
    #[must_use]
    pub fn tags(&self, sequence: i32) -> BTreeMap<String, String> {
        let parts = [
            (TAG_APPLICATION, Some(self.application.clone())),
            (TAG_CLUSTER, Some(self.group_name())),
            (TAG_STACK, self.stack.clone()),
            (TAG_DETAIL, self.detail.clone()),
            (TAG_SEQUENCE, Some(sequence.to_string())),
        ];
        parts.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
    }
}

/// A part that says something.
fn filled(part: Option<&str>) -> Option<String> {
    part.map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned)
}

/// The name before the number, and the number of a version's name.
#[must_use]
pub fn numbered(name: &str) -> Option<(&str, i32)> {
    let (group, digits) = name.rsplit_once("-v")?;
    let three = digits.len() == 3 && digits.bytes().all(|digit| digit.is_ascii_digit());
    Some((group, digits.parse().ok().filter(|_| three)?))
}

/// The parts of a name, and its sequence: a final `-v` with exactly three digits.
#[must_use]
pub fn parse(name: &str) -> (Moniker, Option<i32>) {
    let (group, sequence) = numbered(name).map_or((name, None), |(group, sequence)| (group, Some(sequence)));
    let mut parts = group.splitn(3, '-');
    let application = parts.next().unwrap_or_default().to_owned();
    let (stack, detail) = (filled(parts.next()), filled(parts.next()));
    (Moniker { application, stack, detail }, sequence)
}

/// Name of the objects that stand for a version.
#[must_use]
pub fn child_name(version: &str) -> String {
    let name: String = version.chars().map(|c| if c == '_' { '-' } else { c.to_ascii_lowercase() }).collect();
    name.trim_matches('-').to_owned()
}

/// The next `count` sequences: after `last`, or while that is not known after the highest that is occupied; upward,
/// then from 0 again. Gaps are not filled before that. Fewer than `count` when so many are not free.
#[must_use]
pub fn next(last: Option<i32>, occupied: &BTreeSet<i32>, count: usize) -> Vec<i32> {
    let highest = || occupied.iter().rev().copied().find(|sequence| (0..SEQUENCES).contains(sequence));
    let after = last.or_else(highest).unwrap_or(-1);
    (1..=SEQUENCES)
        .map(|step| (after + step).rem_euclid(SEQUENCES))
        .filter(|sequence| !occupied.contains(sequence))
        .take(count)
        .collect()
}
