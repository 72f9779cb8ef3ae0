//! What may be wrong around the operator: each thing looked at is one [`Check`], with the remedy.

mod amazon;
mod kubernetes;
mod rights;

pub use kubernetes::OPERATOR;

use serde::Serialize;

use super::render::text::wrap;
use super::render::{Line, Look};
use super::setting::Setting;
use super::tree::Tone;

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Finding {
    /// As it should be.
    Good,
    /// Not to be told: the user may not ask, or there is nothing to ask.
    Unknown,
    /// Wrong.
    Bad,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// `kubernetes` or `aws`.
    pub area: &'static str,
    /// The thing.
    pub what: String,
    /// What came of it.
    pub finding: Finding,
    /// What was seen.
    pub said: String,
    /// What to do, where something is to be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// What to look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Nothing of AWS.
    pub no_aws: bool,
    /// Nothing of Kubernetes.
    pub no_kubernetes: bool,
    /// The operator's role in AWS.
    pub role: Option<String>,
    /// The operator's installation id.
    pub installation: String,
}

/// Checks of one area, as they come.
#[derive(Debug)]
struct Checks {
    area: &'static str,
    all: Vec<Check>,
}

impl Checks {
    const fn of(area: &'static str) -> Self {
        Self { area, all: Vec::new() }
    }

    fn add(&mut self, what: &str, finding: Finding, said: impl Into<String>, remedy: Option<&str>) {
        self.all.push(Check {
            area: self.area,
            what: what.to_owned(),
            finding,
            said: said.into(),
            remedy: remedy.map(str::to_owned),
        });
    }

    fn good(&mut self, what: &str, said: impl Into<String>) {
        self.add(what, Finding::Good, said, None);
    }

    fn bad(&mut self, what: &str, said: impl Into<String>, remedy: &str) {
        self.add(what, Finding::Bad, said, Some(remedy));
    }

    fn unknown(&mut self, what: &str, said: impl Into<String>, remedy: Option<&str>) {
        self.add(what, Finding::Unknown, said, remedy);
    }
}

/// Looks at everything.
pub async fn examine(setting: &Setting, look: &Wanted) -> Vec<Check> {
    let mut all = Vec::new();
    let mut role = look.role.clone();
    if !look.no_kubernetes {
        let seen = kubernetes::examine(setting).await;
        all.extend(seen.checks);
        role = role.or(seen.role);
    }
    if !look.no_aws {
        all.extend(amazon::examine(setting, role.as_deref(), &look.installation).await);
    }
    all
}

impl Finding {
    /// Its sign.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::Good => "✔",
            Self::Unknown => "…",
            Self::Bad => "✖",
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Good => Tone::Good,
            Self::Unknown => Tone::Quiet,
            Self::Bad => Tone::Bad,
        }
    }
}

/// The checks as lines.
#[must_use]
pub fn lines(checks: &[Check], look: &Look) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut area = "";
    for check in checks {
        if check.area != area {
            area = check.area;
            lines.push(vec![(Tone::Strong, if area == "aws" { "AWS" } else { "Kubernetes" }.to_owned())]);
        }
        let sign = (check.finding.tone(), format!("  {} ", check.finding.sign()));
        // What does not fit goes on below, clear of the sign.
        let mut parts = wrap(&format!("{}: {}", check.what, check.said), look.width.saturating_sub(4)).into_iter();
        let first = parts.next().unwrap_or_default();
        match first.strip_prefix(&format!("{}: ", check.what)) {
            Some(said) => {
                let what = (Tone::Plain, format!("{}: ", check.what));
                lines.push(vec![sign, what, (Tone::Quiet, said.to_owned())]);
            }
            None => lines.push(vec![sign, (Tone::Plain, first)]),
        }
        lines.extend(parts.map(|part| vec![(Tone::Quiet, format!("    {part}"))]));
        for (at, part) in
            wrap(check.remedy.as_deref().unwrap_or_default(), look.width.saturating_sub(8)).iter().enumerate()
        {
            let start = if at == 0 { "      → " } else { "        " };
            lines.push(vec![(Tone::Plain, format!("{start}{part}"))]);
        }
    }
    let count = |finding: Finding| checks.iter().filter(|check| check.finding == finding).count();
    let (bad, unknown) = (count(Finding::Bad), count(Finding::Unknown));
    let tone = if bad > 0 { Tone::Bad } else { Tone::Good };
    lines.push(vec![(tone, format!("{bad} wrong, {unknown} not known, {} good", count(Finding::Good)))]);
    lines
}

/// More seconds between two clocks than this are told.
const APART: i64 = 60;

/// What two clocks say of each other.
fn clocks(checks: &mut Checks, what: &str, here: jiff::Timestamp, there: Option<jiff::Timestamp>) {
    let Some(there) = there else {
        checks.unknown(what, "the answer has no Date", None);
        return;
    };
    let apart = there.as_second() - here.as_second();
    if apart.abs() <= APART {
        checks.good(what, format!("{} s apart", apart.abs()));
    } else {
        let word = if apart > 0 { "behind" } else { "ahead" };
        checks.bad(
            what,
            format!("this machine is {} s {word}", apart.abs()),
            "set the clock (NTP): AWS refuses requests that are more than 5 minutes off",
        );
    }
}
